# SPDX-License-Identifier: Apache-2.0
"""Keeps one server, and everything it starts, from outliving whoever started it.

Run as a script by ``processes.py``, one for each server. Its standard input is a pipe whose other end only
the starter holds: when that closes, because the starter stops the server or was itself killed with SIGKILL,
the server is asked to end, and whatever is left of it after the grace is killed. Descendants that ran away
from their parent are found too, since Linux gives orphans to the nearest *subreaper*, which is this process
(``man 2 prctl``, PR_SET_CHILD_SUBREAPER). Standard library only, and no import of the package: it starts in
20 ms.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_POLL_SECONDS = 0.1


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _parents() -> dict[int, int]:
    """Map every living process to its parent, as ``/proc`` names it; zombies do not live."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue  # it ended while we looked
        if state != "Z":
            parents[int(entry.name)] = int(parent)
    return parents


def descendants_of(pid: int) -> set[int]:
    """Return every living process below ``pid``."""
    parents = _parents()
    found: set[int] = set()
    frontier = {pid}
    while frontier:
        frontier = {child for child, parent in parents.items() if parent in frontier} - found
        found |= frontier
    return found


class Keeper:
    """One server, from its start until nothing of it is left."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.starter = os.getppid()
        self.stopping = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        self.server = self._start()

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _start(self) -> subprocess.Popen[bytes]:
        def die_with_keeper() -> None:
            # Last resort, for a keeper that is itself killed with SIGKILL. It runs after the change of user,
            # which would clear it.
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

        uid, gid = self.arguments.uid, self.arguments.gid
        return subprocess.Popen(
            self.arguments.argv,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_keeper,
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )

    def wait(self) -> None:
        """Return when the server has ended, or when the starter is gone or wants it to end."""
        while self.server.poll() is None and os.getppid() == self.starter and not self.stopping:
            readable, _, _ = select.select([0], [], [], _POLL_SECONDS)
            if readable and not os.read(0, 1):
                return

    def end(self) -> int:
        """Ask, wait for the grace, kill; return the server's code when nothing below this process lives."""
        if self.server.poll() is None:
            self.server.send_signal(self.arguments.signal)
        deadline = time.monotonic() + self.arguments.grace
        while time.monotonic() < deadline and self.server.poll() is None:
            time.sleep(_POLL_SECONDS / 5)
        while left := descendants_of(os.getpid()):
            for pid in left:
                _kill(pid)
            time.sleep(_POLL_SECONDS / 10)
        return self.server.wait()


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def main() -> int:
    """Run the server given after ``--`` until it ends or the starter does; exit with its code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--signal", type=int, default=signal.SIGTERM)
    parser.add_argument("--grace", type=float, default=10.0)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("argv", nargs="+")
    keeper = Keeper(parser.parse_args())
    keeper.wait()
    code = keeper.end()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
