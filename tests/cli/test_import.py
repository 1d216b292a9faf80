"""What import takes, refuses and repeats, and what export gives back."""
import json
import os
import random
import sqlite3
import subprocess
import tempfile

from checks import finish, same

ATRIUM = os.environ["ATRIUM"]
folder = None
number = 0


def run(*words, stdin=None):
    return subprocess.run([ATRIUM, *words], capture_output=True, input=stdin)


def new_mall(zone="Asia/Shanghai"):
    global number
    number += 1
    path = os.path.join(folder, f"{number}.mall")
    done = run("init", path, "--timezone", zone)
    same("init", done.returncode, 0)
    return path


def write(name, content):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


def load(mall, kind, path, *more, stdin=None):
    """(exit status, [rows, imported, duplicates, refused], messages)"""
    done = run("-m", mall, "import", kind, path, *more, "--json", stdin=stdin)
    counts = None
    if done.stdout:
        answer = json.loads(done.stdout)
        counts = [answer[k] for k in ("rows", "imported", "duplicates", "refused")]
        same("seconds", isinstance(answer["seconds"], float), True)
    return done.returncode, counts, done.stderr.decode().strip()


def ask(mall, sql):
    database = sqlite3.connect(mall)
    rows = database.execute(sql).fetchall()
    database.close()
    return rows


def export(mall, kind, *more):
    done = run("-m", mall, "export", kind, *more)
    same("export " + kind, done.returncode, 0)
    return done.stdout.decode()


TABLES = ("identity", "member", "tenant", "tail", "batch", "import", "refused", "kind", "channel",
          "zone", "device", "campaign", "item", "label", "chunk", "audit", "counter", "attribute")


def content(mall):
    return [[row for row in ask(mall, f"select * from {table} order by 1, 2")
             if row[0] != "batch"] for table in TABLES]


# ---- What is refused, and where ----

EVENTS = "time,subject,kind,tenant,amount,ref\n"
GOOD = "2024-10-17 11:15:49,M1,purchase,T1,12.50,R1\n"

