"""The surrogate: a Gaussian process that is fitted in milliseconds.

A Matern-5/2 kernel with one length scale per parameter, learnt by maximising the posterior of the hyper-parameters
with analytic gradients, under an objective that is first warped until it looks normal. ::

    y ──YeoJohnson──> z ──learn──> Hyper ──Posterior──> mean, sd of z ──YeoJohnson.in_units──> mean, sd of y

======================  =====================================================================  ==================
symbol                  meaning                                                                shape
======================  =====================================================================  ==================
n, d, g, m              observations, input columns, length scales, points to predict
X                       inputs, mostly in the unit cube                                        (n, d)
y, z                    objective in its own units, and warped to mean 0, variance 1           (n,)
lengths                 length scale of each group of columns                                  (g,)
scale                   variance of the function                                               ()
noise                   variance of what is added to each observation                          ()
theta                   log of lengths, scale, noise                                           (g + 2,)
r2                      squared distance in units of the length scales                         (n, n) or (m, n)
K                       kernel matrix, noise included                                          (n, n)
L                       lower Cholesky factor of K                                             (n, n)
alpha                   K^-1 z                                                                 (n,)
======================  =====================================================================  ==================

References
----------
Rasmussen and Williams (2006), Gaussian Processes for Machine Learning: equations (2.24), (2.25), (2.26), (2.30),
(4.17), (5.9) and Algorithm 2.1. Yeo and Johnson (2000), Biometrika 87: equation (2.1) and section 3.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri, dtrtrs
from scipy.optimize import minimize
from scipy.special import boxcox1p, inv_boxcox1p

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

    Array: TypeAlias = NDArray[np.float64]

# Length scales ~ Gamma(shape, rate) in units of a parameter's range: mean 0.5, so that a function is neither flat nor
# white noise before much is known.
_LENGTH_SHAPE, _LENGTH_RATE = 3.0, 6.0
# Log-normal priors: centre and standard deviation of the natural logarithm.
_SCALE_PRIOR = 0.0, 1.0
_NOISE_PRIOR = math.log(1e-3), 2.0
_LENGTH_BOUNDS, _SCALE_BOUNDS, _NOISE_BOUNDS = (0.02, 20.0), (0.02, 50.0), (1e-6, 2.0)
# A step of the search takes 1 ms with so many, and more of them move the hyper-parameters little.
_LEARNT_FROM_AT_MOST = 150
_MAX_ITERATIONS = 40
_SQRT5 = math.sqrt(5.0)
# Between 0 and 2 the transform is onto all numbers, so that every prediction has an inverse.
_POWERS = np.linspace(0.0, 2.0, 41)
_POWER_PRIOR_SD = 0.5


@functools.cache
def _blas() -> Any:
    """Return a controller of the BLAS libraries; to look for them takes a millisecond, to limit them 10 us."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def calm() -> Iterator[None]:
    """Run a surrogate: NumPy warns of nothing, and BLAS has one thread.

    A user's ``numpy.seterr(all="raise")`` must not reach a model. BLAS threads make small matrices slower, not faster;
    but their number is the whole process's, so it is left alone in any thread beside the main one, where a cell may be
    running.
    """
    is_main = threading.current_thread() is threading.main_thread()
    limited = _blas().limit(limits=1, user_api="blas") if is_main else nullcontext()
    with np.errstate(all="ignore"), limited:
        yield


