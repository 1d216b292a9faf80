#!/usr/bin/env python3
"""atrium-device, the script that lies on a device: a death before and after every single command that
its verbs run; afterwards the device is wholly the old or wholly the new."""

import os
import shutil
import signal
import subprocess
import tempfile

from checks import check, finish
from device_script import SCRIPT, Fresh, archive, end_timers, sha


TOOLS = ("mv", "ln", "rm", "sync", "cat", "cp", "mkdir", "tar", "truncate", "chmod", "sha256sum",
         "touch", "head", "fallocate", "date", "stat", "setsid", "readlink", "cut", "tail")


def killers(folder):
    """Tools that count themselves, and end the whole script just before or after the Nth."""
    os.makedirs(folder)
    for tool in TOOLS:
        real = shutil.which(tool)
        if not real:
            continue
        path = os.path.join(folder, tool)
        with open(path, "w", encoding="ascii") as file:
            file.write(f"""#!/bin/sh
echo >>"$KILL_COUNT"
n=$({shutil.which("wc")} -l <"$KILL_COUNT")
[ $n = "$KILL_AT" ] && [ "$KILL_WHEN" = before ] && kill -s KILL -- -"$KILL_GROUP"
{real} "$@"
status=$?
[ $n = "$KILL_AT" ] && [ "$KILL_WHEN" = after ] && kill -s KILL -- -"$KILL_GROUP"
exit $status
""")
        os.chmod(path, 0o755)
    return folder


def die_at(d, tools, step, when, words, data):
    """True when it died there; False when it ended before."""
    count = d.path("..", os.path.basename(d.home) + ".count")
    env = dict(d.env, PATH=tools + ":" + os.environ["PATH"], KILL_AT=str(step), KILL_WHEN=when,
               KILL_COUNT=count)
    child = subprocess.Popen(
        ["sh", "-c", 'export KILL_GROUP=$$; exec sh "$@"', "sh", SCRIPT, *words], env=env,
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True)
    try:
        child.stdin.write(data)
        child.stdin.close()
    except BrokenPipeError:
        pass
    status = child.wait(timeout=60)
    if os.path.exists(count):
        os.remove(count)
    return status == -signal.SIGKILL


def whole_version(d, name):
    """A version is there wholly, or not at all."""
    if not d.has(f"app/{name}"):
        return True
    return all(d.has(f"app/{name}/{part}") for part in ("program", "texts", "images", ".sha256"))


def prepare_switch(d):
    d.version("2", b"new")


def prepare_trial(d):
    d.version("2", b"new")
    d.run("switch", "2", "600")


def prepare_overdue(d):
    prepare_trial(d)
    mark = d.read("rollout").decode().split()
    d.write("rollout", " ".join(mark[:5] + ["another-boot"]).encode() + b"\n")


ARCHIVE = archive("2")
FILE = b"some bytes" * 5000
with open(SCRIPT, "rb") as script_file:
    SELF = script_file.read()


def prepare_stage(d):
    d.run("receive", "2.tar", str(len(ARCHIVE)), sha(ARCHIVE), "0", data=ARCHIVE)


def prepare_config(d):
    d.write("config", b"old")
    d.write("config.new", b"new")


def prepare_replace(d):
    d.write("media/f", b"old")


def prepare_install(d):
    d.write("bin/atrium-device", b"#!/bin/sh\n# old\n")


def after_trial(d):
    """What a start makes of it is a version that is settled; asked again, the verb ends well."""
    d.run("boot")
    return d.now() in ("1", "2") and not d.has("rollout") and not d.has("rollout.back") and \
        d.values("status")["app"] == d.now()


def after_switch(d):
    return after_trial(d) and d.now() == "1" and d.values("switch", "2", "600").get("app") == "2" \
        and d.values("confirm").get("app") == "2"


def after_settling(d):
    # Before the restart it is one of the two, and says so.
    return d.now() in ("1", "2") and after_trial(d)


def after_stage(d):
    return d.now() == "1" and whole_version(d, "2") and \
        (d.values("stage", "2", sha(ARCHIVE)) == {"staged": "2"} and whole_version(d, "2"))


