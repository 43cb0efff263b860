"""Problems for the optimizer benchmark: a tune cell, a function, and where its optimum is known to be.

Each problem belongs to one of two fixed halves, stated at its definition. Settings of jtune's samplers may be chosen
on ``choose``; ``report`` is for reporting and was never looked at for a choice. Both halves hold the same kinds, in the
same numbers; no data set and no formula is in both, but Hartmann's function (6 and 3 parameters). A new problem comes
with a partner of its kind in the other half.

Where an optimum has no closed form (``best`` is not given) it is what ``optimizers.py --find-optima`` found, with numpy
2.4.6 and scikit-learn 1.9.1, and a run that beats it has a regret of 0: the best of 20,000 uniform points and of local
searches from the best 8 of these. Fits cost more: 1500 points for svc_digits, gbr_diabetes and sgd_cancer, 600 for the
others. What random search finds is resampled from such points (360 for noisy_ridge and noisy_tree) and is in
``random_search.json``. Run as a script, this file lists the problems.
"""

from __future__ import annotations

import inspect
import json
import math
import warnings
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from jtune.language.cell import Cell
from jtune.language.space import Point, Space

Half: TypeAlias = Literal["choose", "report"]
KINDS = ("continuous", "log", "mixed", "conditional", "noisy", "failing", "real", "degenerate")
_REFERENCE = Path(__file__).with_name("random_search.json")
# How many random splits stand for the true value, and how many of others a trial sees.
_SPLITS, _SPLITS_SEEN = 40, 5


class CrashError(Exception):
    """The objective has no value here, as when a fit runs out of memory."""


@dataclass(frozen=True)
class Problem:
    """One objective, to be minimised.

    Parameters
    ----------
    name : str
    half : {"choose", "report"}
    kind : str
        One of :data:`KINDS`.
    cell : str
        The search space in the tune language; its literals are the baseline.
    function : callable
        True value from the values of all parameters, by keyword; raises :class:`CrashError` where there is none.
    optimum : float
        The lowest true value.
    best : dict or None
        A point that reaches ``optimum``, where one is known exactly.
    noise : float
        Standard deviation of what a trial sees around the true value.
    sample : callable or None
        What a trial sees instead: ``function`` on the few random splits that ``seed`` says.
    """

    name: str
    half: Half
    kind: str
    cell: str
    function: Callable[..., float]
    optimum: float
    best: Point | None = None
    noise: float = 0.0
    sample: Callable[..., float] | None = None

    @cached_property
    def space(self) -> Space:
        """The search space."""
        return Cell(self.cell).space

    @cached_property
    def digest(self) -> str:
        """Eight digits that change with the definition."""
        return f"{zlib.crc32(inspect.getsource(self.function).encode()):08x}"

    @property
    def is_noisy(self) -> bool:
        """Whether trials see something else than the true value."""
        return self.noise > 0 or self.sample is not None

    def value(self, point: Mapping[str, Any]) -> float:
        """Return the true value at a point."""
        return self._call(self.function, point)

    def observe(self, point: Mapping[str, Any], rng: np.random.Generator) -> float:
        """Return what a trial sees at a point."""
        if self.sample is not None:
            return self._call(self.sample, point, seed=int(rng.integers(2**31)))
        return self.value(point) + self.noise * float(rng.standard_normal())

    def random_search(self, n: int) -> float:
        """Return the regret of random search after ``n`` trials: the median, or the mean where that is 0.

        Read from a table that ``optimizers.py --find-optima`` writes, interpolated in log n.
        """
        table = _random_searches()[self.name]
        budgets = sorted(map(int, table))
        medians, means = np.array([table[str(b)] for b in budgets]).T - self.optimum
        at = math.log(n)
        median, mean = (float(np.interp(at, np.log(budgets), regrets)) for regrets in (medians, means))
        return max(median if median > 1e-12 else mean, 1e-12)

    @cached_property
    def bad_value(self) -> float:
        """The worst of 64 random successes: what an optimizer that knows no failures is told of a crash."""
        rng = np.random.default_rng(0)
        values = []
        while len(values) < 64:
            try:
                values.append(self.value(self.space.sample(rng)))
            except CrashError:
                continue
        return max(values)

    def _call(self, function: Callable[..., float], point: Mapping[str, Any], **more: Any) -> float:
        with warnings.catch_warnings():
            # Fits that did not converge are part of the problem.
            warnings.simplefilter("ignore")
            return float(function(**self.space.complete(point), **more))


@cache
def _random_searches() -> dict[str, dict[str, tuple[float, float]]]:
    return json.loads(_REFERENCE.read_text("utf-8"))["problems"] if _REFERENCE.exists() else {}


def write_random_searches(tables: Mapping[str, Mapping[str, tuple[float, float]]], versions: str) -> None:
    """Add ``{problem: {budget: (median, mean) of the best true value}}`` to the table."""
    problems = dict(sorted({**_random_searches(), **tables}.items()))
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(table)}" for name, table in problems.items())
    text = f'{{\n  "versions": {json.dumps(versions)},\n  "problems": {{\n{lines}\n  }}\n}}\n'
    _REFERENCE.write_text(text, encoding="utf-8")
    _random_searches.cache_clear()


PROBLEMS: dict[str, Problem] = {}


