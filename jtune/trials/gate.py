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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from jtune.trials.execution import is_entry
from jtune.trials.outcome import State

# Between two exceptions, where the first was swallowed; long enough for a user's own cleaning up to end.
_AGAIN_S = 0.5


@dataclass(frozen=True)
class Verdict:
    """What a trial that is ended becomes, and why."""

    state: State
    reason: str


class Abandoned(BaseException):
    """Raised in the user's code to end its trial; no ``except Exception`` of theirs catches it."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(verdict.reason)


@dataclass(frozen=True)
class TimeLimit:
    """When a trial is ended, and what that makes of it.

    Parameters
    ----------
    seconds : float
        From the trial's start; one that is not positive has passed already.
    verdict : Verdict
    """

    seconds: float
    verdict: Verdict


class Leash:
    """Ends one trial.

    Parameters
    ----------
    interrupt : callable or None
        Interrupts the thread in which the trial runs; None where that cannot be done.

    Attributes
    ----------
    decided : Verdict or None
        What the trial becomes, where it is ended: the first of all verdicts.
    has_raised : bool
        Whether it was raised in the user's code.
    """

    def __init__(self, interrupt: Callable[[], None] | None) -> None:
        self.decided: Verdict | None = None
        self.has_raised = False
        self._interrupt = interrupt
        self._ended = threading.Event()
        # Taken again in the signal's handler, which may run while this thread has it.
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None

    def pull(self, verdict: Verdict) -> None:
        """End the trial, if it has not ended; may be called from any thread."""
        with self._lock:
            if self.decided is not None or self._ended.is_set() or self._interrupt is None:
                return
            self.decided = verdict
        threading.Thread(target=self._pull, args=(self._interrupt,), name="jtune-leash", daemon=True).start()

    def _pull(self, interrupt: Callable[[], None]) -> None:
        is_over = False
        while not is_over:
            with self._lock:  # whoever has ended the trial gets no interrupt any more
                if self._ended.is_set():
                    return
                interrupt()
            is_over = self._ended.wait(_AGAIN_S)

    def limit(self, limit: TimeLimit | None) -> None:
        """End the trial when its time is over.

        Raises
        ------
        Abandoned
            If it is over already.
        """
        if limit is None or self._interrupt is None:
            return
        if limit.seconds <= 0:
            self.decided = self.decided or limit.verdict
            raise Abandoned(self.decided)
        self._timer = threading.Timer(limit.seconds, self.pull, [limit.verdict])
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        """Let go: the trial has ended."""
        with self._lock:
            self._ended.set()
        if self._timer is not None:
            self._timer.cancel()


class Gate:
    """Decides when an interrupt is raised: at once in the user's code, and in jtune's own not at all.

    Outside the main thread, where Python delivers no signals, it lets everything through and a trial runs to its end.
    """

    def __init__(self) -> None:
        self.is_interrupted = False
        self._closed: Verdict | None = None
        self._leash: Leash | None = None
        self._is_guarding = False
        self._thread = threading.get_ident()
        # Interrupts that a leash has sent and that were not handled yet.
        self._sent = 0

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Handle SIGINT for as long as the block lasts."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = signal.signal(signal.SIGINT, self._on_signal)
        was, self._is_guarding = self._is_guarding, True
        try:
            yield
        finally:
            self._is_guarding = was
            signal.signal(signal.SIGINT, previous)

    def abandon(self, state: State, reason: str) -> None:
        """End the running trial, if one runs; may be called from any thread."""
        leash = self._leash
        if leash is not None:
            leash.pull(Verdict(state, reason))

    @property
    def is_closed(self) -> bool:
        """Whether no trial may start, by an interrupt or by :meth:`close`."""
        return self.is_interrupted or self._closed is not None

    def close(self, state: State, reason: str) -> None:
        """End the running trial and let no other one start; may be called from any thread."""
        self._closed = Verdict(state, reason)
        self.abandon(state, reason)

    def reopen(self) -> None:
        """Let trials start again."""
        self.is_interrupted, self._closed = False, None

    @contextmanager
    def running(self, limit: TimeLimit | None) -> Iterator[Leash]:
        """Let a trial be ended for as long as the block lasts.

        Raises
        ------
        Abandoned, KeyboardInterrupt
            In the block, where its trial is ended; before it, if no trial may start.
        """
        self._leash = leash = Leash(self._interrupt if self._is_guarding else None)
        trace = sys.gettrace()
        try:
            # Looked at when the leash is there: whoever closes the gate from now on finds it.
            if self.is_interrupted:
                raise KeyboardInterrupt
            if self._closed is not None:
                raise Abandoned(self._closed)
            leash.limit(limit)
            yield leash
        finally:
            leash.end()
            self._leash = None
            sys.settrace(trace)

    def _interrupt(self) -> None:
        self._sent += 1
        # Unlike interrupt_main this also wakes a sleeping system call.
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(self._thread, signal.SIGINT)
        else:  # pragma: no cover (Windows)
            import _thread

            _thread.interrupt_main()

    def _on_signal(self, _number: int, frame: FrameType | None) -> None:
        is_ours, self._sent = self._sent > 0, 0
        if not is_ours:
            self.is_interrupted = True
            self.abandon("interrupted", "interrupted")
        leash = self._leash
        if leash is None or leash.decided is None or not _is_users(frame):
            return  # what was decided is heeded when jtune has ended its own work, or when the leash pulls again
        if leash.has_raised:
            _raise_in_next_line(frame, leash.decided)
        leash.has_raised = True
        raise Abandoned(leash.decided) if is_ours else KeyboardInterrupt


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
