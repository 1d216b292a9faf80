#!/usr/bin/env python3
"""A hub and replicas of three roles, over pipes and over a real OpenSSH: first copies, edits made
off line, conflicts and what a person does about them, revoking, and what goes wrong on the way."""
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from hub import ATRIUM, Count, Hub, Replica, clean_env  # noqa: E402

count = Count()
check = count.check
hub = Hub(members=300, days=20)
keys = {name: hub.add(name, role) for name, role in
        (("ann", "analyst"), ("oli", "operator"), ("pat", "operator"), ("tess", "technician"),
         ("max", "manager"))}
replicas = {name: Replica(hub, name) for name in keys}
ann, oli, pat, tess, boss = (replicas[n] for n in ("ann", "oli", "pat", "tess", "max"))

# ---- First copies ----
wanted = {"pulled", "pushed", "conflicts", "refused", "bytes_in", "bytes_out", "as_of"}
for name, replica in replicas.items():
    out = replica.sync()
    check(out["status"] == 0 and wanted <= set(out), name, out)
    check(os.stat(replica.file).st_mode & 0o77 == 0, name, "is its owner's alone")
    check(os.path.exists(replica.file + ".hub"), name, "remembers its hub")
    again = replica.json("sync")  # without saying where
    check(again["pulled"] == 0 and again["bytes_in"] < 20000, name, "level", again)
    check(replica.run("verify").returncode == 0, name, "verify", replica.run("verify").stdout)

theirs = hub.run("loop", json_out=True)
mine = oli.json("loop")
for stage in ("perceive", "convert", "activate", "community"):
    check(mine[stage] == theirs[stage], stage, mine[stage], theirs[stage])
check(hub.run("segment", "count", "member", json_out=True)["count"] ==
      ann.json("segment", "count", "member")["count"], "as many members")

# What a role may not see is not in its file.
hub_db = sqlite3.connect(f"file:{hub.mall}?mode=ro", uri=True)
phones = [r[0] for r in hub_db.execute("select value from contact where kind = 2 limit 50")]
names = [r[0] for r in hub_db.execute("select name from member where length(name) > 3 limit 50")]
hub_db.close()
check(phones, "the demo has phones")
for replica in (ann, oli, tess):
    data = open(replica.file, "rb").read()
    check(not any(p.encode() in data for p in phones), replica.name, "has a phone number in full")
    if replica is not oli:
        check(not any(n.encode() in data for n in names), replica.name, "has a name")

# ---- Edits made off line arrive once ----
check(oli.run("segment", "save", "coffee", "spent(90d)>=300").returncode == 0, "an edit off line")
edits = oli.json("outbox")["edits"]
check(len(edits) == 1 and {"id", "kind", "target", "state", "age_s", "reason"} <= set(edits[0]) and
      (edits[0]["kind"], edits[0]["target"], edits[0]["state"]) == ("segment", "coffee", "pending"),
      edits)
check(oli.json("status")["pending"] == 1, "status says what waits", oli.json("status"))
out = oli.sync()
check(out["status"] == 0 and out["pushed"] == 1, out)
check(oli.json("outbox")["edits"] == [], "it was taken")
check(hub.run("segment", "show", "coffee", ok=False).returncode == 0, "the hub has it")
out = pat.sync()
check(out["pulled"] > 0 and pat.run("segment", "show", "coffee").returncode == 0, "others get it", out)

# ---- Conflicts ----


def both(text_a, text_b, notes=("", "")):
    """Both set the same segment; oli's comes first."""
    for replica, text, note in ((oli, text_a, notes[0]), (pat, text_b, notes[1])):
        done = replica.run("segment", "save", "coffee", text, *(["--note", note] if note else []))
        check(done.returncode == 0, done.stderr)
    check(oli.sync()["status"] == 0, "the first one wins")
    out = pat.sync()
    check(out["status"] == 5 and out["conflicts"] == 1, "the second comes back", out)
    rows = pat.json("conflict", "list")["conflicts"]
    check(len(rows) == 1 and rows[0]["target"] == "coffee", rows)
    shown = pat.json("conflict", "show", rows[0]["id"])
    fields = {f["field"]: f for f in shown["fields"]}
    check(shown["by"] == "oli" and fields["expression"]["mine"] == text_b and
          fields["expression"]["theirs"] == text_a, shown)
    return rows[0]["id"]