def problem(
    half: Half,
    kind: str,
    cell: str,
    optimum: float,
    best: Point | None = None,
    *,
    noise: float = 0.0,
    sample: Callable[..., float] | None = None,
) -> Callable[[Callable[..., float]], Callable[..., float]]:
    """Register the decorated function as a problem of its name."""

    def register(function: Callable[..., float]) -> Callable[..., float]:
        name = function.__name__
        PROBLEMS[name] = Problem(name, half, kind, cell, function, optimum, best, noise, sample)
        return function

    return register


def select(half: Half | None = None, names: list[str] | None = None) -> list[Problem]:
    """Return problems in the order of their definition."""
    unknown = set(names or ()) - PROBLEMS.keys()
    if unknown:
        raise ValueError(f"no such problem: {', '.join(sorted(unknown))}; there are {', '.join(PROBLEMS)}")
    return [p for p in PROBLEMS.values() if half in (None, p.half) and (not names or p.name in names)]


# Continuous. Formulas as in Surjanovic and Bingham, Virtual Library of Simulation Experiments (sfu.ca/~ssurjano).


def _branin(x: float, y: float) -> float:
    bend = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return bend**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def _camel(x: float, y: float) -> float:
    return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2


def _ackley(*z: float) -> float:
    x = np.asarray(z)
    waves = math.exp(float(np.mean(np.cos(2 * np.pi * x))))
    return -20 * math.exp(-0.2 * math.sqrt(float(np.mean(x**2)))) - waves + 20 + math.e


