"""The function that an engine's worker calls: runs one trial in a warm child process, which can be killed.

A worker of Dask or of a pool cannot end a call that runs. So the worker runs no trial itself: a child process does. The
worker hands on the child's reports and the kernel's decisions, and kills the child where nothing else helps.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import IO, Any

from jtune.executors.calls import Line, Link
from jtune.executors.warden import Warden
from jtune.text import memory
from jtune.trials.interrupts import TimeLimit
from jtune.trials.outcome import Outcome
from jtune.trials.program import Task

# How long the code of a trial may take to end by itself before its process is killed.
_GRACE_S = 0.4
_PRINTED_AT_MOST = 4000
# Imports jtune from where this process has it; a file of the current folder is not a module of Python's.
_CHILD = (
    "import sys; sys.path[:] = [sys.argv.pop(), *filter(None, sys.path)]; import jtune; del sys.path[0]; "
    "from jtune.executors import child; child.main(*map(int, sys.argv[1:]))"
)


@dataclass(frozen=True)
class Lost:
    """A trial whose process ended before the trial did.

    Parameters
    ----------
    reason : str
    was_killed : bool
        Whether by signal 9, by which Linux ends a process when memory runs out.
    printed : str
        The end of what the process printed past Python.
    """

    reason: str
    was_killed: bool = False
    printed: str = ""


@dataclass(frozen=True)
class Unreachable:
    """A trial that did not run, as its worker cannot reach the kernel and lacks the values that the cell reads."""


def run(link: Link, task: Task, is_judged: bool, content: bytes | None = None) -> Outcome | Lost | Unreachable:
    """Run a trial in a child of this process.

    Parameters
    ----------
    link : Link
    task : Task
    is_judged : bool
        Whether the kernel is asked about what the trial reports.
    content : bytes, optional
        Of the file that :func:`jtune.executors.payload.written` returns, for a worker that cannot reach the kernel.
    """
    if link.python != sys.version_info[:2]:
        kernels, own = (".".join(map(str, version)) for version in (link.python, sys.version_info[:2]))
        return Lost(f"the worker runs Python {own}, the kernel Python {kernels}; code of one does not run in the other")
    nest = _nest(link, content)
    if nest is None:
        return Unreachable()
    try:
        return nest.run(task, is_judged)
    except _ClosedError:  # just now; there may be need for a new one
        return run(link, task, is_judged, content)


class _ClosedError(Exception):
    """The nest of child processes was closed."""


class Nest:
    """The children of this process that run trials of one search.

    Parameters
    ----------
    link : Link
    payload : file
        What :func:`jtune.executors.payload.written` returns; closed with the nest.
    line : Line, optional
        To the kernel, where that can be reached.
    """

    def __init__(self, link: Link, payload: IO[bytes], line: Line | None) -> None:
        self._link, self._payload, self._line = link, payload, line
        self._tokens: SimpleQueue[str] = SimpleQueue()
        for token in link.tokens:
            self._tokens.put(token)
        self._keepers: set[_Keeper] = set()
        self._idle: list[_Keeper] = []
        self._warden = Warden()
        self._lock = threading.Lock()
        # Linux has a child die with the thread that started it, so that is one which lives as long as the nest.
        self._starter = ThreadPoolExecutor(1, "jtune-starter")
        self._is_closed = False
        self._last_used = time.monotonic()
        threading.Thread(target=self._outlive if line is None else self._listen, name="jtune-nest", daemon=True).start()

    def run(self, task: Task, is_judged: bool) -> Outcome | Lost:
        """Run a trial in a child that is idle, or in a new one."""
        keeper = self._take()
        try:
            return keeper.run(task, is_judged and self._line is not None, self._tell)
        finally:
            self._put_back(keeper)

    def _take(self) -> _Keeper:
        while keeper := self._idle_one():
            if keeper.is_idle:
                return keeper
            self._let_go(keeper)
        token = self._tokens.get() if self._link.tokens else None
        try:
            keeper = self._starter.submit(_Keeper, self._link, self._payload, token, self._warden).result()
        except Exception:
            if token is not None:
                self._tokens.put(token)
            raise
        with self._lock:
            if not self._is_closed:
                self._keepers.add(keeper)
                return keeper
        self._let_go(keeper)
        raise _ClosedError

    def _idle_one(self) -> _Keeper | None:
        with self._lock:
            if self._is_closed:
                raise _ClosedError
            return self._idle.pop() if self._idle else None

    def _put_back(self, keeper: _Keeper) -> None:
        self._last_used = time.monotonic()
        with self._lock:
            if keeper.is_idle and not self._is_closed:
                self._idle.append(keeper)
                return
        self._let_go(keeper)

    def _let_go(self, keeper: _Keeper) -> None:
        keeper.end()
        keeper.close()
        with self._lock:
            self._keepers.discard(keeper)
        if keeper.token is not None:
            self._tokens.put(keeper.token)

    def _tell(self, *message: Any) -> None:
        if self._line is not None:
            with self._lock:
                self._line.send(message)

    def _listen(self) -> None:
        """Hand on the kernel's decisions; close the nest when the search or the kernel has ended."""
        assert self._line is not None
        with contextlib.suppress(EOFError, OSError):
            while (message := self._line.recv())[0] != "end":
                with self._lock:
                    keepers = list(self._keepers)
                for keeper in keepers:
                    keeper.take(*message)
        close(self._link)
        with self._lock:
            self._line.close()

    def _outlive(self) -> None:
        """Close the nest when no trial has come for a while: without a line, the end of the search is not told."""
        while (left := self._last_used + self._link.idle_s - time.monotonic()) > 0 or self._is_busy:
            time.sleep(max(0.1, left))
        close(self._link)

    @property
    def _is_busy(self) -> bool:
        with self._lock:
            return len(self._idle) < len(self._keepers)

    def close(self) -> None:
        """Kill all children; the threads that wait for a trial then clear up behind its child."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            keepers, idle, self._idle = list(self._keepers), self._idle, []
        for keeper in keepers:
            keeper.end()
        for keeper in idle:
            self._let_go(keeper)
        self._starter.submit(self._payload.close)
        self._starter.submit(self._warden.close)
        self._starter.shutdown(wait=False)


_nests: dict[str, Nest] = {}
_nests_lock = threading.Lock()


def open_here(link: Link, payload: IO[bytes]) -> None:
    """Let threads of the kernel itself be workers of a search, which :func:`close` ends."""
    with _nests_lock:
        _nests[link.search] = Nest(link, payload, link.connect(wants_payload=False))


def close(link: Link) -> None:
    """End all trials of a search that this process runs."""
    with _nests_lock:
        nest = _nests.pop(link.search, None)
    if nest is not None:
        nest.close()


def _nest(link: Link, content: bytes | None) -> Nest | None:
    """Return the nest of a search; None where neither the kernel nor the engine gives the payload."""
    with _nests_lock:
        if link.search not in _nests:
            try:
                line = link.connect(wants_payload=True)
            except OSError:
                if content is None:
                    return None
                _nests[link.search] = Nest(link, _file([content]), None)
            else:
                _nests[link.search] = Nest(link, _file(iter(line.recv_bytes, b"")), line)
        return _nests[link.search]


def _file(content: Iterable[bytes]) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the nest)
    for piece in content:
        file.write(piece)
    file.flush()
    return file


class _Keeper:
    """One child, which runs one trial at a time.

    Parameters
    ----------
    link : Link
    payload : file
    token : str or None
        A device that is the child's alone.
    warden : Warden
        Ends what the child has started, should this process be killed.
    """

    def __init__(self, link: Link, payload: IO[bytes], token: str | None, warden: Warden) -> None:
        self.token, self._warden = token, warden
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the child)
        ours, its = socket.socketpair()
        self._child: Line = Connection(ours.detach())
        tokens = {} if token is None else {link.token_name: token}
        descriptors = its.fileno(), payload.fileno()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _CHILD, *map(str, descriptors), str(os.getpid()), _root()],
                # Unbuffered: what programs print shall come with the trial that has started them.
                env={**os.environ, "PYTHONUNBUFFERED": "1", **link.environment, **tokens},
                stdin=subprocess.DEVNULL,
                stdout=self._printed,
                stderr=self._printed,
                pass_fds=descriptors,
                # An interrupt of the kernel goes to its whole process group; and what a trial has started ends with it.
                start_new_session=True,
            )
        warden.guard(self._process.pid)
        # Of what follows, and of the process itself, which may be ended by any thread until it is waited for.
        self._lock = threading.Lock()
        self._number: int | None = None
        self._lost: Lost | None = None
        self._is_ready = self._is_ending = self._is_over = False

    @property
    def is_idle(self) -> bool:
        """Whether the child could run a trial now: it has not ended, and sends nothing unasked."""
        return not (self._is_ending or self._child.closed or self._child.poll(0))

    def run(self, task: Task, is_judged: bool, tell: Callable[..., None]) -> Outcome | Lost:
        """Have the child run a trial; kill the child where the trial does not end in time by itself.

        Parameters
        ----------
        task : Task
        is_judged : bool
        tell : callable
            Takes a message for the kernel.
        """
        with self._lock:
            self._number = task.number
        try:
            tell("begin", task.number)
            self._send("run", task.number, task, is_judged)
            return self._followed(task, tell)
        except (EOFError, OSError):  # the child has ended, or the kernel
            return self.close()
        except BaseException:  # an interrupt of the worker
            self.end()
            raise
        finally:
            with self._lock:
                self._number = None

    def _followed(self, task: Task, tell: Callable[..., None]) -> Outcome:
        end = _end_of(task.limit) if self._is_ready else None
        while self._child.poll(None if end is None else max(0.0, end - time.monotonic())):
            kind, *given = self._child.recv()
            if kind == "ended":
                outcome: Outcome = given[0]
                return outcome
            if kind == "ready":  # it has imported all that it needs, and begins
                self._is_ready, end = True, _end_of(task.limit)
            else:
                tell(kind, task.number, *given)
        self.end()
        assert task.limit is not None
        return Outcome(task.limit.verdict.state, task.limit.verdict.reason)

    def take(self, kind: str, number: int, *given: Any) -> None:
        """Take the kernel's decision on a trial; do nothing where the child runs another trial."""
        with self._lock:
            if number != self._number:
                return
        with contextlib.suppress(OSError):
            self._send(kind, number, *given)
        if kind == "abandon":
            timer = threading.Timer(_GRACE_S, self.end, [number])
            timer.daemon = True
            timer.start()

    def _send(self, *message: Any) -> None:
        with self._lock:
            self._child.send(message)

    def end(self, number: int | None = None) -> None:
        """Kill the child; if a number is given, only while that trial runs."""
        with self._lock:
            if self._is_over or (number is not None and number != self._number):
                return
            self._is_ending = True
            self._process.kill()

    def close(self) -> Lost:
        """Wait for the child to end, or kill it, and end what it has started; return how it ended."""
        patience = time.monotonic() + 0.1  # one whose connection has ended is about to end by itself
        while self._lost is None:
            self._lost = self._reaped()
            if time.monotonic() > patience:
                self.end()
            if self._lost is None:
                time.sleep(0.005)
        return self._lost

    def _reaped(self) -> Lost | None:
        """Return how the child ended; None where it has not."""
        with self._lock:
            try:
                pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
            except ChildProcessError:  # code of the user's has waited for any child
                pid, status, usage = self._process.pid, 0, resource.getrusage(resource.RUSAGE_CHILDREN)
            if not pid:
                return None
            self._is_over = True
            self._process.returncode = code = os.waitstatus_to_exitcode(status)
            with contextlib.suppress(OSError):
                # What it has started; multiprocessing's tracker, which clears up behind others, does not heed this.
                os.killpg(self._process.pid, signal.SIGTERM)
            self._warden.release(self._process.pid)
            self._child.close()
            with self._printed as printed:
                return Lost(_how(code, usage.ru_maxrss), -code == signal.SIGKILL, _tail(printed))


def _end_of(limit: TimeLimit | None) -> float | None:
    """Return when a trial that begins now is killed, if it has a limit."""
    return time.monotonic() + max(0.0, limit.seconds) + _GRACE_S if limit else None


def _root() -> str:
    """Return where this process has jtune from, which need not be installed."""
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _how(code: int, peak: int) -> str:
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    return f"worker ended {how}, used {memory(peak)}"


def _tail(printed: IO[bytes]) -> str:
    size = os.fstat(printed.fileno()).st_size
    return os.pread(printed.fileno(), _PRINTED_AT_MOST, max(0, size - _PRINTED_AT_MOST)).decode(errors="replace")
