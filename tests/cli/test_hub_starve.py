#!/usr/bin/env python3
"""One client of a hub cannot starve another: clients that say nothing, a byte now and then, edits
without end or pulls without end, that read nothing, and that ask for first copies again and again;
what others pull and push meanwhile comes in time, and no session takes much memory."""
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from frames import PULL, edit, frame, hello  # noqa: E402
from hub import Count, Hub, Replica, clean_env  # noqa: E402

PATIENCE = 8.0  # seconds, on a machine that does other things
count = Count()
check = count.check
hub = Hub(members=2000, days=30)
for name, role in (("oli", "operator"), ("pat", "operator"), ("bad", "operator")):
    hub.add(name, role)
oli, pat = Replica(hub, "oli"), Replica(hub, "pat")
check(oli.sync()["status"] == 0 and pat.sync()["status"] == 0, "first copies")
oli.run("segment", "save", "coffee", "spent(90d)>=1")
check(oli.sync()["status"] == 0, "a segment to quarrel about")


def latency(rounds):
    """The longest that an edit of oli's takes to the hub, and from there to pat."""
    worst = 0.0
    for i in range(rounds):
        oli.run("segment", "save", "mine", f"spent(90d)>={i + 1}")
        began = time.time()
        out = oli.sync()
        done = pat.sync()
        worst = max(worst, time.time() - began)
        check(out["status"] == 0 and out["pushed"] == 1, "pushed", out)
        check(done["status"] == 0 and done["pulled"] > 0, "pulled", done)
    return worst


def epoch():
    db = sqlite3.connect(f"file:{hub.mall}?mode=ro", uri=True)
    row = db.execute("select value from sync where name = 'epoch'").fetchone()
    db.close()
    return row[0]


alone = latency(3)
began_as = epoch()


def memory(process):
    """The most that a session had of its own, in MB; its parent is what has its number."""
    most = 0
    for pid in [process.pid]:
        try:
            for line in open(f"/proc/{pid}/status"):
                if line.startswith("VmHWM"):
                    most = max(most, int(line.split()[1]) // 1024)
        except OSError:
            pass
    return most


def with_clients(what, make, most=8, rounds=3):
    """Sessions of `bad` that misbehave, while others go on."""
    stop = threading.Event()
    clients = [hub.serve("bad", stderr=subprocess.DEVNULL) for _ in range(most)]
    threads = [threading.Thread(target=make, args=(c, stop), daemon=True) for c in clients]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    worst = latency(rounds)
    heaviest = max(memory(c) for c in clients)
    stop.set()
    for client in clients:
        client.kill()
        client.wait()
    for thread in threads:
        thread.join(10)
    for client in clients:
        for pipe in (client.stdin, client.stdout):
            try:
                pipe.close()
            except OSError:
                pass
    print(f"{what}: {worst:.2f} s (alone {alone:.2f}), {heaviest} MB")
    check(worst < alone + PATIENCE, what, "others wait", worst)
    check(heaviest < 100, what, "memory in MB", heaviest)


def write(client, data):
    try:
        client.stdin.write(data)
        client.stdin.flush()
        return True
    except (BrokenPipeError, ValueError, OSError):
        return False


def reads(client):
    """What it says is taken and thrown away."""
    try:
        while client.stdout.read(65536):
            pass
    except (ValueError, OSError):
        pass


def says_nothing(client, stop):
    stop.wait()


def drips(client, stop):
    for byte in hello():
        if stop.wait(0.05) or not write(client, bytes([byte])):
            return


def edits_without_end(client, stop):
    threading.Thread(target=reads, args=(client,), daemon=True).start()
    write(client, hello())
    number = 1
    while not stop.is_set() and write(client, b"".join(edit(number + i) for i in range(50))):
        number += 50


def pulls_without_end(client, stop):
    """Small frames, faster than they can be looked at."""
    threading.Thread(target=reads, args=(client,), daemon=True).start()
    write(client, hello())
    number = 1
    while not stop.is_set() and write(client, b"".join(frame(PULL, number + i, b'{"bytes":1}')
                                                       for i in range(500))):
        number += 500


def reads_nothing(client, stop):
    """Asks for everything and takes none of it."""
    write(client, hello() + frame(PULL, 1, {"bytes": 1 << 40}))
    number = 2
    while not stop.is_set() and write(client, edit(number)):
        number += 1


def copies_again(client, stop):
    """First copies one after another, in the place of the session that it was given."""
    client.kill()
    bad = Replica(hub, "bad")
    while not stop.is_set():
        bad.sync()
        shutil.rmtree(bad.folder, ignore_errors=True)
        os.makedirs(bad.folder)
    bad.end()


with_clients("says nothing", says_nothing)
with_clients("drips", drips)
with_clients("edits without end", edits_without_end)
with_clients("pulls without end", pulls_without_end)
with_clients("reads nothing", reads_nothing)
with_clients("first copies again and again", copies_again, most=2)

check(epoch() == began_as, "sessions beside each other are no backup that was put back")

# ---- As many sessions as a principal may have, and one more ----
many = [hub.serve("bad") for _ in range(8)]
for client in many:
    write(client, hello())
    check(client.stdout.read(10), "a session of eight")
more = hub.serve("bad")
out, said = more.communicate(timeout=30)
check(more.returncode == 5 and b"8 sessions" in said, "the ninth", said)
check(oli.sync()["status"] == 0, "others have places of their own")
many[0].kill()
many[0].wait()
again = hub.serve("bad")
write(again, hello())
check(again.stdout.read(10), "a place that was left")
for client in many + [again]:
    client.kill()
    client.wait()
check(hub.run("verify", ok=False).returncode == 0, "the mall is whole")

# ---- An end that stands still is given up; nothing of it is held ----
still = hub.serve("bad")
write(still, hello() + frame(PULL, 1, {"bytes": 1 << 40}))
check(still.stdout.read(10), "it was welcomed")
check(latency(1) < alone + PATIENCE, "while a client stands still in the middle of its copy")
still.kill()
still.wait()
short = subprocess.Popen(hub.prefix() + [hub.program, "-m", hub.mall, "serve", "--principal", "bad",
                                         "--idle", "1s"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_env())
began = time.time()
check(short.wait(30) == 0 and time.time() - began < 20, "who says nothing is let go")

for replica in (oli, pat):
    replica.end()
hub.end()
count.end()
