"""portrait, and the lists behind retention, lifecycle and rfm, on the command line: a mall whose right
answers were worked out by hand, what each role may see, and refusals."""
import csv
import io
import json
import os
import subprocess
import tempfile

from checks import finish, same

ATRIUM = os.environ["ATRIUM"]


def run(mall, *words, text=None):
    return subprocess.run([ATRIUM, "-m", mall, *words], input=text, capture_output=True, text=True)


def ask(mall, *words):
    done = run(mall, *words, "--json")
    same(" ".join(words) + " " + done.stderr, done.returncode, 0)
    return json.loads(done.stdout or "{}")


def rows(mall, *words):
    done = run(mall, *words, "--csv")
    same(" ".join(words) + " " + done.stderr, done.returncode, 0)
    return list(csv.DictReader(io.StringIO(done.stdout)))


def refused(mall, status, part, *words):
    done = run(mall, *words)
    same(" ".join(words), done.returncode, status)
    same(f"{words[0]} says why: {done.stderr}", part in done.stderr, True)


PEOPLE = 60
MEN_APART = ["weekday", "fri"]


def build(mall):
    """60 members. The first 20 are women and buy tea on Mondays at noon, the others men, who buy
    rice in the evening of Fridays; every fourth member also buys the other thing once."""
    same("init", run(mall, "init", mall, "--timezone", "UTC").returncode, 0)
    members = ["member,name,gender,birth,tier,phone,consent_sms,joined,channel,label:regular"]
    events = ["time,subject,kind,tenant,zone,channel,amount,ref"]
    for n in range(PEOPLE):
        card, first = f"C{n:02}", n < 20
        members.append(f"{card},Ann,{'f' if first else 'm'},{1990 if first else 1950}-05-05,"
                       f"{'gold' if n % 10 == 0 else 'basic'},1380000{n:04},{1 if n % 2 else 0},"
                       f"2024-01-01 10:00:00,{'app' if first else 'pos'},"
                       f"{'yes' if n < 12 else ''}")
        day, hour = (6, 12) if first else (10, 19)   # 6 May 2024 is a Monday
        shop, zone, money = ("TEA", "Z1", "40.00") if first else ("RICE", "Z2", "100.00")
        events.append(f"2024-05-{day:02} {hour}:00:00,{card},sighting,,{zone},,,")
        events.append(f"2024-05-{day:02} {hour}:20:00,{card},purchase,{shop},{zone},,{money},r{n}")
        if n % 4 == 0:
            other = ("RICE", "50.00") if first else ("TEA", "60.00")
            events.append(f"2024-06-{day:02} {hour}:20:00,{card},purchase,{other[0]},,,"
                          f"{other[1]},s{n}")
        events.append(f"2024-05-01 09:00:00,{card},message_sent,,,sms,,m{n}")
        if first and n % 2:
            events.append(f"2024-05-01 10:00:00,{card},message_opened,,,sms,,o{n}")
    tenants = "tenant,name,category\nTEA,Tea House,tea\nRICE,Rice Bowl,rice\n"
    for kind, text in (("tenants", tenants), ("members", "\n".join(members) + "\n"),
                       ("events", "\n".join(events) + "\n")):
        done = run(mall, "import", kind, "-", text=text)
        same(f"import {kind} {done.stderr}", done.returncode, 0)


def row(portrait, part, name):
    found = [r for r in portrait["parts"][part] if r["name"] == name or r.get("code") == name]
    return found[0] if found else {}


def numbers(found):
    return [found.get(k) for k in ("n", "of", "mall_n", "mall_of")]