def _levy(*z: float) -> float:
    w = 1 + (np.asarray(z) - 1) / 4
    inner = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2)
    last = (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
    return float(np.sin(np.pi * w[0]) ** 2 + inner.sum() + last)


def _rosenbrock(*z: float) -> float:
    x = np.asarray(z)
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


def _hartmann(x: tuple[float, ...], scales: str, centres: str) -> float:
    """Hartmann's function; rows of ``scales`` and ``centres`` (in 1e-4) are its four wells."""
    a, p = (np.array([row.split() for row in text.split(";")], float) for text in (scales, centres))
    return -float(np.array([1.0, 1.2, 3.0, 3.2]) @ np.exp(-(a * (np.asarray(x) - 1e-4 * p) ** 2).sum(axis=1)))


@problem(
    "choose",
    "continuous",
    """
x = 8.0  # tune: -5..10
y = 13.0  # tune: 0..15
""",
    10 / (8 * math.pi),
    {"x": math.pi, "y": 2.275},
)
def branin(x: float, y: float) -> float:
    return _branin(x, y)


@problem(
    "choose",
    "continuous",
    """
a = 0.5  # tune: 0..1
b = 0.5  # tune: 0..1
c = 0.5  # tune: 0..1
d = 0.5  # tune: 0..1
e = 0.5  # tune: 0..1
f = 0.5  # tune: 0..1
""",
    -3.322368011415512,
    {"a": 0.20168951, "b": 0.15001069, "c": 0.47687398, "d": 0.27533243, "e": 0.31165162, "f": 0.65730053},
)
def hartmann6(a: float, b: float, c: float, d: float, e: float, f: float) -> float:
    return _hartmann(
        (a, b, c, d, e, f),
        "10 3 17 3.5 1.7 8; .05 10 17 .1 8 14; 3 3.5 1.7 10 17 8; 17 8 .05 10 .1 14",
        "1312 1696 5569 124 8283 5886; 2329 4135 8307 3736 1004 9991; "
        "2348 1451 3522 2883 3047 6650; 4047 8828 8732 5743 1091 381",
    )


@problem(
    "choose",
    "continuous",
    """
a = 1.0  # tune: -8..16
b = 1.0  # tune: -16..8
c = 1.0  # tune: -12..12
d = 1.0  # tune: -10..14
e = 1.0  # tune: -14..10
""",
    0.0,
    {"a": -2.5, "b": -4.0, "c": 3.5, "d": -1.5, "e": 5.0},
)
def ackley5(a: float, b: float, c: float, d: float, e: float) -> float:
    return _ackley(a + 2.5, b + 4, c - 3.5, d + 1.5, e - 5)


@problem(
    "choose",
    "continuous",
    """
a = -1.0  # tune: -2..2
b = -1.0  # tune: -2..2
c = -1.0  # tune: -2..2
d = -1.0  # tune: -2..2
""",
    0.0,
    {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0},
)
def rosenbrock4(a: float, b: float, c: float, d: float) -> float:
    return _rosenbrock(a, b, c, d)


@problem(
    "report",
    "continuous",
    """
x = 2.0  # tune: -3..3
y = 1.0  # tune: -2..2
""",
    -1.0316284534898774,
    {"x": 0.0898420131, "y": -0.7126564030},
)
def camel(x: float, y: float) -> float:
    return _camel(x, y)


@problem(
    "report",
    "continuous",
    """
a = 0.9  # tune: 0..1
b = 0.9  # tune: 0..1
c = 0.1  # tune: 0..1
""",
    -3.8627797873,
    {"a": 0.1145890, "b": 0.5556489, "c": 0.8525470},
)
def hartmann3(a: float, b: float, c: float) -> float:
    return _hartmann(
        (a, b, c),
        "3 10 30; .1 10 35; 3 10 30; .1 10 35",
        "3689 1170 2673; 4699 4387 7470; 1091 8732 5547; 381 5743 8828",
    )


@problem(
    "report",
    "continuous",
    """
a = 5.0  # tune: -5..9
b = 5.0  # tune: -9..5
c = 5.0  # tune: -5..9
d = 5.0  # tune: -9..5
e = 5.0  # tune: -5..9
""",
    0.0,
    {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0, "e": 1.0},
)
def levy5(a: float, b: float, c: float, d: float, e: float) -> float:
    return _levy(a, b, c, d, e)


@problem(
    "report",
    "continuous",
    """
a = 0.0  # tune: -5..5
b = 0.0  # tune: -5..5
c = 0.0  # tune: -5..5
d = 0.0  # tune: -5..5
""",
    4 * -39.16616570377142,
    dict.fromkeys("abcd", -2.9035340277711776),
)
def styblinski4(a: float, b: float, c: float, d: float) -> float:
    return sum(x**4 - 16 * x**2 + 5 * x for x in (a, b, c, d)) / 2


# Log-scaled.


def _heavy_ball(lr: float, friction: float, decay: float, largest: float) -> float:
    """Return the mean error after 60 steps of gradient descent with momentum on a quadratic.

    Curvatures are spread over 1..100, all start at distance 1; ``decay`` pulls to 0, which is 0.1 off. An error above
    ``largest`` is returned as it is.
    """
    curvature = np.logspace(0, 2, 8)
    position, velocity = np.full(8, 1.1), np.zeros(8)
    for _ in range(60):
        velocity = (1 - friction) * velocity - lr * (curvature * (position - 0.1) + decay * position)
        position = position + velocity
        error = float(np.mean(np.abs(position - 0.1)))
        if error > largest:
            break
    return error


@problem(
    "report",
    "log",
    """
a = 0.5  # tune: 1e-5..1 log
b = 500.0  # tune: 1e-3..1e3 log
c = 1e-6  # tune: 1e-6..1e-1 log
""",
    0.0,
    {"a": 5e-4, "b": 0.02, "c": 3e-3},
)
def log_bowl(a: float, b: float, c: float) -> float:
    """Return a bowl that is four times as long as wide, along no axis, in decades."""
    u, v, w = math.log10(a / 5e-4), math.log10(b / 0.02), math.log10(c / 3e-3)
    return (u + v) ** 2 + 0.25 * (u - v) ** 2 + (w - 0.5 * u) ** 2


@problem(
    "choose",
    "log",
    """
lr = 0.001  # tune: 1e-5..1 log
friction = 1.0  # tune: 1e-3..1 log
decay = 0.1  # tune: 1e-6..1 log
""",
    -3.979463,
)
def momentum(lr: float, friction: float, decay: float) -> float:
    """Return decades of the error of :func:`_heavy_ball`; its divergence is a plateau."""
    return math.log10(1e-4 + min(_heavy_ball(lr, friction, decay, 1e3), 1e3))


@problem(
    "choose",
    "log",
    """
a = 1e-5  # tune: 1e-6..1 log
b = 1e-5  # tune: 1e-6..1 log
c = 10.0  # tune: 1e-2..1e2 log
d = 10.0  # tune: 1e-2..1e2 log
""",
    0.0,
    {"a": 1e-2, "b": 1e-2, "c": 5.0, "d": 5.0},
)
def log_valley(a: float, b: float, c: float, d: float) -> float:
    """Return two of Rosenbrock's valleys, in decades."""
    return math.log1p(
        _rosenbrock(math.log10(a) + 3, math.log10(b) + 3) + _rosenbrock(math.log10(2 * c), math.log10(2 * d))
    )


@problem(
    "report",
    "log",
    """
dose = 10.0  # tune: 0.1..100 log
uptake = 0.1  # tune: 1e-3..10 log
loss_rate = 1.0  # tune: 1e-3..10 log
""",
    -3.0,
    {"dose": 2.0, "uptake": 0.8, "loss_rate": 0.03},
)
def kinetics(dose: float, uptake: float, loss_rate: float) -> float:
    """Return decades of the misfit of a one-compartment model (Bateman's function) to its own curve."""

    def curve(dose: float, uptake: float, loss_rate: float) -> np.ndarray:
        t = np.linspace(0.5, 60, 24)
        gap = loss_rate - uptake + 1e-9
        return dose * uptake / gap * (np.exp(-uptake * t) - np.exp(-loss_rate * t))

    misfit = curve(dose, uptake, loss_rate) - curve(2.0, 0.8, 0.03)
    return math.log10(1e-3 + math.sqrt(float(np.mean(misfit**2))))


# Mixed: ints and choices beside floats.


def _boosting(lr: float, trees: int, depth: int, subsample: float, loss: str) -> float:
    """Return something like a boosted model's error; 0 at lr=0.03, trees=400, depth=5, subsample=0.7, huber."""
    slow = math.log10(lr / 0.03)
    fit = math.log10(lr * trees / 12)
    bend = depth - 5 + 2 * slow
    kind = {"squared": 0.15, "absolute": 0.4, "huber": 0.0}[loss]
    return fit**2 + 0.1 * slow**2 + 0.03 * bend**2 + (subsample - 0.7) ** 2 + kind * (1 + 0.5 * abs(fit))


@problem(
    "choose",
    "mixed",
    """
lr = 0.3  # tune: 1e-3..1 log
trees = 50  # tune: 10..1000 log
depth = 10  # tune: 1..12
subsample = 1.0  # tune: 0.3..1
loss = 'squared'  # tune: ['squared', 'absolute', 'huber']
""",
    0.0,
    {"lr": 0.03, "trees": 400, "depth": 5, "subsample": 0.7, "loss": "huber"},
)
def mixed_boosting(lr: float, trees: int, depth: int, subsample: float, loss: str) -> float:
    return _boosting(lr, trees, depth, subsample, loss)


@problem(
    "choose",
    "mixed",
    """
x = 8.0  # tune: -5..10
y = 13.0  # tune: 0..15
kind = 'bowl'  # tune: ['bowl', 'waves', 'branin']
""",
    1 / (8 * math.pi),
    {"x": math.pi, "y": 2.275, "kind": "branin"},
)
def mixed_branches(x: float, y: float, kind: str) -> float:
    """Return one of three functions; the one with the best optimum is the worst on average."""
    if kind == "bowl":
        return 0.5 + ((x - 2) ** 2 + (y - 8) ** 2) / 50
    if kind == "waves":
        return 0.3 + 0.2 * (2 + math.sin(x) + math.cos(y)) + 0.02 * abs(x - 1)
    return _branin(x, y) / 10


@problem(
    "choose",
    "mixed",
    """
a = 0  # tune: -4..10
b = 0  # tune: -8..6
c = 0  # tune: 0..12
x = 0.0  # tune: -10..5
flip = False  # tune: [True, False]
""",
    0.0,
    {"a": 3, "b": -5, "c": 7, "x": -2.25, "flip": True},
)
def mixed_ints(a: int, b: int, c: int, x: float, flip: bool) -> float:
    """Return Ackley's function of three ints and a float; unflipped, it is centred elsewhere and worse."""
    centre = (3, -5, 7, -2.25) if flip else (5, -2, 2, 1.0)
    return _ackley(*(v - m for v, m in zip((a, b, c, x), centre, strict=True))) + (0.0 if flip else 1.5)


def _network(width: int, layers: int, dropout: float, lr: float, batch: int, activation: str, is_normed: bool) -> float:
    """Return something like a network's error; 0 at 128 x 3, 0.2, 2e-3, 64, gelu, normed."""
    size = math.log2(width / 128) + 0.7 * (layers - 3)
    rate = math.log10(lr / 2e-3) - 0.5 * math.log2(batch / 64) * math.log10(2) + 0.15 * (layers - 3)
    rate *= 0.6 if is_normed else 1.0
    kind = {"relu": 0.12, "tanh": 0.35, "gelu": 0.0, "sigmoid": 0.6}[activation]
    overfit = dropout - 0.2 - 0.06 * size
    shape = 0.06 * size**2 + 0.03 * (layers - 3) ** 2 + 0.02 * math.log2(batch / 64) ** 2
    return 0.8 * (1 - math.exp(-(rate**2))) + shape + 2 * overfit**2 + kind + (0.0 if is_normed else 0.1 * layers)


@problem(
    "report",
    "mixed",
    """
width = 32  # tune: 8..1024 log
layers = 1  # tune: 1..8
dropout = 0.5  # tune: 0..0.8
lr = 0.1  # tune: 1e-5..1 log
batch = 256  # tune: [16, 32, 64, 128, 256]
activation = 'sigmoid'  # tune: ['relu', 'tanh', 'gelu', 'sigmoid']
is_normed = False  # tune
""",
    0.0,
    {"width": 128, "layers": 3, "dropout": 0.2, "lr": 2e-3, "batch": 64, "activation": "gelu", "is_normed": True},
)
def mixed_network(
    width: int, layers: int, dropout: float, lr: float, batch: int, activation: str, is_normed: bool
) -> float:
    return _network(width, layers, dropout, lr, batch, activation, is_normed)


@problem(
    "report",
    "mixed",
    """
route = 'f'  # tune: ['a', 'b', 'c', 'd', 'e', 'f']
x = 0.9  # tune: 0..1
y = 0.1  # tune: 0..1
n = 30  # tune: 1..40
""",
    0.0,
    {"route": "c", "x": 0.62, "y": 0.55, "n": 17},
)
def mixed_routes(route: str, x: float, y: float, n: int) -> float:
    """Return a bowl whose centre depends on the choice, with ripples in the int."""
    shift = {"a": 0.3, "b": -0.2, "c": 0.0, "d": 0.1, "e": -0.4, "f": 0.5}[route]
    ripple = 1 - math.cos(0.8 * (n - 17))
    bowl = 4 * (x - 0.62 + shift) ** 2 + 4 * (y - 0.55 - 0.5 * shift) ** 2
    return bowl + ((n - 17) / 20) ** 2 + 0.1 * ripple + abs(shift)


@problem(
    "report",
    "mixed",
    """
x = 0.0  # tune: -5..5 step 0.25
y = 3.0  # tune: -5..5 step 0.5
k = 50  # tune: 10..100 step 5
kernel = 3  # tune: [1, 3, 5, 7]
""",
    0.0,
    {"x": -1.75, "y": 2.0, "k": 35, "kernel": 5},
)
def mixed_steps(x: float, y: float, k: int, kernel: int) -> float:
    """Return Levy's function on step grids, plus a choice of ordered numbers."""
    return _levy(x + 2.75, y - 1, 1 + (k - 35) / 10) + 0.4 * abs(kernel - 5)


# Conditional: parameters that count only where others say so.


@problem(
    "choose",
    "conditional",
    """
layers = 1  # tune: 1..3
units1 = 16  # tune: 4..512 log
units2 = 16  # tune: 4..512 log if layers >= 2
units3 = 16  # tune: 4..512 log if layers >= 3
lr = 0.3  # tune: 1e-4..1 log
""",
    0.0,
    {"layers": 3, "units1": 128, "units2": 64, "units3": 24, "lr": 0.01},
)
def cond_layers(layers: int, units1: int, units2: int, units3: int, lr: float) -> float:
    """Return something like a network's error: deeper is better once each layer has its width."""
    widths = zip((units1, units2, units3)[:layers], (128, 64, 24), strict=False)
    shape = sum(0.1 * math.log2(units / target) ** 2 for units, target in widths)
    return shape + (1.0, 0.4, 0.0)[layers - 1] + 0.5 * math.log10(lr / 0.01 * layers / 3) ** 2


@problem(
    "choose",
    "conditional",
    """
C = 100.0  # tune: 1e-3..1e3 log
kernel = 'linear'  # tune: ['linear', 'poly', 'rbf']
gamma = 1.0  # tune: 1e-4..10 log if kernel != 'linear'
degree = 4  # tune: 2..6 if kernel == 'poly'
coef0 = 0.0  # tune: 0..2 if kernel == 'poly'
""",
    0.0,
    {"C": 20.0, "kernel": "rbf", "gamma": 0.01},
)
def cond_kernel(C: float, kernel: str, gamma: float, degree: int, coef0: float) -> float:  # noqa: N803
    """Return something like a support vector machine's error: three kernels, each with its own valley."""
    c, g = math.log10(C / 20), math.log10(gamma / 0.01)
    if kernel == "linear":
        return 0.5 + 0.1 * (c + 1) ** 2
    if kernel == "poly":
        return 0.15 + 0.2 * (g + 0.5 * c - 0.5) ** 2 + 0.1 * (degree - 3) ** 2 + 0.2 * (coef0 - 1) ** 2 + 0.05 * c**2
    return 1 - math.exp(-0.6 * (g + 0.7 * c) ** 2 - 0.1 * c**2)


@problem(
    "report",
    "conditional",
    """
method = 'sgd'  # tune: ['sgd', 'adam', 'rmsprop']
lr = 1.0  # tune: 1e-5..1 log
momentum = 0.0  # tune: 0..0.99 if method == 'sgd'
forget = 0.5  # tune: 1e-4..0.5 log if method != 'sgd'
warmup = 900  # tune: 0..1000 step 50 if method == 'adam'
""",
    0.0,
    {"method": "adam", "lr": 3e-3, "forget": 2e-3, "warmup": 300},
)
def cond_optimizer(method: str, lr: float, momentum: float, forget: float, warmup: int) -> float:
    """Return something like a training's loss: each method wants its own learning rate."""
    if method == "sgd":
        return 0.1 + 0.4 * math.log10(lr / (1 - momentum) / 0.5) ** 2 + 0.5 * (momentum - 0.9) ** 2
    rate, memory = math.log10(lr / 3e-3), math.log10(forget / 2e-3)
    if method == "rmsprop":
        return 0.2 + 0.3 * (rate + 1) ** 2 + 0.1 * memory**2
    return 0.5 * rate**2 + 0.15 * memory**2 + 0.2 * ((warmup - 300) / 300) ** 2 + 0.2 * abs(rate * (warmup - 300) / 300)


@problem(
    "report",
    "conditional",
    """
booster = 'linear'  # tune: ['tree', 'linear', 'dart']
eta = 0.9  # tune: 0.01..1 log
depth = 8  # tune: 1..12 if booster != 'linear'
skip = 0.9  # tune: 0..1 if booster == 'dart'
alpha = 10.0  # tune: 1e-4..10 log if booster == 'linear'
has_bins = False  # tune: [True, False] if booster == 'tree'
bins = 16  # tune: 8..512 log if booster == 'tree' and has_bins
""",
    0.0,
    {"booster": "tree", "eta": 0.08, "depth": 6, "has_bins": True, "bins": 100},
)
def cond_booster(booster: str, eta: float, depth: int, skip: float, alpha: float, has_bins: bool, bins: int) -> float:
    """Return something like a booster's error, with a condition within a condition."""
    step = math.log10(eta / 0.08)
    if booster == "linear":
        return 0.4 + 0.2 * (step - 0.5) ** 2 + 0.1 * math.log10(alpha / 0.1) ** 2
    trees = 0.5 * step**2 + 0.03 * (depth - 6 + 3 * step) ** 2
    if booster == "dart":
        return 0.05 + trees + (skip - 0.15) ** 2
    return trees + (0.1 * math.log2(bins / 100) ** 2 if has_bins else 0.12)


# Noisy: a trial sees the true value plus noise, or a few random splits of the data.


@problem(
    "choose",
    "noisy",
    """
x = 8.0  # tune: -5..10
y = 13.0  # tune: 0..15
""",
    10 / (8 * math.pi),
    {"x": -math.pi, "y": 12.275},
    noise=4.0,
)
def noisy_branin(x: float, y: float) -> float:
    return _branin(x, y)


@problem(
    "choose",
    "noisy",
    """
lr = 0.3  # tune: 1e-3..1 log
trees = 50  # tune: 10..1000 log
depth = 10  # tune: 1..12
subsample = 1.0  # tune: 0.3..1
loss = 'squared'  # tune: ['squared', 'absolute', 'huber']
""",
    0.0,
    {"lr": 0.03, "trees": 400, "depth": 5, "subsample": 0.7, "loss": "huber"},
    noise=0.15,
)
def noisy_boosting(lr: float, trees: int, depth: int, subsample: float, loss: str) -> float:
    return _boosting(lr, trees, depth, subsample, loss)


def _seen(on_split: Callable[..., float]) -> Callable[..., float]:
    """Return what a trial sees: the mean over a few splits from ``seed`` on, none of those of the true value."""

    def sample(seed: int, **values: Any) -> float:
        return float(np.mean([on_split(**values, seed=_SPLITS + seed + i) for i in range(_SPLITS_SEEN)]))

    return sample


def _ridge_on_split(alpha: float, gamma: float, seed: int) -> float:
    from sklearn.kernel_ridge import KernelRidge

    data, target = _diabetes()
    order = np.random.default_rng(seed).permutation(len(target))
    fitted, kept = order[:120], order[120:200]
    model = KernelRidge(kernel="rbf", alpha=alpha, gamma=gamma).fit(data[fitted], target[fitted])
    return float(np.mean((model.predict(data[kept]) - target[kept]) ** 2))


@problem(
    "choose",
    "noisy",
    """
alpha = 1e-4  # tune: 1e-6..1e3 log
gamma = 1.0  # tune: 1e-6..10 log
""",
    0.5432702,
    sample=_seen(_ridge_on_split),
)
def noisy_ridge(alpha: float, gamma: float) -> float:
    """Return the mean error of kernel ridge regression on diabetes; a trial sees five splits of 200 rows."""
    return float(np.mean([_ridge_on_split(alpha, gamma, seed) for seed in range(_SPLITS)]))


@problem(
    "report",
    "noisy",
    """
a = 5.0  # tune: -5..9
b = 5.0  # tune: -9..5
c = 5.0  # tune: -5..9
""",
    0.0,
    {"a": 1.0, "b": 1.0, "c": 1.0},
    noise=2.0,
)
def noisy_levy(a: float, b: float, c: float) -> float:
    return _levy(a, b, c)


@problem(
    "report",
    "noisy",
    """
width = 32  # tune: 8..1024 log
layers = 1  # tune: 1..8
dropout = 0.5  # tune: 0..0.8
lr = 0.1  # tune: 1e-5..1 log
batch = 256  # tune: [16, 32, 64, 128, 256]
activation = 'sigmoid'  # tune: ['relu', 'tanh', 'gelu', 'sigmoid']
""",
    0.0,
    {"width": 128, "layers": 3, "dropout": 0.2, "lr": 2e-3, "batch": 64, "activation": "gelu"},
    noise=0.2,
)
def noisy_network(width: int, layers: int, dropout: float, lr: float, batch: int, activation: str) -> float:
    return _network(width, layers, dropout, lr, batch, activation, is_normed=True)


def _tree_on_split(max_depth: int, min_leaf: int, max_features: float, seed: int) -> float:
    from sklearn.tree import DecisionTreeClassifier

    data, target = _cancer()
    order = np.random.default_rng(seed).permutation(len(target))
    fitted, kept = order[:150], order[150:]
    tree = DecisionTreeClassifier(
        max_depth=max_depth, min_samples_leaf=min_leaf, max_features=max_features, random_state=0
    )
    tree.fit(data[fitted], target[fitted])
    likely = tree.predict_proba(data[kept])[np.arange(len(kept)), target[kept]]
    return float(-np.mean(np.log(0.9 * likely + 0.05)))


@problem(
    "report",
    "noisy",
    """
max_depth = 12  # tune: 1..12
min_leaf = 1  # tune: 1..40 log
max_features = 1.0  # tune: 0.05..1
""",
    0.2199272,
    sample=_seen(_tree_on_split),
)
def noisy_tree(max_depth: int, min_leaf: int, max_features: float) -> float:
    """Return the mean log loss of a decision tree on breast cancer data; a trial sees five splits."""
    return float(np.mean([_tree_on_split(max_depth, min_leaf, max_features, seed) for seed in range(_SPLITS)]))


# Failing: a part of the space crashes.


@problem(
    "report",
    "failing",
    """
x = 0.1  # tune: 0..1
y = 0.1  # tune: 0..1
z = 0.1  # tune: 0..1
""",
    0.0,
    {"x": 0.7, "y": 0.45, "z": 0.3},
)
def crash_corner(x: float, y: float, z: float) -> float:
    """Return a slope down to an optimum just beside the third of the space that crashes."""
    if x + y > 1.2:
        raise CrashError("x + y is too large")
    return 2 * (x - 0.7) ** 2 + 2 * (y - 0.45) ** 2 + (z - 0.3) ** 2 + 0.3 * abs(1.15 - x - y)


@problem(
    "choose",
    "failing",
    """
width = 16  # tune: 8..1024 log
layers = 1  # tune: 1..10
batch = 16  # tune: [16, 32, 64, 128, 256]
lr = 0.5  # tune: 1e-5..1 log
""",
    0.0,
    {"width": 256, "layers": 6, "batch": 32, "lr": 1e-3},
)
def crash_memory(width: int, layers: int, batch: int, lr: float) -> float:
    """Return something like a network's error; larger is better until the memory is full."""
    if width * layers * batch > 60_000:
        raise CrashError("out of memory")
    size = 0.05 * math.log2(width / 256) ** 2 + 0.03 * (layers - 6) ** 2
    return size + 0.03 * math.log2(batch / 32) ** 2 + 0.3 * math.log10(lr / 1e-3 * 32 / batch) ** 2


@problem(
    "report",
    "failing",
    """
x = 2.0  # tune: -3..3
y = 1.0  # tune: -2..2
""",
    -1.0316284534898774,
    {"x": 0.0898420131, "y": -0.7126564030},
)
def crash_disc(x: float, y: float) -> float:
    """Return the camel function with holes: over one of its two optima, and next to the other."""
    if math.hypot(x + 0.3, y - 0.9) < 0.7 or math.hypot(x - 1.0, y + 0.9) < 0.7:
        raise CrashError("in a hole")
    return _camel(x, y)


@problem(
    "choose",
    "failing",
    """
lr = 1e-4  # tune: 1e-5..10 log
friction = 1.0  # tune: 1e-3..1 log
decay = 1.0  # tune: 1e-6..10 log
""",
    -3.977806,
)
def crash_divergence(lr: float, friction: float, decay: float) -> float:
    """Return decades of the error of :func:`_heavy_ball`; divergence, not far from the best rates, crashes."""
    error = _heavy_ball(lr, friction, decay, 10.0)
    if error > 10:
        raise CrashError("diverged")
    return math.log10(1e-4 + error)


# Real: scikit-learn on its own small data sets, one fixed split; each fit takes 1-50 ms.


@cache
def _diabetes() -> tuple[np.ndarray, np.ndarray]:
    """Standardised features and target, 442 rows in a random order."""
    from sklearn.datasets import load_diabetes

    data, target = load_diabetes(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(target))
    data, target = data[order], target[order]
    return (data - data.mean(axis=0)) / data.std(axis=0), (target - target.mean()) / target.std()


@cache
def _cancer() -> tuple[np.ndarray, np.ndarray]:
    """Standardised features and class (0 or 1), 569 rows in a random order."""
    from sklearn.datasets import load_breast_cancer

    data, target = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(target))
    data = data[order]
    return (data - data.mean(axis=0)) / data.std(axis=0), target[order]


