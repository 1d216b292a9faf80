#!/usr/bin/env python3
"""Links, consents and erasure through the command line: nothing lost by a link taken back, nothing
found of an erased person, by any question, in any byte of the closed file, after any import."""
import json
import os
import subprocess
import tempfile

from checks import check, finish

ATRIUM = os.environ["ATRIUM"]

CARD, PHONE, NAME, MAC = "CARD-7391-XQ", "13971117234", "欧阳不凡", "a4:83:e7:5a:5b:5c"
OTHER, MAIL = "CARD-7392-XQ", "buf@example.org"
MEMBERS = f"""member,name,phone,gender,tier,joined,channel,consent_sms,consent_app,attr:mail
{CARD},{NAME},{PHONE},m,gold,2024-10-17 10:00:00,pos,1,0,{MAIL}
{OTHER},Anna Wang,13900005678,f,silver,2024-10-17 10:40:00,app,1,1,
C3,Bo Li,13900005679,m,silver,2024-10-17 10:40:00,app,0,0,
"""
EVENTS = f"""time,subject,kind,tenant,channel,amount,ref
2024-10-17 10:00:00,{CARD},register,T1,pos,,
2024-10-17 11:00:00,{CARD},purchase,T1,pos,100.00,r1
2024-10-17 11:20:00,{OTHER},purchase,T2,till,50.00,r2
2024-11-18 12:00:00,{OTHER},purchase,T1,pos,20.00,r3
2024-11-18 12:00:00,C3,purchase,T1,pos,30.00,r4
2024-10-17 10:10:00,C3,register,T1,pos,,
"""
RECEIPTS = f"""receipt,time,tenant,amount,member,item
q1,2025-01-02 12:00:00,T1,10.00,{CARD},tea
q2,2025-01-02 12:00:00,T1,12.00,C3,tea
"""
SIGHTINGS = f"""time,device,mac
2025-01-02 12:00:00,P1,{MAC}
2025-01-02 12:00:00,P1,a4:83:e7:5a:5b:5d
"""


def run(mall, *words, stdin=None):
    return subprocess.run([ATRIUM, "-m", mall, *words], capture_output=True, text=True, input=stdin)


def answer(mall, *words, stdin=None, status=0):
    done = run(mall, *words, "--json", stdin=stdin)
    check(f"{words} exit", done.returncode == status, done.stderr)
    return json.loads(done.stdout) if done.stdout else {}


def exports(mall):
    return [run(mall, "export", kind).stdout for kind in ("members", "events", "labels")]


def make(folder, name):
    mall = os.path.join(folder, name)
    subprocess.run([ATRIUM, "init", mall, "--timezone", "Asia/Shanghai"], capture_output=True)
    for kind, text in (("members", MEMBERS), ("events", EVENTS), ("sightings", SIGHTINGS)):
        done = run(mall, "import", kind, "-", stdin=text)
        check(f"import {kind}", done.returncode == 0, done.stderr)
    return mall


def verify(mall):
    done = run(mall, "verify")
    check("verify", done.returncode == 0, done.stdout)