REFUSED = [
    # kind, content, line:column, what was found, a part of what was expected
    ("events", "", "1:1", "an empty file", "a header line"),
    ("events", "\n\r\n", "1:1", "an empty file", "a header line"),
    ("events", "time,subject\n", "1:1", "no column 'kind'", "a map can name it"),
    ("events", "time,subjct,kind\n", "1:6", "the column 'subjct'", "did you mean 'subject'?"),
    ("events", "time,subject,kind,time\n", "1:19", "the column 'time' a second time", "once"),
    ("events", "time,subject,kind,\n", "1:19", "the column ''", "one of time, subject"),
    ("events", EVENTS + GOOD + "2024-10-17,M1,purchase,T1,12.505,\n", "3:27", "'12.505'",
     "up to 2 decimals"),
    ("events", EVENTS + "2024-10-17,M1,purchase,T1,1e3,\n", "2:27", "'1e3'", "amount"),
    ("events", EVENTS + "2024-10-17,M1,purchase,T1,99999999999999999999,\n", "2:27",
     "'99999999999999999999'", "amount"),
    ("events", EVENTS + "2024-10-17,M1,points_earn,T1,1.5,\n", "2:30", "'1.5'",
     "a whole number of points"),
    ("events", EVENTS + "2024-10-17,M1,refund,T1,-5,\n", "2:25", "'-5'", "positive"),
    ("events", EVENTS + ",M1,purchase,T1,1,\n", "2:1", "nothing", "a time"),
    ("events", EVENTS + "2024-02-30,M1,purchase,T1,1,\n", "2:1", "'2024-02-30'", "a time"),
    ("events", EVENTS + "2024-10-17 25:00:00,M1,purchase,T1,1,\n", "2:1",
     "'2024-10-17 25:00:00'", "a time"),
    ("events", EVENTS + "2024-10-17,,purchase,T1,1,\n", "2:12", "nothing", "(column 'subject')"),
    ("events", EVENTS + "2024-10-17,M1,,T1,1,\n", "2:15", "nothing", "(column 'kind')"),
    ("events", EVENTS + "2024-10-17,M1,purchase\n", "2:23", "3 fields", "6 as in the header"),
    ("events", EVENTS + GOOD[:-1] + ",x\n", "2:45", "7 fields", "6 as in the header"),
    ("events", EVENTS + "2024-10-17,M\0001,purchase,T1,1,\n", "2:12", "'M\\x001'", "UTF-8"),
    ("events", EVENTS.encode() + b"2024-10-17,M\xff1,purchase,T1,1,\n", "2:12", "'M\\xff1'",
     "UTF-8"),
    ("events", EVENTS + "2024-10-17,\"M1\nM2\",purchase,T1,1,\n", "2:12", "'M1\\x0aM2'",
     "control characters"),
    ("events", EVENTS + "2024-10-17,M\"1,purchase,T1,1,\n", "2:13",
     "a quote in the middle of a field", "each quote inside written twice"),
    ("events", EVENTS + "2024-10-17,\"M1\"x,purchase,T1,1,\n", "2:16",
     "text behind a closing quote", "the delimiter"),
    ("events", EVENTS + GOOD + "2024-10-17,\"M1,purchase,T1,1,\n", "3:12",
     "a quote that is not closed", "within 64 KiB"),
    ("events", EVENTS + "2024-10-17,\"a\nb\",purchase,T1,x,\n", "2:12", "'a\\x0ab'", "UTF-8"),
    ("events", EVENTS + "2024-10-17," + "M" * 129 + ",purchase,T1,1,\n", "2:12", "'MMM",
     "at most 128 bytes"),
    ("events", EVENTS + "x" * 70000 + "\n", "2:1", "a field of more than 64 KiB", "shorter"),
    ("events", EVENTS + "a,b" * 1900 + "\n", "2:3072", "more than 1,024 fields", "one field"),
    ("events", EVENTS + "a,b" * 900000 + "\n", "2:1", "a line of more than 1 MiB", "shorter"),
    ("events", b"\xff\xfet\0i\0", "1:1", "UTF-16", "encoding = UTF-16"),
    ("members", "member,birth\nM1,1990-05-01\nM2,1990-13-01\n", "3:4", "'1990-13-01'", "a date"),
    ("members", "member,consent_sms\nM1,maybe\n", "2:4", "'maybe'", "yes or no"),
    ("members", "member,attr:\nM1,maybe\n", "1:8", "the column 'attr:'", "attr:NAME"),
    ("members", "member,name\n,Li\n", "2:1", "nothing", "(column 'member')"),
    ("tenants", "tenant,smart_pos\nT1,2\n", "2:4", "'2'", "yes or no"),
    ("devices", "device,kind,host,port\nD1,pos,h,65536\n", "2:10", "'65536'", "0 to 65535"),
    ("devices", "device,kind,host\nD1,pos,\n", "2:8", "nothing", "(column 'host')"),
    ("labels", "label,rule,member\nvip,spent>3,M1\n", "2:13", "'M1'", "a rule or a member"),
    ("sightings", "time,device,mac,rssi\n2024-10-17,P1,aa:bb,x\n", "2:21", "'x'", "whole number"),
    ("sightings", "time,device,mac\n2024-10-17,P1,\n", "2:15", "nothing", "(column 'mac')"),
    ("sightings", "time,device,mac\n2024-10-17,P1,random:xyz4567890123456\n", "2:15",
     "'random:xyz4567890123456'", "hexadecimal"),
    ("receipts", "receipt,time,tenant,amount,quantity\nR1,2024-10-17,T1,5,1.5\n", "2:20",
     "'1.5'", "a whole number"),
    ("receipts", "receipt,time,tenant,amount\nR1,2024-10-17,T1,5\nR1,2024-10-17,T2,5\n", "3:1",
     "another tenant than on line 2", "one tenant"),
    ("receipts", "receipt,time,tenant,amount,member\nR1,2024-10-17,T1,5,M1\n"
     "R1,2024-10-17,T1,5,M2\n", "3:1", "another member than on line 2", "one member"),
]


