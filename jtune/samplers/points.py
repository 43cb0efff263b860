"""Whole points of a space by any Optuna sampler: active parameters only, digits as a person writes them, none twice."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import TrialState

from jtune.errors import JTuneError
from jtune.language.domains import Value
from jtune.language.space import Parameter, Point, Space
from jtune.samplers.seeds import SEEDS, fresh_seed
from jtune.samplers.skopt import SkoptSampler

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial


_INNER_TRIES, _UNIFORM_TRIES, LAST_TRIES = 10, 100, 10_000


class SpaceExhausted(JTuneError):  # noqa: N818 (like StopIteration: an end, not a fault)
    """Every point that the sampler could propose has been seen."""


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
        self.seed = fresh_seed() if seed is None else seed
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
        sampler = self.inner or RandomSampler(seed=(self.seed + trial.number) % SEEDS)
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
            for _ in range(LAST_TRIES):
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
