"""atrium funnel through the command line: each option on a mall small enough to count by hand."""
import csv
import io
import json
import os
import sqlite3
import subprocess
import tempfile

from checks import finish, same

ATRIUM = os.environ["ATRIUM"]

EVENTS = """time,subject,kind,tenant,channel,amount,campaign,ref
2026-03-01 10:00:00,A,app_open,,app,,,
2026-03-01 10:30:00,A,purchase,T1,pos,100.00,,r1
2026-03-01 11:00:00,A,app_open,,app,,,
2026-03-03 12:00:00,A,purchase,T2,pos,50.00,,r2
2026-03-01 10:00:00,B,app_open,T1,app,,,
2026-03-02 09:00:00,B,refund,T1,pos,5.00,,x1
2026-03-02 10:00:00,B,purchase,T2,pos,30.00,,r3
2026-03-20 10:00:00,C,app_open,T2,app,,,
2026-03-20 10:00:30,C,purchase,T2,pos,20.00,,r4
2026-03-05 10:00:00,D,coupon_issue,,app,,SPRING,K1
2026-03-06 10:00:00,D,coupon_redeem,T1,pos,,SPRING,K1
2026-03-05 10:00:00,E,coupon_issue,,app,,SPRING,K2
2026-03-06 10:00:00,E,coupon_redeem,T1,pos,,SPRING,K3
"""
MEMBERS = """member,name,gender,birth,tier,label:coffee
A,Ann,f,1990-05-01,gold,yes
B,Ben,m,1960-05-01,basic,yes
C,Cid,m,2001-05-01,basic,
D,Dan,f,,gold,
E,Eve,f,,basic,
"""
BASE = ["--step", "app_open", "--step", "purchase", "--window", "7d"]


def run(*words):
    return subprocess.run([ATRIUM, "-m", mall, *words], capture_output=True, text=True)


def ask(*words):
    done = run("funnel", *words, "--json")
    if done.returncode:
        same(" ".join(words), done.stderr, "")
        return {}
    return json.loads(done.stdout)


def counts(document):
    return [step["count"] for step in document.get("steps", [])]


def groups(document, by):
    return {g[by]: counts(g) for g in document.get("groups", [])}


def refused(what, words, status, *texts):
    done = run("funnel", *words)
    same(what + " status", done.returncode, status)
    for text in texts:
        same(f"{what} says {text}: {done.stderr}", text in done.stderr, True)


def people_and_groups():
    same("plain", counts(ask(*BASE)), [3, 3])
    same("within", counts(ask(*BASE, "--segment", "coffee")), [2, 2])
    same("an expression", counts(ask(*BASE, "--segment", "tier>=gold or gender=f")), [1, 1])
    same("a saved segment", run("segment", "save", "men", "gender=m").returncode, 0)
    same("by its name", counts(ask(*BASE, "--segment", "men")), [2, 2])
    same("by segment", groups(ask(*BASE, "--by", "segment"), "segment"),
         {"men": [2, 2], "": [1, 1]})
    same("segment is said", ask(*BASE, "--segment", "coffee").get("segment"), "coffee")
    refused("unknown segment", [*BASE, "--segment", "tea"], 2, "tea")
    same("by label", groups(ask(*BASE, "--by", "label"), "label"), {"coffee": [2, 2], "": [1, 1]})
    same("by gender", groups(ask(*BASE, "--by", "gender"), "gender"), {"f": [1, 1], "m": [2, 2]})
    same("by age", groups(ask(*BASE, "--by", "age"), "age"),
         {"18-24": [1, 1], "35-44": [1, 1], "65+": [1, 1]})
    same("by campaign", groups(ask("--step", "coupon_issue", "--step", "coupon_redeem", "--window",
                                   "7d", "--by", "campaign"), "campaign"), {"SPRING": [2, 2]})
    refused("by nothing known", [*BASE, "--by", "weather"], 2, "--by", "gender", "label")


def held():
    same("same shop", counts(ask(*BASE, "--hold", "shop")), [2, 1])
    same("held is said", ask(*BASE, "--hold", "shop").get("hold"), "shop")
    same("same channel", counts(ask(*BASE, "--hold", "channel")), [3, 0])
    coupon = ["--step", "coupon_issue", "--step", "coupon_redeem", "--window", "7d"]
    same("same coupon", counts(ask(*coupon, "--hold", "coupon")), [2, 1])
    same("same campaign", counts(ask(*coupon, "--hold", "campaign")), [2, 2])
    refused("held weather", [*BASE, "--hold", "weather"], 2, "--hold", "coupon")


def measured():
    same("totals", counts(ask(*BASE, "--measure", "totals")), [4, 4])
    amount = ask(*BASE, "--measure", "amount")
    same("amounts", [s.get("amount") for s in amount.get("steps", [])], [0.0, 200.0])
    same("mixpanel", counts(ask(*BASE, "--measure", "totals", "--dialect", "mixpanel")), [4, 4])
    same("people of totals", sorted(p["subject"] for p in
                                    ask(*BASE, "--measure", "totals", "--list", "2")["people"]),
         ["A", "B", "C"])


def timed():
    times = ask(*BASE, "--times").get("times", {})
    whole = times.get("whole", {})
    same("times", [whole.get(k) for k in ("n", "least_s", "median_s", "most_s")],
         [3, 30.0, 1800.0, 86400.0])
    same("buckets", {b["to_s"]: b["count"] for b in whole.get("buckets", []) if b["count"]},
         {60: 1, 3600: 1, 259200: 1})
    same("a step", times["steps"][0]["step"], 2)
    rows = list(csv.reader(io.StringIO(run("funnel", *BASE, "--times", "--csv").stdout)))
    same("times as CSV", (len(rows), sum(int(r[-1]) for r in rows[1:])), (14, 3))


