"""Ends the processes that trials have started where the worker is killed: a small process outlives the worker."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys


class Warden:
    """A small process that is told of process groups, and ends the remaining ones when this process has ended."""

    def __init__(self) -> None:
        # This file alone, without site-packages, so that it starts within milliseconds.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )

    def guard(self, group: int) -> None:
        """End a process group with this process."""
        self._say("+", group)

    def release(self, group: int) -> None:
        """Guard a process group no more: its number may soon be that of another one."""
        self._say("-", group)

    def _say(self, sign: str, group: int) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # it has ended, or was closed
            self._process.stdin.write(f"{sign}{group}\n".encode())

    def close(self) -> None:
        """End the process, and with it all groups that it guards."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def _guard() -> None:
    """Read about groups until the process that writes about them has ended; end those that are left."""
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGTERM)


if __name__ == "__main__":
    _guard()
