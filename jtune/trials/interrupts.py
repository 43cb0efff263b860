"""When a running cell is interrupted, and by what: the kernel's interrupt, a time limit, Stop, Skip.

A trial is ended by an exception that is raised in the user's code, by way of SIGINT, which also wakes a sleeping system
call. jtune's own bookkeeping is never cut in half: an exception is raised only where the innermost frame that belongs
either to jtune or to the running cell is the cell's.

The user's code may swallow such an exception: ``except:`` in a loop is enough. So a :class:`Leash` raises again and
again until the trial has ended, and what the trial becomes is what was decided first, whatever its code made of it.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from jtune.trials.entry import is_entry
from jtune.trials.outcome import State

# Between two exceptions, where the first was swallowed; long enough for a user's own cleaning up to end.
_AGAIN_S = 0.5


@dataclass(frozen=True)
class Verdict:
    """The state and the reason of a trial that is ended from outside."""

    state: State
    reason: str


class Abandoned(BaseException):
    """Raised in the user's code to end its trial; no ``except Exception`` of theirs catches it."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(verdict.reason)


@dataclass(frozen=True)
class TimeLimit:
    """A time limit of a trial, and the trial's state when the time is over.

    Parameters
    ----------
    seconds : float
        From the trial's start; one that is not positive has passed already.
    verdict : Verdict
    """

    seconds: float
    verdict: Verdict