def refusals():
    mall = new_mall()
    before = content(mall)
    for kind, text, place, found, expected in REFUSED:
        path = write("bad.csv", text)
        status, counts, message = load(mall, kind, path)
        what = f"{kind} {text[-60:]!r}"
        same(what + ": exit status", status, 3)
        same(what + ": output", counts, None)
        start = f"atrium: {path}:{place}: found {found}"
        same(what, message[:len(start)], start)
        same(what + ": expected", (", expected " in message, expected in message), (True, True))
    same("nothing was written", content(mall), before)


def large_refusals():
    """A mistake far down a large file, which is read in pieces on several threads."""
    mall = new_mall()
    before = content(mall)
    rows = ["2024-10-17 11:15:49,M%d,purchase,T1,1.00,R%d\n" % (i % 5000, i) for i in range(120000)]
    rows[101234] = rows[101234].replace("1.00", "1.001")
    path = write("large.csv", EVENTS + "".join(rows))
    status, counts, message = load(mall, "events", path)
    column = rows[101234].index("1.001") + 1
    same("large: exit status", (status, counts), (3, None))
    same("large", message.startswith(f"atrium: {path}:101236:{column}: found '1.001'"), True)
    same("large: nothing was written", content(mall), before)
    status, counts, message = load(mall, "events", path, "--skip-bad")
    same("large, skipped", (status, counts), (1, [120000, 119999, 0, 1]))
    same("large, said", f"{path}:101236:{column}: found '1.001'" in message, True)
    same("large, recorded", ask(mall, "select line from refused"), [(101236,)])
    status, counts, message = load(mall, "events", path, "--skip-bad")
    same("large, again", (status, counts), (1, [120000, 0, 119999, 1]))
    same("large, people", ask(mall, "select count(*), max(person) from identity"), [(5000, 5000)])
    same("large, verify", run("-m", mall, "verify").returncode, 0)


# ---- What is taken ----


def skip_bad():
    mall = new_mall()
    path = write("some.csv", EVENTS + GOOD + "bad,M2,purchase,T9,1,R2\n" +
                 "2024-10-17,M3,purch,T1,1,R3\n2024-10-17,\"M4,x,T1,1,\n" + GOOD)
    status, counts, message = load(mall, "events", path, "--skip-bad")
    same("skip-bad", (status, counts), (1, [5, 2, 1, 2]))
    same("skip-bad says", [line.split(": found")[0] for line in message.splitlines()],
         [f"atrium: {path}:3:1", f"atrium: {path}:5:12"])
    same("refused rows", [row[0] for row in ask(mall, "select line from refused order by line")],
         [3, 5])
    same("refused rows make no names", ask(mall, "select count(*) from identity"), [(2,)])
    same("nor shops", ask(mall, "select count(*) from tenant"), [(1,)])


