"""Questions of analysts, to atrium and to DuckDB: the same events, the same answers, the times of both.

Part of bench.py; alone it asks files that are already there:
questions.py ATRIUM MALL DATABASE PACKAGES [ROUNDS [QUESTION…]], or, once for the segment, a CSV of
members (exported by atrium) in place of ROUNDS, which puts them into both files. doc/measured.md says what each is.
"""

import csv
import json
import math
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))

# What takes some hundredths of a second is asked more often: the median of three is a matter of luck.
OFTEN = {"segment": 7}

# How many times as fast as DuckDB the project wants to be.
FACTORS = {"funnel": 10, "funnel_by_shop": 10, "segment": 50, "labels": 5}


def funnel_rows(answer):
    """A funnel's answer by shop, as questions.sql gives it."""
    whole = [{"shop": "", "steps": answer["steps"]}]
    return sorted(
        (group["shop"], *(step["count"] for step in group["steps"]),
         *(step["mean_s"] for step in group["steps"][1:]),
         *(step["median_s"] for step in group["steps"][1:]))
        for group in answer.get("groups") or whole)


def sql_rows(rows):
    return sorted(tuple(row.values()) for row in rows)


SEGMENT = "label:coffee and tier>=gold and spent(90d)>=300 and not visited(30d)"
COFFEE = "did(ever, purchase and tenant in (T001, T002, T003, T004, T005, T006, T007, T008, T009, T010))"



def label_rules():
    """50 labels, the segment's among them; questions.sql has the same."""
    rules = {"coffee": COFFEE}
    for i in range(1, 11):
        rules[f"spent{i}"] = f"spent(90d)>={100 * i}"
        rules[f"gone{i}"] = f"spent(30d)>={50 * i} and not visited(7d)"
        rules[f"open{i}"] = f"did(30d, app_open)>={i}"
        rules[f"good{i}"] = f"tier>=gold and did(365d, purchase)>={i}"
    for i in range(11, 20):
        rules[f"shopT0{i}"] = f"did(ever, purchase and tenant=T0{i})"
    return rules


def label_rows(answer):
    return sorted((label["name"], label["people"]) for label in answer["labels"] if label["people"])


# What atrium is asked, how its answer is read, and where that is not the answer itself, what gives
# it afterwards.
ASKED = {
    "labels": (("label", "run", "--all"), label_rows, ("label", "list")),
    "funnel": (("funnel", "--saved", "wheel"), funnel_rows),
    "segment": (("segment", "count", SEGMENT), lambda answer: [(answer["count"],)]),
    "funnel_by_shop": (("funnel", "--saved", "wheel", "--by", "shop"), funnel_rows),
}


def same(a, b):
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-9)
    return a == b


def check(question, ours, theirs):
    """Stops where the answers differ: the comparison would mean nothing."""
    if len(ours) != len(theirs):
        sys.exit(f"bench: {question}: atrium has {len(ours)} rows, DuckDB {len(theirs)}")
    for row, other in zip(ours, theirs):
        if len(row) != len(other) or not all(map(same, row, other)):
            sys.exit(f"bench: {question}: atrium has {row}, DuckDB {other}")


def prepare(atrium, mall, database, packages, members):
    """Members with their tiers and the labels, in both files. `members` is a CSV with
    the columns member and tier."""
    rules = members + ".labels"
    with open(rules, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("label", "rule"))
        out.writerows(label_rules().items())
    for words in (("import", "members", members), ("import", "labels", rules),
                  ("label", "run", "--all")):
        subprocess.run((atrium, "-m", mall, *words), stdout=subprocess.DEVNULL, check=True)
    subprocess.run(("node", os.path.join(HERE, "questions.mjs"), packages, database,
                    os.path.join(HERE, "questions.sql"), members), check=True)
    os.remove(rules)


def members_write(exported, path):
    """Of the members as exported only what the questions need."""
    with open(exported, newline="") as source, open(path, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("member", "tier"))
        out.writerows((row["member"], row["tier"]) for row in csv.DictReader(source))


def ask_atrium(atrium, mall, words):
    """Seconds, processor seconds and the answer."""
    began = time.monotonic()
    process = subprocess.Popen((atrium, "-m", mall, *words, "--json"), stdout=subprocess.PIPE)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench: atrium {' '.join(words)}: exit status {process.returncode}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, json.loads(out)


class DuckDB:
    """A process that has the database open, and waits while atrium is asked."""

    def __init__(self, packages, database):
        self.process = subprocess.Popen(
            ("node", os.path.join(HERE, "questions.mjs"), packages, database,
             os.path.join(HERE, "questions.sql")),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"bench: {question}: no answer from DuckDB")
        answer = json.loads(line)
        return answer["seconds"], answer["cpu"], sql_rows(answer["rows"])

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def measure(atrium, mall, database, packages, rounds, wanted=()):
    """Rows for the table: figure, unit, atrium, DuckDB. In turns."""
    rows = []
    duckdb = DuckDB(packages, database)
    for question in wanted or ASKED:
        words, read, *after = ASKED[question]
        ours, theirs = [], []
        for _ in range(rounds):
            theirs.append(duckdb.ask(question))
            ours += [ask_atrium(atrium, mall, words) for _ in range(OFTEN.get(question, 1))]
            answer = ask_atrium(atrium, mall, after[0])[2] if after else ours[-1][2]
            check(question, read(answer), theirs[-1][2])
        for at, figure in enumerate((f"{question}_s", f"{question}_cpu_s")):
            rows.append((figure, "s", *(statistics.median(one[at] for one in all_)
                                        for all_ in (ours, theirs))))
    duckdb.end()
    return rows


def aim_text(figure, ours, theirs):
    """What the project wants of a figure, and whether it is met; "" for others."""
    factor = FACTORS.get(figure.removesuffix("_s")) if figure.endswith("_s") else None
    if factor is None or not ours:
        return ""
    times = theirs / ours
    return f"{factor} times as fast: {times:.1f}, {'met' if times >= factor else 'missed'}"


def main():
    atrium, mall, database, packages, *rest = sys.argv[1:]
    if rest and not rest[0].isdigit():
        members = database + ".members.csv"
        members_write(rest[0], members)
        prepare(atrium, mall, database, os.path.abspath(packages), members)
        os.remove(members)
        return
    rounds = int(rest[0]) if rest else 3
    for figure, unit, ours, theirs in measure(atrium, mall, database, os.path.abspath(packages),
                                              rounds, rest[1:]):
        print(f"{figure:24} {ours:12.3f} {theirs:12.3f} {unit}  {aim_text(figure, ours, theirs)}")


if __name__ == "__main__":
    main()