@cache
def _digits() -> tuple[np.ndarray, np.ndarray]:
    """Pixels in [0, 1] and digit, 900 rows in a random order."""
    from sklearn.datasets import load_digits

    data, target = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(target))[:900]
    return data[order] / 16, target[order]


@cache
def _wine() -> tuple[np.ndarray, np.ndarray]:
    """Standardised features and class (0 to 2), 178 rows in a random order."""
    from sklearn.datasets import load_wine

    data, target = load_wine(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(target))
    data = data[order]
    return (data - data.mean(axis=0)) / data.std(axis=0), target[order]


def _squared_error(model: Any, n_fitted: int) -> float:
    data, target = _diabetes()
    model.fit(data[:n_fitted], target[:n_fitted])
    return float(np.mean((model.predict(data[n_fitted:]) - target[n_fitted:]) ** 2))


@problem(
    "choose",
    "real",
    """
C = 0.01  # tune: 1e-3..1e3 log
gamma = 1.0  # tune: 1e-5..10 log
""",
    0.021666667,
)
def svc_digits(C: float, gamma: float) -> float:  # noqa: N803
    """Return the share of 600 digits that a support vector machine fitted on 300 gets wrong."""
    from sklearn.svm import SVC

    data, target = _digits()
    return 1 - float(SVC(C=C, gamma=gamma).fit(data[:300], target[:300]).score(data[300:], target[300:]))


