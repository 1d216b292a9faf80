#!/usr/bin/env python3
"""atrium device put, get, install and config against simulated devices (build/atrium-devices)."""

import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

from checks import check, finish

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ATRIUM = os.path.abspath(os.environ.get("ATRIUM", os.path.join(ROOT, "build/atrium")))
DEVICES = os.path.join(os.path.dirname(ATRIUM), "atrium-devices")
N = 14


def sha(data):
    return hashlib.sha256(data).hexdigest()


class Fleet:
    """A mall with N simulated devices, pinned."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="atrium-files.")
        self.mall = self.path("d.mall")
        self.control = self.path("faults")
        open(self.control, "w").close()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path("id")],
                       check=True)
        base = 20000 + os.getpid() % 20000
        words = ["--devices", str(N), "--ports", str(base)]
        listed = subprocess.run([DEVICES, "--user-key", self.path("id.pub"), *words, "--list"],
                                check=True, capture_output=True).stdout
        with open(self.path("devices.csv"), "wb") as file:
            file.write(re.sub(rb"(?m)^([^,]*,[^,]*,[^,]*,[^,]*).*", rb"\1", listed)
                       if b"pin" not in listed else listed)
        self.codes = [line.split(b",")[0].decode() for line in listed.splitlines()[1:]]
        self.farm = subprocess.Popen([DEVICES, "--user-key", self.path("id.pub"), *words,
                                      "--control", self.control], stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL)
        self.farm.stdout.readline()  # they listen
        self.run("init", self.mall, mall=False)
        status, _, err = self.run("import", "devices", self.path("devices.csv"))
        check("the devices are known", status == 0, err)
        status, _, err = self.device("status", "--on", "")
        check("they answer", status == 0, err)
        return self

    def __exit__(self, *_):
        self.farm.kill()
        self.farm.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, data):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def run(self, *words, mall=True, data=None):
        start = ["-m", self.mall] if mall else []
        done = subprocess.run([ATRIUM, *start, *words], capture_output=True, input=data,
                              env=dict(os.environ, XDG_CONFIG_HOME=self.folder), timeout=120)
        return done.returncode, done.stdout, done.stderr.decode()

    def device(self, *words, data=None):
        status, out, err = self.run("device", *words, "--json", "--identity", self.path("id"),
                                    data=data)
        return status, json.loads(out) if out else {}, err

    def fault(self, *lines):
        with open(self.control + ".new", "w") as file:
            file.write("".join(line + "\n" for line in lines))
        os.rename(self.control + ".new", self.control)
        wanted, until = os.stat(self.control).st_mtime_ns, time.monotonic() + 60
        while time.monotonic() < until and self.faults_read() != wanted:
            time.sleep(0.005)
        check("the faults hold", self.faults_read() == wanted, lines)

    def faults_read(self):
        """Which state of the control file the devices go by."""
        try:
            return int(self.read("faults.read"))
        except (OSError, ValueError):
            return None


def test_files(f):
    data = os.urandom(200000)
    local = f.write("menu.bin", data)
    status, doc, err = f.device("put", "--on", "", local, "media/menu.bin")
    check("put", status == 0 and len(doc["devices"]) == N, (status, err))
    for row in doc["devices"]:
        check("put to each", row["state"] == "ok" and row["bytes"] == len(data) and
              row["sha256"] == sha(data), row)
    status, doc, err = f.device("get", "--on", "", f.path("back"), "media/menu.bin")
    check("get", status == 0, (status, err))
    check("a file a device", sorted(os.listdir(f.path("back"))) == sorted(f.codes))
    check("the same bytes", all(f.read("back/" + code) == data for code in f.codes))
    one = f.codes[0]
    status, doc, err = f.device("get", "--on", one, f.path("one.bin"), "media/menu.bin")
    check("of one into a file", status == 0 and f.read("one.bin") == data, (status, err))
    status, doc, err = f.device("get", "--on", one, f.path("none"), "media/none")
    check("no such file", status == 1 and doc["devices"][0]["state"] == "failed" and
          "no such file" in doc["devices"][0]["reason"], (status, doc))
    check("and none here", not os.path.exists(f.path("none")))
    for bad in ("../x", "a/../b", "", "/"):
        status, _, err = f.device("put", "--on", one, local, bad)
        check(f"{bad!r} is refused", status == 2, (status, err))
    status, doc, err = f.device("put", "--on", one, local, "config")
    check("a verb of its own", status == 1 and "verb of its own" in doc["devices"][0]["reason"])
    check("no local file", f.device("put", "--on", one, f.path("nothing"), "x")[0] == 3)
    check("a wrong number", f.device("put", "--on", "", local, "x", "--yes", "3")[0] == 2)
    check("the right one", f.device("put", "--on", "", local, "x", "--yes", str(N))[0] == 0)
    status, out, err = f.run("sql", "select act, state, count(*) from device_act group by 1, 2")
    status, doc, err = f.device("install", "--on", one)
    check("install", status == 0 and doc["devices"][0]["sha256"] ==
          sha(open(os.path.join(ROOT, "model/fleet/atrium-device.sh"), "rb").read()), (doc, err))
    status, doc, err = f.device("install", "--on", "")
    check("install on many needs a word", status == 2 and f"--yes {N}" in err, err)


def test_faults(f):
    data = os.urandom(300000)
    local = f.write("big.bin", data)
    cut, disk, off = f.codes[0], f.codes[1], f.codes[2]
    f.fault(f"{cut} cut:100000", f"{disk} disk", f"{off} off")
    status, doc, err = f.device("put", "--on", "", local, "big.bin")
    rows = {row["device"]: row for row in doc["devices"]}
    check("part of it failed", status == 1, status)
    check("a cut one goes on by itself", rows[cut]["state"] == "ok", rows[cut])
    check("a full disk says so", rows[disk]["state"] == "failed" and
          "no room" in rows[disk]["reason"], rows[disk])
    check("nobody there", rows[off]["state"] == "offline", rows[off])
    check("the others are done", sum(row["state"] == "ok" for row in rows.values()) == N - 2, rows)
    f.fault("* ok")
    status, doc, err = f.device("put", "--on", "", local, "big.bin")
    check("again all of them", status == 0, (status, err))


def test_killed(f):
    """The program is killed in the middle of a get: nothing cut has the name, and it goes on."""
    data = os.urandom(6 << 20)
    f.device("put", "--on", f.codes[0], f.write("huge.bin", data), "huge.bin")
    for _ in range(5):
        child = subprocess.Popen([ATRIUM, "-m", f.mall, "device", "get", "--on", f.codes[0],
                                  "--identity", f.path("id"), f.path("huge"), "huge.bin"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 env=dict(os.environ, XDG_CONFIG_HOME=f.folder))
        while child.poll() is None and not (os.path.exists(f.path("huge.part")) and
                                            os.path.getsize(f.path("huge.part")) > 1000):
            pass
        child.send_signal(signal.SIGKILL)
        child.wait()
        if os.path.exists(f.path("huge")):
            check("what has the name is whole", f.read("huge") == data)
            os.remove(f.path("huge"))
    status, doc, err = f.device("get", "--on", f.codes[0], f.path("huge"), "huge.bin")
    check("it goes on", status == 0 and f.read("huge") == data, (status, err))
    check("nothing is left beside it", not os.path.exists(f.path("huge.part")))


def test_config(f):
    kind = "pos"
    pos = [row["device"] for row in f.device("status", "--on", "kind=pos")[1]["devices"]]
    text = b"# all\nkind={kind}\nhub=10.0.0.1\n\n[screen]\nfloor={floor}\n"
    check("there are some", len(pos) > 1, pos)
    status, _, err = f.device("config", "set", "--kind", kind, f.write("c", text), *reach(pos))
    check("set", status == 0, err)
    rows = f.device("config", "show", "--on", "kind=pos")[1]["devices"]
    check("words are filled in", all("kind=pos\n" in row["text"] and "{" not in row["text"]
                                     for row in rows), rows[:1])
    check("none has it yet", all(row["drift"] == "drift" for row in rows), rows[:2])
    check("drift is a word of the select language",
          len(f.device("list", "--on", "drift=yes")[1]["devices"]) == len(pos))
    status, doc, err = f.device("config", "diff", "--on", "kind=pos")
    seen = sum(len(group["devices"]) for group in doc["groups"])
    check("the difference", status == 0 and seen == len(pos) and
          all("+hub=10.0.0.1\n" in group["difference"] for group in doc["groups"]), doc)
    own = pos[0]
    status, _, err = f.device("config", "set", "--on", own, "--key", "beat=9", "--key",
                              "[screen] light = 3")
    check("a device's own", status == 0, err)
    shown = f.device("config", "show", "--on", own)[1]["devices"][0]
    check("laid over", shown["own"] == "yes" and "beat=9\n" in shown["text"] and
          "light = 3\n" in shown["text"] and "hub=10.0.0.1\n" in shown["text"], shown)
    if len(pos) > 10:
        status, _, err = f.device("config", "apply", "--on", "kind=pos")
        check("the number is asked for", status == 2 and f"--yes {len(pos)}" in err, err)
    off = pos[1]
    f.fault(f"{off} off")
    status, doc, err = f.device("config", "apply", "--on", "kind=pos", "--queue", "1h",
                                *reach(pos))
    check("applied", status == 1 and sum(row["state"] == "ok" for row in doc["devices"]) ==
          len(pos) - 1, (status, doc, err))
    drifts = {row["device"]: row["drift"] for row in
              f.device("config", "show", "--on", "kind=pos")[1]["devices"]}
    check("as desired", all(drifts[code] == "same" for code in pos if code != off), drifts)
    check("one waits", drifts[off] == "queued", drifts)
    f.fault("* ok")
    rows = {row["device"]: row for row in f.device("status", "--on", "kind=pos")[1]["devices"]}
    check("status knows", rows[pos[0]]["drift"] == "same" and rows[off]["drift"] == "queued", rows)
    status, doc, err = f.device("config", "apply", "--queued", "--on", "")
    check("the one that waited", status == 0 and [row["device"] for row in doc["devices"]] == [off],
          (status, doc, err))
    status, doc, _ = f.device("config", "diff", "--on", "kind=pos")
    check("no difference", status == 0 and not doc["groups"] and len(doc["same"]) == len(pos), doc)
    # What the application refuses is not in force.
    f.device("config", "set", "--kind", kind, "-", *reach(pos), data=b"hub=10.0.0.2\n")
    f.device("config", "set", "--on", own, "--clear")
    status, doc, _ = f.device("config", "apply", "--on", own)
    check("the application refuses", status == 1 and "no kind is set" in
          doc["devices"][0]["reason"], doc)
    got = f.path("got")
    f.device("get", "--on", own, got, "config")
    check("and what was is in force", b"hub=10.0.0.1\n" in f.read("got"))
    status, doc, _ = f.device("config", "history", "--kind", kind)
    texts = [row["text"] for row in doc["versions"]]
    check("the history", texts == ["hub=10.0.0.2\n", text.decode()] and
          all(row["author"] and row["time"] for row in doc["versions"]), doc)
    for bad in (b"hub={nobody}\n", b"x" * 70000, b"a\0b", b"a\x1b[2J=1\n"):
        status, _, err = f.device("config", "set", "--kind", kind, "-", *reach(pos), data=bad)
        check(f"{bad[:20]!r} is refused", status == 3 and "\x1b" not in err, (status, err))
    f.device("config", "set", "--on", own, "--key", "beat=1")
    status, _, err = f.device("config", "set", "--kind", kind, "-", *reach(pos), data=b"no lines\n")
    check("what lies below must be lines of keys", status == 3 and "line 1" in err, (status, err))


def reach(codes):
    return ("--yes", str(len(codes))) if len(codes) > 10 else ()


def run_once(f, **more):
    """One round of the engine's step for configurations that wait."""
    done = subprocess.run([ATRIUM, "-m", f.mall, "run", "--once", "--steps", "configs", "--json"],
                          capture_output=True, timeout=120,
                          env=dict(os.environ, XDG_CONFIG_HOME=f.folder,
                                   ATRIUM_IDENTITY=f.path("id"), **more))
    check("a round", done.returncode == 0, done.stderr)
    report = json.loads(done.stdout)["configs"]
    return report["waiting"], report["applied"], report["failed"]


