"""The trials of one name on disk: an Optuna study, what it is a study of, and its file.

A file holds the generations of one NAME, each an Optuna study: ``NAME``, then ``NAME.2``, ``NAME.3``... A new one
starts where the old trials cannot be compared with the new ones; the newest is the one that counts. What a user sees
of it is :mod:`jtune.study`'s matter.
"""

from __future__ import annotations

import ast
import copy
import json
import logging
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import optuna
from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial, TrialState

from jtune.errors import JournalError, StudyError, counted
from jtune.language import marks
from jtune.language.domains import Value
from jtune.language.space import Condition, Parameter, Point, Space
from jtune.quiet import is_heard, quiet
from jtune.studies.home import home
from jtune.studies.journal import FOLDER, Journal, warn_it
from jtune.studies.ranking import Ranking, losses
from jtune.trials.outcome import Outcome, Output, State

Origin: TypeAlias = Literal["baseline", "sampler", "manual"]
_ATTRIBUTE, _ENDING, _USED = "jtune", "jtune:ending", "jtune:used"
_FINISHED = ("complete", "failed", "pruned", "timed out")
_OPTUNA_STATES: dict[State, TrialState] = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED}
KILLED = "the kernel ended while it ran"
# Optuna's log of jtune's own bookkeeping has no place in a cell; its verbosity, and the log of other studies, stay.
for _name in ("optuna.study.study", "optuna.storages.journal._storage"):
    logging.getLogger(_name).addFilter(is_heard)


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
    state : str
        "complete", "failed", "pruned", "timed out", "interrupted" or "running".
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
    state: str
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
        return self.state in _FINISHED


def moved(trial: Trial, point: Point) -> Trial:
    """Return a trial at another point."""
    return replace(trial, _params=point)


@dataclass(frozen=True)
class Goal:
    """An objective: its direction and what the user calls it."""

    direction: marks.Direction
    label: str


@dataclass(frozen=True)
class Definition:
    """What a generation is a study of.

    Parameters
    ----------
    name : str
    space : Space
    objectives : tuple of Goal
    identity : str
        Digest of the code with its literals masked.
    inputs : dict of str to (str or None)
        Fingerprints of the names that the cell reads.
    header : str
        What stands above the cell's own source: the magic line.
    source : str
        The cell as typed, below the magic line.
    spans : sequence of (int, int)
        Where each parameter's literal stands in ``source``.
    cell : str
        The notebook's id of the cell; empty where there is none.
    """

    name: str
    space: Space
    objectives: tuple[Goal, ...]
    identity: str
    inputs: dict[str, str | None]
    header: str
    source: str
    spans: tuple[tuple[int, int], ...]
    cell: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "version": 1,
            "name": self.name,
            "parameters": [_parameter_to_json(parameter) for parameter in self.space],
            "objectives": [asdict(goal) for goal in self.objectives],
            "identity": self.identity,
            "inputs": self.inputs,
            "header": self.header,
            "source": self.source,
            "spans": self.spans,
            "cell": self.cell,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Definition:
        """Return what :meth:`to_json` wrote.

        Raises
        ------
        ValueError, KeyError, TypeError
            If the data are not of that form.
        """
        return cls(
            name=str(data["name"]),
            space=Space([_parameter_from_json(entry) for entry in data["parameters"]]),
            objectives=tuple(Goal(o["direction"], o["label"]) for o in data["objectives"]),
            identity=data["identity"],
            inputs=dict(data["inputs"]),
            header=data["header"],
            source=data["source"],
            spans=tuple((start, stop) for start, stop in data["spans"]),
            cell=str(data.get("cell", "")),
        )


def _parameter_to_json(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "domain": str(parameter.domain),
        "literal": repr(parameter.literal),
        "if": parameter.condition.text if parameter.condition else None,
    }


def _parameter_from_json(entry: Mapping[str, Any]) -> Parameter:
    # Literals and conditions are parsed by whitelists: a file never runs code.
    literal = ast.literal_eval(entry["literal"])
    condition = None if entry["if"] is None else Condition(entry["if"])
    return Parameter(entry["name"], marks.read_domain(entry["domain"], literal), literal, condition)


