#!/usr/bin/env python3
"""A damaged mall file: bytes changed, zeroed, or gone, at many places. Whatever is asked of it, the
answer comes soon and is an answer, or a sentence with exit status 3 or 6; verify either finds the
damage or every event is what it was. DAMAGE_PLACES=N tries more places, DAMAGE_SEED=N others."""
import json
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile

from checks import check, finish

ATRIUM = os.environ["ATRIUM"]
PLACES = int(os.environ.get("DAMAGE_PLACES", "60"))
SLOW = 4 if os.environ.get("SAN") else 1
EVENTS = "select kind, count(*), sum(amount), sum(length(ref)), max(time) from v_event group by 1 order by 1"
TOUR = """key 2 3 4 5
key 6 Down Enter
key Esc 7 Enter
key Esc 8
key 9
type select count(*) from v_event
key Enter
screen
"""


def run(mall, *words, stdin=None):
    try:
        done = subprocess.run([ATRIUM, "-m", mall, *words], input=stdin, capture_output=True,
                              timeout=60 * SLOW)
    except subprocess.TimeoutExpired:
        return "hang", b"", b"it did not end"
    return done.returncode, done.stdout, done.stderr


def copy(mall, to):
    for end in ("", "-wal", "-shm"):
        if os.path.exists(to + end):
            os.remove(to + end)
    shutil.copyfile(mall, to)
    if os.path.exists(mall + "-wal"):
        shutil.copyfile(mall + "-wal", to + "-wal")


PAGES = (4096, 16384)  # of disks, and of the file


def flip(data, at, dice):
    data[at] ^= 1 << dice.randrange(8)


def noise(data, at, dice):
    for i in range(at, min(at + 16, len(data))):
        data[i] = dice.randrange(256)


def zeros(data, at, dice):
    page = at // 4096 * 4096
    data[page:page + 4096] = bytes(len(data[page:page + 4096]))


def swap(data, at, dice):
    page = PAGES[dice.randrange(2)]
    here, there = at // page * page, dice.randrange(len(data) // page) * page
    data[here:here + page], data[there:there + page] = data[there:there + page], data[here:here + page]


def cut(data, at, dice):
    del data[at:]


WAYS = (flip, flip, noise, zeros, swap, cut)


def questions(mall, what, good_events):
    """Asks a damaged file all kinds of things."""
    found = []
    for words in (("status", "--json"), ("loop", "--json"), ("visits", "--json"),
                  ("tenant", "list", "--json"), ("member", "find", "a", "--json"),
                  ("sql", EVENTS, "--csv"), ("export", "events"), ("verify", "--json")):
        status, out, err = run(mall, *words)
        text = err.decode(errors="replace")
        check(f"{what}: {words[0]} answers or refuses", status in (0, 3, 6), f"{status} {text[-300:]}")
        if status in (3, 6):
            check(f"{what}: {words[0]} says why", text.startswith("atrium: ") and len(text) > 20, text)
        found.append((words[0], status, out))
    status, out, err = run(mall, "play", "-", stdin=TOUR.encode())
    check(f"{what}: the console shows or refuses", status in (0, 3, 6),
          f"{status} {err.decode(errors='replace')[-300:]}")
    status = found[-1][1]
    if status == 0:
        answer = dict((name, (status, out)) for name, status, out in found)["sql"]
        check(f"{what}: verify is content, and every event is there", answer == (0, good_events),
              "the events are not what they were")
    return status


def at_many_places(folder, mall, good_events):
    dice = random.Random(int(os.environ.get("DAMAGE_SEED", "20261031")))
    size = os.path.getsize(mall)
    damaged = os.path.join(folder, "damaged.mall")
    recognised = 0
    for number in range(PLACES):
        way = WAYS[number % len(WAYS)]
        copy(mall, damaged)
        with open(damaged, "rb") as file:
            data = bytearray(file.read())
        # Every fourth place in the first pages, where the header, the schema and the settings are;
        # the others where something stands, as a file has much room that nothing uses.
        at = dice.randrange(min(size, 64 * 1024) if number % 4 == 0 else size)
        while number % 4 and not data[at]:
            at = dice.randrange(size)
        way(data, at, dice)
        with open(damaged, "wb") as file:
            file.write(data)
        recognised += questions(damaged, f"{way.__name__} at {at}", good_events) != 0
    print(f"  damage recognised by verify in {recognised} of {PLACES} files")
    check("most damage is recognised", recognised > PLACES // 2, recognised)


def no_mall_at_all(folder):
    odd = {"empty": b"", "text": b"member,name\n1,a\n", "short": b"SQLite format 3\0",
           "zeros": bytes(100000), "noise": random.Random(1).randbytes(50000)}
    for name, content in odd.items():
        path = os.path.join(folder, name + ".mall")
        with open(path, "wb") as file:
            file.write(content)
        for words in (("status",), ("verify",), ("loop",), ("sql", "select 1"), ("play", "-")):
            status, out, err = run(path, *words, stdin=b"screen\n")
            check(f"{name}: {words[0]} refuses", status == 6 and err.startswith(b"atrium: "), f"{status} {err}")
        with open(path, "rb") as file:
            check(f"{name}: stays as it was", file.read() == content)
    other = os.path.join(folder, "other.mall")
    with sqlite3.connect(other) as base:
        base.execute("create table member (a)")
    base.close()
    check("another program's SQLite file is refused", run(other, "status")[0] == 6)
    check("a folder is refused", run(folder, "status")[0] == 6)
    check("no file is refused", run(os.path.join(folder, "none.mall"), "status")[0] == 6)


def a_damaged_log(folder, mall, good_events):
    """Changes that are only in the write-ahead log, which is damaged then: the file is as it was
    before some of them, and whole."""
    source = os.path.join(folder, "logged.mall")
    copy(mall, source)
    holder = sqlite3.connect(source)
    holder.execute("begin")
    holder.execute("select count(*) from member").fetchall()  # keeps the log from being taken over
    for number in range(5):
        rows = "".join(f"M{number}-{i},Wang {i}\n" for i in range(50))
        status, out, err = run(source, "import", "members", "-", stdin=("member,name\n" + rows).encode())
        check("an import beside a reader", status == 0, err)
    size = os.path.getsize(source + "-wal")
    check("the log holds it", size > 4096, size)
    dice, damaged = random.Random(7), os.path.join(folder, "damaged.mall")
    for number in range(12):
        copy(source, damaged)
        with open(damaged + "-wal", "rb") as file:
            data = bytearray(file.read())
        (flip, noise, cut)[number % 3](data, dice.randrange(size), dice)
        with open(damaged + "-wal", "wb") as file:
            file.write(data)
        status, out, err = run(damaged, "verify", "--json")
        check("what is left of a damaged log is whole", status == 0, f"{status} {err} {out[-500:]}")
        status, out, err = run(damaged, "sql", EVENTS, "--csv")
        check("and its events are there", (status, out) == (0, good_events), f"{status} {err}")
    holder.close()


def main(folder):
    mall = os.path.join(folder, "good.mall")
    status, out, err = run(mall, "demo", "--members", "800", "--days", "60", "--no-console")
    check("a mall is made", status == 0, err)
    status, good_events, err = run(mall, "sql", EVENTS, "--csv")
    check("it has events", status == 0 and good_events.count(b"\n") > 5, err)
    check("it is whole", json.loads(run(mall, "verify", "--json")[1])["good"])
    at_many_places(folder, mall, good_events)
    no_mall_at_all(folder)
    a_damaged_log(folder, mall, good_events)


with tempfile.TemporaryDirectory() as place:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        os.environ[name] = place
    main(place)
finish()
