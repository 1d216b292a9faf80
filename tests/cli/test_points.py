"""atrium points: the forms scripts rely on, references, rights, rules, expiry, campaigns, oracles."""
import json
import os
import subprocess
import tempfile

from checks import check, finish, skip

ATRIUM = os.environ.get("ATRIUM", "build/atrium")
HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.path.normpath(os.path.join(HERE, "..", "..", "..", "shared"))


def run(*args, stdin=None, who=None):
    before = ["--as", who] if who else []
    return subprocess.run([ATRIUM, "-m", mall, *before, *args], input=stdin, capture_output=True, text=True)


def answer(*args, who=None):
    done = run(*args, "--json", who=who)
    if done.returncode:
        print("FAILED", args, done.stderr)
        return {}
    return json.loads(done.stdout)


def verified(name):
    done = run("verify")
    check(name, done.returncode == 0, done.stdout + done.stderr)


def start(folder, name):
    global mall
    mall = os.path.join(folder, name)
    subprocess.run([ATRIUM, "init", mall, "--name", "Points"], capture_output=True)
    run("import", "members", "-", stdin="member,name,tier,phone,consent_sms\n"
        "M1,Li,gold,13800000001,1\nM2,Wang,,13800000002,1\nM3,Zhao,,13800000003,1\n")
    run("import", "tenants", "-", stdin="tenant,name,smart_pos,category\nT1,Muji,yes,home\nT2,Zara,no,fashion\n")


def entries():
    check("earn", answer("points", "earn", "M1", "100", "--ref", "R1")["balance"] == 100)
    again = answer("points", "earn", "M1", "100", "--ref", "R1")
    check("the same reference changes nothing", again["balance"] == 100 and again["repeated"])
    for what in (("earn", "M1", "90"), ("earn", "M2", "100")):
        done = run("points", *what, "--ref", "R1")
        check("another entry's reference", done.returncode == 5 and "R1" in done.stderr, done.stderr)
    done = run("points", "burn", "M1", "101")
    check("too few points", done.returncode == 5 and "100" in done.stderr, done.stderr)
    check("burn", answer("points", "burn", "M1", "60", "--ref", "B1")["balance"] == 40)
    reverse = answer("points", "reverse", "M1", "--of", "R1", "--ref", "V1")
    check("reversed, the rest is owed", (reverse["balance"], reverse["owed"]) == (0, 60), reverse)
    taken = answer("points", "earn", "M1", "30")
    check("taken of what comes", (taken["balance"], taken["owed"]) == (0, 30), taken)
    back = answer("points", "reverse", "M1", "60", "--of", "B1", "--what", "burn")
    check("a burn given back pays it", (back["balance"], back["owed"]) == (30, 0), back)
    check("adjust below", answer("points", "adjust", "M1", "-5", "--reason", "a mistake")["balance"] == 25)
    check("adjust too far", run("points", "adjust", "M1", "-50").returncode == 5)
    balance = answer("points", "balance", "M1")
    sums = balance["earned"] - balance["burned"] - balance["expired"] - balance["reversed"] + balance["adjusted"]
    check("it balances", sums == balance["balance"] == 25, balance)
    whole = answer("points", "balance")
    check("the whole mall", whole["balance"] == 25 and whole["liability"] == 0.25, whole)
    shown = answer("points", "show", "M1")
    check("lots are the balance", sum(lot["left"] for lot in shown["lots"]) == 25, shown["lots"])
    check("entries are listed", shown["entries"][0]["balance"] == 25, shown["entries"][:2])
    for args in (("earn", "M1", "1.5"), ("earn", "M1", "x"), ("earn", "M9", "5"), ("earn", "M1", "0"),
                 ("earn", "M1", "2000000000"), ("reverse", "M1"), ("nothing",), ("burn", "M1")):
        done = run("points", *args)
        check("refused", done.returncode in (2, 3) and done.stderr, (args, done.returncode, done.stderr))
    verified("entries verify")


def holds():
    check("reserve", answer("points", "reserve", "M1", "20", "--ref", "H1")["held"] == 20)
    check("only the rest is free", run("points", "burn", "M1", "6").returncode == 5)
    check("settle a part", answer("points", "settle", "H1", "15")["balance"] == 10)
    check("settled before", answer("points", "settle", "H1")["repeated"])
    check("not to release any more", run("points", "release", "H1").returncode == 5)
    answer("points", "reserve", "M1", "10", "--ref", "H2")
    check("release", answer("points", "release", "H2")["held"] == 0)
    verified("holds verify")


def rights():
    for who, role in (("op", "operator"), ("boss", "manager"), ("ana", "analyst"), ("tech", "technician")):
        run("principal", "add", who, role)
    check("an operator gives", run("points", "earn", "M3", "5", who="op").returncode == 0)
    check("but does not adjust", run("points", "adjust", "M3", "5", who="op").returncode == 4)
    check("nor expire", run("points", "expire", who="op").returncode == 4)
    check("a manager adjusts", run("points", "adjust", "M3", "5", who="boss").returncode == 0)
    check("an analyst does not give", run("points", "earn", "M3", "5", who="ana").returncode in (3, 4))
    check("a technician sees nobody", run("points", "show", "M3", who="tech").returncode in (3, 4))