def links(folder):
    mall = make(folder, "links.mall")
    before = exports(mall)
    loop = answer(mall, "loop")
    check("no evidence", run(mall, "member", "link", CARD, OTHER).returncode == 2)
    check("too unsure", run(mall, "member", "link", CARD, OTHER, "--evidence", "same phone",
                            "--confidence", "1.5").returncode == 2)
    linked = answer(mall, "member", "link", CARD, OTHER, "--evidence", "same payment on r1 and r2",
                    "--confidence", "0.9")
    check("linked", linked["events"] == 2 and linked["identities"] == 2, linked)
    page = answer(mall, "member", "show", OTHER)
    check("one page", page["card"] == CARD and page["events_total"] == 4, page)
    check("identities", len(page["identities"]) == 4, page["identities"])
    by = {i["value"]: i for i in page["identities"]}
    check("evidence", by[OTHER]["evidence"] == "same payment on r1 and r2" and
          by[OTHER]["confidence"] == 0.9, by)
    check("own contact", by[CARD]["confidence"] == 1 and by[CARD]["link"] is None, by)
    check("fewer buyers", answer(mall, "rfm")["people"] == 2)
    again = run(mall, "member", "link", CARD, OTHER, "--evidence", "same payment")
    check("linked once", again.returncode == 3, again.stderr)
    limit = run(mall, "member", "link", CARD, "C3", "--evidence", "same payment")
    check("limits", limit.returncode == 5 and "limit_card" in limit.stderr, limit.stderr)
    verify(mall)
    file = f"member,name,phone\n{OTHER},Otto,1\n{CARD},{NAME},{PHONE}\n"
    result = answer(mall, "import", "members", "-", stdin=file)
    check("a joined card changes nothing", result["duplicates"] == 2, result)
    shown = answer(mall, "member", "links", CARD)["links"]
    check("links", len(shown) == 1 and shown[0]["undone"] is None, shown)
    back = answer(mall, "member", "unlink", OTHER, "--reason", "two sisters")
    check("unlinked", back["events"] == 2 and back["person"] == OTHER, back)
    check("as before", exports(mall) == before)
    check("loop as before", answer(mall, "loop") == loop)
    check("nothing to unlink", run(mall, "member", "unlink", OTHER).returncode == 3)
    shown = answer(mall, "member", "links", CARD)["links"]
    check("history", shown[0]["undone"] is not None, shown)
    verify(mall)
    run(mall, "principal", "add", "op", "operator")
    denied = run(mall, "--as", "op", "member", "link", CARD, OTHER, "--evidence", "same payment")
    check("operator", denied.returncode == 4, denied.stderr)


def arrivals(folder):
    """What arrived under a joined contact while the link held goes back with it: afterwards the mall
    says what one says that never had the link."""
    more = f"""time,subject,kind,tenant,channel,amount,ref
2024-12-01 11:00:00,{OTHER},purchase,T2,till,5.00,n1
2024-12-02 11:00:00,{CARD},purchase,T2,till,6.00,n2
2024-12-03 11:00:00,{OTHER},app_open,,,,
"""
    large = "time,subject,kind,tenant,amount,ref\n" + "".join(
        f"2025-02-02 12:00:{i % 60:02},{OTHER if i % 50 == 0 else f'L{i}'},purchase,T1,1.00,x{i}\n"
        for i in range(7000))
    receipts = RECEIPTS.replace(CARD, OTHER)

    def later(mall):
        for kind, text in (("events", more), ("receipts", receipts), ("events", large),
                           ("events", more), ("sightings", SIGHTINGS)):
            done = run(mall, "import", kind, "-", stdin=text)
            check(f"later {kind}", done.returncode == 0, done.stderr)
    plain, mall = make(folder, "plain.mall"), make(folder, "linked.mall")
    later(plain)
    answer(mall, "member", "link", CARD, OTHER, "--evidence", "same payment")
    answer(mall, "member", "link", "C3", CARD, "--evidence", "same payment", "--beyond-limits")
    later(mall)
    page = answer(mall, "member", "show", OTHER)
    check("all of it is one person's", page["card"] == "C3", page["card"])
    check("and is seen there", page["events_total"] == 6 + 4 + 2 + 140,
          page["events_total"])  # without a ref, what comes twice happened twice
    verify(mall)
    top = run(mall, "member", "unlink", OTHER)
    check("the one on top first", top.returncode == 5, top.stderr)
    answer(mall, "member", "unlink", CARD, "--reason", "was wrong")
    answer(mall, "member", "unlink", OTHER, "--reason", "was wrong")
    check("as if never linked", exports(mall) == exports(plain))
    check("figures too", answer(mall, "loop") == answer(plain, "loop"))
    verify(mall)


