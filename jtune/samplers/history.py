"""What a surrogate is told: trials as losses."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from optuna.study import StudyDirection
from optuna.trial import TrialState

from jtune.language.domains import Value
from jtune.language.space import Space
from jtune.trials.outcome import State

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    Array: TypeAlias = NDArray[np.float64]


# Which quantile of the successful trials a failed one counts as.
BAD = 0.75
# Objectives beyond this overflow when they are squared.
_LARGEST_LOSS = 1e100


@dataclass(frozen=True)
class History:
    """What a model is told.

    Parameters
    ----------
    numbers : list of int
        Of the trials, in their order.
    points : list of mapping
        Their parameters; the same object for the same finished trial at each time.
    losses : ndarray, shape (n, n_objectives)
        What they count as, lower is better; NaN for running ones.
    is_complete : ndarray of bool, shape (n,)
        Whether that is what the trial itself gave.
    """

    numbers: list[int]
    points: list[Mapping[str, Value]]
    losses: Array
    is_complete: NDArray[np.bool_]


@dataclass(frozen=True)
class _Told:
    """What there is to tell of one trial."""

    trial: FrozenTrial
    point: Mapping[str, Value]
    reported: list[float]


class Historian:
    """Reads the trials of a study as a model is told them, each finished one once.

    Parameters
    ----------
    names : collection of str
        The parameters that are searched: a trial without any of them says nothing.
    space : Space, optional
        Of which all trials are points; without it, values are as Optuna has them, and a running trial may still be
        asked for more parameters.
    """

    def __init__(self, names: Collection[str], space: Space | None) -> None:
        self._names, self._space = names, space
        self._told: dict[int, _Told] = {}

    def read(self, study: Study, number: int) -> History:
        """Return all trials but ``number`` that a model can learn from; none before the first success."""
        # Not study.get_trials: under Hyperband that is one bracket only, too few to learn from.
        trials = study._storage.get_all_trials(study._study_id, deepcopy=False)
        told = [self._tell(t, len(study.directions)) for t in trials if t.number != number and self._says_something(t)]
        reported = np.array([each.reported for each in told]).reshape(-1, len(study.directions))
        losses = losses_told(reported, [each.trial.state for each in told], study.directions)
        told = told[: len(losses)]
        is_complete = np.array([each.trial.state == TrialState.COMPLETE for each in told], bool)
        is_complete &= ~np.isnan(reported[: len(told), 0])
        return History([each.trial.number for each in told], [each.point for each in told], losses, is_complete)

    def _says_something(self, trial: FrozenTrial) -> bool:
        if trial.state == TrialState.RUNNING and self._space is None:
            return all(name in trial.params for name in self._names)
        if trial.state == TrialState.WAITING or is_interrupted(trial):
            return False
        return any(name in trial.params for name in self._names)

    def _tell(self, trial: FrozenTrial, n_objectives: int) -> _Told:
        told = self._told.get(trial.number)
        if told is None or told.trial is not trial:  # a finished trial does not change
            point = trial.params if self._space is None else _point(self._space, trial.params)
            told = self._told[trial.number] = _Told(trial, point, reported_values(trial, n_objectives))
        return told


def _point(space: Space, params: Mapping[str, Any]) -> dict[str, Value]:
    """Return the cell's values for those of Optuna, which may be outside of the domains."""
    return {name: space[name].domain.from_optuna(value) for name, value in params.items() if name in space}


def losses_told(reported: Array, states: Sequence[TrialState], directions: Sequence[StudyDirection]) -> Array:
    """Return what each trial counts as, lower is better; nothing before the first success.

    Parameters
    ----------
    reported : ndarray, shape (n, n_objectives)
        As :func:`reported_values` returns them.
    states : sequence of TrialState
        One a trial.
    directions : sequence of StudyDirection
        One an objective.

    Returns
    -------
    ndarray, shape (n, n_objectives) or (0, n_objectives)
        NaN for running trials.
    """
    signs = np.array([-1.0 if direction == StudyDirection.MAXIMIZE else 1.0 for direction in directions])
    losses: Array = reported.reshape(-1, len(signs)) * signs
    is_good = np.array([s == TrialState.COMPLETE for s in states], bool) & ~np.isnan(losses[:, 0])
    if not is_good.any():
        return losses[:0]
    bad = np.quantile(losses[is_good], BAD, axis=0)
    # fmax: a pruned trial without a report is bad too.
    losses = np.where(is_good[:, None], losses, np.fmax(losses, bad))
    losses[np.array([s == TrialState.RUNNING for s in states], bool)] = np.nan
    return losses


def reported_values(trial: FrozenTrial, n_objectives: int) -> list[float]:
    """Return the last values of a complete or pruned trial, within what can be squared; NaN where one is not finite."""
    values: Sequence[float] = ()
    if trial.state == TrialState.PRUNED and trial.last_step is not None:
        values = [trial.intermediate_values[trial.last_step]]
    elif trial.state in {TrialState.COMPLETE, TrialState.PRUNED}:
        values = trial.values or ()
    if len(values) != n_objectives or not all(map(math.isfinite, values)):
        return [math.nan] * n_objectives
    return [min(max(value, -_LARGEST_LOSS), _LARGEST_LOSS) for value in values]


def is_interrupted(trial: FrozenTrial) -> bool:
    """Tell whether jtune recorded a trial as interrupted; Optuna has it as failed, but it says nothing of its point."""
    record = trial.user_attrs.get("jtune")
    return isinstance(record, dict) and record.get("state") == State.INTERRUPTED
