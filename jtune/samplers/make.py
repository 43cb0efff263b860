"""Samplers and pruners by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler

from jtune.errors import UsageError, did_you_mean
from jtune.language.domains import ChoiceDomain
from jtune.language.space import Space
from jtune.quiet import quiet
from jtune.samplers.adapter import OptunaProposer
from jtune.samplers.grid import GridSampler
from jtune.samplers.models import SURROGATES
from jtune.samplers.points import PointSampler
from jtune.samplers.seeds import SEEDS, fresh_seed
from jtune.samplers.skopt import REPLICATE, SkoptSampler

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


NAMES: dict[str, str] = {
    "gp": "Bayesian optimization with a Gaussian process (the default)",
    "skopt": "scikit-optimize's own Gaussian process optimizer, as it comes",
    "forest": "Bayesian optimization with scikit-optimize's extremely randomized trees",
    "tpe": "Optuna's tree-structured Parzen estimator",
    "cmaes": "CMA-ES, an evolution strategy for numbers; choices are drawn uniformly",
    "random": "uniform draws",
    "grid": "every combination of a few levels of each parameter, in random order",
    "qmc": "a scrambled Sobol' sequence, which covers the space evenly",
    "nsga2": "NSGA-II, a genetic algorithm, for several objectives",
}
PRUNERS: dict[str, str] = {
    "median": "stops a trial that is worse than the median of the others at the same step",
    "hyperband": "gives many trials a few steps and the better ones more",
    "none": "stops no trial",
}
_ONE_OBJECTIVE = ("skopt", "forest", "cmaes")


def make_sampler(
    name: str,
    space: Space,
    *,
    seed: int | None = None,
    n_trials: int = 30,
    n_objectives: int = 1,
    replicate: float = REPLICATE,
) -> PointSampler:
    """Return a sampler by its name.

    Parameters
    ----------
    name : str
        One of :data:`NAMES`.
    space : Space
        The points to choose from.
    seed : int, optional
        In [0, 2**32); None for a random one.
    n_trials : int
        How many trials there will be; sizes the grid and NSGA-II's population.
    n_objectives : int
        How many values a trial has.
    replicate : float
        The share of trials that "gp" may spend on repeated runs of the leaders of a noisy objective; 0 to 1.

    Returns
    -------
    PointSampler
        Its ``note`` says what a user should know about the choice, or is None.

    Raises
    ------
    UsageError
        If there is no such sampler, it takes one objective only, or the seed is out of range.
    """
    if name not in NAMES:
        hint = did_you_mean(name, NAMES)
        raise UsageError(f"{name!r} is not a sampler{hint or ';'} there are {', '.join(NAMES)}")
    if n_objectives > 1 and name in _ONE_OBJECTIVE:
        several = ", ".join(n for n in NAMES if n not in _ONE_OBJECTIVE)
        raise UsageError(
            f"the sampler {name} takes one objective, here are {n_objectives}; these take several: {several}"
        )
    if seed is not None and not 0 <= seed < SEEDS:
        raise UsageError(f"the seed {seed} is outside 0..{SEEDS - 1}")
    seed = fresh_seed() if seed is None else seed
    if name == "grid":
        return GridSampler(space, seed, n_trials)
    if name in SURROGATES:
        return PointSampler(space, SkoptSampler(seed=seed, surrogate=name, space=space, replicate=replicate), seed)
    with quiet():  # some of Optuna's samplers are experimental
        sampler = _optuna_sampler(name, seed, n_trials)
    if sampler is None:
        return PointSampler(space, None, seed)
    relative_space, note = _relative_space(name, space)
    return PointSampler(space, OptunaProposer(space, sampler, seed, relative_space), seed, note=note)


def make_pruner(name: str | None, n_trials: int) -> BasePruner:
    """Return a pruner by its name.

    Parameters
    ----------
    name : {"median", "hyperband", "none"} or None
        None is "none".
    n_trials : int
        How many trials there will be; of few, fewer run to their end before the first is judged.

    Raises
    ------
    UsageError
        If there is no such pruner.
    """
    if name is None or name == "none":
        return optuna.pruners.NopPruner()
    if name == "median":
        # The first two values of a curve mostly tell how it was initialised.
        n_startup = min(5, max(2, n_trials // 4))
        return optuna.pruners.MedianPruner(n_startup_trials=n_startup, n_warmup_steps=2)
    if name == "hyperband":
        return optuna.pruners.HyperbandPruner()
    hint = did_you_mean(name, PRUNERS)
    raise UsageError(f"{name!r} is not a pruner{hint or ';'} there are {', '.join(PRUNERS)}")


def _optuna_sampler(name: str, seed: int, n_trials: int) -> BaseSampler | None:
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed)
    if name == "cmaes":
        return optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
    if name == "qmc":
        return optuna.samplers.QMCSampler(
            seed=seed,
            scramble=True,
            warn_asynchronous_seeding=False,
            warn_independent_sampling=False,
        )
    if name == "nsga2":
        # Some generations must fit into the trials that there are.
        population = min(max(n_trials // 4, 10), 50)
        return optuna.samplers.NSGAIISampler(population_size=population, seed=seed)
    return None


def _relative_space(name: str, space: Space) -> tuple[dict[str, BaseDistribution] | None, str | None]:
    """Return what a sampler is asked for together, None where it may infer that, and what to say about the rest."""
    searched = {p.name: p.domain.distribution for p in space if not p.domain.distribution.single()}
    if name == "qmc":
        # Inferred, it would be the parameters that were active in the first trial.
        return searched, None
    if name == "cmaes":
        # Inferred, it changes when a parameter turns inactive, and CMA-ES gives up for good.
        is_number = {p.name: p.condition is None and not isinstance(p.domain, ChoiceDomain) for p in space}
        others = ", ".join(n for n in searched if not is_number[n])
        numbers = {n: distribution for n, distribution in searched.items() if is_number[n]}
        return numbers, f"cmaes: {others} drawn uniformly" if others else None
    return None, None
