"""Optuna's samplers, asked for whole points of a jtune space."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna

from jtune.language.domains import Value
from jtune.language.space import Parameter, Point, Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial


class OptunaProposer:
    """A sampler of Optuna's, asked as Optuna's trials ask: for some parameters together, one by one for the others.

    Those that are active only, parents before children. What it proposes outside of the domains that are searched is
    drawn uniformly from them instead.

    Parameters
    ----------
    space : Space
    sampler : BaseSampler
    seed : int
    relative_space : dict, optional
        What is asked for together, instead of what the sampler infers from the trials.
    """

    # It may keep attributes with the trial.
    needs_trial = True

    def __init__(
        self, space: Space, sampler: BaseSampler, seed: int, relative_space: dict[str, BaseDistribution] | None = None
    ) -> None:
        self._space = self._within = space
        self.sampler = sampler
        self._seed = seed
        self._relative_space = relative_space
        self._asked_for: int | None = None

    def to_repeat(self, study: Study, number: int) -> None:
        """Return None: Optuna's samplers propose new points only."""

    def narrow(self, space: Space) -> None:
        """Propose points of ``space`` from now on."""
        self._within = space

    def propose(self, study: Study, number: int) -> Point:
        """Return the sampler's point for a trial, which is in the study."""
        # A view of it: the study itself shows a sampler the trials that there were when it was last told by tell().
        study = optuna.Study(study.study_name, study._storage, self.sampler, study.pruner)
        trial = study.get_trials(deepcopy=False)[number]
        if number != self._asked_for:
            self._asked_for = number
            self.sampler.before_trial(study, trial)
        relative_space = self._relative_space
        if relative_space is None:
            relative_space = self.sampler.infer_relative_search_space(study, trial)
        together = self.sampler.sample_relative(study, trial, relative_space)
        return self._within.build(lambda parameter: self._chosen(parameter, together, study, trial))

    def _chosen(self, parameter: Parameter, together: dict[str, Any], study: Study, trial: FrozenTrial) -> Value:
        name, domain = parameter.name, parameter.domain
        if domain.size == 1:
            return domain.levels(1)[0]
        if name not in together:
            together[name] = self.sampler.sample_independent(study, trial, name, domain.distribution)
        whole = self._space[name].domain
        value = whole.snap(whole.from_optuna(together[name]))
        if domain is whole or not domain.reject(value):
            return value
        return domain.sample(np.random.default_rng((self._seed, trial.number, zlib.crc32(name.encode()))))