@dataclass(frozen=True)
class YeoJohnson:
    """A monotone map of the objective to something more like a normal variable with mean 0 and variance 1.

    Few bad trials that are far off would otherwise take all of the kernel's attention. Units do not matter: the median
    and a typical deviation from it are taken out first.

    Parameters
    ----------
    power : float
        In [0, 2]: 1 is linear, 0 compresses large values like a logarithm, 2 small ones.
    center, unit : float
        What is taken off, and what is divided by, before the power; objective units.
    mean, sd : float
        The same, after it.
    """

    power: float = 1.0
    center: float = 0.0
    unit: float = 1.0
    mean: float = 0.0
    sd: float = 1.0

    @classmethod
    def fit(cls, y: Array) -> YeoJohnson:
        """Return the transform whose power is most likely, a priori near 1.

        Parameters
        ----------
        y : ndarray, shape (n,)
            Finite, in objective units; n > 0.

        References
        ----------
        Yeo and Johnson (2000), section 3: the profile likelihood of the power.
        """
        center = float(np.median(y))
        start = cls(center=center, unit=_typical_deviation(y, center))
        t = start._standardise(y)
        w = _powered(t, _POWERS[:, None])
        log_jacobian = float(np.sum(np.sign(t) * np.log1p(np.abs(t))))
        log_likelihood = -len(y) / 2 * np.log(w.var(axis=1) + 1e-300) + (_POWERS - 1) * log_jacobian
        best = int(np.argmax(log_likelihood - ((_POWERS - 1) / _POWER_PRIOR_SD) ** 2 / 2))
        sd = float(w[best].std())
        return replace(start, power=float(_POWERS[best]), mean=float(w[best].mean()), sd=sd if sd > 1e-12 else 1.0)

    def transform(self, y: Array) -> Array:
        """Return objective values as the surrogate has them, any shape."""
        return (_powered(self._standardise(y), self.power) - self.mean) / self.sd

    def inverse(self, z: Array) -> Array:
        """Return the objective values that are transformed to ``z``, any shape; at most the largest float."""
        w = z * self.sd + self.mean
        t = np.sign(w) * inv_boxcox1p(np.abs(w), np.where(w < 0, 2.0 - self.power, self.power))
        # In this order nothing overflows that need not.
        return np.asarray(np.nan_to_num(np.nan_to_num(t * self.unit) + self.center))

    def in_units(self, mean: Array, sd: Array) -> tuple[Array, Array]:
        """Return a normal prediction of z as one of y: its median, and half the width of its central 68 %.

        Under a power below 1 the mean itself would be governed by the tail of a log-normal, which nobody has seen.
        """
        low, high = self.inverse(mean - sd), self.inverse(mean + sd)
        return self.inverse(mean), high / 2 - low / 2

    def _standardise(self, y: Array) -> Array:
        return y / self.unit - self.center / self.unit


def _powered(t: Array, power: float | Array) -> Array:
    """Return Yeo and Johnson (2000), equation (2.1), by the one-sided transform of Box and Cox on either side."""
    return np.asarray(np.sign(t) * boxcox1p(np.abs(t), np.where(t < 0, 2.0 - power, power)), float)


