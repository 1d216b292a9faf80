#!/usr/bin/env python3
"""atrium coupon: codes issued, claimed, redeemed and voided from scripts, with the documents and exit
statuses that doc/coupons.md promises; lists of codes; reports of tills; several processes at once."""

import json
import os
import re
import sqlite3
import subprocess
import tempfile

from checks import check, finish

ATRIUM = os.environ.get("ATRIUM", "build/atrium")
NOW = 1508000000  # 2017-10-15 00:53 in Shanghai


class Mall:
    def __init__(self, folder):
        self.path = os.path.join(folder, "t.mall")
        self.env = dict(os.environ, ATRIUM_NOW=str(NOW), LC_ALL="C.UTF-8")
        self.folder = folder

    def start(self, *words, at=None):
        env = dict(self.env, ATRIUM_NOW=str(at)) if at else self.env
        return subprocess.Popen([ATRIUM, "-m", self.path, *words], env=env, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *words, at=None):
        process = self.start(*words, at=at)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def coupon(self, *words, at=None):
        status, out, err = self.run("coupon", *words, "--json", at=at)
        return status, json.loads(out) if out else {}, err

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf8") as file:
            file.write(text)
        return path


def make(folder):
    mall = Mall(folder)
    assert mall.run("init", mall.path, "--name", "Test")[0] == 0
    mall.run("import", "tenants", mall.file("t.csv", "tenant,smart_pos\nT1,yes\nT2,no\n"))
    mall.run("import", "members", mall.file(
        "m.csv", "member,name,phone\nM1,Wang,13800000001\nM2,Li,13800000002\nM3,Zhao,\n"))
    db = sqlite3.connect(mall.path)
    db.executemany(
        "insert into campaign (code, name, kind, value, minimum, shops, valid, stock, budget,"
        " weekdays, state) values (?, ?, 'coupon', ?, ?, ?, ?, ?, ?, ?, ?)",
        [("oct", "October", 5000, 50000, "smart_pos", 14 * 86400, 5, 0, 0, "running"),
         ("many", "Many", 1000, 0, "", 0, 0, 0, 0, "running"),
         ("sundays", "Sundays", 1000, 0, "", 0, 0, 0, 64, "running"),
         ("poor", "Poor", 1000, 0, "", 0, 0, 1500, 0, "running"),
         ("draft", "Draft", 1000, 0, "", 0, 0, 0, 0, "draft")])
    db.commit()
    db.close()
    return mall


def issues(mall):
    status, first, _ = mall.coupon("issue", "--campaign", "oct", "--member", "M1", "--ref", "r1")
    check("issue", status == 0 and re.fullmatch("[2-9A-HJ-NP-Z]{12}", first.get("code", "")), first)
    check("expires", first["expires"].startswith("2017-10-29T00:53:20"), first)
    check("the same ref, the same code",
          mall.coupon("issue", "--campaign", "oct", "--member", "M1", "--ref", "r1")[1]["code"]
          == first["code"])
    check("a ref is one coupon's",
          mall.coupon("issue", "--campaign", "oct", "--member", "M2", "--ref", "r1")[0] == 5)
    check("no such campaign", mall.coupon("issue", "--campaign", "no", "--member", "M1")[0] == 3)
    check("no such member", mall.coupon("issue", "--campaign", "oct", "--member", "M9")[0] == 3)
    check("not running", mall.coupon("issue", "--campaign", "draft", "--member", "M1")[0] == 5)
    check("no campaign said", mall.coupon("issue", "--member", "M1")[0] == 2)
    for _ in range(4):
        mall.coupon("issue", "--campaign", "oct", "--member", "M2")
    status, _, err = mall.coupon("issue", "--campaign", "oct", "--member", "M2")
    check("stock", status == 5 and "given out" in err, err)
    status, done, _ = mall.coupon("issue", "--campaign", "many", "--segment", "not tier=gold",
                                  "--ref", "all")
    check("a segment", status == 0 and (done["people"], done["issued"] + done["held_out"]) == (3, 3), done)
    check("again", mall.coupon("issue", "--campaign", "many", "--segment", "not tier=gold",
                               "--ref", "all")[1]["repeated"] == done["issued"])
    return first["code"]


