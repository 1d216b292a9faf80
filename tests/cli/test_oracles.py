"""The published answers of ../shared/oracles, through the command line."""
import json
import os
import subprocess
import sys
import tempfile

from checks import check, finish, same, skip, tell

ATRIUM = os.environ["ATRIUM"]
HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.path.normpath(os.path.join(HERE, "..", "..", "..", "shared"))
ORACLES = os.path.join(SHARED, "oracles")
CASES = ["funnel", "retention", "lifecycle"]


def count(what):
    """Takes over what run.py says: its differences and its last line."""
    path = os.path.join(ORACLES, what + ".json")
    done = subprocess.run([sys.executable, os.path.join(ORACLES, "run.py"), what, path],
                          capture_output=True, text=True)
    lines = done.stdout.splitlines() or [""]
    words = lines[-1].split()
    if len(words) != 4 or words[1] != "passed,":
        check(what, False, done.stdout + done.stderr)
        return
    tell(int(words[0]), int(words[2]))
    for line in lines[:-1]:
        print(f"{what}: {line}")


def rfm():
    data = os.path.join(SHARED, "data", "cdnow", "CDNOW_master.txt")
    if not os.path.isfile(data):
        print(f"CDNOW is not at {data}: RFM not compared")
        return
    with open(os.path.join(ORACLES, "statistics.json"), encoding="utf-8") as file:
        want = json.load(file)["rfm_cdnow"]
    with tempfile.TemporaryDirectory() as folder:
        mall = os.path.join(folder, "cdnow.mall")
        for words in (["init", mall, "--timezone", "UTC"],
                      ["-m", mall, "import", "events", data, "--map", "cdnow"]):
            done = subprocess.run([ATRIUM, *words], capture_output=True, text=True)
            same(words[0], done.returncode, 0)
        done = subprocess.run([ATRIUM, "-m", mall, "rfm", "--at", "1998-06-30", "--json"],
                              capture_output=True, text=True)
        found = json.loads(done.stdout or "{}")
    cuts = found.get("cuts", {})
    for part in ("recency", "frequency", "monetary"):
        same(part + " cuts", [round(x, 6) for x in cuts.get(part, [])], want["cuts"][part])
        same(part + " scores", found.get("scores", {}).get(part), want[part + "_scores"])
    cells = found.get("cells", {})
    same("cells", len(cells), want["cells"])
    same("cell 555", cells.get("555"), want["cell_555"])
    same("cell 111", cells.get("111"), want["cell_111"])


def atrium(*words):
    """The JSON that a command prints."""
    done = subprocess.run([ATRIUM, *words, "--json"], capture_output=True, text=True)
    same(" ".join(words[:2]) + " " + done.stderr, done.returncode, 0)
    return json.loads(done.stdout or "{}")


def near(what, found, expected):
    """Equal in as many decimals as are published."""
    digits = len(repr(expected).partition(".")[2]) if isinstance(expected, float) else 0
    same(what, found is not None and round(found, digits), expected)


def proportions(published):
    for case in published["two_proportions"]:
        (row,) = atrium("calc", "compare", "/".join(map(str, case["a"])),
                        "/".join(map(str, case["b"])))["newcombe_95"]
        near(case["source"] + " low", row["low"], case["newcombe_95"][0])
        near(case["source"] + " high", row["high"], case["newcombe_95"][1])
        for name in ("z", "p"):
            if name in case:
                near(case["source"] + " " + name, row[name], case[name])
    for case in published["wilson_95"]:
        (row,) = atrium("calc", "interval", f"{case['k']}/{case['n']}")["wilson_95"]
        near("Wilson low", row["low"], float(case["interval"][0]))
        near("Wilson high", row["high"], case["interval"][1])


def expected_value(published):
    case = published["bg_nbd_formula"]
    parameters = ",".join(str(case["at"][name]) for name in ("r", "alpha", "a", "b"))
    times = case["expected_purchases"]["t"]
    rows = atrium("value", "--parameters", parameters, "--times",
                  ",".join(map(str, times)))["expected"]
    for row, value in zip(rows, case["expected_purchases"]["value"]):
        near(f"purchases within {row['t']}", row["purchases"], value)
    same("times", len(rows), len(times))
    person = case["customer"]
    (row,) = atrium("value", "--parameters", parameters, "--horizon", "39", "--customer",
                    f"{person['x']},{person['tx']},{person['T']}")["customers"]
    near("alive", row["alive"], person["alive"])
    near("next 39 weeks", row["expected"], person["next_39_weeks"])


def points(published):
    day = published["points_day"]
    (row,) = atrium("calc", "campaign", "--points", str(day["points"]), "--points-per-yuan",
                    str(day["points_per_yuan"]), "--sales", str(day["driven_sales_yuan"]))["campaign"]
    near("cost", row["cost"], day["cost_yuan"])
    near("leverage", row["leverage"], day["leverage"])
    near("cost share", row["cost_share"], day["cost_share"])
    case = published["points_liability"]
    first, second = case["cumulative_redeemed"]
    at_first, *at_second = case["expected_redeemed"]
    for expected, revenue in zip(at_second, case["revenue"][1:]):
        rows = atrium("calc", "liability", "--allocated", str(case["allocated_to_points"]),
                      "--redeemed", f"{first},{second}", "--expected", f"{at_first},{expected}")
        near("first revenue", rows["dates"][0]["revenue"], case["revenue"][0])
        near("second revenue", rows["dates"][1]["revenue"], revenue)


if not os.path.isdir(ORACLES):
    skip(f"the published answers: they are not in {ORACLES}")
    finish()
for case in CASES:
    count(case)
rfm()
with open(os.path.join(ORACLES, "statistics.json"), encoding="utf-8") as statistics:
    answers = json.load(statistics)
proportions(answers)
expected_value(answers)
points(answers)
finish()
