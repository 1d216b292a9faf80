#!/usr/bin/env python3
"""atrium device rollout: from planning to the end and back, its JSON, its refusals and exit statuses,
against simulated devices; and `atrium run`, which drives what was started."""

import fcntl
import io
import json
import os
import shutil
import signal
import struct
import subprocess
import tarfile
import tempfile

from checks import check, finish, ports_free

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ATRIUM = os.path.abspath(os.environ.get("ATRIUM", os.path.join(ROOT, "build/atrium")))
DEVICES = os.path.join(os.path.dirname(ATRIUM), "atrium-devices")


class Mall:
    """A mall with simulated devices, and somebody else who may approve."""

    def __init__(self, folder, devices):
        self.folder = folder
        self.control = os.path.join(folder, "faults")
        with open(self.control, "w", encoding="ascii"):
            pass
        config = os.path.join(folder, "atrium")
        os.makedirs(config)
        self.key = os.path.join(folder, "id")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        with open(os.path.join(config, "config.ini"), "w", encoding="ascii") as file:
            file.write(f"[fleet]\nidentity = {self.key}\n")
        self.env = dict(os.environ, ATRIUM_MALL=os.path.join(folder, "m.mall"),
                        XDG_CONFIG_HOME=folder, HOME=folder)
        self.env.pop("ATRIUM_NOW", None)
        words = [DEVICES, "--user-key", self.key + ".pub", "--devices", str(devices), "--ports",
                 str(ports_free(devices))]
        listing = subprocess.run([*words, "--list"], capture_output=True, check=True).stdout
        with open(os.path.join(folder, "devices.csv"), "wb") as file:
            file.write(listing)
        self.child = subprocess.Popen([*words, "--control", self.control],
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.child.stdout.readline()  # they listen
        self.run("init", self.env["ATRIUM_MALL"])
        self.run("import", "devices", os.path.join(folder, "devices.csv"), "--skip-bad")
        self.run("principal", "add", "bob", "technician")

    def run(self, *words, stdin=""):
        done = subprocess.run([ATRIUM, *words], env=self.env, input=stdin.encode(),
                              capture_output=True, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def json(self, *words):
        status, out, err = self.run(*words, "--json")
        return status, json.loads(out) if out.strip() else {}, err

    def rollout(self, *words):
        return self.json("device", "rollout", *words)

    def archive(self, name, content=b"x", size=2000):
        path = os.path.join(self.folder, name)
        with tarfile.open(path, "w") as tar:
            info = tarfile.TarInfo("program")
            info.size = size
            tar.addfile(info, io.BytesIO((content * size)[:size]))
        return path

    def begin(self, version, archive, *options):
        status, made, err = self.rollout("new", "--on", "kind=pos", "--version", version, archive,
                                         *options)
        check(f"{version} is planned", status == 0 and made.get("state") == "planned", (made, err))
        code, n = made["id"], made["devices"]
        check("approved by somebody else",
              self.run("--as", "bob", "device", "rollout", "approve", code)[0] == 0)
        status, moved, err = self.rollout("start", code, "--yes", str(n))
        check("started", status == 0 and moved == {"id": code, "state": "running", "devices": n},
              (moved, err))
        return code, n


class Writer:
    """Somebody who writes into the mall file, and for longer than others wait (model/store/lock.h)."""
    WAIT_S = 10

    def __init__(self, mall):
        self.file = open(mall + ".lock", "r+b")
        fcntl.fcntl(self.file, fcntl.F_OFD_SETLKW, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 1, 0))

    def end(self):
        self.file.close()


def test_busy(mall):
    """Who drives to the end does not give up because the file is somebody's for a moment."""
    code, _ = mall.begin("2.4.8", mall.archive("busy.tar"), "--canary", "1", "--soak", "0s",
                         "--coverage", "100%")
    writer = Writer(mall.env["ATRIUM_MALL"])
    driver = subprocess.Popen([ATRIUM, "device", "rollout", "run", code, "--wait", "--json"],
                              env=mall.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:  # for longer than one turn waits; it is still there, as the file is
        driver.wait(Writer.WAIT_S * 1.3)
    except subprocess.TimeoutExpired:
        pass
    writer.end()
    out, err = driver.communicate(timeout=120)
    check("who waits for the writer drives to the end", driver.returncode == 0 and
          json.loads(out)["rollouts"][0]["state"] == "done", (driver.returncode, out, err))


def test_left_out(mall):
    """Who can be sent nothing does not come along, and is named."""
    archive = mall.archive("left.tar")
    codes = [row["device"] for row in mall.json("device", "list", "--on", "kind=pos")[1]["devices"]]
    path = os.path.join(mall.folder, "new.csv")
    with open(path, "w", encoding="ascii") as file:
        file.write("device,kind,host,port\nP9-0001,pos,127.0.0.1,9\n")
    mall.run("import", "devices", path)
    words = ("--on", "kind=pos", "--version", "2.4.9", archive)
    plan = mall.rollout("plan", *words)[1]
    check("left out", [row["device"] for row in plan["left_out"]] == ["P9-0001"] and
          plan["left_out"][0]["remark"] == "unpinned" and plan["devices"] == len(codes), plan)
    status, _, err = mall.run("device", "rollout", "plan", "--on", "P9-0001", "--version", "2.4.9",
                              archive)
    check("nobody is left", status == 3 and "no device is left" in err, err)
    status, made, err = mall.rollout("new", *words)
    check("made without it", made.get("devices") == len(codes), (made, err))
    mall.run("device", "rollout", "cancel", made["id"], "--reason", "a test")


def test_from_plan_to_end(mall):
    archive = mall.archive("a.tar", size=3 << 20)
    words = ("--on", "kind=pos", "--version", "2.4.2", archive, "--canary", "2", "--waves",
             "50%,100%", "--threshold", "2", "--coverage", "90%", "--soak", "0s", "--expires", "1d")
    status, plan, err = mall.rollout("plan", *words)
    check("plan", status == 0 and plan["needs_approval"] and not plan["left_out"], (plan, err))
    check("a plan makes nothing", mall.rollout("list")[1]["rollouts"] == [])
    check("a plan that cannot be", mall.rollout("plan", *words[:-1], "soon")[0] == 2)
    check("an archive that is none",
          mall.rollout("plan", "--on", "kind=pos", "--version", "2.4.2", mall.control)[0] == 3)
    status, made, err = mall.rollout("new", *words)
    check("new", status == 0 and made["id"] == "R1" and made["state"] == "planned", (made, err))
    n = made["devices"]
    steps = mall.rollout("show", "R1")[1]["steps"]
    check("what was planned is what was made",
          [wave["devices"] for wave in plan["waves"]] ==
          [[step["device"] for step in steps if step["wave"] == i]
           for i in range(len(plan["waves"]))], (plan, steps))
    check("its waves", [w["size"] for w in made["waves"]][0] == 2 and
          sum(w["size"] for w in made["waves"]) == n, made["waves"])
    check("its size", made["size"] == os.path.getsize(archive))
    status, _, err = mall.run("device", "rollout", "start", "R1", "--yes", str(n))
    check("not before an approval", status == 4 and "approval" in err, (status, err))
    status, _, err = mall.run("device", "rollout", "approve", "R1")
    check("nobody approves their own", status == 4 and "their own" in err, (status, err))
    check("somebody else does", mall.run("--as", "bob", "device", "rollout", "approve", "R1")[0] == 0)
    status, _, err = mall.run("device", "rollout", "approve", "R1")
    check("once", status == 5 and "approved" in err, (status, err))
    os.remove(archive)  # the mall file has it
    status, _, err = mall.run("device", "rollout", "start", "R1")
    check("the reach is stated", status == 2 and f"{n} devices: {n} pos" in err and
          f"--yes {n}" in err, err)
    status, _, err = mall.run("device", "rollout", "start", "R1", "--yes", str(n + 1))
    check("another number starts nothing", status == 2 and "nothing was done" in err, err)
    check("still approved", mall.rollout("show", "R1")[1]["state"] == "approved")
    check("started", mall.run("device", "rollout", "start", "R1", "--yes", str(n))[0] == 0)
    status, done, err = mall.rollout("run", "R1")
    check("run", status == 0 and done["rollouts"][0]["state"] == "done", (status, err))
    status, shown, _ = mall.rollout("show", "R1")
    check("every step is ok", all(s["state"] == "ok" and s["version"] == "2.4.2" and
                                  s["was"].startswith("2.3.") for s in shown["steps"]), shown)
    check("every wave is through", all(w["state"] == "through" and w["ok"] == w["size"]
                                       for w in shown["waves"]), shown["waves"])
    status, seen, _ = mall.json("device", "status", "--on", "kind=pos")
    check("the devices say so", all(d["version"] == "2.4.2" for d in seen["devices"]), seen)
    status, _, err = mall.run("device", "rollout", "pause", "R1")
    check("nothing to pause", status == 5 and "it can: rollback" in err, (status, err))
    check("back", mall.run("device", "rollout", "rollback", "R1", "--yes", str(n), "--reason",
                           "tills are slow")[0] == 0)
    status, out, err = mall.run("run", "--once", "--json", "--steps", "rollouts")
    check("the engine drives it", status == 0 and json.loads(out)["rollouts"]["steps"] > 0, err)
    shown = mall.rollout("show", "R1")[1]
    check("rolled back", shown["state"] == "rolled back" and shown["why"] == "tills are slow" and
          all(s["state"] == "rolled back" and s["version"].startswith("2.3.")
              for s in shown["steps"]), shown)


def test_what_fails_is_named(mall):
    archive = mall.archive("b.tar", b"y")
    pos = [d["device"] for d in mall.json("device", "list", "--on", "kind=pos")[1]["devices"]]
    bad, away = pos[0], pos[1]
    with open(mall.control, "w", encoding="ascii") as file:
        file.write(f"{bad} disk\n{away} off\n")
    # The faults are read as soon as the file is seen to have changed.
    while mall.json("device", "status", "--on", away)[1]["devices"][0]["state"] != "offline":
        pass
    code, n = mall.begin("2.5.0", archive, "--canary", "0", "--waves", "100%", "--coverage", "50%",
                         "--soak", "0s", "--threshold", "3")
    status, done, err = mall.rollout("run", code)
    shown = mall.rollout("show", code)[1]
    steps = {s["device"]: s for s in shown["steps"]}
    check("one is away and waited for", steps[away]["state"] == "offline-queued" and
          "offline in connect" in steps[away]["reason"], steps[away])
    check("the others have it", shown["waves"][0]["ok"] == n - 2, shown["waves"])
    check("it waits", shown["state"] == "running" and done["rollouts"][0]["next"], done)
    check("one has no room", steps[bad]["state"] in ("staging", "failed") and
          "no room" in steps[bad]["reason"], steps[bad])
    with open(mall.control, "w", encoding="ascii") as file:
        file.write(f"{bad} ok\n{away} ok\n")
    while mall.json("device", "status", "--on", away)[1]["devices"][0]["state"] != "ok":
        pass
    check("cancelled", mall.run("device", "rollout", "cancel", code)[0] == 0)
    mall.rollout("run", code)
    shown = mall.rollout("show", code)[1]
    check("what is not begun is skipped", all(s["state"] in ("ok", "skipped", "failed")
                                              for s in shown["steps"]), shown["steps"])


def test_a_bad_version_stops(mall):
    archive = mall.archive("c.tar", b"z")
    code, n = mall.begin("9.0-unwell", archive, "--canary", "0", "--waves", "100%", "--threshold",
                         "2", "--coverage", "1%", "--soak", "0s", "--back")
    status, done, err = mall.rollout("run", code)
    shown = mall.rollout("show", code)[1]
    words = [s["state"] for s in shown["steps"]]
    check("exit 1", status == 1, (status, err))
    check("two are rolled back, the others never had it", shown["state"] == "rolled back" and
          words.count("rolled back") == 2 and words.count("skipped") == n - 2, words)
    check("why", f"2 of {n} failed, the limit is 2" in shown["why"], shown["why"])
    check("with the reason", any("not well" in s["reason"] for s in shown["steps"]), shown["steps"])
    seen = mall.json("device", "status", "--on", "kind=pos")[1]
    check("nobody runs it", all(d["version"] != "9.0-unwell" for d in seen["devices"]), seen)


def test_killed(mall):
    """A process that drives is killed, the next is told who drives, and goes on after the lease."""
    archive = mall.archive("d.tar", b"w", size=6 << 20)
    code, n = mall.begin("2.6.0", archive, "--canary", "1", "--soak", "0s", "--threshold", "2")
    child = subprocess.Popen([ATRIUM, "device", "rollout", "run", code], env=mall.env,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not mall.rollout("show", code)[1]["driver"]:
        pass
    child.send_signal(signal.SIGKILL)
    child.wait()
    if mall.rollout("show", code)[1]["state"] == "running":
        status, _, err = mall.run("device", "rollout", "run", code)
        check("it is told who drives", status == 5 and "is driven by" in err, (status, err))
    # A minute later.
    later = int(subprocess.run(["date", "+%s"], capture_output=True, check=True).stdout) + 70
    mall.env["ATRIUM_NOW"] = str(later)
    status, done, err = mall.rollout("run", code)
    del mall.env["ATRIUM_NOW"]
    shown = mall.rollout("show", code)[1]
    check("the next one finishes", status == 0 and shown["state"] == "done", (status, err, shown))
    check("all are ok", all(s["state"] == "ok" for s in shown["steps"]), shown["steps"])


def test_refusals(mall):
    archive = mall.archive("e.tar")
    for words, status, text in (
            (("new",), 2, "expected device rollout new"),
            (("new", "--on", "kind=pos", archive), 2, "--version"),
            (("new", "--on", "kind=pos and", "--version", "1", archive), 2, "expected"),
            (("new", "--on", "kind=nothing", "--version", "1", archive), 3, "no device"),
            (("new", "--on", "kind=pos", "--version", "../1", archive), 3, "version: found '../1'"),
            (("new", "--on", "kind=pos", "--version", "1", archive + ".none"), 3, "No such file"),
            (("new", "--on", "kind=pos", "--version", "1", ATRIUM), 3, "expected a"),
            (("new", "--on", "kind=pos", "--version", "1", archive, "--waves", "x"), 3, "waves"),
            (("new", "--on", "kind=pos", "--version", "1", archive, "--coverage", "x"), 2,
             "--coverage"),
            (("new", "--on", "kind=pos", "--version", "1", archive, "--soak", "x"), 2, "--soak"),
            (("show",), 2, "which one"), (("show", "R99"), 2, "no roll-out 'R99'"),
            (("start",), 2, "which one"), (("start", "R99"), 2, "no roll-out"),
            (("aprove", "R1"), 2, "did you mean approve"), ((), 2, "expected one of"),
            (("run", "R99"), 2, "no roll-out"), (("pause", "R1", "R2"), 2, "one roll-out at a time"),
    ):
        found, out, err = mall.run("device", "rollout", *words)
        check(f"{words} is refused", found == status and text in err, (found, out, err))
    status, listed, _ = mall.rollout("list")
    check("list", status == 0 and [r["id"] for r in listed["rollouts"]] ==
          sorted((r["id"] for r in listed["rollouts"]), reverse=True), listed)
    status, out, _ = mall.run("device", "rollout", "list", "--csv")
    check("list as CSV", status == 0 and out.startswith("id,version,state,devices,ok,failed"), out)
    status, out, _ = mall.run("verify", "--json")
    check("the file is whole", status == 0, out)


with tempfile.TemporaryDirectory(prefix="atrium-rollout.") as place:
    world = Mall(place, 14)
    try:
        for test in (test_from_plan_to_end, test_what_fails_is_named, test_a_bad_version_stops,
                     test_killed, test_busy, test_refusals, test_left_out):
            test(world)
    finally:
        world.child.terminate()
        world.child.wait()
        shutil.rmtree(os.path.join(place, "atrium"), ignore_errors=True)
finish()
