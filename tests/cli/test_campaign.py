#!/usr/bin/env python3
"""The command campaign: files with everything that is wrong told at once, the way of a campaign
through its states with several people, who may do what, days, the calendar, occasions."""
import json
import os
import subprocess
import tempfile

from checks import finish, same

ATRIUM = os.environ["ATRIUM"]


def run(*arguments, stdin=None, status=0, who=None, now=None):
    command = [ATRIUM, "-m", MALL] + (["--as", who] if who else []) + list(arguments)
    environment = dict(os.environ, ATRIUM_NOW=str(now)) if now else None
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, env=environment)
    same("exit status of " + " ".join(arguments), done.returncode, status)
    return done


def ask(*arguments, **options):
    done = run(*arguments, "--json", **options)
    return json.loads(done.stdout) if done.stdout else {}


OCTOBER = """[campaign]
name     = October points days
kind     = points-cash       ; coupon points-cash points-multiplier …
audience = reachable         ; segment expression, or segment:NAME
holdout  = 10%
[offer]                      ; by kind
points_per_yuan = 100
shops    = smart_pos         ; expression over shops
[schedule]
from     = 2017-10-01
to       = 2017-10-31
weekdays = tue fri
hours    = 10:00-22:00
blackout = 2017-10-01..2017-10-08
[contacts]
order    = pos app sms
message  = {name}, today 100 points are worth 1 yuan.
[limits]
per_person = 2/7d
quiet    = 22:00-09:00
budget   = 120000
"""
DAYS = [f"2017-10-{day}" for day in (10, 13, 17, 20, 24, 27, 31)]
WRONG = """[campaign]
name = Wrong
kind = points-cash
audience = tier>=(
[offer]
points_per_yuan = many
value = 5
shops = smrt_pos
[schedule]
from = 2017-10-31
to = 2017-10-01
[contacts]
message = {nmae}
"""
MEMBERS = "member,name,gender,birth,consent_sms,consent_app,phone,app\n" + "".join(
    f"M{i},N{i},{'fm'[i % 2]},19{60 + i % 40}-05-01,{int(i % 3 == 0)},{int(i % 5 == 0)},"
    f"{'138%08d' % i if i % 2 else ''},{int(i % 4 == 0)}\n" for i in range(1, 401))
TENANTS = "tenant,name,category,smart_pos\nT1,Nike,sports,1\nT2,Cafe,coffee,0\n"
OCT_10 = 1507604400  # 2017-10-10 11:00 at the mall
NOON_SEP = 1506000000


def definitions():
    wrong = ask("campaign", "check", "-", stdin=WRONG, status=3)
    same("lines of all faults", [e["line"] for e in wrong["errors"]], [4, 6, 7, 8, 11, 13])
    same("nothing known of a faulty one", wrong["audience"], None)
    same("nothing written", ask("campaign", "list")["campaigns"], [])
    told = run("campaign", "check", "-", stdin=WRONG, status=3).stderr
    same("said with file and line", told.count("stdin:") >= 6, True)
    found = ask("campaign", "check", "-", stdin=OCTOBER)
    reach = {i for i in range(1, 401)
             if (i % 3 == 0 and i % 2) or (i % 5 == 0 and i % 4 == 0)}
    same("audience", found["audience"], len(reach))
    same("days", found["days"], DAYS)
    same("no errors", found["errors"], [])
    same("contacts in order", list(found["reach"]), ["pos", "app", "sms"])
    same("pos reaches every member", found["reach"]["pos"], found["audience"] - found["holdout"])
    same("held out near 10 %", 0 < found["holdout"] < len(reach) / 4, True)
    nine = ask("campaign", "check", "-", stdin=OCTOBER.replace("blackout = 2017-10-01..2017-10-08",
                                                               ""))
    same("nine days without the holiday left out", len(nine["days"]), 9)
    run("campaign", "check", os.path.join(FOLDER, "none.ini"), status=3)
    run("campaign", "chekc", "-", status=2)
    run("campaign", "show", "nobody", status=3)
    saved = ask("campaign", "new", "-", stdin=OCTOBER)
    same("its code", saved["id"], "october-points-days")
    same("its state", saved["state"], "draft")
    same("as checked", (saved["audience"], saved["holdout"], saved["reach"]),
         (found["audience"], found["holdout"], found["reach"]))
    same("the next of the name", ask("campaign", "new", "-", stdin=OCTOBER)["id"],
         "october-points-days-2")
    run("campaign", "new", "--code", "october-points-days", "-", stdin=OCTOBER, status=5)
    shown = ask("campaign", "show", "october-points-days")
    same("a key of it", shown["definition"]["limits"]["per_person"], "2/7d")


