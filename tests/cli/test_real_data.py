"""The four real data sets: what ../shared/data/README.md says of them must come out exactly."""
import json
import os
import sqlite3
import subprocess
import tempfile

from checks import finish, same, skip

ATRIUM = os.environ["ATRIUM"]
HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.normpath(os.path.join(HERE, "..", "..", "..", "shared", "data"))


def run(mall, *words):
    done = subprocess.run([ATRIUM, "-m", mall, *words], capture_output=True, text=True)
    if done.returncode != 0:
        same(" ".join(words), done.stderr.strip(), "exit status 0")
    return done.stdout


def answer(mall, *words):
    text = run(mall, *words, "--json")
    return json.loads(text) if text else {}


def load(mall, kind, path, name, rows):
    found = answer(mall, "import", kind, os.path.join(DATA, path), "--map", name)
    counts = [found.get(k) for k in ("rows", "imported", "duplicates", "refused")]
    same(path, counts, [rows, rows, 0, 0])


def load_again(mall, kind, path, name, rows):
    found = answer(mall, "import", kind, os.path.join(DATA, path), "--map", name)
    counts = [found.get(k) for k in ("rows", "imported", "duplicates", "refused")]
    same(path + " again", counts, [rows, 0, rows, 0])


def exported(mall, kind):
    lines = run(mall, "export", kind).splitlines()
    names = lines[0].split(",") if lines else []
    return [dict(zip(names, line.split(","))) for line in lines[1:]]


def fen(text):
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def cdnow(mall):
    load(mall, "events", "cdnow/CDNOW_master.txt", "cdnow", 69659)
    load_again(mall, "events", "cdnow/CDNOW_master.txt", "cdnow", 69659)
    rows = exported(mall, "events")
    same("CDNOW rows", len(rows), 69659)
    same("CDNOW customers", len({row["subject"] for row in rows}), 23570)
    same("CDNOW dollars", sum(fen(row["amount"]) for row in rows), 250031563)
    same("CDNOW subjects", answer(mall, "status").get("subjects"), 23570)
    cohorts(mall, rows)


def month(text):
    return int(text[:4]) * 12 + int(text[5:7]) - 1


def cohorts(mall, rows):
    """Who bought for the first time in which month, and came back when; then what a group is like."""
    first, months, money = {}, {}, {}
    for row in rows:
        who, when = row["subject"], month(row["time"])
        first[who] = min(first.get(who, when), when)
        months.setdefault(who, set()).add(when)
        money[who, when] = money.get((who, when), 0) + fen(row["amount"])
    start, periods = month("1997-01"), 12
    counts = [[0] * periods for _ in range(3)]
    revenue = [[0] * periods for _ in range(3)]
    for who, when in first.items():
        for k in range(periods):
            counts[when - start][k] += when + k in months[who]
            revenue[when - start][k] += money.get((who, when + k), 0)
    words = ["retention", "--start", "purchase", "--return", "purchase", "--first-time", "--periods",
             str(periods), "--from", "1997-01-01", "--to", "1997-04-01"]
    found = answer(mall, *words)["rows"]
    same("CDNOW cohorts", [r["values"] for r in found[:3]], counts)
    same("CDNOW revenue of cohorts", [[round(x * 100) for x in r["revenue"]] for r in found[:3]],
         revenue)
    same("CDNOW customers are in three cohorts", sum(r["size"] for r in found[:3]), 23570)
    listed = answer(mall, *words, "--list", "1997-02:5", "--measure", "revenue")["people"]
    same("CDNOW list of a cell", [len(listed), round(sum(p["revenue"] for p in listed) * 100)],
         [counts[1][5], revenue[1][5]])
    life = answer(mall, "lifecycle", "--event", "purchase")
    same("CDNOW new by month", life["new"][:3], [c[0] for c in counts])
    same("CDNOW returning in February", life["returning"][1], counts[0][1])
    rfm = answer(mall, "rfm", "--at", "1998-06-30")
    same("CDNOW RFM groups", sum(g["people"] for g in rfm["groups"]), 23570)
    same("CDNOW RFM money", round(sum(g["money"] for g in rfm["groups"]) * 100), 250031563)
    portrait(mall, rows)


def portrait(mall, rows):
    """Everybody's: what the file says, added up."""
    found = answer(mall, "portrait")
    days = len({(row["subject"], row["time"][:10]) for row in rows})
    same("CDNOW buyers", found["buyers"]["mall"], 23570)
    same("CDNOW sales", round(found["sales"]["mall"] * 100), 250031563)
    same("CDNOW a receipt", round(found["figures"]["receipt"]["mall"], 6),
         round(2500315.63 / 69659, 6))
    same("CDNOW purchase days", round(found["figures"]["purchase_days"]["mall"], 9),
         round(days / 23570, 9))


