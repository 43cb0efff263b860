"""Runs one trial in a warm child process, which can be killed; what an engine's worker calls.

A worker of Dask or of a pool cannot end what it runs. So it runs nothing itself: it keeps a child process that does,
hands on what the child reports and what the kernel decides, and kills the child where that is all that helps.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Connection, wait
from typing import IO, Any, TypeAlias

from jtune.trials.interrupts import Verdict
from jtune.trials.outcome import Outcome
from jtune.trials.program import Task

# How long the code of a trial may take to end by itself before its process is killed.
_GRACE_S = 0.4
Line: TypeAlias = "Connection[Any, Any]"


@dataclass(frozen=True)
class Link:
    """How a worker gets at the kernel of a search.

    Parameters
    ----------
    search : str
        Tells searches apart.
    address : tuple of (str, int)
    key : bytes
        Of the kernel's listener.
    environment : dict of str to str
        For the children, set before they import anything.
    tokens : tuple of str
        One for each child that runs at a time, in the variable ``token_name``; none by default.
    """

    search: str
    address: tuple[str, int]
    key: bytes
    environment: Mapping[str, str] = field(default_factory=dict)
    tokens: tuple[str, ...] = ()
    token_name: str = "CUDA_VISIBLE_DEVICES"

    def connect(self, purpose: str) -> Line:
        """Open a connection to the kernel, and say what for."""
        line: Line = Client(self.address, authkey=self.key)
        line.send(purpose)
        return line


@dataclass(frozen=True)
class Lost:
    """A trial whose process has ended under it.

    Parameters
    ----------
    reason : str
    """

    reason: str


def run(link: Link, task: Task, is_judged: bool) -> Outcome | Lost:
    """Run a trial in a child of this process.

    Parameters
    ----------
    link : Link
    task : Task
    is_judged : bool
        Whether the kernel is asked about what the trial reports.
    """
    return _nest(link).run(task, is_judged)


class _EndedError(Exception):
    """The search has ended, so that nobody waits for the trial."""


class Nest:
    """The children of this process that run trials of one search.

    Parameters
    ----------
    link : Link
    payload : file
        What :func:`jtune.executors.payload.written` returns.
    """

    def __init__(self, link: Link, payload: IO[bytes]) -> None:
        self._link, self._payload = link, payload
        self._tokens = list(link.tokens)
        self._keepers: set[_Keeper] = set()
        self._idle: list[_Keeper] = []
        self._lock = threading.Lock()
        # Linux has a child die with the thread that started it, so that is one which lives as long as the nest.
        self._starter = ThreadPoolExecutor(1, "jtune-starter")
        self._is_closed = False

    def run(self, task: Task, is_judged: bool) -> Outcome | Lost:
        """Run a trial in a child that is idle, or in a new one."""
        keeper = self._take()
        try:
            return keeper.run(task, is_judged)
        finally:
            self._put_back(keeper)

    def _take(self) -> _Keeper:
        with self._lock:
            if self._is_closed:
                raise _EndedError
            if self._idle:
                return self._idle.pop()
            token = self._tokens.pop(0) if self._link.tokens else None
        try:
            keeper = self._starter.submit(_Keeper, self._link, self._payload, token).result()
        except Exception:
            self._tokens += [] if token is None else [token]
            raise
        with self._lock:
            self._keepers.add(keeper)
            if not self._is_closed:
                return keeper
        keeper.kill()
        raise _EndedError

    def _put_back(self, keeper: _Keeper) -> None:
        with self._lock:
            if keeper.is_alive and not self._is_closed:
                self._idle.append(keeper)
                return
            self._keepers.discard(keeper)
            if keeper.token is not None:
                self._tokens.append(keeper.token)
        keeper.kill()

    def close(self) -> None:
        """Kill all children."""
        with self._lock:
            self._is_closed = True
            keepers, self._idle = list(self._keepers), []
        for keeper in keepers:
            keeper.kill()
        self._starter.shutdown(wait=False)
        self._payload.close()


_nests: dict[str, Nest] = {}
_nests_lock = threading.Lock()


def open_here(link: Link, payload: IO[bytes]) -> Nest:
    """Let threads of the kernel itself be workers of a search; close what this returns at its end."""
    with _nests_lock:
        _nests[link.search] = Nest(link, payload)
    return _nests[link.search]


def _nest(link: Link) -> Nest:
    with _nests_lock:
        if link.search not in _nests:
            line = link.connect("nest")
            payload = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the nest)
            payload.write(line.recv_bytes())
            payload.flush()
            _nests[link.search] = Nest(link, payload)
            threading.Thread(target=_outlive, args=(link.search, line), name="jtune-nest", daemon=True).start()
        return _nests[link.search]


def _outlive(search: str, line: Line) -> None:
    """Close a nest when the search, or its kernel, has ended."""
    with contextlib.suppress(EOFError, OSError):
        line.recv()
    with _nests_lock:
        nest = _nests.pop(search)
    nest.close()


class _Keeper:
    """One child, and what it and the kernel tell each other."""

    def __init__(self, link: Link, payload: IO[bytes], token: str | None) -> None:
        self.token = token
        # First: where the search has ended meanwhile this fails, and nothing was started yet.
        self._kernel = link.connect("trial")
        ours, its = socket.socketpair()
        self._child: Line = Connection(ours.detach())
        tokens = {} if token is None else {link.token_name: token}
        descriptors = its.fileno(), payload.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__.replace("keeper", "child"), *map(str, descriptors), str(os.getpid())],
            env={**os.environ, **_import_path(), **link.environment, **tokens},
            stdin=subprocess.DEVNULL,
            pass_fds=descriptors,
            # An interrupt of the kernel goes to its whole process group.
            start_new_session=True,
        )
        its.close()
        self._lock = threading.Lock()
        self._is_ready = False
        self.is_alive = True

    def run(self, task: Task, is_judged: bool) -> Outcome | Lost:
        """Have the child run a trial; end it where the trial does not end in time by itself."""
        try:
            return self._run(task, is_judged)
        except (EOFError, OSError):
            return Lost(self.kill())

    def _run(self, task: Task, is_judged: bool) -> Outcome:
        self._kernel.send(("begin", task.number))
        self._child.send(("run", task, is_judged))
        end = _end_of(task) if self._is_ready else None
        while True:
            ready = wait([self._child, self._kernel], end and end[0] - time.monotonic())
            if not ready and end is not None:
                self.kill()
                return Outcome(end[1].state, end[1].reason)
            if self._child in ready:
                kind, *given = self._child.recv()
                if kind == "ended":
                    outcome: Outcome = given[0]
                    return outcome
                if kind == "ready":  # it has imported all that it needs, and begins
                    self._is_ready, end = True, end or _end_of(task)
                else:
                    self._kernel.send((kind, task.number, *given))
            if self._kernel in ready:
                kind, *given = self._kernel.recv()
                if kind == "abandon":
                    end = time.monotonic() + _GRACE_S, Verdict(*given)
                self._child.send((kind, *given))

    def kill(self) -> str:
        """End the child, and return how it ended."""
        with self._lock:
            if not self.is_alive:
                return ""
            self.is_alive = False
            for line in (self._child, self._kernel):
                line.close()
            return _ended(self._process)


def _end_of(task: Task) -> tuple[float, Verdict] | None:
    """Return when a trial that begins now is killed, and what it is then."""
    limit = task.limit
    return (time.monotonic() + max(0.0, limit.seconds) + _GRACE_S, limit.verdict) if limit else None


def _import_path() -> dict[str, str]:
    """Let a child import jtune from where this process has it, also where it is not installed."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return {"PYTHONPATH": os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), root]))}


def _ended(process: subprocess.Popen[bytes]) -> str:
    """Kill a process, if it has not ended, and return how it ended and how much memory it had."""
    # One whose connection has ended is about to end by itself.
    deadline = time.monotonic() + 0.1
    pid, status, usage = os.wait4(process.pid, os.WNOHANG)
    while not pid and time.monotonic() < deadline:
        time.sleep(0.005)
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
    if not pid:
        process.kill()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = code = os.waitstatus_to_exitcode(status)
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    megabytes = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    used = f"{megabytes / 1e3:.1f} GB" if megabytes >= 1e3 else f"{megabytes:.0f} MB"
    return f"worker ended {how}, used {used}"
