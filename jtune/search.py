"""The loop: ask -> run -> record, until a stop rule or the user says why to end."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from jtune.language.domains import Value
from jtune.language.space import Point, Space
from jtune.samplers import PointSampler, SpaceExhausted
from jtune.samplers.pruning import Pruning
from jtune.storage.ledger import Ledger
from jtune.storage.record import Origin, Trial
from jtune.text import counted
from jtune.trials.gate import TimeLimit, Verdict
from jtune.trials.outcome import Outcome
from jtune.trials.runner import Runner

_FAILURES_IN_A_ROW = 10
# How often a paused search looks for an interrupt; all else wakes it.
_PAUSE_S = 0.05


@dataclass(frozen=True)
class Limits:
    """When a search ends.

    Parameters
    ----------
    n : int
        Finished trials, those from before counted in.
    timeout_s, trial_timeout_s : float or None
        Seconds for this search, and for each trial.
    target : float or None
        An objective value that is good enough.
    patience : int or None
        Finished trials without a better one.
    repeats : int
        Runs of the cell per trial.
    """

    n: int = 30
    timeout_s: float | None = None
    trial_timeout_s: float | None = None
    target: float | None = None
    patience: int | None = None
    repeats: int = 1


Listener: TypeAlias = Callable[[Trial | None], None]


class Search:
    """One search of a study: decides points, runs them, records them.

    When it has ended, :meth:`take_best` has the outcome of the study's best trial, if that ran in here; ``broken`` is
    that of a baseline which says that the cell itself is at fault; ``n_run`` counts the trials that ran, and
    ``running`` is the number of the one that runs. What a user may ask of it meanwhile (:meth:`pause`, :meth:`resume`,
    :meth:`skip`, :meth:`stop`, :meth:`run_next`, :meth:`narrow`) may be called from any thread: the loop obeys where it
    next can.

    Parameters
    ----------
    ledger : Ledger
        Of the study that is searched.
    runner : Runner
    sampler : PointSampler
    limits : Limits
    pruning : Pruning, optional
        Which trials that report are ended early; none by default.
    say : callable
        Takes a line for the user.
    """

    def __init__(
        self,
        ledger: Ledger,
        runner: Runner,
        sampler: PointSampler,
        limits: Limits,
        pruning: Pruning | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self.ledger, self.runner, self.sampler, self.limits = ledger, runner, sampler, limits
        self.is_paused = False
        self.is_running = False
        self.running: int | None = None
        self._start = time.monotonic()
        self._end: float | None = None
        self._listeners: list[Listener] = []
        self._pruning, self._say, self._said = pruning, say, set[str]()
        self._wanted: deque[Point] = deque()
        self._narrowed: Space | None = None
        self._woken = threading.Event()
        self._deadline: float | None = None
        self.n_run = 0
        self._finished = 0
        self._failures = 0
        self._since_best = 0
        self._best_losses: tuple[float, ...] | None = None
        self._own: tuple[Origin, Point] | None = None
        self._best: Outcome | None = None
        self.broken: Outcome | None = None

    def run(self) -> None:
        """Run trials until a limit ends it; the study says which."""
        limit_s = self.limits.timeout_s
        self._deadline = None if limit_s is None else time.monotonic() + limit_s
        try:
            self._run()
        finally:
            # It is this search's, not that of a trial which the user asks for afterwards.
            self._deadline = None
            self._end = time.monotonic()

    def _run(self) -> None:
        with self._writing():
            self.ledger.close_left_open()
            finished = self.ledger.finished
            self._finished = len(finished)
            for trial in finished:
                self.sampler.remember(trial.params)
            best = self.ledger.best
            self._best_losses = self.ledger.losses(best.values) if best else None
            self._own = self._own_point(finished)
            self._tell(None)
            while (ending := self._ending()) is None:
                if self.is_paused and not self._wanted:
                    self._pause()
                    continue
                try:
                    trial = self._one()[0]
                except SpaceExhausted as exhausted:
                    ending = str(exhausted)
                    break
                self.n_run += 1
                self._tell(trial)
            self.ledger.end(ending)

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with each trial that has ended; with None before the first one, and when one starts.

        One that raises is not called any more.
        """
        self._listeners.append(listener)

    def take_best(self) -> Outcome | None:
        """Return the outcome of the study's best trial, if that ran in here, and keep its objects no longer."""
        best, self._best = self._best, None
        return best

    def _tell(self, trial: Trial | None) -> None:
        for listener in list(self._listeners):
            try:
                listener(trial)
            except Exception as error:  # of what only shows the search, which goes on without
                self._listeners.remove(listener)
                self._say_once(f"what shows the search failed and is left out: {type(error).__name__}: {error}")

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)

    def run_one(
        self, point: Mapping[str, Value], origin: Origin = "manual", *, keeps_error: bool = False
    ) -> tuple[Trial, Outcome]:
        """Run one trial of the user's choice when no search runs; return it, and what came of it."""
        self.runner.gate.reopen()
        with self._writing():
            self._own = origin, self.ledger.space.point(point)
            trial, outcome = self._one(keeps_error=keeps_error)
            self._best = None
            self._tell(trial)
        return trial, outcome

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self.is_running = True
        try:
            with self.ledger.journal.writing(), self.runner.gate.guarding():
                yield
        finally:
            self.is_running = False

    def pause(self) -> None:
        """Start no trial until :meth:`resume`, but for those of :meth:`run_next`; the running one ends as usual."""
        self.is_paused = True

    def resume(self) -> None:
        """Go on."""
        self.is_paused = False
        self._woken.set()

    def skip(self) -> None:
        """Give the running trial up; it counts as pruned."""
        self.runner.gate.abandon("pruned", "skipped by hand")

    def stop(self) -> None:
        """Give the running trial up, and start no other."""
        self.runner.gate.close("interrupted", "stopped by hand")
        self._woken.set()

    def run_next(self, point: Mapping[str, Value]) -> None:
        """Run a point of the user's choice next, also while paused."""
        self._wanted.append(self.ledger.space.point(point))
        self._woken.set()

    def narrow(self, space: Space) -> None:
        """Search only in ``space`` from the next trial on, as :meth:`PointSampler.narrow` says."""
        self._narrowed = space

    def _pause(self) -> None:
        start = time.monotonic()
        while self.is_paused and not (self._wanted or self.runner.gate.is_closed):
            self._woken.wait(_PAUSE_S)
            self._woken.clear()
        if self._deadline is not None:
            self._deadline += time.monotonic() - start

    def describe(self) -> str:
        """Return trials done of those wanted, and the best objective so far."""
        is_max = self.ledger.objectives[0].direction == "maximize"
        losses = self._best_losses
        best = "" if losses is None else f", best {-losses[0] if is_max else losses[0]:.6g}"
        return f"{self._finished}/{counted(self.limits.n, 'trial')}{best}"

    @property
    def finished(self) -> int:
        """How many trials count towards ``-n``, those from before included."""
        return self._finished

    @property
    def elapsed_s(self) -> float:
        """Seconds since it was made, until it ended."""
        return (self._end or time.monotonic()) - self._start

    @property
    def left_s(self) -> float | None:
        """Expected seconds to its end, at the pace so far; None while that says nothing."""
        if self.n_run < 2:
            return None
        left = self.elapsed_s / self.n_run * max(0, self.limits.n - self._finished)
        return left if self._deadline is None else min(left, max(0.0, self._deadline - time.monotonic()))

    def _ending(self) -> str | None:
        limits = self.limits
        if self.runner.gate.is_interrupted:
            return "interrupted"
        if self.runner.gate.is_closed:
            return "stopped by hand"
        if self.broken is not None:
            return "the baseline failed"
        if self._wanted:
            return None
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return "the time is up"
        if self._own is not None:
            return None
        if self._finished >= limits.n:
            return "1 trial is done" if self._finished == 1 else f"{self._finished} trials are done"
        if self._failures >= _FAILURES_IN_A_ROW:
            return f"{_FAILURES_IN_A_ROW} trials in a row failed"
        if limits.patience is not None and self._since_best >= limits.patience:
            return f"no better trial in {limits.patience}"
        if limits.target is not None and self._reaches(limits.target):
            return "the target is reached"
        self._obey()
        return "all points have been tried" if self.sampler.is_exhausted else None

    def _obey(self) -> None:
        # The sampler is asked and told in this thread only.
        narrowed, self._narrowed = self._narrowed, None
        if narrowed is not None:
            self.sampler.narrow(narrowed)

    def _reaches(self, target: float) -> bool:
        is_max = self.ledger.objectives[0].direction == "maximize"
        return self._best_losses is not None and self._best_losses[0] <= (-target if is_max else target)

    def _own_point(self, finished: Sequence[Trial]) -> tuple[Origin, Point] | None:
        """Return the cell's own literals, where they are still to be tried.

        The first ones are the baseline; a user who types others later wants to see them tried as well.
        """
        own, baseline = self.ledger.space.baseline, self.ledger.baseline
        # Where nothing came after a failed baseline the cell was broken, by what may have been mended since.
        was_broken = all(trial.origin == "baseline" and trial.state == "failed" for trial in finished)
        if baseline is None or was_broken:
            return "baseline", own
        tried = {Space.key(trial.params) for trial in finished}
        return None if Space.key(own) in tried else ("manual", own)

    def _one(self, *, keeps_error: bool = False) -> tuple[Trial, Outcome]:
        origin, given = self._choose()
        number, point = self.ledger.start_trial(origin, given)
        if self.sampler.failure is not None:
            error = self.sampler.failure
            self._say_once(f"the sampler failed, points are drawn uniformly: {type(error).__name__}: {error}")
        self.running = number
        self._tell(None)
        if given is not None:
            self.sampler.remember(point)
        if self._pruning is not None:
            self._pruning.start()
            if self._pruning.note:
                self._say_once(self._pruning.note)
        outcome = self.runner.run(
            point,
            lambda step, value: self._is_hopeless(number, step, value),
            self.limits.repeats,
            self._limit(),
            # A baseline that fails is shown as the user's own error.
            keeps_error=keeps_error or origin == "baseline",
        )
        trial = self.ledger.end_trial(number, origin, outcome)
        self.running = None
        self._count(outcome)
        if outcome.state == "interrupted":
            self.sampler.forget(point)
        elif origin == "baseline" and outcome.is_broken:
            self.broken = outcome
        return trial, outcome

    def _is_hopeless(self, number: int, step: int, value: float) -> bool:
        """Record what a trial reports; return whether it shall end."""
        if len(self.ledger.objectives) > 1:
            return False
        trial = self.ledger.report_value(number, step, value)
        return self._pruning is not None and self._pruning.is_hopeless(trial)

    def _choose(self) -> tuple[Origin, Point | None]:
        """Return what to run next: the cell's own literals, what the user asked for, else what the sampler proposes."""
        own, self._own = self._own, None
        if own is not None:
            return own
        return ("manual", self._wanted.popleft()) if self._wanted else ("sampler", None)

    def _limit(self) -> TimeLimit | None:
        """Return the next trial's time limit: its own, or what is left of the search's."""
        left = None if self._deadline is None else self._deadline - time.monotonic()
        own = self.limits.trial_timeout_s
        if left is not None and (own is None or left < own):
            return TimeLimit(left, Verdict("interrupted", "the search's time was up"))
        return None if own is None else TimeLimit(own, Verdict("timed out", f"it took more than {own} s"))

    def _count(self, outcome: Outcome) -> None:
        self._finished += outcome.state != "interrupted"
        self._failures = self._failures + 1 if outcome.state in {"failed", "timed out"} else 0
        self._since_best += 1
        if outcome.values:
            losses = self.ledger.losses(outcome.values)
            if self._best_losses is None or losses < self._best_losses:
                self._best_losses, self._best, self._since_best = losses, outcome, 0
