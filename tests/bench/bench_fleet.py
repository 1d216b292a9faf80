"""Measures atrium's fleet beside ClusterShell, pdsh and pssh: bench_fleet.py BUILD [DEVICES [ROUNDS]].

All on the same simulated devices, in the same run: the cold status of every device by the same
command. Prints the figures as one JSON document; bench.py puts them into its table. doc/measured.md
says what is measured and which options the others are given.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

FANOUTS = (32, 64, 128, 256)
LIMIT_S = 120
PORT = int(os.environ.get("ATRIUM_BENCH_PORT", "2222"))  # 2222 may be a living demo's
COMMAND = "PATH=$PATH:$HOME/atrium/bin; atrium-device status"


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Devices:
    """The simulator, the mall that knows its devices, and what ssh needs to know of them."""

    def __init__(self, build, folder, n):
        self.tool = os.path.abspath(os.path.join(build, "atrium-devices"))
        self.atrium = os.path.abspath(os.path.join(build, "atrium"))
        self.path = lambda name: os.path.join(folder, name)
        for name, kind in (("id", "ecdsa"), ("id_ed25519", "ed25519")):
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", self.path(name)],
                           check=True)
        rows = self.listed(n, "--list").splitlines()
        self.hosts = [row.split(",")[2] for row in rows[1:]]
        with open(self.path("devices.csv"), "w") as file:
            for row in rows:  # a mall of its own has no shops
                cells = row.split(",")
                file.write(",".join(cells[:5] + cells[6:]) + "\n")
        with open(self.path("known_hosts"), "w") as file:
            file.write(self.listed(n, "--known-hosts"))
        with open(self.path("hosts"), "w") as file:
            file.writelines(host + "\n" for host in self.hosts)
        mall = self.path("fleet.mall")
        for words in (["init", mall, "--timezone", "Asia/Shanghai"],
                      ["-m", mall, "import", "devices", self.path("devices.csv")]):
            subprocess.run([self.atrium, *words], check=True, stdout=subprocess.DEVNULL)
        self.farm = subprocess.Popen([self.tool, "--devices", str(n), "--port", str(PORT),
                                      "--user-key", self.path("id.pub")], stdout=subprocess.PIPE, text=True)
        self.farm.stdout.readline()

    def listed(self, n, how):
        return subprocess.run([self.tool, "--devices", str(n), "--port", str(PORT), how], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def end(self):
        self.farm.terminate()
        self.farm.wait()

    def ssh_options(self):
        """The least that ssh must do: no configuration, one key, the fast algorithms."""
        options = {
            "Port": PORT, "User": "atrium", "IdentityFile": self.path("id"),
            "IdentitiesOnly": "yes", "IdentityAgent": "none",
            "UserKnownHostsFile": self.path("known_hosts"), "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes", "CheckHostIP": "no", "UpdateHostKeys": "no",
            "HashKnownHosts": "no", "HostKeyAlgorithms": "ssh-ed25519",
            "KexAlgorithms": "ecdh-sha2-nistp256", "Ciphers": "aes128-gcm@openssh.com",
            "PreferredAuthentications": "publickey", "GSSAPIAuthentication": "no",
            "BatchMode": "yes", "ControlMaster": "no", "ControlPath": "none", "Compression": "no",
            "AddressFamily": "inet", "CanonicalizeHostname": "no", "ConnectTimeout": 10,
            "RequestTTY": "no", "LogLevel": "ERROR",
        }
        return [f"-o{name}={value}" for name, value in options.items()]


def run(words, **more):
    """Wall and processor seconds with those of its children, and what it printed."""
    began, before = time.monotonic(), os.times()
    # A program of their own group: what they leave behind is ended with them.
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, timeout=LIMIT_S, text=True, **more)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - began, cpu, done


def atrium(devices, fanout):
    seconds, cpu, done = run([devices.atrium, "-m", devices.path("fleet.mall"), "device", "status",
                              "--on", "", "--identity", devices.path("id"), "--json"])
    answers = sum(row["state"] == "ok" for row in json.loads(done.stdout)["devices"])
    return seconds, cpu, answers, done.stderr


def clush(devices, fanout):
    seconds, cpu, done = run(["clush", "-f", str(fanout), "-O", "ssh_path=/usr/bin/ssh",
                              "-O", "ssh_options=" + " ".join(devices.ssh_options()),
                              "--hostfile", devices.path("hosts"), COMMAND])
    return seconds, cpu, done.stdout.count(": app="), done.stderr


def pdsh(devices, fanout):
    environment = dict(os.environ, PDSH_RCMD_TYPE="ssh", PDSH_SSH_ARGS_APPEND="",
                       PDSH_SSH_ARGS=" ".join(devices.ssh_options()) + " %h")
    seconds, cpu, done = run(["pdsh", "-R", "ssh", "-f", str(fanout), "-w",
                              "^" + devices.path("hosts"), COMMAND], env=environment)
    return seconds, cpu, done.stdout.count(": app="), done.stderr


def pssh(devices, fanout):
    # -I would read commands; -i prints what each says, as the others do.
    options = [word for option in devices.ssh_options() for word in ("-O", option[2:])]
    seconds, cpu, done = run(["parallel-ssh", "-h", devices.path("hosts"), "-p", str(fanout),
                              "-t", "60", "-i", *options, COMMAND])
    return seconds, cpu, done.stdout.count("app="), done.stderr


def once(devices, tool, fanout):
    seconds, cpu, answers, errors = tool(devices, fanout)
    if answers != len(devices.hosts):
        sys.exit(f"bench: {tool.__name__} had {answers} of {len(devices.hosts)} answers: "
                 f"{errors[:300]}")
    return seconds, cpu


def compare(devices, rounds):
    """Every tool at the fan-out that suits it best, in turns; the median of each."""
    others = (clush, pdsh, pssh)
    best = {}
    for tool in others:
        times = {}
        for fanout in FANOUTS:
            times[fanout] = once(devices, tool, fanout)[0]
            say(f"{tool.__name__} with {fanout} at once: {times[fanout]:.2f} s")
        best[tool] = min(times, key=times.get)
    results = {tool: [] for tool in (atrium, *others)}
    once(devices, atrium, 0)
    for turn in range(rounds):
        for tool in results:
            results[tool].append(once(devices, tool, best.get(tool)))
            say(f"round {turn + 1}: {tool.__name__} {results[tool][-1][0]:.2f} s")
    figures = {}
    for tool, times in results.items():
        name = tool.__name__
        figures[f"fleet_status_{name}_s"] = round(statistics.median(t[0] for t in times), 3)
        figures[f"fleet_status_{name}_cpu_s"] = round(statistics.median(t[1] for t in times), 3)
        if tool in best:
            figures[f"fleet_fanout_{name}"] = best[tool]
    quickest = min(figures[f"fleet_status_{tool.__name__}_s"] for tool in others)
    figures["fleet_times_faster"] = round(quickest / figures["fleet_status_atrium_s"], 2)
    return figures


def keys(build, devices):
    """Keys of the Fleet screen while all devices are being asked."""
    os.makedirs(devices.path("atrium"))
    with open(devices.path("atrium/config.ini"), "w") as file:
        file.write(f"[fleet]\nidentity = {devices.path('id')}\n")
    done = subprocess.run([os.path.join(build, "tests/bench/bench_fleet_keys"), devices.atrium,
                           devices.path("fleet.mall"), devices.path(".")], check=True, text=True,
                          stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def main():
    build = sys.argv[1]
    n = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    folder = tempfile.mkdtemp(prefix="atrium-fleet-")
    figures = {"fleet_devices": n}
    try:
        missing = [name for name in ("clush", "pdsh", "parallel-ssh") if not shutil.which(name)]
        devices = Devices(build, folder, n)
        try:
            if missing:
                say(f"not compared: {', '.join(missing)} missing")
            else:
                figures.update(compare(devices, rounds))
            say("keys of the screen")
            figures.update(keys(build, devices))
        finally:
            devices.end()
        say("the engine alone")
        engine = subprocess.run([os.path.join(build, "tests/bench/bench_fleet"), devices.tool,
                                 folder, str(n)], check=True, stdout=subprocess.PIPE, text=True)
        figures.update(json.loads(engine.stdout))
    finally:
        shutil.rmtree(folder)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
