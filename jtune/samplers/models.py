"""The surrogates of :class:`jtune.samplers.skopt.SkoptSampler`, each with its search for the next point."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from jtune.language.domains import Value
from jtune.language.space import Space
from jtune.samplers.elsewhere import elsewhere
from jtune.samplers.history import BAD, History
from jtune.samplers.replication import leader_to_repeat
from jtune.surrogate.selection import best_and_recent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jtune.surrogate.acquisition import Cube

    Array: TypeAlias = NDArray[np.float64]


# scikit-optimize's names of its surrogates; ours is not one of them.
SURROGATES = {"gp": "", "skopt": "GP", "forest": "ET"}
# A Gaussian process takes time that grows with the cube of what it is told; trees do not, but the best and the most
# recent hundreds say enough to both.
_LEARNT_AT_MOST, _TOLD_AT_MOST = 400, 300
# Of so many draws the first points of trials that run at a time are those farthest from the others.
_SPREAD_AMONG = 32
# Beyond the first so many trials that run, for each so many one search for the best points serves one more proposal.
_RUNNING_PER_REUSE = 4
# Of the points that a search found, so many are kept for the next proposals.
_KEPT_AT_MOST = 400
# By how much there must be more trials before the hyper-parameters are searched again.
_REFIT_GROWTH = 1.05


class Model(Protocol):
    """A surrogate with its search for the next point."""

    def propose(self, history: History) -> dict[str, Value]:
        """Return values of the parameters, active or not; nothing where there is too little to learn from.

        ``history`` is the whole of it at each call; a trial's loss may differ from the last call's (that of a failed
        trial moves with the others' values), and trials may be gone from it.
        """
        ...


class GpModel:
    """jtune's Gaussian process and the maximiser of its expected improvement.

    Parameters
    ----------
    space : Space
        The parameters of the model.
    within : Space
        The same parameters, in the domains to search.
    seed : int
        Of all random draws, together with the number of trials.

    Attributes
    ----------
    gp : GaussianProcess
    """

    def __init__(self, space: Space, within: Space, seed: int) -> None:
        from jtune.surrogate.encoding import Encoding
        from jtune.surrogate.gp import GaussianProcess

        self._encoding = Encoding(space, within)
        self._seed = seed
        self.gp = GaussianProcess(groups=list(self._encoding.cube.groups), warm_start=True)
        self._n_learnt_from = 0
        self._known_rows: dict[int, tuple[Mapping[str, Value], Array]] = {}
        self._told: tuple[list[Mapping[str, Value]], bytes] = [], b""
        self._ranked: Iterator[Array] = iter(())
        # Points of the last search for the best ones, and how many proposals have come of them since.
        self._found, self._n_reused = np.empty((0, 0)), 0

    def propose(self, history: History) -> dict[str, Value]:
        self._see(history)
        row = next(self._ranked, None)
        return {} if row is None else self._encoding.decode(row)

    def _see(self, history: History) -> None:
        """Learn from the trials and rank what comes next, unless nothing has changed."""
        told = history.points, history.losses.tobytes()
        if told != self._told:
            self._told, self._ranked = told, itertools.cycle(self._rank(history))

    def to_repeat(self, history: History, share: float) -> Mapping[str, Value] | None:
        """Return the point of a trial to run once more, as :func:`leader_to_repeat` says; None while it runs."""
        rows = self.rows(history)
        is_placed = ~np.isnan(rows).any(axis=1)
        known = np.flatnonzero(is_placed & history.is_complete)
        if not len(known):
            return None
        self._see(history)
        x, z = rows[known], self.gp.warp_.transform(history.losses[known, 0])
        found = leader_to_repeat(x, z, self.gp.posterior_.mean(x), self.gp.hyper_.noise, share)
        running = rows[is_placed & np.isnan(history.losses[:, 0])]
        if found is None or (running == x[found]).all(axis=1).any():
            return None
        point: Mapping[str, Value] = history.points[known[found]]
        return point

    def spread(self, history: History) -> dict[str, Value]:
        """Return a point far from all that were tried, for a search that knows too little to propose one."""
        rows = self.rows(history)
        rng = np.random.default_rng((self._seed, len(rows)))
        drawn = self._encoding.cube.sample(_SPREAD_AMONG, rng)
        nearest = np.linalg.norm(drawn[:, None] - rows[~np.isnan(rows).any(axis=1)], axis=2).min(axis=1, initial=np.inf)
        return self._encoding.decode(drawn[nearest.argmax()])

    def _rank(self, history: History) -> Array:
        """Return the most promising points first, shape (m, d); none where no trial has a place in the cube."""
        rows = self.rows(history)
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
            x, z = np.concatenate([x, running]), np.concatenate([z, self.gp.posterior_.mean(running)])
            self.gp.condition(x, z)
        if self._n_reused < len(running) // _RUNNING_PER_REUSE - 1 and len(self._found):
            self._n_reused += 1
            return _away_from(running, self._found_again(float(z.min())))
        part = None if several else elsewhere(self._encoding.cube, rows[is_known], losses, rng)
        if part is None:
            ranked = self._search(self._encoding.cube, float(z.min()), incumbents, rows[is_placed], rng)
        else:
            cube, own = part
            own = own[np.argsort(losses[own], kind="stable")]
            best = float(self.gp.warp_.transform(losses[own[:1]])[0])
            ranked = self._search(cube, best, rows[is_known][own], rows[is_placed], rng)
        return _away_from(running, ranked) if len(running) else ranked

    def _search(self, cube: Cube, best: float, incumbents: Array, seen: Array, rng: np.random.Generator) -> Array:
        from jtune.surrogate.acquisition import rank

        ranked = rank(self.gp.posterior_, best, cube, incumbents, seen, rng)
        self._found, self._n_reused = ranked[:_KEPT_AT_MOST], 0
        return ranked

    def _found_again(self, best: float) -> Array:
        """Return the points of the last search, in the order of what the surrogate expects now.

        Many workers end trials faster than points are searched for; where one more of many is known, little changes.
        """
        from jtune.surrogate.acquisition import log_expected_improvement

        promise, *_ = log_expected_improvement(*self.gp.posterior_.predict(self._found), best)
        return np.asarray(self._found[np.argsort(-promise, kind="stable")])

    def _learn(self, x: Array, losses: Array, n_trials: int, *, always: bool) -> Array:
        """Fit the surrogate, its hyper-parameters now and then (or always), and return the losses as it has them."""
        if always or not self._n_learnt_from <= n_trials < _REFIT_GROWTH * self._n_learnt_from:
            self.gp.fit(x, losses)
            self._n_learnt_from = n_trials
        else:
            self.gp.update(x, losses)
        return self.gp.warp_.transform(losses)

    def rows(self, history: History) -> Array:
        """Return the trials' points, shape (n, d); NaN where one has no place in the cube."""
        told = dict(zip(history.numbers, history.points, strict=True))
        new = {n: point for n, point in told.items() if self._known_rows.get(n, (None,))[0] is not point}
        rows = self._encoding.encode(list(new.values()))
        self._known_rows.update((n, (point, row)) for (n, point), row in zip(new.items(), rows, strict=True))
        return np.array([self._known_rows[number][1] for number in told])


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


class SkoptModel:
    """A ``skopt.Optimizer``, told what is new since the last proposal.

    It is kept, because its choice between acquisition functions learns from one proposal to the next; it is built anew
    when a trial that it was told is not in the history any more, or elsewhere. Parameters are those of
    :class:`GpModel`; ``surrogate`` is one of :data:`SURROGATES`.

    Attributes
    ----------
    optimizer : skopt.Optimizer or None
    """

    def __init__(self, space: Space, within: Space, surrogate: str, seed: int) -> None:
        self._domains = space.modelled(within)
        self._missing = {name: domain.snap(space[name].literal) for name, domain in self._domains.items()}
        self._surrogate = surrogate
        self._seed = seed
        self.optimizer: Any = None
        self._told: dict[int, list[Any]] = {}

    def propose(self, history: History) -> dict[str, Value]:
        told = self.told(history)
        if not told:
            return {}
        if self.optimizer is None or any(n not in told or told[n][0] != x for n, x in self._told.items()):
            self._start(len(told))
        losses = [told[number][1] for number in self._told]
        new = {number: x for number, (x, _) in told.items() if number not in self._told}
        if new or losses != self.optimizer.yi:
            # yi is a documented attribute; told twice, a trial would count twice.
            self.optimizer.yi[:] = losses
            self.optimizer.tell(list(new.values()), [told[number][1] for number in new])
            self._told.update(new)
        x = zip(self._domains.items(), self.optimizer.ask(), strict=True)
        return {name: domain.from_dimension(value) for (name, domain), value in x}

    def told(self, history: History) -> dict[int, tuple[list[Any], float]]:
        """Return points, in scikit-optimize's values, and losses, by the trials' numbers."""
        losses = history.losses[:, 0]
        finished = losses[~np.isnan(losses)]
        # Just as bad as a failed one: what is known to be in hand need not be proposed again.
        losses = np.where(np.isnan(losses), np.quantile(finished, BAD), losses) if len(finished) else losses
        encoded = {
            number: (self._encode(point), float(loss))
            for number, point, loss in zip(history.numbers, history.points, losses, strict=True)
        }
        inside = {number: (x, loss) for number, (x, loss) in encoded.items() if x is not None}
        kept = best_and_recent([loss for _, loss in inside.values()], _TOLD_AT_MOST)
        numbers = list(inside)
        return {numbers[i]: inside[numbers[i]] for i in kept}

    def _encode(self, point: Mapping[str, Value]) -> list[Any] | None:
        """Return a trial's point as scikit-optimize has it, or None where it is out of bounds."""
        if any(name in point and domain.reject(point[name]) for name, domain in self._domains.items()):
            return None
        values = {**self._missing, **point}
        return [domain.to_dimension(values[name]) for name, domain in self._domains.items()]

    def _start(self, n_told: int) -> None:
        from skopt import Optimizer

        # The seed moves with the history: a resumed study must not try the same random numbers again.
        state = np.random.SeedSequence((self._seed, n_told)).generate_state(1)[0]
        self._told = {}
        self.optimizer = Optimizer(
            [domain.dimension() for domain in self._domains.values()],
            base_estimator=SURROGATES[self._surrogate],
            n_initial_points=0,
            random_state=int(state),
            model_queue_size=1,
        )
