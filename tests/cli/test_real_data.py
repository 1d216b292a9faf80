"""The four real data sets: what ../shared/data/README.md says of them must come out exactly."""
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

ATRIUM = os.environ["ATRIUM"]
HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.normpath(os.path.join(HERE, "..", "..", "..", "shared", "data"))
passed = failed = 0


def check(what, found, expected):
    global passed, failed
    if found == expected:
        passed += 1
    else:
        failed += 1
        print(f"{what}: found {found!r}, expected {expected!r}")


def run(mall, *words):
    done = subprocess.run([ATRIUM, "-m", mall, *words], capture_output=True, text=True)
    if done.returncode != 0:
        check(" ".join(words), done.stderr.strip(), "exit status 0")
    return done.stdout


def answer(mall, *words):
    text = run(mall, *words, "--json")
    return json.loads(text) if text else {}


def load(mall, kind, path, name, rows):
    found = answer(mall, "import", kind, os.path.join(DATA, path), "--map", name)
    counts = [found.get(k) for k in ("rows", "imported", "duplicates", "refused")]
    check(path, counts, [rows, rows, 0, 0])


def load_again(mall, kind, path, name, rows):
    found = answer(mall, "import", kind, os.path.join(DATA, path), "--map", name)
    counts = [found.get(k) for k in ("rows", "imported", "duplicates", "refused")]
    check(path + " again", counts, [rows, 0, rows, 0])


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
    check("CDNOW rows", len(rows), 69659)
    check("CDNOW customers", len({row["subject"] for row in rows}), 23570)
    check("CDNOW dollars", sum(fen(row["amount"]) for row in rows), 250031563)
    check("CDNOW subjects", answer(mall, "status").get("subjects"), 23570)


def complete_journey(mall):
    folder = "complete_journey/"
    load(mall, "receipts", folder + "transactions.csv", "complete-journey", 75000)
    load_again(mall, "receipts", folder + "transactions.csv", "complete-journey", 75000)
    status = answer(mall, "status")
    check("lines", status.get("receipt_lines"), 75000)
    check("baskets", status.get("events"), 47243)
    check("stores", status.get("tenants"), 293)
    check("households", status.get("subjects"), 2377)
    loop = answer(mall, "loop", "--from", "2017-01-01", "--to", "2018-01-03")
    check("sales", loop.get("activate", {}).get("sales"), 233935.24)

    load(mall, "members", folder + "demographics.csv", "complete-journey-households", 801)
    load_again(mall, "members", folder + "demographics.csv", "complete-journey-households", 801)
    check("subjects stay", answer(mall, "status").get("subjects"), 2377)
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
    check("campaign households", len(sent), 6589)
    check("of which redeemed", sum(k for _, k in counts.values()), 792)
    check("type A", counts.get("Type A"), (3647, 604))
    check("type B", counts.get("Type B"), (2368, 154))
    check("type C", counts.get("Type C"), (574, 34))


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
        check(day, tuple(found.get(name) for name in names),
              (detections, devices, visits, dwell, short))


def probe_requests(mall):
    load(mall, "sightings", "probe_requests/sc6-61_2022-10-18.csv", "probe-requests", 12613)
    found = answer(mall, "visits")
    check("probe requests", found.get("detections"), 12613)
    check("randomised MACs", found.get("random_devices"), 2204)
    check("MACs", found.get("devices"), 2309)
    check("people", answer(mall, "status").get("subjects"), 2309 - 2204)
    database = sqlite3.connect(mall)
    check("no random MAC is a contact", database.execute(
        "select count(*) from identity where kind = 'wifi' and substr(value, 2, 1) in "
        "('2', '3', '6', '7', 'a', 'b', 'e', 'f')").fetchone()[0], 0)
    database.close()


def main():
    if not os.path.isdir(DATA):
        print(f"the real data are not in {DATA}")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        for number, part in enumerate((cdnow, complete_journey, probe_requests)):
            mall = os.path.join(folder, f"{number}.mall")
            run(mall, "init", mall, "--timezone", "UTC")
            part(mall)
            run(mall, "verify")
        omicho(folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