@problem(
    "choose",
    "real",
    """
lr = 0.5  # tune: 0.005..1 log
trees = 10  # tune: 5..40
depth = 5  # tune: 1..6
subsample = 1.0  # tune: 0.3..1
min_leaf = 1  # tune: 1..30
loss = 'squared_error'  # tune: ['squared_error', 'absolute_error', 'huber']
""",
    0.4917783,
)
def gbr_diabetes(lr: float, trees: int, depth: int, subsample: float, min_leaf: int, loss: str) -> float:
    """Return the squared error of gradient boosting on diabetes."""
    from sklearn.ensemble import GradientBoostingRegressor

    model = GradientBoostingRegressor(
        learning_rate=lr, n_estimators=trees, max_depth=depth, subsample=subsample,
        min_samples_leaf=min_leaf, loss=loss, random_state=0,
    )  # fmt: skip
    return _squared_error(model, 200)


@problem(
    "report",
    "real",
    """
loss = 'hinge'  # tune: ['hinge', 'log_loss', 'modified_huber']
penalty = 'l1'  # tune: ['l2', 'l1', 'elasticnet']
l1_ratio = 0.9  # tune: 0..1 if penalty == 'elasticnet'
alpha = 1.0  # tune: 1e-6..1 log
schedule = 'constant'  # tune: ['optimal', 'constant', 'invscaling']
eta0 = 1.0  # tune: 1e-4..1 log if schedule != 'optimal'
""",
    0.02710027,
)
def sgd_cancer(loss: str, penalty: str, l1_ratio: float, alpha: float, schedule: str, eta0: float) -> float:
    """Return the mean clipped hinge loss of a linear model by stochastic gradient descent on breast cancer data."""
    from sklearn.linear_model import SGDClassifier

    data, target = _cancer()
    model = SGDClassifier(
        loss=loss, penalty=penalty, l1_ratio=l1_ratio, alpha=alpha, learning_rate=schedule, eta0=eta0,
        max_iter=20, tol=None, random_state=0,
    )  # fmt: skip
    model.fit(data[:200], target[:200])
    margins = (2 * target[200:] - 1) * model.decision_function(data[200:])
    return float(np.mean(np.clip(1 - margins, 0, 2)))


