"""Where to look next: log expected improvement, and the points of a cube where it is largest.

======================  =====================================================================  ==================
symbol                  meaning                                                                shape
======================  =====================================================================  ==================
m, d                    points, columns                                                        ()
mean, sd                what the surrogate predicts, lower is better                           (m,)
best                    the value to improve on                                                ()
z                       (best - mean) / sd                                                     (m,)
phi, Phi                density and distribution function of the standard normal               (m,)
h(z)                    phi(z) + z Phi(z), so that the expected improvement is sd h(z)         (m,)
======================  =====================================================================  ==================

References
----------
Ament, Daulton, Eriksson, Balandat and Bakshy (2023), arXiv:2310.20708, for log h. Jones, Schonlau and Welch (1998),
Journal of Global Optimization 13, equation (15).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from scipy.optimize import minimize
from scipy.special import erfcx, log_ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
    Bools: TypeAlias = NDArray[np.bool_]

_LOG_SQRT_2PI = math.log(2 * math.pi) / 2
# Below this, 1 + z Phi/phi is near its rounding error.
_FAR = -1e3

_UNIFORM, _NEAR, _INCUMBENTS = 400, 400, 5
_ENUMERATED_AT_MOST = 1000
_POLISHED, _POLISH_ITERATIONS = 4, 25
# Standard deviations of a step away from an incumbent, of a parameter's range: drawn between these, evenly in logs.
_LOG_STEPS = math.log(0.003), math.log(0.3)


class Surrogate(Protocol):
    """What is asked of a model, lower being better; :class:`jtune.surrogate.gp.Posterior` is one."""

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation, shape (m,) each."""
        ...

    def gradient(self, x: Array) -> tuple[Array, Array, Array, Array]:
        """Return these, and their gradients by ``x``, shape (m, d) each."""
        ...


def log_improvement(z: Array) -> Array:
    """Return log h(z) to ten digits for any finite z; Ament et al. (2023), equation (9).

    ``phi(z) + z Phi(z)`` itself cancels from z = -1 down, and is 0 from z = -39 down.

    Parameters
    ----------
    z : ndarray, any shape
    """
    above = np.maximum(z, -1.0)
    direct = np.log(np.exp(-(above**2) / 2 - _LOG_SQRT_2PI) + above * np.exp(log_ndtr(above)))
    return np.where(z > -1.0, direct, _log_bracket(z) - z**2 / 2 - _LOG_SQRT_2PI)


def _log_bracket(z: Array) -> Array:
    """Return log(h(z) / phi(z)) for z <= -1, by 1 + z Phi/phi or, far out, by the series z^-2 - 3 z^-4 + 15 z^-6."""
    near, far = np.clip(z, _FAR, -1.0), np.minimum(z, _FAR)
    series = np.log1p((15 / far**2 - 3) / far**2) - 2 * np.log(-far)
    return np.where(z < _FAR, series, np.log1p(near * _mills(near)))


def _mills(z: Array) -> Array:
    """Return Phi(z) / phi(z) for z <= -1."""
    return np.asarray(math.sqrt(math.pi / 2) * erfcx(-np.minimum(z, -1.0) / math.sqrt(2)))


def log_expected_improvement(mean: Array, sd: Array, best: float) -> tuple[Array, Array, Array]:
    """Return the logarithm of the expected improvement, for minimisation, and its gradient.

    Parameters
    ----------
    mean, sd : ndarray, shape (m,)
        Posterior of the function; ``sd > 0``.
    best : float
        The value to improve on, same units.

    Returns
    -------
    value, by_mean, by_sd : ndarray, shape (m,)
        The derivative by the mean is -Phi / (sd h), that by the standard deviation phi / (sd h).

    Raises
    ------
    ValueError
        If any ``sd`` is not positive.
    """
    if not (sd > 0).all():
        raise ValueError("a standard deviation is not positive")
    z = (best - mean) / sd
    log_h, is_low = log_improvement(z), z <= -1.0
    # Below -1 by the bracket: the difference of two large logarithms has no digits left.
    to_phi = np.exp(np.where(is_low, -_log_bracket(z), -(z**2) / 2 - _LOG_SQRT_2PI - log_h))
    to_cdf = np.where(is_low, _mills(z) * to_phi, np.exp(log_ndtr(z) - log_h))
    return np.log(sd) + log_h, -to_cdf / sd, to_phi / sd


