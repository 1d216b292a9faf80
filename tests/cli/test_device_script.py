#!/usr/bin/env python3
"""atrium-device, the script that lies on a device: every verb with a real sh, and what it refuses."""

import os
import subprocess
import sys
import tempfile
import time

from checks import check, finish
from device_script import SCRIPT, Device, Fresh, archive, end_timers, sha


def test_status():
    with Fresh() as d:
        d.write("config", b"kind=pos\n")
        d.write("spool/receipts", b"12345\n")
        d.write("spool/sightings", b"123\n")
        v = d.values("status")
        check("status has the version", v.get("app") == "1", v)
        check("status has the configuration", v.get("config") == sha(b"kind=pos\n")[:12], v)
        check("status counts the spool", v.get("spool") == "10", v)
        check("status has a clock", abs(int(v["time"]) / 1000 - time.time()) < 30, v)
        check("status has numbers", v["load"].isdigit() and v["disk"].isdigit(), v)
        d.run("spooled", "receipts", "6")
        check("what was collected does not wait", d.values("status").get("spool") == "4")
        check("no sale", d.values("sale") == {"active": "0"})
        d.write("run/sale", b"")
        check("a sale", d.values("sale") == {"active": "1"})
    with tempfile.TemporaryDirectory() as folder:
        d = Device(os.path.join(folder, "new"))
        status, out, err = d.run("status")
        check("a new device answers", status == 0 and b"app=none" in out, (status, out, err))


def test_spool():
    with Fresh() as d:
        lines = [b'{"n":%d}\n' % i for i in range(2000)]
        d.write("spool/receipts", b"".join(lines) + b'{"half')
        at, seen = 0, b""
        while True:
            status, out, _ = d.run("spool", "receipts", str(at), "5000")
            head, _, body = out.partition(b"\n")
            check("a spool says its size", status == 0 and head.startswith(b"size="), head)
            check("whole lines", not body or body.endswith(b"\n"), body[-20:])
            if not body:
                break
            seen += body
            at += len(body)
            d.run("spooled", "receipts", str(at))
        check("all of it, once", seen == b"".join(lines), len(seen))
        d.write("spool/receipts", b'"}\n', "ab")
        check("the line that became whole comes", d.run("spool", "receipts", str(at))[1]
              .endswith(b'{"half"}\n'))
        check("past the end is refused", d.run("spool", "receipts", "999999999")[0] == 3)
        check("nothing there is empty", d.run("spool", "sightings", "0")[1] == b"size=0\n")
        for bad in ("../config", "", ".x", "a/b", "-n", "a b"):
            check(f"no such name: {bad!r}", d.run("spool", bad, "0")[0] == 2)
        for bad in ("-1", "x", "", "1e3", "9" * 16):
            check(f"no such offset: {bad!r}", d.run("spool", "receipts", bad)[0] == 2)