@problem(
    "choose",
    "real",
    """
kernel = 'polynomial'  # tune: ['linear', 'rbf', 'laplacian', 'polynomial']
alpha = 1e-4  # tune: 1e-4..100 log
gamma = 1.0  # tune: 1e-5..1 log if kernel != 'linear'
degree = 5  # tune: 2..5 if kernel == 'polynomial'
""",
    -0.3181777072,
)
def ridge_diabetes(kernel: str, alpha: float, gamma: float, degree: int) -> float:
    """Return decades of the squared error of kernel ridge regression on diabetes."""
    from sklearn.kernel_ridge import KernelRidge

    return math.log10(_squared_error(KernelRidge(kernel=kernel, alpha=alpha, gamma=gamma, degree=degree), 300))


@problem(
    "report",
    "real",
    """
trees = 3  # tune: 2..25
depth = 2  # tune: 1..12
max_features = 1.0  # tune: 0.05..1
min_leaf = 20  # tune: 1..20
criterion = 'gini'  # tune: ['gini', 'entropy']
has_bootstrap = False  # tune: [True, False]
""",
    0.1458149075,
)
def trees_wine(
    trees: int, depth: int, max_features: float, min_leaf: int, criterion: str, has_bootstrap: bool
) -> float:
    """Return the log loss of extremely randomized trees on wine."""
    from sklearn.ensemble import ExtraTreesClassifier

    data, target = _wine()
    model = ExtraTreesClassifier(
        n_estimators=trees, max_depth=depth, max_features=max_features, min_samples_leaf=min_leaf,
        criterion=criterion, bootstrap=has_bootstrap, random_state=0,
    )  # fmt: skip
    model.fit(data[:70], target[:70])
    likely = model.predict_proba(data[70:])[np.arange(len(target) - 70), target[70:]]
    return float(-np.mean(np.log(0.98 * likely + 0.01)))


