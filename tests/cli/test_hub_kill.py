#!/usr/bin/env python3
"""A hub and three replicas over a real OpenSSH, and either side killed or stopped at any moment,
KILLS times: no edit that a replica took in is lost, none is there twice, nobody waits for ever, and
in the end all are level. SEED says which moments."""
import os
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from hub import Count, Hub, Replica, chance, clean_env  # noqa: E402

ROUNDS = int(os.environ.get("KILLS", "15"))
count = Count()
check = count.check
hub = Hub(members=300, days=20)
if not hub.sshd_begin():
    print("0 passed, 0 failed, 1 skipped")
    raise SystemExit(0)
roles = {"oli": "operator", "max": "manager", "ann": "analyst"}
keys = {name: hub.add(name, role) for name, role in roles.items()}
sides = [Replica(hub, name) for name in roles]
made = {}  # name of a segment: the replica that took it in
counts = {"client": 0, "serve": 0, "both": 0, "client stands still": 0, "serve stands still": 0,
          "left alone": 0, "copies again": 0}


def sync_argv(side, timeout):
    return side.argv("sync", "--hub", hub.url(), "--identity", keys[side.name], "--accept",
                     hub.fingerprint(), "--timeout", timeout)


def sync_begin(side, timeout="20s"):
    return subprocess.Popen(sync_argv(side, timeout), env=clean_env(HOME=side.folder),
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def serves(name=None):
    """Processes of the hub's end, of one principal or all."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{pid}/cmdline").read().split("\0")
        except OSError:
            continue
        if words[0] == hub.program and hub.mall in words and "serve" in words and \
                (name is None or name in words):
            found.append(int(pid))
    return found


def await_serve(name, process):
    """Most of a session is connecting; from here on it is what this is about."""
    while process.poll() is None and not serves(name):
        time.sleep(0.003)


def signal_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass
    return len(pids)


def segments(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = db.execute("select name, expression, version from segment order by name").fetchall()
    db.close()
    return rows


def edit(side, i):
    name = f"s{i}"
    if os.path.exists(side.file) and \
            side.run("segment", "save", name, f"spent(90d)>={i + 1}").returncode == 0:
        made[name] = side.name


def replica_remove(side):
    """As when a laptop is lost: what it had not pushed is lost with it."""
    there = {row[0] for row in segments(hub.mall)}
    for name in [n for n in made if made[n] == side.name and n not in there]:
        del made[name]
    for more in ("", ".lock", "-wal", "-shm", ".making", ".making-wal", ".making-shm", ".hub"):
        if os.path.exists(side.file + more):
            os.remove(side.file + more)
    counts["copies again"] += 1


for side in sides:
    done = sync_begin(side)
    check(done.wait(60) == 0, side.name, "a first copy", done.stderr.read())

for i in range(ROUNDS):
    side, other = chance.sample(sides, 2)
    edit(side, i)
    if chance.random() < 0.08:
        replica_remove(side)
    how = chance.choice(["client", "client", "serve", "serve", "both", "client stands still",
                         "serve stands still", "left alone"])
    process = sync_begin(side, "1s" if how == "serve stands still" else "20s")
    beside = sync_begin(other) if chance.random() < 0.3 else None
    if how in ("client", "client stands still") and chance.random() < 0.3:
        time.sleep(chance.random() * 0.3)  # while it connects
    else:
        await_serve(side.name, process)
        time.sleep(chance.random() ** 2 * 0.15)
    hit = process.poll() is None
    if how in ("client", "both"):
        process.kill()
    if how in ("serve", "both"):
        hit = signal_all(serves(side.name), signal.SIGKILL) > 0
    if how == "client stands still" and hit:
        process.send_signal(signal.SIGSTOP)
        alone = sync_begin(other, "10s") if not beside else beside
        check(alone.wait(40) in (0, 1, 5), "others go on beside a client that stands still",
              alone.stderr.read())
        beside = None if alone is beside else beside
        process.kill()
    if how == "serve stands still":
        stopped = serves(side.name)
        hit = signal_all(stopped, signal.SIGSTOP) > 0
        began = time.time()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            check(False, "waits for a hub that stands still")
        check(time.time() - began < 25, "gives up in time")
        signal_all(stopped, signal.SIGKILL)
    counts[how] += hit
    for one in (process, beside):
        if one:
            try:
                one.wait(90)
            except subprocess.TimeoutExpired:
                check(False, how, "never ends")
                one.kill()
                one.wait()
            one.stderr.close()
    if i % 50 == 49:
        print(i + 1, counts, flush=True)

for _ in range(2):
    for side in sides:
        done = sync_begin(side, "60s")
        check(done.wait(120) == 0, side.name, "level in the end", done.stderr.read())
theirs = segments(hub.mall)
names = [row[0] for row in theirs]
for name, who in made.items():
    check(names.count(name) == 1, f"the edit {name} of {who} is lost")
check(all(row[2] == 1 for row in theirs if row[0] in made), "an edit was made twice", theirs)
for side in sides:
    check(segments(side.file) == theirs, side.name, "has the same")
    check(side.run("verify").returncode == 0, side.name, side.run("verify").stdout)
    check(side.json("outbox")["edits"] == [], side.name, "nothing waits")
check(hub.run("verify", ok=False).returncode == 0, "the hub is whole")
time.sleep(0.5)
check(serves() == [], "sessions are left behind", serves())
print(ROUNDS, "rounds:", counts, len(made), "edits")
for side in sides:
    side.end()
hub.end()
count.end()
