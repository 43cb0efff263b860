"""Where the next point comes from: scikit-optimize inside Optuna, and samplers by name.

::

    make_sampler("gp", space) -> PointSampler      whole points of a jtune space, none of them twice
                                     └─ inner      SkoptSampler, or one of Optuna's own; None for uniform draws
                                          └─ _Model    jtune's Gaussian process, or a skopt.Optimizer

:class:`SkoptSampler` knows nothing of jtune's search and works in any Optuna study. :class:`PointSampler` adds what a
tuned cell needs on top of *any* Optuna sampler: active parameters only, values as a person would write them, no
configuration twice. What a model needs (scikit-optimize and scikit-learn behind it: 1-3 s) is imported with the first
model, not before.
"""

from __future__ import annotations

import itertools
import math
import secrets
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, RandomSampler
from optuna.search_space import IntersectionSearchSpace
from optuna.study import StudyDirection
from optuna.trial import TrialState

from jtune.errors import JTuneError, UsageError, did_you_mean
from jtune.language.domains import ChoiceDomain, Domain, FloatDomain, IntDomain, Value
from jtune.language.space import Parameter, Point, Space
from jtune.quiet import quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from optuna.pruners import BasePruner
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    Array: TypeAlias = NDArray[np.float64]

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
# scikit-optimize's names of its surrogates; ours is not one of them.
_SURROGATES = {"gp": "", "skopt": "GP", "forest": "ET"}
# A Gaussian process takes time that grows with the cube of what it is told; trees do not, but the best and the most
# recent hundreds say enough to both.
_LEARNT_AT_MOST, _TOLD_AT_MOST = 400, 300
# By how much there must be more trials before the hyper-parameters are searched again.
_REFIT_GROWTH = 1.05
# Which quantile of the successful trials a failed one counts as.
_BAD = 0.75
# Objectives beyond this overflow when they are squared.
_LARGEST_LOSS = 1e100
# What numpy.random.RandomState, behind Optuna and scikit-optimize, takes as a seed.
_SEEDS = 2**32
_INNER_TRIES, _UNIFORM_TRIES, _LAST_TRIES = 10, 100, 10_000
_GRID_ENUMERATED_AT_MOST = 20_000
# A model is kept between proposals, which Optuna may ask for in several threads.
_one_at_a_time = threading.Lock()


class SpaceExhausted(JTuneError):  # noqa: N818 (like StopIteration: an end, not a fault)
    """Every point that the sampler could propose has been seen."""