def taken_up():
    run("import", "events", "-", stdin="time,subject,kind,amount,campaign,ref\n"
        "2017-10-10 12:00:00,M1,points_burn,100,old-days,b1\n")
    listed = [c for c in ask("campaign", "list")["campaigns"] if c["id"] == "old-days"]
    same("known by its events", [c["state"] for c in listed], [""])
    file = OCTOBER.replace("[campaign]", "[campaign]\ncode = old-days")
    made = ask("campaign", "new", "-", stdin=file)
    same("taken up by its code", (made["id"], made["state"]), ("old-days", "draft"))
    run("campaign", "new", "-", stdin=file, status=5)
    same("and given up", ask("campaign", "cancel", "old-days")["state"], "cancelled")


def states():
    name = "october-points-days"
    run("campaign", "start", name, status=5)
    run("campaign", "submit", name, who="ana", status=4)
    same("submitted", ask("campaign", "submit", name)["state"], "in review")
    run("campaign", "submit", name, status=5)
    run("campaign", "approve", name, status=4)            # its author, an administrator
    run("campaign", "approve", name, who="ola", status=4)  # an operator
    run("campaign", "reject", name, who="max", status=3)   # without a reason
    same("rejected", ask("campaign", "reject", "--reason", "too dear", name, who="max")["state"],
         "draft")
    ask("campaign", "submit", name)
    same("approved", ask("campaign", "approve", name, who="max")["state"], "approved")
    cheaper = OCTOBER.replace("budget   = 120000", "budget = 90000")
    same("a change goes back to review",
         ask("campaign", "change", name, "-", stdin=cheaper)["state"], "in review")
    same("and shows the difference", ask("campaign", "show", name)["changes"],
         [{"key": "limits.budget", "before": "120000", "after": "90000"}])
    ask("campaign", "approve", name, who="max")
    same("before its first day", ask("campaign", "start", name, now=NOON_SEP)["state"],
         "scheduled")
    same("in its time", ask("campaign", "start", name, now=OCT_10)["state"], "running")
    run("campaign", "change", name, "-", stdin=OCTOBER, status=5)
    same("paused", ask("campaign", "pause", name)["state"], "paused")
    same("going on", ask("campaign", "resume", name)["state"], "running")
    before = ask("campaign", "list", "running")["campaigns"][0]
    run("import", "members", "-", stdin="member,consent_sms,phone\nM900,1,13900000900\n")
    same("its people stay", ask("campaign", "list", "running")["campaigns"][0]["audience"],
         before["audience"])
    same("ended", ask("campaign", "end", name)["state"], "ended")
    run("campaign", "resume", name, status=5)
    same("archived", ask("campaign", "archive", name)["state"], "archived")
    acts = [row["act"] for row in ask("campaign", "show", name)["history"]]
    same("who did what", acts[::-1][:6], ["create", "submit", "reject", "submit", "approve",
                                         "change"])
    copy = ask("campaign", "clone", name, "--code", "again")
    same("a clone is a draft", (copy["id"], copy["state"]), ("again", "draft"))
    same("nothing differs", ask("campaign", "compare", name, "again")["differences"], [])
    same("cancelled", ask("campaign", "cancel", "again")["state"], "cancelled")


def calendar():
    days = ask("campaign", "calendar", "--from", "2017-10-01", "--to", "2017-10-31")["days"]
    same("days of the calendar", [d["day"] for d in days if d["id"] == "october-points-days"],
         DAYS)
    ranked = ask("campaign", "occasions", "--from", "2026-01-01", "--to", "2026-12-31")["occasions"]
    when = {row["id"]: row["day"] for row in ranked}
    same("feasts of the moon", (when["spring-festival"], when["qixi"], when["mid-autumn"]),
         ("2026-02-17", "2026-08-19", "2026-09-25"))
    same("the second Sunday of May", when["mother"], "2026-05-10")
    same("by the lower end", [row["low"] for row in ranked],
         sorted((row["low"] for row in ranked), reverse=True))
    women = next(row for row in ranked if row["id"] == "women")
    count = ask("segment", "count", women["audience"])["count"]
    same("members counted", women["members"], count)
    same("share over elsewhere", abs(women["share"] / women["baseline"] - women["fit"]) < 1e-9,
         True)


with tempfile.TemporaryDirectory() as FOLDER:
    MALL = os.path.join(FOLDER, "c.mall")
    subprocess.run([ATRIUM, "init", MALL], check=True, capture_output=True)
    run("import", "members", "-", stdin=MEMBERS)
    run("import", "tenants", "-", stdin=TENANTS)
    for who, role in (("max", "manager"), ("ola", "operator"), ("ana", "analyst")):
        run("principal", "add", who, role)
    definitions()
    taken_up()
    states()
    calendar()
finish()