class Ledger:
    """The trials of one generation, read and written.

    Everything is read from the file as it is now. The search is the one writer.

    Parameters
    ----------
    study : optuna.Study
    journal : Journal
        The file that it is in.

    Attributes
    ----------
    optuna : optuna.Study
    journal : Journal
    definition : Definition

    Raises
    ------
    JournalError
        If it is no study of jtune's.
    """

    def __init__(self, study: optuna.Study, journal: Journal) -> None:
        self.optuna = study
        self.journal = journal
        try:
            self.definition = Definition.from_json(study.user_attrs[_ATTRIBUTE])
        except (KeyError, ValueError, TypeError, SyntaxError):
            raise JournalError(
                f"{journal.path}: {study.study_name!r} is no study of jtune's; open it with optuna.load_study"
            ) from None
        self._storage = study._storage
        self._id = study._study_id
        self._lock = threading.RLock()
        self._trials: dict[int, Trial] = {}  # by number, in order
        self._open: list[int] = []
        self._ranking = Ranking(self.objectives)

    @property
    def name(self) -> str:
        """The NAME on the magic line."""
        return self.definition.name

    @property
    def ending(self) -> str:
        """Why its last search ended; empty before that."""
        return str(self.optuna.user_attrs.get(_ENDING, ""))

    @property
    def generation(self) -> int:
        """1 for the first, counted up each time the code or its inputs changed."""
        return _generation(self.optuna.study_name, self.name) or 1

    @property
    def space(self) -> Space:
        """The search space."""
        return self.definition.space

    @property
    def objectives(self) -> tuple[Goal, ...]:
        """What is judged: ``direction`` and ``label`` of each."""
        return self.definition.objectives

    @property
    def trials(self) -> list[Trial]:
        """All trials, in order of start."""
        with self._lock:
            self._read()
            return list(self._trials.values())

    def _read(self) -> None:
        """Take in the trials that have ended since the last time: one that has ended never changes."""
        frozen = self._storage.get_all_trials(self._id, deepcopy=False)
        looked_at, self._open = [*self._open, *range(len(self._trials), len(frozen))], []
        for number in looked_at:
            trial = self._trials[number] = self._trial(frozen[number])
            if trial.state == "running":
                self._open.append(number)
            else:
                self._ranking.add(trial)

    def __getitem__(self, number: int) -> Trial:
        trials = self.trials
        try:
            return trials[number]
        except IndexError:
            there = counted(len(trials), "trial")
            raise StudyError(f"{self.name} has {there}, none of them is number {number}") from None

    @property
    def finished(self) -> list[Trial]:
        """Trials that count towards ``-n``: all but running and interrupted ones."""
        return [trial for trial in self.trials if trial.is_finished]

    @property
    def complete(self) -> list[Trial]:
        """Trials that have values."""
        return [trial for trial in self.trials if trial.state == "complete"]

    @property
    def ranking(self) -> Ranking:
        """Best, baseline and Pareto front, as of now."""
        with self._lock:
            self._read()
            return self._ranking

    @property
    def best(self) -> Trial | None:
        """The best complete trial, as :class:`Ranking` says."""
        return self.ranking.best

    @property
    def baseline(self) -> Trial | None:
        """The trial of the cell's own literals, as :class:`Ranking` says."""
        return self.ranking.baseline

    @property
    def front(self) -> list[Trial]:
        """The Pareto front, by number."""
        with self._lock:
            return self.ranking.front

    def losses(self, values: Sequence[float]) -> tuple[float, ...]:
        """Return objective values with their signs turned so that lower is better."""
        return losses(self.objectives, values)

    def _trial(self, frozen: FrozenTrial) -> Trial:
        record = frozen.user_attrs.get(_ATTRIBUTE, {})
        is_ended = frozen.state.is_finished()
        state = record.get("state") if is_ended else "running"
        return Trial(
            number=frozen.number,
            _params=self._params(frozen),
            values=tuple(frozen.values or ())[: len(self.objectives)] if frozen.state == TrialState.COMPLETE else (),
            seconds=record.get("seconds"),
            state=state or _foreign_state(frozen.state),
            reason=record.get("reason", ""),
            origin=record.get("origin", "sampler"),
            _curves=record.get("curves", {}),
            _outputs=record.get("outputs", []),
            traceback=record.get("traceback", ""),
            repeats=tuple(tuple(run) for run in record.get("repeats", ())),
        )

    def _params(self, frozen: FrozenTrial) -> Point:
        """Return a trial's parameters, in cell order; names that a foreign writer added are left out."""
        return self.space.from_optuna(frozen.params)

    # What follows is for the search.

    def start_trial(self, origin: Origin, point: Mapping[str, Value] | None = None) -> tuple[int, Point]:
        """Start a trial and return its number and point.

        Parameters
        ----------
        origin : Origin
        point : mapping, optional
            Where to run; None asks the sampler.

        Raises
        ------
        SpaceExhausted
            If the sampler has no point left; the trial is closed as interrupted.
        """
        storage = self._storage
        # Not Study.ask: it looks at every trial for one that waits.
        trial_id = storage.create_new_trial(self._id)
        frozen = storage.get_trial(trial_id)
        if point is None:
            try:
                point = self._ask(frozen)
            except Exception as error:
                self.end_trial(frozen.number, origin, Outcome("interrupted", str(error)))
                raise
        for name, value in point.items():
            domain = self.space[name].domain
            internal = domain.distribution.to_internal_repr(domain.to_optuna(value))
            storage.set_trial_param(trial_id, name, internal, domain.distribution)
        return frozen.number, dict(point)

    def _ask(self, frozen: FrozenTrial) -> Point:
        sampler = self.optuna.sampler
        with quiet():
            sampler.before_trial(self.optuna, frozen)
            distributions = sampler.infer_relative_search_space(self.optuna, frozen)
            proposed = sampler.sample_relative(self.optuna, frozen, distributions)
        return self.space.from_optuna(proposed)

    def report_value(self, number: int, step: int, value: float) -> FrozenTrial:
        """Record an intermediate value of a running trial, and return that."""
        trial_id = self._storage.get_trial_id_from_study_id_trial_number(self._id, number)
        self._storage.set_trial_intermediate_value(trial_id, step, value)
        return self._storage.get_trial(trial_id)

    def end_trial(self, number: int, origin: Origin, outcome: Outcome) -> Trial:
        """Record an outcome and return its trial; on return it is in the file."""
        trial_id = self._storage.get_trial_id_from_study_id_trial_number(self._id, number)
        self._storage.set_trial_user_attr(trial_id, _ATTRIBUTE, _record(origin, outcome))
        state = _OPTUNA_STATES.get(outcome.state, TrialState.FAIL)
        values = _stored_values(outcome.values) if state == TrialState.COMPLETE else None
        with quiet():
            self.optuna.tell(number, values, state=state)
        return self._trial(self._storage.get_trial(trial_id))

    def redefine(self, definition: Definition) -> None:
        """Follow the cell's text where it changed in what makes no difference to the trials."""
        if definition != self.definition:
            self.optuna.set_user_attr(_ATTRIBUTE, definition.to_json())
            with self._lock:
                self.definition = definition
                self._trials, self._open, self._ranking = {}, [], Ranking(self.objectives)

    def end(self, ending: str) -> None:
        """Record why a search ended."""
        if ending != self.ending:
            self.optuna.set_user_attr(_ENDING, ending)

    def close_left_open(self) -> None:
        """Mark trials that a killed kernel left running as interrupted."""
        for trial in self.trials:
            if trial.state == "running":
                self.end_trial(trial.number, trial.origin, Outcome("interrupted", KILLED))

    def adopt(self, trials: Sequence[Trial]) -> None:
        """Take over ended trials of an older generation."""
        _foreign = {str(name): state for name, state in _OPTUNA_STATES.items()}
        for trial in trials:
            state = _foreign.get(trial.state, TrialState.FAIL)
            domains = {name: self.space[name].domain for name in trial.params}
            self.optuna.add_trial(
                optuna.trial.create_trial(
                    state=state,
                    values=_stored_values(trial.values) if state == TrialState.COMPLETE else None,
                    params={name: domains[name].to_optuna(value) for name, value in trial.params.items()},
                    distributions={name: domain.distribution for name, domain in domains.items()},
                    intermediate_values=_first_curve(trial),
                    user_attrs={_ATTRIBUTE: {key: value for key in _RECORDED if (value := getattr(trial, key))}},
                )
            )