def compared():
    march = ["--from", "2026-03-01", "--to", "2026-03-15"]
    both = ask(*BASE, *march, "--compare", "2026-03-15..2026-03-28").get("compare", {})
    same("other period", counts(both), [1, 1])
    same("few", both["changes"][0]["whole"]["few"], True)
    rest = ask(*BASE, "--segment", "coffee", "--compare", "rest").get("compare", {})
    same("the rest", counts(rest), [1, 1])
    other = ask(*BASE, "--compare", "segment:coffee").get("compare", {})
    same("a segment beside all", counts(other), [2, 2])
    before = ask(*BASE, "--from", "2026-03-15", "--to", "2026-03-29", "--compare", "previous")
    same("previous", (counts(before), counts(before.get("compare", {}))), ([1, 1], [2, 2]))
    refused("rest of whom", [*BASE, "--compare", "rest"], 2, "--segment")
    refused("compare", [*BASE, "--compare", "weather"], 2, "previous")


def why():
    words = ["--step", "app_open", "--step", "purchase and amount>40", "--step", "review",
             "--window", "1d"]
    document = ask(*words, "--why", "A")
    same("why level", (document.get("level"), document.get("missing")), (2, 3))
    same("why until", document.get("until"), "2026-03-02T10:00:00+08:00")
    same("reasons", [e["reason"] for e in document.get("events", [])],
         ["counts", "counts", "other-chain", "outside-window"])
    same("dialect is said", document.get("dialect"), "clickhouse")
    excluded = ask(*BASE, "--dialect", "posthog", "--exclude", "refund:0-1", "--why", "B")
    same("excluded", (excluded.get("excluded"), [e["reason"] for e in excluded["events"]]),
         (True, ["counts", "excludes", "counts"]))
    same("as a table", "outside the window" in run("funnel", *words, "--why", "A").stdout, True)
    refused("nobody", [*BASE, "--why", "Z"], 3, "Z")


def saved():
    same("save", run("funnel", *BASE, "--hold", "shop", "--save", "mine").returncode, 0)
    listed = {f["name"]: f["definition"] for f in json.loads(run("funnel", "list", "--json").stdout)
              ["funnels"]}
    same("listed", listed.get("mine"), "7d: app_open -> purchase ; mode=none ; hold=shop")
    same("built in", {"loop", "wheel"} <= set(listed), True)
    same("asked again", counts(ask("--saved", "mine")), [2, 1])
    same("changed when asked", counts(ask("--saved", "mine", "--measure", "totals", "--dialect",
                                          "mixpanel")), [2, 1])
    same("save over", run("funnel", *BASE, "--save", "mine").returncode, 0)
    same("asked anew", counts(ask("--saved", "mine")), [3, 3])
    refused("built in stays", [*BASE, "--save", "wheel"], 2, "wheel")
    refused("delete built in", ["delete", "wheel"], 2, "wheel")
    same("delete", run("funnel", "delete", "mine").returncode, 0)
    refused("gone", ["--saved", "mine"], 2, "mine", "wheel")
    refused("show gone", ["show", "mine"], 3, "mine")
    refused("wrong word", ["--step", "purchase and amonut>3", "--window", "1d"], 2,
            "1:14: found 'amonut'", "did you mean amount?")


def rules():
    document = ask(*BASE, "--mode", "strict_order,strict_once")
    same("modes", document.get("modes"), ["strict_order", "strict_once"])
    for dialect in ("clickhouse", "posthog", "mixpanel"):
        done = run("funnel", *BASE, "--dialect", dialect, "--hold", "shop")
        same(f"{dialect} is printed", done.stdout.startswith(dialect), True)


def roles():
    same("analyst", run("principal", "add", "ada", "analyst").returncode, 0)
    same("technician", run("principal", "add", "tom", "technician").returncode, 0)
    found = json.loads(run("--as", "ada", "funnel", *BASE, "--why", "A", "--json").stdout or "{}")
    same("an analyst names nobody by card", found, {})
    few = run("--as", "ada", "funnel", *BASE, "--list", "2", "--json")
    same("a few people are not listed for an analyst", few.returncode, 4)
    file = sqlite3.connect(mall)
    file.execute("update setting set value = '0' where name = 'small_group'")
    file.commit()
    file.close()
    listed = json.loads(run("--as", "ada", "funnel", *BASE, "--list", "2", "--json").stdout)
    names = [p["subject"] for p in listed["people"]]
    same("pseudonyms", all(name.startswith("P-") for name in names), True)
    told = json.loads(run("--as", "ada", "funnel", *BASE, "--why", names[0], "--json").stdout)
    same("a pseudonym is told", told.get("subject"), names[0])
    same("a technician asks nothing", run("--as", "tom", "funnel", *BASE).returncode, 4)


with tempfile.TemporaryDirectory() as folder:
    mall = os.path.join(folder, "x.mall")
    subprocess.run([ATRIUM, "init", mall, "--timezone", "Asia/Shanghai"], check=True,
                   capture_output=True)
    for kind, text in (("members", MEMBERS), ("events", EVENTS)):
        path = os.path.join(folder, kind + ".csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = run("import", kind, path)
        same("import " + kind + done.stderr, done.returncode, 0)
    for part in (people_and_groups, held, measured, timed, compared, why, saved, rules, roles):
        part()
finish()
