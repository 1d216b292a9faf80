#!/usr/bin/env python3
"""The commands segment and label: the people language from the outside, saved segments, labels that
follow imports."""
import json
import os
import subprocess
import tempfile

from checks import finish, same

ATRIUM = os.environ["ATRIUM"]


def run(*arguments, mall, stdin=None, status=0):
    command = [ATRIUM, "-m", mall, *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True)
    same("exit status of " + " ".join(arguments), done.returncode, status)
    return done


def ask(*arguments, mall):
    done = run(*arguments, "--json", mall=mall)
    return json.loads(done.stdout) if done.stdout else {}


def count(mall, text):
    return ask("segment", "count", text, mall=mall).get("count")


MEMBERS = """member,name,gender,birth,tier,joined,consent_sms,phone,attr:ssid,label:vip
M1,Ann,f,1990-05-01,gold,2026-01-10,1,13800000001,home-wifi,1
M2,Bob,m,1980-02-03,basic,2026-02-01,0,13800000002,,0
M3,Cy,f,,black,2026-03-01,1,,Starcafe,1
M4,Di,,2001-12-31,,,0,,,0
"""
EVENTS = """time,subject,kind,tenant,amount,ref
2026-05-01 12:00:00,M1,purchase,T1,300,r1
2026-05-20 12:00:00,M1,refund,T1,50,r2
2026-05-29 12:00:00,M2,purchase,T2,120.5,r3
2026-05-30 12:00:00,M2,visit,,,
2026-05-30 12:10:00,M2,visit,,,
2026-05-31 18:00:00,M3,coupon_redeem,T1,20,r4
2026-05-31 19:00:00,V9,visit,,,
"""
RECEIPTS = """receipt,time,tenant,amount,member,item,brand,category
q1,2026-05-31 13:00:00,T2,30,M4,Latte,Starcafe,coffee
"""
TENANTS = """tenant,name,category,brand
T1,Nike,sports,Nike
T2,Cafe,coffee,
"""


def make(folder):
    mall = os.path.join(folder, "m.mall")
    run("init", mall, "--timezone", "Asia/Shanghai", mall=mall)
    for kind, text in (("tenants", TENANTS), ("members", MEMBERS), ("events", EVENTS),
                       ("receipts", RECEIPTS)):
        run("import", kind, "-", mall=mall, stdin=text)
    return mall


def language(mall):
    for text, expected in (
            ("member", 4), ("anyone", 5), ("anyone and not member", 1),
            ("gender=f", 2), ("not gender=f", 2), ("gender!=f", 1), ('gender=""', 1),
            ("tier>=gold", 2), ("tier<gold", 1), ("tier in (gold, basic)", 2), ('tier=""', 1),
            ("age>=36", 2), ("birth<1990", 1), ("joined>=2026-02", 2), ("reachable", 1),
            ("label:vip", 2), ("attr:ssid", 2), ('ssid~"star"', 1),
            ("spent(ever)>=250", 1), ("spent(2026-05)=250", 1), ("spent(ever)<1", 1),
            ("bought(90d)", 3), ("bought(90d, category=coffee)>=1", 2),
            ("visited(2d)", 3), ("visits(3d)>=1", 3), ("dwell(30d)>=10m", 1),
            ('did(90d, "kind=coupon_redeem and tenant=T1")>=1', 1),
            ("did(90d, kind=coupon_redeem and tenant=T2)>=1", 0),
            ("last(purchase)<5d", 2), ("last(purchase)>=5d", 1), ("first(purchase)>=2026-05-29", 2),
            ("not last(purchase)<5d", 2), ("days(ever)=1", 3), ("shops(ever)>=1", 3),
            ('brand~"star|nike"', 2), ('item~"latte"', 1), ("goods=coffee", 1),
            ('name~"^A"', 1), ("card in (M1, M4)", 2),
            ("label:vip and (tier=gold or visited(1d)) and not spent(7d)>0", 2)):
        same(text, count(mall, text), expected)
        listed = ask("segment", "list", text, "--limit", "0", mall=mall)
        same("listed: " + text, len(listed.get("list", [])), expected)