def forms():
    """BOM, CRLF, quotes, no newline at the end, column order, times in every form."""
    mall = new_mall()
    text = ("\ufeffkind,subject,time,amount\r\n"
            "\"purchase\",\"M \"\"1\"\"\",2024-10-17 11:15:49,12.5\r\n"
            "purchase,M2,2024-10-17T11:15:49+09:00,12\r\n"
            "purchase,M3,2024-10-17T11:15:49.75Z,-0.05\r\n"
            "purchase,M4,2024-10-17 11:15,\r\n"
            "purchase,M5,2024-10-17,0\r\n"
            "points_earn,M6,1729134949,125.00")
    status, counts, message = load(mall, "events", write("forms.csv", text))
    same("forms", (status, counts, message), (0, [6, 6, 0, 0], ""))
    same("forms kept", [line.split(",")[:3] + line.split(",")[7:8]
                        for line in export(mall, "events").splitlines()[1:]],
         [["2024-10-17T11:15:49+08:00", '"M ""1"""', "purchase", "12.50"],
          ["2024-10-17T10:15:49+08:00", "M2", "purchase", "12.00"],
          ["2024-10-17T19:15:49+08:00", "M3", "purchase", "-0.05"],
          ["2024-10-17T11:15:00+08:00", "M4", "purchase", "0.00"],
          ["2024-10-17T00:00:00+08:00", "M5", "purchase", "0.00"],
          ["2024-10-17T11:15:49+08:00", "M6", "points_earn", "125"]])
    status, counts, _ = load(mall, "events", write("header.csv", "time,subject,kind\n"))
    same("header only", (status, counts), (0, [0, 0, 0, 0]))
    status, counts, _ = load(mall, "events", "-", stdin=(EVENTS + GOOD).encode())
    same("stdin", (status, counts), (0, [1, 1, 0, 0]))
    status, counts, _ = load(mall, "events", "-", stdin=(EVENTS + GOOD).encode())
    same("stdin again", (status, counts), (0, [1, 0, 1, 0]))
    status, counts, _ = load(mall, "members", "-", stdin=b"member,name\nM1,\"Li\nLei\"\n")
    same("members from stdin", (status, counts), (0, [1, 1, 0, 0]))
    same("line ends in a text", ask(mall, "select name from member"), [("Li Lei",)])


def clock_changes():
    """A local time that happens twice is its first; one that is skipped moves forward."""
    mall = new_mall("Europe/Berlin")
    text = ("time,subject,kind\n2024-10-27 02:30:00,M1,x\n2024-10-27 03:30:00,M1,x\n"
            "2024-03-31 02:30:00,M1,x\n2024-10-27T02:30:00+01:00,M1,x\n2024-03-31 12:00:00,M1,x\n")
    same("clock changes", load(mall, "events", write("dst.csv", text))[:2], (0, [5, 5, 0, 0]))
    same("clock changes kept", [line.split(",")[0] for line in
                                export(mall, "events").splitlines()[1:]],
         ["2024-03-31T03:30:00+02:00", "2024-03-31T12:00:00+02:00", "2024-10-27T02:30:00+02:00",
          "2024-10-27T02:30:00+01:00", "2024-10-27T03:30:00+01:00"])


def one_person():
    """A subject, a receipt's member and a member's card are one person; sightings are others."""
    mall = new_mall()
    load(mall, "events", write("a.csv", EVENTS + GOOD))
    load(mall, "members", write("b.csv", "member,name,joined\nM1,王小明,2017-01-01\nM2,Li,\n"))
    load(mall, "receipts", write("c.csv", "receipt,time,tenant,amount,member,item\n"
                                 "R9,2024-10-18 12:00:00,T1,3,M1,tea\n"
                                 "R8,2024-10-18 12:00:00,T1,4,,tea\n"
                                 "R9,2024-10-18 12:00:01,T1,5,M1,cake\n"))
    load(mall, "sightings", write("d.csv", "time,device,mac,rssi\n"
                                  "2024-10-18 12:00:00,P1,3C-22-FB-01-02-03,-50\n"
                                  "2024-10-18 12:00:00,P1,3c:22:fb:01:02:03,-51\n"
                                  "2024-10-18 12:00:00,P1,DA:22:fb:01:02:03,-52\n"
                                  "2024-10-18 12:00:00,P1,abcdef0123456789,-53\n"))
    same("people", ask(mall, "select kind, value, person from identity order by person"),
         [("card", "M1", 1), ("card", "M2", 2), ("wifi", "3c:22:fb:01:02:03", 3),
          ("wifi", "abcdef0123456789", 4)])
    same("members", ask(mall, "select person, card, joined is null from member order by person"),
         [(1, "M1", 0), (2, "M2", 1)])
    same("purchase of a receipt", [line for line in export(mall, "receipts").splitlines()[1:]],
         ["R8,2024-10-18T12:00:00+08:00,T1,4.00,,,,tea,,,,1",
          "R9,2024-10-18T12:00:00+08:00,T1,3.00,M1,,,tea,,,,1",
          "R9,2024-10-18T12:00:01+08:00,T1,5.00,M1,,,cake,,,,1"])
    again = load(mall, "receipts", write("c.csv", "receipt,time,tenant,amount,member,item\n"
                                         "R9,2024-10-18 12:00:00,T1,3,M1,tea\n"
                                         "R7,2024-10-18 13:00:00,T1,3,M1,tea\n"
                                         "R9,2024-10-18 12:00:00,T1,3,M1,another\n"))
    same("receipts again", again[:2], (0, [3, 1, 2, 0]))
    # In chunks as well as in the tail, numbers that are words as well as digits.
    many = "".join(f"K{i // 2},2024-10-18 12:00:00,T1,3,,tea\n" for i in range(6000))
    words = "receipt,time,tenant,amount,member,item\nlong-word-{},2024-10-18,T1,-3,M1,tea\n"
    head = "receipt,time,tenant,amount,member,item\n"
    big = head + many + words.format("x").split("\n")[1] + "\n"
    same("many receipts", load(mall, "receipts", write("c.csv", big))[:2], (0, [6001, 6001, 0, 0]))
    same("many again", load(mall, "receipts", write("c.csv", big))[:2], (0, [6001, 0, 6001, 0]))
    few = head + "K7,2024-10-18,T1,3,,tea\nK3000,2024-10-18,T1,3,,tea\n"
    same("few", load(mall, "receipts", write("c.csv", few))[:2], (0, [2, 1, 1, 0]))
    same("words", [load(mall, "receipts", write("c.csv", words.format(w)))[1] for w in "xyy"],
         [[1, 0, 1, 0], [1, 1, 0, 0], [1, 0, 1, 0]])
    same("random MACs are shown as such", "random:" in export(mall, "sightings"), True)
    same("verify", run("-m", mall, "verify").returncode, 0)