@dataclass(frozen=True)
class Axis:
    """One parameter in the unit cube.

    Parameters
    ----------
    choices : ndarray, shape (n_choices, width), optional
        The columns of each value, of a parameter that is no number; a number has one column.
    levels : ndarray, shape (n_levels,), optional
        Where a number can be, ascending; everywhere in [0, 1] if None.
    lengths : tuple of int
        Which of the axis' own length scales each column has, counted from 0.
    """

    choices: Array | None = None
    levels: Array | None = None
    lengths: tuple[int, ...] = (0,)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.lengths)

    @property
    def size(self) -> float:
        """How many values there are."""
        values = self.levels if self.choices is None else self.choices
        return math.inf if values is None else len(values)

    @property
    def rest(self) -> Array:
        """What stands in the columns while the parameter is inactive: the middle of all values, shape (width,)."""
        return np.array([0.5]) if self.choices is None else np.asarray(self.choices.mean(axis=0))

    @property
    def spacing(self) -> float:
        """The least step that leads to another value."""
        return 0.0 if self.levels is None else 1 / len(self.levels)

    def all_values(self) -> Array:
        """Return the columns of every value, shape (size, width); only where they are countable."""
        if self.choices is not None:
            return self.choices
        return np.zeros((0, 1)) if self.levels is None else self.levels[:, None]

    def around(self, columns: Array) -> Array:
        """Return what is one choice or one level away from columns of shape (width,), and they themselves."""
        if self.levels is None:
            return self.all_values()
        at = int(np.searchsorted(self.levels, columns[0]))
        return self.levels[max(at - 1, 0) : at + 2, None]

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return ``n`` values drawn uniformly, shape (n, width)."""
        if self.choices is not None:
            return np.asarray(self.choices[rng.integers(len(self.choices), size=n)])
        return self.snap(rng.random((n, 1)))

    def snap(self, columns: Array) -> Array:
        """Return the nearest values, shape (m, width)."""
        if self.choices is not None:
            return np.asarray(self.choices[((columns[:, None] - self.choices) ** 2).sum(axis=2).argmin(axis=1)])
        inside: Array = np.clip(columns, 0.0, 1.0)
        if self.levels is None:
            return inside
        return np.asarray(self.levels[np.searchsorted((self.levels[1:] + self.levels[:-1]) / 2, inside)])


class Cube:
    """The points that can be proposed: axes side by side, some of them inactive at some points.

    Parameters
    ----------
    axes : sequence of Axis
        In the order of their columns.
    is_active : callable, optional
        From points, shape (m, d), to which of the axes count there, shape (m, n_axes); all of them if None.
    held : ndarray, shape (d,), optional
        What stands in the columns of the axes that do not move; NaN in the others.

    Attributes
    ----------
    columns : list of slice
        Of each axis.
    groups : ndarray of int, shape (d,)
        The length scale of each column, counted from 0.
    rest : ndarray, shape (d,)
        What stands in the columns of inactive parameters.
    """

    def __init__(
        self,
        axes: Sequence[Axis],
        is_active: Callable[[Array], Bools] | None = None,
        held: Array | None = None,
    ) -> None:
        self.axes = tuple(axes)
        self._is_active = is_active
        widths = [axis.width for axis in axes]
        self.columns = [slice(a, b) for a, b in itertools.pairwise([0, *itertools.accumulate(widths)])]
        self.groups = _length_scales(axes)
        self._axis = np.repeat(np.arange(len(axes)), widths)
        self._held = np.full(self.width, np.nan) if held is None else held
        self._is_free = np.isnan(self._held)
        self._is_number = np.array([axis.choices is None for axis in axes], np.bool_)[self._axis]
        self._spacing = np.array([axis.spacing for axis in axes])[self._axis]
        self.rest = np.concatenate([np.zeros(0), *(axis.rest for axis in axes)])

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.groups)

    @property
    def free_choices(self) -> list[tuple[slice, Array]]:
        """The columns of each axis of choices that moves, and the rows of its values there."""
        return [
            (columns, axis.choices)
            for axis, columns in zip(self.axes, self.columns, strict=True)
            if axis.choices is not None and self._is_free[columns].all()
        ]

    def holding(self, columns: slice, value: Array) -> Cube:
        """Return the part of the cube in which an axis has one value."""
        held = self._held.copy()
        held[columns] = value
        return Cube(self.axes, self._is_active, held)

    def snap(self, x: Array) -> Array:
        """Return the nearest points of the cube."""
        near = [axis.snap(x[:, columns]) for axis, columns in zip(self.axes, self.columns, strict=True)]
        return self.settle(np.where(self._is_free, np.concatenate(near, axis=1), self._held))

    def settle(self, x: Array) -> Array:
        """Return the points with all inactive parameters in one place, so that they make no distance."""
        return np.where(self._active(x), x, self.rest)

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Return ``n`` points drawn uniformly."""
        return self.snap(self._draw(n, rng))

    def vary(self, x: Array, rng: np.random.Generator) -> Array:
        """Return each point with some of its parameters changed, numbers by a step of a random length."""
        share, length = rng.random((len(x), 1)), np.exp(rng.uniform(*_LOG_STEPS, (len(x), 1)))
        is_changed = rng.random((len(x), len(self.axes)))[:, self._axis] < share
        step = rng.standard_normal(x.shape) * np.maximum(length, self._spacing)
        moved = np.where(self._is_number, x + step, self._draw(len(x), rng))
        return self.snap(np.where(is_changed, moved, x))

    def neighbours(self, point: Array) -> Array:
        """Return the points that differ from one, shape (d,), in one choice or by one level."""
        rows = [point]
        for axis, columns in zip(self.axes, self.columns, strict=True):
            for value in axis.around(point[columns]):
                row = point.copy()
                row[columns] = value
                rows.append(row)
        return self.snap(np.array(rows))

    def is_movable(self, x: Array) -> Bools:
        """Return which columns hold an active number, shape of ``x``."""
        return np.asarray(self._active(x) & self._is_number & self._is_free)

    def all_points(self, limit: int) -> Array | None:
        """Return every point once, or None if there may be more than ``limit``."""
        free = [bool(self._is_free[columns][0]) for columns in self.columns]
        if math.prod(axis.size for axis, is_free in zip(self.axes, free, strict=True) if is_free) > limit:
            return None
        held = [self._held[None, columns] for columns in self.columns]
        values = [axis.all_values() if f else h for axis, f, h in zip(self.axes, free, held, strict=True)]
        grid = itertools.product(*values)
        points = np.array([np.concatenate(row) for row in grid]).reshape(-1, self.width)
        return np.unique(self.snap(points), axis=0)

    def _active(self, x: Array) -> Bools:
        if self._is_active is None:
            return np.ones(x.shape, bool)
        return self._is_active(x)[:, self._axis]

    def _draw(self, n: int, rng: np.random.Generator) -> Array:
        return np.concatenate([np.zeros((n, 0)), *(axis.draw(n, rng) for axis in self.axes)], axis=1)


