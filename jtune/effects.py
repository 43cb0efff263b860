"""What a surrogate says about finished trials: the effect of a parameter, a prediction, what matters how much.

The surrogate here is scikit-learn's Gaussian process, fitted once when :class:`Effects` is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from jtune.domains import ChoiceDomain, Value
from jtune.samplers import best_and_recent, calm
from jtune.space import Parameter, Point, Space

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]

# The fit must stay under a second: its time grows with the cube of the number of trials. The hyper-parameters, found by
# some dozens of fits, need fewer trials than the prediction.
_LEARNT_AT_MOST = 300
_TUNED_AT_MOST = 120
_AVERAGED_AT_MOST = 64
_LEVELS_OF_IMPORTANCE = 24
# Of the objective's variance; below it, what a surrogate sees is rounding.
_LEAST_VARIANCE = 1e-6
_MAX_ITERATIONS = 40


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
    ) -> None:
        if len(points) != len(values):
            raise ValueError(f"there are {len(points)} points, but {len(values)} values")
        if not all(map(math.isfinite, values)):
            raise ValueError("a value is not finite; leave failed trials out")
        n_distinct = len({space.key(point) for point in points})
        if n_distinct < 3:
            raise ValueError(f"a prediction needs 3 distinct points, there are {n_distinct}")
        for point in points:
            if not space.accepts(point):
                raise ValueError(f"{point!r} is not a point of the search space")
        sign = -1.0 if direction == "maximize" else 1.0
        kept = best_and_recent([sign * value for value in values], _LEARNT_AT_MOST)
        self.space = space
        self._points = [points[i] for i in kept]
        self._encoding = _Encoding(space)
        self._surrogate = _Surrogate(self._encoding.encode(self._points), np.array([values[i] for i in kept], float))

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
        inputs = self._encoding.encode([self.space.point(point)])
        mean, sd = self._surrogate.in_units(*self._surrogate.predict(inputs))
        return float(mean[0]), float(sd[0])

    def effect(self, name: str, n: int = 40) -> Effect:
        """Return the partial dependence of the objective on one parameter.

        The prediction along the parameter is averaged over (at most 64 of) the observed points, those in which the
        parameter is active. Trials crowd where the objective is good, so this is the effect *there*. A parameter that
        was never active has a flat effect.

        Parameters
        ----------
        name : str
            A parameter.
        n : int
            How many values of a range, at most; a choice has all of its own.

        Raises
        ------
        KeyError
            If there is no such parameter.

        References
        ----------
        Friedman (2001), Annals of Statistics 29, section 8.2.
        """
        x = self.space[name].domain.levels(n)
        averaged = (each.reshape(len(x), -1).mean(axis=1) for each in self._surrogate.predict(self._along(name, x)))
        return Effect(x, *self._surrogate.in_units(*averaged))

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
        with np.errstate(all="ignore"):
            variances = {p.name: self._explained(p) for p in self.space}
        total = sum(variances.values())
        if total <= _LEAST_VARIANCE:
            return dict.fromkeys(variances, 0.0)
        ordered = sorted(variances.items(), key=lambda item: -item[1])
        return {name: variance / total for name, variance in ordered}

    def _explained(self, parameter: Parameter) -> float:
        x = parameter.domain.levels(_LEVELS_OF_IMPORTANCE)
        mean = self._surrogate.mean(self._along(parameter.name, x)).reshape(len(x), -1).mean(axis=1)
        share_active = sum(parameter.name in point for point in self._points) / len(self._points)
        return float(mean.var()) * share_active

    def _along(self, name: str, x: Sequence[Value]) -> Array:
        """Return the inputs of every background point at every value: len(x) blocks of rows."""
        background = self._background(name)
        column = self._encoding.columns(name)
        if not self._is_parent(name):
            inputs = np.tile(self._encoding.encode(background), (len(x), 1))
            if name in background[0]:
                inputs[:, column] = np.repeat(self._encoding.encode_values(name, x), len(background), axis=0)
            return inputs
        # Its value decides which others are active.
        moved = [self.space.point({**point, name: value}) for value in x for point in background]
        return self._encoding.encode(moved)

    def _background(self, name: str) -> list[Point]:
        """Return the observed points to average over; all or none of them have the parameter."""
        points = [point for point in self._points if name in point] or self._points
        if len(points) <= _AVERAGED_AT_MOST:
            return points
        chosen = np.random.default_rng(0).choice(len(points), _AVERAGED_AT_MOST, replace=False)
        return [points[i] for i in sorted(chosen)]

    def _is_parent(self, name: str) -> bool:
        return any(p.condition is not None and name in p.condition.names for p in self.space)


class _Encoding:
    """Points as rows in [0, 1], by scikit-optimize's dimensions; an inactive parameter is at its literal."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._dimensions: dict[str, Any] = {}
        self._columns: dict[str, slice] = {}
        self._width = 0
        with calm():
            for parameter in space:
                self._add(parameter)

    def _add(self, parameter: Parameter) -> None:
        size = 0
        # scikit-optimize refuses a range of one value, and a surrogate needs none.
        if parameter.domain.size != 1:
            dimension = parameter.domain.dimension()
            dimension.set_transformer("onehot" if isinstance(parameter.domain, ChoiceDomain) else "normalize")
            self._dimensions[parameter.name] = dimension
            size = dimension.transformed_size
        self._columns[parameter.name] = slice(self._width, self._width + size)
        self._width += size

    def columns(self, name: str) -> slice:
        """Return which columns a parameter has; none where it has one value only."""
        return self._columns[name]

    def encode(self, points: Sequence[Point]) -> Array:
        """Return points as an array, shape (len(points), n_columns)."""
        complete = [self._space.complete(point) for point in points]
        rows = np.zeros((len(points), self._width))
        for name, columns in self._columns.items():
            rows[:, columns] = self.encode_values(name, [values[name] for values in complete])
        return rows

    def encode_values(self, name: str, values: Sequence[Value]) -> Array:
        """Return values of one parameter as an array, shape (len(values), its columns)."""
        if name not in self._dimensions:
            return np.zeros((len(values), 0))
        domain = self._space[name].domain
        encoded = self._dimensions[name].transform([domain.to_dimension(value) for value in values])
        return np.asarray(encoded, float).reshape(len(values), -1)


