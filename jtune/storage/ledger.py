"""The trials of one generation, read and written; no opinion about display."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

import optuna
from optuna.trial import FrozenTrial, TrialState

from jtune.errors import JournalError, StudyError
from jtune.language.domains import Value
from jtune.language.space import Point, Space
from jtune.quiet import is_heard, quiet
from jtune.storage.definition import Definition, Goal
from jtune.storage.journal import Journal
from jtune.storage.ranking import Ranking, losses
from jtune.storage.record import (
    KILLED,
    OPTUNA_STATES,
    RECORDED,
    Trial,
    first_curve,
    record,
    state_of,
    stored_values,
)
from jtune.text import counted
from jtune.trials.outcome import Origin, Outcome, State

ATTRIBUTE, _ENDING, USED = "jtune", "jtune:ending", "jtune:used"
# Optuna's log of jtune's own bookkeeping has no place in a cell; its verbosity, and the log of other studies, stay.
for _name in ("optuna.study.study", "optuna.storages.journal._storage"):
    logging.getLogger(_name).addFilter(is_heard)


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
            self.definition = Definition.from_json(study.user_attrs[ATTRIBUTE])
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
        return generation(self.optuna.study_name, self.name) or 1

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
        """Take in the trials that have ended since the last time: one that has ended never changes.

        Those that are open run, where somebody writes; else the kernel that ran them was killed.
        """
        frozen = self._storage.get_all_trials(self._id, deepcopy=False)
        looked_at = [*self._open, *range(len(self._trials), len(frozen))]
        self._open = [number for number in looked_at if not frozen[number].state.is_finished()]
        is_left_open = bool(self._open) and not self.journal.is_written
        for number in looked_at:
            trial = self._trial(frozen[number])
            if trial.state != State.RUNNING:
                self._ranking.add(trial)
            elif is_left_open:
                trial = replace(trial, state=State.INTERRUPTED, reason=KILLED, seconds=0.0)
            self._trials[number] = trial

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
        return [trial for trial in self.trials if trial.state == State.COMPLETE]

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
        record = frozen.user_attrs.get(ATTRIBUTE, {})
        return Trial(
            number=frozen.number,
            _params=self._params(frozen),
            values=tuple(frozen.values or ())[: len(self.objectives)] if frozen.state == TrialState.COMPLETE else (),
            seconds=record.get("seconds"),
            state=state_of(record.get("state"), frozen.state),
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
                self.end_trial(frozen.number, origin, Outcome(State.INTERRUPTED, str(error)))
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
        self._storage.set_trial_user_attr(trial_id, ATTRIBUTE, record(origin, outcome))
        state = OPTUNA_STATES.get(outcome.state, TrialState.FAIL)
        values = stored_values(outcome.values) if state == TrialState.COMPLETE else None
        with quiet():
            self.optuna.tell(number, values, state=state)
        return self._trial(self._storage.get_trial(trial_id))

    def redefine(self, definition: Definition) -> None:
        """Follow the cell's text where it changed in what makes no difference to the trials."""
        if definition != self.definition:
            self.optuna.set_user_attr(ATTRIBUTE, definition.to_json())
            with self._lock:
                self.definition = definition
                self._trials, self._open, self._ranking = {}, [], Ranking(self.objectives)

    def end(self, ending: str) -> None:
        """Record why a search ended; empty when another one starts."""
        if ending != self.ending:
            self.optuna.set_user_attr(_ENDING, ending)

    def close_left_open(self) -> None:
        """Mark trials that a killed kernel left running as interrupted."""
        for trial in self.trials:
            if trial.state == State.RUNNING:
                self.end_trial(trial.number, trial.origin, Outcome(State.INTERRUPTED, KILLED))

    def adopt(self, trials: Sequence[Trial]) -> None:
        """Take over ended trials of an older generation."""
        for trial in trials:
            state = OPTUNA_STATES.get(trial.state, TrialState.FAIL)
            domains = {name: self.space[name].domain for name in trial.params}
            self.optuna.add_trial(
                optuna.trial.create_trial(
                    state=state,
                    values=stored_values(trial.values) if state == TrialState.COMPLETE else None,
                    params={name: domains[name].to_optuna(value) for name, value in trial.params.items()},
                    distributions={name: domain.distribution for name, domain in domains.items()},
                    intermediate_values=first_curve(trial),
                    user_attrs={ATTRIBUTE: {key: value for key in RECORDED if (value := getattr(trial, key))}},
                )
            )


def generation(study_name: str, name: str) -> int | None:
    """Return the number of the generation that an Optuna study is of a name; None where it is none."""
    if study_name == name:
        return 1
    prefix, _, number = study_name.rpartition(".")
    return int(number) if prefix == name and number.isdecimal() else None
