"""Trials in other processes, by way of any engine that takes calls and returns futures."""

from __future__ import annotations

import contextlib
import mmap
import secrets
import socket
import threading
import time
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from multiprocessing.connection import Listener, wait
from queue import Empty, SimpleQueue
from typing import IO, Any

from jtune.errors import UsageError
from jtune.executors import keeper
from jtune.executors.engines import Engine
from jtune.executors.here import Here
from jtune.executors.keeper import Line, Link, Lost
from jtune.trials.execute import Judge
from jtune.trials.interrupts import Verdict
from jtune.trials.outcome import Outcome, State
from jtune.trials.program import Task


@dataclass
class _Flight:
    """A trial that was started and has not ended."""

    task: Task
    judge: Judge | None
    future: Future[Outcome | Lost] | None = None
    line: Line | None = None
    verdict: Verdict | None = None
    is_second_try: bool = False


class Futures:
    """Runs trials by an engine; the baseline, and what is run again for its variables, in the kernel.

    Parameters
    ----------
    here : Here
        Runs the tasks that keep their error, as an error does not travel.
    payload : file
        What :func:`jtune.executors.payload.written` returns.
    engine : Engine
        Its workers call :func:`jtune.executors.keeper.run`.
    """

    def __init__(self, here: Here, payload: IO[bytes], engine: Engine) -> None:
        self._jobs = engine.jobs
        self._here, self._payload, self._engine = here, payload, engine
        key = secrets.token_bytes(32)
        self._listener = Listener(("127.0.0.1", 0), backlog=128, authkey=key)
        address: Any = self._listener.address
        self._link = Link(secrets.token_hex(8), address, key, engine.environment, engine.tokens)
        self._nest = keeper.open_here(self._link, payload) if engine.is_local else None
        self._flights: dict[int, _Flight] = {}
        self._ended: SimpleQueue[tuple[int, Future[Outcome | Lost]]] = SimpleQueue()
        self._lines: list[Line] = []
        self._lock = threading.RLock()
        self._bell = _Bell()
        self._is_woken = self._is_closed = False
        threading.Thread(target=self._accept, name="jtune-listener", daemon=True).start()

    @property
    def jobs(self) -> int:
        """How many trials run at a time."""
        return self._jobs

    @jobs.setter
    def jobs(self, jobs: int) -> None:
        most = len(self._engine.tokens) or jobs
        if not 1 <= jobs <= most:
            raise UsageError(
                f"{jobs} jobs: write a number from 1 on" + (f" to {most}, as each has a GPU" if most < jobs else "")
            )
        self._jobs = jobs

    @property
    def free(self) -> int:
        """How many more trials would run now."""
        return max(0, self._jobs - len(self._flights)) if self._here.free else 0

    def start(self, task: Task, judge: Judge | None = None) -> None:
        """Take a trial."""
        if task.keeps_error:
            self._here.start(task, judge)
        else:
            with self._lock:
                self._flights[task.number] = _Flight(task, judge)
            self._submit(self._flights[task.number])

    def _submit(self, flight: _Flight) -> None:
        number = flight.task.number
        try:
            future = self._engine.executor.submit(keeper.run, self._link, flight.task, flight.judge is not None)
        except Exception as error:  # of an engine that has broken down
            future = Future()
            future.set_exception(error)
        flight.future = future
        future.add_done_callback(lambda done: self._note_end(number, done))

    def _note_end(self, number: int, future: Future[Outcome | Lost]) -> None:
        self._ended.put((number, future))
        self._bell.ring()

    def ended(self, wait_s: float | None = None) -> list[tuple[int, Outcome]]:
        """Answer what trials report until one has ended."""
        if not self._here.free:
            return self._here.ended()
        deadline = None if wait_s is None else time.monotonic() + wait_s
        while not (ended := self._take_ended()) and not self._is_woken:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                break
            with self._lock:
                lines = list(self._lines)
            for each in wait([self._bell.heard, *lines], left):
                if each is self._bell.heard:
                    self._bell.hear()
                else:
                    self._hear(each)  # type: ignore[arg-type]
        self._is_woken = False
        return ended

    def _take_ended(self) -> list[tuple[int, Outcome]]:
        ended = []
        with contextlib.suppress(Empty):
            while True:
                number, future = self._ended.get_nowait()
                outcome = self._outcome(self._flights[number], future)
                if outcome is not None:
                    del self._flights[number]
                    ended.append((number, outcome))
        return ended

    def _outcome(self, flight: _Flight, future: Future[Outcome | Lost]) -> Outcome | None:
        """Return what came of a trial; None where it was lost and is tried once more."""
        try:
            result = future.result()
        except CancelledError:
            result = Lost("cancelled")
        except Exception as error:  # of a worker that has ended, or of the engine
            result = Lost(f"worker lost: {type(error).__name__}: {error}")
        if isinstance(result, Outcome):
            return result
        if flight.verdict is not None:
            return Outcome(flight.verdict.state, flight.verdict.reason)
        if not flight.is_second_try:
            flight.is_second_try, flight.line = True, None
            self._submit(flight)
            return None
        hint = f"; try --jobs {self.jobs // 2}" if self.jobs > 1 and self._engine.is_local else ""
        return Outcome(State.FAILED, result.reason + hint)

    def _hear(self, line: Line) -> None:
        try:
            kind, number, *given = line.recv()
        except (EOFError, OSError):
            with self._lock:
                self._lines.remove(line)
            return
        with self._lock:
            flight = self._flights.get(number)
            if flight is None:
                return
            if kind == "begin":
                flight.line = line
                if flight.verdict is not None:
                    self._send(flight, ("abandon", flight.verdict.state, flight.verdict.reason))
                return
        is_hopeless = flight.judge is not None and flight.judge(*given)
        self._send(flight, ("verdict", is_hopeless))

    def _send(self, flight: _Flight, message: tuple[Any, ...]) -> None:
        with self._lock, contextlib.suppress(OSError):
            if flight.line is not None:
                flight.line.send(message)

    def abandon(self, number: int, state: State, reason: str) -> None:
        """End a trial, wherever it is."""
        self._here.abandon(number, state, reason)
        with self._lock:
            flight = self._flights.get(number)
            if flight is None or flight.verdict is not None:
                return
            flight.verdict = Verdict(state, reason)
            self._send(flight, ("abandon", state, reason))
        if flight.future is not None:
            flight.future.cancel()

    def wake(self) -> None:
        """Have :meth:`ended` return."""
        self._here.wake()
        self._is_woken = True
        self._bell.ring()

    def close(self) -> None:
        """End what runs, and all that was started for it; a user's engine stays as it is."""
        with self._lock:
            self._is_closed = True
            for line in self._lines:
                line.close()
        self._listener.close()
        if self._engine.is_local:
            self._engine.executor.shutdown(wait=False, cancel_futures=True)
        if self._nest is not None:
            self._nest.close()
        self._payload.close()

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                line: Line = self._listener.accept()
                purpose = line.recv()
            except Exception:  # the listener is closed; or whoever called has gone, or does not know the key
                continue
            with self._lock:
                if self._is_closed:
                    line.close()
                    return
                self._lines.append(line)
            if purpose == "nest":
                threading.Thread(target=self._give_payload, args=(line,), daemon=True).start()
            self._bell.ring()

    def _give_payload(self, line: Line) -> None:
        with contextlib.suppress(OSError), mmap.mmap(self._payload.fileno(), 0, access=mmap.ACCESS_READ) as content:
            line.send_bytes(content)


class _Bell:
    """Wakes a thread that waits; may be rung in any thread and in a signal's handler."""

    def __init__(self) -> None:
        self.heard, self._rung = socket.socketpair()
        for end in (self.heard, self._rung):
            end.setblocking(False)

    def ring(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):  # it is ringing already
            self._rung.send(b"!")

    def hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self.heard.recv(4096)