class Interrupts:
    """The interrupts of a kernel: raised at once in the user's code, and in jtune's own not at all.

    Outside the main thread, where Python delivers no signals, nothing is raised: a trial ends where it next reports.

    Attributes
    ----------
    is_interrupted : bool
        Whether there was an interrupt from outside. No trial starts until it is False again.
    """

    def __init__(self) -> None:
        self.is_interrupted = False
        self._heard: Callable[[], None] = _ignore
        self._leash: Leash | None = None
        self._is_guarding = False
        self._thread = threading.get_ident()
        # Interrupts that a leash has sent and that were not handled yet.
        self._sent = 0

    @contextmanager
    def guarding(self, heard: Callable[[], None] | None = None) -> Iterator[None]:
        """Handle SIGINT for as long as the block lasts.

        Parameters
        ----------
        heard : callable, optional
            Called after an interrupt from outside, in the signal's handler.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = signal.signal(signal.SIGINT, self._on_signal)
        was = self._is_guarding, self._heard
        self._is_guarding, self._heard = True, heard or self._heard
        try:
            yield
        finally:
            self._is_guarding, self._heard = was
            signal.signal(signal.SIGINT, previous)

    @contextmanager
    def raising_for(self, leash: Leash) -> Iterator[Callable[[], None] | None]:
        """Raise what is decided of a trial in the user's code; the block is given what has it raised, if that can be.

        Raises
        ------
        KeyboardInterrupt
            If there was an interrupt already.
        """
        self._leash, trace = leash, sys.gettrace()
        try:
            # Looked at when the leash is there: an interrupt from now on finds it.
            if self.is_interrupted:
                raise KeyboardInterrupt
            yield self._send if self._is_guarding else None
        except KeyboardInterrupt:
            # Also one that came past the handler: from code of the user's that handles SIGINT itself.
            self.is_interrupted = True
            raise
        finally:
            self._leash = None
            sys.settrace(trace)

    def _send(self) -> None:
        self._sent += 1
        # Unlike interrupt_main this also wakes a sleeping system call.
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(self._thread, signal.SIGINT)
        else:  # pragma: no cover (Windows)
            import _thread

            _thread.interrupt_main()

    def _on_signal(self, _number: int, frame: FrameType | None) -> None:
        is_ours, self._sent = self._sent > 0, 0
        leash = self._leash
        if not is_ours:
            self.is_interrupted = True
            if leash is not None:
                leash.pull(Verdict(State.INTERRUPTED, "interrupted"))
            self._heard()
        if leash is None or leash.decided is None or not _is_users(frame):
            return  # what was decided is heeded when jtune has ended its own work, or when the leash pulls again
        if leash.has_raised:
            _raise_in_next_line(frame, leash.decided)
        leash.has_raised = True
        raise Abandoned(leash.decided) if is_ours else KeyboardInterrupt


def _ignore() -> None:
    """Ignore an interrupt: nobody listens."""


class Leash:
    """Ends one trial, which may run its cell several times.

    Parameters
    ----------
    interrupts : Interrupts, optional
        By which the trial is ended within a line of its code; without them it ends where it next reports.
    limit : TimeLimit, optional
        From now on.

    Attributes
    ----------
    decided : Verdict or None
        What the trial becomes, where it is ended: the first of all verdicts.
    has_raised : bool
        Whether it was raised in the user's code.
    """

    def __init__(self, interrupts: Interrupts | None = None, limit: TimeLimit | None = None) -> None:
        self.decided: Verdict | None = None
        self.has_raised = False
        self._interrupts, self._limit = interrupts or Interrupts(), limit
        self._deadline = time.monotonic() + limit.seconds if limit else None
        self._interrupt: Callable[[], None] | None = None
        # Set while no code of the user's runs.
        self._is_loose = threading.Event()
        self._is_loose.set()
        # Taken again in the signal's handler, which may run while this thread has it.
        self._lock = threading.RLock()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Raise in the block when the trial is ended.

        Raises
        ------
        Abandoned, KeyboardInterrupt
            In the block; before it, where the trial was ended already, or no trial may start.
        """
        timer = self._timer()
        with self._interrupts.raising_for(self) as interrupt:
            try:
                with self._lock:
                    if self.decided is not None:
                        raise Abandoned(self.decided)
                    self._interrupt = interrupt
                    self._is_loose.clear()
                if timer:
                    timer.start()
                yield
            finally:
                with self._lock:
                    self._is_loose.set()
                if timer:
                    timer.cancel()

    def _timer(self) -> threading.Timer | None:
        """Return what ends the trial when its time is over; decide it now where that has passed."""
        if self._limit is None or self._deadline is None:
            return None
        left = self._deadline - time.monotonic()
        if left <= 0:
            self.pull(self._limit.verdict)
            return None
        timer = threading.Timer(left, self.pull, [self._limit.verdict])
        timer.daemon = True
        return timer

    def pull(self, verdict: Verdict) -> None:
        """End the trial, if nothing has ended it before; may be called from any thread."""
        with self._lock:
            if self.decided is not None:
                return
            self.decided = verdict
            if self._is_loose.is_set() or self._interrupt is None:
                return
        threading.Thread(target=self._pull, args=(self._interrupt,), name="jtune-leash", daemon=True).start()

    def _pull(self, interrupt: Callable[[], None]) -> None:
        is_over = False
        while not is_over:
            with self._lock:  # a cell that has ended gets no interrupt any more
                if self._is_loose.is_set():
                    return
                interrupt()
            is_over = self._is_loose.wait(_AGAIN_S)


def _raise_in_next_line(frame: FrameType | None, verdict: Verdict) -> None:
    """Raise once more, in the next line of the user's code: that of ``except:``, where it swallows the first."""

    def trace(frame: FrameType, event: str, _value: object) -> Any:
        if event in {"line", "call"} and _is_users(frame):
            raise Abandoned(verdict)  # with which Python takes the trace away
        return trace

    while frame is not None and not _is_jtunes(frame):
        frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(trace)


# These modules of jtune run between the cell and what it calls, and keep nothing that could be cut in half.
_BETWEEN = frozenset({"jtune.hooks", "jtune.trials.capture"})


def _is_users(frame: FrameType | None) -> bool:
    """Tell whether a frame is the running cell's, or that of a function which it called."""
    while frame is not None and not _is_jtunes(frame):
        frame = frame.f_back
    return frame is not None and is_entry(frame.f_code)


def _is_jtunes(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__")
    return isinstance(name, str) and name.partition(".")[0] == "jtune" and name not in _BETWEEN