def _typical_deviation(y: Array, center: float) -> float:
    """Return 1.48 times the median deviation (the standard deviation of a normal), or what comes near it."""
    largest = max(float(np.abs(y).max()), 1e-300)
    deviation = np.abs(y / largest - center / largest)
    rounding = 1e-13 * float(np.median(np.abs(y / largest)))
    # The mean, where most values are the same.
    for found in (1.4826 * float(np.median(deviation)), float(deviation.mean())):
        if found > rounding:
            return max(max(found, 1e-100) * largest, 1e-300)  # so that squares do not overflow
    return largest


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the kernel.

    Parameters
    ----------
    lengths : ndarray, shape (g,)
        Length scales, in units of the inputs.
    scale, noise : float
        Variance of the function, and of what is added to each observation.
    """

    lengths: Array
    scale: float = 1.0
    noise: float = 1e-3

    @property
    def theta(self) -> Array:
        """Natural logarithms: lengths, scale, noise."""
        return np.log([*self.lengths, self.scale, self.noise])

    @classmethod
    def of(cls, theta: Array) -> Hyper:
        """Return the hyper-parameters whose logarithms are ``theta``."""
        *lengths, scale, noise = np.exp(theta)
        return cls(np.array(lengths), float(scale), float(noise))


def _matern(r2: Array, scale: float) -> Array:
    """Return the kernel at squared distances; RW (4.17)."""
    u = _SQRT5 * np.sqrt(r2)
    return np.asarray((1 + u + (5 / 3) * r2) * np.exp(-u) * scale)


def _falling_matern(r2: Array, scale: float) -> tuple[Array, Array]:
    """Return the kernel at squared distances, and its derivative by them times -2."""
    u = _SQRT5 * np.sqrt(r2)
    falling = (5 / 3 * scale) * np.exp(-u) * (1 + u)
    return np.asarray((0.6 + r2 / (1 + u)) * falling), falling


def _squared_distances(a: Array, b: Array) -> Array:
    """Return all squared distances between rows, shape (len(a), len(b))."""
    r2 = np.einsum("ij,ij->i", a, a)[:, None] + np.einsum("ij,ij->i", b, b) - 2 * (a @ b.T)
    return np.asarray(np.maximum(r2, 0.0))


def _cholesky(matrix: Array) -> Array:
    """Return the lower factor, with as little added to the diagonal as it needs."""
    jitter, diagonal = 0.0, matrix.diagonal().copy()
    while True:
        factor, failed_at = dpotrf(matrix, lower=1, clean=1, overwrite_a=0)
        if not failed_at:
            return np.asarray(factor)
        jitter = max(10 * jitter, 1e-10 * float(diagonal.mean()))
        if not math.isfinite(jitter) or jitter > diagonal.mean():
            raise np.linalg.LinAlgError("the kernel matrix is not positive definite")
        np.fill_diagonal(matrix, diagonal + jitter)


def _solve(factor: Array, right: Array, *, transposed: bool = False) -> Array:
    """Return L^-1 b, or L^-T b."""
    return np.asarray(dtrtrs(factor, right, lower=1, trans=int(transposed))[0])


def penalised_loss(theta: Array, squares: Array, z: Array) -> tuple[float, Array]:
    """Return the negative log posterior of the hyper-parameters, up to a constant, and its gradient.

    Parameters
    ----------
    theta : ndarray, shape (g + 2,)
        Log of lengths, scale, noise.
    squares : ndarray, shape (g, n * n)
        Squared differences of the inputs, summed over the columns of a group.
    z : ndarray, shape (n,)
        Warped objective.

    Returns
    -------
    float
        RW (2.30), negative, plus the negative log priors.
    ndarray, shape (g + 2,)
        RW (5.9).
    """
    hyper, n = Hyper.of(theta), len(z)
    weights = hyper.lengths**-2
    kernel, falling = _falling_matern(weights @ squares, hyper.scale)
    covariance = kernel.reshape(n, n)
    covariance.flat[:: n + 1] += hyper.noise
    factor = _cholesky(covariance)
    alpha = _solve(factor, _solve(factor, z), transposed=True)
    loss = float(z @ alpha) / 2 + float(np.log(factor.diagonal()).sum())
    lower = dpotri(factor, lower=1)[0]  # of K^-1: the upper triangle is 0
    # Twice the derivative of the loss by K, but the diagonal, where squares are 0; both triangles in one.
    slope = 2 * lower - np.outer(alpha, alpha)
    trace = float(lower.trace()) - float(alpha @ alpha)
    by_length = weights * (squares @ (slope.ravel() * falling)) / 2
    # tr(K^-1 K) is n; what the noise adds to K is no part of the scale's.
    by_scale = (n - float(z @ alpha) - hyper.noise * trace) / 2
    gradient = np.array([*by_length, by_scale, hyper.noise * trace / 2])
    log_prior, prior_gradient = _log_prior(theta)
    return loss - log_prior, gradient - prior_gradient


def _log_prior(theta: Array) -> tuple[float, Array]:
    """Return the log density of the hyper-parameters, up to a constant, and its gradient by theta."""
    logs, lengths = theta[:-2], np.exp(theta[:-2])
    centers, sds = np.array([_SCALE_PRIOR, _NOISE_PRIOR]).T
    off = (theta[-2:] - centers) / sds
    value = float(np.sum((_LENGTH_SHAPE - 1) * logs - _LENGTH_RATE * lengths)) - float(off @ off) / 2
    return value, np.concatenate([(_LENGTH_SHAPE - 1) - _LENGTH_RATE * lengths, -off / sds])


def learn(x: Array, z: Array, groups: NDArray[np.intp], starts: Sequence[Hyper]) -> Hyper:
    """Return the most probable hyper-parameters that L-BFGS-B finds from the starts.

    Parameters
    ----------
    x : ndarray, shape (n, d)
        Inputs; of more than 150, evenly chosen ones are taken.
    z : ndarray, shape (n,)
        Warped objective.
    groups : ndarray of int, shape (d,)
        Which length scale a column has; 0 to g - 1.
    starts : sequence of Hyper
        At least one.
    """
    if len(z) > _LEARNT_FROM_AT_MOST:
        some = np.linspace(0, len(z) - 1, _LEARNT_FROM_AT_MOST).astype(int)
        x, z = x[some], z[some]
    squares = _grouped_squares(x, groups)
    bounds = np.log([*[_LENGTH_BOUNDS] * len(squares), _SCALE_BOUNDS, _NOISE_BOUNDS])
    options = {"maxiter": _MAX_ITERATIONS, "ftol": 1e-6, "gtol": 1e-3}
    found = (
        minimize(penalised_loss, start.theta, (squares, z), "L-BFGS-B", jac=True, bounds=bounds, options=options)
        for start in starts
    )
    return Hyper.of(min(found, key=lambda result: float(result.fun)).x)


def _grouped_squares(x: Array, groups: NDArray[np.intp]) -> Array:
    """Return squared differences, shape (g, n * n), summed over the columns of a group."""
    squares = np.zeros((int(groups.max(initial=-1)) + 1, len(x), len(x)))
    for column, group in zip(x.T, groups, strict=True):
        squares[group] += (column[:, None] - column) ** 2
    return squares.reshape(len(squares), len(x) ** 2)


class Posterior:
    """What the observations say about the function, at fixed hyper-parameters; RW Algorithm 2.1.

    Parameters
    ----------
    x : ndarray, shape (n, d)
        Inputs.
    z : ndarray, shape (n,)
        Observations; a priori they are 0.
    hyper : Hyper
        Its lengths are one a column here.

    Raises
    ------
    numpy.linalg.LinAlgError
        If an input is not finite.
    """

    def __init__(self, x: Array, z: Array, hyper: Hyper) -> None:
        self._lengths, self._scale, self._observed = hyper.lengths, hyper.scale, z
        self._scaled = x / hyper.lengths
        covariance = self._kernel(x)
        covariance.flat[:: len(x) + 1] += hyper.noise
        self._factor = _cholesky(covariance)
        self._alpha = _solve(self._factor, _solve(self._factor, z), transposed=True)

    def __len__(self) -> int:
        """How many observations there are."""
        return len(self._alpha)

    def mean(self, x: Array) -> Array:
        """Return the mean at points of shape (m, d); RW (2.25)."""
        return np.asarray(self._kernel(x) @ self._alpha)

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation, without noise, at points of shape (m, d); RW (2.25) and (2.26)."""
        kernel = self._kernel(x)
        explained = _solve(self._factor, kernel.T)
        return kernel @ self._alpha, self._sd(explained)

    def r2_left_out(self) -> float:
        """Return the share of the observations' variance that is predicted where each is left out; in [0, 1].

        References
        ----------
        RW (5.12).
        """
        inverse = _solve(self._factor, np.eye(len(self)))
        off = self._alpha / np.einsum("ij,ij->j", inverse, inverse)
        z = self._observed
        return float(np.clip(1 - np.mean(off**2) / max(float(np.var(z)), 1e-300), 0.0, 1.0))

    def sample(self, x: Array, n: int, rng: np.random.Generator) -> Array:
        """Return ``n`` functions drawn from the posterior, at points of shape (m, d): shape (n, m); RW (2.24)."""
        kernel = self._kernel(x)
        explained = _solve(self._factor, kernel.T)
        scaled = x / self._lengths
        covariance = _matern(_squared_distances(scaled, scaled), self._scale) - explained.T @ explained
        covariance.flat[:: len(x) + 1] += 1e-8 * self._scale
        return np.asarray(kernel @ self._alpha + rng.standard_normal((n, len(x))) @ _cholesky(covariance).T)

    def gradient(self, x: Array) -> tuple[Array, Array, Array, Array]:
        """Return mean and standard deviation, and their gradients by the points.

        Parameters
        ----------
        x : ndarray, shape (m, d)

        Returns
        -------
        mean, sd : ndarray, shape (m,)
        mean_gradient, sd_gradient : ndarray, shape (m, d)
        """
        kernel, falling = _falling_matern(self._distances(x), self._scale)
        explained = _solve(self._factor, kernel.T)
        weights = _solve(self._factor, explained, transposed=True).T
        sd = self._sd(explained)
        mean_gradient = self._pull(x, falling * self._alpha)
        sd_gradient = -self._pull(x, falling * weights) / sd[:, None]
        return kernel @ self._alpha, sd, mean_gradient, sd_gradient

    def exported(self) -> dict[str, Any]:
        """Return what predicts the same elsewhere: observations and hyper-parameters, in columns' units."""
        return {
            "x": self._scaled * self._lengths,
            "z": self._observed,
            "lengths": self._lengths,
            "scale": self._scale,
            # With what the factor needed on its diagonal.
            "noise": float(self._factor[0, 0]) ** 2 - self._scale,
        }

    def _distances(self, x: Array) -> Array:
        """Return the squared distances between points and observations, shape (m, n)."""
        return _squared_distances(x / self._lengths, self._scaled)

    def _kernel(self, x: Array) -> Array:
        return _matern(self._distances(x), self._scale)

    def _pull(self, x: Array, weights: Array) -> Array:
        """Return the sum over observations of weights times (x_observed - x) / lengths^2, shape (m, d)."""
        pulled = weights @ self._scaled - weights.sum(axis=1)[:, None] * (x / self._lengths)
        return np.asarray(pulled / self._lengths)

    def _sd(self, explained: Array) -> Array:
        variance = self._scale - np.einsum("ij,ij->j", explained, explained)
        # Below this it is rounding.
        return np.asarray(np.sqrt(np.maximum(variance, 1e-10 * self._scale)))


