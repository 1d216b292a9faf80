#!/usr/bin/env python3
"""Results of campaigns from the command line: the 27 campaigns of the Complete Journey, and a small
mall with a holdout whose figures are worked out here again."""
import csv
import json
import math
import os
import subprocess
import tempfile

from checks import check, finish, skip

ATRIUM = os.environ["ATRIUM"]
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared/data/complete_journey")


def atrium(mall, *words, status=0, now=None):
    env = dict(os.environ, **({"ATRIUM_NOW": str(now)} if now else {}))
    done = subprocess.run([ATRIUM, "-m", mall, *words], capture_output=True, text=True, env=env)
    if done.returncode != status:
        raise SystemExit(f"atrium {' '.join(words)}: {done.returncode} {done.stderr}\n0 passed, 1 failed")
    return done.stdout


def asked(mall, *words, now=None):
    return json.loads(atrium(mall, *words, "--json", now=now))


def rows_of(name):
    with open(os.path.join(DATA, name)) as file:
        return list(csv.DictReader(file))


def journey(folder):
    mall = os.path.join(folder, "journey.mall")
    atrium(mall, "init", mall, "--timezone", "UTC")
    for kind, name, plan in (("members", "demographics", "households"), ("events", "campaigns", "campaigns"),
                             ("events", "coupon_redemptions", "redemptions")):
        atrium(mall, "import", kind, os.path.join(DATA, name + ".csv"), "--map", "complete-journey-" + plan)
    sent = {(row["household_id"], row["campaign_id"]) for row in rows_of("campaigns.csv")}
    used = {(row["household_id"], row["campaign_id"]) for row in rows_of("coupon_redemptions.csv")}
    everything = asked(mall, "campaign", "result")
    check("27 campaigns", len(everything["campaigns"]) == 27, len(everything["campaigns"]))
    check("12.02 % in all", round(everything["treated"]["rate"] * 100, 2) == 12.02, everything["treated"])
    rates = {group["name"]: round(group["rate"] * 100, 2) for group in everything["groups"]}
    check("by type", rates == {"Type A": 16.56, "Type B": 6.50, "Type C": 5.92}, rates)
    for row in everything["campaigns"]:
        n = sum(pair[1] == row["id"] for pair in sent)
        k = sum(pair[1] == row["id"] for pair in sent & used)
        check("campaign " + row["id"], (row["treated"], row["responded"], row["claim"]) == (n, k, "influenced"), row)
    one = asked(mall, "campaign", "result", "13", "--by", "attr:age")
    check("no claim without a holdout", one["claim"] == "influenced" and one["lift"] is None and
          one["newcombe_95"] is None and one["reason"], one["reason"])
    ages = {row["household_id"]: row["age"] for row in rows_of("demographics.csv")}
    for group in one["groups"]:
        of = {h for h, c in sent if c == "13" and ages.get(h, "not known") == group["name"]}
        k = sum((h, "13") in used for h in of)
        check("age " + group["name"], (group["treated"], group["responded"]) == (len(of), k), group)
    by_income = asked(mall, "campaign", "result", "--by", "attr:age")["groups"]
    check("pairs by age add up", sum(group["treated"] for group in by_income) == len(sent), by_income)
    listed = asked(mall, "campaign", "result", "13", "--by", "attr:age", "--list", "treated-responded",
                   "--group", "45-54", "--limit", "0")
    group = next(group for group in one["groups"] if group["name"] == "45-54")
    check("count equals list", listed["count"] == group["responded"] == len(listed["list"]), listed["count"])
    text = atrium(mall, "campaign", "result", "13", "--report")
    check("a page", "Influenced, not measured" in text and max(map(len, text.splitlines())) <= 79, text)
    lines = atrium(mall, "campaign", "result", "--csv").splitlines()
    check("csv", len(lines) == 28 and lines[0].startswith("id,kind,claim,treated"), lines[:2])
    check("unknown", "" == atrium(mall, "campaign", "result", "99", status=3), "")
    check("by what", "" == atrium(mall, "campaign", "result", "13", "--by", "shoe", status=2), "")


CAMPAIGN = """[campaign]
name     = Come again
code     = again
kind     = popular
audience = member
holdout  = 30%
[schedule]
from     = 2024-03-01
to       = 2024-03-31
[contacts]
order    = staff
message  = Hello.
"""