def test_files():
    with Fresh() as d:
        data = os.urandom(300000)
        name, size, digest = "f.bin", str(len(data)), sha(data)
        check("nothing yet", d.values("receive", name, size, digest) == {"have": "0"})
        status, _, err = d.run("receive", name, size, digest, "0", data=data[:100000])
        check("cut", status == 3 and not d.has("staging/f.bin"), (status, err))
        check("what there is", d.values("receive", name, size, digest) == {"have": "100000"})
        check("a gap is refused", d.run("receive", name, size, digest, "100001", data=b"x")[0] == 3)
        status, out, err = d.run("receive", name, size, digest, "90000", data=data[90000:])
        check("the rest", status == 0 and d.read("staging/f.bin") == data, (status, err))
        whole = {"have": size, "sha256": digest}
        check("all there", d.values("receive", name, size, digest) == whole)
        check("nothing is left beside it", os.listdir(d.path("staging")) == ["f.bin"])
        check("in its place", d.values("receive", "./config.new", size, digest, "resume",
                                       data=data) == whole and d.read("config.new") == data)
        status, _, _ = d.run("receive", name, size, "0" * 64, "0", data=data)
        check("another file is refused", status == 3 and d.read("staging/f.bin") == data and
              os.listdir(d.path("staging")) == ["f.bin"], status)
        head = f"size={size} sha256={digest} offset="
        status, out, _ = d.run("send", "config.new", "299990")
        check("sent from an offset", status == 0 and out == f"{head}299990\n".encode() +
              data[299990:], out[:200])
        status, out, _ = d.run("send", "config.new", "1000", sha(data[:1000]))
        check("gone on with", out == f"{head}1000\n".encode() + data[1000:], out[:200])
        status, out, _ = d.run("send", "config.new", "1000", sha(data[1:1001]))
        check("what was there is another file", out == f"{head}0\n".encode() + data, out[:200])
        status, out, _ = d.run("send", "config.new", "999999", sha(data))
        check("longer than it is", out == f"{head}0\n".encode() + data, out[:200])
        check("no such file", d.run("send", "nothing")[0] == 3)
        check("no folder", d.run("send", "app")[0] == 3)
        check("folders are made", d.run("receive", "a/b c/d", size, digest, "resume",
                                        data=data)[0] == 0 and d.read("a/b c/d") == data)
        os.chmod(d.path("a/b c/d"), 0o750)
        d.run("receive", "a/b c/d", "3", sha(b"new"), "resume", data=b"new")
        check("its mode stays", os.stat(d.path("a/b c/d")).st_mode & 0o777 == 0o750)
        d.run("receive", "a/b c/d", "3", sha(b"run"), "resume", "755", data=b"run")
        check("unless one is said", os.stat(d.path("a/b c/d")).st_mode & 0o777 == 0o755)
        os.symlink(d.path("config.new"), d.path("a/link"))
        d.run("receive", "a/link", "3", sha(b"new"), "resume", data=b"new")
        check("a link is replaced and not followed", d.read("config.new") == data and
              not os.path.islink(d.path("a/link")))
        for own in ("./config", "./rollout", "app/1/program", "spool/receipts", "run/sale",
                    "bin/atrium-device", d.path("config")):
            status, _, err = d.run("receive", own, "3", sha(b"new"), "0", data=b"new")
            check(f"{own} has a verb of its own", status == 4 and b"verb" in err, (status, err))
        check("not onto a folder", d.run("receive", "./a", "3", sha(b"new"), "0", data=b"new")[0] == 3)
        check("not where there is no folder", d.run("receive", "/nowhere/x", "3", sha(b"new"), "0",
                                                    data=b"new")[0] == 6)
        for bad in ("../x", "a/../../x", "./../x", "a//b", "a/", "/", "", "./", "a\nb", "a\x1b[2Jb",
                    "a/./b", "/a/../b", "-x", "./-x/.."):
            for words in (("receive", bad, "3", sha(b"new")), ("send", bad)):
                status, _, err = d.run(*words)
                check(f"{words[0]} {bad!r} is refused", status == 2, (status, err))


def test_full_disk():
    """A file system of its own that is full, where one may be made."""
    with tempfile.TemporaryDirectory() as folder:
        script = (f"mount -t tmpfs -o size=400k none {folder} && export ATRIUM_DEVICE_HOME={folder}"
                  f" && head -c 300000 /dev/zero >{folder}/fill;"
                  f" sh {SCRIPT} receive ./f 200000 {sha(bytes(200000))} resume </dev/zero")
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True)
        if b"unshare" in done.stderr or b"mount" in done.stderr:
            return
        check("a full disk says so", done.returncode == 6 and b"no room" in done.stderr and
              b"bytes are free" in done.stderr, done)
        # Somebody else takes the room while it comes in.
        script = script.replace("head -c 300000 /dev/zero >", "true >") + "1"
        script = (f"mount -t tmpfs -o size=400k none {folder} && export ATRIUM_DEVICE_HOME={folder}"
                  f"; (head -c 100000 /dev/zero; head -c 300000 /dev/zero >{folder}/fill;"
                  f" head -c 200000 /dev/zero) |"
                  f" sh {SCRIPT} receive ./f 300000 {sha(bytes(300000))} resume; s=$?;"
                  f" ls -A {folder} >&2; exit $s")
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True)
        check("and in the middle of it", done.returncode == 6 and
              b"no room: the disk is full" in done.stderr and b"\nf\n" not in done.stderr, done)