def _length_scales(axes: Sequence[Axis]) -> NDArray[np.intp]:
    """Return the length scale of each column, counted from 0 over all axes."""
    firsts = itertools.accumulate((1 + max(axis.lengths) for axis in axes), initial=0)
    return np.array([first + own for first, axis in zip(firsts, axes, strict=False) for own in axis.lengths], np.intp)


def rank(
    surrogate: Surrogate, best: float, cube: Cube, incumbents: Array, seen: Array, rng: np.random.Generator
) -> Array:
    """Return points of the cube by their expected improvement, the most promising first, none of them seen.

    Candidates are drawn uniformly and around the incumbents (or are all points, where these are few). The most
    promising ones move uphill along their numbers, then try another choice or the next level of each parameter.

    Parameters
    ----------
    surrogate : Surrogate
        Lower is better.
    best : float
        The value to improve on, as the surrogate has it.
    cube : Cube
        Where points can be.
    incumbents : ndarray, shape (k, d)
        Good points, to look around; k > 0.
    seen : ndarray, shape (n, d)
        Points that must not be returned, as long as there are others.
    rng : numpy.random.Generator
        Draws the candidates.

    Returns
    -------
    ndarray, shape (m, d)
        Distinct, m > 0.
    """

    def promise(x: Array) -> Array:
        return log_expected_improvement(*surrogate.predict(x), best)[0]

    points, digits = cube.all_points(_ENUMERATED_AT_MOST), 9
    if points is None:
        # What has climbed to the same top is one proposal.
        digits = 3
        points = _candidates(cube, incumbents, rng)
        values = promise(points)
        top = points[np.argsort(-values)[:_POLISHED]]
        better = cube.snap(_uphill(surrogate, best, cube, top))
        winner = better[np.argmax(promise(better))]
        added = np.concatenate([better, cube.neighbours(winner)])
        points, values = np.concatenate([points, added]), np.concatenate([values, promise(added)])
    else:
        values = promise(points)
    return _distinct(points[np.argsort(-values, kind="stable")], seen, digits)


