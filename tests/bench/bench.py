"""Measures atrium beside DuckDB and sqlite3: bench.py BUILD SIZE PACKAGES.

Prints a table and appends it to results.csv beside this file. doc/measured.md says what each figure
is. ATRIUM_BENCH_FOLDER is where the files go (default: the system's temporary folder); about 1 GB
for the small size, 25 GB for the full one. They are removed at the end.
"""

import csv
import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import questions

HERE = os.path.dirname(os.path.abspath(__file__))

# Members of the demo mall, events of the CSV, rounds of imports, starts of the console, keys.
SIZES = {
    "tiny": (5_000, 100_000, 1, 3, 100),
    "small": (200_000, 5_000_000, 3, 11, 2000),
    "full": (5_000_000, 100_000_000, 1, 5, 2000),
}

# What the project wants: at most so much; "duckdb": at least as much as DuckDB.
AIMS = {
    "import_rows_per_s": "duckdb",
    "bytes_per_event": 8,
    "first_frame_ms": 100,
    "first_frame_cold_ms": 100,
    "key_p99_ms": 16,
    "funnel_first_answer_ms": 100,
    "retention_first_answer_ms": 100,
    "segment_first_answer_ms": 100,
    "rss_peak_mb": 300,
    "campaign_plan_ms": 1000,
    "campaign_messages_s": 5,
}
AIMS.update({"fleet_session_cpu_ms": 0.5, "fleet_session_heap_kb": 32, "fleet_dead_live_ms": 1200,
             "fleet_hung_others_ratio": 1.1, "fleet_key_p99_ms": 33})
AIMS.update({f"collect_visible_{n}_max_ms": 2000 for n in (60, 1000)})
AT_LEAST = {"coupon_redeem_per_s": 20000, "fleet_times_faster": 6}
MESSAGES = COUPONS = 100_000

TABLE = """create table event (
    time text, subject text, kind text, tenant text, zone text,
    device text, channel text, amount real, campaign text, ref text);"""


class Run:
    """A finished process: wall and processor seconds, largest memory, what it printed."""

    def __init__(self, *command, text=None):
        began = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if text:
            process.stdin.write(text)
        process.stdin.close()
        self.out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.monotonic() - began
        self.cpu = usage.ru_utime + usage.ru_stime
        self.megabytes = usage.ru_maxrss / 1024
        if process.returncode:
            sys.exit(f"bench: {' '.join(command)}: exit status {process.returncode}")

    def json(self):
        return json.loads(self.out)