def test_one_writer():
    """Who lost its connection and still waits for bytes writes no more when another one comes."""
    with Fresh() as d:
        data = os.urandom(100000)
        words = ("receive", "./f", str(len(data)), sha(data), "resume")
        old = subprocess.Popen(["sh", SCRIPT, *words], stdin=subprocess.PIPE, env=d.env,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        old.stdin.write(data[:5000])
        old.stdin.flush()
        check("it begins", old.stdout.readline() == b"have=0\n")
        new = subprocess.Popen(["sh", SCRIPT, *words], stdin=subprocess.PIPE, env=d.env,
                               stdout=subprocess.PIPE)
        have = int(new.stdout.readline()[5:])
        new.stdin.write(data[have:])
        new.stdin.close()
        out = new.stdout.read()
        check("the new one is done", new.wait(timeout=60) == 0 and d.read("f") == data, out)
        check("the old one is gone", old.wait(timeout=20) != 0)
        old.stdin.close()
        check("and changed nothing", d.read("f") == data)


def test_install():
    with Fresh() as d:
        with open(SCRIPT, "rb") as file:
            script = file.read()
        size, digest = str(len(script)), sha(script)
        check("it is installed", d.run("install", size, digest, data=script)[0] == 0 and
              d.read("bin/atrium-device") == script)
        check("it runs", subprocess.run([d.path("bin/atrium-device"), "version"], env=d.env,
                                        capture_output=True).stdout == b"version=1\n")
        for bad in (script[:-200], script[:5000], b"", script + b"x"):
            status, _, err = d.run("install", size, digest, data=bad)
            check("a cut one is not", status == 3 and d.read("bin/atrium-device") == script, err)
        broken = b"#!/bin/sh\nexit 1\n"
        status, _, err = d.run("install", str(len(broken)), sha(broken), data=broken)
        check("one that does not run is not", status == 3 and
              d.read("bin/atrium-device") == script, err)


def test_configure():
    with Fresh() as d:
        d.write("config", b"kind=pos\n")
        new = b"kind=pos\nbeat=9\n"
        words = ("configure", str(len(new)), sha(new))
        status, out, err = d.run(*words, data=new)
        check("it is in force", status == 0 and d.read("config") == new and
              out == f"have=0\nsha256={sha(new)}\n".encode(), (out, err))
        d.write("app/1/restart", b"#!/bin/sh\necho again >>$ATRIUM_DEVICE_HOME/restarts\n")
        d.write("app/1/check-config", b"#!/bin/sh\ngrep -q kind= $1 || { echo no kind; exit 1; }\n")
        os.chmod(d.path("app/1/restart"), 0o755)
        os.chmod(d.path("app/1/check-config"), 0o755)
        check("once more changes nothing", d.run(*words, data=new)[0] == 0 and
              not d.has("restarts"))
        bad = b"beat=1\n"
        status, out, err = d.run("configure", str(len(bad)), sha(bad), data=bad)
        check("the application refuses", status == 3 and d.read("config") == new and
              err == b"no kind\nthe application refuses it\n", (status, out, err))
        check("and restarts nothing", not d.has("restarts"))
        other = b"kind=probe\n"
        status, _, _ = d.run("configure", str(len(other)), sha(other), data=other)
        check("after a refused one", status == 0 and d.read("config") == other and
              d.read("restarts") == b"again\n")
        status, _, _ = d.run("configure", str(len(new)), sha(new), data=new[:5])
        check("a cut one is not in force", status == 3 and d.read("config") == other)


def test_other_verbs():
    with Fresh() as d:
        status, out, _ = d.run("offer", "o1", "60", data=b"tea for two")
        check("an offer", status == 0 and d.read("offers/o1") == b"tea for two", out)
        d.write("log/app.log", b"".join(b"line %d\n" % i for i in range(500)))
        check("the log's end", d.run("log", "3")[1] == b"line 497\nline 498\nline 499\n")
        follow_log(d)


def follow_log(d):
    """A follow answers signs of life, survives a rotation, and ends with stdin or in silence."""
    def begin(seconds):
        return subprocess.Popen(["sh", SCRIPT, "log", "1", "--follow"],
                                env=dict(d.env, ATRIUM_FOLLOW_SECONDS=seconds),
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, bufsize=0)

    def end(follow):
        for pipe in (follow.stdin, follow.stdout, follow.stderr):
            pipe.close()
        return follow.wait(10)

    follow = begin("30")
    check("follows", follow.stdout.readline() == b"line 499\n")
    d.write("log/app.log", b"more\n", "ab")
    check("and goes on", follow.stdout.readline() == b"more\n")
    follow.stdin.write(b"..")
    check("answers signs of life", [follow.stderr.readline(), follow.stderr.readline()] == [b".\n"] * 2)
    os.rename(d.path("log/app.log"), d.path("log/app.log.1"))
    d.write("log/app.log", b"fresh\n")
    check("after a rotation too", follow.stdout.readline() == b"fresh\n")
    d.write("log/app.log", b"fresh 2\n", "ab")
    check("and further", follow.stdout.readline() == b"fresh 2\n")
    follow.stdin.close()
    check("ends with stdin", follow.stdout.read() == b"")
    end(follow)
    follow = begin("1")
    check("begins again", follow.stdout.readline() == b"fresh 2\n")
    check("ends when nobody gives a sign of life", follow.stdout.read() == b"")
    end(follow)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0] != "Z"