@problem(
    "report",
    "real",
    """
C = 100.0  # tune: 1e-3..1e3 log
epsilon = 1.0  # tune: 1e-3..2 log
gamma = 1.0  # tune: 1e-5..1 log
""",
    0.4941569812,
)
def svr_friedman(C: float, epsilon: float, gamma: float) -> float:  # noqa: N803
    """Return decades of the squared error of support vector regression on Friedman's first problem."""
    from sklearn.datasets import make_friedman1
    from sklearn.svm import SVR

    data, target = make_friedman1(400, 10, noise=1.0, random_state=0)
    model = SVR(C=C, epsilon=epsilon, gamma=gamma, max_iter=20_000).fit(data[:200], target[:200])
    return math.log10(float(np.mean((model.predict(data[200:]) - target[200:]) ** 2)))


# Degenerate: what trips optimizers rather than what is hard.


@problem(
    "choose",
    "degenerate",
    """
a = 1  # tune: 1..4
b = 'u'  # tune: ['u', 'v', 'w', 'x', 'y', 'z']
""",
    0.0,
    {"a": 3, "b": "x"},
)
def grid24(a: int, b: str) -> float:
    """Return values on 24 points, fewer than there are trials."""
    return abs(a - 3) + {"u": 2.0, "v": 0.7, "w": 1.1, "x": 0.0, "y": 0.4, "z": 3.0}[b] * (1 + 0.2 * a)


