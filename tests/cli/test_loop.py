"""loop, visits, status, init and verify on the command line: a mall whose right answers were worked
out by hand, and the facts of the real traces."""
import json
import os
import shutil
import subprocess
import tempfile

from checks import finish, same, skip

atrium = os.environ["ATRIUM"]
top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
data = os.path.join(top, "..", "shared", "data")


def run(*args, text=None):
    return subprocess.run([atrium, *args], input=text, capture_output=True, text=True)


def ask(mall, *args):
    result = run("-m", mall, *args, "--json")
    return json.loads(result.stdout) if result.returncode == 0 else result.stderr


EVENTS = """time,subject,kind,tenant,zone,channel,amount
2024-05-01 10:00:00,A,sighting,,Z1,,
2024-05-01 10:10:00,A,sighting,,Z2,,
2024-05-01 10:20:00,A,register,T1,,pos,
2024-05-01 10:20:00,A,purchase,T1,Z2,pos,100.00
2024-05-01 10:20:00,A,points_earn,T1,,,100
2024-05-03 12:00:00,A,purchase,T2,Z2,,50.00
2024-05-03 12:30:00,A,refund,T2,Z2,,10.00
2024-05-02 09:00:00,B,sighting,,Z1,,
2024-05-02 09:40:00,B,sighting,,Z1,,
2024-05-02 11:00:00,C,register,,,app,
2024-05-02 11:05:00,C,app_open,,,,
2024-05-02 11:06:00,C,review,T1,,,
"""

ANONYMOUS = """receipt,time,tenant,amount,member
R1,2024-05-02 09:50:00,T1,30.00,
"""


def by_hand(folder):
    mall = os.path.join(folder, "hand.mall")
    same("init", run("init", mall, "--name", "Hand", "--timezone", "UTC").returncode, 0)
    same("init again", run("init", mall).returncode, 3)
    same("init in bad currency", run("init", mall + "2", "--currency", "yuan").returncode, 2)
    same("loop of nothing", ask(mall, "loop")["perceive"]["dwell_mean_s"], None)
    imported = run("-m", mall, "import", "events", "-", text=EVENTS)
    same("import", (imported.returncode, imported.stderr), (0, ""))
    imported = run("-m", mall, "import", "receipts", "-", text=ANONYMOUS)
    same("import receipts", (imported.returncode, imported.stderr), (0, ""))

    loop = ask(mall, "loop")
    wanted = {
        "perceive": {"visits": 4, "subjects": 2, "visitors": 2, "members": 0, "new_people": 2,
                     "dwell_mean_s": 1500, "random_mac_share": 0, "detections": 4},
        "convert": {"registrations": 2, "by_channel": {"pos": 1, "app": 1}, "rate": 0.5,
                    "time_to_convert_median_s": 1200, "pos_share": 0.5},
        "activate": {"active": 2, "members": 2, "sales": 170, "member_sales": 140,
                     "points_earned": 100, "points_burned": 0, "repeat_rate": 1,
                     "anonymous_sales": 30, "receipts": 3, "wheel_turns": 0.5, "wheel_again": 1},
        "community": {"groups": 0, "engaged": 1, "referrals": 0, "reviews": 1},
    }
    for stage, figures in wanted.items():
        for name, value in figures.items():
            same(f"loop {stage}.{name}", loop[stage].get(name), value)
    same("member share", round(loop["activate"]["member_share"], 6), round(14 / 17, 6))

    day = ask(mall, "loop", "--from", "2024-05-03", "--to", "2024-05-04")
    same("a later day: member seen", day["perceive"]["members"], 1)
    same("a later day: no visitor, no rate", day["convert"]["rate"], None)
    same("a later day: repeat", day["activate"]["repeat_rate"], 0)
    before = ask(mall, "loop", "--period", "2024-05-03", "--compare", "before")["before"]
    same("the day before", before["convert"]["registrations"], 1)

    visits = ask(mall, "visits", "--by", "zone")
    same("visits", [visits[k] for k in ("detections", "devices", "visits", "dwell_total_s",
                                        "under_10_min", "random_devices")], [4, 2, 4, 3000, 2, 0])
    zones = {g["zone"]: (g["visits"], g["people"], g["dwell_total_s"]) for g in visits["groups"]}
    same("by zone", zones, {"Z1": (3, 2, 600), "Z2": (2, 1, 2400)})
    days = {g["day"]: g["visits"] for g in ask(mall, "visits", "--by", "day")["groups"]}
    same("by day", days, {"2024-05-01": 1, "2024-05-02": 2, "2024-05-03": 1})
    hours = {g["hour"]: g["visits"] for g in ask(mall, "visits", "--by", "hour")["groups"]}
    same("by hour", hours, {9: 2, 10: 1, 12: 1})

    status = ask(mall, "status")
    same("status", [status[k] for k in ("mall", "subjects", "events", "receipt_lines", "pending",
                                        "first", "as_of")],
         ["Hand", 3, 13, 1, 0, "2024-05-01T10:00:00Z", "2024-05-03T12:30:00Z"])
    same("verify", (run("-m", mall, "verify").returncode, ask(mall, "verify")["good"]), (0, True))

    for args, says in ((["visits", "--by", "floor"], "zone, day or hour"),
                       (["loop", "--compare", "x"], "year-weekday"),
                       (["loop", "--period", "2024-13"], "found '2024-13'"),
                       (["loop", "--period", "7d", "--from", "2024-05-01"], "in place of"),
                       (["loop", "--from", "2024-05-03", "--to", "2024-05-01"], "not before")):
        result = run("-m", mall, *args)
        same(f"{args}: {result.stderr.strip()}",
             (result.returncode, says in result.stderr), (2, True))
    same("no such mall", run("-m", mall + "x", "loop").returncode, 6)