def refusals(mall):
    for text, message in (
            ("spnt(90d)>3", "1:1: found 'spnt'"), ("tier>=godl", "did you mean gold?"),
            ("label:vpi", "did you mean 'vip'?"), ("member and", "1:11: found the end"),
            ("did(90d, kind=purchase and tenent=T1)", "1:28: found 'tenent'")):
        done = run("segment", "count", text, mall=mall, status=2)
        same("message of " + text, message in done.stderr, True)
    done = run("segment", "count", "bought(ever, tenant=T9)", mall=mall)
    same("a note", "this mall has no shop 'T9'" in done.stderr, True)
    run("--as", "nobody-known", "segment", "count", "member", mall=mall, status=4)


def segments(mall):
    run("segment", "save", "good ones", "tier>=gold", "--freeze", mall=mall)
    run("segment", "save", "alive", "tier>=gold and visited(30d)", mall=mall)
    same("two saved", len(ask("segment", "list", mall=mall)["segments"]), 2)
    same("in another", count(mall, 'segment:"good ones" and not segment:alive'), 0)
    same("shown", ask("segment", "show", "good ones", mall=mall)["count"], 2)
    done = run("segment", "save", "alive", "not segment:alive", mall=mall, status=2)
    same("no circle", "not built from itself" in done.stderr, True)
    apart = ask("segment", "compare", "gender=f", "tier>=gold", mall=mall)
    same("the same people", (apart["a"], apart["both"], apart["jaccard"]), (2, 2, 1.0))
    apart = ask("segment", "compare", "label:vip", "gender=m", mall=mall)
    same("apart", apart["apart"][0]["difference"] in (1.0, -1.0), True)
    run("segment", "drop", "alive", mall=mall)
    same("one left", len(ask("segment", "list", mall=mall)["segments"]), 1)


def labels(mall):
    same("saved", ask("label", "save", "buyers", "bought(ever)", mall=mall)["count"], 3)
    ask("label", "save", "quiet", "not label:buyers", mall=mall)
    preview = ask("label", "preview", "gender=f", "--name", "quiet", mall=mall)
    same("preview", (preview["count"], preview["joining"], preview["leaving"]), (2, 1, 0))
    same("overlap", {row["label"]: row["both"] for row in preview["overlap"]},
         {"buyers": 1, "vip": 2})
    done = run("label", "save", "buyers", "label:quiet", mall=mall, status=2)
    same("by name", "label:buyers is built from label:quiet" in done.stderr, True)
    run("label", "drop", "buyers", mall=mall, status=5)
    run("import", "events", "-", mall=mall,
        stdin="time,subject,kind,tenant,amount,ref\n2026-06-01 10:00:00,M3,purchase,T1,10,r9\n")
    same("followed the import", count(mall, "label:buyers"), 4)
    same("and its label", count(mall, "label:quiet"), 0)
    again = ask("label", "run", mall=mall)
    same("nothing to do", (again["labels"], again["run"], again["blocks"]), (2, 0, 0))
    same("not stale", {row["stale"] for row in ask("label", "list", mall=mall)["labels"]}, {"no"})
    ask("label", "save", "by hand", mall=mall)
    same("added", ask("label", "add", "by hand", "M1", "M2", mall=mall)["count"], 2)
    same("removed", ask("label", "remove", "by hand", "M2", mall=mall)["count"], 1)
    run("label", "add", "buyers", "M1", mall=mall, status=5)
    shown = ask("label", "show", "by hand", mall=mall)
    same("history", [row["removed"] for row in shown["history"]], [1, 0, 0])
    same("of a member", "buyers" in run("member", "show", "M1", mall=mall).stdout, True)
    rows = ask("sql", "select l.name, m.person from v_label_member m join v_label l using (label)",
               mall=mall)
    same("SQL sees rules", sorted({row["name"] for row in rows["rows"]}),
         ["buyers", "by hand", "vip"])
    same("verify", ask("verify", mall=mall)["bad"], 0)


os.environ["ATRIUM_NOW"] = "1780300000"  # 2026-06-01 15:46 in Shanghai
with tempfile.TemporaryDirectory() as work:
    place = make(work)
    language(place)
    refusals(place)
    segments(place)
    labels(place)
finish()