def measured(folder):
    """Members who buy by chance, the treated more often; z, p and Newcombe's interval once more."""
    mall = os.path.join(folder, "again.mall")
    start, day = 1709222400, 86400  # 2024-03-01 in Shanghai
    atrium(mall, "init", mall)
    people = os.path.join(folder, "people.csv")
    with open(people, "w") as out:
        out.write("member,name,phone,joined,consent_sms\n")
        out.writelines(f"M{i:04d},A{i},{13000000000 + i},2024-01-01,yes\n" for i in range(2000))
    atrium(mall, "import", "members", people)
    tenants = os.path.join(folder, "tenants.csv")
    with open(tenants, "w") as out:
        out.write("tenant,name,smart_pos\nT1,One,yes\n")
    atrium(mall, "import", "tenants", tenants)
    before = os.path.join(folder, "before.csv")
    with open(before, "w") as out:
        out.write("time,subject,kind,tenant,amount,ref\n")
        out.writelines(f"{start - (1 + i % 58) * day},M{i:04d},purchase,T1,{i % 40 + 1},B{i}\n" for i in range(0, 2000, 3))
        out.write(f"{start + 6 * 3600},M0000,app_open,,,o1\n")
    atrium(mall, "import", "events", before)
    file = os.path.join(folder, "again.ini")
    with open(file, "w") as out:
        out.write(CAMPAIGN)
    now = start + 8 * 3600
    atrium(mall, "campaign", "new", file, now=now)
    atrium(mall, "principal", "add", "boss", "manager")
    atrium(mall, "campaign", "submit", "again", now=now)
    atrium(mall, "--as", "boss", "campaign", "approve", "again", now=now)
    atrium(mall, "campaign", "start", "again", now=now)
    first = asked(mall, "campaign", "result", "again", now=now)
    if first["claim"] != "measured":
        check("started with a holdout", False, first)
        return
    held = {row["card"] for row in asked(mall, "campaign", "result", "again", "--list", "holdout",
                                         "--limit", "0", now=now)["list"]}
    after = os.path.join(folder, "after.csv")
    k, n = [0, 0], [0, 0]
    with open(after, "w") as out:
        out.write("time,subject,kind,tenant,amount,ref\n")
        for i in range(2000):
            arm = f"M{i:04d}" in held
            buys = i * 7919 % 100 < (20 if arm else 27)
            n[arm] += 1
            k[arm] += buys
            if buys:
                out.write(f"{start + (1 + i % 20) * day},M{i:04d},purchase,T1,{i % 40 + 5},A{i}\n")
        out.write(f"{start + 40 * day},M0001,app_open,,,o2\n")
    atrium(mall, "import", "events", after)
    result = asked(mall, "campaign", "result", "again", now=start + 41 * day)
    arms = [result["treated"], result["holdout"]]
    check("counts", [arm["people"] for arm in arms] == n and [arm["responded"] for arm in arms] == k, (arms, n, k))
    p1, p2, p = k[0] / n[0], k[1] / n[1], sum(k) / sum(n)
    z = (p1 - p2) / math.sqrt(p * (1 - p) * (1 / n[0] + 1 / n[1]))
    check("lift", abs(result["lift"] - (p1 - p2)) < 1e-12, result["lift"])
    check("z", abs(result["z"] - z) < 1e-9, (result["z"], z))
    check("p", abs(result["p"] - math.erfc(abs(z) / math.sqrt(2))) < 1e-12, result["p"])
    other = json.loads(subprocess.run([ATRIUM, "calc", "compare", f"{k[0]}/{n[0]}", f"{k[1]}/{n[1]}", "--json"],
                                      capture_output=True, text=True).stdout)["newcombe_95"][0]
    check("Newcombe", max(abs(a - b) for a, b in zip(result["newcombe_95"], (other["low"], other["high"]))) < 1e-12, other)
    check("people's days", result["claim"] == "measured" and result["sales_lift"]["p"] <= 1, result["claim"])
    for threads in ("1", "2"):
        again = asked(mall, "campaign", "result", "again", "--threads", threads, "--by", "day", now=start + 41 * day)
        check("threads " + threads, again["sales_lift"] == result["sales_lift"] and again["cuped"] == result["cuped"], again)
    check("nothing to simulate by", "" == atrium(mall, "campaign", "simulate", "again", status=3), "")


with tempfile.TemporaryDirectory() as folder:
    if os.path.isdir(DATA):
        journey(folder)
    else:
        skip(f"Complete Journey: it is not in {DATA}")
    measured(folder)
finish()