OMICHO = {17: (24211, 152, 368, 524591, 242), 18: (40005, 195, 577, 931004, 357),
          21: (47045, 196, 578, 1063080, 361)}


def traces(folder):
    """Each day in a mall of its own, and asked for in a mall of all three."""
    whole = os.path.join(folder, "omicho.mall")
    run("init", whole, "--timezone", "Asia/Tokyo")
    for day, facts in OMICHO.items():
        mall = os.path.join(folder, f"omicho{day}.mall")
        run("init", mall, "--timezone", "Asia/Tokyo")
        for target in (mall, whole):
            result = run("-m", target, "import", "sightings",
                         os.path.join(data, f"venue_traces/omicho_202410{day}.csv"),
                         "--map", os.path.join(top, "fixtures/maps/omicho.ini"))
            same(f"omicho {day}: {result.stderr}", result.returncode, 0)
        for target, period in ((mall, ()), (whole, ("--from", f"2024-10-{day}", "--to",
                                                    f"2024-10-{day + 1}"))):
            v = ask(target, "visits", *period)
            same(f"omicho {day} {period}",
                 (v["detections"], v["devices"], v["visits"], v["dwell_total_s"],
                  v["under_10_min"]), facts)
            same(f"omicho {day} {period} loop", ask(target, "loop", *period)["perceive"]["visits"],
                 facts[2])

    mall = os.path.join(folder, "probes.mall")
    run("init", mall, "--timezone", "Europe/Prague")
    run("-m", mall, "import", "sightings",
        os.path.join(data, "probe_requests/sc6-61_2022-10-18.csv"),
        "--map", os.path.join(top, "fixtures/maps/probe-requests.ini"))
    v = ask(mall, "visits")
    same("probe requests", (v["detections"], v["devices"], v["random_devices"]),
         (12613, 2309, 2204))


folder = tempfile.mkdtemp()
try:
    by_hand(folder)
    if os.path.isdir(data):
        traces(folder)
    else:
        skip(f"real traces: they are not in {data}")
finally:
    shutil.rmtree(folder)
finish()
