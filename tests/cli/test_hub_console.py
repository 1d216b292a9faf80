#!/usr/bin/env python3
"""A console on real replicas of real hubs: two malls and Ctrl-o between them while a pull runs and
edits wait; a replica made anew under an open console; one that locked itself."""
import os
import pty
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from hub import Count, Hub, Replica, clean_env  # noqa: E402

count = Count()
check = count.check
east, west = Hub(members=2000, days=40), Hub(members=150, days=10)
for hub, name in ((east, "East Mall"), (west, "West Mall")):
    hub.add("liu", "manager")
    hub.add("kim", "operator")
there, here = Replica(east, "liu"), Replica(west, "liu")


def rows(path, sql):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


class Console:
    """A console on a terminal of its own."""

    def __init__(self, replica, now=None):
        self.leader, follower = pty.openpty()
        env = clean_env(HOME=replica.folder, TERM="xterm-256color")
        if now:
            env["ATRIUM_NOW"] = str(now)
        self.process = subprocess.Popen(replica.argv(), stdin=follower, stdout=follower,
                                        stderr=follower, env=env, start_new_session=True)
        os.close(follower)
        os.set_blocking(self.leader, False)
        self.seen = b""

    def read(self):
        try:
            self.seen = (self.seen + os.read(self.leader, 1 << 16))[-300000:]
        except (BlockingIOError, OSError):
            time.sleep(0.02)

    def until(self, done, seconds=60):
        deadline = time.time() + seconds
        while time.time() < deadline and self.process.poll() is None:
            self.read()
            if done():
                return True
        return False

    def shows(self, text):
        return text.encode() in self.seen

    def keys(self, keys):
        self.seen = b""
        os.write(self.leader, keys)

    def leave(self):
        for key in (b"\x1b", b"\x1b", b"Q"):
            os.write(self.leader, key)
            self.until(lambda: False, 1)
        self.until(lambda: False, 15)
        if self.process.poll() is None:
            self.process.kill()
            return check(False, "the console does not leave")
        os.close(self.leader)
        return self.process.returncode == 0


def names(path):
    return {r[0] for r in rows(path, "select name from segment")}


# ---- First copies; then a million rows of the east to pull while a person goes back and forth ----
for replica in (there, here):
    check(replica.sync()["status"] == 0, "first copy", replica.hub.mall)
csv = "time,subject,kind,amount,ref\n" + "".join(
    f"2026-0{1 + i % 9}-1{i % 9}T10:00:00Z,-,purchase,{i % 90}.50,big-{i}\n" for i in range(40000))
done = east.run("import", "events", "-", input=csv, ok=False)
check(done.returncode == 0, "import", done.stderr[-300:])
saved = 0
console = Console(there)
here.folder, home = there.folder, here.folder  # one person, one place where malls are remembered
check(console.until(lambda: console.shows("Loop") or len(console.seen) > 2000), "it opens")
for turn in range(6):
    at = there if turn % 2 == 0 else here
    saved += 1
    edit = at.run("segment", "save", f"turn{turn}", f"spent(90d)>={turn + 1}")
    check(edit.returncode == 0, "an edit while a console pulls", edit.stderr)
    other = here if turn % 2 == 0 else there
    console.keys(b":mall-switch " + other.file.encode() + b"\r")
    # Its first frame has everything; keys before that would still be the old screen's.
    check(console.until(lambda: console.shows("Loop") and len(console.seen) > 1500),
          "the other mall", turn)
console.keys(b"\x0f")  # Ctrl-o: the list of both
check(console.until(lambda: len(console.seen) > 300), "the list of malls")
console.keys(b"\x1b")
check(console.leave(), "it leaves")
for replica in (there, here):
    out = replica.sync()
    check(out["status"] == 0 and out["conflicts"] == 0 and out["refused"] == 0, "level", out)
    check(replica.json("outbox")["edits"] == [], "nothing waits", replica.json("outbox"))
    check(replica.run("verify").returncode == 0, "verify", replica.run("verify").stdout)
