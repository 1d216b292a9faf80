#!/usr/bin/env python3
"""The devices that live with `atrium demo`: simulated ones and at least 20 real OpenSSH servers, what a
technician does on all of them, what they keep from run to run, and that nothing of them is left."""

import json
import os
import pty
import select
import signal
import subprocess
import tempfile
import time

from checks import check, finish, same, skip

ATRIUM = os.path.abspath(os.environ["ATRIUM"])
ALL, REAL, PATIENCE_S = 80, 20, 60


def wait_until(holds):
    """Asks again until it holds; what it was at last."""
    until = time.monotonic() + PATIENCE_S
    while not (seen := holds()) and time.monotonic() < until:
        select.select([], [], [], 0.02)
    return seen


class Demo:
    """A console on a terminal, as `make run` opens it, and commands beside it."""

    def __init__(self, folder):
        self.mall = os.path.join(folder, "a mall.mall")
        self.devices = self.mall + ".devices"
        self.env = dict(os.environ, HOME=folder, XDG_STATE_HOME=folder, XDG_CONFIG_HOME=folder,
                        TERM="xterm-256color", ATRIUM_IDENTITY=os.path.join(self.devices, "id"))
        self.env.pop("ATRIUM_NOW", None)
        self.pid = self.screen = None

    def open(self, *words):
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.execve(ATRIUM, ["atrium", "-m", self.mall, "demo", "--members", "1500", "--days",
                               "40", *words], self.env)
        seen = b""
        while b"PERCEIVE" not in seen:
            seen += self.read()
        return seen

    def read(self):
        try:
            return os.read(self.screen, 65536)
        except OSError:
            raise SystemExit("the console ended") from None

    def drain(self):
        while select.select([self.screen], [], [], 0)[0] and self.read():
            pass

    def end(self, number):
        os.kill(self.pid, number)
        os.close(self.screen)
        os.waitpid(self.pid, 0)

    def run(self, *words):
        self.drain()  # a console whose terminal is full waits for it
        done = subprocess.run([ATRIUM, "-m", self.mall, *words], env=self.env, capture_output=True,
                              timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def json(self, *words):
        _, out, err = self.run(*words, "--json")
        return json.loads(out) if out.strip() else {"error": err}

    def states(self):
        rows = self.json("device", "status", "--on", "", "--timeout", "5s").get("devices", [])
        return {row["device"]: row for row in rows}

    def processes(self):
        """Command lines that name the folder of the devices."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    line = file.read().decode(errors="replace").replace("\0", " ")
            except OSError:
                continue
            if self.devices in line and int(pid) != os.getpid():
                found.append(line)
        return found

    def file(self, code, name):
        return os.path.join(self.devices, "real", code, name)


def faults_end(demo):
    control = os.path.join(demo.devices, "faults")
    with open(control, "w", encoding="ascii"):
        pass
    changed = str(os.stat(control).st_mtime_ns)

    def read():
        try:
            with open(control + ".read", encoding="ascii") as file:
                return file.read().strip() == changed
        except OSError:
            return False
    check("the faults end", wait_until(read))


def try_servers(demo):
    with open(os.path.join(demo.devices, "servers"), encoding="utf-8") as file:
        rows = [line.split("\t") for line in file]
    real = [row[0] for row in rows]
    same("so many real servers", len(real), REAL)
    check("of several kinds", {"pos", "probe"} <= {row[1] for row in rows}, rows)
    check("each at a port that the system gave", len({row[3] for row in rows}) > 1, rows)
    servers = wait_until(lambda: (found := [line for line in demo.processes()
                                            if "sshd -D" in line]) and len(found) == REAL and found)
    check("each is an sshd of its own", servers, demo.processes())
    keys = {open(demo.file(code, "host_key"), encoding="ascii").read() for code in real}
    same("with a key of its own", len(keys), REAL)
    modes = {os.stat(demo.file(code, "host_key")).st_mode & 0o777 for code in real}
    same("that nobody else can read", modes, {0o600})
    return real


def try_work(demo, real):
    good = {}
    check("all devices are well", wait_until(
        lambda: good.update(demo.states()) or
        [row["state"] for row in good.values()] == ["ok"] * ALL),
        [row for row in good.values() if row["state"] != "ok"])
    clocks = [abs(good[code]["clock"]) for code in real]
    check("their clocks go as the mall's", max(clocks) < 5, clocks)
    answer = demo.json("device", "run", "--on", "", "--yes", str(ALL), "echo here")
    same("a command runs on all of them",
         [(len(group["devices"]), group["exit"], group["output"]) for group in answer["groups"]],
         [(ALL, 0, "here\n")])
    answer = demo.json("device", "run", "--on", f"device={real[0]}", "uname -s; cat \"$HOME/atrium/hook\"")
    same("and on a real one by a real shell", answer["groups"][0]["output"], "Linux\ninit\n")
    code = next(name for name in real if name.startswith("P"))
    source = os.path.join(os.path.dirname(demo.mall), "picture")
    with open(source, "wb") as file:
        file.write(os.urandom(300000))
    status, out, err = demo.run("device", "put", "--on", f"device={code}", source, "media/picture")
    check("a file is sent", status == 0, out + err)
    with open(demo.file(code, "atrium/media/picture"), "rb") as file, open(source, "rb") as sent:
        check("and has arrived", file.read() == sent.read())
    status, out, err = demo.run("device", "log", "--on", f"device={code}")
    check("its log can be read", status == 0 and "started" in out, out + err)
    check("what it sells is collected", wait_until(
        lambda: demo.drain() or any(os.path.exists(demo.file(name, "atrium/spool/receipts.done"))
                                    for name in real)))
    odd = os.path.join(os.path.dirname(demo.mall), "odd")
    with open(odd, "w", encoding="ascii") as file:
        file.write("beat=1\n")
    demo.run("device", "config", "set", "--on", f"device={code}", odd)
    status, out, err = demo.run("device", "config", "apply", "--on", f"device={code}", "--csv")
    check("its application refuses a configuration",
          status != 0 and "config.new: no kind is set; the application refuses it" in out, out + err)
    status, out, err = demo.run("device", "run", "--on", f"device={code}", "sudo reboot")
    check("it restarts and not this machine", wait_until(
        lambda: demo.states()[code]["state"] == "ok"), out + err)
    return code


def try_rollout(demo, real):
    """One real and one simulated till get another version; the names of both."""
    tills = [row["device"] for row in demo.json("device", "list", "--on", "kind=pos")["devices"]]
    simulated = next(name for name in tills if name not in real)
    server = next(name for name in tills if name in real)
    package = demo.mall + ".packages/pos-2.4.0.tar"
    status, out, err = demo.run("device", "rollout", "new", "--on",
                                f"device={server} or device={simulated}", "--version", "2.4.0",
                                package, "--canary", "1", "--soak", "1s", "--coverage", "100%")
    check("a roll-out is planned", status == 0, out + err)
    status, out, err = demo.run("device", "rollout", "start", "R1", "--yes", "2")
    check("and started", status == 0, out + err)
    done = demo.json("device", "rollout", "run", "R1", "--wait")
    check("it is done", done["rollouts"][0]["state"] == "done", done)
    return simulated, server


def try_end(demo, what, number):
    demo.end(number)
    check(f"{what}: no process is left", wait_until(lambda: not demo.processes()),
          demo.processes())
    left = [os.path.join(at, name) for at, _, names in os.walk(os.path.join(demo.devices, "real"))
            for name in names if name in ("log", "sshd.pid", "sale", "sshd_config")]
    same(f"{what}: and nothing that served only them", left, [])


def try_without(folder):
    """Where no server can be started, simulated devices stand in, and it is said once."""
    odd = os.path.join(folder, "100%")
    os.makedirs(odd)
    demo = Demo(odd)
    seen = demo.open("--devices", "9")
    same("it is said once", seen.count(b"all are simulated"), 1)
    with open(os.path.join(demo.devices, "devices"), encoding="utf-8") as file:
        same("all are simulated", len(file.readlines()), 9)
    faults_end(demo)
    check("and all are well", wait_until(
        lambda: [row["state"] for row in demo.states().values()] == ["ok"] * 9))
    try_end(demo, "simulated", signal.SIGTERM)


def main(folder):
    try_without(folder)
    demo = Demo(folder)
    demo.open()
    faults_end(demo)
    real = try_servers(demo)
    try_work(demo, real)
    updated = try_rollout(demo, real)
    try_end(demo, "ended", signal.SIGTERM)
    kept = sorted(os.listdir(os.path.join(demo.devices, "real")))
    same("what they are is kept", kept, sorted(real))
    demo.open()
    seen = {}
    check("after a restart they run what they were told to keep", wait_until(
        lambda: seen.update(demo.states()) or
        [seen[name]["version"] for name in updated] == ["2.4.0"] * 2),
        [seen.get(name) for name in updated])
    try_end(demo, "killed", signal.SIGKILL)


if subprocess.run(["sh", "-c", "test -x /usr/sbin/sshd"], check=False).returncode:
    skip("the demo's real servers: there is no /usr/sbin/sshd")
else:
    with tempfile.TemporaryDirectory() as temporary:
        main(temporary)
finish()