def consents(folder):
    mall = make(folder, "consents.mall")
    rows = answer(mall, "member", "consent", CARD)["consents"]
    sms = [r for r in rows if r["contact"] == "sms"]
    check("as registered", sms == [{"contact": "sms", "given": "yes", "time": None,
                                    "source": "as registered", "actor": None}], rows)
    answer(mall, "member", "consent", CARD, "--sms", "no", "--source", "sms reply")
    answer(mall, "member", "consent", CARD, "--sms", "yes", "--app", "yes", "--source", "form")
    rows = answer(mall, "member", "consent", CARD, "--sms", "no", "--source", "phone call")["consents"]
    sms = [(r["given"], r["source"]) for r in rows if r["contact"] == "sms"]
    check("history", sms == [("no", "phone call"), ("yes", "form"), ("no", "sms reply")], rows)
    shown = {c["contact"]: c["consent"] for c in answer(mall, "member", "show", CARD)["consents"]}
    check("as it stands", shown == {"sms": "no", "app": "yes", "wifi": "no"}, shown)
    again = answer(mall, "import", "members", "-", stdin=MEMBERS)
    shown = {c["contact"]: c["consent"] for c in answer(mall, "member", "show", CARD)["consents"]}
    check("no file turns an opt-out back on", shown["sms"] == "no", (again, shown))
    check("a file may take a consent back", run(mall, "import", "members", "-", stdin=
          f"member,consent_app\n{OTHER},0\n").returncode == 0)
    rows = answer(mall, "member", "consent", OTHER)["consents"]
    app = [(r["given"], r["source"]) for r in rows if r["contact"] == "app"]
    check("and says so", app == [("no", "import: stdin")], rows)
    check("wrong", run(mall, "member", "consent", CARD, "--sms", "maybe").returncode == 2)
    run(mall, "principal", "add", "op", "operator")
    denied = run(mall, "--as", "op", "member", "consent", CARD, "--sms", "yes")
    check("operator", denied.returncode == 4, denied.stderr)
    verify(mall)


def everything(mall):
    with open(mall, "rb") as file:
        bytes_ = file.read()
    for more in ("-wal", "-shm", ".lock"):
        if os.path.exists(mall + more):
            with open(mall + more, "rb") as file:
                bytes_ += file.read()
    return bytes_


def erasure(folder):
    mall = make(folder, "erase.mall")
    run(mall, "member", "show", CARD, "--reveal", f"called {NAME} back")
    answer(mall, "member", "consent", CARD, "--sms", "no", "--source", "sms reply")
    answer(mall, "member", "link", CARD, MAC, "--evidence", f"seen when {NAME} paid", "--confidence",
           "0.8")
    bad = run(mall, "import", "members", "-", "--skip-bad",
              stdin=f"member,name,phone,joined\nC9,{NAME},{PHONE},yesterday\nC8,x,1,2024-01-01\n")
    check("refused row", bad.returncode == 1, bad.stderr)
    label = f"label,rule,member\nvip,,{CARD}\nvip,,C3\n"
    check("label", run(mall, "import", "labels", "-", stdin=label).returncode == 0)
    before, loop = exports(mall), answer(mall, "loop")
    for text in (CARD, PHONE, NAME, MAC, MAIL):
        check(f"{text} is there", text.encode() in everything(mall))
    would = answer(mall, "member", "erase", CARD)
    check("preview", would["done"] is False and would["receipt"] == "", would)
    check("nothing changed", exports(mall) == before)
    check("needs a reason", run(mall, "member", "erase", CARD, "--yes").returncode == 2)
    done = answer(mall, "member", "erase", CARD, "--reason", f"letter of {NAME}", "--yes")
    rows = {(r["table"], r["what"]): r["rows"] for r in done["rows"]}
    check("as previewed", done["rows"] == would["rows"], (done, would))
    check("events kept", rows[("chunk", "events")] == 3, rows)
    check("contacts", rows[("contact", "contacts")] == 3, rows)
    check("log", done["log_left"] is False, done)
    for text in (CARD, PHONE, NAME, MAC, MAIL):
        check(f"{text} is nowhere", text.encode() not in everything(mall))
    check("not found", run(mall, "member", "show", CARD).returncode == 3)
    check("not searched", answer(mall, "member", "find", "7391")["members"] == [])
    verify(mall)
    now = answer(mall, "loop")
    for stage, figure in (("perceive", "visits"), ("perceive", "subjects"), ("activate", "sales"),
                          ("activate", "member_sales"), ("activate", "active"),
                          ("convert", "registrations"), ("activate", "members")):
        check(f"{figure} stays", now[stage][figure] == loop[stage][figure],
              (now[stage], loop[stage]))
    receipts = answer(mall, "member", "erasures")["erasures"]
    check("receipt", [r["id"] for r in receipts] == [done["receipt"]], receipts)
    check("its reason", NAME not in receipts[0]["reason"], receipts)
    back(mall, now)


