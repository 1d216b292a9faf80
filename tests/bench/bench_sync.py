#!/usr/bin/env python3
"""Measures a hub and its replicas: bench_sync.py SIZE. All of it over local pipes.

A first copy of the whole mall (an admin's) beside rsync of the same file, catching up so many new
events, how often an edit goes back and forth, and the hub's memory. Times are wall seconds and, as
other programs run beside it, processor seconds of both ends together. `zstd` is the events' CSV
packed with zstd -3, which is what a person could send by hand.
"""
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from hub import Hub, Replica, clean_env  # noqa: E402

# Members and days of the demo mall; new events.
SIZES = {"tiny": (2_000, 60, 20_000), "small": (200_000, 365, 1_000_000),
         "full": (5_000_000, 365, 1_000_000)}
RELAY = r'''
import os, select, subprocess, sys
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
last = None
up, down = child.stdin.fileno(), child.stdout.fileno()
ways = {0: up, down: 1}
while ways:
    for fd in select.select(list(ways), [], [])[0]:
        data = os.read(fd, 1 << 20)
        if not data:
            if fd == 0:
                child.stdin.close()
            del ways[fd]
            continue
        if last != fd:
            with open(sys.argv[1], "a") as log:
                log.write("up " if fd == 0 else "down ")
            last = fd
        view = memoryview(data)
        while view:
            view = view[os.write(ways[fd], view):]
child.wait()
'''


def say(name, value, unit, note=""):
    print(f"{name:34} {value:>14} {unit:8} {note}", flush=True)


def measured(run):
    """Wall and processor seconds of what `run` starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    out = run()
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return out, wall, cpu


class Memory(threading.Thread):
    """The largest memory that a `serve` had."""

    def __init__(self, program):
        super().__init__(daemon=True)
        self.program, self.most, self.own, self.over = program, 0, 0, False

    def run(self):
        while not self.over:
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    words = open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0")
                    if words[0].decode() == self.program and b"serve" in words:
                        for line in open(f"/proc/{pid}/status"):
                            if line.startswith("VmHWM"):
                                self.most = max(self.most, int(line.split()[1]))
                            if line.startswith("RssAnon"):
                                self.own = max(self.own, int(line.split()[1]))
                except (OSError, IndexError):
                    pass
            time.sleep(0.02)


def events_write(path, n, days):
    with open(path, "w") as f:
        f.write("time,subject,kind,tenant,channel,amount\n")
        for i in range(n):
            second = i * 7919 % (days * 86400)
            f.write(f"{1793000000 + second},new{i * 31 % 50000},purchase,T{1 + i % 300:03},pos,"
                    f"{(i * 37 % 90000) / 100:.2f}\n")


def main():
    size = sys.argv[1] if len(sys.argv) > 1 else "small"
    members, days, n_new = SIZES[size]
    hub = Hub(members=members, days=days)
    hub.add("root", "admin")
    replica = Replica(hub, "root")
    bytes_all = os.path.getsize(hub.mall)
    say("mall", f"{bytes_all / 1e6:.1f}", "MB", f"{members:,} members")

    memory = Memory(hub.program)
    memory.start()
    out, wall, cpu = measured(replica.sync)
    assert out["status"] == 0, out
    say("first copy", f"{wall:.2f}", "s", f"{cpu:.2f} s of processor, {out['bytes_in'] / 1e6:.1f} MB")
    say("hub's memory, first copy", f"{memory.most / 1024:.0f}", "MB",
        f"{memory.own / 1024:.0f} MB of its own, the rest is the file's pages")
    if shutil.which("rsync"):
        copy = os.path.join(replica.folder, "rsync.mall")
        _, rsync_wall, rsync_cpu = measured(
            lambda: subprocess.run(["rsync", "--whole-file", hub.mall, copy], check=True))
        say("rsync of the file", f"{rsync_wall:.2f}", "s", f"{rsync_cpu:.2f} s of processor")
        os.remove(copy)
        _, rsync_wall, rsync_cpu = measured(
            lambda: subprocess.run(["rsync", "-z", "--whole-file", hub.mall, copy], check=True))
        say("rsync -z of the file", f"{rsync_wall:.2f}", "s", f"{rsync_cpu:.2f} s of processor")
        os.remove(copy)
    else:
        say("rsync of the file", "-", "", "rsync is not installed")

    csv = os.path.join(hub.home, "events.csv")
    events_write(csv, n_new, 20)
    hub.own()
    hub.run("import", "events", csv)
    packed = subprocess.run(["zstd", "-3", "-q", "-c", csv], capture_output=True, check=True).stdout
    memory.most = memory.own = 0
    out, wall, cpu = measured(replica.sync)
    assert out["status"] == 0 and out["pulled"] >= n_new, out
    say(f"catching up {n_new:,} events", f"{wall:.2f}", "s",
        f"{cpu:.2f} s of processor, {out['bytes_in'] / 1e6:.2f} MB, "
        f"{out['bytes_in'] / len(packed):.2f} of their zstd")
    say("hub's memory, catching up", f"{memory.most / 1024:.0f}", "MB",
        f"{memory.own / 1024:.0f} MB of its own")
    memory.over = True

    relay, turns = (os.path.join(replica.folder, name) for name in ("relay.py", "turns"))
    open(relay, "w").write(RELAY)
    replica.run("segment", "save", "bench", "spent(90d)>=300")
    done = replica.run("sync", "--via", f"python3 {relay} {turns} {hub.via('root')}", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["pushed"] == 1, done.stderr
    trips = open(turns).read().split().count("down")
    say("an edit and what it takes", trips, "trips", "there and back, hello and goodbye included")
    out, wall, cpu = measured(replica.sync)
    say("a session with nothing to do", f"{wall * 1000:.0f}", "ms", f"{out['bytes_in']} bytes in")
    replica.end()
    hub.end()


main()
