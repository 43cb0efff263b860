"""Trials in other processes, by way of any engine that takes calls and returns futures."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import IO, Any

from jtune.errors import UsageError
from jtune.executors import keeper
from jtune.executors.calls import Line, Link, Reception
from jtune.executors.engines import Engine
from jtune.executors.here import Here
from jtune.executors.keeper import Lost, Unreachable
from jtune.executors.payload import pieces
from jtune.trials.execute import Judge
from jtune.trials.interrupts import Verdict
from jtune.trials.outcome import Outcome, Output, State
from jtune.trials.program import Task

# After this time a trial that was given up counts as ended, whether its worker has said so or not.
_GIVE_UP_S = 0.9
_UNREACHABLE = (
    "the workers cannot reach this kernel: learning curves come when a trial has ended, none is pruned, "
    "and what runs when the search is ended by hand runs on there"
)


@dataclass
class _Flight:
    """A trial that was started and has not ended."""

    task: Task
    judge: Judge | None
    future: Future[Outcome | Lost | Unreachable] | None = None
    line: Line | None = None
    verdict: Verdict | None = None
    give_up_at: float | None = None
    is_second_try: bool = False
    has_content: bool = False
    reported: list[float] = field(default_factory=list)


class Futures:
    """Runs trials by an engine; the kernel itself runs the baseline, and a trial that is repeated for its variables.

    Parameters
    ----------
    here : Here
        Runs the tasks that keep their error, as an error does not travel.
    payload : file
        What :func:`jtune.executors.payload.written` returns; closed with the executor.
    engine : Engine
        Its workers call :func:`jtune.executors.keeper.run`.

    Attributes
    ----------
    note : str
        What the user should be told about the workers.
    """

    def __init__(self, here: Here, payload: IO[bytes], engine: Engine) -> None:
        self.note = ""
        self._jobs = engine.jobs
        self._here, self._payload, self._engine = here, payload, engine
        self._reception = Reception(payload)
        address, key = self._reception.address, self._reception.key
        self._link = Link(secrets.token_hex(8), address, key, engine.environment, engine.tokens)
        if engine.is_local:
            keeper.open_here(self._link, payload)
        # The payload, as the engine has it, where workers cannot get it from the kernel.
        self._content: Any = None
        self._flights: dict[int, _Flight] = {}
        self._done: SimpleQueue[tuple[int, Future[Outcome | Lost | Unreachable]]] = SimpleQueue()
        # Of the flights' verdicts and lines, which other threads look at to give trials up.
        self._lock = threading.RLock()
        self._is_woken = False

    @property
    def is_settable(self) -> bool:
        """Whether ``jobs`` may be set: yes."""
        return True

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
        flight.has_content, is_judged = self._content is not None, flight.judge is not None
        try:
            future = self._engine.executor.submit(keeper.run, self._link, flight.task, is_judged, self._content)
        except Exception as error:  # of an engine that has broken down
            future = Future()
            future.set_exception(error)
        flight.future = future
        future.add_done_callback(lambda done: self._note_end(number, done))

    def _note_end(self, number: int, future: Future[Outcome | Lost | Unreachable]) -> None:
        self._done.put((number, future))
        self._reception.wake()

    def ended(self, wait_s: float | None = None) -> list[tuple[int, Outcome]]:
        """Answer what trials report until one has ended."""
        if not self._here.free:
            return self._here.ended()
        deadline = None if wait_s is None else time.monotonic() + wait_s
        while not (ended := [*self._landed(), *self._given_up()]) and not self._is_woken:
            now = time.monotonic()
            if deadline is not None and now >= deadline:
                break
            times = [each.give_up_at for each in self._flights.values()] + [deadline]
            next_s = min((at - now for at in times if at is not None), default=None)
            for line in self._reception.heard(None if next_s is None else max(0.0, next_s)):
                self._hear(line)
        self._is_woken = False
        return ended

    def _landed(self) -> Iterator[tuple[int, Outcome]]:
        """Yield the trials whose futures are done."""
        with contextlib.suppress(Empty):
            while True:
                number, future = self._done.get_nowait()
                flight = self._flights.get(number)
                if flight is None or flight.future is not future:
                    continue  # it was given up
                if (outcome := self._outcome(flight, future)) is not None:
                    del self._flights[number]
                    yield number, outcome

    def _given_up(self) -> Iterator[tuple[int, Outcome]]:
        """Yield the trials that were given up and whose workers do not answer."""
        for number, flight in list(self._flights.items()):
            if flight.verdict and flight.give_up_at is not None and flight.give_up_at <= time.monotonic():
                del self._flights[number]
                yield number, self._with_curve(flight, Outcome(flight.verdict.state, flight.verdict.reason))

    def _outcome(self, flight: _Flight, future: Future[Outcome | Lost | Unreachable]) -> Outcome | None:
        """Return what came of a trial; None where it was lost and is tried once more."""
        try:
            result = future.result()
        except CancelledError:
            result = Lost("cancelled")
        except Exception as error:  # of a worker that has ended, or of the engine
            result = Lost(f"worker lost: {type(error).__name__}: {error}")
        if isinstance(result, Outcome):
            hint = self._hint if result.lacked_memory else ""
            return self._with_curve(flight, replace(result, reason=result.reason + hint))
        if flight.verdict is not None:
            return self._with_curve(flight, Outcome(flight.verdict.state, flight.verdict.reason))
        if isinstance(result, Unreachable) and not flight.has_content:
            self._take_content()
        elif flight.is_second_try:
            return self._with_curve(flight, self._failed(result))
        else:
            flight.is_second_try = True
        flight.line = None
        self._submit(flight)
        return None

    def _failed(self, result: Lost | Unreachable) -> Outcome:
        if isinstance(result, Unreachable):
            return Outcome(State.FAILED, "the worker could not reach the kernel")
        hint = self._hint if result.was_killed else ""
        printed: list[Output] = [{"output_type": "stream", "name": "stderr", "text": result.printed}]
        return Outcome(State.FAILED, result.reason + hint, outputs=printed if result.printed else [])

    @property
    def _hint(self) -> str:
        """The advice where memory is short; none for a user's engine, whose number of workers the user chooses."""
        return f"; try --jobs {self._jobs // 2}" if self._jobs > 1 and self._engine.is_local else ""

    def _with_curve(self, flight: _Flight, outcome: Outcome) -> Outcome:
        """Return an outcome with the values that the trial had reported, where its process was killed."""
        if outcome.curves or not flight.reported:
            return outcome
        return replace(outcome, curves={self._here.program.curves[0][0]: flight.reported})

    def _take_content(self) -> None:
        """Send the payload by the engine, as workers cannot reach this kernel."""
        if self._content is None:
            self.note = _UNREACHABLE
            self._content = self._engine.place(b"".join(pieces(self._payload)))

    def _hear(self, line: Line) -> None:
        try:
            kind, number, *given = line.recv()
        except (EOFError, OSError):
            self._reception.hang_up(line)
            return
        if kind == "begin":
            self._begin(line, number)
            return
        flight = self._flights.get(number)
        # Nobody waits for a trial that was given up, or runs elsewhere meanwhile.
        is_hopeless = flight is None or flight.line is not line or self._is_hopeless(flight, *given)
        with self._lock:
            _send(line, "verdict", number, is_hopeless)

    def _begin(self, line: Line, number: int) -> None:
        verdict: Verdict | None = Verdict(State.INTERRUPTED, "")
        with self._lock:
            if flight := self._flights.get(number):
                flight.line, verdict = line, flight.verdict
                flight.reported.clear()
            if verdict is not None:
                _send(line, "abandon", number, verdict.state, verdict.reason)

    def _is_hopeless(self, flight: _Flight, step: int, value: float) -> bool:
        flight.reported.append(value)
        return flight.judge is not None and flight.judge(step, value)

    def abandon(self, number: int, state: State, reason: str) -> None:
        """End a trial, wherever it is."""
        self._here.abandon(number, state, reason)
        with self._lock:
            flight = self._flights.get(number)
            if flight is None or flight.verdict is not None:
                return
            flight.verdict, flight.give_up_at = Verdict(state, reason), time.monotonic() + _GIVE_UP_S
            if flight.line is not None:
                _send(flight.line, "abandon", number, state, reason)
        if flight.future is not None:
            flight.future.cancel()
        self._reception.wake()

    def wake(self) -> None:
        """Have :meth:`ended` return."""
        self._here.wake()
        self._is_woken = True
        self._reception.wake()

    def close(self) -> None:
        """End the trials that run, and the processes started for them; a user's engine stays as it is."""
        self._reception.close()
        keeper.close(self._link)
        if self._engine.is_local:
            self._engine.executor.shutdown(wait=False, cancel_futures=True)
        self._payload.close()


def _send(line: Line, *message: Any) -> None:
    with contextlib.suppress(OSError):
        line.send(message)