check({"turn0", "turn2", "turn4"} <= names(east.mall), names(east.mall))
check({"turn1", "turn3", "turn5"} <= names(west.mall), names(west.mall))
check(not {"turn1", "turn3", "turn5"} & names(east.mall), "an edit went to the wrong hub")
for hub in (east, west):
    twice = rows(hub.mall, "select target, count(*) from operation where entity = 'segment' and"
                           " target like 'turn%' group by 1 having count(*) <> 1")
    check(twice == [], "made once", twice)

# ---- A replica made anew under an open console: another role ----
check(there.run("segment", "save", "before", "spent(90d)>=77").returncode == 0, "an edit")
before = os.stat(there.file).st_ino
console = Console(there)
check(console.until(lambda: "before" in names(east.mall)), "it goes by itself")
east.run("hub", "add", "liu", "--role", "technician", "--key", "-",
         input=open(os.path.join(east.folder, "key-liu.pub")).read())
check(console.until(lambda: os.stat(there.file).st_ino != before, 120), "it is made anew")
check(console.until(lambda: console.shows("technician")), "and opened again",
      console.process.poll(), console.seen[-200:])
console.keys(b"N")
check(console.until(lambda: len(console.seen) > 200), "the fleet")
check(rows(there.file, "select count(*) from member") == [(0,)], "a technician has nobody")
check(console.leave(), "it leaves")
check(there.run("verify").returncode == 0, "verify", there.run("verify").stdout)

# ---- Locked, and opened from there ----
later = int(time.time()) + 45 * 86400
west.run("segment", "save", "news", "spent(90d)>=5")
check(here.run("segment", "save", "kept", "spent(90d)>=6").returncode == 0, "an edit that waits")
locked = subprocess.run(here.argv("segment", "list"), capture_output=True, text=True,
                        env=clean_env(HOME=here.folder, ATRIUM_NOW=str(later)))
check(locked.returncode == 4 and "locked" in locked.stderr, "locked", locked)
waits = subprocess.run(here.argv("outbox", "--json"), capture_output=True, text=True,
                       env=clean_env(HOME=here.folder, ATRIUM_NOW=str(later)))
check("kept" in waits.stdout, "what waits is to be seen", waits)
play = subprocess.run(here.argv("play", "-"), capture_output=True, text=True, timeout=120,
                      input="size 80x24\nscreen\nkey s\nscreen\nkey 1\nscreen\n",
                      env=clean_env(HOME=here.folder, ATRIUM_NOW=str(later)))
check("This replica is locked" in play.stdout, "the locked screen", play.stdout)
check("kept" in names(west.mall) and "news" in names(here.file), "a session from there")
opened = subprocess.run(here.argv("segment", "list"), capture_output=True, text=True,
                        env=clean_env(HOME=here.folder, ATRIUM_NOW=str(later + 60)))
check(opened.returncode == 0, "and it is open", opened)

# ---- One machine shut out: it locks itself ----
machines = west.run("hub", "list", json_out=True)["principals"]
mine = [m for m in machines if m["name"] == "liu"]
check(len(mine) == 1 and mine[0]["machine"] and mine[0]["state"] in ("level", "behind"), machines)
done = west.run("hub", "revoke", "liu", "--replica", mine[0]["replica"][:6], json_out=True)
check(done["replica"] == mine[0]["replica"], done)
out = here.sync()
check(out["status"] == 4 and "revoked" in out["stderr"], out)
locked = subprocess.run(here.argv("segment", "list"), capture_output=True, text=True,
                        env=clean_env(HOME=here.folder, ATRIUM_NOW=str(later + 60)))
check(locked.returncode == 4 and "locked" in locked.stderr, "it has locked itself", locked)
west.run("hub", "readmit", "liu", "--replica", mine[0]["replica"])
check(here.sync()["status"] == 0 and here.run("segment", "list").returncode == 0, "and opens again")
pruned = west.run("hub", "prune", json_out=True)
check({"removed", "seq", "floor", "changes", "events"} == set(pruned), pruned)
west.run("run", "--once", "--steps", "hub")

here.folder = home
for thing in (there, here, east, west):
    thing.end()
count.end()
