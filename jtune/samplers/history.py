"""What a surrogate is told: trials as losses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from optuna.study import StudyDirection
from optuna.trial import TrialState

from jtune.trials.outcome import State

if TYPE_CHECKING:
    from numpy.typing import NDArray
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
    trials : list of FrozenTrial
        In their order.
    losses : ndarray, shape (n, n_objectives)
        What they count as, lower is better; NaN for running ones.
    """

    trials: list[FrozenTrial]
    losses: Array


def losses_told(reported: Array, states: Sequence[TrialState], directions: Sequence[StudyDirection]) -> Array:
    """Return what each trial counts as, lower is better; nothing before the first success.

    Parameters
    ----------
    reported : ndarray, shape (n, n_objectives)
        As :func:`_reported` returns them.
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