def after_receive(d):
    if d.has("staging/f") and d.read("staging/f") != FILE:
        return False
    have = int(d.values("receive", "f", str(len(FILE)), sha(FILE))["have"])
    if have < len(FILE) or not d.has("staging/f"):
        d.run("receive", "f", str(len(FILE)), sha(FILE), str(have), data=FILE[have:])
    return d.has("staging/f") and d.read("staging/f") == FILE


def after_config(d):
    """Asked again it ends well, whether or not it had been done."""
    return d.read("config") in (b"old", b"new") and \
        d.values("config-apply", sha(b"new")) == {"config": sha(b"new")[:12]} and \
        d.read("config") == b"new"


def prepare_configure(d):
    d.write("config", b"old")


def after_configure(d):
    return d.read("config") in (b"old", FILE) and \
        d.values("configure", str(len(FILE)), sha(FILE), data=b"")["have"].isdigit() and \
        finish_configure(d) and d.read("config") == FILE


def finish_configure(d):
    child = subprocess.Popen(["sh", SCRIPT, "configure", str(len(FILE)), sha(FILE)], env=d.env,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    have = int(child.stdout.readline()[5:])
    try:
        child.stdin.write(FILE[have:])
        child.stdin.close()
    except BrokenPipeError:
        pass
    out = child.stdout.read()
    return child.wait(timeout=60) == 0 and out == f"sha256={sha(FILE)}\n".encode()


def after_replace(d):
    if d.read("media/f") not in (b"old", FILE):
        return False
    have = int(d.values("receive", "media/f", str(len(FILE)), sha(FILE))["have"])
    status, out, _ = d.run("receive", "media/f", str(len(FILE)), sha(FILE), "resume",
                           data=FILE[have:])
    return status == 0 and d.read("media/f") == FILE and os.listdir(d.path("media")) == ["f"]


def after_install(d):
    return d.read("bin/atrium-device") in (b"#!/bin/sh\n# old\n", SELF) and \
        d.run("install", str(len(SELF)), sha(SELF), data=SELF)[0] == 0 and \
        d.read("bin/atrium-device") == SELF


def after_spooled(d):
    status, out, _ = d.run("spool", "receipts", "9")
    return status == 0 and out == b"size=18\nline two\n" and d.values("status")["spool"] in ("9", "18")


def prepare_spool(d):
    d.write("spool/receipts", b"line one\nline two\n")


DEATHS = (
    (("switch", "2", "600"), b"", prepare_switch, after_switch),
    (("confirm",), b"", prepare_trial, after_settling),
    (("rollback",), b"", prepare_trial, after_settling),
    (("boot",), b"", prepare_trial, after_settling),
    (("confirm", "2"), b"", prepare_trial, after_settling),
    (("status",), b"", prepare_overdue, after_settling),
    (("stage", "2", sha(ARCHIVE)), b"", prepare_stage, after_stage),
    (("receive", "f", str(len(FILE)), sha(FILE), "0"), FILE, lambda d: None, after_receive),
    (("config-apply", sha(b"new")), b"", prepare_config, after_config),
    (("receive", "media/f", str(len(FILE)), sha(FILE), "resume"), FILE, prepare_replace,
     after_replace),
    (("configure", str(len(FILE)), sha(FILE)), FILE, prepare_configure, after_configure),
    (("install", str(len(SELF)), sha(SELF)), SELF, prepare_install, after_install),
    (("spooled", "receipts", "9"), b"", prepare_spool, after_spooled),
)


def test_death_between_any_two_steps():
    with tempfile.TemporaryDirectory() as folder:
        tools = killers(os.path.join(folder, "bin"))
        for words, data, prepare, holds in DEATHS:
            for when in ("before", "after"):
                deaths = missed = 0
                for step in range(1, 60):
                    with Fresh() as d:
                        prepare(d)
                        died = die_at(d, tools, step, when, words, data)
                        if died:
                            deaths += 1
                            check(f"{words[0]}: death {when} step {step}", holds(d),
                                  sorted(os.listdir(d.path("app"))))
                        end_timers(d)
                    # Two tools of a pipe may count at once, and a number be passed over.
                    missed = 0 if died else missed + 1
                    if missed == 3:
                        break
                check(f"{words[0]} had steps to die {when}", deaths >= 3, deaths)


test_death_between_any_two_steps()
finish()