def back(mall, loop):
    """No import brings the person back, however large it is."""
    result = answer(mall, "import", "members", "-", stdin=MEMBERS)
    check("members", (result["erased"], result["duplicates"]) == (1, 2), result)
    result = answer(mall, "import", "events", "-", stdin=EVENTS)
    check("events", result["erased"] == 2 and result["refused"] == 0, result)
    result = answer(mall, "import", "receipts", "-", stdin=RECEIPTS)
    check("receipts", result["erased"] == 1 and result["imported"] == 1, result)
    result = answer(mall, "import", "sightings", "-", stdin=SIGHTINGS)
    check("sightings", result["erased"] == 1, result)
    phone = f"member,name,phone\nC10,Nobody,{PHONE}\n"
    result = answer(mall, "import", "members", "-", stdin=phone)
    check("phone", result["erased"] == 1 and result["imported"] == 0, result)
    large = "time,subject,kind,tenant,amount,ref\n" + "".join(
        f"2025-02-02 12:00:00,{CARD if i % 100 == 0 else f'L{i}'},purchase,T1,1.00,x{i}\n"
        for i in range(8000))
    result = answer(mall, "import", "events", "-", stdin=large)
    check("many events", (result["erased"], result["imported"]) == (80, 7920), result)
    for text in (CARD, PHONE, NAME, MAC):
        check(f"{text} did not come back", text.encode() not in everything(mall))
    verify(mall)


def chain(folder):
    """What an erasure says it made unreadable may be; nothing else may."""
    import sqlite3
    mall = make(folder, "chain.mall")
    answer(mall, "member", "consent", "C3", "--sms", "yes", "--source", "form")
    twin = CARD + "2"  # of the same name, with a card that begins the same
    run(mall, "import", "members", "-", stdin=f"member,name\n{twin},{NAME}\n")
    answer(mall, "member", "consent", twin, "--sms", "yes", "--source", f"{NAME} wrote")
    answer(mall, "member", "consent", CARD, "--sms", "no", "--source", "form")
    answer(mall, "member", "erase", CARD, "--reason", "asked for it", "--yes")
    verify(mall)
    file = sqlite3.connect(mall)
    kept = file.execute("select reason from audit where target = ? and salt <> x''", (twin,))
    check("the namesake's record stays", kept.fetchall() == [(f"{NAME} wrote",)])
    file.execute("update audit set after = '', before = '', salt = x'' where target = 'C3'")
    file.commit()
    file.close()
    done = run(mall, "verify")
    check("a record made unreadable by hand", done.returncode == 6 or done.returncode == 1,
          done.stdout)
    check("is named", "no erasure says" in done.stdout, done.stdout)


def small_groups(folder):
    """An analyst sees no breakdown into a few people, nor what would follow from the total."""
    mall = os.path.join(folder, "small.mall")
    subprocess.run([ATRIUM, "init", mall], capture_output=True)
    shops = {"T1": 30, "T2": 20, "T3": 4}
    text = "time,subject,kind,tenant,ref\n" + "".join(
        f"2024-10-17 11:00:00,{t}-{i},purchase,{t},{t}-{i}\n"
        for t, n in shops.items() for i in range(n))
    run(mall, "import", "events", "-", stdin=text)
    run(mall, "principal", "add", "ann", "analyst")
    question = ("funnel", "--step", "purchase", "--window", "1d", "--by", "shop")

    def counts(*who):
        groups = answer(mall, *who, *question)["groups"]
        return {g["shop"]: g["steps"][0]["count"] for g in groups}
    check("all of it", counts() == shops, counts())
    seen = counts("--as", "ann")
    check("small and next", seen == {"T1": 30, "T2": None, "T3": None}, seen)
    table = run(mall, "--as", "ann", *question).stdout
    check("in words", "<10" in table and "*" in table, table)
    listed = ("funnel", "--step", "purchase and tenant=T3", "--window", "1d", "--list", "1")
    check("no list", run(mall, "--as", "ann", *listed).returncode == 4)
    check("a list", run(mall, *listed).returncode == 0)
    denied = run(mall, "--as", "ann", "member", "candidates")
    check("no candidates", denied.returncode == 4, denied.stderr)


