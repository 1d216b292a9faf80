#!/usr/bin/env python3
"""atrium member, tenant and sql: a small mall imported from CSV, answers worked out by hand."""
import csv
import io
import json
import os
import subprocess
import tempfile

from checks import check, finish

ATRIUM = os.environ["ATRIUM"]

MEMBERS = """member,name,phone,gender,tier,joined,channel
C0000001,王小明,13812341234,m,gold,2024-10-17 10:00:00,pos
C0000002,Anna Wang,13900005678,f,silver,2024-10-17 10:40:00,app
"""
TENANTS = """tenant,name,category,smart_pos
T1,Muji,home,1
T2,Uniqlo,fashion,0
"""
EVENTS = """time,subject,kind,tenant,channel,amount,ref
2023-10-17 12:00:00,C0000001,purchase,T1,pos,80.00,r0
2024-10-17 11:00:00,C0000001,purchase,T1,pos,100.00,r1
2024-10-17 11:20:00,C0000001,purchase,T2,till,50.00,r2
2024-10-18 12:00:00,C0000001,purchase,T1,pos,20.00,r3
2024-10-18 12:10:00,C0000001,refund,T1,pos,5.00,r4
2024-10-18 20:00:00,C0000002,purchase,T2,till,70.00,r5
"""


def run(mall, *words, stdin=None):
    return subprocess.run([ATRIUM, "-m", mall, *words], capture_output=True, text=True, input=stdin)


def answer(mall, *words):
    done = run(mall, *words, "--json")
    check(f"{words} exit", done.returncode == 0, done.stderr)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def main(folder):
    mall = os.path.join(folder, "a.mall")
    check("init", subprocess.run([ATRIUM, "init", mall], capture_output=True).returncode == 0)
    for kind, text in (("tenants", TENANTS), ("members", MEMBERS), ("events", EVENTS)):
        done = run(mall, "import", kind, "-", stdin=text)
        check(f"import {kind}", done.returncode == 0, done.stderr)

    found = answer(mall, "member", "find", "小明")["members"]
    check("find by name", [m["card"] for m in found] == ["C0000001"], found)
    found = answer(mall, "member", "find", "5678")["members"]
    check("find by phone", [m["name"] for m in found] == ["Anna Wang"], found)
    check("find nobody", answer(mall, "member", "find", "zzz")["members"] == [])
    check("find --limit", run(mall, "member", "find", "C000", "--limit", "1").stdout.count("C000") == 1)

    page = answer(mall, "member", "show", "C0000001")
    check("spent", page["numbers"]["spent"] == 245.0, page["numbers"])
    check("purchases", page["numbers"]["purchases"] == 4)
    check("shops", [(s["tenant"], s["spent"]) for s in page["shops"]] == [("T1", 195.0), ("T2", 50.0)],
          page["shops"])
    check("events are newest first", page["events"][0]["kind"] == "refund", page["events"][0])
    check("events --from --to", [e["ref"] for e in answer(
        mall, "member", "show", "C0000001", "--from", "2024-10-17 11:00", "--to",
        "2024-10-17 11:20")["events"] if e["kind"] == "purchase"] == ["r1"])
    check("unknown member", run(mall, "member", "show", "X9").returncode == 3)
    check("wrong verb", run(mall, "member", "eat", "X9").returncode == 2)
    check("unknown principal", run(mall, "--as", "bob", "member", "find", "x").returncode == 4)

    shops = answer(mall, "tenant", "list", "--from", "2024-10-17 04:00", "--to", "2024-10-19 04:00")
    muji = next(t for t in shops["tenants"] if t["tenant"] == "T1")
    check("sales", muji["sales"] == 115.0 and muji["receipts"] == 2, muji)
    check("on the year", abs(muji["on_year"] - (115 / 80 - 1)) < 1e-9, muji)
    check("left out", shops["totals"]["left_out"] == 1, shops["totals"])
    card = answer(mall, "tenant", "show", "Muji", "--from", "2024-10-17 04:00", "--to",
                  "2024-10-19 04:00")
    check("days", [d["sales"] for d in card["by_day"]] == [100.0, 15.0], card["by_day"])
    check("neighbours", [(n["tenant"], n["confidence"]) for n in card["neighbours"]] == [("T2", 1.0)],
          card["neighbours"])
    done = run(mall, "tenant", "show", "Mujj")
    check("near shop", done.returncode == 3 and "Muji" in done.stderr, done.stderr)

    query = "select name, phone from v_member order by card"
    done = run(mall, "sql", query, "--csv")
    check("sql csv", list(csv.reader(io.StringIO(done.stdout))) == [
        ["name", "phone"], ["王小明", "13812341234"], ["Anna Wang", "13900005678"]], done.stdout)
    rows = answer(mall, "sql", "select kind, count(*) n, sum(amount) a from v_event group by 1")["rows"]
    sums = {r["kind"]: (r["n"], r["a"]) for r in rows}
    check("sql events", sums.get("purchase") == (5, 32000) and sums.get("refund") == (1, 500), sums)
    check("sql stdin", run(mall, "sql", "-", "--csv", stdin="select 1 as x").stdout == "x\n1\n")
    check("sql refuses tables", run(mall, "sql", "select * from member").returncode == 2)
    check("sql refuses changes", run(mall, "sql", "delete from v_member").returncode in (2, 4))
    done = run(mall, "sql", "select nmae from v_member")
    check("sql points", done.returncode == 2 and "column 8" in done.stderr, done.stderr)
    check("sql time limit", run(mall, "sql", "with recursive n(i) as (select 1 union all select i + 1"
          " from n) select count(*) from n", "--csv", "--seconds", "1").returncode == 130)


with tempfile.TemporaryDirectory() as place:
    main(place)
finish()
