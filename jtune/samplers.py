"""Where the next point comes from: scikit-optimize inside Optuna, and samplers by name.

::

    make_sampler("gp", space) -> PointSampler      whole points of a jtune space, none of them twice
                                     └─ inner      SkoptSampler, or one of Optuna's own; None for uniform draws

:class:`SkoptSampler` knows nothing of jtune's search and works in any Optuna study. :class:`PointSampler` adds what a
tuned cell needs on top of *any* Optuna sampler: active parameters only, values as a person would write them, no
configuration twice. scikit-optimize and scikit-learn (1-3 s) are imported when the first model is fitted, not before.
"""

from __future__ import annotations

import math
import secrets
import threading
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

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

from jtune.domains import ChoiceDomain, Domain, FloatDomain, IntDomain, is_same
from jtune.errors import JTuneError, UsageError, did_you_mean
from jtune.space import Parameter, Point, Space

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.study import Study
    from optuna.trial import FrozenTrial

NAMES: dict[str, str] = {
    "gp": "Bayesian optimization with a Gaussian process (the default)",
    "skopt": "scikit-optimize's own Gaussian process optimizer, as it comes",
    "forest": "Bayesian optimization with scikit-optimize's extremely randomized trees",
    "tpe": "Optuna's tree-structured Parzen estimator",
    "cmaes": "CMA-ES, an evolution strategy for numbers; choices are drawn uniformly",
    "random": "uniform draws",
    "grid": "every combination of a few levels of each parameter, in random order",
    "qmc": "a scrambled Sobol' sequence, which covers the space evenly",
    "nsga2": "NSGA-II, a genetic algorithm for several objectives (the default there)",
}
PRUNERS: dict[str, str] = {
    "median": "stops a trial that is worse than the median of the others at the same step",
    "hyperband": "gives many trials a few steps and the better ones more",
    "none": "stops no trial",
}

_ONE_OBJECTIVE = ("gp", "skopt", "forest", "cmaes")
_SURROGATES = {"gp": "GP", "skopt": "GP", "forest": "ET"}
# A Gaussian process takes time that grows with the cube of what it is told; trees do not, but the best and the most
# recent hundreds say enough to both.
_TOLD_AT_MOST = 300
# Objectives beyond this overflow when they are squared.
_LARGEST_LOSS = 1e100
# What numpy.random.RandomState, behind Optuna and scikit-optimize, takes as a seed.
_SEEDS = 2**32
_INNER_TRIES, _UNIFORM_TRIES, _LAST_TRIES = 10, 100, 10_000
_GRID_ENUMERATED_AT_MOST = 20_000
# warnings.catch_warnings is not thread-safe, and a model is not either.
_one_at_a_time = threading.RLock()


class SpaceExhausted(JTuneError):  # noqa: N818 (like StopIteration: an end, not a fault)
    """Every point that the sampler could propose has been seen."""


