"""The loop: ask -> run -> record, until a stop rule says why to end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jtune.runner import Outcome, Runner, State
from jtune.samplers import PointSampler, SpaceExhausted
from jtune.space import Point, Space
from jtune.study import Origin, Study, Trial

_FAILURES_IN_A_ROW = 10


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


class Search:
    """One search of a study: decides points, runs them, records them.

    When it has ended, ``best`` is the outcome of the study's best trial, if that ran in here; ``broken`` that of a
    baseline which says that the cell itself is at fault; ``n_run`` counts the trials that ran.

    Parameters
    ----------
    study : Study
    runner : Runner
    sampler : PointSampler
    limits : Limits
    listener : callable
        Called before the first trial and after each.
    """

    def __init__(
        self, study: Study, runner: Runner, sampler: PointSampler, limits: Limits, listener: Callable[[], None]
    ) -> None:
        self.study, self.runner, self.sampler, self.limits = study, runner, sampler, limits
        self._listener = listener
        self._deadline = None if limits.timeout_s is None else time.monotonic() + limits.timeout_s
        self.n_run = 0
        self._finished = 0
        self._failures = 0
        self._since_best = 0
        self._best_losses: tuple[float, ...] | None = None
        self._own: tuple[Origin, Point] | None = None
        self.best: Outcome | None = None
        self.broken: Outcome | None = None

    def run(self) -> None:
        """Run trials until a limit ends it; the study says which."""
        with self.study.journal.writing(), self.runner.gate.guarding():
            self.study.close_left_open()
            finished = self.study.finished
            self._finished = len(finished)
            for trial in finished:
                self.sampler.remember(trial.params)
            best = self.study.best
            self._best_losses = self.study.losses(best.values) if best else None
            self._own = self._own_point(finished)
            self._listener()
            while (ending := self._ending()) is None:
                try:
                    self._one()
                except SpaceExhausted as exhausted:
                    ending = str(exhausted)
                    break
                self.n_run += 1
                self._listener()
            self.study.end(ending)

    def describe(self) -> str:
        """Return trials done of those wanted, and the best objective so far."""
        is_max = self.study.objectives[0].direction == "maximize"
        losses = self._best_losses
        best = "" if losses is None else f", best {-losses[0] if is_max else losses[0]:.6g}"
        return f"{self._finished}/{self.limits.n} trials{best}"

    def _ending(self) -> str | None:
        limits = self.limits
        if self.runner.gate.is_interrupted:
            return "interrupted"
        if self.broken is not None:
            return "the baseline failed"
        if self._finished >= limits.n:
            return f"{self._finished} trials are done"
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return "the time is up"
        if self._failures >= _FAILURES_IN_A_ROW:
            return f"{_FAILURES_IN_A_ROW} trials in a row failed"
        if limits.patience is not None and self._since_best >= limits.patience:
            return f"no better trial in {limits.patience}"
        if limits.target is not None and self._reaches(limits.target):
            return "the target is reached"
        return "all points have been tried" if self.sampler.is_exhausted else None

    def _reaches(self, target: float) -> bool:
        is_max = self.study.objectives[0].direction == "maximize"
        return self._best_losses is not None and self._best_losses[0] <= (-target if is_max else target)

    def _own_point(self, finished: Sequence[Trial]) -> tuple[Origin, Point] | None:
        """Return the cell's own literals, where they are still to be tried.

        The first ones are the baseline; a user who types others later wants to see them tried as well.
        """
        own, baseline = self.study.space.baseline, self.study.baseline
        # Where nothing came after a failed baseline the cell was broken, by what may have been mended since.
        was_broken = all(trial.origin == "baseline" and trial.state == "failed" for trial in finished)
        if baseline is None or was_broken:
            return "baseline", own
        tried = {Space.key(trial.params) for trial in finished}
        return None if Space.key(own) in tried else ("manual", own)

    def _one(self) -> None:
        origin, given = self._own or ("sampler", None)
        self._own = None
        number, point = self.study.start_trial(origin, given)
        if given is not None:
            self.sampler.remember(point)
        timeout_s, reason = self._timeout()
        outcome = self.runner.run(
            point, lambda step, value: self.study.report_value(number, step, value), self.limits.repeats,
            timeout_s, lambda: reason,
        )  # fmt: skip
        self.study.end_trial(number, origin, outcome)
        self._count(outcome)
        if outcome.state == "interrupted":
            self.sampler.forget(point)
        elif origin == "baseline" and outcome.is_broken:
            self.broken = outcome

    def _timeout(self) -> tuple[float | None, tuple[State, str]]:
        left = None if self._deadline is None else self._deadline - time.monotonic()
        own = self.limits.trial_timeout_s
        if left is not None and (own is None or left < own):
            return left, ("interrupted", "the search's time was up")
        return own, ("timed out", f"it took more than {own} s")

    def _count(self, outcome: Outcome) -> None:
        self._finished += outcome.state != "interrupted"
        self._failures = self._failures + 1 if outcome.state in {"failed", "timed out"} else 0
        self._since_best += 1
        if outcome.state == "complete":
            losses = self.study.losses(outcome.values)
            if self._best_losses is None or losses < self._best_losses:
                self._best_losses, self.best, self._since_best = losses, outcome, 0