def small_answers(folder):
    """Comparisons, distributions, counts and previews keep a few people back as well."""
    mall = os.path.join(folder, "answers.mall")
    subprocess.run([ATRIUM, "init", mall, "--timezone", "Asia/Shanghai"], capture_output=True)
    people = [f"C{i}" for i in range(40)]
    members = "member,tier,joined\n" + "".join(
        f"{c},{'gold' if i < 4 else 'silver'},2024-10-01 10:00:00\n" for i, c in enumerate(people))
    text = "time,subject,kind,tenant,amount,ref\n"
    for i, card in enumerate(people):
        text += f"2024-10-17 11:00:00,{card},purchase,T1,100.00,a{i}\n"
        if i < 30:  # three of them after a day and more, the rest within minutes
            when = "2024-10-19 12:00:00" if i < 3 else f"2024-10-17 11:{2 + i // 10:02d}:00"
            text += f"{when},{card},refund,T1,10.00,b{i}\n"
        if i < 5:
            text += f"2024-10-10 11:00:00,{card},purchase,T1,100.00,c{i}\n"
    run(mall, "import", "members", "-", stdin=members)
    run(mall, "import", "events", "-", stdin=text)
    run(mall, "principal", "add", "ann", "analyst")
    ann = ("--as", "ann")
    funnel = ("funnel", "--step", "purchase", "--step", "refund", "--window", "3d", "--from",
              "2024-10-15", "--to", "2024-10-20")

    whole = answer(mall, *funnel, "--compare", "2024-10-08..2024-10-12")["compare"]
    check("compared", [s["count"] for s in whole["steps"]] == [5, 0], whole)
    seen = answer(mall, *ann, *funnel, "--compare", "2024-10-08..2024-10-12")["compare"]
    check("a small other", [s["count"] for s in seen["steps"]] == [None, 0], seen)
    check("its subjects", seen["subjects"] is None, seen)
    check("no change of it", seen["changes"][0]["whole"] is None, seen)
    table = run(mall, *ann, *funnel, "--compare", "2024-10-08..2024-10-12").stdout
    check("compared in words", "<10" in table, table)
    rest = answer(mall, *ann, *funnel, "--segment", "tier=gold", "--compare", "rest")
    check("a small this", rest["steps"][0]["count"] is None and
          rest["compare"]["steps"][0]["count"] == 36, rest)
    check("not told by a rate", rest["compare"]["changes"][0]["step"] is None, rest)

    times = answer(mall, *funnel, "--times")["times"]["whole"]
    check("distribution", times["n"] == 30 and times["most_s"] == 2 * 86400 + 3600, times)
    few = [b["count"] for b in times["buckets"] if b["count"]]
    check("a few were late", sorted(few) == [3, 27], few)
    times = answer(mall, *ann, *funnel, "--times")["times"]["whole"]
    check("no one's time", times["n"] == 30 and times["least_s"] is None and
          times["most_s"] is None and times["median_s"] is not None, times)
    check("buckets of a few", {b["count"] for b in times["buckets"]} == {0, None}, times)
    times = answer(mall, *ann, *funnel, "--segment", "tier=gold", "--times")["times"]["whole"]
    check("of a few nothing", times["n"] is None and times["median_s"] is None, times)
    check("as a table", "<10" in run(mall, *ann, *funnel, "--segment", "tier=gold",
                                     "--times").stdout)

    check("counted", answer(mall, "segment", "count", "tier=gold")["count"] == 4)
    check("count of a few", answer(mall, *ann, "segment", "count", "tier=gold")["count"] is None)
    check("count in words", run(mall, *ann, "segment", "count", "tier=gold").stdout == "<10\n")
    check("of many", answer(mall, *ann, "segment", "count", "tier=silver")["count"] == 36)
    check("of nobody", answer(mall, *ann, "segment", "count", "tier=iron")["count"] == 0)
    check("no group of a few is compared", run(mall, *ann, "segment", "compare", "tier=gold",
                                               "tier=silver").returncode == 4)
    both = answer(mall, *ann, "segment", "compare", "bought(ever)", "tier=silver or tier=gold")
    traits = {row["name"]: (row["a"], row["share_a"]) for row in both["apart"]}
    check("traits", traits["gold"] == (None, None) and traits["silver"] == (36, 0.9), traits)
    for name, cards in (("one", people[:20]), ("two", people[:1] + people[20:])):
        answer(mall, "segment", "save", name, " or ".join(f"card={c}" for c in cards), "--freeze")
    both = answer(mall, *ann, "segment", "compare", "segment:one", "segment:two")
    check("both of a few", (both["a"], both["b"], both["both"], both["jaccard"]) ==
          (20, 21, None, None), both)

    answer(mall, "segment", "save", "best", "tier=gold", "--freeze")
    saved = answer(mall, *ann, "segment", "list")["segments"]
    check("saved", {r["name"]: r["people"] for r in saved} ==
          {"one": 20, "two": 21, "best": None}, saved)
    check("shown", answer(mall, *ann, "segment", "show", "best")["count"] is None)
    answer(mall, "label", "save", "gold", "tier=gold")
    answer(mall, "label", "save", "buyers", "bought(ever)")
    rows = {r["name"]: r["people"] for r in answer(mall, *ann, "label", "list")["labels"]}
    check("labels", rows == {"gold": None, "buyers": 40}, rows)
    told = answer(mall, "label", "preview", "tier=silver", "--name", "buyers")
    check("preview", (told["count"], told["joining"], told["leaving"]) == (36, 0, 4), told)
    kept = answer(mall, *ann, "label", "preview", "tier=silver", "--name", "buyers")
    check("preview of a few", (kept["count"], kept["joining"], kept["leaving"]) ==
          (36, None, None), kept)
    kept = answer(mall, *ann, "label", "preview", "tier=silver")
    overlap = {r["label"]: r["both"] for r in kept["overlap"]}
    check("overlap", overlap == {"gold": 0, "buyers": None} or
          overlap == {"gold": None, "buyers": None}, overlap)
    check("a rule of a few", run(mall, *ann, "label", "preview", "tier=gold").returncode == 4)