@contextmanager
def calm() -> Iterator[None]:
    """Run a surrogate: no warnings, one BLAS thread, no other thread in here at the same time.

    scikit-optimize and scikit-learn warn about what is normal here (a kernel parameter at its bound, a point evaluated
    before), which has no place in a user's cell. BLAS threads make small matrices slower, not faster. A user's
    ``numpy.seterr(all="raise")`` must not reach a model either.
    """
    from threadpoolctl import threadpool_limits

    with (
        _one_at_a_time,
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        threadpool_limits(limits=1, user_api="blas"),
    ):
        warnings.simplefilter("ignore")
        yield


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
    """Bayesian optimization by scikit-optimize, for any Optuna study with one objective.

    Until ``n_startup_trials`` trials can be learnt from, parameters are drawn uniformly; from then on a surrogate is
    fitted to all trials before each proposal. What it is told:

    - a complete trial: its value (NaN and infinities: as a failed one);
    - a failed trial: the 75 % quantile of the complete ones (the worse end), so that a region that crashes is left but
      its border is not avoided for ever;
    - a pruned trial: the worse of its last reported value and that quantile, because a value from the middle of a
      curve is no final value;
    - a running trial, where other workers run some: that quantile too, so that parallel proposals differ;
    - a parameter that the trial does not have (it was inactive, or the trial failed early): its literal where
      ``space`` says so, else the middle of its range or the first choice;
    - a trial outside the present bounds: nothing. Moved to the border it would claim a value at a point where nobody
      looked, and just there the surrogate is least certain.

    Of more than 300 trials the best and the most recent ones are told.

    Parameters
    ----------
    seed : int, optional
        In [0, 2**32). With it, proposals repeat for the same history.
    surrogate : {"gp", "skopt", "forest"}
        A Gaussian process ("gp" and "skopt": scikit-optimize's own), or extremely randomized trees.
    n_startup_trials : int
        Trials, failed ones counted in, before the first fit; at least 1.
    space : Space, optional
        The search space, where it is known: it is then searched as a whole from the first trial on. Otherwise it is
        what all complete trials have in common (Optuna's intersection search space).

    Raises
    ------
    ValueError
        If ``surrogate`` or ``n_startup_trials`` is none of the above, or the study has several objectives.
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
        self._space = space
        self._intersection = IntersectionSearchSpace()
        self._model: _Model | None = None
        self._model_space: list[tuple[str, BaseDistribution]] = []

    def reseed_rng(self) -> None:
        """Take a new random seed, and forget the model that grew from the old one."""
        self._seed, self._model = _fresh_seed(), None

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
        """Return the surrogate's proposal, or nothing while there are too few trials for one."""
        _require_one_objective(study)
        if not search_space:
            return {}
        axes = {name: self._axis(name, dist) for name, dist in search_space.items()}
        history = self._history(study, trial.number, axes)
        if len(history) < self._n_startup_trials:
            return {}
        with calm():
            if self._model is None or self._model_space != list(search_space.items()):
                self._model = _SkoptModel(list(axes.values()), self._surrogate, self._seed)
                self._model_space = list(search_space.items())
            x = self._model.propose(history)
        return {name: axis.decode(value) for (name, axis), value in zip(axes.items(), x, strict=True)}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return a uniform draw, the same for the same seed, trial and name."""
        _require_one_objective(study)
        key = (self._seed, trial.number, zlib.crc32(param_name.encode()))
        seed = int(np.random.SeedSequence(key).generate_state(1)[0])
        return RandomSampler(seed=seed).sample_independent(study, trial, param_name, param_distribution)

    def _axis(self, name: str, distribution: BaseDistribution) -> _Axis:
        if self._space is not None and name in self._space:
            parameter = self._space[name]
            if parameter.domain.distribution == distribution:
                return _known_axis(parameter)
        return _axis(distribution)

    def _history(self, study: Study, number: int, axes: Mapping[str, _Axis]) -> _History:
        """Return what the model is told of all trials but ``number``."""
        # Not study.get_trials: under Hyperband that is one bracket only, too few to learn from.
        trials = study._storage.get_all_trials(study._study_id, deepcopy=False)
        encoded: dict[int, tuple[FrozenTrial, list[Any]]] = {}
        for trial in trials:
            if trial.number != number and (x := self._encode(trial, axes)) is not None:
                encoded[trial.number] = trial, x
        losses = _losses([trial for trial, _ in encoded.values()], study.direction)
        kept = best_and_recent(list(losses.values()), max(_TOLD_AT_MOST, self._n_startup_trials))
        numbers = list(losses)
        return {numbers[i]: (encoded[numbers[i]][1], losses[numbers[i]]) for i in kept}

    def _encode(self, trial: FrozenTrial, axes: Mapping[str, _Axis]) -> list[Any] | None:
        """Return a trial's point, or None where there is nothing to learn from it."""
        n_given = sum(name in trial.params for name in axes)
        if trial.state == TrialState.WAITING or n_given == 0:
            return None
        if trial.state == TrialState.RUNNING and self._space is None and n_given < len(axes):
            return None  # its other parameters may still be asked for
        params = trial.params
        x = [a.encode(params[n]) if n in params else a.default for n, a in axes.items()]
        return None if None in x else x


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
        self.inner = inner
        self.seed = _fresh_seed() if seed is None else seed
        self.note = note
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

    @property
    def is_exhausted(self) -> bool:
        """Whether :meth:`sample_relative` would raise for want of points (costs little: ask before each trial)."""
        # Each combination of the unconditional parameters is a point at least.
        at_least = 1
        for parameter in self.space:
            if parameter.condition is None:
                if parameter.domain.size is None:
                    return False
                at_least *= parameter.domain.size
        return at_least <= len(self._seen) and self._has_seen(self.space.all_points)

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
            if Space.key(point) not in self._seen:
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
        if self.inner is not None:
            for _ in range(_INNER_TRIES):
                yield self._ask_inner(self.inner, study, trial)
        rng = np.random.default_rng((self.seed, trial.number))
        for _ in range(_UNIFORM_TRIES):
            yield self.space.sample(rng)
        points = self.space.all_points
        if points is not None:
            yield from (points[i] for i in rng.permutation(len(points)))
        else:
            for _ in range(_LAST_TRIES):
                yield self.space.sample(rng)

    def _ask_inner(self, inner: BaseSampler, study: Study, trial: FrozenTrial) -> Point:
        relative_space = self._relative_space
        if relative_space is None:
            relative_space = inner.infer_relative_search_space(study, trial)
        proposed = inner.sample_relative(study, trial, relative_space)
        # Parents before children, and inactive parameters have their literal, as in Space.point.
        known = self.space.complete({})
        chosen: Point = {}
        for parameter in self.space._ordered:
            name, distribution = parameter.name, self._distributions[parameter.name]
            if parameter.condition is not None and not parameter.condition.holds(known):
                continue
            if distribution.single():
                value = parameter.domain.levels(1)[0]
            else:
                if name not in proposed:
                    proposed[name] = inner.sample_independent(study, trial, name, distribution)
                value = parameter.domain.snap(parameter.domain.from_optuna(proposed[name]))
            known[name] = chosen[name] = value
        return self.space.point(chosen)

    def _has_seen(self, points: Sequence[Point] | None) -> bool:
        return points is not None and all(Space.key(point) in self._seen for point in points)