@problem(
    "choose",
    "degenerate",
    """
a = 0.5  # tune: 0..1
b = 0.5  # tune: 0..1
c = 0.5  # tune: 0..1
d = 10  # tune: 1..100
e = 'p'  # tune: ['p', 'q', 'r']
f = 0.5  # tune: 0..1
""",
    0.0,
    {"a": 0.1, "b": 0.2, "c": 0.137, "d": 5, "e": "q", "f": 0.9},
)
def one_matters(a: float, b: float, c: float, d: int, e: str, f: float) -> float:
    """Return a function of one parameter out of six; the other directions are constant."""
    return abs(c - 0.137) ** 0.5 * (1.2 + math.cos(14 * (c - 0.137)))


@problem(
    "report",
    "degenerate",
    """
a = False  # tune: [True, False]
b = 1  # tune: 1..6
c = 0.0  # tune: 0..1 step 0.25
""",
    0.0,
    {"a": True, "b": 5, "c": 0.75},
)
def grid60(a: bool, b: int, c: float) -> float:
    """Return values on 60 points, fewer than there are trials of a long study."""
    return (0.0 if a else 0.8) + 0.3 * abs(b - 5) + 2 * abs(c - 0.75) + (0.5 if a and b < 3 else 0.0)


@problem(
    "report",
    "degenerate",
    """
a = 0.9  # tune: 0..1
b = 0.9  # tune: 0..1
c = 0.9  # tune: 0..1
d = 1e-3  # tune: 1e-3..1 log
""",
    0.0,
    {"a": 0.31, "b": 0.57, "c": 0.5, "d": 0.05},
)
def terraces(a: float, b: float, c: float, d: float) -> float:
    """Return flat steps down to a flat bottom; one parameter dominates, one does nothing."""
    return (
        math.floor(12 * abs(a - 0.31))
        + 0.1 * math.floor(8 * abs(b - 0.57))
        + 0.1 * math.floor(2.5 * abs(math.log10(d / 0.05)))
    )


def main() -> None:
    for p in PROBLEMS.values():
        print(f"{p.half:8} {p.kind:12} {p.name:18} {len(p.space)} parameters   optimum {p.optimum:.6g}")


if __name__ == "__main__":
    main()