_RECORDED = ("state", "reason", "origin", "seconds", "curves", "outputs", "traceback", "repeats")


def _record(origin: Origin, outcome: Outcome) -> dict[str, Any]:
    """Return what is written of a trial beside its values; what is empty, or usual, is left out."""
    entries = {
        "state": outcome.state if outcome.state != "complete" else "",
        "reason": outcome.reason,
        "origin": origin if origin != "sampler" else "",
        "seconds": round(outcome.seconds, 6),
        "curves": dict(outcome.curves),
        "outputs": _jsonable(list(outcome.outputs)),
        "traceback": outcome.traceback,
        "repeats": outcome.repeats,
    }
    return {key: value for key, value in entries.items() if value or key == "seconds"}


def _stored_values(values: Sequence[float]) -> list[float]:
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


def _first_curve(trial: Trial) -> dict[int, float]:
    curve = next(iter(trial.curves.values()), [])
    return {step: value for step, value in enumerate(curve) if math.isfinite(value)}


def _foreign_state(state: TrialState) -> str:
    names = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
    return names.get(state, "running")


class Store:
    """The file of one name, with all its generations."""

    def __init__(self, name: str, folder: Path | None = None) -> None:
        self.name = name
        # A warning's place in the user's code says nothing here; its text says it all.
        self.journal = Journal((folder or home()) / FOLDER / f"{name}.journal", warn_it)
        self.storage = JournalStorage(self.journal)

    def newest(self) -> Ledger | None:
        """Return the generation that was started, or gone on with, last; None where there is none."""
        return next(self.generations(), None)

    def generations(self) -> Iterator[Ledger]:
        """Yield the generations, the last used first."""
        for name in self._by_use():
            with quiet():
                study = optuna.load_study(study_name=name, storage=self.storage)
            yield Ledger(study, self.journal)

    def start(self, definition: Definition) -> Ledger:
        """Start a new generation."""
        generation = max(self._numbers().values(), default=0) + 1
        name = self.name if generation == 1 else f"{self.name}.{generation}"
        directions = [goal.direction for goal in definition.objectives] or ["minimize"]
        with quiet():
            study = optuna.create_study(study_name=name, storage=self.storage, directions=directions)
        study.set_user_attr(_ATTRIBUTE, definition.to_json())
        ledger = Ledger(study, self.journal)
        self.use(ledger)
        return ledger

    def use(self, ledger: Ledger) -> None:
        """Make a generation the one that counts."""
        if self._by_use()[0] != ledger.optuna.study_name:
            ledger.optuna.set_user_attr(_USED, 1 + max(self._uses().values()))

    def drop(self, ledger: Ledger) -> None:
        """Delete a generation."""
        optuna.delete_study(study_name=ledger.optuna.study_name, storage=self.storage)

    def _by_use(self) -> list[str]:
        """Return the names of the Optuna studies that are generations, the last used first."""
        uses, numbers = self._uses(), self._numbers()
        return sorted(uses, key=lambda name: (uses[name], numbers[name]), reverse=True)

    def _uses(self) -> dict[str, int]:
        """Return when each generation was used last, as a count; its number, where it was the newest then."""
        numbers = self._numbers()
        attributes = {study.study_name: study.user_attrs for study in self.storage.get_all_studies()}
        # Left out are those whose start was cut short.
        return {name: attributes[name].get(_USED, n) for name, n in numbers.items() if _ATTRIBUTE in attributes[name]}

    def _numbers(self) -> dict[str, int]:
        names = [study.study_name for study in self.storage.get_all_studies()]
        return {name: number for name in names if (number := _generation(name, self.name)) is not None}


def _generation(study_name: str, name: str) -> int | None:
    if study_name == name:
        return 1
    prefix, _, number = study_name.rpartition(".")
    return int(number) if prefix == name and number.isdecimal() else None
