"""What is said about parameters, against functions that are known: predictions, costs and shares of variance.

::

    python benchmarks/truth.py --seeds 5 --trials 40

"gp" searches; then what the study says is compared with the function. ``cost`` is how much worse the best trial is with
the user's value put back, ``share`` a first-order Sobol' index (400 x 24 points). A statement counts as true where the
true value is within two standard deviations, or within the interval (to .005).
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import peers
from regret import table
from suite import Problem

from jtune.surrogate.effects import Effects

_UNSEEN, _POINTS, _LEVELS = 200, 400, 24


def _unit(names: str, domain: str = "0..1") -> str:
    return "\n".join(f"{name} = 0.2  # tune: {domain}" for name in names)


def _problem(name: str, cell: str, function: Callable[..., float], noise: float = 0.0) -> Problem:
    return Problem(name, "report", "continuous", cell, function, 0.0, noise=noise)


PROBLEMS = {
    problem.name: problem
    for problem in (
        _problem("additive", _unit("abcd"), lambda a, b, c, d: 4 * a + 2 * b**2 + math.sin(3 * c) + 0 * d),
        _problem("additive, noisy", _unit("abcd"), lambda a, b, c, d: 4 * a + 2 * b**2 + math.sin(3 * c) + 0 * d, 0.3),
        _problem("interaction", _unit("abc", "-1..1"), lambda a, b, c: a * b + 0 * c),
        _problem("unused", _unit("abcd"), lambda a, b, c, d: (a - 0.3) ** 2 + 0.5 * b + 0 * c * d),
        _problem(
            "log",
            "C = 1.0  # tune: 1e-4..1e4 log\ng = 0.1  # tune: 1e-5..10 log\nu = 1  # tune: 1..9",
            lambda C, g, u: (math.log10(C) - 1) ** 2 / 4 + abs(math.log10(g) + 2) + 0 * u,  # noqa: N803
        ),
        _problem(
            "choice",
            "k = 'a'  # tune: ['a', 'b', 'c', 'd']\n" + _unit("xy"),
            lambda k, x, y: {"a": 0.0, "b": 1.0, "c": 0.5, "d": 2.0}[k] + 4 * (x - 0.5) ** 2 + 0.2 * y,
        ),
        _problem(
            "conditional",
            "k = 'a'  # tune: ['a', 'b']\nx = 0.5  # tune: 0..1 if k == 'a'\ny = 0.5  # tune: 0..1 if k == 'b'\n"
            "z = 0.5  # tune: 0..1",
            lambda k, z, x=0.0, y=0.0: (3 * x if k == "a" else 0.5 + y) + z,
        ),
        _problem("pure noise", _unit("abc"), lambda a, b, c: 0.0 * a * b * c, 1.0),
    )
}


def shares(problem: Problem) -> dict[str, float]:
    """Return the true first-order shares of variance, by brute force."""
    rng, space = np.random.default_rng(5), problem.space
    points = [space.complete(space.sample(rng)) for _ in range(_POINTS)]
    total, first = [], {}
    for parameter in space:
        middles = parameter.domain.levels(2 * _LEVELS + 1)[1::2]
        values = parameter.domain.levels(99) if (parameter.domain.size or 99) <= _LEVELS else middles
        found = np.array([[problem.value(space.point({**p, parameter.name: v})) for v in values] for p in points])
        total.append(found.var())
        first[parameter.name] = float(found.mean(axis=0).var())
    return {name: variance / float(np.mean(total)) if np.mean(total) else 0.0 for name, variance in first.items()}


def judge(name: str, seed: int, trials: int) -> dict[str, list[Any]]:
    """Search once and compare what is said with the truth: lists of z scores, of hits and of sums."""
    problem = PROBLEMS[name]
    points, values = _search(problem, seed, trials)
    effects = Effects(problem.space, points, values)
    rng = np.random.default_rng((seed, 1))
    unseen = [problem.space.sample(rng) for _ in range(_UNSEEN)]
    return {
        "unseen": _z(effects, unseen, [problem.value(point) for point in unseen]),
        "measured": _z(effects, points, values),
        "cost": _costs(problem, effects),
        "share": _hits(shares(problem), effects.importance_intervals()),
        "sum": [sum(effects.importance().values())],
    }


def _search(problem: Problem, seed: int, trials: int) -> tuple[list[Any], list[float]]:
    searching, rng = peers.make("gp", problem, seed, trials), np.random.default_rng(seed)
    points, values = [], []
    for _ in range(trials):
        points.append(searching.ask())
        values.append(problem.observe(points[-1], rng))
        searching.tell(values[-1])
    return points, values


def _z(effects: Effects, points: Sequence[Any], values: Sequence[float]) -> list[float]:
    predicted = [effects.predict(point) for point in points]
    return [abs(value - mean) / max(sd, 1e-12) for value, (mean, sd) in zip(values, predicted, strict=True)]


def _costs(problem: Problem, effects: Effects) -> list[float]:
    whole, found = problem.space.complete(effects.best), []
    for parameter in problem.space:
        cost = effects.cost(parameter.name)
        if cost is not None and cost.sd > 0:
            moved = problem.space.point({**whole, parameter.name: parameter.literal})
            true = problem.value(moved) - problem.value(effects.best)
            found.append(abs(true - cost.mean) / cost.sd)
    return found


def _hits(true: Mapping[str, float], intervals: Mapping[str, tuple[float, float]]) -> list[bool]:
    return [low - 0.005 <= true[name] <= high + 0.005 for name, (low, high) in intervals.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    rows = []
    for name, problem in PROBLEMS.items():
        tasks = [(name, seed, options.trials) for seed in range(options.seeds)]
        with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
            found = list(pool.map(judge, *zip(*tasks, strict=True)))
        said = {key: np.array([value for each in found for value in each[key]]) for key in found[0]}
        rows.append([
            name,
            f"{np.mean(said['unseen'] < 1.96):.0%}",
            f"{np.mean(said['measured'] < 2):.0%}",
            f"{np.mean(said['cost'] < 2):.0%}" if len(said["cost"]) else "-",
            f"{np.mean(said['share']):.0%}",
            f"{np.median(said['sum']):.2f} of {sum(shares(problem).values()):.2f}",
        ])  # fmt: skip
    head = ["function", "95 % band, 200 unseen", "measured, 2 sd", "cost, 2 sd", "share in interval", "sum of shares"]
    print(table(head, rows))


if __name__ == "__main__":
    main()