def upserts():
    mall = new_mall()
    first = "member,name,phone,tier,attr:age,label:vip\nM1,Li,138,gold,30,yes\nM2,Wang,,,,no\n"
    same("members", load(mall, "members", write("m.csv", first))[:2], (0, [2, 2, 0, 0]))
    same("members again", load(mall, "members", write("m.csv", first))[:2], (0, [2, 0, 2, 0]))
    more = "member,tier,attr:age\nM1,black,31\nM2,,\nM3,basic,\n"
    same("members changed", load(mall, "members", write("m.csv", more))[:2], (0, [3, 2, 1, 0]))
    same("only columns of the file change",
         ask(mall, "select card, name, phone, tier, version from member order by card"),
         [("M1", "Li", "138", "black", 2), ("M2", "Wang", "", "", 1), ("M3", "", "", "basic", 1)])
    same("attributes", ask(mall, "select person, name, value from attribute"), [(1, "age", "31")])
    same("labels", ask(mall, "select name, person from label, label_member"), [("vip", 1)])
    load(mall, "events", write("e.csv", EVENTS + GOOD))
    shops = "tenant,name,zone,smart_pos\nT1,Tea,Z1,1\nT2,Cake,Z1,0\n"
    same("tenants", load(mall, "tenants", write("t.csv", shops))[:2], (0, [2, 2, 0, 0]))
    same("tenants again", load(mall, "tenants", write("t.csv", shops))[:2], (0, [2, 0, 2, 0]))
    same("shops", ask(mall, "select id, code, name, zone, smart_pos from tenant order by id"),
         [(1, "T1", "Tea", 1, 1), (2, "T2", "Cake", 1, 0)])
    devices = "device,kind,host,port,tenant,zone\nP1,probe,10.0.0.1,22,T2,Z1\n"
    same("devices", load(mall, "devices", write("d.csv", devices))[:2], (0, [1, 1, 0, 0]))
    load(mall, "sightings", write("s.csv", "time,device,mac\n2024-10-17,P1,abcdef0123456789\n"))
    found = json.loads(run("-m", mall, "visits", "--by", "zone", "--json").stdout)
    same("a sighting is of its device's zone", [g["zone"] for g in found["groups"]], ["Z1"])
    labels = "label,rule,member\nrich,spent(90d)>=300,\nvip,,M2\nvip,,M9\n"
    same("labels", load(mall, "labels", write("l.csv", labels))[:2], (0, [3, 3, 0, 0]))
    same("labels again", load(mall, "labels", write("l.csv", labels))[:2], (0, [3, 0, 3, 0]))
    same("labels back", export(mall, "labels"),
         "label,rule,member\nrich,spent(90d)>=300,\nvip,,M1\nvip,,M2\nvip,,M9\n")
    done = run("-m", mall, "verify")
    same("phones", ask(mall, "select value, person from identity where kind = 'phone'"),
         [("138", 1)])
    load(mall, "members", write("m.csv", "member,phone\nM2,138\nM1,139\n"))
    same("phones that wander", ask(mall, "select value, person from identity where kind = 'phone' "
                                   "order by value"), [("138", 2), ("139", 1)])
    same("verify", (done.returncode, done.stdout.decode() if done.returncode else ""), (0, ""))