class _Surrogate:
    """A Gaussian process with noise.

    Parameters
    ----------
    inputs : ndarray, shape (n, d)
        In [0, 1].
    values : ndarray, shape (n,)
        In the objective's units.
    """

    def __init__(self, inputs: Array, values: Array) -> None:
        # Through a unit in which nothing overflows, though values may be near the largest float.
        unit = float(np.abs(values).max()) or 1.0
        with np.errstate(all="ignore"):
            center, deviation = float((values / unit).mean()), float((values / unit).std())
        self._center, self._scale = center * unit, deviation * unit
        self._model: Any = None
        self._noise = 0.0
        if deviation > 1e-12 and inputs.shape[1] > 0:
            with calm():
                self._model = _fit(inputs, (values / unit - center) / deviation)
            self._noise = float(self._model.kernel_.k2.noise_level)

    def mean(self, inputs: Array) -> Array:
        """Return the predicted mean in standard deviations from the average value, shape (n,)."""
        if self._model is None:
            return np.zeros(len(inputs))
        with calm():
            return np.asarray(self._model.predict(inputs), float)

    def predict(self, inputs: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation without noise, in the same unit, shape (n,) each."""
        if self._model is None:
            return np.zeros(len(inputs)), np.zeros(len(inputs))
        with calm():
            mean, sd = self._model.predict(inputs, return_std=True)
            # Of the two variances that scikit-learn adds up, only the first is about the objective.
            return mean, np.sqrt(np.maximum(sd**2 - self._noise, 0.0))

    def in_units(self, mean: Array, sd: Array) -> tuple[Array, Array]:
        """Return predictions, or averages of them, in the objective's units."""
        with np.errstate(all="ignore"):
            return mean * self._scale + self._center, sd * self._scale


def _fit(inputs: Array, targets: Array) -> Any:
    """Return a fitted ``GaussianProcessRegressor``; ``targets`` have mean 0 and variance 1.

    The likelihood alone overfits where trials are few and parameters many: it explains noise by short length scales. So
    each of the kernel's parameters has a log-normal prior: the length scales around sqrt(d), the noise around 10 % of
    the variance.

    References
    ----------
    Hvarfner, Hellsten and Nardi (2024), arXiv:2402.02229, for the sqrt(d).
    """
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    n, n_columns = inputs.shape
    lengths, noise = np.full(n_columns, math.sqrt(n_columns)), 0.1
    smooth = Matern(lengths, length_scale_bounds=(0.1, 30.0), nu=2.5)
    kernel = ConstantKernel(1.0, (0.05, 20.0)) * smooth + WhiteKernel(noise, (1e-6, 1.0))
    # Natural logarithms, in the kernel's order: amplitude, length scales, noise.
    centers, widths = np.log([1.0, *lengths, noise]), np.array([1.0, *[1.0] * n_columns, 2.0])
    # The likelihood tends to have two peaks: nearly all is noise, and nearly all is signal.
    starts = [centers, np.log([1.0, *(0.3 * lengths), 1e-3])]
    tuned = np.random.default_rng(0).choice(n, min(n, _TUNED_AT_MOST), replace=False)
    model = GaussianProcessRegressor(kernel, optimizer=_penalised(centers, widths, starts), random_state=0)
    model.fit(inputs[tuned], targets[tuned])
    return GaussianProcessRegressor(model.kernel_, optimizer=None).fit(inputs, targets)


def _penalised(centers: Array, widths: Array, starts: Sequence[Array]) -> Callable[..., tuple[Array, float]]:
    """Return an optimizer for scikit-learn, under normal priors of a kernel's log parameters."""
    from scipy.optimize import minimize

    def optimizer(objective: Callable[[Array], tuple[float, Array]], _: Array, bounds: Array) -> tuple[Array, float]:
        def penalised(theta: Array) -> tuple[float, Array]:
            loss, gradient = objective(theta)
            z = (theta - centers) / widths
            return loss + float(z @ z) / 2, gradient + z / widths

        options = {"maxiter": _MAX_ITERATIONS}
        found = (
            minimize(penalised, start, method="L-BFGS-B", jac=True, bounds=bounds, options=options) for start in starts
        )
        best = min(found, key=lambda result: float(result.fun))
        return best.x, float(best.fun)

    return optimizer
