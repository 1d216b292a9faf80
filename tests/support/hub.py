"""A hub for tests: its mall file belongs to a user of its own where the tests run as root, as `serve`
refuses root; sshd, where there is one, runs on loopback with a passwd file of its own."""
import json
import os
import pwd
import random
import shlex
import shutil
import socket
import subprocess
import tempfile
import time

ATRIUM = os.path.abspath(os.environ.get("ATRIUM", "build/atrium"))
ROOT = os.geteuid() == 0
UID = 65534 if ROOT else os.geteuid()


def clean_env(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("ATRIUM_", "XDG_", "SSH_"))}
    env.update(more)
    return env


class Hub:
    def __init__(self, members=300, days=20, wait=300):
        self.wait = wait  # the most seconds that a command may take
        self.folder = tempfile.mkdtemp(prefix="atrium-hub-")
        os.chmod(self.folder, 0o755)
        self.home = os.path.join(self.folder, "home")
        os.makedirs(os.path.join(self.home, ".ssh"))
        self.program = os.path.join(self.folder, "atrium")  # where every user may run it
        shutil.copy(ATRIUM, self.program)
        os.chmod(self.program, 0o755)
        self.own()
        self.mall = os.path.join(self.home, "mall.mall")
        self.sshd = None
        self.run("demo", "--members", str(members), "--days", str(days), "--no-console")

    def own(self):
        for where, folders, files in os.walk(self.home):
            for name in [where] + [os.path.join(where, f) for f in files]:
                if ROOT:
                    os.chown(name, UID, UID)
        os.chmod(os.path.join(self.home, ".ssh"), 0o700)

    def prefix(self):
        return ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"] if ROOT else []

    def run(self, *args, input=None, ok=True, json_out=False):
        """A command on the hub, as the user who owns its mall."""
        argv = self.prefix() + [self.program, "-m", self.mall, *args] + (["--json"] if json_out else [])
        done = subprocess.run(argv, input=input, capture_output=True, text=True, cwd=self.folder,
                              env=clean_env(HOME=self.home), timeout=self.wait)
        if ok and done.returncode:
            raise AssertionError(f"hub {args}: {done.returncode} {done.stderr}")
        return json.loads(done.stdout) if json_out and done.returncode == 0 else done

    def add(self, name, role):
        """A principal with a key of its own; the line goes into authorized_keys."""
        key = os.path.join(self.folder, f"key-{name}")
        if not os.path.exists(key):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        public = open(key + ".pub").read()
        line = self.run("hub", "add", name, "--role", role, "--key", "-", input=public).stdout
        with open(os.path.join(self.home, ".ssh", "authorized_keys"), "a") as f:
            f.write(line)
        self.own()
        return key

    def via(self, name, *more):
        return shlex.join(self.prefix() + [self.program, "-m", self.mall, "serve", "--principal",
                                           name, *more])

    def serve(self, name, env=None, **how):
        how.setdefault("stdin", subprocess.PIPE)
        how.setdefault("stdout", subprocess.PIPE)
        how.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(self.prefix() + [self.program, "-m", self.mall, "serve",
                                                 "--principal", name],
                                env=env or clean_env(), **how)

    def sshd_begin(self, more=""):
        """A real OpenSSH on loopback, or False where it cannot be had; `more`: lines of its configuration."""
        if not shutil.which("sshd") and not os.path.exists("/usr/sbin/sshd"):
            return False
        host = os.path.join(self.folder, "hostkey")
        if not os.path.exists(host):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host], check=True)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        config = os.path.join(self.folder, "sshd_config")
        with open(config, "w") as f:
            f.write(f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {host}\nUsePAM no\n"
                    f"PidFile none\nAuthorizedKeysFile {self.home}/.ssh/authorized_keys\n"
                    "PasswordAuthentication no\nStrictModes no\nMaxStartups 100\nAcceptEnv *\n" + more)
        argv = ["/usr/sbin/sshd", "-D", "-e", "-f", config]
        if ROOT:
            self.user = "hubber"
            passwd = os.path.join(self.folder, "passwd")
            with open(passwd, "w") as f:
                f.write(open("/etc/passwd").read() +
                        f"hubber:x:{UID}:{UID}::{self.home}:/bin/sh\n")
            os.makedirs("/run/sshd", exist_ok=True)
            argv = ["unshare", "-m", "sh", "-c",
                    f"mount --bind {shlex.quote(passwd)} /etc/passwd && exec {shlex.join(argv)}"]
        else:
            self.user = pwd.getpwuid(UID).pw_name
        self.sshd_log = os.path.join(self.folder, "sshd.log")
        self.sshd = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=open(self.sshd_log, "w"))
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                if self.sshd.poll() is not None:
                    return False
                time.sleep(0.02)
        return False

    def sshd_end(self):
        if self.sshd:
            self.sshd.terminate()
            self.sshd.wait()
            self.sshd = None

    def url(self):
        return f"ssh://{self.user}@127.0.0.1:{self.port}"

    def fingerprint(self):
        out = subprocess.run(["ssh-keygen", "-lf", os.path.join(self.folder, "hostkey.pub")],
                             capture_output=True, text=True, check=True).stdout
        return out.split()[1]

    def end(self):
        self.sshd_end()
        shutil.rmtree(self.folder, ignore_errors=True)


class Replica:
    def __init__(self, hub, name):
        self.hub, self.name = hub, name
        self.folder = tempfile.mkdtemp(prefix="atrium-replica-")
        self.file = os.path.join(self.folder, "replica.mall")

    def argv(self, *args):
        return [ATRIUM, "-m", self.file, *args]

    def run(self, *args, input=None):
        return subprocess.run(self.argv(*args), input=input, capture_output=True, text=True,
                              env=clean_env(HOME=self.folder), timeout=self.hub.wait)

    def json(self, *args, ok=True):
        done = self.run(*args, "--json")
        if ok and done.returncode:
            raise AssertionError(f"{self.name} {args}: {done.returncode} {done.stderr}")
        return json.loads(done.stdout)

    def sync(self, *more):
        """Over a pipe; what it printed with its status."""
        done = self.run("sync", "--via", self.hub.via(self.name), "--json", *more)
        out = json.loads(done.stdout) if done.stdout.strip().startswith("{") else {}
        out["status"], out["stderr"] = done.returncode, done.stderr
        return out

    def end(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Count:
    """`N passed, N failed`, as tests/run.sh reads it."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, *what):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print("FAILED", *what, flush=True)
        return good

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        raise SystemExit(self.failed > 0)


chance = random.Random(int(os.environ.get("SEED", "1")))
