"""Which trials are the best: best, baseline and Pareto front, kept up to date trial by trial."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from jtune.language.space import Space
from jtune.storage.record import Expected, Trial
from jtune.trials.outcome import State

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jtune.storage.definition import Goal

    Array: TypeAlias = NDArray[Any]


# Runs that differ by less, relatively, differ by rounding.
_ROUNDING = 1e-9


def losses(objectives: Sequence[Goal], values: Sequence[float]) -> tuple[float, ...]:
    """Return objective values with their signs turned so that lower is better."""
    return tuple(
        -value if goal.direction == "maximize" else value for value, goal in zip(values, objectives, strict=True)
    )


class Ranking:
    """The best trial, the baseline and the Pareto front of the trials that have been added.

    The objective is noisy where trials of the same parameters gave different values. Of many noisy trials the best
    value is the luckiest one; then the best trial is that of the parameters whose mean, made worse by its standard
    error, is the best. (The noise is taken to be the same everywhere.)

    Parameters
    ----------
    objectives : sequence of Goal
    trials : iterable of Trial
        Added at once.
    """

    def __init__(self, objectives: Sequence[Goal], trials: Iterable[Trial] = ()) -> None:
        self._objectives = objectives
        self._best: Trial | None = None
        self._baseline: Trial | None = None
        self._runs = _Runs()
        self._front: list[Trial] = []
        # The losses of the front's trials, a row each.
        self._rows = np.empty((0, len(objectives)))
        for trial in trials:
            self.add(trial)

    @property
    def best(self) -> Trial | None:
        """The best complete trial, the earlier of equals; None without an objective.

        With several objectives the one that is best in the first one, then in the second, and so on. Of repeated trials
        the first one.
        """
        return self._best

    @property
    def baseline(self) -> Trial | None:
        """The trial of the cell's own literals: the first one that is complete, else the last one that failed."""
        return self._baseline and self._with_expected(self._baseline)

    @property
    def noise(self) -> Noise | None:
        """The noise of the objective; None where no repeated trial shows any."""
        return self._runs.noise if len(self._objectives) == 1 else None

    @property
    def front(self) -> list[Trial]:
        """The Pareto front, by number: trials that no other one is better than in every respect."""
        if len(self._objectives) == 1:
            return [self._best] if self._best else []
        return sorted(self._front, key=lambda trial: trial.number)

    def add(self, trial: Trial) -> None:
        """Count a trial that has ended."""
        is_open = self._baseline is None or self._baseline.state != State.COMPLETE
        if trial.origin == "baseline" and trial.is_finished and is_open:
            self._baseline = trial
        if not trial.values:
            return
        if len(self._objectives) == 1:
            self._runs.add(trial, losses(self._objectives, trial.values)[0])
        else:
            self._add_to_front(trial)
        if self.noise:
            self._best = self._with_expected(self._runs.best)
        elif self._best is None or self._rank(trial) < self._rank(self._best):
            self._best = trial

    def _with_expected(self, trial: Trial) -> Trial:
        expected = self._runs.expected(trial) if self.noise else None
        if expected is None:
            return trial
        (sign,) = losses(self._objectives, [1.0])
        return replace(trial, expected=replace(expected, mean=sign * expected.mean))

    def _rank(self, trial: Trial) -> tuple[tuple[float, ...], int]:
        return losses(self._objectives, trial.values), trial.number

    def _add_to_front(self, trial: Trial) -> None:
        new = np.array(losses(self._objectives, trial.values))
        if _dominates(self._rows, new).any():
            return
        is_kept = ~_dominates(new, self._rows)
        self._rows = np.vstack([self._rows[is_kept], new])
        self._front = [*compress(self._front, is_kept), trial]


@dataclass(frozen=True)
class Noise:
    """How far runs of the same parameters are apart.

    Parameters
    ----------
    sd : float
        Standard deviation of one run, in the objective's units.
    repeated : int
        How many trials repeated another one's parameters.
    """

    sd: float
    repeated: int


class _Runs:
    """The losses of complete trials, by their parameters."""

    def __init__(self) -> None:
        self._places: dict[Any, int] = {}
        self._first: list[Trial] = []
        # By place: how many runs, their mean, and the first one's loss.
        self._runs, self._means, self._firsts = array("d"), array("d"), array("d")
        self._squares = 0.0  # of what runs are off their means
        self._n = 0

    @property
    def noise(self) -> Noise | None:
        """The noise; None where no repeated run differs from another."""
        repeated = self._n - len(self._first)
        return Noise(math.sqrt(self._squares / repeated), repeated) if self._squares > 0 else None

    def add(self, trial: Trial, loss: float) -> None:
        """Count a run; one that is not finite is none."""
        if not math.isfinite(loss):
            return
        self._n += 1
        place = self._places.setdefault(Space.key(trial.params), len(self._first))
        if place == len(self._first):
            self._first.append(trial)
            for column, value in ((self._runs, 1.0), (self._means, loss), (self._firsts, loss)):
                column.append(value)
            return
        self._runs[place] += 1
        runs, off = self._runs[place], loss - self._means[place]
        self._means[place] += off / runs
        if abs(off) > _ROUNDING * abs(loss):
            self._squares += off**2 * (runs - 1) / runs

    @property
    def best(self) -> Trial:
        """The first trial of the parameters with the best mean, made worse by its standard error."""
        runs, means = np.frombuffer(self._runs), np.frombuffer(self._means)
        sd = self.noise.sd if self.noise else 0.0
        return self._first[int((means + sd / np.sqrt(runs)).argmin())]

    def expected(self, trial: Trial) -> Expected | None:
        """Return the mean of a point's repeated runs, as a loss; None where there are none, or there is no noise."""
        place = self._places.get(Space.key(trial.params))
        if place is None or self._runs[place] < 2 or self.noise is None:
            return None
        runs = int(self._runs[place])
        mean = (runs * self._means[place] - self._firsts[place]) / (runs - 1)
        return Expected(mean, self.noise.sd / math.sqrt(runs - 1), runs)


def _dominates(a: Array, b: Array) -> Array:
    """Tell which rows of losses are no worse than others in every respect, and better in one."""
    return np.asarray((a <= b).all(axis=-1) & (a < b).any(axis=-1))
