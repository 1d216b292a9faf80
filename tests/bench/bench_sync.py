#!/usr/bin/env python3
"""Measures a hub and its replicas beside rsync of the mall file: bench_sync.py SIZE.

All over a real OpenSSH on loopback, with one cipher for everybody. Prints a table as it goes and
appends it to results.csv beside this file (with FIGURES in the environment it prints the figures as
one JSON document instead, for bench.py). ATRIUM_BENCH_FOLDER is where the files go: under 1 GB for
the small size, 12 GB for the full one; they are removed at the end. doc/measured.md says what is
measured.
"""
import contextlib
import json
import os
import random
import shlex
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
if os.environ.get("ATRIUM_BENCH_FOLDER"):
    os.environ["TMPDIR"] = os.environ["ATRIUM_BENCH_FOLDER"]
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from hub import ATRIUM, Hub, Replica, clean_env  # noqa: E402

# Members and days of the demo mall, new events, rounds of which the median counts.
SIZES = {"tiny": (2_000, 60, 20_000, 1), "small": (200_000, 730, 1_000_000, 3),
         "full": (5_000_000, 730, 1_000_000, 1)}
ROLES = ("manager", "operator", "analyst", "technician")
CIPHER = "aes128-gcm@openssh.com"
LINE = 12_500_000  # bytes a second of the slow line: 100 Mbit/s
LONG = 3600
FIRST_DAY = 1793462400  # 2026-11-01, the day after the demo mall's last
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
figures = {}


def say(name, value, unit, note=""):
    figures[name] = (value, unit)
    shown = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
    print(f"{name:44} {shown:>16} {unit:6} {note}", file=sys.stderr, flush=True)


class Watch(threading.Thread):
    """What the hub's sshd starts: processor seconds of all of it, and the largest memory of `serve`.
    Looked at again and again, as nobody waits for what outlives its connection."""

    def __init__(self, hub):
        super().__init__(daemon=True)
        self.hub, self.over = hub, False
        self.clear()

    def clear(self):
        self.ticks, self.most = {}, 0

    def cpu(self):
        return sum(self.ticks.values()) / os.sysconf("SC_CLK_TCK")

    def look(self, pid):
        for child in open(f"/proc/{pid}/task/{pid}/children").read().split():
            try:
                fields = open(f"/proc/{child}/stat").read().rsplit(")", 1)[1].split()
                self.ticks[child, fields[19]] = int(fields[11]) + int(fields[12])
                if b"serve" in open(f"/proc/{child}/cmdline", "rb").read().split(b"\0"):
                    for line in open(f"/proc/{child}/status"):
                        if line.startswith("VmHWM"):
                            self.most = max(self.most, int(line.split()[1]))
                self.look(child)
            except (OSError, IndexError):
                pass  # it has ended

    def run(self):
        while not self.over:
            self.look(self.hub.sshd.pid)
            time.sleep(0.02)


class SlowLine(threading.Thread):
    """A port of ours to the hub's, with so many bytes a second from it."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.to = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.create_connection(("127.0.0.1", self.to))
            threading.Thread(target=self.move, args=(near, far, None), daemon=True).start()
            threading.Thread(target=self.move, args=(far, near, LINE), daemon=True).start()

    @staticmethod
    def move(source, target, limit):
        due = time.monotonic()
        try:
            while data := source.recv(1 << 16):
                if limit:
                    due = max(due, time.monotonic() - 0.02) + len(data) / limit
                    time.sleep(max(0, due - time.monotonic()))
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Done:
    """What a program did: its output, wall and processor seconds with its children's, memory; and
    the processor seconds of the hub's side, and the memory of its `serve`."""

    def __init__(self, watch, argv, env):
        watch.clear()
        began = time.monotonic()
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env=env)
        heard = []
        reader = threading.Thread(target=lambda: heard.append(child.stderr.read()))
        reader.start()
        self.out = child.stdout.read()
        reader.join()
        _, status, used = os.wait4(child.pid, 0)
        self.seconds = time.monotonic() - began
        if status:
            raise SystemExit(f"{shlex.join(argv)}: {status}\n{heard[0]}")
        self.cpu, self.rss = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
        time.sleep(0.1)  # its last ticks
        self.hub_cpu, self.hub_rss = watch.cpu(), watch.most / 1024


