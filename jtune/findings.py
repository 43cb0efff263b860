"""What is known of a study: the trials of a ledger, what a surrogate says of them, and the cell's text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import optuna

from jtune.errors import StudyError, did_you_mean
from jtune.language.cell import literal_text, rewritten
from jtune.language.domains import Domain, Value, is_same
from jtune.language.space import Point, Space
from jtune.samplers.history import BAD
from jtune.storage.definition import Goal
from jtune.storage.ledger import Ledger
from jtune.storage.ranking import losses
from jtune.storage.record import Trial
from jtune.trials.outcome import State

if TYPE_CHECKING:
    from jtune.storage.ranking import Noise
    from jtune.surrogate.effects import Effect, Effects


class Findings:
    """What is known of a study: its trials, what a surrogate says of them, the cell's text.

    Everything is read from the study's file as it is now, so a study that was loaded in another process sees the trials
    of a kernel that is still running.

    Parameters
    ----------
    ledger : Ledger
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        # By the objective's number: of how many finished trials, and the surrogate.
        self._effects: dict[int, tuple[int, Effects]] = {}

    @property
    def optuna(self) -> optuna.Study:
        """The Optuna study beneath: its plots and its dashboard work."""
        return self._ledger.optuna

    @property
    def path(self) -> Path:
        """The study's file."""
        return self._ledger.journal.path

    @property
    def name(self) -> str:
        """The NAME on the magic line."""
        return self._ledger.name

    @property
    def cell_id(self) -> str:
        """The notebook's id of the cell; empty where there is none."""
        return self._ledger.definition.cell

    @property
    def cell_source(self) -> str:
        """The cell's text as it ran, without the line of the magic."""
        return self._ledger.definition.source

    @property
    def ending(self) -> str:
        """Why its last search ended; empty before that."""
        return self._ledger.ending

    @property
    def generation(self) -> int:
        """1 for the first, counted up each time the code or its inputs changed."""
        return self._ledger.generation

    @property
    def space(self) -> Space:
        """The search space."""
        return self._ledger.space

    @property
    def parameters(self) -> dict[str, Domain]:
        """Each parameter's domain, in cell order."""
        return {parameter.name: parameter.domain for parameter in self.space}

    @property
    def objectives(self) -> tuple[Goal, ...]:
        """What is judged: a `Goal`, that is ``direction`` and ``label``, for each objective."""
        return self._ledger.objectives

    @property
    def trials(self) -> list[Trial]:
        """All trials, in order of start."""
        return self._ledger.trials

    def __len__(self) -> int:
        return len(self.trials)

    def __bool__(self) -> bool:
        """Whether there is a study, which may have no trials yet."""
        return True

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.trials)

    def __getitem__(self, number: int) -> Trial:
        return self._ledger[number]

    @property
    def finished(self) -> list[Trial]:
        """Trials that count towards ``-n``: all but running and interrupted ones."""
        return self._ledger.finished

    @property
    def complete(self) -> list[Trial]:
        """Trials that have values."""
        return self._ledger.complete

    @property
    def baseline(self) -> Trial | None:
        """The trial of the cell's own literals, or None before it has run.

        One that failed is run again when the study goes on; then the one that gave a value counts.
        """
        return self._ledger.baseline

    @property
    def best(self) -> Trial | None:
        """The best complete trial, the earlier of equals; None while there is none, and without an objective.

        Where trials of the same parameters gave different values, the objective is noisy: then it is the first trial of
        the parameters with the best mean, made worse by its standard error, and its ``expected`` says what another run
        is expected to give. With several objectives: the trial that is best in the first one, then in the second, and
        so on.
        """
        return self._ledger.best

    @property
    def noise(self) -> Noise | None:
        """How far runs of the same parameters are apart; None where none ran twice or all gave the same.

        With one objective only. ``%%tune`` runs leaders of a noisy objective once more, see ``--replicate``.
        """
        return self._ledger.ranking.noise

    @property
    def front(self) -> list[Trial]:
        """The Pareto front: complete trials that no other one is better than in every respect."""
        return self._ledger.front

    def source(self, trial: Trial | int | Mapping[str, Value] | None = None) -> str:
        """Return the cell's text with a trial's literals, every other character unchanged.

        Parameters
        ----------
        trial : Trial, int or mapping, optional
            The best one by default; or values by parameter, those that are left out being the cell's own.

        Returns
        -------
        str
            With the line of the magic.

        Raises
        ------
        StudyError
            If there is no such trial.
        """
        definition = self._ledger.definition
        return definition.header + rewritten(definition.source, definition.spans, self.space, self._params(trial))

    def literals(self, trial: Trial | int | Mapping[str, Value] | None = None) -> list[tuple[str, str, str]]:
        """Return a trial's parameters as text.

        Parameters
        ----------
        trial : Trial, int or mapping, optional
            The best one by default; or values by parameter, those that are left out being the cell's own.

        Returns
        -------
        list of (str, str, str)
            In cell order, active parameters only: name, literal as it stands in the cell, the trial's literal.

        Raises
        ------
        StudyError
            If there is no such trial.
        """
        point, definition, found = self._params(trial), self._ledger.definition, []
        for (start, stop), parameter in zip(definition.spans, self.space, strict=True):
            if parameter.name in point:
                before, value = definition.source[start:stop], point[parameter.name]
                is_kept = is_same(value, parameter.literal)
                found.append((parameter.name, before, before if is_kept else literal_text(value, before)))
        return found

    def effect(self, name: str, *, objective: str | int = 0) -> Effect:
        """Return the surrogate's predicted objective along a parameter, the rest averaged over.

        Parameters
        ----------
        name : str
            The parameter.
        objective : str or int
            Which one, by label or number; the first by default.

        Returns
        -------
        Effect
            In the objective's units.

        Raises
        ------
        StudyError
            If there is no such parameter or objective, or there are too few trials.
        """
        self._check_parameter(name)
        return self.effects_of(objective).effect(name)

    def predict(self, params: Mapping[str, Value], *, objective: str | int = 0) -> tuple[float, float]:
        """Return the surrogate's mean and standard deviation of an objective at a point.

        Parameters
        ----------
        params : mapping
            Values by parameter. Those left out take the best trial's values.
        objective : str or int
            Which one, by label or number; the first by default.

        Returns
        -------
        mean, sd : float
            In the objective's units; ``sd`` is without the noise of a single run.

        Raises
        ------
        StudyError
            If a parameter or the objective is unknown, a value is outside its domain, or there are too few trials.
        """
        for name, value in params.items():
            self._check_parameter(name)
            if reason := self.space[name].domain.reject(value):
                raise StudyError(f"{name}: {reason}")
        best = self.best.params if self.best else {}
        return self.effects_of(objective).predict(self.space.point({**best, **params}))

    def importance(self, *, objective: str | int = 0) -> dict[str, float]:
        """Return the share of an objective's variance that each parameter explains by itself, largest first.

        Parameters
        ----------
        objective : str or int
            Which one, by label or number; the first by default.

        Returns
        -------
        dict of str to float
            By name; what is missing to 1 is not known, or is what parameters do only together.

        Raises
        ------
        StudyError
            If there is no such objective, or there are too few trials.
        """
        return self.effects_of(objective).importance()

    @property
    def effects(self) -> Effects:
        """What a surrogate says of the (first) objective: ``study.effects["C"]``; as :meth:`effects_of`.

        Raises
        ------
        StudyError
            If there is no objective, or there are too few trials.
        """
        return self.effects_of(0)

    def effects_of(self, objective: str | int = 0) -> Effects:
        """Return the surrogate of an objective, as of now; it stays as it is when trials are added.

        Parameters
        ----------
        objective : str or int
            Which one, by label or number; the first by default.

        Returns
        -------
        Effects
            In the objective's units.

        Raises
        ------
        StudyError
            If there is no such objective, or there are too few trials.
        """
        from jtune.surrogate.effects import Effects

        index, n_finished = self._objective(objective), len(self.finished)
        n_known, known = self._effects.get(index, (-1, None))
        if known is None or n_known != n_finished:
            complete = self.complete
            try:
                known = Effects(
                    self.space,
                    [trial.params for trial in complete],
                    [trial.values[index] for trial in complete],
                    guessed=self._guessed(),
                    direction=self.objectives[index].direction,
                    objective=self.objectives[index].label,
                    best=self.best.params if self.best and len(self.objectives) == 1 else None,
                )
            except ValueError as error:
                raise StudyError(str(error)) from None
            self._effects[index] = n_finished, known
        return known

    def _guessed(self) -> list[tuple[Point, float]]:
        """Return pruned trials with about what they would have given.

        That is their last report, but at least as bad as three quarters of the complete trials: they were given up
        because they were bad, and their end is not known. So the sampler is told it too.
        """
        pruned = [trial for trial in self.trials if trial.state == State.PRUNED and trial.curves]
        complete = self.complete
        if not pruned or not complete or len(self.objectives) > 1:
            return []
        (sign,) = losses(self.objectives, [1.0])
        bad = float(np.quantile([sign * trial.values[0] for trial in complete], BAD))
        ends = (next(iter(trial.curves.values()))[-1] for trial in pruned)
        worse = (max(bad, sign * end) if math.isfinite(end) else bad for end in ends)
        return [(trial.params, sign * loss) for trial, loss in zip(pruned, worse, strict=True)]

    def _objective(self, objective: str | int) -> int:
        """Return the number of an objective, given by that or by its label."""
        labels = [goal.label for goal in self.objectives]
        if not labels:
            raise StudyError(f"{self.name} has no objective that could be predicted")
        if isinstance(objective, str) and objective in labels:
            return labels.index(objective)
        if isinstance(objective, int) and 0 <= objective < len(labels):
            return objective
        known = ", ".join(f"{label!r} ({i})" for i, label in enumerate(labels))
        near = did_you_mean(objective, labels) if isinstance(objective, str) else ""
        raise StudyError(f"{self.name} has no objective {objective!r}, only {known}{near}")

    def _check_parameter(self, name: str) -> None:
        if name not in self.space:
            names = ", ".join(self.space.names)
            raise StudyError(
                f"{self.name} has no parameter {name!r}, only {names}{did_you_mean(name, self.space.names)}"
            )

    def _params(self, trial: Trial | int | Mapping[str, Value] | None) -> Point:
        """Return a trial's values, or those that are given themselves."""
        return self.space.point(trial) if isinstance(trial, Mapping) else self._chosen(trial).params

    def _chosen(self, trial: Trial | int | None) -> Trial:
        if trial is None:
            # Without an objective, what ran last is what the user looked at last.
            chosen = self.best if self.objectives else next(reversed(self.complete), None)
        else:
            chosen = self[trial] if isinstance(trial, int) else trial
        if chosen is None:
            raise StudyError(f"{self.name} has no complete trial yet")
        return chosen