def test_run_and_kill():
    with Fresh() as d:
        status, out, err = d.run("run", "a", "20", "echo hello; exit 7")
        check("runs", (status, out) == (7, b"hello\n"), (status, out, err))
        check("forgets it", d.values("kill", "a") == {"state": "ended"})
        for ignores in ("", "trap '' TERM; "):
            child = subprocess.Popen(
                ["sh", SCRIPT, "run", "b", "100",
                 ignores + "sh -c \"" + ignores + "echo \\$\\$; while :; do sleep 100; done\""],
                env=d.env, stdout=subprocess.PIPE)
            pid = int(child.stdout.readline())
            check("it runs", alive(pid))
            check("killed", d.values("kill", "b") == {"state": "killed"})
            child.wait(timeout=20)
            child.stdout.close()
            check("and its children with it", not alive(pid), ignores)
        status, _, _ = d.run("run", "c", "1", "sleep 100")
        check("its time is over", status in (124, 137), status)


def test_config():
    with Fresh() as d:
        d.write("config", b"old")
        check("nothing to check", d.run("config-check")[0] == 3)
        d.write("config.new", b"new")
        check("another than was checked", d.run("config-apply", sha(b"x"))[0] == 3)
        d.write("app/1/check-config", b"#!/bin/sh\ngrep -q new \"$1\"\n")
        os.chmod(d.path("app/1/check-config"), 0o755)
        check("checked", d.run("config-check")[0] == 0)
        check("applied", d.values("config-apply", sha(b"new")) == {"config": sha(b"new")[:12]})
        d.write("config.new", b"bad")
        check("refused", d.run("config-apply", sha(b"bad"))[0] == 3 and d.read("config") == b"new")


def test_rollout():
    with Fresh() as d:
        data = archive("2")
        check("not received", d.run("stage", "2", sha(data))[0] == 3)
        d.run("receive", "2.tar", str(len(data)), sha(data), "0", data=data)
        check("not what was meant", d.run("stage", "2", "0" * 64)[0] == 3)
        check("staged", d.values("stage", "2", sha(data)) == {"staged": "2"})
        check("staged twice", d.values("stage", "2", sha(data)) == {"staged": "2"})
        check("not staged", d.run("switch", "3", "60")[0] == 3)
        d.write("run/sale", b"")
        check("not during a sale", d.run("switch", "2", "60")[0] == 7 and d.now() == "1")
        os.remove(d.path("run/sale"))
        v = d.values("switch", "2", "60")
        check("switched", v.get("app") == "2" and d.now() == "2", v)
        check("on trial", d.values("status").get("rollout") == "trial")
        check("one at a time", d.run("switch", "1", "60")[0] == 5)
        check("back", d.values("rollback") == {"app": "1"} and d.now() == "1")
        check("nothing to go back from", d.run("rollback")[0] == 5)
        d.run("switch", "2", "60")
        check("confirmed", d.values("confirm") == {"app": "2"} and not d.has("rollout"))
        check("confirmed twice", d.values("confirm") == {"app": "2"})
        check("a start changes nothing", d.run("boot")[0] == 0 and d.now() == "2")
        d.run("switch", "1", "60")
        d.run("boot")
        check("a start in a trial is a failure", d.now() == "2" and not d.has("rollout"))
        d.run("switch", "1", "0")
        until = time.monotonic() + 20
        while (d.has("rollout") or d.has("rollout.back")) and time.monotonic() < until:
            subprocess.run(["sync", d.path("app")], check=False)
        check("nobody confirmed: the dead man's timer", d.now() == "2" and not d.has("rollout"))
        damaged = d.path("rollout")
        with open(damaged, "w", encoding="ascii") as file:
            file.write("trial 1 ../../etc 2\n")
        check("a damaged mark leads nowhere", d.run("rollback")[0] == 6 and d.now() == "2")


