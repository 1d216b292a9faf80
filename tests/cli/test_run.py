#!/usr/bin/env python3
"""The engine without a screen: campaigns from a file to messages on a server, one engine a mall, a
clean end, and what the commands task, message and setting say about it."""
import json
import os
import signal
import subprocess
import sys
import tempfile

from checks import check, finish

ATRIUM = os.environ["ATRIUM"]
NOW = 1792900800  # 2026-10-25 12:00 in Shanghai

MEMBERS = "member,name,phone,tier,joined,channel,consent_sms,consent_app\n" + "".join(
    f"C{i:04},王小明{i},138{i:08},gold,2024-10-17 10:00:00,pos,{int(i % 5 > 0)},1\n"
    for i in range(1, 201))

SMS = """[campaign]
name = Letter
kind = coupon
audience = member
holdout = 10%
[offer]
value = 10
[contacts]
order = sms
message = {name}: {coupon}
[limits]
per_person = 1/7d
"""
STAFF = """[campaign]
name = Calls
kind = popular
audience = member
holdout = 0%
[contacts]
order = staff
message = Call {name} at once
"""


def env(**more):
    return {**os.environ, "ATRIUM_NOW": str(NOW), "XDG_CONFIG_HOME": folder, **more}


def run(*words, stdin=None, **more):
    return subprocess.run([ATRIUM, "-m", mall, *words], capture_output=True, text=True, input=stdin,
                          env=env(**more))


def answer(*words, status=0, **more):
    done = run(*words, "--json", **more)
    check(f"{words} exit", done.returncode == status, f"{done.returncode} {done.stderr}")
    return json.loads(done.stdout) if done.stdout else {}


def campaign(text):
    path = os.path.join(folder, "c.ini")
    open(path, "w").write(text)
    code = answer("campaign", "new", path)["id"]
    answer("campaign", "submit", code)
    answer("--as", "boss", "campaign", "approve", code)
    answer("campaign", "start", code)
    return code


def counts(code):
    rows = answer("message", "summary", code)["messages"]
    return {(r["contact"], r["state"], r["reason"]): r["people"] for r in rows}


def test_settings():
    check("settings are listed", any(s["name"] == "contact_sms_url" and s["value"] == ""
                                     for s in answer("setting", "list")["settings"]))
    done = run("setting", "set", "contact_timeout", "0")
    check("a setting out of range", done.returncode == 3 and "1 to 300" in done.stderr, done.stderr)
    check("no such setting", run("setting", "set", "nothing", "1").returncode == 3)
    check("only an administrator", run("--as", "clerk", "setting", "set", "cost_sms", "5")
          .returncode == 4)


def test_campaign(server_port):
    code = campaign(SMS)
    first = answer("run", "--once", "--steps", "campaigns")["campaigns"]
    check("without an address nobody is looked at", first["looked"] == 0 and first["waiting"] > 0 and
          "no contact is set up" in first["held_up"], first)
    answer("setting", "set", "contact_sms_url", "nonsense")
    done = run("run", "--once", "--json")
    check("an address that is none is said", "http://" in done.stderr, done.stderr)
    answer("setting", "set", "contact_sms_url", f"http://127.0.0.1:{server_port}/")
    treated = first["waiting"]
    second = answer("run", "--once", ATRIUM_SMS_TOKEN="secret-1")["campaigns"]
    rows = counts(code)
    check("everybody's turn came", second["looked"] == treated and
          sum(rows.values()) == treated, (second, rows))
    check("consent", rows.get(("sms", "suppressed", "consent"), 0) > 0 and
          rows[("sms", "sent", "")] == second["sent"], rows)
    log = [line.split() for line in open(os.path.join(folder, "log"))]
    check("each left once", len(log) == second["sent"] == len({l[4] for l in log}), len(log))
    check("with the token", all(l[6] == "Bearer_secret-1" for l in log))
    third = answer("run", "--once")["campaigns"]
    check("and nobody again", third["sent"] == 0 and third["looked"] == 0, third)
    other = campaign(SMS.replace("Letter", "Second letter"))
    answer("run", "--once")
    rows = counts(other)
    check("the cap holds across campaigns", rows.get(("sms", "suppressed", "cap"), 0) > 0, rows)
    for (contact, state, reason), n in rows.items():
        words = ["--contact", contact, "--state", state] + (["--reason", reason] if reason else [])
        found = answer("message", "list", other, *words, "--limit", "0")
        check("count equals list", found["count"] == n == len(found["people"]), (words, n))
    events = answer("sql", "select count(*) as n from v_event where kind = 'message_sent'")
    check("events", "rows" not in events or events["rows"][0]["n"] >= second["sent"], events)
    check("verify", answer("verify")["good"])


