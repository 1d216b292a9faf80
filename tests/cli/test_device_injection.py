#!/usr/bin/env python3
"""What a device says never drives the operator's terminal: every text of the simulator's corpus goes
through every way in - output, logs, banners, errors, signals - to the very bytes that the commands
and the console write to the terminal."""

import csv
import io
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import fcntl
import time

from checks import check, finish, ports_free

ATRIUM = os.environ["ATRIUM"]
DEVICES = os.path.join(os.path.dirname(ATRIUM), "atrium-devices")
csv.field_size_limit(1 << 26)

# What each device does, by the order of the demo mall's devices.
FAULTS = ("garble", "banner", "disconnect", "signal:corpus", "longline", "ok", "wrongkey", "off",
          "names")

# A part of each hostile text that only the device can have said, as it was sent.
CORPUS = (
    b"\x1b]0;owned", b"\x1b]2;owned", b"\x1b]8;;http", b"\x1b]52;c;", b"a\x1b]0;", b"\x1bP$q",
    b"\x1bP0;1|", b"a\x1b[2J\x1b[H", b"a\x1b[1;2r", b"a\x1b[?1049h", b"\x1b[31;47mred",
    b"a\x1b[?1003h", b"\x1b[6n", b"\x1b[cz", b"\x05\x07\x08", b"\rrm -rf", b"\x1bcz",
    b"\x1b(0lqqk", b"a\x9b2J", b"\x9d0;owned", b"\xc2\x9b2J", b"\xe2\x80\xae", b"\xe2\x80\x8b",
    b"\xef\xbb\xbf", b"\xf3\xa0\x80\x81", b"\xe2\x80\xa8", b"\xc0\x9b", b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80", b"a\0b", b"a\x7fz",
)
# What the console itself may send: CSI sequences of a screen, character sets, keypad modes.
OWN = re.compile(rb"\x1b\[[0-9;?>]*[ -/]*[@-~]|\x1b[()][0-9A-Z]|\x1b[=>78M]")


def hidden(rune):
    n = ord(rune)
    return (0x80 <= n < 0xA0 or n == 0x7F or 0x200B <= n <= 0x200F or 0x2028 <= n <= 0x202E
            or 0x2060 <= n <= 0x206F or n in (0xFEFF, 0x61C) or 0xE0000 <= n <= 0xE0FFF)