def everywhere():
    """What each of them has as the expression, after all are level."""
    for replica in (pat, oli, pat):
        out = replica.sync()
        check(out["status"] == 0, replica.name, out)
    found = set()
    for path in (hub.mall, oli.file, pat.file):
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        found.add(db.execute("select expression, note from segment where name='coffee'").fetchone())
        db.close()
    return found


edit = both("spent(90d)>=400", "spent(90d)>=500")
check(pat.run("conflict", "take", edit).returncode == 0, "take")
found = everywhere()
check(len(found) == 1 and found.pop()[0] == "spent(90d)>=400", "taken", found)
edit = both("spent(90d)>=600", "spent(90d)>=700")
check(pat.run("conflict", "keep", edit[:12]).returncode == 0, "keep, by the beginning of its id")
found = everywhere()
check(len(found) == 1 and found.pop()[0] == "spent(90d)>=700", "kept", found)
edit = both("spent(90d)>=800", "spent(90d)>=900", ("from oli", "from pat"))
done = pat.run("conflict", "merge", edit, "expression=@theirs", "note=from both")
check(done.returncode == 0, "merge", done.stderr)
found = everywhere()
check(found == {("spent(90d)>=800", "from both")}, "merged", found)
check(pat.run("conflict", "take", edit).returncode in (3, 5), "it is settled")
check(pat.run("conflict", "merge", "zz", "a=b").returncode == 3, "no such edit")
check(pat.run("conflict", "merge", "zz").returncode == 2, "merge what?")

# ---- Given up before it went ----
pat.run("segment", "save", "tea", "spent(90d)>=1")
edit = pat.json("outbox")["edits"][0]["id"]
check(pat.run("outbox", "drop", edit).returncode == 0, "drop")
check(pat.run("segment", "show", "tea").returncode != 0 and pat.json("outbox")["edits"] == [],
      "as it was before")

# ---- Another role: the replica is made anew, its outbox goes on ----
ann.run("segment", "save", "books", "spent(90d)>=50")
hub.run("hub", "add", "ann", "--role", "operator", "--key", keys["ann"] + ".pub")
out = ann.sync()
check(out["status"] == 0 and out["pushed"] == 1, "another role", out)
check(hub.run("segment", "show", "books", ok=False).returncode == 0, "its edit arrived")
check(ann.json("segment", "count", "member")["count"] ==
      oli.json("segment", "count", "member")["count"], "what an operator has")

# ---- Ways that do not lead there ----
done = pat.run("sync", "--via", "exit 3", "--timeout", "5s")
check(done.returncode == 1, "a command that ends", done.stderr)
done = pat.run("sync", "--via", "cat", "--timeout", "5s")
check(done.returncode not in (0, -11), "a command that echoes", done.stderr)
began = time.time()
done = pat.run("sync", "--via", "exec sleep 60", "--timeout", "1s")
check(done.returncode == 1 and time.time() - began < 15, "one that says nothing", done.stderr)
done = pat.run("sync", "--via", "printf 'Welcome to Debian\\n'; sleep 5", "--timeout", "5s")
check(done.returncode in (1, 3), "a shell that greets", done.stderr)
check(pat.run("sync", "--hub", "http://x").returncode == 2, "no URL of a hub")
check(pat.run("sync", "--hub", "ssh://a@b", "--via", "x").returncode == 2, "two ways")
stranger = Replica(hub, "stranger")
out = stranger.sync()
check(out["status"] != 0 and "stranger" in out["stderr"] and not os.path.exists(stranger.file),
      "unknown", out)