class Bench:
    def __init__(self, build, size, packages, folder):
        self.atrium = os.path.join(build, "atrium")
        self.tool = lambda name: os.path.join(build, "tests", "bench", name)
        self.members, self.events, self.rounds, self.starts, self.keys = SIZES[size]
        self.packages = os.path.abspath(packages)
        self.path = lambda name: os.path.join(folder, name)
        self.rows = []  # figure, atrium, duckdb, sqlite3, unit

    def add(self, figure, unit, atrium=None, duckdb=None, sqlite3=None):
        self.rows.append((figure, atrium, duckdb, sqlite3, unit))

    def remove(self, name):
        for suffix in ("", "-wal", "-shm", ".lock", ".tmp", ".wal"):
            if os.path.exists(self.path(name) + suffix):
                os.remove(self.path(name) + suffix)

    # ---- The events ----

    def make(self):
        say("demo mall")
        demo = Run(self.atrium, "-m", self.path("demo.mall"), "demo", "--no-console",
                   "--members", str(self.members))
        self.add("demo_s", "s", demo.seconds)
        status = Run(self.atrium, "-m", self.path("demo.mall"), "status", "--json").json()
        self.add("demo_events", "events", status["events"] + status["receipt_lines"])
        self.add("demo_members", "members", status["members"])
        say("events as CSV")
        written = Run(self.tool("bench_csv"), self.path("demo.mall"), self.path("event.csv"),
                      str(self.events))
        with open(self.path("values.json"), "w") as file:
            file.write(written.out)
        self.held = {key: written.json()[key] for key in ("rows", "hundredths", "people")}
        self.add("csv_events", "events", self.held["rows"])
        self.add("csv_bytes", "bytes", os.path.getsize(self.path("event.csv")))

    # ---- Importing ----

    def import_atrium(self):
        self.remove("import.mall")
        mall = self.path("import.mall")
        Run(self.atrium, "init", mall, "--timezone", "Asia/Shanghai")
        run = Run(self.atrium, "-m", mall, "import", "events", self.path("event.csv"))
        return {"seconds": run.seconds, "cpu": run.cpu, "memory": run.megabytes,
                "bytes": os.path.getsize(mall)}

    def import_duckdb(self):
        self.remove("event.duckdb")
        run = Run("node", os.path.join(HERE, "duckdb.mjs"), self.packages,
                  self.path("event.csv"), self.path("event.duckdb"), self.path("values.json"))
        result = run.json()
        result["memory"] = run.megabytes
        self.same("DuckDB", result)
        return result

    def import_sqlite3(self):
        self.remove("event.db")
        run = Run("sqlite3", self.path("event.db"),
                  text=f"{TABLE}\n.import --csv --skip 1 {self.path('event.csv')} event\n")
        return {"seconds": run.seconds, "cpu": run.cpu, "memory": run.megabytes,
                "bytes": os.path.getsize(self.path("event.db"))}

    def same(self, who, holds):
        """All hold the same events, or the comparison means nothing."""
        for key, expected in self.held.items():
            if holds[key] != expected:
                sys.exit(f"bench: {who} holds {holds[key]} {key}, the file {expected}")

    def check_atrium(self):
        sums = Run(self.atrium, "-m", self.path("import.mall"), "sql", "--json",
                   "select sum(n) as n, sum(case when kind like 'points%' then 100 * a else a end)"
                   " as a from (select kind, count(*) n, sum(amount) a from v_event group by kind)")
        people = Run(self.atrium, "-m", self.path("import.mall"), "sql", "--json",
                     "select count(distinct person) as people from v_event where person > 0")
        row = sums.json()["rows"][0]
        self.same("atrium", {"rows": row["n"], "hundredths": row["a"],
                             "people": people.json()["rows"][0]["people"]})

    def imports(self):
        who = {"atrium": self.import_atrium, "duckdb": self.import_duckdb,
               "sqlite3": self.import_sqlite3}
        results = {name: [] for name in who}
        for turn in range(self.rounds):
            for name, run in who.items():
                say(f"import {turn + 1} of {self.rounds}: {name}")
                results[name].append(run())
            self.remove("event.db")
        self.check_atrium()

        def middle(of):
            return {name: statistics.median(of(result) for result in results[name])
                    for name in who}

        rows = self.held["rows"]
        self.add("import_rows_per_s", "rows/s", **middle(lambda r: rows / r["seconds"]))
        self.add("import_s", "s", **middle(lambda r: r["seconds"]))
        self.add("import_cpu_s", "s", **middle(lambda r: r["cpu"]))
        self.add("import_rss_mb", "MB", **middle(lambda r: r["memory"]))
        self.add("bytes_per_event", "bytes", **middle(lambda r: r["bytes"] / rows))
        self.parts()

    def parts(self):
        """Where the bytes of the imported mall are: events, sums over them, names of people."""
        groups = {"events": ("chunk", "chunk_place"), "refs": ("ref_leaf", "ref_layer"),
                  "people": ("contact", "contact_value")}
        sizes = Run("sqlite3", "-readonly", self.path("import.mall"),
                    "select name, sum(pgsize) from dbstat group by name").out.split()
        sizes = {name: int(size) for name, size in (line.split("|") for line in sizes)}
        total = sum(sizes.values())
        for group, names in groups.items():
            part = sum(sizes.get(name, 0) for name in names)
            total -= part
            self.add(f"bytes_per_event_{group}", "bytes", part / self.held["rows"])
        self.add("bytes_per_event_rest", "bytes", total / self.held["rows"])

    def side_by_side(self):
        """Questions to the two files that were just imported."""
        say("questions side by side")
        Run(self.atrium, "-m", self.path("demo.mall"), "export", "members", self.path("all.csv"))
        questions.members_write(self.path("all.csv"), self.path("members.csv"))
        self.remove("all.csv")
        questions.prepare(self.atrium, self.path("import.mall"), self.path("event.duckdb"),
                          self.packages, self.path("members.csv"))
        for figure, unit, atrium, duckdb in questions.measure(
                self.atrium, self.path("import.mall"), self.path("event.duckdb"), self.packages, 3):
            self.add(figure, unit, atrium, duckdb)
        self.remove("event.duckdb")

    # ---- The console and questions ----

    def console(self):
        say("console")
        figures = Run(self.tool("bench_console"), self.atrium, self.path("demo.mall"),
                      self.path("sessions"), str(self.starts), str(self.keys)).json()
        for name, value in figures.items():
            unit = name.rsplit("_", 1)[-1]
            self.add(name, unit if unit in ("ms", "mb") else "", value)

    def questions(self):
        mall = self.path("demo.mall")
        asked = {
            "loop_30_days_s": ("loop", "--from", "2026-10-02", "--to", "2026-10-31"),
            "loop_year_s": ("loop", "--from", "2025-11-01", "--to", "2026-10-31"),
            "visits_30_days_s": ("visits", "--from", "2026-10-02", "--to", "2026-10-31"),
            "member_find_s": ("member", "find", "王"),
            "member_find_phone_s": ("member", "find", "1384"),
            "tenant_list_s": ("tenant", "list"),
            "verify_s": ("verify",),
        }
        for figure, words in asked.items():
            say(figure)
            runs = [Run(self.atrium, "-m", mall, *words, "--json").seconds
                    for _ in range(1 if figure == "verify_s" else 3)]
            self.add(figure, "s", statistics.median(runs))

    # ---- Campaigns ----

    def lines(self, *command):
        return {line["what"]: line for line in map(json.loads, Run(*command).out.splitlines())}

    def campaigns(self):
        """Audience and plan over the demo's people; messages and coupons in malls of their own."""
        say("campaigns")
        plans = Run(self.tool("bench_campaign"), self.path("demo.mall")).out.splitlines()
        slowest = max((json.loads(line) for line in plans), key=lambda plan: plan["ms"])
        self.add("campaign_plan_ms", "ms", slowest["ms"])
        self.add("campaign_plan_cpu_ms", "ms", slowest["cpu_ms"])
        self.add("campaign_plan_people", "people", slowest["people"])
        sent = self.lines(self.tool("bench_send"), str(MESSAGES))
        self.add("campaign_messages_s", "s", sent["messages"]["seconds"])
        self.add("campaign_messages_cpu_s", "s", sent["messages"]["cpu_seconds"])
        self.add("campaign_coupon_messages_s", "s", sent["messages with coupons"]["seconds"])
        Run(self.atrium, "-m", self.path("coupon.mall"), "demo", "--no-console", "--members", "5000",
            "--days", "200")
        used = self.lines(self.tool("bench_coupon"), self.path("coupon.mall"), str(COUPONS))
        self.add("coupon_redeem_per_s", "", used["redeem, 1,000 a transaction"]["per_second"])
        self.add("coupon_redeem_single_per_s", "", used["redeem, a commit each"]["per_second"])


    # ---- The fleet ----

    def fleet(self):
        """Beside ClusterShell, pdsh and pssh, which have no column: their figures carry their names."""
        say("fleet")
        figures = Run(sys.executable, os.path.join(HERE, "bench_fleet.py"),
                      os.path.dirname(self.atrium), "1000").json()
        for name, value in figures.items():
            unit = name.rsplit("_", 1)[-1]
            self.add(name, unit if unit in ("ms", "s", "kb") else "", value)
        for name, value in Run(sys.executable, os.path.join(HERE, "bench_collect.py"),
                               os.path.dirname(self.atrium)).json().items():
            self.add(name, "ms", value)

    # ---- A hub and its replicas ----

    def sync(self, size):
        """Beside rsync, whose figures carry its name."""
        say("hub and replicas")
        os.environ.update(FIGURES="1", ATRIUM=os.path.abspath(self.atrium))
        for name, (value, unit) in Run(sys.executable, os.path.join(HERE, "bench_sync.py"),
                                       size).json().items():
            self.add(name, unit, value)


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def shown(value):
    if value is None:
        return ""
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def aim_text(figure, atrium, duckdb):
    aim = AIMS.get(figure)
    if figure in AT_LEAST:
        least = AT_LEAST[figure]
        return f"at least {least:,}: " + ("met" if atrium >= least else "missed")
    if aim is None:
        return questions.aim_text(figure, atrium, duckdb) if duckdb is not None else ""
    if aim == "duckdb":
        return "as DuckDB: " + ("met" if atrium >= duckdb else "missed")
    return f"at most {aim}: " + ("met" if atrium <= aim else "missed")


