#!/usr/bin/env python3
"""The hub's door: hub add, list, revoke; what `serve` refuses before it says a word, and what it
makes of bytes that are no session."""
import os
import pty
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from hub import ROOT, Count, Hub, chance, clean_env  # noqa: E402

count = Count()
check = count.check
hub = Hub(members=100, days=5)

# ---- Who may come in ----
done = hub.run("hub", "add", "liu", "--role", "operator", "--key", "/nowhere", ok=False)
check(done.returncode == 3 and "/nowhere" in done.stderr, "no key file", done.stderr)
done = hub.run("hub", "add", "liu", "--role", "king", "--key", "-", ok=False, input="ssh-ed25519 x")
check(done.returncode == 3, "bad key", done.stderr)
done = hub.run("hub", "add", "liu", ok=False)
check(done.returncode == 2, "no role", done.returncode)
key = hub.add("liu", "operator")
line = open(os.path.join(hub.home, ".ssh", "authorized_keys")).read()
check(line.startswith("restrict,command=\"'") and line.count("\n") == 1, "line", line)
public = open(key + ".pub").read()
done = hub.run("hub", "add", "bad name", "--role", "operator", "--key", "-", input=public, ok=False)
check(done.returncode == 3, "name", done.stderr)
done = hub.run("hub", "add", "kim", "--role", "operator", "--key", "-", input=public, ok=False)
check(done.returncode == 5 and "liu" in done.stderr, "one key, two people", done.stderr)
again = hub.run("hub", "add", "liu", "--role", "analyst", "--key", "-", input=public, json_out=True)
check(again["new"] is False and again["role"] == "analyst" and again["line"] + "\n" == line, again)
people = hub.run("hub", "list", json_out=True)["principals"]
check([(p["name"], p["role"]) for p in people] == [("liu", "analyst")], people)
check(people[0]["key"] == again["fingerprint"], people)
printed = subprocess.run(["ssh-keygen", "-lf", key + ".pub"], capture_output=True, text=True).stdout
check(again["fingerprint"] in printed, "as ssh-keygen says", printed)
done = hub.run("--as", "liu", "hub", "list", ok=False)
check(done.returncode != 0, "global option behind")
done = subprocess.run(hub.prefix() + [hub.program, "-m", hub.mall, "--as", "liu", "hub", "list"],
                      capture_output=True, text=True, env=clean_env())
check(done.returncode == 4, "not for an analyst", done.stderr)

# ---- What serve refuses ----


def serve(argv=None, env=None, input=b"", prefix=None, **how):
    prefix = hub.prefix() if prefix is None else prefix
    return subprocess.run(prefix + [hub.program] + (argv or ["-m", hub.mall, "serve", "--principal",
                                                             "liu"]),
                          input=input, capture_output=True, env=env or clean_env(), timeout=60, **how)


if ROOT:
    done = serve(prefix=[])
    check(done.returncode == 4 and b"root" in done.stderr and not done.stdout, "root", done)
    done = serve(prefix=["setpriv", "--ruid=65534", "--euid=65533", "--clear-groups"])
    check(done.returncode == 4 and b"setuid" in done.stderr, "setuid", done)
done = serve(["-m", hub.mall, "serve", "--principal", "wang"])
check(done.returncode == 4 and b"wang" in done.stderr and b"denied" in done.stdout, "unknown", done)
owner = "nobody" if ROOT else os.environ.get("USER", "nobody")
done = serve(["-m", hub.mall, "serve", "--principal", owner])
check(done.returncode == 4, "the owner is nobody over the wire", done)
done = serve(["-m", hub.mall, "serve", "--principal", "li u"])
check(done.returncode == 3, "name", done)
done = serve(["-m", hub.mall, "serve"])
check(done.returncode == 2, "no name", done)
done = serve(["serve", "--principal", "liu"], env=clean_env(ATRIUM_MALL=hub.mall))
check(done.returncode == 2 and b"-m" in done.stderr, "mall from the environment", done)
leader, follower = pty.openpty()
process = subprocess.Popen(hub.prefix() + [hub.program, "-m", hub.mall, "serve", "--principal", "liu"],
                           stdin=follower, stdout=follower, stderr=subprocess.PIPE, env=clean_env())
check(process.wait(30) == 2 and b"terminal" in process.stderr.read(), "terminal")
os.close(leader)
os.close(follower)

# ---- What it gave up, while it waits ----


