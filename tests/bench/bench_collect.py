"""Measures how soon what devices report is in the mall file: bench_collect.py BUILD [RECEIPTS].

With 60 and with 1,000 simulated devices, a session to each. Prints one JSON document.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile


def main():
    program = os.path.join(sys.argv[1], "tests/bench/bench_collect")
    folder = tempfile.mkdtemp(prefix="atrium-collect-")
    figures = {}
    try:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        os.path.join(folder, "id")], check=True)
        for devices in ("60", "1000"):
            done = subprocess.run([program, folder, devices, *sys.argv[2:3]], check=True, text=True,
                                  stdout=subprocess.PIPE)
            figures.update(json.loads(done.stdout))
    finally:
        shutil.rmtree(folder)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