def groups(mall):
    women = ask(mall, "portrait", "--segment", "gender=f")
    same("people", women["people"], 20)
    same("gender", numbers(row(women, "gender", "f")), [20, 20, 20, 60])
    same("gender index", row(women, "gender", "f")["index"], 300)
    same("age", numbers(row(women, "age", "25–34")), [20, 20, 20, 60])
    same("tier", numbers(row(women, "tier", "gold")), [2, 20, 6, 60])
    same("registered by", numbers(row(women, "channel", "app")), [20, 20, 20, 60])
    same("contact", numbers(row(women, "contact", "sms")), [10, 20, 30, 60])
    same("label", numbers(row(women, "label", "regular")), [12, 20, 12, 60])
    same("category", numbers(row(women, "category", "tea")), [20, 20, 30, 60])
    same("other category", numbers(row(women, "category", "rice")), [5, 20, 45, 60])
    same("shop", numbers(row(women, "shop", "RICE")), [5, 20, 45, 60])
    same("area", numbers(row(women, "area", "Z1")), [20, 20, 20, 60])
    same("weekday", numbers(row(women, "weekday", "mon")), [20, 25, 30, 75])
    same("daytime", numbers(row(women, "daytime", "noon")), [25, 25, 25, 75])
    same("response", numbers(row(women, "response", "sms")), [10, 20, 10, 60])
    same("hours", women["hours"]["group"][0][12], 20)
    same("sales", women["sales"], {"group": 20 * 40 + 5 * 50, "mall": 1050 + 4000 + 600})
    same("spent", women["figures"]["spent"]["group"], 1050 / 20)
    same("small", women["figures"]["spent"]["small"], True)
    # Tea costs 40 or, for ten men, 60: 1400 for 30 cups; rice 100 or, for five women, 50: 4250 for 45.
    expected = 100 * 1050 / (20 * 1400 / 30 + 5 * 4250 / 45)
    same("price level", round(women["figures"]["price_level"]["group"], 9), round(expected, 9))
    for part, name in (("category", "rice"), ("shop", "RICE"), ("tier", "gold"), ("area", "Z1")):
        listed = ask(mall, "portrait", "--segment", "gender=f", "--list", f"{part}:{name}")
        same(f"list of {part} {name}", len(listed["list"]), row(women, part, name)["n"])
    same("of a label", ask(mall, "portrait", "--label", "regular")["people"], 12)
    same("of a shop", ask(mall, "portrait", "--shop", "TEA")["people"], 30)
    same("of a shop in May", ask(mall, "portrait", "--shop", "TEA", "--period", "2024-05")["people"],
         20)
    same("of everyone", ask(mall, "portrait")["people"], PEOPLE)
    table = rows(mall, "portrait", "--segment", "gender=f", "--rows", "0")
    same("rows", [r["n"] for r in table if r["part"] == "category"], ["20", "5"])
    men = ask(mall, "portrait", "--segment", "gender=m")
    same("apart", [men["apart"][0]["part"], men["apart"][0]["name"]], MEN_APART)


def one(mall):
    found = ask(mall, "portrait", "C00")
    same("one person", found["people"], 1)
    same("has", row(found, "category", "rice")["n"], 1)
    same("rare things first", found["apart"][0]["mall_share"], min(a["mall_share"] for a in
                                                                   found["apart"]))
    same("said", found["sentence"].startswith("Few others "), True)


def roles(mall):
    for name, role in (("ana", "analyst"), ("tom", "technician"), ("olga", "operator")):
        same(f"add {name}", run(mall, "principal", "add", name, role).returncode, 0)
    refused(mall, 4, "fewer than 10", "--as", "ana", "portrait", "--segment", "tier=gold")
    found = ask(mall, "--as", "ana", "portrait", "--segment", "tier=gold")
    same("withheld", [found["withheld"], found["people"], found["parts"]], [True, None, {}])
    found = ask(mall, "--as", "ana", "portrait", "--segment", "gender=f")
    same("few golds", row(found, "tier", "gold")["n"], None)
    same("nor from the others", row(found, "tier", "basic")["n"], None)
    same("many buy tea", row(found, "category", "tea")["n"], 20)
    same("few buy rice", row(found, "category", "rice")["share"], None)
    refused(mall, 4, "fewer than 10", "--as", "ana", "portrait", "--segment", "gender=f", "--list",
            "category:rice")
    refused(mall, 4, "technician", "--as", "tom", "portrait")
    same("operators see all", row(ask(mall, "--as", "olga", "portrait", "--segment", "gender=f"),
                                  "tier", "gold")["n"], 2)
    listed = ask(mall, "--as", "olga", "portrait", "--segment", "gender=f", "--list", "tier:gold")
    same("masked", [p["subject"] in ("C00", "C10") for p in listed["list"]], [False, False])
    few = ["retention", "--start", "purchase", "--return", "purchase", "--first-time", "--periods",
           "2", "--from", "2024-05-01", "--to", "2024-06-30"]
    same("cohort", [r["values"] for r in ask(mall, *few)["rows"]], [[60, 15], [0, 0]])
    refused(mall, 4, "fewer than 10", "--as", "ana", "rfm", "--list", "542")