def test_queue(f):
    """Who was away when it was applied gets it from `atrium run`."""
    def drift(code):
        return f.device("config", "show", "--on", code)[1]["devices"][0]["drift"]

    def queue(text, time_):
        f.fault("* ok")
        f.device("config", "set", "--kind", "pos", "-", *reach(pos), data=text)
        f.fault(f"{off} off")
        status, _, err = f.device("config", "apply", "--on", off, "--queue", time_)
        check("it waits", status == 1 and drift(off) == "queued", (status, err, drift(off)))

    pos = [row["device"] for row in f.device("list", "--on", "kind=pos")[1]["devices"]]
    off = pos[1]
    for code in pos:
        f.device("config", "set", "--on", code, "--clear")
    queue(b"kind=pos\nhub=10.0.0.7\n", "1h")
    check("while it is away", run_once(f) == (1, 0, 0))
    check("it goes on waiting", drift(off) == "queued", drift(off))
    f.fault("* ok")
    check("when it is back", run_once(f) == (1, 1, 0))
    check("it has what is desired", drift(off) == "same", drift(off))
    got = f.path("queued")
    f.device("get", "--on", off, got, "config")
    check("in truth", b"hub=10.0.0.7\n" in f.read("queued"))
    mall = sqlite3.connect(f"file:{f.mall}?mode=ro", uri=True)
    acts = mall.execute("select actor, state from device_act where act = 'config' order by rowid"
                        " desc limit 1").fetchall()
    check("the engine did it", acts == [("engine", "ok")], acts)
    told = mall.execute("select count(*) from audit where actor = 'engine' and act = 'config'"
                        ).fetchone()
    check("the audit has it", told == (1,), mall.execute("select * from audit order by rowid desc"
                                                         " limit 2").fetchall())
    mall.close()
    check("nobody waits", run_once(f) == (0, 0, 0))
    # Who says no does not wait any more.
    queue(b"hub=10.0.0.8\n", "1h")
    f.fault("* ok")
    check("it says no", run_once(f) == (1, 0, 1))
    check("it is not asked again", run_once(f) == (0, 0, 0) and drift(off) == "drift", drift(off))
    # Whose time is over does not get it.
    queue(b"kind=pos\nhub=10.0.0.9\n", "1m")
    f.fault("* ok")
    late = str(int(time.time()) + 100)
    check("its time is over", run_once(f, ATRIUM_NOW=late) == (0, 0, 0))
    check("it keeps what it has", b"hub=10.0.0.7\n" in
          (f.device("get", "--on", off, got, "config") and f.read("queued")))


def test_pipe(f):
    """Whoever reads the output may go away."""
    child = subprocess.Popen([ATRIUM, "-m", f.mall, "device", "put", "--on", "", "--identity",
                              f.path("id"), f.path("menu.bin"), "media/again.bin"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=dict(os.environ, XDG_CONFIG_HOME=f.folder))
    child.stdout.close()
    child.stderr.read()
    child.wait(timeout=60)
    status, doc, _ = f.device("get", "--on", f.codes[-1], f.path("again"), "media/again.bin")
    check("it was done all the same", status == 0, doc)


with Fleet() as fleet:
    for test in (test_files, test_faults, test_killed, test_config, test_queue, test_pipe):
        test(fleet)
finish()
