#!/usr/bin/env python3
"""The published case, as a script computes it from the command line: `demo --story joycity-2017`,
then the figures that two articles tell, each within 1 %."""
import csv
import io
import json
import os
import subprocess
import tempfile

from checks import check, finish, skip

ATRIUM = os.environ["ATRIUM"]
DAYS = ["2017-10-10", "2017-10-13", "2017-10-17", "2017-10-20", "2017-10-24", "2017-10-27", "2017-10-31"]


def run(mall, *words):
    done = subprocess.run([ATRIUM, "-m", mall, *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"atrium {' '.join(words)}: {done.stderr}\n0 passed, 1 failed")
    return done.stdout


def after(day):
    year, month, date = day.split("-")
    return f"{year}-{month}-{int(date) + 1:02d}" if day != "2017-10-31" else "2017-11-01"


def anniversary(mall):
    span = ("--from", "2017-09-16", "--to", "2017-09-17")
    stages = json.loads(run(mall, "loop", *span, "--json"))
    share = stages["convert"]["by_channel"]["pos"] / stages["convert"]["registrations"]
    check("cards through smart POS on the anniversary, nearly 40 %", 0.39 <= share <= 0.40, f"{share:.3f}")
    shops = json.loads(run(mall, "tenant", "list", *span, "--json"))["tenants"]
    smart = [shop for shop in shops if shop["smart_pos"]]
    check("smart-POS shops", len(smart) == 100, len(smart))
    strong = [shop for shop in smart if shop["member_share"] is not None and shop["member_share"] > 0.8]
    check("of them with a member share above 80 %, more than 3/4", len(strong) > 75, len(strong))


def reachable(mall):
    stages = json.loads(run(mall, "loop", "--from", "2017-12-31", "--to", "2018-01-01", "--json"))
    count = stages["activate"]["reachable"]
    check("reachable members at the end of 2017, over 1,000,000", count > 1000000, count)


def points_days(mall):
    burned = driven = now = then = 0
    elsewhere = 0
    for day in DAYS:
        span = ("--from", day, "--to", after(day))
        shops = json.loads(run(mall, "tenant", "list", *span, "--weekdays", "--json"))["tenants"]
        smart = {shop["tenant"] for shop in shops if shop["smart_pos"]}
        now += sum(shop["sales"] for shop in shops if shop["smart_pos"])
        then += sum(shop["year_before"] for shop in shops if shop["smart_pos"])
        events = list(csv.DictReader(io.StringIO(run(mall, "export", "events", *span))))
        burns = [e for e in events if e["kind"] == "points_burn" and e["campaign"] == "points-days-2017-10"]
        refs = {e["ref"] for e in burns}
        burned += sum(float(e["amount"]) for e in burns)
        elsewhere += sum(e["tenant"] not in smart for e in burns)
        driven += sum(float(e["amount"]) for e in events if e["kind"] == "purchase" and e["ref"] in refs)
    check("points burned on seven days, 11,600,000", abs(burned / 11600000 - 1) < 0.01, f"{burned:,.0f}")
    check("none of them outside the smart-POS shops", elsewhere == 0, elsewhere)
    check("sales they moved, almost ¥600,000", abs(driven / 600000 - 1) < 0.01, f"¥{driven:,.0f}")
    check("which is 5.17 times their value", abs(driven / (burned / 100) / 5.17 - 1) < 0.01,
          f"{driven / (burned / 100):.3f}")
    check("smart-POS shops on the year, +10 %", abs(now / then / 1.10 - 1) < 0.01, f"{now / then - 1:+.2%}")


CAMPAIGN = """[campaign]
name     = October points days
kind     = points-cash
audience = reachable
holdout  = 10%
[offer]
points_per_yuan = 100
shops    = smart_pos
[schedule]
from     = 2017-10-01
to       = 2017-10-31
weekdays = tue fri
hours    = 10:00-22:00
BLACKOUT
[contacts]
order    = pos app sms
message  = {name}, today 100 points are worth 1 yuan.
[limits]
per_person = 2/7d
quiet    = 22:00-09:00
budget   = 120000
"""
BLACKOUT = "blackout = 2017-10-01..2017-10-08"


def near(what, found, expected, by=0.01):
    check(what, found is not None and abs(found / expected - 1) <= by, found)


def campaign_told(mall, folder):
    """The same figures as the result of a campaign built from a file."""
    file = os.path.join(folder, "october.ini")
    with open(file, "w") as out:
        out.write(CAMPAIGN.replace("BLACKOUT", ""))
    days = json.loads(run(mall, "campaign", "check", file, "--json"))["days"]
    check("nine days without the blackout", len(days) == 9, len(days))
    with open(file, "w") as out:
        out.write(CAMPAIGN.replace("BLACKOUT", BLACKOUT))
    made = json.loads(run(mall, "campaign", "new", file, "--code", "points-days-2017-10", "--json"))
    check("exactly seven days, 1-8 October left out", made["days"] == DAYS, len(made["days"]))
    result = json.loads(run(mall, "campaign", "result", made["id"], "--json", "--by", "day"))
    check("the result is of these days", result["days"] == DAYS, len(result["days"]))
    near("points burned", result["points_burned"], 11600000, 0)
    near("value given", result["value_given"], 116000, 0)
    near("sales touched, almost", result["sales_touched"], 600000)
    near("leverage", result["leverage"], 5.17)
    growth = result["year_on_year"]["rate"]
    check("its shops on the year, +10 %", abs(growth - 0.10) < 0.001, f"{growth:+.4f}")
    check("no holdout, no claim", result["claim"] == "influenced" and result["reason"] != "" and
          result["lift"] is None and result["newcombe_95"] is None, result["reason"])
    burned = sum(day["points_burned"] for day in result["groups"])
    check("the days add up", burned == 11600000 and len(result["groups"]) == 7, burned)
    page = run(mall, "campaign", "result", made["id"], "--report")
    check("the page says so", "5.17" in page and "11,600,000" in page and "116,000" in page, "")
    past = json.loads(run(mall, "campaign", "simulate", made["id"], "--json"))
    check("before it: ordinary days, and less than it came to", past["basis"] == "ordinary days" and
          past["points"]["high"] < 11600000, past["points"])
    after_it = json.loads(run(mall, "campaign", "simulate", made["id"], "--at", "2017-12-31",
                              "--json"))
    points = after_it["points"]
    alone = json.loads(run(mall, "campaign", "simulate", made["id"], "--at", "2017-12-31",
                           "--threads", "1", "--json"))
    check("the same on one thread", alone == after_it, alone["points"])
    ratio = points["median"] / (0.9 * 11600000)  # a tenth is held out
    check("after it: seven points days tell of seven more", after_it["basis"] == "points days" and
          after_it["comparable"] == 7 and 0.6 < ratio < 1.4, f"{ratio:.2f} of what they came to")


if os.environ.get("SAN") == "thread":  # a million people need 5 GB and 20 minutes there
    skip("the story of a million people: it takes 5 GB under ThreadSanitizer")
    finish()
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "joycity.mall")
    run(path, "demo", "--story", "joycity-2017", "--no-console")
    reachable(path)
    anniversary(path)
    points_days(path)
    campaign_told(path, folder)
finish()