def _candidates(cube: Cube, incumbents: Array, rng: np.random.Generator) -> Array:
    around = np.resize(incumbents[:_INCUMBENTS], (_NEAR, cube.width))
    return np.concatenate([cube.sample(_UNIFORM, rng), cube.vary(cube.snap(around), rng)])


def _uphill(surrogate: Surrogate, best: float, cube: Cube, x: Array) -> Array:
    """Return points, shape (m, d), moved along their numbers to where the expected improvement has no slope."""
    is_movable = cube.is_movable(x)
    if not is_movable.any():
        return x

    def loss(free: Array) -> tuple[float, Array]:
        moved = x.copy()
        moved[is_movable] = free
        mean, sd, mean_gradient, sd_gradient = surrogate.gradient(moved)
        value, by_mean, by_sd = log_expected_improvement(mean, sd, best)
        slope = by_mean[:, None] * mean_gradient + by_sd[:, None] * sd_gradient
        return -float(value.sum()), -slope[is_movable]

    # All at once: they do not depend on each other, and a step costs little more than that of one.
    bounds = [(0.0, 1.0)] * int(is_movable.sum())
    options = {"maxiter": _POLISH_ITERATIONS, "ftol": 1e-6}
    found = minimize(loss, x[is_movable], method="L-BFGS-B", jac=True, bounds=bounds, options=options)
    polished = x.copy()
    polished[is_movable] = found.x
    return polished


def _distinct(points: Array, seen: Array, digits: int) -> Array:
    """Return the points in their order, without those seen (unless all are) and those that equal an earlier one."""
    old = set(_keys(seen, 9))
    new: dict[bytes, int] = {}
    for i, (exact, coarse) in enumerate(zip(_keys(points, 9), _keys(points, digits), strict=True)):
        if exact not in old:
            new.setdefault(coarse, i)
    return points[list(new.values())] if new else points[:1]


def _keys(x: Array, digits: int) -> list[bytes]:
    """Return what is equal for points that are, up to so many decimal digits."""
    return [row.tobytes() for row in np.round(x, digits) + 0.0]  # never -0.0