def test_tasks():
    campaign(STAFF)
    answer("run", "--once", "--steps", "campaigns")
    tasks = answer("task", "list", "--limit", "0")["tasks"]
    check("a task for each", len(tasks) == 200, len(tasks))
    check("due", tasks == sorted(tasks, key=lambda t: (t["due"], t["task"])))
    masked = answer("--as", "clerk", "task", "list", "--limit", "3")["tasks"]
    check("masked for operators", "王小明" not in json.dumps(masked, ensure_ascii=False), masked)
    first, second = tasks[0]["task"], tasks[1]["task"]
    check("taken", answer("task", "take", str(first))["state"] == "taken")
    check("taken by another", run("--as", "clerk", "task", "take", str(first)).returncode == 5)
    check("done", answer("task", "done", str(first), "--note", "called")["state"] == "done")
    check("closed stays closed", run("task", "done", str(first)).returncode == 5)
    check("dropping wants a note", run("task", "drop", str(second)).returncode == 3)
    answer("task", "drop", str(second), "--note", "moved away")
    check("no such task", run("task", "done", "99999").returncode == 3)
    check("a technician sees nobody", run("--as", "tech", "task", "list").returncode == 4)
    left = answer("task", "list", "--limit", "0")["tasks"]
    closed = answer("task", "list", "--state", "done", "--state", "dropped")["tasks"]
    check("closed ones are apart", len(left) == 198 and len(closed) == 2, (len(left), len(closed)))
    check("a wrong state", run("task", "list", "--state", "open?").returncode == 2)


def test_erase():
    card = answer("task", "list", "--limit", "1")["tasks"][0]["card"]
    done = run("member", "erase", card, "--reason", "asked for it", "--yes")
    if done.returncode == 2:
        done = run("member", "erase", card, "--reason", "asked for it")
    check("erased", done.returncode == 0, done.stderr)
    texts = json.dumps(answer("task", "list", "--limit", "0"), ensure_ascii=False)
    number = int(card[1:])
    check("no task names the person", f"王小明{number} " not in texts)
    check("verify after", answer("verify")["good"])


def engine_start(*words, **streams):
    """An engine that has the mall, and what a second one was told. Where the second came first, the
    first was the one refused: once more."""
    while True:
        first = subprocess.Popen([ATRIUM, "-m", mall, "run", *words], text=True, env=env(), **streams)
        while first.poll() is None:
            second = run("run", "--once", "--steps", "fold")
            if second.returncode == 5 and first.poll() is None:
                return first, second
        first.communicate()


def test_one_engine():
    first, second = engine_start("--every", "1s", stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    check("a second engine is refused", second.returncode == 5 and
          "the engine of this mall" in second.stderr, second.stderr)
    check("others may write", run("setting", "set", "cost_sms", "5").returncode == 0)
    first.send_signal(signal.SIGTERM)
    out, said = first.communicate(timeout=30)
    check("a clean end", first.returncode == 0, (first.returncode, said))
    check("and then the next", run("run", "--once").returncode == 0)
    first, second = engine_start(stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    first.kill()
    first.wait()
    check("a killed one leaves nothing locked", run("run", "--once").returncode == 0)
    check("only an administrator", run("--as", "clerk", "run", "--once").returncode == 4)
    check("a wrong step", run("run", "--steps", "nothing").returncode == 2)


def test_check():
    path = os.path.join(folder, "wrong.ini")
    open(path, "w").write(STAFF.replace("{name}", "{nobody}"))
    done = run("campaign", "check", path)
    check("an unknown field is a fault", done.returncode == 3 and "{nobody}" in
          done.stderr + done.stdout, done.stderr)
    one = answer("message", "measure", "{name} " + "x" * 160)
    check("measured", one["alphabet"] == "UCS-2" and one["parts"] == 3, one)


with tempfile.TemporaryDirectory() as folder:
    mall = os.path.join(folder, "a.mall")
    server = subprocess.Popen([sys.executable, "tests/support/contact_server.py",
                               os.path.join(folder, "log")], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    port = server.stdout.readline().strip()
    run("init", mall)
    check("import", run("import", "members", "-", stdin=MEMBERS).returncode == 0)
    for name, role in (("boss", "manager"), ("clerk", "operator"), ("tech", "technician")):
        answer("principal", "add", name, role)
    test_settings()
    test_campaign(port)
    test_tasks()
    test_erase()
    test_one_engine()
    test_check()
    server.stdin.close()
    server.wait()

finish()