class _GridSampler(PointSampler):
    """A full factorial in an order that is random with the seed, so that a part of it is spread out."""

    def __init__(self, space: Space, seed: int, n_trials: int) -> None:
        levels = _grid_levels(space, n_trials)
        self._axes = {p.name: p.domain.levels(levels) for p in space}
        self._points: list[Point] | None = None
        self._start = 0  # all points before this one have been seen
        size = math.prod(map(len, self._axes.values()))
        if size <= _GRID_ENUMERATED_AT_MOST:
            points = space.grid(levels)
            self._points = [points[i] for i in np.random.default_rng(seed).permutation(len(points))]
            size = len(points)
        note = f"grid: {_levels_text(space, self._axes)}: {size} points"
        if size > n_trials:
            note += f", of which {n_trials} at random"
        super().__init__(space, seed=seed, note=note)

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
            yield self.space.point({n: v[rng.integers(len(v))] for n, v in self._axes.items()})


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        inner = _make_inner(name, space, seed, n_trials)
    searched = {p.name: p.domain.distribution for p in space if not p.domain.distribution.single()}
    if name == "qmc":
        # Inferred, it would be the parameters that were active in the first trial.
        return PointSampler(space, inner, seed, relative_space=searched)
    if name == "cmaes":
        # Inferred, it changes when a parameter turns inactive, and CMA-ES gives up for good.
        numbers = {
            name: distribution
            for name, distribution in searched.items()
            if not isinstance(space[name].domain, ChoiceDomain) and space[name].condition is None
        }
        others = ", ".join(name for name in searched if name not in numbers)
        note = f"cmaes: {others} drawn uniformly" if others else None
        return PointSampler(space, inner, seed, relative_space=numbers, note=note)
    return PointSampler(space, inner, seed)


def default_sampler(n_objectives: int) -> str:
    """Return the name of the sampler that is taken when none is named."""
    return "gp" if n_objectives == 1 else "nsga2"


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


# What the model is told: trial number -> (its point in scikit-optimize's values, its loss).
_History = dict[int, tuple[list[Any], float]]


class _Model(Protocol):
    """A surrogate with its search for the next point."""

    def propose(self, history: _History) -> list[Any]:
        """Return the next point, in scikit-optimize's values.

        ``history`` is the whole of it at each call, and never empty; a trial's loss may differ from the last call's
        (that of a failed trial moves with the others' values), and trials may be gone from it.
        """
        ...