def complete_journey(mall):
    folder = "complete_journey/"
    load(mall, "receipts", folder + "transactions.csv", "complete-journey", 75000)
    load_again(mall, "receipts", folder + "transactions.csv", "complete-journey", 75000)
    status = answer(mall, "status")
    same("lines", status.get("receipt_lines"), 75000)
    same("baskets", status.get("events"), 47243)
    same("stores", status.get("tenants"), 293)
    same("households", status.get("subjects"), 2377)
    loop = answer(mall, "loop", "--from", "2017-01-01", "--to", "2018-01-03")
    same("sales", loop.get("activate", {}).get("sales"), 233935.24)

    load(mall, "members", folder + "demographics.csv", "complete-journey-households", 801)
    load_again(mall, "members", folder + "demographics.csv", "complete-journey-households", 801)
    same("subjects stay", answer(mall, "status").get("subjects"), 2377)
    load(mall, "events", folder + "campaigns.csv", "complete-journey-campaigns", 6589)
    load(mall, "events", folder + "coupon_redemptions.csv", "complete-journey-redemptions", 2102)
    sent, redeemed, kind_of = {}, {}, {}
    for row in exported(mall, "events"):
        pair = (row["campaign"], row["subject"])
        if row["kind"] == "message_sent":
            sent[pair] = row["channel"]
        elif row["kind"] == "coupon_redeem":
            redeemed[pair] = True
    counts = {}
    for pair, kind in sent.items():
        n, k = counts.get(kind, (0, 0))
        counts[kind] = (n + 1, k + (pair in redeemed))
    same("campaign households", len(sent), 6589)
    same("of which redeemed", sum(k for _, k in counts.values()), 792)
    same("type A", counts.get("Type A"), (3647, 604))
    same("type B", counts.get("Type B"), (2368, 154))
    same("type C", counts.get("Type C"), (574, 34))
    turns = answer(mall, "funnel", "--step", "message_sent", "--step", "coupon_redeem", "--window",
                   "400d", "--hold", "campaign", "--by", "channel", "--measure", "totals")
    by_type = {g["channel"]: tuple(s["count"] for s in g["steps"]) for g in turns["groups"]}
    same("redeemed by type, as a funnel", by_type,
         {"Type A": (3647, 604), "Type B": (2368, 154), "Type C": (574, 34)})
    goods(mall)


def goods(mall):
    """Households by what they buy: the portrait of those with children, against the file."""
    import csv
    folder = os.path.join(DATA, "complete_journey")
    with open(os.path.join(folder, "products.csv"), encoding="utf-8") as file:
        sold = {row["product_id"]: row for row in csv.DictReader(file)}
    with open(os.path.join(folder, "transactions.csv"), encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    found = answer(mall, "portrait", "--rows", "0")
    same("stores", len(found["parts"]["shop"]), 293)
    receipts = {(line["household_id"], line["transaction_timestamp"], line["store_id"])
                for line in lines}
    same("pieces a receipt", round(found["figures"]["pieces"]["mall"], 9),
         round(sum(max(1, int(float(line["quantity"]))) for line in lines) / len(receipts), 9))
    named = {row["name"]: row["mall_n"] for row in found["parts"]["goods"]}
    for name in sorted(named, key=named.get)[-5:]:
        column = "product_category"
        buyers = {line["household_id"] for line in lines
                  if sold.get(line["product_id"], {}).get(column) == name}
        same("buyers of " + name, named[name], len(buyers))


def omicho(folder):
    facts = {
        "20241017": (24211, 152, 368, 524591, 242),
        "20241018": (40005, 195, 577, 931004, 357),
        "20241021": (47045, 196, 578, 1063080, 361),
    }
    for day, (detections, devices, visits, dwell, short) in facts.items():
        mall = os.path.join(folder, day + ".mall")
        run(mall, "init", mall, "--timezone", "Asia/Tokyo")
        load(mall, "sightings", f"venue_traces/omicho_{day}.csv", "omicho", detections)
        found = answer(mall, "visits")
        names = ("detections", "devices", "visits", "dwell_total_s", "under_10_min")
        same(day, tuple(found.get(name) for name in names),
             (detections, devices, visits, dwell, short))
        portrait_of_all = answer(mall, "portrait")
        same(day + " visits of the portrait", [portrait_of_all["visits"]["mall"],
                                               portrait_of_all["seen"]["mall"]], [visits, devices])
        same(day + " hours", sum(map(sum, portrait_of_all["hours"]["mall"])), visits)


def probe_requests(mall):
    load(mall, "sightings", "probe_requests/sc6-61_2022-10-18.csv", "probe-requests", 12613)
    found = answer(mall, "visits")
    same("probe requests", found.get("detections"), 12613)
    same("randomised MACs", found.get("random_devices"), 2204)
    same("MACs", found.get("devices"), 2309)
    same("people", answer(mall, "status").get("subjects"), 2309 - 2204)
    share = answer(mall, "loop")["perceive"]["random_mac_share"]
    same("random share of detections", round(share, 12),
         round(found.get("random_detections", 0) / 12613, 12))
    same("no random address is in a portrait", answer(mall, "portrait")["seen"]["mall"],
         2309 - 2204)
    database = sqlite3.connect(mall)
    same("no random MAC is a contact", database.execute(
        "select count(*) from identity where kind = 'wifi' and substr(value, 2, 1) in "
        "('2', '3', '6', '7', 'a', 'b', 'e', 'f')").fetchone()[0], 0)
    database.close()


def main():
    if not os.path.isdir(DATA):
        skip(f"the real data: they are not in {DATA}")
        finish()
    with tempfile.TemporaryDirectory() as folder:
        for number, part in enumerate((cdnow, complete_journey, probe_requests)):
            mall = os.path.join(folder, f"{number}.mall")
            run(mall, "init", mall, "--timezone", "UTC")
            part(mall)
            run(mall, "verify")
        omicho(folder)
    finish()


main()
