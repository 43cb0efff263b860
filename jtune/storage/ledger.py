"""The trials of one generation, read and written; no opinion about display."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace

import optuna
from optuna.trial import FrozenTrial

from jtune.errors import JournalError, StudyError
from jtune.language.space import Point, Space
from jtune.quiet import is_heard, quiet
from jtune.samplers import PointSampler
from jtune.storage.definition import Definition, Goal
from jtune.storage.journal import Journal
from jtune.storage.ranking import Ranking, losses
from jtune.storage.record import ATTRIBUTE, KILLED, Codec, Trial, ended, started
from jtune.text import counted
from jtune.trials.outcome import Origin, Outcome, State

# More trials than these are read together: the file is looked at each time.
_ASKED_FOR_AT_MOST = 4
_ENDING, USED = "jtune:ending", "jtune:used"
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
        self._forget()

    def _forget(self) -> None:
        """Have all trials read anew."""
        self._codec = Codec(self.space, len(self.objectives))
        self._trials: dict[int, Trial] = {}  # by number, in order
        self._open: dict[int, FrozenTrial] = {}
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
        """Take in the trials that have ended since the last time: one that has ended never changes."""
        unread, known, self._open = self._unread(), self._open, {}
        for frozen in unread:
            is_same = known.get(frozen.number) is frozen  # Optuna has a new object where anything has changed
            if is_same and self._trials[frozen.number].state == State.RUNNING and self.journal.is_written:
                self._open[frozen.number] = frozen
            else:
                self._take_in(frozen)

    def _unread(self) -> list[FrozenTrial]:
        """Return the trials that were open the last time, and the new ones."""
        try:
            self._stored_id(len(self._trials))
        except KeyError:  # none is new: so it is at each step of a search
            if len(self._open) <= _ASKED_FOR_AT_MOST:
                return [self._storage.get_trial(frozen._trial_id) for frozen in self._open.values()]
        frozen = self._storage.get_all_trials(self._id, deepcopy=False)
        return [frozen[number] for number in [*self._open, *range(len(self._trials), len(frozen))]]

    def _take_in(self, frozen: FrozenTrial) -> None:
        """Note a trial; an open one runs, where somebody writes, else the kernel that ran it was killed."""
        trial = self._codec.decode(frozen)
        if trial.state != State.RUNNING:
            self._ranking.add(trial)
        else:
            self._open[trial.number] = frozen
            if not self.journal.is_written:
                trial = replace(trial, state=State.INTERRUPTED, reason=KILLED, seconds=0.0)
        self._trials[trial.number] = trial

    def _stored_id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._id, number)

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

    # What follows is for the search.

    def start_trial(self, origin: Origin, point: Point, unseen: tuple[int, ...] = ()) -> int:
        """Start a trial and return its number.

        Parameters
        ----------
        origin : Origin
        point : Point
            Where to run.
        unseen : tuple of int
            The trials that ran when the point was proposed.
        """
        encoded = self._codec.encode(started(-1, point, origin, unseen))
        return self._created(encoded).number

    def _created(self, encoded: FrozenTrial | None = None) -> FrozenTrial:
        """Create a trial in the storage, and return it as it is there."""
        with self._lock:
            frozen = self._storage.get_trial(self._storage.create_new_trial(self._id, encoded))
            if frozen.number == len(self._trials):  # else another tool was faster, and its trial is to be read first
                self._take_in(frozen)
            return frozen

    def ask(self, sampler: PointSampler) -> tuple[int, Point]:
        """Start a trial where a sampler wants it, and return its number and point.

        Raises
        ------
        SpaceExhausted
            If the sampler has no point left.
        """
        number = self._next_number()
        unseen = tuple(self._open) if sampler.learns else ()
        if not sampler.needs_trial:
            point = self._proposed(sampler, number)
            return self.start_trial("sampler", point, unseen), point
        frozen = self._created()
        try:
            point = self._proposed(sampler, frozen.number)
        except Exception as error:
            self.end_trial(frozen.number, Outcome(State.INTERRUPTED, str(error)))
            raise
        encoded = self._codec.encode(started(frozen.number, point, "sampler", unseen))
        for key, value in encoded.user_attrs.items():
            self._storage.set_trial_user_attr(frozen._trial_id, key, value)
        for name, distribution in encoded.distributions.items():
            internal = distribution.to_internal_repr(encoded.params[name])
            self._storage.set_trial_param(frozen._trial_id, name, internal, distribution)
        return frozen.number, point

    def _proposed(self, sampler: PointSampler, number: int) -> Point:
        with quiet():
            return sampler.propose(self.optuna, number)

    def _next_number(self) -> int:
        with self._lock:
            self._read()
            return len(self._trials)

    def report_value(self, number: int, step: int, value: float) -> FrozenTrial:
        """Record an intermediate value of a running trial, and return that."""
        trial_id = self._stored_id(number)
        self._storage.set_trial_intermediate_value(trial_id, step, value)
        return self._storage.get_trial(trial_id)

    def end_trial(self, number: int, outcome: Outcome) -> Trial:
        """Record an outcome and return its trial; on return it is in the file."""
        trial_id = self._stored_id(number)
        with self._lock:
            if number not in self._trials:  # another tool's trial came between
                self._read()
            trial = ended(self._trials[number], outcome)
        state, values = self._codec.state(trial), self._codec.values(trial)
        self._storage.set_trial_user_attr(trial_id, ATTRIBUTE, self._codec.attribute(trial))
        # Not Study.tell, which copies all that a trial showed.
        with quiet():
            self.optuna.sampler.after_trial(self.optuna, self._storage.get_trial(trial_id), state, values)
        self._storage.set_trial_state_values(trial_id, state, values)
        with self._lock:
            self._read()
            return self._trials[number]

    def redefine(self, definition: Definition) -> None:
        """Follow the cell's text where it changed in what makes no difference to the trials."""
        if definition != self.definition:
            self.optuna.set_user_attr(ATTRIBUTE, definition.to_json())
            with self._lock:
                self.definition = definition
                self._forget()

    def end(self, ending: str) -> None:
        """Record why a search ended; empty when another one starts."""
        if ending != self.ending:
            self.optuna.set_user_attr(_ENDING, ending)

    def close_left_open(self) -> None:
        """Mark trials that a killed kernel left running as interrupted."""
        for trial in self.trials:
            if trial.state == State.RUNNING:
                self.end_trial(trial.number, Outcome(State.INTERRUPTED, KILLED))

    def adopt(self, trials: Sequence[Trial]) -> None:
        """Take over ended trials of an older generation."""
        for trial in trials:
            self._storage.create_new_trial(self._id, self._codec.encode(trial))


def generation(study_name: str, name: str) -> int | None:
    """Return the number of the generation that an Optuna study is of a name; None where it is none."""
    if study_name == name:
        return 1
    prefix, _, number = study_name.rpartition(".")
    return int(number) if prefix == name and number.isdecimal() else None