class _SkoptModel:
    """A ``skopt.Optimizer``, told what is new since the last proposal.

    It is kept, because its choice between acquisition functions learns from one proposal to the next; it is built anew
    when a trial that it was told is not in the history any more, or elsewhere.
    """

    def __init__(self, axes: Sequence[_Axis], surrogate: str, seed: int) -> None:
        self._axes = axes
        self._surrogate = surrogate
        self._seed = seed
        self._optimizer: Any = None
        self._told: dict[int, list[Any]] = {}

    def propose(self, history: _History) -> list[Any]:
        if self._optimizer is None or any(
            number not in history or history[number][0] != x for number, x in self._told.items()
        ):
            self._start(len(history))
        losses = [history[number][1] for number in self._told]
        new = {number: x for number, (x, _) in history.items() if number not in self._told}
        if new or losses != self._optimizer.yi:
            # yi is a documented attribute; told twice, a trial would count twice.
            self._optimizer.yi[:] = losses
            self._optimizer.tell(list(new.values()), [history[number][1] for number in new])
            self._told.update(new)
        return list(self._optimizer.ask())

    def _start(self, n_told: int) -> None:
        from skopt import Optimizer

        # The seed moves with the history: a resumed study must not try the same random numbers again.
        state = np.random.SeedSequence((self._seed, n_told)).generate_state(1)[0]
        self._told = {}
        self._optimizer = Optimizer(
            [axis.dimension() for axis in self._axes],
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
    distribution : BaseDistribution
        Optuna's side.
    domain : Domain
        Knows scikit-optimize's side; its choices are those of ``distribution``, in their order.
    default : object
        For a trial that does not have the parameter, in scikit-optimize's values.
    """

    distribution: BaseDistribution
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
        if isinstance(self.distribution, CategoricalDistribution):
            choices = self.distribution.choices
            return next((str(i) for i, c in enumerate(choices) if is_same(c, value)), None)
        return None if self.domain.reject(value) else self.domain.to_dimension(value)

    def decode(self, x: Any) -> Any:
        """Return what scikit-optimize's ``x`` stands for, in Optuna's values."""
        if isinstance(self.distribution, CategoricalDistribution):
            return self.distribution.choices[int(x)]
        return self.domain.from_dimension(x)


def _known_axis(parameter: Parameter) -> _Axis:
    domain = parameter.domain
    default = domain.to_dimension(domain.coerce(parameter.literal))
    return _Axis(domain.distribution, domain, default)


def _axis(distribution: BaseDistribution) -> _Axis:
    domain: Domain
    if isinstance(distribution, CategoricalDistribution):
        return _Axis(distribution, ChoiceDomain(distribution.choices), "0")
    if isinstance(distribution, FloatDistribution):
        domain = FloatDomain(distribution.low, distribution.high, distribution.log, distribution.step)
    elif isinstance(distribution, IntDistribution):
        domain = IntDomain(distribution.low, distribution.high, distribution.log, distribution.step)
    else:
        raise ValueError(f"{distribution!r} is not a distribution that scikit-optimize can take")
    return _Axis(distribution, domain, domain.to_dimension(domain.levels(1)[0]))


def _losses(trials: Sequence[FrozenTrial], direction: StudyDirection) -> dict[int, float]:
    """Return what each trial counts as, by its number, lower is better; nothing before the first success."""
    sign = -1.0 if direction == StudyDirection.MAXIMIZE else 1.0
    reported = {t.number: _reported(t) for t in trials}
    successes = [
        sign * value for t in trials if t.state == TrialState.COMPLETE and (value := reported[t.number]) is not None
    ]
    if not successes:
        return {}
    bad = float(np.quantile(successes, 0.75))
    losses = {}
    for trial in trials:
        value = reported[trial.number]
        if trial.state == TrialState.COMPLETE and value is not None:
            losses[trial.number] = sign * value
        elif trial.state == TrialState.PRUNED and value is not None:
            losses[trial.number] = max(sign * value, bad)
        else:
            losses[trial.number] = bad
    return losses


def _reported(trial: FrozenTrial) -> float | None:
    """Return the last finite value of a complete or pruned trial, within what can be squared."""
    value = trial.value
    if trial.state == TrialState.PRUNED and trial.last_step is not None:
        value = trial.intermediate_values[trial.last_step]
    if value is None or not math.isfinite(value):
        return None
    return min(max(value, -_LARGEST_LOSS), _LARGEST_LOSS)


def _require_one_objective(study: Study) -> None:
    if len(study.directions) > 1:
        raise ValueError(
            f"SkoptSampler takes one objective, the study has {len(study.directions)}; "
            "take optuna.samplers.NSGAIISampler or TPESampler there"
        )


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
