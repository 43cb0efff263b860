"""Points of a search space, whoever proposes them: active parameters only, digits as a person writes.

None comes twice, but for the leaders of a noisy objective.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from optuna.samplers import BaseSampler, RandomSampler

from jtune.errors import JTuneError
from jtune.language.space import Point, Space
from jtune.samplers.adapter import OptunaProposer
from jtune.samplers.seeds import fresh_seed

if TYPE_CHECKING:
    from optuna.study import Study


_PROPOSER_TRIES, _UNIFORM_TRIES, LAST_TRIES = 10, 100, 10_000


class SpaceExhausted(JTuneError):  # noqa: N818 (like StopIteration: an end, not a fault)
    """Every point that the sampler could propose has been seen."""


class Proposer(Protocol):
    """Where points come from; :class:`PointSampler` sees to it that none comes twice unasked."""

    @property
    def needs_trial(self) -> bool:
        """Whether the trial must be in the study before a point is proposed for it."""
        ...

    def propose(self, study: Study, number: int) -> Point:
        """Return a point for the trial of a number; asked again, another one, as far as it can."""
        ...

    def to_repeat(self, study: Study, number: int) -> Point | None:
        """Return the point of an earlier trial to run once more, for the trial of a number; None for a new one."""
        ...

    def narrow(self, space: Space) -> None:
        """Propose points of ``space`` from now on: the same parameters, in domains within theirs."""
        ...


class PointSampler:
    """Points of a known space, none of them twice, unless its proposer wants a noisy trial to be repeated.

    Parameters
    ----------
    space : Space
        The points to choose from.
    proposer : Proposer, optional
        Who proposes; None for uniform draws, which depend on the seed and the trial's number only, so that a resumed
        study goes on as one that was never interrupted.
    seed : int, optional
        In [0, 2**32); :attr:`seed` has it, or the random one that was taken instead.
    note : str, optional
        What a user should be told about the choice of points.

    Attributes
    ----------
    failure : Exception or None
        What ``proposer`` raised last; such a point is drawn uniformly instead.
    """

    def __init__(
        self, space: Space, proposer: Proposer | None = None, seed: int | None = None, *, note: str | None = None
    ) -> None:
        self.space = space
        self._within = space
        self._proposer = proposer
        self.seed = fresh_seed() if seed is None else seed
        self.note = note
        self.failure: Exception | None = None
        self._seen: set[Any] = set()

    @property
    def learns(self) -> bool:
        """Whether its points may depend on what came of others."""
        return self._proposer is not None

    @property
    def needs_trial(self) -> bool:
        """Whether the trial must be in the study before :meth:`propose` is asked."""
        return self._proposer is not None and self._proposer.needs_trial

    @property
    def optuna(self) -> BaseSampler:
        """The sampler for whoever drives the study by Optuna."""
        if isinstance(self._proposer, BaseSampler):
            return self._proposer
        return self._proposer.sampler if isinstance(self._proposer, OptunaProposer) else RandomSampler(self.seed)

    def remember(self, point: Mapping[str, Any]) -> None:
        """Never propose ``point`` again; the search says this of every finished trial."""
        self._seen.add(Space.key(point))

    def forget(self, point: Mapping[str, Any]) -> None:
        """Let ``point`` be proposed again, after a trial that did not run to its end."""
        self._seen.discard(Space.key(point))

    def narrow(self, space: Space) -> None:
        """Propose only points of ``space`` from now on: the same parameters, in domains within theirs.

        Trials elsewhere still inform the surrogate; the space that was given at first lifts all limits.
        """
        self._within = space
        if self._proposer is not None:
            self._proposer.narrow(space)

    @property
    def is_exhausted(self) -> bool:
        """Whether :meth:`propose` would raise for want of points (costs little: ask before each trial)."""
        # Each combination of the unconditional parameters is a point at least; what cannot be counted is not seen yet.
        uncounted = len(self._seen) + 1
        at_least = math.prod(p.domain.size or uncounted for p in self._within if p.condition is None)
        return at_least <= len(self._seen) and self._has_seen(self._within.all_points)

    def propose(self, study: Study, number: int) -> Point:
        """Return a new point, which counts as seen from here on, or one to run once more.

        Parameters
        ----------
        study : optuna.Study
            What it has of earlier trials is learnt from.
        number : int
            Of the trial that is to run there; where :attr:`needs_trial` says so, it is in the study already.

        Raises
        ------
        SpaceExhausted
            If there is no point left (or, in a space too large to count, none was found).
        """
        again = self._to_repeat(study, number)
        if again is not None:
            return again
        for point in self._proposals(study, number):
            if not self._is_spent(point):
                self.remember(point)
                return point
        raise SpaceExhausted(f"all {len(self._seen)} points of the search space have been tried")

    def _to_repeat(self, study: Study, number: int) -> Point | None:
        try:
            point = None if self._proposer is None else self._proposer.to_repeat(study, number)
        except Exception as error:  # the proposer says the same of a new point, or has one
            self.failure = error
            return None
        return point if point is not None and self._within.accepts(point) else None

    def _proposals(self, study: Study, number: int) -> Iterator[Point]:
        """Yield points to choose the first new one from."""
        for _ in range(_PROPOSER_TRIES):
            if self._proposer is None:
                break
            try:
                point = self._proposer.propose(study, number)
            except JTuneError:
                raise
            except Exception as error:  # of a library's sampler, which is no reason to lose a search
                self.failure = error
                break
            yield point
        rng = np.random.default_rng((self.seed, number))
        for _ in range(_UNIFORM_TRIES):
            yield self._within.sample(rng)
        points = self._within.all_points
        if points is not None:
            yield from (points[i] for i in rng.permutation(len(points)))
        else:
            for _ in range(LAST_TRIES):
                yield self._within.sample(rng)

    def _is_spent(self, point: Point) -> bool:
        """Tell whether a point has been seen, or is outside of what the space was narrowed to."""
        return Space.key(point) in self._seen or (self._within is not self.space and not self._within.accepts(point))

    def _has_seen(self, points: Sequence[Point] | None) -> bool:
        return points is not None and all(self._is_spent(point) for point in points)