def candidates(folder):
    """A phone on two forms; a device at the till whenever a member paid."""
    mall = os.path.join(folder, "candidates.mall")
    subprocess.run([ATRIUM, "init", mall], capture_output=True)
    run(mall, "import", "tenants", "-", stdin="tenant,zone\nT1,F1\n")
    run(mall, "import", "members", "-", stdin="member,name,phone\nA,Wang,1390001\nB,Wang,1390001\n"
        "C,Li,1390002\nD,Bo,1390003\nE,Zhao,1390003\n")
    run(mall, "import", "devices", "-", stdin="device,kind,host,zone\nP1,probe,h,F1\n")
    paid = "".join(f"2024-10-{d} 11:00:00,C,purchase,T1,p{d}\n" for d in (11, 12, 13, 14))
    run(mall, "import", "events", "-", stdin="time,subject,kind,tenant,ref\n" + paid)
    seen = "".join(f"2024-10-{d} 11:02:00,P1,a4:83:e7:00:00:01\n" for d in (11, 12, 13))
    seen += "2024-10-11 11:02:00,P1,a4:83:e7:00:00:02\n2024-10-12 15:00:00,P1,a4:83:e7:00:00:02\n"
    seen += "".join(f"2024-10-{d} 11:01:00,P1,06:00:00:00:00:01\n" for d in (11, 12, 13, 14))
    run(mall, "import", "sightings", "-", stdin="time,device,mac\n" + seen)
    rows = answer(mall, "member", "candidates")["candidates"]
    pairs = [(r["card"], r["other_card"], r["confidence"]) for r in rows]
    check("pairs", pairs == [("A", "B", 0.95), ("C", "a4:83:e7:00:00:01", 0.675),
                             ("D", "E", 0.3)], pairs)
    rows = answer(mall, "member", "candidates", "C")["candidates"]
    check("of one", [r["other_card"] for r in rows] == ["a4:83:e7:00:00:01"], rows)
    both = answer(mall, "member", "conflicts")["conflicts"]
    check("conflicts", [(c["kind"], c["people"]) for c in both] ==
          [("phone", "A, B"), ("phone", "D, E")], both)
    check("settle needs a reason", run(mall, "member", "settle", both[1]["key"]).returncode == 3)
    check("not settled yet", run(mall, "member", "unsettle", both[1]["key"]).returncode == 3)
    check("settled", run(mall, "member", "settle", both[1]["key"], "--reason", "a couple")
          .returncode == 0)
    answer(mall, "member", "link", "A", "B", "--evidence", "same phone and name")
    check("nothing left", answer(mall, "member", "conflicts")["conflicts"] == [])
    verify(mall)


def main():
    with tempfile.TemporaryDirectory() as folder:
        links(folder)
        arrivals(folder)
        consents(folder)
        erasure(folder)
        chain(folder)
        small_groups(folder)
        small_answers(folder)
        candidates(folder)
    finish()


if __name__ == "__main__":
    main()
