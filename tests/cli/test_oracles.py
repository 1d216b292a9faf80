"""The published answers of ../shared/oracles, through the command line."""
import json
import os
import subprocess
import sys
import tempfile

ATRIUM = os.environ["ATRIUM"]
HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.path.normpath(os.path.join(HERE, "..", "..", "..", "shared"))
ORACLES = os.path.join(SHARED, "oracles")
CASES = ["funnel", "retention", "lifecycle"]
passed = failed = 0


def count(what):
    """Takes over what run.py says: its differences and its last line."""
    global passed, failed
    path = os.path.join(ORACLES, what + ".json")
    done = subprocess.run([sys.executable, os.path.join(ORACLES, "run.py"), what, path],
                          capture_output=True, text=True)
    lines = done.stdout.splitlines() or [""]
    words = lines[-1].split()
    if len(words) != 4 or words[1] != "passed,":
        failed += 1
        print(f"{what}: {done.stdout}{done.stderr}")
        return
    passed += int(words[0])
    failed += int(words[2])
    for line in lines[:-1]:
        print(f"{what}: {line}")


def check(what, found, expected):
    global passed, failed
    if found == expected:
        passed += 1
    else:
        failed += 1
        print(f"{what}: found {found!r}, expected {expected!r}")


def rfm():
    data = os.path.join(SHARED, "data", "cdnow", "CDNOW_master.txt")
    if not os.path.isfile(data):
        print(f"CDNOW is not at {data}: RFM not compared")
        return
    with open(os.path.join(ORACLES, "statistics.json"), encoding="utf-8") as file:
        want = json.load(file)["rfm_cdnow"]
    with tempfile.TemporaryDirectory() as folder:
        mall = os.path.join(folder, "cdnow.mall")
        for words in (["init", mall, "--timezone", "UTC"],
                      ["-m", mall, "import", "events", data, "--map", "cdnow"]):
            done = subprocess.run([ATRIUM, *words], capture_output=True, text=True)
            check(words[0], done.returncode, 0)
        done = subprocess.run([ATRIUM, "-m", mall, "rfm", "--at", "1998-06-30", "--json"],
                              capture_output=True, text=True)
        found = json.loads(done.stdout or "{}")
    cuts = found.get("cuts", {})
    for part in ("recency", "frequency", "monetary"):
        check(part + " cuts", [round(x, 6) for x in cuts.get(part, [])], want["cuts"][part])
        check(part + " scores", found.get("scores", {}).get(part), want[part + "_scores"])
    cells = found.get("cells", {})
    check("cells", len(cells), want["cells"])
    check("cell 555", cells.get("555"), want["cell_555"])
    check("cell 111", cells.get("111"), want["cell_111"])


if not os.path.isdir(ORACLES):
    print(f"the published answers are not at {ORACLES}: skipped")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)
for case in CASES:
    count(case)
rfm()
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