def redeems(mall, code):
    def redeem(text, amount="500", shop="T1", *more):
        return mall.coupon("redeem", text, "--tenant", shop, "--amount", amount, *more)

    status, seen, err = redeem("222222222222")
    check("unknown", status == 3 and seen["reason"] == "unknown", (seen, err))
    swapped = code[:-2] + code[-1] + code[-2]
    if swapped != code:
        check("mistyped", redeem(swapped)[1].get("reason") == "mistyped" and redeem(swapped)[0] == 3)
    for i, letter in enumerate(code):
        wrong = code[:i] + ("2" if letter != "2" else "3") + code[i + 1:]
        check(f"letter {i} wrong", redeem(wrong)[:1] == (3,))
    check("too little", redeem(code, "499.99")[1]["reason"] == "minimum")
    check("shop", redeem(code, shop="T2")[1]["reason"] == "shop")
    check("no such shop", redeem(code, shop="T9")[0] == 3)
    check("no amount", redeem(code, "many")[0] == 2)
    late = mall.coupon("redeem", code, "--tenant", "T1", "--amount", "500", "--at",
                       "2017-10-29 00:53:20")
    check("expired", late[0] == 5 and late[1]["reason"] == "expired", late)
    typed = " ".join(code[i:i + 4].lower() for i in range(0, 12, 4))
    status, seen, err = redeem(typed, "500", "T1", "--ref", "R1")
    check("redeemed", status == 0 and (seen["code"], seen["state"], seen["value"])
          == (code, "redeemed", 50), (seen, err))
    check("repeated", redeem(code, "500", "T1", "--ref", "R1")[0] == 0)
    status, seen, err = redeem(code, "500", "T1", "--ref", "R2")
    check("used", status == 5 and seen["reason"] == "used" and "2017-10-15" in err, (seen, err))
    check("check says it, too",
          mall.coupon("check", code, "--tenant", "T1", "--amount", "500")[1]["reason"] == "used")


def days_budget_void(mall):
    code = mall.coupon("issue", "--campaign", "sundays", "--member", "M3")[1]["code"]
    args = ("redeem", code, "--tenant", "T2", "--amount", "50", "--at")
    check("saturday", mall.coupon(*args, "2017-10-21 12:00")[1]["reason"] == "day")
    check("sunday", mall.coupon(*args, "2017-10-22 12:00")[0] == 0)
    codes = [mall.coupon("issue", "--campaign", "poor")[1]["code"] for _ in range(2)]
    args = ("--tenant", "T1", "--amount", "20")
    check("within budget", mall.coupon("redeem", codes[0], *args)[0] == 0)
    check("above budget", mall.coupon("redeem", codes[1], *args)[1]["reason"] == "budget")
    check("void needs a reason", mall.coupon("void", codes[1])[0] == 2)
    check("void", mall.coupon("void", codes[1], "--reason", "leaked")[1]["state"] == "void")
    check("is void", mall.coupon("redeem", codes[1], *args)[1]["reason"] == "void")
    check("not a used one", mall.coupon("void", codes[0], "--reason", "leaked")[0] == 5)
    codes = [mall.coupon("issue", "--campaign", "many")[1]["code"] for _ in range(2)]
    check("claim", mall.coupon("claim", codes[0], "--member", "M1")[1]["state"] == "claimed")
    status, seen, _ = mall.coupon("claim", codes[0], "--member", "M2")
    check("another person's", status == 5 and seen["reason"] == "person", seen)
    shown = mall.coupon("show", codes[0])[1]
    check("show", (shown["campaign"], shown["member"]) == ("many", "M1"), shown)
    mall.coupon("redeem", codes[0], *args, "--ref", "R7")
    check("stacking", mall.coupon("redeem", codes[1], *args, "--ref", "R7")[1]["reason"]
          == "stacking")


