"""A trial as the user holds it, and the one codec between that and what Optuna and the file have of it."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from jtune.language.space import Point, Space
from jtune.trials.outcome import Origin, Outcome, Output, State

ATTRIBUTE = "jtune"
"""The attribute of Optuna's that holds what jtune alone knows of a trial, or of a study."""
KILLED = "the kernel ended while it ran"


@dataclass(frozen=True, slots=True)
class Expected:
    """What another run of a trial's values is expected to give, the first objective being noisy.

    Parameters
    ----------
    mean : float
        Of the repeated runs. The first run is not counted: the trial was repeated because that was a good one.
    sd : float
        Standard error of that mean; the noise is estimated from all points that ran more than once.
    runs : int
        How many runs there were, the first one included; at least 2.
    """

    mean: float
    sd: float
    runs: int


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
    origin : {"baseline", "sampler", "manual", "confirm"}
    curves : dict of str to list of float
        What its loops reported.
    outputs : list of dict
        What it showed, in nbformat's form.
    traceback : str
        Of a failure.
    repeats : tuple of tuple of float
        The values of each run under ``--repeats``.
    unseen : tuple of int
        The earlier trials that still ran when the sampler proposed its point: it had seen all others. Empty where it
        learns nothing ("random", "grid").
    expected : Expected or None
        What another run is expected to give; known of a study's best trial and baseline, where their values ran more
        than once and gave different objectives.
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
    unseen: tuple[int, ...] = ()
    expected: Expected | None = field(default=None, compare=False)

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
        """Whether it counts towards ``-n``: it ended by itself, whichever way, and is no confirmation."""
        return self.state.is_finished and self.origin != "confirm"


def moved(trial: Trial, point: Point) -> Trial:
    """Return a trial at another point, among others: what it had not seen is not known there."""
    return replace(trial, _params=point, unseen=())


def started(number: int, point: Point, origin: Origin, unseen: tuple[int, ...] = ()) -> Trial:
    """Return a trial that runs."""
    return Trial(number, point, (), None, State.RUNNING, "", origin, unseen=unseen)


def ended(trial: Trial, outcome: Outcome) -> Trial:
    """Return what has become of a trial that ran."""
    return replace(
        trial,
        values=outcome.values,
        seconds=round(outcome.seconds, 6),
        state=outcome.state,
        reason=outcome.reason,
        _curves=dict(outcome.curves),
        _outputs=_jsonable(list(outcome.outputs)),
        traceback=outcome.traceback,
        repeats=outcome.repeats,
    )


def _jsonable(outputs: list[Output]) -> list[Output]:
    """Return outputs that JSON can hold: a user's own display may put anything into a bundle."""
    try:
        json.dumps(outputs)
    except (TypeError, ValueError):
        plain: list[Output] = json.loads(json.dumps(outputs, default=str, skipkeys=True))
        return plain
    return outputs


_TO_OPTUNA = {
    State.RUNNING: TrialState.RUNNING, State.COMPLETE: TrialState.COMPLETE, State.PRUNED: TrialState.PRUNED,
}  # fmt: skip
_OF_OTHERS = {TrialState.COMPLETE: State.COMPLETE, TrialState.PRUNED: State.PRUNED, TrialState.FAIL: State.FAILED}


class Codec:
    """Writes trials as Optuna has them, and reads them back.

    Optuna has a place for points, values and the first curve; all else is in one attribute, a dict that leaves out what
    is empty or usual.

    Parameters
    ----------
    space : Space
        Of the trials' points.
    n_objectives : int
        0 for a cell without one; Optuna has one all the same.
    """

    def __init__(self, space: Space, n_objectives: int) -> None:
        self._space, self._n_objectives = space, n_objectives

    def encode(self, trial: Trial) -> FrozenTrial:
        """Return a trial as Optuna has it."""
        now, state = datetime.now(), self.state(trial)
        domains = {name: self._space[name].domain for name in trial.params}
        attribute = self.attribute(trial)
        return FrozenTrial(
            number=trial.number,
            trial_id=-1,  # the storage gives it another one
            state=state,
            value=None,
            values=self.values(trial),
            datetime_start=now,
            datetime_complete=now if state.is_finished() else None,
            params={name: domains[name].to_optuna(value) for name, value in trial.params.items()},
            distributions={name: domain.distribution for name, domain in domains.items()},
            intermediate_values=self._reported(trial),
            user_attrs={ATTRIBUTE: attribute} if attribute else {},
            system_attrs={},
        )

    def state(self, trial: Trial) -> TrialState:
        """Return the state of a trial in Optuna, which has fewer."""
        return _TO_OPTUNA.get(trial.state, TrialState.FAIL)

    def values(self, trial: Trial) -> list[float] | None:
        """Return the values of a trial in Optuna, which takes those of a pruned one from its curve."""
        if trial.state == State.COMPLETE:
            return list(trial.values) or [0.0]
        reported = self._reported(trial) if trial.state == State.PRUNED else {}
        return [reported[max(reported)]] if reported else None

    def attribute(self, trial: Trial) -> dict[str, Any]:
        """Return what Optuna has no place for."""
        entries = {
            "state": trial.state.value if trial.state not in (State.RUNNING, State.COMPLETE) else "",
            "reason": trial.reason,
            "origin": trial.origin if trial.origin != "sampler" else "",
            "seconds": trial.seconds,
            "curves": trial._curves,
            "outputs": trial._outputs,
            "traceback": trial.traceback,
            "repeats": trial.repeats,
            "unseen": trial.unseen,
        }
        return {key: value for key, value in entries.items() if value or (key == "seconds" and value is not None)}

    def decode(self, frozen: FrozenTrial) -> Trial:
        """Return a trial that Optuna has; one of another tool has less to tell."""
        found = frozen.user_attrs.get(ATTRIBUTE)
        attribute: dict[str, Any] = found if isinstance(found, dict) else {}
        is_complete = frozen.state == TrialState.COMPLETE
        return Trial(
            number=frozen.number,
            _params=self._space.from_optuna(frozen.params),
            values=tuple(frozen.values or ())[: self._n_objectives] if is_complete else (),
            seconds=attribute.get("seconds"),
            state=_state(attribute.get("state"), frozen.state),
            reason=attribute.get("reason", ""),
            origin=attribute.get("origin", "sampler"),
            _curves=attribute.get("curves", {}),
            _outputs=attribute.get("outputs", []),
            traceback=attribute.get("traceback", ""),
            repeats=tuple(tuple(run) for run in attribute.get("repeats", ())),
            unseen=tuple(attribute.get("unseen", ())),
        )

    def _reported(self, trial: Trial) -> dict[int, float]:
        """Return what a pruner sees of a trial: its first curve, where that is finite; none of several objectives."""
        curve = next(iter(trial._curves.values()), []) if self._n_objectives <= 1 else []
        return {step: value for step, value in enumerate(curve) if math.isfinite(value)}


def _state(written: object, optuna_state: TrialState) -> State:
    """Return a trial's state: the one that jtune wrote, if it has ended, else what another tool made of it."""
    if optuna_state.is_finished() and written in list(State):
        return State(written)
    return _OF_OTHERS.get(optuna_state, State.RUNNING)
