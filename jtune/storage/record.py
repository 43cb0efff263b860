"""A trial as the user holds it, and as Optuna and the file have it."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from optuna.trial import TrialState

from jtune.language.space import Point
from jtune.trials.outcome import Origin, Outcome, Output, State

OPTUNA_STATES = {State.COMPLETE: TrialState.COMPLETE, State.PRUNED: TrialState.PRUNED}
KILLED = "the kernel ended while it ran"


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of the cell.

    Attributes
    ----------
    number : int
        From 0, in order of start.
    params : dict
        Active parameters and their values.
    values : tuple of float
        The objectives; empty unless the trial is complete.
    seconds : float or None
        Of the cell's own run; None while it runs.
    state : State
        Equal to "complete", "failed", "pruned", "timed out", "interrupted" or "running".
    reason : str
        Why it is not complete.
    origin : {"baseline", "sampler", "manual"}
    curves : dict of str to list of float
        What its loops reported.
    outputs : list of dict
        What it showed, in nbformat's form.
    traceback : str
        Of a failure.
    repeats : tuple of tuple of float
        The values of each run under ``--repeats``.
    """

    number: int
    _params: Point
    values: tuple[float, ...]
    seconds: float | None
    state: State
    reason: str
    origin: Origin
    _curves: dict[str, list[float]] = field(default_factory=dict)
    _outputs: list[Output] = field(default_factory=list)
    traceback: str = ""
    repeats: tuple[tuple[float, ...], ...] = ()

    def __repr__(self) -> str:
        shown = ("number", "params", "values", "seconds", "state", "reason", "origin")
        return f"Trial({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    # A trial never changes, so what could be changed is handed out as a copy.

    @property
    def params(self) -> Point:
        """Active parameters and their values."""
        return dict(self._params)

    @property
    def curves(self) -> dict[str, list[float]]:
        """What its loops reported."""
        return {label: list(curve) for label, curve in self._curves.items()}

    @property
    def outputs(self) -> list[Output]:
        """What it showed, in nbformat's form."""
        return copy.deepcopy(self._outputs)

    @property
    def value(self) -> float | None:
        """The (first) objective, or None where the trial is not complete."""
        return self.values[0] if self.values else None

    @property
    def is_finished(self) -> bool:
        """Whether it counts towards ``-n``: it ended by itself, whichever way."""
        return self.state.is_finished


def moved(trial: Trial, point: Point) -> Trial:
    """Return a trial at another point."""
    return replace(trial, _params=point)


RECORDED = ("state", "reason", "origin", "seconds", "curves", "outputs", "traceback", "repeats")


def record(origin: Origin, outcome: Outcome) -> dict[str, Any]:
    """Return what is written of a trial beside its values; what is empty, or usual, is left out."""
    entries = {
        "state": str(outcome.state) if outcome.state != State.COMPLETE else "",
        "reason": outcome.reason,
        "origin": origin if origin != "sampler" else "",
        "seconds": round(outcome.seconds, 6),
        "curves": dict(outcome.curves),
        "outputs": _jsonable(list(outcome.outputs)),
        "traceback": outcome.traceback,
        "repeats": outcome.repeats,
    }
    return {key: value for key, value in entries.items() if value or key == "seconds"}


def stored_values(values: Sequence[float]) -> list[float]:
    """Return objective values as Optuna has them: where a cell has no objective, there is one all the same."""
    return list(values) or [0.0]


def _jsonable(outputs: list[Output]) -> list[Output]:
    """Return outputs that JSON can hold: a user's own display may put anything into a bundle."""
    try:
        json.dumps(outputs)
    except (TypeError, ValueError):
        plain: list[Output] = json.loads(json.dumps(outputs, default=str, skipkeys=True))
        return plain
    return outputs


def first_curve(trial: Trial) -> dict[int, float]:
    """Return the intermediate values that a pruner sees of a trial: its first curve, where that is finite."""
    curve = next(iter(trial.curves.values()), [])
    return {step: value for step, value in enumerate(curve) if math.isfinite(value)}


_STATES = {TrialState.COMPLETE: State.COMPLETE, TrialState.PRUNED: State.PRUNED, TrialState.FAIL: State.FAILED}


def state_of(written: object, optuna_state: TrialState) -> State:
    """Return a trial's state: the one that jtune wrote, if it has ended, else what another tool made of it."""
    if optuna_state.is_finished() and written in list(State):
        return State(written)
    return _STATES.get(optuna_state, State.RUNNING)