def ready(process):
    """Waits until it hears the signals that end it, which it does once it gave up the rest."""
    heard = sum(1 << number - 1 for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        state = dict(line.split(":", 1) for line in open(f"/proc/{process.pid}/status"))
        if int(state["SigCgt"], 16) & heard == heard:
            return
        time.sleep(0.01)


extra = os.open("/dev/null", os.O_RDONLY)
os.set_inheritable(extra, True)
process = hub.serve("liu", env=clean_env(SSH_ORIGINAL_COMMAND="rm -rf /", LD_HINT="x",
                                         LANG="zh_CN.UTF-8"), close_fds=False)
ready(process)
check(process.poll() is None, "it waits", process.poll())
limits = {l[:25].strip(): l[26:].split() for l in
          open(f"/proc/{process.pid}/limits").read().splitlines()[1:]}
check(limits["Max core file size"][:2] == ["0", "0"], "core", limits)
check(int(limits["Max open files"][1]) <= 128, "files", limits)
status = open(f"/proc/{process.pid}/status").read()
check("NoNewPrivs:\t1" in status, "no new rights")
if ROOT:
    kept = [os.readlink(f"/proc/{process.pid}/fd/{f}") for f in os.listdir(f"/proc/{process.pid}/fd")]
    check("/dev/null" not in kept, "descriptors are closed", kept)
os.close(extra)
process.send_signal(signal.SIGTERM)
check(process.wait(20) == 0, "SIGTERM ends it well", process.returncode)
process = hub.serve("liu")
ready(process)
process.send_signal(signal.SIGHUP)
check(process.wait(20) == 0, "SIGHUP", process.returncode)
process = hub.serve("liu")
process.stdin.close()
check(process.wait(20) == 0, "the client went", process.returncode, process.stderr.read())
process = hub.serve("liu")
process.stdout.close()
process.stdin.close()
check(process.wait(20) == 0, "the client went altogether", process.returncode)

# ---- Bytes that are no session: it ends by itself with a reason, and never by a signal ----


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def frame(kind, number, payload, flags=0, length=None):
    head = struct.pack("<IBBI", len(payload) if length is None else length, kind, flags, number)
    return head + payload + struct.pack("<I", crc32c(head + payload))


def survived(what, data, end=True):
    process = hub.serve("liu")
    try:
        out, said = process.communicate(data, timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        return check(False, what, "hangs")
    return check(0 <= process.returncode < 8, what, process.returncode, said)


hello = (b'{"sync":1,"schema":1,"replica":"00000000000000000000000000000000","epoch":"","policy":"","cursor":0,"place":0,"key":0,'
         b'"program":"test"}')
survived("nothing", b"")
survived("a shell", b"rm -rf / ; id\n" * 50)
survived("http", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
survived("endless length", struct.pack("<IBBI", 0xFFFFFFFF, 1, 0, 0) + b"x" * 100000)
survived("zeros", b"\0" * 100000)
survived("pull before hello", frame(3, 0, struct.pack("<Q", 1 << 40)))
survived("edit before hello", frame(9, 0, b'{"id":"x"}'))
survived("hello that is no JSON", frame(1, 0, b"\xff\xfe{{{"))
survived("hello that is an array", frame(1, 0, b"[1,2,3]"))
survived("deep hello", frame(1, 0, b"[" * 100000))
survived("two hellos", frame(1, 0, hello) + frame(1, 1, hello))
survived("frames of the hub's", frame(1, 0, hello) + frame(5, 1, b"\0" * 64))
survived("out of order", frame(1, 1, hello))
survived("replayed", frame(1, 0, hello) + frame(3, 1, struct.pack("<Q", 9)) * 2)
survived("credit without end", frame(1, 0, hello) + frame(3, 1, b"\xff" * 8))
survived("credit of three bytes", frame(1, 0, hello) + frame(3, 1, b"\xff" * 3))
edits = [b"", b"{}", b"[]", b'{"id":1}', b'{"id":"' + b"a" * 100000 + b'"}',
         b'{"id":"a","verb":"operation","entity":"setting","target":"name","set":{"value":"x"}}',
         b'{"id":"a","verb":"operation","entity":"' + b"'; drop table member; --" + b'","target":"",'
         b'"set":{}}', b'{"id":"../../x","verb":"no such verb","target":"\\u0000","detail":{}}']
for i, edit in enumerate(edits):
    survived(f"edit {i}", frame(1, 0, hello) + frame(9, 1, edit) + frame(11, 2, b'{"reason":""}'))
for i in range(int(os.environ.get("FUZZ", "60"))):
    data = bytearray(frame(1, 0, hello) + frame(3, 1, struct.pack("<Q", 1 << 20)) +
                     frame(9, 2, edits[i % len(edits)][:400]))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data))
        how = chance.randrange(3)
        if how == 0:
            data[at] = chance.randrange(256)
        elif how == 1:
            del data[at:at + chance.randint(1, 9)]
        else:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 9)))
        data = data or bytearray(b"x")
    if not survived(f"random {i}", bytes(data)):
        print(bytes(data))
verify = hub.run("verify", ok=False)
check(verify.returncode == 0, "the mall is whole", verify.stdout)

# ---- Revoked ----
check(hub.run("hub", "revoke", "liu", json_out=True) == {"revoked": "liu"}, "revoke")
check(serve().returncode == 4, "revoked")
check(hub.run("hub", "revoke", "liu", ok=False).returncode != 0, "revoked twice")
left = hub.run("hub", "list", json_out=True)["principals"]
check(all(row["role"] == "" and row["state"] == "revoked" for row in left), "nobody", left)

hub.end()
count.end()