class Bench:
    def __init__(self, size):
        self.watch = None
        members, days, self.fresh, self.rounds = SIZES[size]
        self.members = members
        self.replicas = []
        self.hub = Hub(members=members, days=days, wait=LONG)
        self.keys = {role: self.hub.add(role, role) for role in ROLES}
        key = os.path.join(self.hub.folder, "key-rsync")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        with open(os.path.join(self.hub.home, ".ssh", "authorized_keys"), "a") as file:
            file.write(open(key + ".pub").read())
        self.keys["rsync"] = key
        if not self.hub.sshd_begin(f"Ciphers {CIPHER}\n"):
            raise SystemExit("bench: no sshd")
        self.slow = SlowLine(self.hub.port)
        self.slow.start()
        self.known = os.path.join(self.hub.folder, "known_hosts")
        public = open(os.path.join(self.hub.folder, "hostkey.pub")).read().split()
        with open(self.known, "w") as file:
            for port in (self.hub.port, self.slow.port):
                file.write(f"[127.0.0.1]:{port} {public[0]} {public[1]}\n")
        self.watch = Watch(self.hub)
        self.watch.start()
        self.bytes = os.path.getsize(self.hub.mall)
        say("sync_mall_mb", self.bytes / 1e6, "MB", f"{members:,} members")

    def replica(self, name):
        self.replicas.append(Replica(self.hub, name))
        return self.replicas[-1]

    def end(self):
        if self.watch:
            self.watch.over = True
        for replica in self.replicas:
            replica.end()
        self.hub.end()

    def events(self, n, month):
        """So many events of 20 days of members, in no order, 30 % with a reference of their own."""
        chance = random.Random(month)
        path = os.path.join(self.hub.home, "events.csv")
        with open(path, "w") as file:
            file.write("time,subject,kind,tenant,zone,channel,amount,ref\n")
            for i in range(n):
                when = FIRST_DAY + month * 31 * 86400 + chance.randrange(20 * 86400)
                who, kind = f"M{1 + chance.randrange(self.members):08}", chance.randrange(10)
                if kind < 3:
                    file.write(f"{when},{who},purchase,T{1 + chance.randrange(300):03},,pos,"
                               f"{chance.randrange(90000) / 100:.2f},N{month}-{i}\n")
                elif kind < 7:
                    zone = f"{1 + chance.randrange(3)}-{'AB'[chance.randrange(2)]}"
                    file.write(f"{when},{who},sighting,,{zone},wifi,,\n")
                else:
                    file.write(f"{when},{who},app_open,,,app,,\n")
        self.hub.own()
        self.hub.run("import", "events", path)
        packed = subprocess.run(["zstd", "-3", "-q", "-c", path], capture_output=True, check=True)
        os.remove(path)
        return len(packed.stdout)

    # ---- The two ways to a copy ----

    def sync(self, replica, port=None):
        url = self.hub.url().rsplit(":", 1)[0] + f":{port or self.hub.port}"
        done = Done(self.watch, replica.argv("sync", "--hub", url, "--identity",
                                           self.keys[replica.name], "--accept",
                                           self.hub.fingerprint(), "--json"),
                    clean_env(HOME=replica.folder))
        done.counts = json.loads(done.out)
        done.bytes = done.counts["bytes_in"]
        return done

    def rsync(self, folder, packed, port=None):
        target = os.path.join(folder, "rsync.mall")
        ssh = shlex.join(["ssh", "-F", "none", "-p", str(port or self.hub.port), "-i",
                          self.keys["rsync"], "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                          "-o", f"UserKnownHostsFile={self.known}", "-o", f"Ciphers={CIPHER}"])
        done = Done(self.watch, ["rsync", "--stats", "--whole-file", *(["-z"] if packed else []),
                               "-e", ssh, f"{self.hub.user}@127.0.0.1:{self.hub.mall}", target],
                    clean_env(HOME=folder))
        received = [line for line in done.out.splitlines() if line.startswith("Total bytes received")]
        done.bytes = int(received[0].split(":")[1].replace(",", "").replace(".", ""))
        if os.path.getsize(target) != self.bytes:
            raise SystemExit("bench: rsync's copy is not the file")
        os.remove(target)
        return done

    def told(self, name, rounds):
        def middle(of):
            return statistics.median(of(done) for done in rounds)
        say(f"{name}_s", middle(lambda d: d.seconds), "s")
        say(f"{name}_mb", middle(lambda d: d.bytes) / 1e6, "MB")
        say(f"{name}_hub_cpu_s", middle(lambda d: d.hub_cpu), "s", "with its sshd")
        say(f"{name}_client_cpu_s", middle(lambda d: d.cpu), "s")
        if "rsync" not in name:  # which is smaller than the python that starts it, as wait4 has it
            say(f"{name}_client_rss_mb", max(d.rss for d in rounds), "MB")
            say(f"{name}_hub_rss_mb", max(d.hub_rss for d in rounds), "MB", "of `serve`")

    def copies(self):
        rounds = {name: [] for name in ("rsync", "rsync_z", *ROLES)}
        for _ in range(self.rounds):  # in turns
            for name in rounds:
                replica = self.replica(name)
                if name.startswith("rsync"):
                    rounds[name].append(self.rsync(replica.folder, name == "rsync_z"))
                else:
                    rounds[name].append(self.sync(replica))
                    self.check(replica)
                replica.end()
        for name, done in rounds.items():
            self.told(f"sync_copy_{name}", done)

    def check(self, replica):
        """The copy has all its role may see."""
        if replica.name == "technician":
            return
        with contextlib.closing(sqlite3.connect(f"file:{replica.file}?mode=ro", uri=True)) as db:
            n = db.execute("select count(*) from member indexed by member_card").fetchone()[0]
        if n != self.members:
            raise SystemExit(f"bench: {replica.name}'s copy has {n} members of {self.members}")

    def slow_line(self):
        for name in ("rsync", "rsync_z", "manager"):
            replica = self.replica(name)
            done = self.sync(replica, self.slow.port) if name == "manager" else \
                self.rsync(replica.folder, name == "rsync_z", self.slow.port)
            say(f"sync_copy_{name}_100mbit_s", done.seconds, "s")
            replica.end()

    # ---- Afterwards ----

    def catching_up(self):
        replica = self.replica("manager")
        self.sync(replica)
        rounds, sizes = [], []
        for month in range(self.rounds + 1):
            sizes.append(self.events(self.fresh, month))
            rounds.append(self.sync(replica))
            if rounds[-1].counts["pulled"] < self.fresh:
                raise SystemExit(f"bench: not all new events came: {rounds[-1].counts}")
        # With the first import the hub folds what came late in the demo, and the replica does, too.
        self.told("sync_catch_up_first", rounds[:1])
        rounds, sizes = rounds[1:], sizes[1:]
        self.told("sync_catch_up", rounds)
        say("sync_catch_up_of_zstd", statistics.median(d.bytes / n for d, n in zip(rounds, sizes)),
            "", f"of {self.fresh:,} events as CSV under zstd -3")
        return replica

    def edit(self, replica):
        """The pipe in place of SSH, so that a relay can see who speaks."""
        relay, turns = (os.path.join(replica.folder, name) for name in ("relay.py", "turns"))
        open(relay, "w").write(RELAY)
        replica.run("segment", "save", "bench", "spent(90d)>=300")
        done = replica.run("sync", "--via", f"python3 {relay} {turns} {self.hub.via(replica.name)}",
                           "--json")
        if done.returncode or json.loads(done.stdout)["pushed"] != 1:
            raise SystemExit(f"bench: the edit did not arrive: {done.stderr}")
        say("sync_edit_trips", open(turns).read().split().count("down"), "",
            "there and back: hello, edit, and whatever else is said")
        nothing = [self.sync(replica).seconds * 1000 for _ in range(5)]
        say("sync_nothing_ms", statistics.median(nothing), "ms", "a session with nothing to do")


def main():
    size = sys.argv[1] if len(sys.argv) > 1 else "small"
    if size not in SIZES:
        raise SystemExit(f"bench: found SIZE={size}, expected one of {', '.join(SIZES)}")
    if not shutil.which("rsync"):
        raise SystemExit("bench: rsync is not installed: sh fixtures/install-packages.sh sync")
    print(f"atrium {ATRIUM}, {size}", file=sys.stderr)
    bench = Bench(size)
    try:
        bench.copies()
        bench.slow_line()
        replica = bench.catching_up()
        bench.edit(replica)
    finally:
        bench.end()
    if os.environ.get("FIGURES"):
        print(json.dumps(figures, indent=1))
        return
    from bench import append_results, commit_name
    append_results([(name, value, None, None, unit) for name, (value, unit) in figures.items()],
                   size, commit_name())


main()
