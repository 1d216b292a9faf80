#!/usr/bin/env python3
"""`spool … --follow` of the script that lies on devices, with a real sh: pieces, marks, long lines,
another spool, offers on the way back, and its end."""

import hashlib
import os
import shutil
import subprocess
import tempfile

from checks import check, finish

SCRIPT = os.path.join(os.path.dirname(__file__), "..", "..", "model", "fleet", "atrium-device.sh")


class Follow:
    """A session: words() reads one line of it, piece() the bytes after it."""

    def __init__(self, home, *words):
        env = dict(os.environ, ATRIUM_DEVICE_HOME=home)
        self.process = subprocess.Popen(["sh", SCRIPT, "spool", "receipts", *words], env=env, bufsize=0,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def words(self):
        line = b""
        while not line.endswith(b"\n"):
            byte = self.process.stdout.read(1)
            if not byte:
                break
            line += byte
        return line.decode().split()

    def past_idle(self):
        words = self.words()
        while words and words[0] == "idle":
            words = self.words()
        return words

    def bytes(self, n):
        got = b""
        while len(got) < n:
            got += self.process.stdout.read(n - len(got))
        return got

    def say(self, text):
        self.process.stdin.write(text)

    def error(self):
        return self.process.stderr.readline().decode().strip()

    def end(self):
        self.say(b"end\n")
        self.process.stdin.close()
        return self.process.wait(10)


def add(home, text):
    with open(os.path.join(home, "spool", "receipts"), "ab") as file:
        file.write(text)


def main():
    home = tempfile.mkdtemp()
    os.makedirs(os.path.join(home, "spool"))
    add(home, b"one\ntwo\nhal")
    f = Follow(home, "0", "64", "--follow")
    words = f.words()
    check("whole lines only", words[:3] == ["piece", "0", "8"] and f.bytes(8) == b"one\ntwo\n")
    f.say(b"spooled 8\n")
    check("collected", f.error() == "collected=8")
    add(home, b"f\n")
    words = f.past_idle()
    check("the rest of a line", words[:3] == ["piece", "8", "5"] and f.bytes(5) == b"half\n")
    add(home, b"more\n")
    f.say(b"again 8\n")
    words = f.past_idle()
    check("again, with what came", words[:3] == ["piece", "8", "10"] and f.bytes(10) == b"half\nmore\n")
    f.say(b"offer K1 60 11\n{\"a\":\"b\nc\"}spooled 18\n")
    check("offer", f.error() == "offer=K1")
    check("collected after an offer", f.error() == "collected=18")
    with open(os.path.join(home, "offers", "K1"), "rb") as file:
        check("the offer's bytes", file.read() == b"{\"a\":\"b\nc\"}")
    add(home, b"x" * 200 + b"\nlast\n")
    words = f.past_idle()
    check("a long line is told of", words[:3] == ["long", "18", "201"])
    f.say(b"spooled 219\n")
    words = f.past_idle()
    check("and passed over", words[:3] == ["piece", "219", "5"] and f.bytes(5) == b"last\n")
    f.say(b"spooled 224\n")
    with open(os.path.join(home, "spool", "receipts"), "wb") as file:
        file.write(b"new\n")
    check("a spool that was emptied", f.past_idle()[0] == "reset")
    words = f.past_idle()
    check("from its beginning", words[:3] == ["piece", "0", "4"] and f.bytes(4) == b"new\n")
    f.say(b"spooled 4\n")
    check("its end", f.end() == 0)

    mark = hashlib.sha256(b"new\n").hexdigest()
    add(home, b"next\n")
    f = Follow(home, "4", "64", "--follow", "4", mark)
    words = f.words()
    check("goes on behind its mark", words[:3] == ["piece", "4", "5"] and f.bytes(5) == b"next\n")
    f.end()
    f = Follow(home, "4", "64", "--follow", "4", "0" * 64)
    check("another mark is another spool", f.words()[0] == "reset" and f.words()[:3] == ["piece", "0", "9"])
    second = Follow(home, "9", "64", "--follow")
    check("a second one begins", second.words()[0] == "idle")
    f.say(b"spooled 9\n")
    check("and takes over", f.process.wait(10) is not None)
    check("nonsense ends it", (second.say(b"nonsense\n"), second.process.wait(10))[1] == 2)
    check("nothing is left behind", not [n for n in os.listdir(os.path.join(home, "run")) if "fifo" in n])
    f = Follow(home, "0", "64", "--follow")
    f.words()
    f.process.stdin.close()  # the connection is gone
    check("ends with its connection", f.process.wait(10) is not None)
    shutil.rmtree(home)
    finish()


if __name__ == "__main__":
    main()