# ---- Maps ----


def maps():
    mall = new_mall()
    chosen = write("m.ini", "; a foreign file\n[file]\nkind = events\ndelimiter = semicolon\n"
                   "header = no\ncolumns = day who cents what\nskip = 2\ndate = %d.%m.%Y %H:%M\n"
                   "zone = UTC\nencoding = GB18030\n[columns]\nday = time\nwho = subject\n"
                   "cents = amount\nwhat = tenant\n[constants]\nkind = purchase\n"
                   "ref = x-{line}-{who}\n[multiply]\namount = 0.01\n")
    text = "report\n\n1.3.2024 9:05;王;1250;店\r\n28.02.2024 23:59;M2;5;T\n".encode("gb18030")
    same("map", load(mall, "events", write("f.txt", text), "--map", chosen),
         (0, [2, 2, 0, 0], ""))
    same("mapped", export(mall, "events").splitlines()[1:],
         ["2024-03-01T17:05:00+08:00,王,purchase,店,,,,12.50,,x-3-王",
          "2024-02-29T07:59:00+08:00,M2,purchase,T,,,,0.05,,x-4-M2"])
    joined = write("j.ini", "[file]\nkind = receipts\n[lookup]\nfile = goods.csv\nkey = id\n"
                   "[columns]\nid = ignore\nname = item\nnr = receipt\n* = ignore\n"
                   "[constants]\ntenant = T1\n")
    write("goods.csv", "id,name,weight\n7,\"tea, green\",1\n8,cake,2\n")
    text = "nr,time,amount,id,junk\nR1,2024-10-17,1,7,\nR1,2024-10-17,2,9,\n"
    same("lookup", load(mall, "receipts", write("r.csv", text), "--map", joined),
         (0, [2, 2, 0, 0], ""))
    same("looked up", [line.split(",", 7)[7] for line in
                       export(mall, "receipts").splitlines()[1:]],
         ['"tea, green",,,,1', ",,,,1"])
    bad = [
        ("[file]\ndelimter = tab\n", ":2: found 'delimter'", "did you mean 'delimiter'?"),
        ("[file]\ndelimiter = dot\n", ":2: found 'dot'", "comma, tab"),
        ("[file]\nskip = -1\n", ":2: found '-1'", "0 to 1000"),
        ("[file]\nheader = no\n", ": found header = no without names", "columns = "),
        ("[file]\ndate = %Y-%q\n", ":2: found '%q'", "a directive"),
        ("[file]\nzone = Moon\n", ":2: found 'Moon'", "a time zone"),
        ("[file]\nkind = people\n", ":2: found 'people'", "members, tenants"),
        ("[file]\nencoding = KLINGON\n", "'KLINGON' is not known", "GB18030"),
        ("[files]\na = b\n", ":2: found 'files'", "[columns]"),
        ("[columns]\ntime\n", ":2: found a line", "NAME = VALUE"),
        ("[columns]\nwhen = time\n", ":2: found 'when'", "a column of"),
        ("[columns]\ntime = tme\n", ":2: found 'tme'", "did you mean 'time'?"),
        ("[constants]\nzone = {x}\n", ":2: found '{x}'", "in braces"),
        ("[constants]\ntime = 2024\n", ":1:1: found the column 'time' a second time", "once"),
        ("[multiply]\ntime = 2\n", ":2: found 'time'", "numbers"),
        ("[multiply]\namount = x\n", ":2: found 'x'", "a factor"),
        ("[lookup]\nfile = a.csv\n", ": found half a [lookup]", "both"),
        ("[file]\nkind = members\n", ": is a map for members", "one for events"),
        ("[columns]\n" + "x" * 300 + " = time\n", ":2: found 'xxx", "less than 200 bytes"),
    ]
    path = write("e.csv", EVENTS + GOOD)
    for text, found, expected in bad:
        status, _, message = load(mall, "events", path, "--map", write("bad.ini", text))
        same(f"map {text!r}", (status, found in message, expected in message), (3, True, True))
    status, _, message = load(mall, "events", path, "--map", "nosuch")
    same("no such map", (status, "cdnow" in message), (3, True))