def trouble(data, screen=False):
    """What in these bytes a terminal would obey; None where there is nothing."""
    for text in CORPUS:
        if text in data:
            return f"{text!r} near {data[max(0, data.index(text) - 60):][:160]!r}"
    if screen:
        data = OWN.sub(b"", data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"no UTF-8: {error}"
    allowed = "\r\n\t\b\x0f" if screen else "\n\t"
    for rune in text:
        if (rune < " " and rune not in allowed) or hidden(rune):
            return f"U+{ord(rune):04X} near {text[max(0, text.index(rune) - 60):][:120]!r}"
    return None


def strings(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(key)
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


# ---- Commands ----

COMMANDS = (
    ("ls",), ("status",), ("run", "--", "echo", "hello"), ("log",), ("log", "--lines", "5"), ("pin",),
    ("get", "config", "{folder}"), ("collect", "--once"), ("list",),
)


def command_check(words):
    words = [word.replace("{folder}", folder) for word in words]
    on = ["--on", ""] if words[0] != "list" else []
    for form in ((), ("--json",), ("--csv",)):
        if form == ("--csv",) and words[0] in ("run", "get", "collect"):
            continue
        split = words.index("--") if "--" in words else len(words)
        line = [ATRIUM, "-m", mall, "device", *words[:split], *on, "--identity", key, "--timeout",
                "2s", *form, *words[split:]]
        if words[0] == "list":
            line = [ATRIUM, "-m", mall, "device", "list", *form]
        done = subprocess.run(line, capture_output=True, timeout=120, env=environment)
        name = " ".join(words + list(form))
        check(f"{name}: it ends by itself", done.returncode in (0, 1, 2, 3, 4, 5, 6), done.returncode)
        check(f"{name}: what it prints", trouble(done.stdout) is None, trouble(done.stdout))
        check(f"{name}: what it complains", trouble(done.stderr) is None, trouble(done.stderr))
        if form == ("--json",) and done.stdout:
            bad = [text for text in strings(json.loads(done.stdout))
                   if trouble(text.encode("utf-8", "surrogatepass"))]
            check(f"{name}: its strings", not bad, bad[:1])
        if form == ("--csv",) and done.stdout:
            rows = list(csv.reader(io.StringIO(done.stdout.decode("utf-8", "replace"))))
            check(f"{name}: it is a table", len({len(row) for row in rows}) == 1)
        yield name, done


# ---- The console ----

class Console:
    def __init__(self, rows=40, cols=120):
        self.raw = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(ATRIUM, [ATRIUM, "-m", mall], environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def take(self, until=None, seconds=20, quiet=0.25):
        """Reads until the text came, or nothing comes any more."""
        end, begun = time.monotonic() + seconds, len(self.raw)
        while time.monotonic() < end:
            if not select.select([self.fd], [], [], quiet)[0]:
                if until is None or until in self.raw[begun:]:
                    break
                continue
            try:
                self.raw += os.read(self.fd, 1 << 16)
            except OSError:
                break

    def keys(self, keys, until=None):
        os.write(self.fd, keys)
        self.take(until)

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        self.take(seconds=5)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def console_check(language, rows, cols):
    environment["LC_ALL"] = "C.UTF-8"
    environment["LANGUAGE"] = language
    console = Console(rows, cols)
    console.take()
    console.keys(b"N")
    console.take(until=codes[0].encode())
    time_until = time.monotonic() + 10  # every device has answered, or its time is over
    while time.monotonic() < time_until and not answered():
        console.take(seconds=1)
    for step in range(len(codes)):
        console.keys(b"\r")   # its page
        console.keys(b"o")    # its log
        console.keys(b"\x1b")
        console.keys(b"f")    # its folders
        console.keys(b"\x1b")
        console.keys(b"y")    # its key
        console.keys(b"\x1b")
        console.keys(b"\x1b")
        console.keys(b"j")
    console.keys(b"ru p\r")   # a command on all of them
    console.keys(b"y")
    console.take(seconds=4)
    for step in range(4):
        console.keys(b"\r")   # all lines of a group
        console.keys(b"\x1b")
        console.keys(b"j")
    console.keys(b"\x1by")    # the keys of all
    console.end()
    name = f"console {language} {cols}x{rows}"
    with open(os.path.join(folder, f"raw-{language}-{cols}"), "wb") as file:
        file.write(console.raw)
    seen = trouble(console.raw, screen=True)
    check(f"{name}: nothing of the corpus", seen is None, seen)
    # It was shown, without what drives a terminal.
    check(f"{name}: the corpus was there", b"]52;c;" in console.raw, len(console.raw))


def answered():
    rows = json.loads(subprocess.run([ATRIUM, "-m", mall, "device", "list", "--json"],
                                     capture_output=True, env=environment).stdout)["devices"]
    return all(row["state"] not in ("never", "") for row in rows)


# ---- All of it ----

with tempfile.TemporaryDirectory(prefix="atrium-injection-") as folder:
    mall, key = os.path.join(folder, "m.mall"), os.path.join(folder, "id")
    environment = {**os.environ, "XDG_CONFIG_HOME": folder, "XDG_STATE_HOME": folder,
                   "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    for name in ("LINES", "COLUMNS", "SSH_AUTH_SOCK", "ATRIUM_NOW"):
        environment.pop(name, None)
    os.makedirs(os.path.join(folder, "atrium"))
    with open(os.path.join(folder, "atrium", "config.ini"), "w") as file:
        file.write(f"[fleet]\nidentity = {key}\n")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    port = str(ports_free())
    shape = [DEVICES, "--devices", str(len(FAULTS)), "--port", port]
    rows = subprocess.run([*shape, "--list"], capture_output=True, text=True,
                          check=True).stdout.splitlines()
    codes = [row.split(",")[0] for row in rows[1:]]
    inventory = "\n".join(",".join(row.split(",")[:5] + row.split(",")[6:]) for row in rows) + "\n"
    subprocess.run([ATRIUM, "init", mall, "--timezone", "Asia/Shanghai"], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([ATRIUM, "-m", mall, "import", "devices", "-"], input=inventory, text=True,
                   check=True, stdout=subprocess.DEVNULL)
    faults = [word for code, fault in zip(codes, FAULTS) if fault != "ok"
              for word in ("--fault", f"{code}={fault}")]
    farm = subprocess.Popen([*shape, "--user-key", key + ".pub", *faults], stdout=subprocess.PIPE)
    farm.stdout.readline()
    for text in CORPUS:
        check(f"the check finds {text!r}", trouble(b"before " + text + b" after", screen=True))
    try:
        said = b""
        for words in COMMANDS:
            for name, done in command_check(words):
                said += done.stdout
        check("commands: the corpus was there", b"]52;c;" in said and b"owned" in said)
        for language, rows_n, cols_n in (("en", 40, 120), ("zh_CN", 24, 80)):
            console_check(language, rows_n, cols_n)
    finally:
        farm.terminate()
        farm.wait()
    if os.environ.get("KEEP"):
        subprocess.run(["cp", "-r", folder, os.environ["KEEP"]])

finish()
