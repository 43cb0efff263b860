"""Which trials are the best: best, baseline and Pareto front, kept up to date trial by trial."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from jtune.trials.outcome import State

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jtune.storage.definition import Goal
    from jtune.storage.record import Trial

    Array: TypeAlias = NDArray[Any]


def losses(objectives: Sequence[Goal], values: Sequence[float]) -> tuple[float, ...]:
    """Return objective values with their signs turned so that lower is better."""
    return tuple(
        -value if goal.direction == "maximize" else value for value, goal in zip(values, objectives, strict=True)
    )


class Ranking:
    """The best trial, the baseline and the Pareto front of the trials that have been added.

    Parameters
    ----------
    objectives : sequence of Goal
    trials : iterable of Trial
        Added at once.

    Attributes
    ----------
    best : Trial or None
        The best complete trial, the earlier of equals; with several objectives the one that is best in the first one,
        then in the second, and so on. None without an objective.
    baseline : Trial or None
        The trial of the cell's own literals: the first one that is complete, else the last one that failed.
    """

    def __init__(self, objectives: Sequence[Goal], trials: Iterable[Trial] = ()) -> None:
        self._objectives = objectives
        self.best: Trial | None = None
        self.baseline: Trial | None = None
        self._front: list[Trial] = []
        # The losses of the front's trials, a row each.
        self._rows = np.empty((0, len(objectives)))
        for trial in trials:
            self.add(trial)

    @property
    def front(self) -> list[Trial]:
        """The Pareto front, by number: trials that no other one is better than in every respect."""
        if len(self._objectives) == 1:
            return [self.best] if self.best else []
        return sorted(self._front, key=lambda trial: trial.number)

    def add(self, trial: Trial) -> None:
        """Count a trial that has ended."""
        is_open = self.baseline is None or self.baseline.state != State.COMPLETE
        if trial.origin == "baseline" and trial.is_finished and is_open:
            self.baseline = trial
        if not trial.values:
            return
        if self.best is None or self._rank(trial) < self._rank(self.best):
            self.best = trial
        if len(self._objectives) > 1:
            self._add_to_front(trial)

    def _rank(self, trial: Trial) -> tuple[tuple[float, ...], int]:
        return losses(self._objectives, trial.values), trial.number

    def _add_to_front(self, trial: Trial) -> None:
        new = np.array(losses(self._objectives, trial.values))
        if _dominates(self._rows, new).any():
            return
        is_kept = ~_dominates(new, self._rows)
        self._rows = np.vstack([self._rows[is_kept], new])
        self._front = [*compress(self._front, is_kept), trial]


def _dominates(a: Array, b: Array) -> Array:
    """Tell which rows of losses are no worse than others in every respect, and better in one."""
    return np.asarray((a <= b).all(axis=-1) & (a < b).any(axis=-1))