def words():
    mall = new_mall()
    same("unknown kind", load(mall, "people", "x")[0], 2)
    same("no file", run("-m", mall, "import", "events").returncode, 2)
    columns = json.loads(run("import", "events", "--columns", "--json").stdout)["columns"]
    same("columns", [c["column"] for c in columns if c["needed"]], ["time", "subject", "kind"])
    status, _, message = load(mall, "events", os.path.join(folder, "nosuch.csv"))
    same("missing file", (status, "cannot be read" in message), (3, True))
    status, _, message = load(mall, "events", folder)
    same("a folder", (status, "is a folder" in message), (3, True))
    same("not a mall", run("-m", os.path.join(folder, "no.mall"), "import", "events",
                            write("e.csv", EVENTS)).returncode, 6)


# ---- There and back ----


def rich_mall():
    """A mall with some of everything, more than the tail holds."""
    mall = new_mall("Europe/Berlin")
    chance = random.Random(5)
    kinds = ["purchase", "points_earn", "door", "yoga", "art", "app_open", "coupon_redeem"]
    rows = []
    for i in range(9000):
        rows.append("%d,M%d,%s,T%d,Z%d,,%s,%s,%s,%s\n" % (
            1700000000 + chance.randrange(20000000) // 600 * 600, chance.randrange(400),
            kinds[chance.randrange(7)], chance.randrange(9), chance.randrange(3),
            ["pos", "app", ""][chance.randrange(3)], chance.randrange(90), ["", "C1"][i % 2],
            f"E{i}" if i % 3 else ""))
    head = "time,subject,kind,tenant,zone,device,channel,amount,campaign,ref\n"
    text = head + "".join(rows) + "1700000000,-,door,,Z1,,,,,\n"
    same("rich events", load(mall, "events", write("e.csv", text))[1], [9001, 9001, 0, 0])
    rows = ["R%d,%d,T%d,%d.%02d,%s,pos,,%s,b,c,red,%d\n" % (
        i // 3, 1700000000 + i // 3 * 60, i // 3 % 9, chance.randrange(50), chance.randrange(100),
        f"M{i // 3 % 500}" if i // 3 % 4 else "", ["tea", "\"cake, \"\"big\"\"\""][i % 2], i % 5)
            for i in range(9000)]
    head = "receipt,time,tenant,amount,member,channel,payment,item,brand,category,color,quantity\n"
    same("rich receipts", load(mall, "receipts", write("r.csv", head + "".join(rows)))[1],
         [9000, 9000, 0, 0])
    rows = ["%d,P%d,%02x:11:22:33:%02x:%02x,%d\n" % (
        1700000000 + chance.randrange(2000000), i % 4, chance.randrange(4) * 4 + i % 2 * 2,
        chance.randrange(2), chance.randrange(256), -chance.randrange(90)) for i in range(9000)]
    same("rich sightings", load(mall, "sightings", write(
        "s.csv", "time,device,mac,rssi\n" + "".join(rows)))[1], [9000, 9000, 0, 0])
    rows = ["M%d,N%d,1380000%04d,f,1990-01-%02d,%s,app,gold,,,,,1,0,1,1,%s,%s\n" % (
        i, i, i, i % 28 + 1, 1600000000 + i if i % 2 else "", i % 7 or "", i % 2)
            for i in range(0, 900, 2)]
    head = ("member,name,phone,gender,birth,joined,channel,tier,income,community,car,house,"
            "consent_sms,consent_app,consent_wifi,app,attr:kids,label:vip\n")
    same("rich members", load(mall, "members", write("m.csv", head + "".join(rows)))[1],
         [450, 450, 0, 0])
    load(mall, "tenants", write("t.csv", "tenant,name,category,floor,zone,smart_pos,brand\n"
                                "T1,\"Tea, and more\",food,2,Z1,1,Tea\n"))
    load(mall, "devices", write("d.csv", "device,kind,host,port,user,model,tenant,zone,floor,pin\n"
                                "P1,probe,10.0.0.1,22,root,x1,T1,Z2,2,SHA256:abc\n"
                                "P0,probe,h,22,,,,,,\nP2,probe,h,22,,,,,,\nP3,probe,h,1,,,,,,\n"))
    load(mall, "labels", write("l.csv", "label,rule,member\nrich,spent(90d)>=300,\n"))
    return mall


def there_and_back():
    mall = rich_mall()
    other = new_mall("Europe/Berlin")
    first = {}
    for kind in ("events", "receipts", "sightings", "tenants", "devices", "labels", "members"):
        first[kind] = export(mall, kind)
        rows = first[kind].count("\n") - 1
        same(kind + " into a new mall", load(other, kind, write(kind + ".csv", first[kind]))[:2],
             (0, [rows, rows if kind != "tenants" else 1, 0 if kind != "tenants" else rows - 1, 0]))
    for kind, text in first.items():
        same(kind + " come back the same", export(other, kind) == text, True)
    path = os.path.join(folder, "out.csv")
    done = run("-m", mall, "export", "events", path, "--json")
    with open(path) as file:
        same("export to a file", (json.loads(done.stdout), file.read() == first["events"]),
             ({"rows": first["events"].count("\n") - 1}, True))
    part = export(mall, "events", "--from", "2024-01-01", "--to", "2024-02-01").splitlines()[1:]
    whole = [line for line in first["events"].splitlines()[1:] if "2024-01-01T" <= line < "2024-02"]
    same("a span of time", part, whole)
    audit = ask(mall, "select act, count(*) from audit group by act order by act")
    same("exports are in the audit", dict(audit).get("export", 0) > 0, True)


def same_file_same_mall():
    rows = ["%d,M%d,%s,T%d,1,%s\n" % (1700000000 + i * 7919 % 900000, i * 7907 % 30011,
                                      ["purchase", "k%d" % (i % 50)][i % 2], i % 300, f"R{i}")
            for i in range(60000)]
    path = write("e.csv", EVENTS + "".join(rows))
    dumps = []
    for _ in range(3):
        mall = new_mall()
        same("same file", load(mall, "events", path)[1], [60000, 60000, 0, 0])
        dumps.append([ask(mall, f"select * from {t} order by 1, 2") for t in
                      ("identity", "kind", "chunk", "rollup_day", "ref_leaf")] +
                     [ask(mall, "select code, id from tenant order by id")])
    same("the same file makes the same mall", dumps[0] == dumps[1] == dumps[2], True)
    same("people are numbered as they appear", dumps[0][5][:3], [("T0", 1), ("T1", 2), ("T2", 3)])


with tempfile.TemporaryDirectory() as folder:
    for part in (refusals, large_refusals, skip_bad, forms, clock_changes, one_person, upserts,
                 maps, words, there_and_back, same_file_same_mall):
        part()
finish()
