"""What a surrogate says about finished trials: effects of parameters, predictions, what matters how much.

The surrogate is :class:`jtune.surrogate.gp.GaussianProcess`, as in the default sampler, fitted once when
:class:`Effects` is made. All that is returned is in the objective's own units.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from jtune.language.domains import Value
from jtune.language.space import Point, Space
from jtune.surrogate.encoding import Encoding
from jtune.surrogate.gp import GaussianProcess, calm
from jtune.surrogate.selection import best_and_recent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]

# The fit must stay well under a second: its time grows with the cube of the number of trials.
_LEARNT_AT_MOST = 300
# Over how many observed points an effect is averaged; a pair's and an interval's, which have more cells to fill.
_AVERAGED_AT_MOST, _AVERAGED_IN_PAIRS, _AVERAGED_IN_INTERVALS = 24, 12, 8
_LEVELS_OF_IMPORTANCE, _LEVELS_OF_INTERVALS = 24, 8
_DRAWS = 100
# Of the objective's variance; below it, what a surrogate sees is rounding.
_LEAST_VARIANCE = 1e-6


@dataclass(frozen=True)
class Effect:
    """The predicted objective along one parameter.

    Parameters
    ----------
    x : list
        Values of the parameter, as a cell would have them: evenly spread on its scale, or all choices.
    mean : ndarray, shape (len(x),)
        Predicted objective, in its own units, averaged over what the other parameters were in the trials.
    sd : ndarray, shape (len(x),)
        Standard deviation of that prediction, averaged likewise: how sure the surrogate is about the objective at
        *one* point with this value, without the noise of a single run. The average over many points is known better.
    """

    x: list[Value]
    mean: Array
    sd: Array


@dataclass(frozen=True)
class Pair:
    """The predicted objective over two parameters.

    Parameters
    ----------
    x, y : list
        Values of the first and the second parameter, as a cell would have them.
    mean, sd : ndarray, shape (len(x), len(y))
        As in :class:`Effect`.
    """

    x: list[Value]
    y: list[Value]
    mean: Array
    sd: Array


class Effects:
    """A surrogate of finished trials.

    Of more than 300 trials it learns from the best 150 and the most recent 150: the best carry the shape that matters,
    and the recent ones are where the sampler is at work.

    Parameters
    ----------
    space : Space
        The parameters.
    points : sequence of Point
        Of the finished trials, in their order; each one of ``space``.
    values : sequence of float
        Their objective, finite, in its own units.
    direction : {"minimize", "maximize"}
        Says which trials are the best, where there are too many.
    objective : str
        What the values are called.

    Attributes
    ----------
    space : Space
    objective : str

    Raises
    ------
    ValueError
        If there are fewer than 3 distinct points (a curve through two of them says nothing that they do not say), a
        value is not finite, or a point is not one of ``space``.
    """

    def __init__(
        self,
        space: Space,
        points: Sequence[Point],
        values: Sequence[float],
        *,
        direction: Literal["minimize", "maximize"] = "minimize",
        objective: str = "objective",
    ) -> None:
        if len(points) != len(values):
            raise ValueError(f"there are {len(points)} points, but {len(values)} values")
        if not all(map(math.isfinite, values)):
            raise ValueError("a value is not finite; leave failed trials out")
        self._n_distinct = len({space.key(point) for point in points})
        if self._n_distinct < 3:
            raise ValueError(f"a prediction needs 3 distinct points, there are {self._n_distinct}")
        for point in points:
            if not space.accepts(point):
                raise ValueError(f"{point!r} is not a point of the search space")
        sign = -1.0 if direction == "maximize" else 1.0
        kept = best_and_recent([sign * value for value in values], _LEARNT_AT_MOST)
        self.space, self.objective = space, objective
        self._points = [points[i] for i in kept]
        self._rows = _Rows(space, self._points)
        self._surrogate = _Surrogate(self._rows, np.array([values[i] for i in kept], float))

    def __repr__(self) -> str:
        return f"Effects of {', '.join(self.space.names)} on {self.objective}, from {len(self._points)} trials"

    def predict(self, point: Mapping[str, Value]) -> tuple[float, float]:
        """Return the predicted objective at a point.

        Parameters
        ----------
        point : mapping
            Parameters left out take their literal; inactive ones do not matter.

        Returns
        -------
        mean, sd : float
            In the objective's units; ``sd`` is without the noise of a single run.

        Raises
        ------
        ValueError
            If a name is no parameter, or a value is outside its domain.
        """
        for name, value in point.items():
            reason = self.space[name].domain.reject(value) if name in self.space else "there is no such parameter"
            if reason:
                raise ValueError(f"{name}: {reason}")
        mean, sd = self._surrogate.predict(self._rows.encode([self.space.point(point)]))
        return float(mean[0]), float(sd[0])

    @property
    def is_constant(self) -> bool:
        """Whether the objective is the same in all trials, so that there is nothing to predict."""
        return self._surrogate.is_constant

    def exported(self) -> dict[str, Any] | None:
        """Return what predicts the same elsewhere: of the model, and of each parameter; None for a constant."""
        model = self._surrogate.exported()
        return None if model is None else {**model, "columns": self._rows.exported()}

    def draws(self, points: Sequence[Mapping[str, Value]], n: int = 400) -> Array:
        """Return ``n`` functions drawn from the surrogate, at points: shape (n, len(points)), in the objective's units.

        What is drawn is drawn together, so that differences between points have the spread that they have.
        """
        rows = self._rows.encode([self.space.point(point) for point in points])
        return self._surrogate.draws(rows, n)

    def effect(self, name: str, n: int = 40) -> Effect:
        """Return the partial dependence of the objective on one parameter.

        The prediction along the parameter is averaged over (at most 24 of) the observed points, those in which the
        parameter is active. Trials crowd where the objective is good, so this is the effect *there*. A parameter that
        was never active has a flat effect.

        Parameters
        ----------
        name : str
            A parameter.
        n : int
            How many values of a range, at most; a choice has all of its own.

        Returns
        -------
        Effect
            Evenly spread values on the parameter's scale, or all choices.

        Raises
        ------
        KeyError
            If there is no such parameter.

        References
        ----------
        Friedman (2001), Annals of Statistics 29, section 8.2.
        """
        x = self.space[name].domain.levels(n)
        return Effect(x, *self._dependence({name: x}, _AVERAGED_AT_MOST))

    def pair(self, name_a: str, name_b: str, n: int = 20) -> Pair:
        """Return the partial dependence of the objective on two parameters.

        Parameters
        ----------
        name_a, name_b : str
            Two different parameters; for ``x`` and ``y``.
        n : int
            How many values of a range, at most; a choice has all of its own.

        Returns
        -------
        Pair
            All combinations of such values of both.

        Raises
        ------
        KeyError
            If there is no such parameter.
        ValueError
            If they are the same.
        """
        if name_a == name_b:
            raise ValueError(f"a pair takes two parameters, here is {name_a} twice")
        x, y = self.space[name_a].domain.levels(n), self.space[name_b].domain.levels(n)
        return Pair(x, y, *self._dependence({name_a: x, name_b: y}, _AVERAGED_IN_PAIRS))

    def importance(self) -> dict[str, float]:
        """Return how much of the objective's variation each parameter explains by itself.

        A parameter's share is the variance of its effect (over its domain, every value alike) among the sum of these
        variances: the first-order part of a Sobol' decomposition of the surrogate's mean, scaled to 1. A flat effect
        has none of it. The effect of a parameter that is not always active counts by how often it was. What
        parameters do only together is not seen.

        Returns
        -------
        dict
            Name to share, the largest first; the shares sum to 1, or are all 0.0 where the prediction is constant.

        References
        ----------
        Greenwell, Boehmke and McCarthy (2018), arXiv:1805.04755, section 3; Sobol' (2001), Mathematics and Computers
        in Simulation 55.
        """
        return dict(self._importance)

    @cached_property
    def _importance(self) -> dict[str, float]:
        levels = self._levels(_LEVELS_OF_IMPORTANCE)
        means = [self._surrogate.mean(self._along({n: x}, _AVERAGED_AT_MOST))[None] for n, x in levels.items()]
        shares = self._shares(means, levels)[0]
        ordered = sorted(zip(levels, shares.tolist(), strict=True), key=lambda item: -item[1])
        return dict(ordered)

    def importance_intervals(self) -> dict[str, tuple[float, float]]:
        """Return between what each share of :meth:`importance` lies with a probability of 90 %.

        Shares are computed for 100 functions drawn from the surrogate, on a coarser grid; so they say how much is left
        open by the trials, and not how much the surrogate itself may be wrong.

        Returns
        -------
        dict
            Name to (low, high), in the order of :meth:`importance`.

        Raises
        ------
        ValueError
            If there are too few trials: fewer distinct points than parameters plus 2.
        """
        if self._n_distinct < len(self.space) + 2:
            raise ValueError(
                f"too few trials for importance with an interval: {len(self.space)} parameters take "
                f"{len(self.space) + 2} distinct points, there are {self._n_distinct}"
            )
        levels = self._levels(_LEVELS_OF_INTERVALS)
        rows = [self._along({n: x}, _AVERAGED_IN_INTERVALS) for n, x in levels.items()]
        drawn = self._surrogate.sample(np.concatenate(rows))
        stops = np.cumsum([len(each) for each in rows])[:-1]
        low, high = np.quantile(self._shares(np.split(drawn, stops, axis=1), levels), [0.05, 0.95], axis=0)
        bounds = dict(zip(levels, zip(low.tolist(), high.tolist(), strict=True), strict=True))
        return {n: (min(bounds[n][0], share), max(bounds[n][1], share)) for n, share in self._importance.items()}

    def _levels(self, n: int) -> dict[str, list[Value]]:
        return {p.name: p.domain.levels(n) for p in self.space}

    def _shares(self, predictions: Sequence[Array], levels: Mapping[str, list[Value]]) -> Array:
        """Return shares of the sum of the effects' variances, shape (k, number of parameters).

        Parameters
        ----------
        predictions : sequence of ndarray
            For each parameter, shape (k, background points * levels): k predictions of the rows of :meth:`_along`.
        levels : mapping
            Name to values.
        """
        variances = []
        for (name, values), predicted in zip(levels.items(), predictions, strict=True):
            curves = predicted.reshape(len(predicted), -1, len(values)).mean(axis=1)
            share_active = sum(name in point for point in self._points) / len(self._points)
            variances.append(curves.var(axis=1) * share_active)
        shares = np.stack(variances, axis=1)
        total = shares.sum(axis=1, keepdims=True)
        return np.where(total > _LEAST_VARIANCE, shares / np.maximum(total, _LEAST_VARIANCE), 0.0)

    def _dependence(self, levels: Mapping[str, list[Value]], limit: int) -> tuple[Array, Array]:
        """Return mean and standard deviation at all combinations of levels, averaged over observed points."""
        mean, sd = self._surrogate.predict(self._along(levels, limit))
        shape = [len(values) for values in levels.values()]
        return _averaged(mean, shape), _averaged(sd, shape)

    def _along(self, levels: Mapping[str, list[Value]], limit: int) -> Array:
        """Return (at most ``limit``) observed points with all combinations of levels, as :meth:`_Rows.moved` does."""
        return self._rows.moved(levels, self._background(list(levels), limit))

    def _background(self, names: Sequence[str], limit: int) -> list[int]:
        """Return which observed points to average over: such in which the parameters are active, if there are any."""
        active = [i for i, point in enumerate(self._points) if all(name in point for name in names)]
        chosen = active or range(len(self._points))
        evenly = np.linspace(0, len(chosen) - 1, min(limit, len(chosen))).astype(int)
        return [chosen[i] for i in evenly]


def _averaged(predicted: Array, shape: Sequence[int]) -> Array:
    """Return the average over the background, which changes slowest, of values that may be near the largest float."""
    by_point = predicted.reshape(-1, *shape)
    with np.errstate(over="ignore"):
        return np.asarray(np.nan_to_num((by_point / len(by_point)).sum(axis=0)))


class _Rows:
    """Points of a space in the unit cube.

    Parameters
    ----------
    space : Space
        The parameters.
    points : sequence of Point
        The observed ones.
    """

    def __init__(self, space: Space, points: Sequence[Point]) -> None:
        self._space = space
        with calm():
            self._encoding = Encoding(space)
            self._complete = self._encode(points)
            self.observed = self._encoding.cube.settle(self._complete)
        self.groups = self._encoding.cube.groups

    @calm()
    def encode(self, points: Sequence[Point]) -> Array:
        """Return points as rows, shape (len(points), d)."""
        return self._encoding.cube.settle(self._encode(points))

    @calm()
    def moved(self, levels: Mapping[str, Sequence[Value]], background: Sequence[int]) -> Array:
        """Return observed points with other values of some parameters: all combinations of them.

        Parameters
        ----------
        levels : mapping
            Name to values.
        background : sequence of int
            Positions of observed points.

        Returns
        -------
        ndarray, shape (len(background) * product of the numbers of levels, d)
            The last parameter changes fastest, the background slowest. A parameter that turns active by the change is
            at its literal.
        """
        shape = [len(background), *map(len, levels.values())]
        rows = np.empty((*shape, self._complete.shape[1]))
        rows[:] = np.expand_dims(self._complete[background], tuple(range(1, len(shape))))
        for i, (name, values) in enumerate(levels.items(), start=1):
            if name in self._encoding.units:
                columns = self._encoding.units[name].encode(values)
                rows[..., self._encoding.columns[name]] = columns.reshape(len(values), *[1] * (len(shape) - 1 - i), -1)
        return self._encoding.cube.settle(rows.reshape(-1, rows.shape[-1]))

    def exported(self) -> dict[str, dict[str, Any]]:
        """Return what encodes points the same elsewhere."""
        return self._encoding.exported()

    def _encode(self, points: Sequence[Point]) -> Array:
        return self._encoding.encode([self._space.complete(point) for point in points])


class _Surrogate:
    """A Gaussian process of the objective; a constant where the objective is one.

    Parameters
    ----------
    rows : _Rows
        The observed points.
    values : ndarray, shape (n,)
        In the objective's units.
    """

    def __init__(self, rows: _Rows, values: Array) -> None:
        with calm():
            # Through a unit in which nothing overflows, though values may be near the largest float.
            self._unit = float(np.abs(values).max()) or 1.0
            self._center = float((values / self._unit).mean())
            self._deviation = float((values / self._unit).std())
        self.is_constant = self._deviation <= 1e-12 or not rows.observed.shape[1]
        if not self.is_constant:
            self._model = GaussianProcess(groups=list(rows.groups)).fit(rows.observed, values)

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation without noise, in the objective's units, shape (m,) each."""
        if self.is_constant:
            return np.full(len(x), self._center * self._unit), np.zeros(len(x))
        return self._model.predict(x, return_std=True)

    def exported(self) -> dict[str, Any] | None:
        """Return what predicts the same elsewhere; None where there is nothing to predict."""
        return None if self.is_constant else self._model.exported()

    @calm()
    def draws(self, x: Array, n: int) -> Array:
        """Return functions drawn from the posterior, in the objective's units, shape (n, m)."""
        if self.is_constant:
            return np.full((n, len(x)), self._center * self._unit)
        return self._model.warp_.inverse(self._model.posterior_.sample(x, n, np.random.default_rng(0)))

    def mean(self, x: Array) -> Array:
        """Return the mean in standard deviations from the average value, shape (m,)."""
        return np.zeros(len(x)) if self.is_constant else self._in_deviations(self._model.predict(x))

    @calm()
    def sample(self, x: Array) -> Array:
        """Return 100 functions drawn from the posterior, in the same unit, shape (100, m)."""
        if self.is_constant:
            return np.zeros((_DRAWS, len(x)))
        drawn = self._model.posterior_.sample(x, _DRAWS, np.random.default_rng(0))
        return self._in_deviations(self._model.warp_.inverse(drawn))

    def _in_deviations(self, predicted: Array) -> Array:
        # Within what can be squared: far from the trials, the inverse of the warp grows exponentially.
        return np.asarray(np.clip((predicted / self._unit - self._center) / self._deviation, -1e100, 1e100))
