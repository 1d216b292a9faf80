"""A folder with a device's script for tests: running its verbs, versions and archives, trials that wait."""

import hashlib
import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = os.path.join(ROOT, "model/fleet/atrium-device.sh")


def sha(data):
    return hashlib.sha256(data).hexdigest()


class Device:
    def __init__(self, folder):
        self.home = folder
        self.env = dict(os.environ, ATRIUM_DEVICE_HOME=folder)

    def path(self, *parts):
        return os.path.join(self.home, *parts)

    def run(self, *words, data=b"", env=None):
        done = subprocess.run(["sh", SCRIPT, *words], input=data, env=env or self.env,
                              capture_output=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def values(self, *words, data=b""):
        status, out, err = self.run(*words, data=data)
        return dict(line.split("=", 1) for line in out.decode().split() if "=" in line)

    def version(self, name, mark=b"x"):
        os.makedirs(self.path("app", name), exist_ok=True)
        self.write(f"app/{name}/program", mark)

    def current(self, name):
        link = self.path("app/current")
        if os.path.lexists(link):
            os.remove(link)
        os.symlink(name, link)

    def now(self):
        link = self.path("app/current")
        return os.readlink(link) if os.path.lexists(link) else None

    def write(self, name, data, mode="wb"):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), mode) as file:
            file.write(data)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def has(self, name):
        return os.path.lexists(self.path(name))


def archive(version, content=b"new"):
    """A tar of a whole version."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name in ("program", "texts", "images"):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mode = 0o755
            tar.addfile(info, io.BytesIO(content))
    return data.getvalue()


class Fresh:
    """A device in a folder of its own, with version 1 in use."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="atrium-device.")
        device = Device(self.folder)
        device.version("1", b"old")
        device.current("1")
        device.write("hook", b"the test\n")  # it calls `boot`; nobody's crontab is touched
        return device

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)


def end_timers(d):
    """The dead man's timers that the test armed."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                ours = b"ATRIUM_DEVICE_HOME=" + d.home.encode() + b"\0" in file.read() + b"\0"
        except OSError:
            continue
        if ours and int(pid) != os.getpid():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass


