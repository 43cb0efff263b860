"""What a surrogate says about finished trials: effects of parameters, predictions, what matters how much.

The surrogate is :class:`jtune.surrogate.gp.GaussianProcess`, as in the default sampler, fitted once when
:class:`Effects` is made. All that is returned is in the objective's own units.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from jtune.language.domains import ChoiceDomain, Value, is_same
from jtune.language.space import Point, Space
from jtune.surrogate.encoding import Encoding
from jtune.surrogate.gp import GaussianProcess, calm
from jtune.surrogate.selection import best_and_recent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]

# The fit must stay well under a second: its time grows with the cube of the number of trials.
_LEARNT_AT_MOST = 300
# Over how many points of the space an effect is averaged, and a pair's, which has more cells to fill.
_AVERAGED_AT_MOST, _AVERAGED_IN_PAIRS = 64, 24
_DRAWN = 256
# Importance is computed on so many levels of each parameter, at points as many as make so many rows in all.
_LEVELS_OF_IMPORTANCE, _ROWS_OF_IMPORTANCE, _BACKGROUND_OF_IMPORTANCE = 8, 800, (8, 32)
_DRAWS, _DRAWS_OF_COST = 200, 400
# By which a cost is less sure than the surrogate says: so its true value is within 2 sd in 95 % (docs/optimizer.md).
_WIDER = 1.5
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
        Predicted objective, in its own units: at one point, or averaged over many.
    sd : ndarray, shape (len(x),)
        Standard deviation of that prediction, averaged likewise: how sure the surrogate is about the objective at
        *one* point with this value, without the noise of a single run. The average over many points is known better.
    """

    x: list[Value]
    mean: Array
    sd: Array


@dataclass(frozen=True)
class Estimate:
    """A number and how sure it is.

    Parameters
    ----------
    mean, sd : float
        In the objective's units.
    """

    mean: float
    sd: float


@dataclass(frozen=True)
class Share:
    """A share of the variance, and between what it lies with a probability of about 90 %.

    Parameters
    ----------
    share, low, high : float
        0 to 1.
    """

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class ParameterEffect:
    """What is known of one parameter.

    Parameters
    ----------
    name : str
    slice : Effect
        The prediction along it through the best point.
    average : Effect
        The prediction along it, the others averaged over their domains.
    cost : Estimate or None
        How much worse the best point is with the literal put back; None where it is inactive there.
    share : Share
        Of the objective's variance over the whole space, what the parameter explains by itself.
    """

    name: str
    slice: Effect
    average: Effect
    cost: Estimate | None
    share: Share


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
    best : Point, optional
        The best point, where that is not the one with the best value.
    guessed : sequence of (Point, float)
        Further points, of trials that were given up, and about what their values would have been. The surrogate learns
        from them, but they are not measured.

    Attributes
    ----------
    space : Space
    objective : str
    best : Point

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
        best: Point | None = None,
        guessed: Sequence[tuple[Point, float]] = (),
    ) -> None:
        if len(points) != len(values):
            raise ValueError(f"there are {len(points)} points, but {len(values)} values")
        if not all(map(math.isfinite, values)):
            raise ValueError("a value is not finite; leave failed trials out")
        self._n_distinct = len({space.key(point) for point in points})
        if self._n_distinct < 3:
            raise ValueError(f"a prediction needs 3 distinct points, there are {self._n_distinct}")
        told = [*zip(points, values, strict=True), *guessed]
        for point, _ in told:
            if not space.accepts(point):
                raise ValueError(f"{point!r} is not a point of the search space")
        sign = -1.0 if direction == "maximize" else 1.0
        told = [told[i] for i in best_and_recent([sign * value for _, value in told], _LEARNT_AT_MOST)]
        self.space, self.objective = space, objective
        self._sign, self._n = sign, len(told)
        self.best = points[int(np.argmin(sign * np.array(values)))] if best is None else best
        self._rows = _Rows(space, [point for point, _ in told])
        self._surrogate = _Surrogate(self._rows, np.array([value for _, value in told], float))
        self._measured = self._runs(points, values)

    def __repr__(self) -> str:
        return f"Effects of {', '.join(self.space.names)} on {self.objective}, from {self._n} trials"

    def _runs(self, points: Sequence[Point], values: Sequence[float]) -> dict[Any, tuple[float, float]]:
        """Return the mean of the runs of each point that ran, and the noise of one, by the point's key."""
        runs: dict[Any, list[float]] = {}
        for point, value in zip(points, values, strict=True):
            runs.setdefault(Space.key(point), []).append(value)
        means = np.array([math.fsum(value / len(each) for value in each) for each in runs.values()])
        sds = self._surrogate.noise_sd(means)
        return dict(zip(runs, zip(means.tolist(), sds.tolist(), strict=True), strict=True))

    def __getitem__(self, name: str) -> ParameterEffect:
        """Return all that is known of one parameter; KeyError if there is no such parameter."""
        return ParameterEffect(name, self.slice(name), self.effect(name), self.cost(name), self.share(name))

    @property
    def explained(self) -> float:
        """Share of the variance of the trials' values that the surrogate predicts where each is left out, 0 to 1.

        Of values that were warped to be about normal, as the surrogate has them. The trials crowd where a search went,
        so it is not that of unseen points.
        """
        return self._surrogate.r2

    def predict(self, point: Mapping[str, Value]) -> tuple[float, float]:
        """Return the predicted objective at a point; where that ran, what was measured.

        Parameters
        ----------
        point : mapping
            Parameters left out take their literal; inactive ones do not matter.

        Returns
        -------
        mean, sd : float
            In the objective's units; ``sd`` is how sure the mean is, without the noise of a single run. Where the
            point ran: the mean of its runs, and how far the surrogate takes one run to be off.

        Raises
        ------
        ValueError
            If a name is no parameter, or a value is outside its domain.
        """
        whole = self._point(point)
        mean, sd = self._surrogate.predict(self._rows.encode([whole]))
        return self._measured.get(Space.key(whole)) or (float(mean[0]), float(sd[0]))

    @property
    def is_constant(self) -> bool:
        """Whether the objective is the same in all trials, so that there is nothing to predict."""
        return self._surrogate.is_constant

    def exported(self) -> dict[str, Any] | None:
        """Return what predicts the same elsewhere.

        Returns
        -------
        dict or None
            Of the model: observations, hyper-parameters and warp; ``columns``: of each parameter. None for a constant.
        """
        model = self._surrogate.exported()
        return None if model is None else {**model, "columns": self._rows.exported()}

    def effect(self, name: str, n: int = 40) -> Effect:
        """Return the partial dependence of the objective on one parameter.

        The prediction along the parameter, averaged over 64 points drawn from the whole space, in
        which it is active. Where trials crowd in
        one place, most of that is far from them: what the best point would do is :meth:`slice`.

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

    def slice(self, name: str, at: Mapping[str, Value] | None = None, n: int = 40) -> Effect:
        """Return the predicted objective along one parameter through one point, all others as they are there.

        Parameters
        ----------
        name : str
            A parameter.
        at : mapping, optional
            The point; the best one by default. Parameters left out take their literal.
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
        ValueError
            If a name of ``at`` is no parameter, or a value is outside its domain.
        """
        x = self.space[name].domain.levels(n)
        whole = self.space.complete(self._point(self.best if at is None else at))
        moved = [self.space.point({**whole, name: value}) for value in x]
        return Effect(x, *self._surrogate.predict(self._rows.encode(moved)))

    def cost(self, name: str, at: Point | None = None) -> Estimate | None:
        """Return what the user's value would cost: how much worse a point is with the literal put back.

        Parameters
        ----------
        name : str
            A parameter.
        at : Point, optional
            The best point by default.

        Returns
        -------
        Estimate
            In the objective's units, positive where the literal is worse, whichever way the objective goes; exactly 0
            where the point has the literal. None where the parameter is inactive there.

        Raises
        ------
        KeyError
            If there is no such parameter.
        """
        literal, point = self.space[name].literal, self.best if at is None else at
        if name not in point:
            return None
        if is_same(point[name], literal):
            return Estimate(0.0, 0.0)
        drawn = self._sign * self.differences([{**point, name: literal}], point)[:, 0]
        # The median and half the width of the central 68 %, which a long tail does not govern.
        low, middle, high = np.quantile(drawn, [0.16, 0.5, 0.84])
        return Estimate(float(middle), float(high / 2 - low / 2))

    def differences(self, points: Sequence[Mapping[str, Value]], base: Mapping[str, Value]) -> Array:
        """Return by how much the objective may be larger at points than at another one.

        Parameters
        ----------
        points : sequence of mapping
            Parameters left out take their literal.
        base : mapping

        Returns
        -------
        ndarray, shape (400, len(points))
            In the objective's units, of functions drawn from the surrogate, spread so that what follows from them holds
            as often as it says (docs/optimizer.md).
        """
        rows = self._rows.encode([self.space.point(point) for point in (base, *points)])
        with np.errstate(all="ignore"):
            return np.asarray(np.nan_to_num(self._surrogate.differences(rows, _DRAWS_OF_COST) * self._surrogate.unit))

    def share(self, name: str) -> Share:
        """Return the share of one parameter, as :meth:`importance` does, with its interval.

        Parameters
        ----------
        name : str
            A parameter.

        Returns
        -------
        Share
            Of the objective's variance over the whole space.

        Raises
        ------
        KeyError
            If there is no such parameter.
        """
        return self._shares[name]

    def importance(self) -> dict[str, float]:
        """Return which share of the objective's variance over the whole space each parameter explains by itself.

        The share of a parameter is the variance of its average effect over that of the prediction, times
        :attr:`explained`. So the shares of few trials, and of pure noise, are small; what is missing to 1 is not known,
        or is what parameters do only together.

        Returns
        -------
        dict
            Name to share, the largest first; all 0.0 where the prediction is constant.

        References
        ----------
        Sobol' (2001), Mathematics and Computers in Simulation 55: first-order indices. Oakley and O'Hagan (2004),
        Journal of the Royal Statistical Society B 66, section 3: those of a Gaussian process.
        """
        return {name: found.share for name, found in self._shares.items()}

    def importance_intervals(self) -> dict[str, tuple[float, float]]:
        """Return between what each share of :meth:`importance` lies with a probability of about 90 %.

        Shares are computed for functions drawn from the surrogate; so they say how much is left open by the trials, and
        not how much the surrogate itself may be wrong. What a flat effect would have by chance is taken off the lower
        end, which is 0 where there is no evidence of an effect.

        Returns
        -------
        dict
            Name to (low, high), in the order of :meth:`importance`.
        """
        return {name: (found.low, found.high) for name, found in self._shares.items()}

    @cached_property
    def _shares(self) -> dict[str, Share]:
        names = self.space.names
        levels = {name: self._rows.middles(name, _LEVELS_OF_IMPORTANCE) for name in names}
        per_point = sum(map(len, levels.values()))
        n_background = int(np.clip(_ROWS_OF_IMPORTANCE // per_point, *_BACKGROUND_OF_IMPORTANCE))
        background = self._uniform[:n_background]
        rows = [self._rows.moved({name: values}, background) for name, values in levels.items()]
        x = np.concatenate(rows)
        stops = np.cumsum([len(each) for each in rows])[:-1]
        drawn, mean = (
            np.split(self._surrogate.sample(x, _DRAWS), stops, axis=1),
            np.split(self._surrogate.mean(x), stops),
        )
        total = np.mean([each.var(axis=1) for each in drawn], axis=0)
        explained = float(np.mean([each.var() for each in mean]))
        found = {}
        for (name, values), each, expected in zip(levels.items(), drawn, mean, strict=True):
            curves = each.reshape(_DRAWS, n_background, len(values)).mean(axis=1)
            curve = expected.reshape(n_background, len(values)).mean(axis=0)
            found[name] = _share(curve, curves, explained, total, self._surrogate.r2)
        return dict(sorted(found.items(), key=lambda item: -item[1].share))

    @cached_property
    def _uniform(self) -> list[Point]:
        """Points drawn uniformly from the space, the same ones for the same space."""
        rng = np.random.default_rng(0)
        return [self.space.sample(rng) for _ in range(_DRAWN)]

    def _where_active(self, names: Collection[str]) -> list[Point]:
        """Return those of these points in which parameters are active, all of them if there is none."""
        return [point for point in self._uniform if all(name in point for name in names)] or self._uniform

    def _dependence(self, levels: Mapping[str, list[Value]], limit: int) -> tuple[Array, Array]:
        """Return mean and standard deviation at all combinations of levels, averaged over observed points."""
        mean, sd = self._surrogate.predict(self._rows.moved(levels, self._where_active(levels)[:limit]))
        shape = [len(values) for values in levels.values()]
        return _averaged(mean, shape), _averaged(sd, shape)

    def _point(self, values: Mapping[str, Value]) -> Point:
        """Return the point of values that are checked."""
        for name, value in values.items():
            reason = self.space[name].domain.reject(value) if name in self.space else "there is no such parameter"
            if reason:
                raise ValueError(f"{name}: {reason}")
        return self.space.point(values)


def _share(curve: Array, drawn: Array, explained: float, total: Array, r2: float) -> Share:
    """Return a share of the variance.

    Parameters
    ----------
    curve : ndarray, shape (n,)
        The predicted average effect.
    drawn : ndarray, shape (k, n)
        The same of ``k`` functions drawn from the surrogate.
    explained : float
        Variance of the prediction over the space.
    total : ndarray, shape (k,)
        Variance of each drawn function, in which all that is not known varies as it may.
    r2 : float
        How much of the values the surrogate predicts where each is left out.
    """
    if explained <= _LEAST_VARIANCE:
        return Share(0.0, 0.0, 0.0)
    variances = drawn.var(axis=1)
    by_chance = max(0.0, float(variances.mean() - drawn.mean(axis=0).var()))
    low = float(np.quantile(np.maximum(variances - by_chance, 0.0) / total, 0.05))
    # Between the variance that is explained and all that there may be: a function of few parameters has less.
    high = float(np.quantile(variances / np.sqrt(explained * np.maximum(total, explained)), 0.95))
    share = r2 * float(curve.var()) / explained
    return Share(share, min(low, share), min(1.0, max(high, share)))


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
            self.observed = self._encoding.cube.settle(self._encode(points))
        self.groups = self._encoding.cube.groups

    @calm()
    def encode(self, points: Sequence[Point]) -> Array:
        """Return points as rows, shape (len(points), d)."""
        return self._encoding.cube.settle(self._encode(points))

    def middles(self, name: str, n: int) -> list[Value]:
        """Return the middles of ``n`` equal parts of a range, or all values where there are no more."""
        domain = self._space[name].domain
        if isinstance(domain, ChoiceDomain) or (domain.size is not None and domain.size <= n):
            return domain.levels(n)
        # With its ends, evenly spread values would have more variance than the range.
        return self._encoding.units[name].decode(((np.arange(n) + 0.5) / n)[:, None])

    @calm()
    def moved(self, levels: Mapping[str, Sequence[Value]], background: Sequence[Point]) -> Array:
        """Return points with other values of some parameters: all combinations of them.

        Parameters
        ----------
        levels : mapping
            Name to values.
        background : sequence of Point
            The others' values.

        Returns
        -------
        ndarray, shape (len(background) * product of the numbers of levels, d)
            The last parameter changes fastest, the background slowest. A parameter that turns active by the change is
            at its literal.
        """
        complete = self._encode(background)
        shape = [len(background), *map(len, levels.values())]
        rows = np.empty((*shape, complete.shape[1]))
        rows[:] = np.expand_dims(complete, tuple(range(1, len(shape))))
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

    Attributes
    ----------
    unit : float
        The largest of their sizes.
    """

    def __init__(self, rows: _Rows, values: Array) -> None:
        with calm():
            # Through a unit in which nothing overflows, though values may be near the largest float.
            self.unit = float(np.abs(values).max()) or 1.0
            self._center = float((values / self.unit).mean())
            self._deviation = float((values / self.unit).std())
            self._low, self._high = float((values / self.unit).min()), float((values / self.unit).max())
            self._reach = (self._high - self._low) / 2
        self.is_constant = self._deviation <= 1e-12 or not rows.observed.shape[1]
        if not self.is_constant:
            self._model = GaussianProcess(groups=list(rows.groups)).fit(rows.observed, values)

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation without noise, in the objective's units, shape (m,) each."""
        if self.is_constant:
            return np.full(len(x), self._center * self.unit), np.zeros(len(x))
        return self._model.predict(x, return_std=True)

    def exported(self) -> dict[str, Any] | None:
        """Return what predicts the same elsewhere; None where there is nothing to predict."""
        return None if self.is_constant else self._model.exported()

    def mean(self, x: Array) -> Array:
        """Return the mean in standard deviations from the average value, shape (m,)."""
        return np.zeros(len(x)) if self.is_constant else self._in_deviations(self._model.predict(x))

    @cached_property
    def r2(self) -> float:
        """Share of the variance of the (warped) values that is predicted where each is left out, 0 to 1."""
        return 0.0 if self.is_constant else self._model.posterior_.r2_left_out()

    @calm()
    def noise_sd(self, at: Array) -> Array:
        """Return the standard deviation of one run where the objective is as given, shape of ``at``."""
        if self.is_constant:
            return np.zeros(len(at))
        z = self._model.warp_.transform(at)
        return self._model.warp_.in_units(z, np.full(len(at), math.sqrt(self._model.hyper_.noise)))[1]

    @calm()
    def differences(self, x: Array, n: int) -> Array:
        """Return by how much the objective is larger than in the first row, in :attr:`unit`: shape (n, m - 1)."""
        if self.is_constant:
            return np.zeros((n, len(x) - 1))
        rng = np.random.default_rng(0)
        drawn = self._model.posterior_.sample(x, n, rng)
        center, noise = drawn.mean(axis=0), math.sqrt(self._model.hyper_.noise)
        wide = center + _WIDER * (drawn - center) + noise * rng.standard_normal(drawn.shape)
        # Half as far again as the values that were seen: beyond, the inverse of the warp grows exponentially.
        values = np.clip(self._model.warp_.inverse(wide) / self.unit, self._low - self._reach, self._high + self._reach)
        return np.asarray(values[:, 1:] - values[:, :1])

    @calm()
    def sample(self, x: Array, n: int) -> Array:
        """Return functions drawn from the posterior, in standard deviations from the average value, shape (n, m)."""
        if self.is_constant:
            return np.zeros((n, len(x)))
        drawn = self._model.posterior_.sample(x, n, np.random.default_rng(0))
        return self._in_deviations(self._model.warp_.inverse(drawn))

    def _in_deviations(self, predicted: Array) -> Array:
        # Within what can be squared: far from the trials, the inverse of the warp grows exponentially.
        return np.asarray(np.clip((predicted / self.unit - self._center) / self._deviation, -1e100, 1e100))