class GaussianProcess:
    """Regression by a Gaussian process, as scikit-learn's regressors do it.

    It can be the ``base_estimator`` of a ``skopt.Optimizer`` with ``acq_optimizer="sampling"``.

    Parameters
    ----------
    groups : sequence of int, optional
        Which length scale each column has, counted from 0; by default each has its own. The columns of one choice
        share one.
    warm_start : bool
        Search from the hyper-parameters of the last fit as well.

    Attributes
    ----------
    hyper_ : Hyper
        What was learnt.
    warp_ : YeoJohnson
        Between objective units and those of ``posterior_``.
    posterior_ : Posterior
        Of the warped objective, conditioned on all observations.
    n_features_in_ : int
        d.
    """

    _estimator_type = "regressor"  # scikit-learn before 1.6

    def __init__(self, *, groups: Sequence[int] | None = None, warm_start: bool = False) -> None:
        self.groups = groups
        self.warm_start = warm_start

    @calm()
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803 (scikit-learn's name)
        """Learn from observations.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Inputs; length scales are expected between 0.1 and 1.
        y : array_like, shape (n,)
            The objective, in any unit.

        Raises
        ------
        ValueError
            If there are none, the shapes differ, or a number is not finite.
        """
        x, z = self._warped(X, y)
        self._learn(x, z)
        self.condition(x, z)
        return self

    @calm()
    def update(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Learn from observations, but keep the hyper-parameters of the last fit, which take most of its time.

        Raises
        ------
        ValueError
            As :meth:`fit`.
        """
        self.condition(*self._warped(X, y))
        return self

    def condition(self, x: Array, z: Array) -> None:
        """Replace the observations, in the surrogate's units, and keep all that was learnt."""
        self.posterior_ = Posterior(x, z, replace(self.hyper_, lengths=self.hyper_.lengths[self._columns(x)]))

    @overload
    def predict(self, X: ArrayLike, return_std: Literal[False] = False) -> Array: ...  # noqa: N803
    @overload
    def predict(self, X: ArrayLike, return_std: Literal[True]) -> tuple[Array, Array]: ...  # noqa: N803
    def predict(self, X: ArrayLike, return_std: bool = False) -> Array | tuple[Array, Array]:  # noqa: N803
        """Return the predicted objective, in its own units, and how sure it is.

        Parameters
        ----------
        X : array_like, shape (m, d)
            Inputs.
        return_std : bool
            Return the standard deviation as well, that of the function without noise.

        Returns
        -------
        mean : ndarray, shape (m,)
            The median, where the warp is not linear; see :meth:`YeoJohnson.in_units`.
        sd : ndarray, shape (m,)
            If asked for.

        Raises
        ------
        ValueError
            If the number of columns is not that of the fit, or a number is not finite.
        """
        x = _checked(X)
        if x.shape[1] != self.n_features_in_:
            raise ValueError(f"X has {x.shape[1]} columns, the fit had {self.n_features_in_}")
        with calm():
            if not return_std:
                return self.warp_.inverse(self.posterior_.mean(x))
            return self.warp_.in_units(*self.posterior_.predict(x))

    def exported(self) -> dict[str, Any]:
        """Return what predicts the same elsewhere: :meth:`Posterior.exported`, and the warp."""
        return {**self.posterior_.exported(), "warp": asdict(self.warp_)}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"groups": self.groups, "warm_start": self.warm_start}

    def set_params(self, **params: Any) -> Self:
        """Set arguments of the constructor.

        Raises
        ------
        ValueError
            If there is no such argument.
        """
        for name, value in params.items():
            if name not in self.get_params():
                raise ValueError(f"{name!r} is not a parameter of {type(self).__name__}")
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags, Tags, TargetTags

        return Tags("regressor", TargetTags(required=True), regressor_tags=RegressorTags())

    def _warped(self, inputs: ArrayLike, values: ArrayLike) -> tuple[Array, Array]:
        """Return observations as the surrogate has them, by a warp that is fitted to them."""
        x, y = _checked_pair(inputs, values)
        self.warp_ = YeoJohnson.fit(y)
        return x, self.warp_.transform(y)

    def _learn(self, x: Array, z: Array) -> None:
        columns = self._columns(x)
        n_groups = int(columns.max(initial=-1)) + 1
        exact, noisy = Hyper(np.full(n_groups, 0.5), noise=1e-3), Hyper(np.full(n_groups, 1.0), noise=0.3)
        last = getattr(self, "hyper_", exact) if self.warm_start else exact
        # From short lengths or little noise alone, the search explains noise by short lengths and stays there.
        self.hyper_: Hyper = learn(x, z, columns, [last if len(last.lengths) == n_groups else exact, noisy])
        self.n_features_in_ = x.shape[1]

    def _columns(self, x: Array) -> NDArray[np.intp]:
        """Return the length scale of each column of ``x``, shape (d,)."""
        groups = np.arange(x.shape[1]) if self.groups is None else np.asarray(self.groups, np.intp)
        if len(groups) != x.shape[1]:
            raise ValueError(f"X has {x.shape[1]} columns, groups say {len(groups)}")
        return groups


def _checked_pair(inputs: ArrayLike, values: ArrayLike) -> tuple[Array, Array]:
    x, y = _checked(inputs), np.asarray(values, float).ravel()
    if len(x) != len(y) or not len(x):
        raise ValueError(f"X has {len(x)} rows and y {len(y)}; they must be as many, and at least one")
    if not np.isfinite(y).all():
        raise ValueError("y is not finite; leave failed trials out, or give them a bad value")
    return x, y


def _checked(inputs: ArrayLike) -> Array:
    x = np.asarray(inputs, float)
    if x.ndim != 2:
        raise ValueError(f"X has {x.ndim} dimensions; it must have 2")
    if not np.isfinite(x).all():
        raise ValueError("X is not finite")
    return x
