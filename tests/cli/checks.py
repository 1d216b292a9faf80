"""What every script of tests/cli does: it counts what holds, says what does not and what it could not
try, and ends with `N passed, N failed`."""

import os
import socket
import sys

_counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, good, seen=""):
    """Holds where `good` is true; else `seen` says what was there."""
    _counts["passed" if good else "failed"] += 1
    if not good:
        print(f"FAILED {what}: {seen}", flush=True)


def same(what, found, expected):
    """Holds where both are equal."""
    check(what, found == expected, f"\n  found    {found!r}\n  expected {expected!r}")


def tell(passed, failed=0):
    """Adds what another program counted."""
    _counts["passed"] += passed
    _counts["failed"] += failed


def skip(what):
    """What cannot be tried on this machine, and why."""
    _counts["skipped"] += 1
    print(f"[  SKIPPED ] {what}", flush=True)


def finish():
    """The last line, and the end of the program."""
    skipped = f", {_counts['skipped']} skipped" if _counts["skipped"] else ""
    print(f"{_counts['passed']} passed, {_counts['failed']} failed{skipped}")
    sys.exit(_counts["failed"] > 0)


def ports_free(n=1, addresses=8):
    """The first of n ports in a row that nobody has at the first loopback addresses; below those that
    connections are given."""
    port = 10000 + os.getpid() % 20000
    while port + n < 32000:
        try:
            for at in range(port, port + n):
                for last in range(1, addresses + 1):
                    with socket.socket() as probe:
                        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        probe.bind((f"127.0.0.{last}", at))
            return port
        except OSError:
            port = at + 1
    sys.exit("no free port")
