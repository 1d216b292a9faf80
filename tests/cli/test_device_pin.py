#!/usr/bin/env python3
"""atrium device pin: first contact, changed keys, known_hosts; and a bastion and user keys by the
columns of an import."""

import json
import os
import sqlite3
import subprocess
import tempfile

from checks import check, finish, ports_free

ATRIUM = os.environ["ATRIUM"]
DEVICES = os.path.join(os.path.dirname(ATRIUM), "atrium-devices")


def run(*words, stdin=None):
    return subprocess.run([ATRIUM, "-m", mall, *words], capture_output=True, text=True, input=stdin,
                          env=environment, timeout=120)


def device(*words, on=""):
    done = run("device", words[0], "--on", on, "--identity", key, "--json", *words[1:])
    rows = json.loads(done.stdout)["devices"] if done.stdout else []
    return done.returncode, {row["device"]: row for row in rows}, done.stderr


def pins_kept():
    file = sqlite3.connect(f"file:{mall}?mode=ro", uri=True)
    rows = file.execute("select code, pin, quarantine from device").fetchall()
    file.close()
    return {code: (pin, quarantine) for code, pin, quarantine in rows}


def results(rows):
    return [rows[code]["result"] for code in codes if code in rows]


def first_contact():
    code, rows, _ = device("pin")
    check("shown", code == 0 and results(rows) == ["new"] * 4, results(rows))
    check("what is shown is its key", all(rows[c]["shown"] == pins[c] for c in codes))
    check("nothing is kept by looking", all(not pin for pin, _ in pins_kept().values()))
    status, rows, _ = device("status")
    check("without a pin no credential", {row["state"] for row in rows.values()} == {"unpinned"})
    code, rows, _ = device("pin", "--accept", on=codes[0])
    check("one accepted", code == 0 and results(rows) == ["pinned"], rows)
    check("only that one", [c for c, (pin, _) in pins_kept().items() if pin] == [codes[0]])
    code, rows, error = device("pin", "--changed")
    check("--changed alone is wrong", code == 2 and "--accept" in error, error)


def changed_key():
    other = "SHA256:" + "A" * 43
    done = run("device", "pin", "--on", codes[1], "--import", "-", "--accept",
               stdin=f"{codes[1]} {other}\n")
    check("written down by code", done.returncode == 0 and pins_kept()[codes[1]][0] == other,
          done.stderr)
    code, rows, _ = device("status", on=codes[1])
    check("quarantined", rows[codes[1]]["state"] == "quarantined", rows)
    check("kept so", pins_kept()[codes[1]][1] != "", pins_kept())
    code, rows, _ = device("pin", "--accept", on=codes[1])
    check("a changed key is not accepted with the others", code == 1, rows)
    check("it is named", rows[codes[1]]["result"] == "changed", rows)
    check("its pin stays", pins_kept()[codes[1]][0] == other)
    code, rows, _ = device("pin", "--accept", "--changed", on=codes[1])
    check("unless that is said", code == 0 and rows[codes[1]]["result"] == "pinned", rows)
    check("it is out of quarantine", pins_kept()[codes[1]] == (pins[codes[1]], ""), pins_kept())


def from_known_hosts():
    known = subprocess.run([*shape, "--known-hosts"], capture_output=True, text=True).stdout
    wrong = known + "|1|c2FsdA==|aGFzaA== ssh-ed25519 " + known.split()[2] + "\n@revoked * " + known
    code, rows, error = device("pin", "--import", write("known_hosts", "# ours\n\n" + wrong))
    check("read and not kept", code == 0 and results(rows) == ["same", "same", "new", "new"], rows)
    check("left out is said", "2 names or keys" in error, error)
    code, rows, _ = device("pin", "--import", write("known_hosts", known), "--accept")
    check("kept", code == 0 and {c: p for c, (p, _) in pins_kept().items()} == pins, rows)
    for text in ("nothing\n", "host ssh-ed25519 !!!\n", "host nokey AAAA\n",
                 f"{codes[0]} SHA256:short\n", "host ssh-ed25519\n"):
        code, rows, error = device("pin", "--import", write("bad", known + text))
        check(f"refused: {text!r}", code == 3 and "bad:5: found" in error, (code, error))
    code, rows, error = device("pin", "--import", write("empty", ""), on=codes[0])
    check("a file without a key", code == 1 and rows[codes[0]]["result"] == "failed", rows)
    code, _, error = device("pin", "--import", folder + "/none")
    check("no such file", code == 2 and "/none" in error, error)


def roads():
    """A bastion and a key of its own come with the inventory."""
    code, rows, _ = device("status")
    check("all answer", code == 0 and {row["state"] for row in rows.values()} == {"ok"}, rows)
    text = (f"device,kind,host,port,user,pin,bastion,identity\n"
            f"X1,pos,127.0.0.1,{port},atrium,{pins[codes[0]]},{codes[1]},\n"
            f"X2,pos,127.0.0.1,{port},atrium,{pins[codes[0]]},,{folder}/nokey\n")
    done = run("import", "devices", "-", stdin=text)
    check("imported", done.returncode == 0, done.stderr)
    code, rows, _ = device("status", on="device in (X1, X2)")
    check("a bastion that forwards nothing", rows["X1"]["state"] == "offline"
          and f"the bastion {codes[1]}: " in rows["X1"]["reason"], rows["X1"])
    check("a key that is not there", rows["X2"]["state"] == "failed"
          and "nothing was sent" in rows["X2"]["reason"], rows["X2"])
    code, rows, _ = device("status", on=f"bastion={codes[1]}")
    check("selected by bastion", list(rows) == ["X1"], rows)


def write(name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


with tempfile.TemporaryDirectory(prefix="atrium-pin-") as folder:
    mall, key = os.path.join(folder, "m.mall"), os.path.join(folder, "id")
    environment = {**os.environ, "XDG_CONFIG_HOME": folder, "LC_ALL": "C.UTF-8"}
    environment.pop("ATRIUM_NOW", None)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    port = str(ports_free())
    shape = [DEVICES, "--devices", "4", "--port", port]
    listed = subprocess.run([*shape, "--list"], capture_output=True, text=True, check=True).stdout
    lines = [line.split(",") for line in listed.splitlines()]
    pins = {line[0]: line[6] for line in lines[1:]}
    codes = sorted(pins)
    subprocess.run([ATRIUM, "init", mall, "--timezone", "Asia/Shanghai"], check=True,
                   stdout=subprocess.DEVNULL)
    done = run("import", "devices", "-", stdin="".join(",".join(line[:5]) + "\n" for line in lines))
    check("inventory", done.returncode == 0, done.stderr)
    farm = subprocess.Popen([*shape, "--user-key", key + ".pub"], stdout=subprocess.PIPE)
    farm.stdout.readline()
    try:
        first_contact()
        changed_key()
        from_known_hosts()
        roads()
    finally:
        farm.terminate()
        farm.wait()

finish()