def boot_id():
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def test_trials_that_nobody_guards():
    with Fresh() as d:
        d.version("2", b"new")
        d.run("switch", "2", "600")
        end_timers(d)
        mark = d.read("rollout").decode().split()
        check("the trial's mark", mark[0] == "trial" and mark[2:4] == ["1", "2"] and
              mark[5] == boot_id(), mark)
        check("its own boot is no restart", d.values("status").get("trial") == "2" and
              d.now() == "2")
        # It was restarted, and nothing called the hook: whoever asks finds out.
        d.write("rollout", " ".join(mark[:5] + ["another-boot"]).encode() + b"\n")
        v = d.values("status")
        check("a restart is noticed", v["app"] == "1" and v["rollout"] == "" and d.now() == "1" and
              v.get("back") == "2", v)
        _, out, _ = d.run("status")
        check("and said", b"why=it restarted during the trial\n" in out, out)
        # Its time is over, and the timer was killed.
        d.run("switch", "2", "600")
        end_timers(d)
        d.write("rollout", " ".join(mark[:4] + ["1", boot_id()]).encode() + b"\n")
        check("a timer that never came", d.values("confirm", "2").get("app") == "1" and
              d.now() == "1" and not d.has("rollout"))
        # Going back was interrupted.
        d.run("switch", "2", "600")
        end_timers(d)
        os.rename(d.path("rollout"), d.path("rollout.back"))
        check("it goes on going back", d.values("sale") == {"active": "0"} and d.now() == "1" and
              not d.has("rollout.back"))
        d.write("run/sale", b"")
        os.utime(d.path("run/sale"), (0, 0))
        check("a sale that was forgotten", d.values("sale") == {"active": "0"})


def test_confirm():
    with Fresh() as d:
        for name in ("0", "2"):
            d.version(name, b"new")
        d.run("switch", "2", "600")
        check("another trial than meant", d.run("confirm", "3")[0] == 5 and d.has("rollout"))
        d.write("app/2/check", b"#!/bin/sh\nexit 1\n")
        os.chmod(d.path("app/2/check"), 0o755)
        status, _, err = d.run("confirm", "2")
        check("its own check fails", status == 8 and b"not well" in err and d.has("rollout"), err)
        d.write("app/2/check", b"#!/bin/sh\nexit 0\n")
        check("confirmed", d.values("confirm", "2") == {"app": "2"} and not d.has("rollout"))
        check("the one before stays, older ones go", d.has("app/1") and not d.has("app/0") and
              d.has("app/2/program"), os.listdir(d.path("app")))
        v = d.values("switch", "1", "600")
        check("and back the same way", v.get("app") == "1" and
              d.values("confirm", "1") == {"app": "1"} and d.has("app/2"), v)


def test_first_version():
    """A device that never had one goes back to none."""
    with Fresh() as d:
        os.remove(d.path("app/current"))
        check("none", d.values("status")["app"] == "none")
        check("switched", d.values("switch", "1", "600").get("app") == "1")
        check("back to none", d.values("rollback") == {"app": "none"} and
              not os.path.lexists(d.path("app/current")))