def best_and_recent(losses: Sequence[float], limit: int) -> list[int]:
    """Return the positions of at most ``limit`` observations that a surrogate learns most from.

    Half are the best, which carry the shape around the optimum; the other half are the most recent, which hold what a
    sampler has just learnt elsewhere (without them it would propose there again).

    Parameters
    ----------
    losses : sequence of float
        In order of time; lower is better.
    limit : int
        How many to keep; positive.

    Returns
    -------
    list of int
        Ascending.
    """
    if len(losses) <= limit:
        return list(range(len(losses)))
    recent = range(len(losses) - limit // 2, len(losses))
    older = sorted(range(recent.start), key=lambda i: losses[i])
    return sorted([*older[: limit - len(recent)], *recent])


class SkoptSampler(BaseSampler):
    """Bayesian optimization in scikit-optimize's search space, for any Optuna study.

    Until ``n_startup_trials`` trials can be learnt from, parameters are drawn uniformly ("gp" begins in the middle of
    the ranges); from then on a surrogate is fitted to the trials before each proposal. What it is told:

    - a complete trial: its value (NaN and infinities: as a failed one);
    - a failed trial: the 75 % quantile of the complete ones (the worse end), so that a region that crashes is left but
      its border is not avoided for ever. A trial that jtune has recorded as interrupted: nothing;
    - a pruned trial: the worse of its last reported value and that quantile, because a value from the middle of a
      curve is no final value;
    - a running trial, where other workers run some: what the surrogate itself predicts there ("gp") or that quantile,
      so that parallel proposals differ;
    - a parameter that the trial does not have (it was inactive, or the trial failed early): the same value for all such
      trials, so that it makes no distance between them;
    - a trial outside the present bounds, where a range has changed since: its value where it is ("gp", as far as one
      range's width beyond), or nothing, as scikit-optimize knows no points out of bounds.

    Of many trials the best and the most recent ones are told.

    Parameters
    ----------
    seed : int, optional
        In [0, 2**32). With it, proposals repeat when a study does; after a resumption they can be others, because a
        search for hyper-parameters starts from the last one's.
    surrogate : {"gp", "skopt", "forest"}
        :class:`jtune.surrogate.gp.GaussianProcess`, scikit-optimize's own Gaussian process, or its extremely
        randomized trees. With several objectives "gp" models a weighted sum of them that differs from trial to trial;
        the others take one only.
    n_startup_trials : int
        Trials, failed ones counted in, before the first fit; at least 1.
    space : Space, optional
        The search space, where it is known: it is then searched as a whole from the first trial on. Otherwise it is
        what all complete trials have in common (Optuna's intersection search space).

    Raises
    ------
    ValueError
        If ``surrogate`` or ``n_startup_trials`` is none of the above, or a study has several objectives and the
        surrogate takes one.

    References
    ----------
    Knowles (2006), IEEE Transactions on Evolutionary Computation 10: several objectives (ParEGO). Ginsbourger, Le Riche
    and Carraro (2010), section 4: running trials ("Kriging believer").
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        surrogate: str = "gp",
        n_startup_trials: int = 10,
        space: Space | None = None,
    ) -> None:
        if surrogate not in _SURROGATES:
            hint = did_you_mean(surrogate, _SURROGATES)
            raise ValueError(f"{surrogate!r} is not a surrogate ({', '.join(_SURROGATES)}){hint}")
        if n_startup_trials < 0:
            raise ValueError(f"n_startup_trials is {n_startup_trials}; it must not be negative")
        self._seed = _fresh_seed() if seed is None else seed
        self._surrogate = surrogate
        self._n_startup_trials = max(1, n_startup_trials)
        self._whole = self._space = space
        self._held: dict[str, Any] = {}
        self._intersection = IntersectionSearchSpace()
        self._reported: dict[int, tuple[FrozenTrial, list[float]]] = {}
        self._model: _Model | None = None
        self._model_space: tuple[list[tuple[str, BaseDistribution]], dict[str, Any]] = [], {}

    def __getstate__(self) -> dict[str, Any]:
        # A model is large, and grows again from the trials.
        return {**self.__dict__, "_model": None, "_reported": {}}

    def reseed_rng(self) -> None:
        """Take a new random seed, and forget the model that grew from the old one."""
        self._seed, self._model = _fresh_seed(), None

    def narrow(self, space: Space) -> None:
        """Search only in ``space`` from now on: the parameters of the known space, in domains within theirs.

        A parameter whose domain has one value left stays in the model, where trials with other values of it are at a
        distance. (Surrogates other than "gp" propose it as before: keep to its value when you take their proposal.)

        Raises
        ------
        ValueError
            If the sampler knows no space.
        """
        if self._whole is None:
            raise ValueError("this sampler knows no space that could be narrowed; give it one: SkoptSampler(space=...)")
        whole = self._whole
        locked = [p for p in space if p.domain.size == 1 and whole[p.name].domain.size != 1]
        held = {p.name: p.domain.levels(1)[0] for p in locked}
        self._space = Space([whole[p.name] if p.name in held else p for p in space])
        self._held = {name: whole[name].domain.to_optuna(value) for name, value in held.items()}

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the distributions that are searched together, those of a single value left out."""
        if self._space is None:
            space = self._intersection.calculate(study)
        else:
            space = {p.name: p.domain.distribution for p in self._space}
        return {name: dist for name, dist in space.items() if not dist.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the surrogate's proposal, or nothing while there are too few trials for one.

        Asked again while nothing has changed, it returns the next best proposal.
        """
        self._require_one_objective(study)
        if not search_space:
            return {}
        history = self._history(study, trial.number, search_space)
        if len(history.trials) < self._n_startup_trials:
            return self._middle(study, trial.number, search_space) if self._surrogate == "gp" else {}
        from jtune.surrogate.gp import calm

        # scikit-optimize and scikit-learn warn about what is normal here: a kernel parameter at its bound, a point that
        # was evaluated before.
        with _one_at_a_time, calm(), quiet():
            model_space = list(search_space.items()), self._held
            if self._model is None or self._model_space != model_space:
                self._model, self._model_space = self._new_model(search_space), model_space
            return self._model.propose(history)

    def _middle(self, study: Study, number: int, search_space: Mapping[str, BaseDistribution]) -> dict[str, Any]:
        """Return the middle of all ranges for a study's first trial, or its second after the user's own values."""
        trials = study._storage.get_all_trials(study._study_id, deepcopy=False)
        others = [trial for trial in trials if trial.number != number]
        numbers = {n: d for n, d in search_space.items() if not isinstance(d, CategoricalDistribution)}
        middle = {n: self._held.get(n, self._axis(n, d).domain.levels(1)[0]) for n, d in numbers.items()}
        is_first = len(others) < 2 and not any(middle.items() <= other.params.items() for other in others)
        return middle if is_first else {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return a uniform draw, the same for the same seed, trial and name."""
        self._require_one_objective(study)
        key = (self._seed, trial.number, zlib.crc32(param_name.encode()))
        seed = int(np.random.SeedSequence(key).generate_state(1)[0])
        return RandomSampler(seed=seed).sample_independent(study, trial, param_name, param_distribution)

    def _require_one_objective(self, study: Study) -> None:
        if len(study.directions) > 1 and self._surrogate != "gp":
            raise ValueError(
                f"the surrogate {self._surrogate} takes one objective, the study has {len(study.directions)}; "
                'take "gp", or optuna.samplers.NSGAIISampler or TPESampler'
            )

    def _history(self, study: Study, number: int, search_space: Mapping[str, BaseDistribution]) -> _History:
        """Return all trials but ``number`` that a model can learn from."""
        # Not study.get_trials: under Hyperband that is one bracket only, too few to learn from.
        trials = [
            trial
            for trial in study._storage.get_all_trials(study._study_id, deepcopy=False)
            if trial.number != number and self._is_told(trial, search_space)
        ]
        for trial in trials:
            # A finished trial does not change.
            if self._reported.get(trial.number, (None,))[0] is not trial:
                self._reported[trial.number] = trial, _reported(trial, len(study.directions))
        reported = np.array([self._reported[trial.number][1] for trial in trials])
        losses = _losses(reported, [trial.state for trial in trials], study.directions)
        return _History(trials if len(losses) else [], losses)

    def _is_told(self, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]) -> bool:
        """Tell whether there is something to learn from a trial."""
        if trial.state == TrialState.RUNNING and self._space is None:
            # Otherwise its other parameters may still be asked for.
            return all(name in trial.params for name in search_space)
        if trial.state == TrialState.WAITING or _is_interrupted(trial):
            return False
        return any(name in trial.params for name in search_space)

    def _new_model(self, search_space: Mapping[str, BaseDistribution]) -> _Model:
        axes = {name: self._axis(name, distribution) for name, distribution in search_space.items()}
        if self._surrogate == "gp":
            domains = {name: axis.domain for name, axis in axes.items()}
            return _GpModel(domains, self._space, self._held, self._seed)
        return _SkoptModel(axes, self._surrogate, self._seed)

    def _axis(self, name: str, distribution: BaseDistribution) -> _Axis:
        axis = _axis(distribution)
        parameter = self._space[name] if self._space is not None and name in self._space else None
        if parameter is None or parameter.domain.distribution != distribution:
            return axis
        domain = parameter.domain
        default = domain.to_dimension(domain.coerce(parameter.literal))
        # Optuna may have choices by their text, and has no steps on a log scale.
        return _Axis(axis.domain if isinstance(domain, ChoiceDomain) else domain, default)


class PointSampler(BaseSampler):
    """Whole points of a known space by another sampler, none of them twice.

    Optuna asks for one parameter after the other; here :meth:`sample_relative` decides the point as a whole, so that
    conditions, rounding and repetition are seen to in one place. Create a trial by
    ``optuna.trial.Trial(study, storage.create_new_trial(study_id))`` and call its ``suggest_*`` for the names that
    ``trial.relative_params`` has, with the attributes of ``space[name].domain.distribution``: it returns these values.

    Parameters
    ----------
    space : Space
        The points to choose from.
    inner : BaseSampler, optional
        Who proposes; None for uniform draws, which depend on the seed and the trial's number only, so that a resumed
        study goes on as one that was never interrupted.
    seed : int, optional
        In [0, 2**32); :attr:`seed` has it, or the random one that was taken instead.
    relative_space : dict, optional
        What ``inner.sample_relative`` is asked for, instead of what ``inner`` infers from the trials.
    note : str, optional
        What a user should be told about the choice of points.

    Attributes
    ----------
    failure : Exception or None
        What ``inner`` raised last; such a point is drawn uniformly instead.
    """

    def __init__(
        self,
        space: Space,
        inner: BaseSampler | None = None,
        seed: int | None = None,
        *,
        relative_space: dict[str, BaseDistribution] | None = None,
        note: str | None = None,
    ) -> None:
        self.space = space
        self._open = space
        self.inner = inner
        self.seed = _fresh_seed() if seed is None else seed
        self.note = note
        self.failure: Exception | None = None
        self._relative_space = relative_space
        self._distributions = {p.name: p.domain.distribution for p in space}
        self._seen: set[Any] = set()
        self._latest: tuple[int, dict[str, Any]] = (-1, {})

    def remember(self, point: Mapping[str, Any]) -> None:
        """Never propose ``point`` again; the search says this of every finished trial."""
        self._seen.add(Space.key(point))

    def forget(self, point: Mapping[str, Any]) -> None:
        """Let ``point`` be proposed again, after a trial that did not run to its end."""
        self._seen.discard(Space.key(point))

    def narrow(self, space: Space) -> None:
        """Propose only points of ``space`` from now on: the same parameters, in domains within theirs.

        A domain of one value locks its parameter. Trials elsewhere still inform the surrogate; the space that was
        given at first lifts all limits.
        """
        self._open = space
        if isinstance(self.inner, SkoptSampler):
            self.inner.narrow(space)

    @property
    def is_exhausted(self) -> bool:
        """Whether :meth:`sample_relative` would raise for want of points (costs little: ask before each trial)."""
        # Each combination of the unconditional parameters is a point at least; what cannot be counted is not seen yet.
        uncounted = len(self._seen) + 1
        at_least = math.prod(p.domain.size or uncounted for p in self._open if p.condition is None)
        return at_least <= len(self._seen) and self._has_seen(self._open.all_points)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the distributions of all parameters."""
        return self._distributions

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return a new point, active parameters only, in Optuna's values; it counts as seen from here on.

        Raises
        ------
        SpaceExhausted
            If there is no point left (or, in a space too large to count, none was found).
        """
        for point in self._proposals(study, trial):
            if not self._is_spent(point):
                self.remember(point)
                values = {n: self.space[n].domain.to_optuna(v) for n, v in point.items()}
                self._latest = trial.number, values
                return dict(values)
        raise SpaceExhausted(f"all {len(self._seen)} points of the search space have been tried")

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return the parameter's value in this trial's point, or the inner sampler's for one that is not in it."""
        number, values = self._latest
        if number == trial.number and param_name in values:
            # Optuna's own check of a fine grid (step 1e-9 of 1) can reject a value for its rounding error.
            return values[param_name]
        sampler = self.inner or RandomSampler(seed=(self.seed + trial.number) % _SEEDS)
        return sampler.sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Tell the inner sampler."""
        if self.inner is not None:
            self.inner.before_trial(study, trial)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """Tell the inner sampler."""
        if self.inner is not None:
            self.inner.after_trial(study, trial, state, values)

    def reseed_rng(self) -> None:
        """Reseed the inner sampler; uniform draws differ by the trial's number already."""
        if self.inner is not None:
            self.inner.reseed_rng()

    def _proposals(self, study: Study, trial: FrozenTrial) -> Iterator[Point]:
        """Yield points to choose the first new one from."""
        inner = self.inner
        for _ in range(_INNER_TRIES):
            if inner is None:
                break
            try:
                point = self._ask_inner(inner, study, trial)
            except JTuneError:
                raise
            except Exception as error:  # of a library's sampler, which is no reason to lose a search
                self.failure = error
                break
            yield point
        rng = np.random.default_rng((self.seed, trial.number))
        for _ in range(_UNIFORM_TRIES):
            yield self._open.sample(rng)
        points = self._open.all_points
        if points is not None:
            yield from (points[i] for i in rng.permutation(len(points)))
        else:
            for _ in range(_LAST_TRIES):
                yield self._open.sample(rng)

    def _ask_inner(self, inner: BaseSampler, study: Study, trial: FrozenTrial) -> Point:
        relative_space = self._relative_space
        if relative_space is None:
            relative_space = inner.infer_relative_search_space(study, trial)
        proposed = inner.sample_relative(study, trial, relative_space)
        # Parents before children, and inactive parameters have their literal, as in Space.point.
        known = self._open.complete({})
        chosen: Point = {}
        for parameter in self._open.ordered:
            name, distribution = parameter.name, parameter.domain.distribution
            if parameter.condition is not None and not parameter.condition.holds(known):
                continue
            if distribution.single():
                value = parameter.domain.levels(1)[0]
            else:
                if name not in proposed:
                    proposed[name] = inner.sample_independent(study, trial, name, distribution)
                value = self._within(parameter, proposed[name], trial)
            known[name] = chosen[name] = value
        return self._open.point(chosen)

    def _within(self, parameter: Parameter, proposed: Any, trial: FrozenTrial) -> Value:
        """Return a proposed value, or a draw from what is left of the domain if it is outside of that."""
        whole, left = self.space[parameter.name].domain, parameter.domain
        value = whole.snap(whole.from_optuna(proposed))
        if left is whole or not left.reject(value):
            return value
        return left.sample(np.random.default_rng((self.seed, trial.number, zlib.crc32(parameter.name.encode()))))

    def _is_spent(self, point: Point) -> bool:
        """Tell whether a point has been seen, or is outside of what the space was narrowed to."""
        return Space.key(point) in self._seen or (self._open is not self.space and not self._open.accepts(point))

    def _has_seen(self, points: Sequence[Point] | None) -> bool:
        return points is not None and all(self._is_spent(point) for point in points)


class _GridSampler(PointSampler):
    """A full factorial in an order that is random with the seed, so that a part of it is spread out."""

    def __init__(self, space: Space, seed: int, n_trials: int) -> None:
        super().__init__(space, seed=seed)
        self._n_trials = n_trials
        size = self._lay_out(space)
        self.note = f"grid: {_levels_text(space, self._axes)}: {size} points"
        if size > n_trials:
            self.note += f", of which {n_trials} at random"

    def _lay_out(self, space: Space) -> int:
        """Lay the grid over a space and return its size."""
        levels = _grid_levels(space, self._n_trials)
        self._axes = {p.name: p.domain.levels(levels) for p in space}
        self._points: list[Point] | None = None
        self._start = 0  # all points before this one have been seen
        size = math.prod(map(len, self._axes.values()))
        if size <= _GRID_ENUMERATED_AT_MOST:
            points = space.grid(levels)
            self._points = [points[i] for i in np.random.default_rng(self.seed).permutation(len(points))]
            size = len(points)
        return size

    def narrow(self, space: Space) -> None:
        super().narrow(space)
        self._lay_out(space)

    @property
    def is_exhausted(self) -> bool:
        """Whether every point of the grid has been seen."""
        return self._has_seen(self._points)

    def forget(self, point: Mapping[str, Any]) -> None:
        super().forget(point)
        self._start = 0

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        try:
            return super().sample_relative(study, trial, search_space)
        except SpaceExhausted:
            raise SpaceExhausted("all points of the grid have been tried") from None

    def _proposals(self, study: Study, trial: FrozenTrial) -> Iterator[Point]:
        if self._points is not None:
            for i in range(self._start, len(self._points)):
                self._start = i
                yield self._points[i]
            return
        rng = np.random.default_rng((self.seed, trial.number))
        for _ in range(_LAST_TRIES):
            yield self._open.point({n: v[rng.integers(len(v))] for n, v in self._axes.items()})


def make_sampler(
    name: str,
    space: Space,
    *,
    seed: int | None = None,
    n_trials: int = 30,
    n_objectives: int = 1,
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
    if seed is not None and not 0 <= seed < _SEEDS:
        raise UsageError(f"the seed {seed} is outside 0..{_SEEDS - 1}")
    seed = _fresh_seed() if seed is None else seed
    if name == "grid":
        return _GridSampler(space, seed, n_trials)
    with quiet():  # some of Optuna's samplers are experimental
        inner = _make_inner(name, space, seed, n_trials)
    relative_space, note = _relative_space(name, space)
    return PointSampler(space, inner, seed, relative_space=relative_space, note=note)


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


def _make_inner(name: str, space: Space, seed: int, n_trials: int) -> BaseSampler | None:
    if name in _SURROGATES:
        return SkoptSampler(seed=seed, surrogate=name, space=space)
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


@dataclass(frozen=True)
class _History:
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


class _Model(Protocol):
    """A surrogate with its search for the next point."""

    def propose(self, history: _History) -> dict[str, Any]:
        """Return the next point, in Optuna's values; nothing where there is too little to learn from.

        ``history`` is the whole of it at each call; a trial's loss may differ from the last call's (that of a failed
        trial moves with the others' values), and trials may be gone from it.
        """
        ...


class _GpModel:
    """jtune's Gaussian process and the maximiser of its expected improvement.

    Parameters
    ----------
    domains : mapping
        Name to the domain of Optuna's values.
    space : Space or None
        Knows the conditions.
    held : mapping
        Values of the parameters that are locked.
    seed : int
        Of all random draws, together with the number of trials.
    """

    def __init__(self, domains: Mapping[str, Domain], space: Space | None, held: Mapping[str, Any], seed: int) -> None:
        from jtune.surrogate.encoding import Encoding
        from jtune.surrogate.gp import GaussianProcess

        self._encoding = Encoding(domains, space, held)
        self._seed = seed
        self._gp = GaussianProcess(groups=list(self._encoding.cube.groups), warm_start=True)
        self._n_learnt_from = 0
        self._rows: dict[int, tuple[FrozenTrial, Array]] = {}
        self._told: tuple[list[FrozenTrial], bytes] = [], b""
        self._ranked: Iterator[Array] = iter(())

    def propose(self, history: _History) -> dict[str, Any]:
        told = history.trials, history.losses.tobytes()
        if told != self._told:
            self._told, self._ranked = told, itertools.cycle(self._rank(history))
        row = next(self._ranked, None)
        return {} if row is None else self._encoding.decode(row)

    def _rank(self, history: _History) -> Array:
        """Return the most promising points first, shape (m, d); none where no trial has a place in the cube."""
        from jtune.surrogate.acquisition import rank

        rows = self._encode(history.trials)
        is_placed, is_running = ~np.isnan(rows).any(axis=1), np.isnan(history.losses[:, 0])
        is_known = is_placed & ~is_running
        if not is_known.any():
            return rows[:0]
        rng = np.random.default_rng((self._seed, len(rows)))
        several = history.losses.shape[1] > 1
        losses = _scalarise(history.losses[is_known], rng) if several else history.losses[is_known, 0]
        kept = best_and_recent(list(losses), _LEARNT_AT_MOST)
        x, running = rows[is_known][kept], rows[is_placed & is_running]
        z = self._learn(x, losses[kept], len(losses), always=several)
        incumbents = x[np.argsort(z, kind="stable")]
        if len(running):
            # As if they had turned out as predicted: there, nothing is to be gained any more.
            x, z = np.concatenate([x, running]), np.concatenate([z, self._gp.posterior_.mean(running)])
            self._gp.condition(x, z)
        ranked = rank(self._gp.posterior_, float(z.min()), self._encoding.cube, incumbents, rows[is_placed], rng)
        return _away_from(running, ranked) if len(running) else ranked

    def _learn(self, x: Array, losses: Array, n_trials: int, *, always: bool) -> Array:
        """Fit the surrogate, its hyper-parameters now and then (or always), and return the losses as it has them."""
        if always or not self._n_learnt_from <= n_trials < _REFIT_GROWTH * self._n_learnt_from:
            self._gp.fit(x, losses)
            self._n_learnt_from = n_trials
        else:
            self._gp.update(x, losses)
        return self._gp.warp_.transform(losses)

    def _encode(self, trials: Sequence[FrozenTrial]) -> Array:
        """Return the trials' points, shape (n, d); NaN where one has no place in the cube."""
        new = [trial for trial in trials if self._rows.get(trial.number, (None,))[0] is not trial]
        rows = self._encoding.encode([trial.params for trial in new])
        # A finished trial does not change.
        self._rows.update((trial.number, (trial, row)) for trial, row in zip(new, rows, strict=True))
        return np.array([self._rows[trial.number][1] for trial in trials])


def _away_from(running: Array, ranked: Array) -> Array:
    """Return those points that differ from all running ones in some parameter by 2 % of its range, if there are any.

    Near the end of a search the best places are next to each other; there, two workers would do the same work twice.
    """
    is_away = (np.abs(ranked[:, None] - running).max(axis=2) > 0.02).all(axis=1)
    return ranked[is_away] if is_away.any() else ranked


def _scalarise(losses: Array, rng: np.random.Generator) -> Array:
    """Return one loss for several, by random weights: Knowles (2006), equation (2), the augmented Tchebycheff function.

    Each objective is warped first, so that its unit and its outliers do not matter.

    Parameters
    ----------
    losses : ndarray, shape (n, n_objectives)
        Finite.
    """
    from jtune.surrogate.gp import YeoJohnson

    warped = np.stack([YeoJohnson.fit(column).transform(column) for column in losses.T], axis=1)
    weighted = (warped - warped.min(axis=0)) * rng.dirichlet(np.ones(losses.shape[1]))
    return np.asarray(weighted.max(axis=1) + 0.05 * weighted.sum(axis=1))


class _SkoptModel:
    """A ``skopt.Optimizer``, told what is new since the last proposal.

    It is kept, because its choice between acquisition functions learns from one proposal to the next; it is built anew
    when a trial that it was told is not in the history any more, or elsewhere.
    """

    def __init__(self, axes: Mapping[str, _Axis], surrogate: str, seed: int) -> None:
        self._axes = axes
        self._surrogate = surrogate
        self._seed = seed
        self._optimizer: Any = None
        self._told: dict[int, list[Any]] = {}

    def propose(self, history: _History) -> dict[str, Any]:
        told = self._choose(history)
        if not told:
            return {}
        if self._optimizer is None or any(n not in told or told[n][0] != x for n, x in self._told.items()):
            self._start(len(told))
        losses = [told[number][1] for number in self._told]
        new = {number: x for number, (x, _) in told.items() if number not in self._told}
        if new or losses != self._optimizer.yi:
            # yi is a documented attribute; told twice, a trial would count twice.
            self._optimizer.yi[:] = losses
            self._optimizer.tell(list(new.values()), [told[number][1] for number in new])
            self._told.update(new)
        x = zip(self._axes.items(), self._optimizer.ask(), strict=True)
        return {name: axis.domain.from_dimension(value) for (name, axis), value in x}

    def _choose(self, history: _History) -> dict[int, tuple[list[Any], float]]:
        """Return points, in scikit-optimize's values, and losses, by the trials' numbers."""
        losses = history.losses[:, 0]
        finished = losses[~np.isnan(losses)]
        # Just as bad as a failed one: what is known to be in hand need not be proposed again.
        losses = np.where(np.isnan(losses), np.quantile(finished, _BAD), losses) if len(finished) else losses
        encoded = {t.number: (self._encode(t), float(loss)) for t, loss in zip(history.trials, losses, strict=True)}
        inside = {number: (x, loss) for number, (x, loss) in encoded.items() if x is not None}
        kept = best_and_recent([loss for _, loss in inside.values()], _TOLD_AT_MOST)
        numbers = list(inside)
        return {numbers[i]: inside[numbers[i]] for i in kept}

    def _encode(self, trial: FrozenTrial) -> list[Any] | None:
        """Return a trial's point, or None where it is out of bounds."""
        params = trial.params
        x = [axis.encode(params[name]) if name in params else axis.default for name, axis in self._axes.items()]
        return None if None in x else x

    def _start(self, n_told: int) -> None:
        from skopt import Optimizer

        # The seed moves with the history: a resumed study must not try the same random numbers again.
        state = np.random.SeedSequence((self._seed, n_told)).generate_state(1)[0]
        self._told = {}
        self._optimizer = Optimizer(
            [axis.dimension() for axis in self._axes.values()],
            base_estimator=_SURROGATES[self._surrogate],
            n_initial_points=0,
            random_state=int(state),
            model_queue_size=1,
        )


@dataclass(frozen=True)
class _Axis:
    """One parameter between Optuna's values and scikit-optimize's.

    Parameters
    ----------
    domain : Domain
        Of Optuna's values; knows scikit-optimize's.
    default : object
        For a trial that does not have the parameter, in scikit-optimize's values.
    """

    domain: Domain
    default: Any

    def dimension(self) -> Any:
        dimension = self.domain.dimension()
        if not isinstance(self.domain, ChoiceDomain):
            # Trees would do without, but then scikit-optimize 0.10.2 clips log integers to bounds that are not logs,
            # and proposes their upper bound for ever.
            dimension.set_transformer("normalize")
        return dimension

    def encode(self, value: Any) -> Any | None:
        """Return Optuna's ``value`` as scikit-optimize has it, or None where it is out of bounds."""
        return None if self.domain.reject(value) else self.domain.to_dimension(value)


def _axis(distribution: BaseDistribution) -> _Axis:
    domain: Domain
    if isinstance(distribution, CategoricalDistribution):
        domain = ChoiceDomain(distribution.choices)
    elif isinstance(distribution, FloatDistribution):
        domain = FloatDomain(distribution.low, distribution.high, distribution.log, distribution.step)
    elif isinstance(distribution, IntDistribution):
        domain = IntDomain(distribution.low, distribution.high, distribution.log, distribution.step)
    else:
        raise ValueError(f"{distribution!r} is not a distribution that scikit-optimize can take")
    return _Axis(domain, domain.to_dimension(domain.levels(1)[0]))


def _losses(reported: Array, states: Sequence[TrialState], directions: Sequence[StudyDirection]) -> Array:
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
    bad = np.quantile(losses[is_good], _BAD, axis=0)
    # fmax: a pruned trial without a report is bad too.
    losses = np.where(is_good[:, None], losses, np.fmax(losses, bad))
    losses[np.array([s == TrialState.RUNNING for s in states], bool)] = np.nan
    return losses


def _reported(trial: FrozenTrial, n_objectives: int) -> list[float]:
    """Return the last values of a complete or pruned trial, within what can be squared; NaN where one is not finite."""
    values: Sequence[float] = ()
    if trial.state == TrialState.PRUNED and trial.last_step is not None:
        values = [trial.intermediate_values[trial.last_step]]
    elif trial.state in {TrialState.COMPLETE, TrialState.PRUNED}:
        values = trial.values or ()
    if len(values) != n_objectives or not all(map(math.isfinite, values)):
        return [math.nan] * n_objectives
    return [min(max(value, -_LARGEST_LOSS), _LARGEST_LOSS) for value in values]


def _is_interrupted(trial: FrozenTrial) -> bool:
    """Tell whether jtune recorded a trial as interrupted; Optuna has it as failed, but it says nothing of its point."""
    record = trial.user_attrs.get("jtune")
    return isinstance(record, dict) and record.get("state") == "interrupted"


def _fresh_seed() -> int:
    return secrets.randbelow(_SEEDS)


def _grid_levels(space: Space, n_trials: int) -> int:
    """Return the most levels per range whose grid has no more points than there are trials; 2 at least."""
    low, high = 2, max(2, n_trials)
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(space, middle, n_trials):
            low = middle
        else:
            high = middle - 1
    return low


def _fits(space: Space, levels: int, n_trials: int) -> bool:
    """Tell whether a grid has at most ``n_trials`` points; written down only where products do not say."""
    sizes = {p.name: len(p.domain.levels(levels)) for p in space}
    if math.prod(sizes.values()) <= n_trials:
        return True
    if math.prod(sizes[p.name] for p in space if p.condition is None) > n_trials:
        return False
    return math.prod(sizes.values()) <= _GRID_ENUMERATED_AT_MOST and len(space.grid(levels)) <= n_trials


def _levels_text(space: Space, axes: Mapping[str, Sequence[Any]]) -> str:
    """Return such as ``4 levels each for C, gamma; 3 choices for kernel``."""
    groups: dict[tuple[str, int], list[str]] = {}
    for name, values in axes.items():
        kind = "choice" if isinstance(space[name].domain, ChoiceDomain) else "level"
        groups.setdefault((kind, len(values)), []).append(name)
    return "; ".join(
        f"{n} {kind}{'' if n == 1 else 's'}{' each' if len(names) > 1 else ''} for {', '.join(names)}"
        for (kind, n), names in groups.items()
    )