check(stranger.run("sync").returncode != 0, "nothing is remembered that never was")
stranger.end()
check(pat.sync()["status"] == 0, "and all is well again")

# ---- A hub that stands still ----
process = subprocess.Popen(pat.argv("sync", "--via", "sh -c 'kill -STOP $$; exec " +
                                    pat.hub.via("pat").replace("'", "'\\''") + "'", "--timeout", "1s"),
                           env=clean_env(HOME=pat.folder), stderr=subprocess.PIPE, text=True)
check(process.wait(60) == 1, "stopped", process.stderr.read())
check(pat.sync()["status"] == 0, "and again")

# ---- Killed on either side, at any moment ----
from hub import chance  # noqa: E402

rounds = int(os.environ.get("KILLS", "20"))
for i in range(rounds):
    name = f"kill-{i % 5}"
    side = oli if i % 3 else pat
    side.run("segment", "save", name, f"spent(90d)>={i + 1}")
    if i % 7 == 3:
        os.remove(side.file)
        for more in (".hub", ".lock", "-wal", "-shm"):
            if os.path.exists(side.file + more):
                os.remove(side.file + more)
    process = subprocess.Popen(side.argv("sync", "--via", hub.via(side.name)),
                               env=clean_env(HOME=side.folder), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(chance.random() * (0.5 if i % 7 == 3 else 0.12))
    if i % 2:
        process.kill()
    else:  # its serve
        out = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout
        for child in out.split():
            try:
                os.kill(int(child), signal.SIGKILL)
            except ProcessLookupError:
                pass
    process.wait(60)
for side in (oli, pat, oli, pat):
    out = side.sync()
    for edit in side.json("conflict", "list")["conflicts"]:
        side.run("conflict", "keep", edit["id"])
    check(out["status"] in (0, 5), side.name, out)
for side in (oli, pat, oli):
    check(side.sync()["status"] == 0, side.name)
check(hub.run("verify", ok=False).returncode == 0, "the hub is whole", hub.run("verify", ok=False).stdout)


def segments(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = db.execute("select name, expression, note from segment order by name").fetchall()
    db.close()
    return rows


for side in (oli, pat):
    check(side.run("verify").returncode == 0, side.name, "verify", side.run("verify").stdout)
    check(segments(side.file) == segments(hub.mall), side.name, segments(side.file),
          segments(hub.mall))

# ---- In the console: a session that is asked for, and those in the background ----
pat.run("segment", "save", "asked", "spent(90d)>=11")
play = subprocess.run(pat.argv("play", "-"), input="size 100x24\nkey R\nkey s\nscreen\n", text=True,
                      capture_output=True, env=clean_env(HOME=pat.folder), timeout=120)
check("1 pushed" in play.stdout or pat.json("outbox")["edits"] == [], "sync now", play.stdout)
check(any(s[0] == "asked" for s in segments(hub.mall)), "asked for in the console")


def console_until(replica, done, keys=b""):
    """A console on a terminal of its own until `done` says so, then Q."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(replica.argv(), stdin=follower, stdout=follower, stderr=follower,
                               env=clean_env(HOME=replica.folder, TERM="xterm-256color"),
                               start_new_session=True)
    os.close(follower)
    os.set_blocking(leader, False)
    if keys:
        os.write(leader, keys)
    good, deadline = False, time.time() + 60
    while not good and time.time() < deadline and process.poll() is None:
        try:
            os.read(leader, 1 << 16)
        except (BlockingIOError, OSError):
            time.sleep(0.05)
        good = done()
    os.write(leader, b"Q")
    while process.poll() is None and time.time() < deadline + 20:
        try:
            os.read(leader, 1 << 16)
        except (BlockingIOError, OSError):
            time.sleep(0.05)
    os.close(leader)
    if process.poll() is None:
        process.kill()
        return check(False, "the console does not leave")
    return good and process.returncode == 0


pat.run("segment", "save", "behind", "spent(90d)>=12")
check(console_until(pat, lambda: any(s[0] == "behind" for s in segments(hub.mall))),
      "an edit goes by itself")
oli.run("segment", "save", "from-oli", "spent(90d)>=13")
oli.sync()
check(console_until(pat, lambda: any(s[0] == "from-oli" for s in segments(pat.file))),
      "what others did comes by itself")
left = subprocess.run(["pgrep", "-f", hub.mall + " serve"], capture_output=True, text=True).stdout
check(left == "", "no session is left behind", left)

# ---- Over a real sshd ----
if hub.sshd_begin():
    far = Replica(hub, "max")

    def ssh(*more, identity=keys["max"]):
        return far.run("sync", "--hub", hub.url(), "--identity", identity, "--json", *more)

    done = ssh()
    check(done.returncode == 4 and hub.fingerprint() in done.stderr, "an unknown hub", done.stderr)
    check(not os.path.exists(far.file), "nothing was said to it")
    done = ssh("--accept", "SHA256:" + "A" * 43)
    check(done.returncode == 4, "another key than was said")
    done = ssh("--accept", hub.fingerprint())
    check(done.returncode == 0, "a first copy over SSH", done.stderr)
    check(far.run("sync").returncode == 0, "the hub is remembered")
    far.run("segment", "save", "far", "spent(90d)>=3")
    check(far.json("sync")["pushed"] == 1, "an edit over SSH")
    check(segments(far.file) == segments(hub.mall), "the same segments")
    other = os.path.join(hub.folder, "key-other")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    done = ssh(identity=other)
    check(done.returncode == 4 and "key" in done.stderr, "another's key", done.stderr)
    done = subprocess.run(["ssh", "-i", keys["max"], "-p", str(hub.port), "-oBatchMode=yes",
                           "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null",
                           f"{hub.user}@127.0.0.1", "id; cat /etc/passwd"], input="", text=True,
                          capture_output=True)
    check("uid=" not in done.stdout and "root:" not in done.stdout, "a command of the client's")
    plain = far.run("sync", "--via", f"ssh -i {keys['max']} -p {hub.port} -oBatchMode=yes "
                    "-oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null "
                    f"{hub.user}@127.0.0.1", "--json")
    check(plain.returncode == 0, "over ssh itself", plain.stderr)
    ssh()  # back to libssh
    subprocess.run(f"rm {hub.folder}/hostkey*; ssh-keygen -q -t ed25519 -N '' -f {hub.folder}/hostkey",
                   shell=True, check=True)
    hub.sshd_end()
    check(hub.sshd_begin(), "another host key")
    done = far.run("sync", "--hub", hub.url(), "--identity", keys["max"], "--accept",
                   hub.fingerprint())
    # another port is another hub: the pin went with it, so a changed key is tried at the same one
    check(done.returncode == 0, "a hub that moved", done.stderr)
    import json
    kept = json.load(open(far.file + ".hub"))
    kept["pin"] = "SHA256:" + "B" * 43
    json.dump(kept, open(far.file + ".hub", "w"))
    os.chmod(far.file + ".hub", 0o600)
    done = far.run("sync")
    check(done.returncode == 4 and "pinned" in done.stderr, "a host key that changed", done.stderr)
    kept["pin"] = hub.fingerprint()
    json.dump(kept, open(far.file + ".hub", "w"))
    check(far.run("sync").returncode == 0, "and back")
    os.chmod(far.file + ".hub", 0o666)
    done = far.run("sync")
    check(done.returncode == 3 and "others" in done.stderr, "a way that others may write", done)
    os.chmod(far.file + ".hub", 0o600)
    hub.run("hub", "revoke", "max")
    done = far.run("sync", "--timeout", "5s")
    check(done.returncode != 0, "revoked", done.stderr)
    hub.sshd_end()
    far.end()
else:
    print("no sshd here: over pipes only")

for replica in replicas.values():
    replica.end()
hub.end()
count.end()