def test_boot_hook():
    """cron's table is a file here, and systemd a script that notes what it is told."""
    with Fresh() as d, tempfile.TemporaryDirectory() as folder:
        os.remove(d.path("hook"))
        tools = os.path.join(folder, "bin")
        os.makedirs(tools)
        table = os.path.join(folder, "table")
        with open(table, "w", encoding="ascii") as file:
            file.write("5 4 * * * something else\n")
        env = dict(d.env, PATH=tools + ":" + os.environ["PATH"], TABLE=table,
                   XDG_CONFIG_HOME=os.path.join(folder, "config"))

        def tool(name, text):
            path = os.path.join(tools, name)
            with open(path, "w", encoding="ascii") as file:
                file.write("#!/bin/sh\n" + text)
            os.chmod(path, 0o755)

        tool("crontab", 'if [ "$1" = -l ]; then cat "$TABLE"; else cat >"$TABLE.new"; '
             'mv "$TABLE.new" "$TABLE"; fi\n')
        for _ in range(2):
            check("cron", d.run("arm", env=env)[1] == b"hook=cron\n")
        with open(table, encoding="ascii") as file:
            lines = file.read().splitlines()
        check("one line more, and the others stay", len(lines) == 2 and
              lines[0] == "5 4 * * * something else" and lines[1].startswith("@reboot "), lines)
        # The line itself works, as cron would run it.
        d.version("2", b"new")
        d.run("switch", "2", "600", env=env)
        end_timers(d)
        subprocess.run(["sh", "-c", lines[1].split(" ", 1)[1]], check=False,
                       env={"PATH": os.environ["PATH"], "HOME": folder}, capture_output=True)
        check("the hook brings it back", d.now() == "1" and not d.has("rollout"), lines[1])
        tool("crontab", "exit 1\n")  # this user may not
        tool("systemctl", "exit 0\n")
        tool("loginctl", "exit 0\n")
        check("systemd", d.run("arm", env=env)[1] == b"hook=systemd\n")
        with open(os.path.join(folder, "config/systemd/user/atrium-boot.service"),
                  encoding="ascii") as file:
            unit = file.read()
        check("its unit", f"sh '{SCRIPT}' boot" in unit and "WantedBy=default.target" in unit, unit)
        tool("loginctl", "exit 1\n")
        status, _, err = d.run("switch", "2", "600", env=env)
        check("without a hook nothing is switched", status == 6 and b"no boot hook" in err and
              d.now() == "1" and not d.has("rollout"), err)
        # A script that only came along with the call could not be called.
        with open(SCRIPT, encoding="utf-8") as file:
            text = file.read()
        done = subprocess.run(["sh", "-c", text, "atrium-device", "switch", "2", "600"], env=dict(
            d.env, PATH="/usr/bin:/bin"), capture_output=True, check=False)
        check("not installed", done.returncode == 6 and b"not installed" in done.stderr, done)


def test_refusals():
    with Fresh() as d:
        check("no verb", d.run()[0] == 2)
        check("no such verb", d.run("dance")[0] == 2)
        check("a function is no verb", d.run("die", "0", "x")[0] == 2 and
              d.run("replace", "/tmp/x")[0] == 2)
        for words in (("run", "../x", "1", "true"), ("run", "x", "-1", "true"),
                      ("stage", "../1", "0"), ("switch", "..", "1"), ("switch", "", "1"),
                      ("receive", "a/b", "1", "G" * 64), ("offer", "-x", "1"),
                      ("receive", "a/b", "1", "0" * 64, "x"), ("install", "1", "0"),
                      ("receive", "x", "1", "0" * 63)):
            status, _, err = d.run(*words)
            check(f"{words} is refused", status == 2 and err.startswith(b"usage"), (status, err))
        status, _, err = d.run("status", env=dict(d.env, ATRIUM_DEVICE_HOME="/dev/null/x"))
        check("no home", status == 6 and err, (status, err))


for test in (test_status, test_spool, test_files, test_full_disk, test_one_writer, test_install,
             test_configure, test_other_verbs, test_run_and_kill, test_config, test_rollout,
             test_trials_that_nobody_guards, test_confirm, test_first_version, test_boot_hook, test_refusals):
    if len(sys.argv) < 2 or sys.argv[1] in test.__name__:
        test()
finish()