def rules():
    run("points", "rule", "base", "per_yuan=100")
    run("points", "rule", "gold", "per_yuan=100", "factor=150", "tier=gold", "priority=5")
    run("points", "rule", "tuesday", "per_yuan=0", "factor=200", "weekdays=2")
    check("rules are listed", len(answer("points", "rules")["rules"]) == 3)
    check("a rule's shops are read", run("points", "rule", "bad", "shops=floor=").returncode == 3)
    check("gold earns more", answer("points", "earn", "M1", "--amount", "10.99", "--at", "2025-03-03")["points"] == 16)
    check("Tuesday doubles", answer("points", "earn", "M2", "--amount", "10.99", "--at", "2025-03-04 12:00")["points"] == 21)
    events = ("time,subject,kind,tenant,amount,ref,channel\n"
              "2025-04-01 10:00:00,M2,purchase,T1,99.99,P1,pos\n"  # a Tuesday
              "2025-04-02 10:00:00,M2,purchase,T2,50,P2,pos\n"
              "2025-04-02 10:00:00,M2,points_earn,T2,50,,\n"
              "2025-04-03 10:00:00,M2,refund,T1,33.33,P1,pos\n"
              "2025-04-04 10:00:00,M2,purchase,T2,20,,\n")
    run("import", "events", "-", stdin=events)
    run_ = answer("points", "earn", "--since", "2025-04-01")
    check("receipts without points earn once", (run_["purchases"], run_["points"]) == (2, 199 + 20), run_)
    check("a refund takes its part back", (run_["refunds"], run_["taken"]) == (1, 66), run_)
    again = answer("points", "earn", "--since", "2025-04-01")
    check("and nothing twice", again["purchases"] == again["refunds"] == 0, again)
    check("without a first day nothing", run("points", "earn").returncode == 5)
    verified("rules verify")


def expiry():
    before = answer("points", "balance")
    check("terms need a day", run("points", "terms", "2024", "months=12").returncode == 3)
    check("terms", answer("points", "terms", "2024-01-01", "months=12")["terms"][0]["months"] == 12)
    would = answer("points", "expire", "--at", "2026-05-02", "--preview")
    did = answer("points", "expire", "--at", "2026-05-02")
    check("a preview says what a run does", would["expired"] == did["expired"] > 0, (would, did))
    check("again: nothing", answer("points", "expire", "--at", "2026-05-02")["expired"] == 0)
    after = answer("points", "balance")
    check("expired is gone from the balance", before["balance"] - did["expired"] == after["balance"], after)
    verified("expiry verifies")


CAMPAIGN = """[campaign]
name = Points days
kind = points-cash
[offer]
points_per_yuan = 100
shops = smart_pos
[schedule]
from = 2025-10-01
to = 2027-12-31
weekdays = tue fri
[limits]
budget = 3
"""


def cash(folder):
    path = os.path.join(folder, "points.ini")
    open(path, "w").write(CAMPAIGN)
    run("points", "earn", "M3", "1000", "--at", "2026-10-01")
    code = answer("campaign", "new", path).get("id", "points-days")
    for who, verb in ((None, "submit"), ("boss", "approve"), (None, "start")):
        done = run("campaign", verb, code, who=who)
        check("campaign " + verb, done.returncode == 0, done.stderr)
    friday, monday = "2026-11-20 12:00", "2026-11-23 12:00"
    burn = ("points", "burn", "M3", "--campaign", code)

    def burned(points, tenant, at, *more):
        return run("points", "burn", "M3", str(points), "--campaign", code, "--tenant", tenant, "--at", at,
                   "--json", *more)
    # The campaign began when it was started: only burns from then on are under it.
    state = answer("campaign", "list")
    done = burned(200, "T1", friday, "--ref", "C1")
    if done.returncode == 0:
        check("points are money", json.loads(done.stdout)["value"] == 2, done.stdout)
        check("not at another shop", burned(100, "T2", friday).returncode == 5)
        check("not on another day", burned(100, "T1", monday).returncode == 5)
        check("not beyond the budget", burned(101, "T1", friday).returncode == 5)
        check("the rest of the budget", burned(100, "T1", friday).returncode == 0)
        run("points", "reverse", "M3", "--of", "C1", "--what", "burn")
        check("what is given back is budget again", burned(150, "T1", friday).returncode == 0)
        verified("campaign sums are the entries")
    else:
        check("burn under a campaign", False, (done.stderr, state, burn))


def oracles():
    path = os.path.join(SHARED, "oracles", "statistics.json")
    if not os.path.exists(path):
        skip(f"the published points day: it is not in {path}")
        return
    day = json.load(open(path))["points_day"]
    run("import", "events", "-", stdin="time,subject,kind,tenant,amount,campaign,ref\n" + "".join(
        f"2017-10-{10 + i:02} 12:00:00,M3,{kind},T1,{n},{name},{kind}{i}\n"
        for i in range(day["days"])
        for kind, n, name in (("points_earn", day["points"] // day["days"] + 1, ""),
                              ("points_burn", day["points"] // day["days"] + (i < day["points"] % day["days"]),
                               "points-2017"))))
    rows = [c for c in answer("points", "survey")["campaigns"] if c["campaign"] == "points-2017"]
    check("points of the published days", rows and rows[0]["burned"] == day["points"], rows)
    per_yuan = day["points_per_yuan"]
    check("what they cost", rows and rows[0]["burned"] / per_yuan == day["cost_yuan"])
    verified("imports verify")


with tempfile.TemporaryDirectory() as folder:
    start(folder, "p.mall")
    entries()
    holds()
    rights()
    rules()
    expiry()
    cash(folder)
    oracles()
finish()
