#!/usr/bin/env python3
"""`atrium demo` from outside: the same file for the same seed, made once, refused politely."""
import hashlib
import json
import os
import signal
import subprocess
import tempfile

from checks import check, finish

ATRIUM = os.environ["ATRIUM"]


def run(mall, *words):
    done = subprocess.run([ATRIUM, "-m", mall, *words], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def main(folder):
    a, b, c, d = (os.path.join(folder, name) for name in ("a.mall", "b.mall", "c.mall", "sub/d.mall"))
    small = ("--members", "3000", "--days", "90", "--no-console")

    status, out, err = run(a, "demo", *small, "--json")
    check("a mall is made", status == 0, err)
    made = json.loads(out)
    check("as many members as asked for", made["members"] == 3000, out)
    check("rows came twice and late", made["duplicates"] > 0 and made["late"] > 0, out)

    status, out, err = run(a, "status", "--json")
    told = json.loads(out)
    check("status agrees", told["members"] == 3000 and told["tenants"] == 300, out)
    check("and counts the same events",
          told["events"] + told.get("receipt_lines", 0) == made["events"], out)
    check("until the last of October", told["last"].startswith("2026-10-31"), out)
    status, out, err = run(a, "verify")
    check("verify is content", status == 0, out + err)

    before = digest(a)
    status, out, err = run(a, "demo", *small)
    check("a mall that is there stays", status == 0 and digest(a) == before, err)

    run(b, "demo", *small)
    check("the same seed, the same bytes", digest(b) == digest(a))
    run(c, "demo", *small, "--seed", "2")
    check("another seed, another mall", digest(c) != digest(a))
    status, out, err = run(d, "demo", "--members", "5", "--days", "3", "--devices", "0", "--no-console")
    check("folders are made, small malls too", status == 0 and os.path.exists(d), err)

    for words, word in ((("--members", "0"), "members"), (("--days", "9999999"), "days"),
                        (("--story", "atlantis"), "joycity-2017"),
                        (("--story", "joycity-2017", "--members", "5"), "members")):
        status, out, err = run(os.path.join(folder, "no.mall"), "demo", *words, "--no-console")
        check(f"{' '.join(words)} is wrong usage", status == 2 and word in err, f"{status} {err}")
    check("and makes nothing", not os.path.exists(os.path.join(folder, "no.mall")))

    text = os.path.join(folder, "text.mall")
    with open(text, "w") as file:
        file.write("not a mall")
    status, out, err = run(text, "demo", "--no-console")
    check("something else stays as it is", status == 6 and open(text).read() == "not a mall",
          f"{status} {err}")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        half = os.path.join(folder, "half.mall")
        process = subprocess.Popen([ATRIUM, "-m", half, "demo", "--no-console", "--members", "1000000"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
        while process.poll() is None and not os.path.exists(half + ".making-wal"):
            pass
        process.send_signal(number)
        check(f"{number.name} ends it", process.wait() == -number, process.returncode)
        check("and leaves no file", not os.path.exists(half), os.listdir(folder))
    rests = [name for name in os.listdir(folder) if ".making" in name]
    check("nothing is left behind", not rests, rests)


with tempfile.TemporaryDirectory() as temporary:
    main(temporary)
finish()