def lists(mall):
    cohort = ["retention", "--start", "purchase", "--return", "purchase", "--first-time",
              "--periods", "2", "--from", "2024-05-01", "--to", "2024-06-30"]
    found = ask(mall, *cohort, "--list", "2024-05:1")
    same("cell", [len(found["people"]), found["rows"][0]["values"][1]], [15, 15])
    same("its money", sum(p["revenue"] for p in found["people"]), found["rows"][0]["revenue"][1])
    same("by number", len(rows(mall, *cohort, "--list", "0:1")), 15)
    same("money", [r["0"] for r in rows(mall, *cohort, "--measure", "revenue")][:1], ["4800"])
    refused(mall, 2, "expected a row and a column", *cohort, "--list", "2024-07:1")
    refused(mall, 2, "expected a row and a column", *cohort, "--list", "2024-05:2")
    refused(mall, 2, "people or revenue", *cohort, "--measure", "sums")
    women = ask(mall, *cohort, "--segment", "gender=f")
    same("cohort of a segment", women["rows"][0]["values"], [20, 5])
    by = ask(mall, *cohort, "--by", "tier")
    same("tiers add up", [sum(v) for v in zip(*(g["rows"][0]["values"] for g in by["groups"]))],
         by["rows"][0]["values"])
    same("by tier", {g["tier"]: g["rows"][0]["size"] for g in by["groups"]},
         {"basic": 54, "gold": 6})
    same("by label of a segment, and those without one", [g["rows"][0]["values"] for g in ask(
        mall, *cohort, "--segment", "gender=f", "--by", "label")["groups"]], [[12, 3], [8, 2]])
    same("by the start's channel, which has none, as rows",
         [r["channel"] for r in rows(mall, *cohort, "--by", "channel")], [""])
    refused(mall, 2, "expected one of shop", *cohort, "--by", "mood")
    life = ["lifecycle", "--event", "purchase"]
    same("lifecycle", {k: v for k, v in ask(mall, *life).items() if k != "open"},
         {"periods": ["2024-05", "2024-06"], "new": [60, 0], "returning": [0, 15],
          "resurrecting": [0, 0], "dormant": [0, -45]})
    same("dormant", len(rows(mall, *life, "--list", "2024-06:dormant")), 45)
    same("returning", len(ask(mall, *life, "--list", "1:returning")["people"]), 15)
    same("of a segment", ask(mall, *life, "--segment", "gender=f")["dormant"], [0, -15])
    refused(mall, 2, "resurrecting or dormant", *life, "--list", "2024-06:gone")
    rfm = ask(mall, "rfm")
    same("all are in groups", sum(g["people"] for g in rfm["groups"]), PEOPLE)
    for group in rfm["groups"]:
        found = ask(mall, "rfm", "--list", group["name"])["list"]
        same(group["name"], [len(found), round(sum(p["monetary"] for p in found), 2)],
             [group["people"], group["money"]])
    for cell, people in rfm["cells"].items():
        same(cell, len(rows(mall, "rfm", "--list", cell)), people)
    refused(mall, 2, "expected scores", "rfm", "--list", "556")


def refusals(mall):
    refused(mall, 2, "expected one of MEMBER", "portrait", "C00", "--label", "regular")
    refused(mall, 3, "there is no label", "portrait", "--label", "nobody")
    refused(mall, 3, "there is no shop", "portrait", "--shop", "NONE")
    refused(mall, 2, "a part being one of", "portrait", "--list", "mood:good")
    refused(mall, 2, "counts visits", "portrait", "--list", "weekday:mon")
    refused(mall, 2, "1:", "portrait", "--segment", "gender=")


def main():
    with tempfile.TemporaryDirectory() as folder:
        mall = os.path.join(folder, "hand.mall")
        build(mall)
        groups(mall)
        one(mall)
        lists(mall)
        roles(mall)
        refusals(mall)
    finish()


main()
