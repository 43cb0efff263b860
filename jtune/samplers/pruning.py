"""Whether a trial that reports a curve shall end early: a pruner of Optuna's, asked in the right sense.

A pruner takes a curve in the sense of the objective. What a cell reports may have the other one: ``val_loss`` falls
where ``accuracy`` rises, and the best trials would be pruned first. The mark can say the sense outright; else it is
learnt from the trials that were not pruned: whether those that end with a higher reported value are the better ones.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from jtune.language.marks import Direction

# How many standard deviations of Kendall's S under independence are taken for a relation. The S of three trials in
# agreement has 1.57.
_CLEAR = 1.5
_COMPARED_AT_MOST = 100
# A curve that begins with so many values of NaN has diverged.
_NAN_AT_MOST = 3


class Pruning:
    """Asks a study's pruner about the curves of its trials.

    Parameters
    ----------
    study : optuna.Study
        With one objective.
    label : str
        What is reported.
    stated : "minimize", "maximize" or None
        The sense of the curve as its mark says it.

    Attributes
    ----------
    sense : 1, -1 or 0
        Whether higher values of the curve go with higher values of the objective, with lower ones, or that is not known
        yet; then no trial is pruned.
    """

    def __init__(self, study: optuna.Study, label: str, stated: Direction | None = None) -> None:
        self._study, self._label = study, label
        self._turned = _TurnedStudy(study)
        self._is_stated = stated is not None
        self.sense = 0
        self._n_learnt = 0
        if stated is not None:
            self.sense = 1 if (stated == "maximize") == self._is_maximized else -1

    @property
    def note(self) -> str:
        """What to tell the user, where the curve turned out to have the other sense and no mark says so; else empty."""
        if self.sense >= 0 or self._is_stated:
            return ""
        better, direction = ("lower", "minimize") if self._is_maximized else ("higher", "maximize")
        return (
            f"trials with a {better} {self._label} have the better objective, so the pruner takes it that way; "
            f"to say so outright: # tune: report {direction} {self._label}"
        )

    @property
    def _is_maximized(self) -> bool:
        return self._study.direction == optuna.study.StudyDirection.MAXIMIZE

    def start(self) -> None:
        """Learn the sense from the trials so far; called before a trial starts."""
        if self._is_stated or isinstance(self._study.pruner, optuna.pruners.NopPruner):
            return
        complete = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if len(complete) != self._n_learnt:
            self._n_learnt = len(complete)
            self.sense = _sense(complete[-_COMPARED_AT_MOST:])

    def is_hopeless(self, trial: FrozenTrial) -> bool:
        """Return whether the pruner would end a running trial after its last intermediate value."""
        if self.sense == 0:
            return False
        if all(map(math.isnan, trial.intermediate_values.values())):
            # Of which a pruner would warn.
            return len(trial.intermediate_values) >= _NAN_AT_MOST
        if self.sense > 0:
            return self._study.pruner.prune(self._study, trial)
        return self._study.pruner.prune(self._turned, _turned(trial))


def _sense(trials: Sequence[FrozenTrial]) -> int:
    """Return the sign of the relation between the curves' last values and the objective, or 0 where it is not clear.

    References
    ----------
    Kendall (1938), Biometrika 30: the rank correlation, and its variance under independence.
    """
    ends = [(t.intermediate_values[t.last_step], t.value) for t in trials if t.last_step is not None]
    pairs = np.array([pair for pair in ends if all(x is not None and math.isfinite(x) for x in pair)]).reshape(-1, 2)
    n = len(pairs)
    signs = np.sign(pairs[:, None, :] - pairs[None, :, :])
    s = signs.prod(axis=2).sum() / 2
    deviation = math.sqrt(max(1, n * (n - 1) * (2 * n + 5)) / 18)
    return int(np.sign(s)) if abs(s) / deviation >= _CLEAR else 0


def _turned(trial: FrozenTrial) -> FrozenTrial:
    turned = copy.copy(trial)
    turned.intermediate_values = {step: -value for step, value in trial.intermediate_values.items()}
    return turned


class _TurnedStudy(optuna.Study):
    """A view of a study in which all curves have their signs turned."""

    def __init__(self, study: optuna.Study) -> None:
        super().__init__(study.study_name, study._storage, study.sampler, study.pruner)
        self._ended: dict[int, FrozenTrial] = {}

    def get_trials(self, deepcopy: bool = True, states: Any = None) -> list[FrozenTrial]:
        """Return the trials, the curves of those that have ended turned once."""
        found = super().get_trials(deepcopy=False, states=states)
        return [self._turn(trial) for trial in found]

    def _turn(self, trial: FrozenTrial) -> FrozenTrial:
        if not trial.state.is_finished():
            return _turned(trial)
        if trial.number not in self._ended:
            self._ended[trial.number] = _turned(trial)
        return self._ended[trial.number]