def print_table(rows):
    print(f"{'figure':30} {'atrium':>16} {'DuckDB':>16} {'sqlite3':>16}  {'unit':8} aim")
    for figure, atrium, duckdb, sqlite3, unit in rows:
        print(f"{figure:30} {shown(atrium):>16} {shown(duckdb):>16} {shown(sqlite3):>16}  "
              f"{unit:8} {aim_text(figure, atrium, duckdb)}".rstrip())


def commit_name():
    command = ("git", "-C", HERE, "describe", "--always", "--dirty", "--exclude", "*")
    return subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.strip()


def append_results(rows, size, commit):
    path = os.path.join(HERE, "results.csv")
    new = not os.path.exists(path)
    with open(path, "a", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        if new:
            out.writerow(["date", "commit", "size", "figure", "atrium", "duckdb", "sqlite3", "unit"])
        date = datetime.date.today().isoformat()
        for figure, *values, unit in rows:
            cells = [f"{v:.6g}" if isinstance(v, float) else v for v in values]
            out.writerow([date, commit, size, figure, *cells, unit])


def main():
    build, size, packages = sys.argv[1:]
    if size not in SIZES:
        sys.exit(f"bench: found SIZE={size}, expected one of {', '.join(SIZES)}")
    commit = commit_name()
    folder = tempfile.mkdtemp(prefix="atrium-bench-", dir=os.environ.get("ATRIUM_BENCH_FOLDER"))
    bench = Bench(build, size, packages, folder)
    try:
        bench.make()
        bench.imports()
        bench.side_by_side()
        bench.console()
        bench.questions()
        bench.campaigns()
        bench.fleet()
        bench.sync(size)
    finally:  # what was measured before a part failed is worth having
        shutil.rmtree(folder)
        print_table(bench.rows)
        append_results(bench.rows, size, commit)


if __name__ == "__main__":
    main()