def lists(mall):
    bad = mall.file("bad.txt", "MT 1001\nx\nMT-1001\nMT1002,5\n")
    status, seen, err = mall.coupon("import", bad, "--campaign", "many")
    check("each wrong line", status == 3 and [e["line"] for e in seen["errors"]] == [2, 3, 4], seen)
    check("where", "bad.txt:2: " in err, err)
    good = mall.file("good.txt", "\ufeffMT 1001\r\n团购-22\r\n\r\nMT1003\r\n")
    seen = mall.coupon("import", good, "--campaign", "many")[1]
    check("all of them", (seen["imported"], seen["duplicates"]) == (3, 0), seen)
    seen = mall.coupon("import", good, "--campaign", "many")[1]
    check("once", (seen["imported"], seen["duplicates"]) == (0, 3), seen)
    check("redeemed", mall.coupon("redeem", "mt1001", "--tenant", "T1", "--amount", "30")[0] == 0)


def tills(mall):
    code = mall.coupon("issue", "--campaign", "many", "--member", "M1")[1]["code"]
    rows = "time,subject,kind,tenant,amount,campaign,ref\n"
    events = mall.file("events.csv", rows + "".join(
        f"2017-10-16 {hour}:00,M1,coupon_redeem,{shop},10,many,{ref}\n" for hour, shop, ref in (
            (15, "T2", f"{code}/B1"), (14, "T1", f"{code}/A1"), (16, "T1", "SOMEBODY-ELSES-9"))))
    check("import", mall.run("import", "events", events)[0] == 0)
    status, seen, err = mall.coupon("settle")
    check("settle", (status, seen.get("redeemed"), seen.get("disputes")) == (0, 1, 1), (seen, err))
    check("once", mall.coupon("settle")[1]["events"] == 0)
    shown = mall.coupon("show", code)[1]
    check("the first in time holds", (shown["state"], shown["tenant"]) == ("redeemed", "T1"), shown)
    dispute = mall.coupon("disputes")[1]["disputes"]
    check("the other is listed", [(d["tenant"], d["reason"], d["holder"]) for d in dispute]
          == [("T2", "used", "T1")], dispute)


def at_once(mall):
    for round in range(3):
        code = mall.coupon("issue", "--campaign", "many")[1]["code"]
        racing = [mall.start("coupon", "redeem", code, "--tenant", "T1", "--amount", "50", "--ref",
                             f"race-{round}-{i}", "--json") for i in range(6)]
        seen = [(json.loads(p.communicate(timeout=60)[0]), p.returncode) for p in racing]
        won = [answer for answer, status in seen if status == 0]
        lost = [answer["reason"] for answer, status in seen if status == 5]
        check("one wins", (len(won), lost) == (1, ["used"] * 5), seen)


def figures(mall):
    rows = mall.coupon("list")[1]["campaigns"]
    for row in rows:
        for what, count in (("all", row["issued"]), ("claimed", row["claimed"]),
                            ("redeemed", row["redeemed"]), ("expired", row["expired"]),
                            ("void", row["void"]), ("open", row["open"])):
            listed = mall.coupon("list", "--campaign", row["campaign"], "--what", what,
                                 "--limit", "0")[1]["coupons"]
            check(f"{row['campaign']} {what}", len(listed) == count, (len(listed), count))
    mine = mall.coupon("list", "--member", "M1", "--limit", "0")[1]["coupons"]
    check("by person", mine and all(c["card"] == "M1" for c in mine), mine)
    expired = mall.coupon("expire", "--at", "2018-01-01")[1]["expired"]
    check("expire", expired == 4, expired)
    check("expired once", mall.coupon("expire", "--at", "2018-01-01")[1]["expired"] == 0)
    status, out, _ = mall.run("verify", "--json")
    bad = [c for c in json.loads(out)["checks"] if c["result"] != "good"]
    check("verify", status == 0 and not bad, bad)
    status, out, _ = mall.run("coupon", "list", "--campaign", "oct", "--csv")
    check("csv", out.startswith("code,campaign,card"), out[:60])


with tempfile.TemporaryDirectory() as folder:
    mall = make(folder)
    code = issues(mall)
    redeems(mall, code)
    days_budget_void(mall)
    lists(mall)
    tills(mall)
    at_once(mall)
    figures(mall)
finish()
