"""Several objectives: the hypervolume that samplers reach, by trials. Larger is better.

Each run is a search of a cell as ``%%tune`` runs it, but without the baseline's advantage: the literals are poor ones.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna

from jtune.executors.here import Here
from jtune.language.cell import Cell
from jtune.samplers import make_sampler
from jtune.search import Limits, Search
from jtune.storage.definition import Definition, Goal
from jtune.storage.store import Store
from jtune.trials.program import Program

AT = (25, 50, 100)
SAMPLERS = ("gp", "nsga2", "tpe", "random")
_UNIT_CUBE = "".join(f"x{i} = 0.9  # tune: 0..1\n" for i in range(5))
_ZDT = f"import math\n{_UNIT_CUBE}g = 1 + 9 * (x1 + x2 + x3 + x4) / 4\n"


@dataclass(frozen=True)
class Problem:
    """A cell, and the reference point of its hypervolume: what is worse than that in any objective counts nothing."""

    name: str
    cell: str
    reference: tuple[float, ...]


PROBLEMS = (
    Problem(
        "zdt1",  # Zitzler, Deb and Thiele (2000), Evolutionary Computation 8
        f"{_ZDT}x0  # tune: minimize\ng * (1 - math.sqrt(x0 / g))  # tune: minimize",
        (1.1, 7.0),
    ),
    Problem(
        "zdt3",
        f"{_ZDT}x0  # tune: minimize\n"
        "g * (1 - math.sqrt(x0 / g) - x0 / g * math.sin(10 * math.pi * x0))  # tune: minimize",
        (1.1, 7.0),
    ),
    Problem(
        "kursawe",  # Kursawe (1991), Parallel Problem Solving from Nature
        "import math\na = 4.0  # tune: -5..5\nb = 4.0  # tune: -5..5\nc = 4.0  # tune: -5..5\n"
        "sum(-10 * math.exp(-0.2 * math.hypot(u, v)) for u, v in ((a, b), (b, c)))  # tune: minimize\n"
        "sum(abs(v) ** 0.8 + 5 * math.sin(v**3) for v in (a, b, c))  # tune: minimize",
        (-2.0, 20.0),
    ),
    Problem(
        "mixed",
        "import math\nrate = 0.9  # tune: 1e-5..1 log\nsize = 150  # tune: 1..200\n"
        "kind = 'b'  # tune: ['a', 'b', 'c']\n"
        "abs(math.log10(rate) + 2.3) * 0.2 + 0.1 * (kind == 'a') + 1 / math.sqrt(size)  # tune: minimize\n"
        "size / 200 + 0.1 * (kind == 'b')  # tune: minimize",
        (1.6, 1.1),
    ),
    Problem(
        "dtlz2 with failures",  # Deb, Thiele, Laumanns and Zitzler (2002), Congress on Evolutionary Computation
        f"import math\n{_UNIT_CUBE.replace('0.9', '0.1')}assert x0 <= 0.8\n"
        "g = 1 + (x2 - 0.5) ** 2 + (x3 - 0.5) ** 2 + (x4 - 0.5) ** 2\nu, v = x0 * math.pi / 2, x1 * math.pi / 2\n"
        "g * math.cos(u) * math.cos(v)  # tune: minimize\ng * math.cos(u) * math.sin(v)  # tune: minimize\n"
        "g * math.sin(u)  # tune: minimize",
        (1.8, 1.8, 1.8),
    ),
)


def run(problem: Problem, sampler: str, seed: int) -> tuple[list[float], float]:
    """Return the hypervolumes after the trials of ``AT``, and milliseconds per trial."""
    cell = Cell(problem.cell)
    goals = tuple(Goal(objective.direction, objective.label) for objective in cell.objectives)
    with tempfile.TemporaryDirectory() as folder:
        definition = Definition("q", cell.space, goals, cell.identity, {}, "", problem.cell, cell.spans)
        ledger = Store("q", Path(folder)).start(definition)
        points = make_sampler(sampler, cell.space, seed=seed, n_trials=AT[-1], n_objectives=len(goals))
        ledger.optuna.sampler = points.optuna
        start = time.perf_counter()
        here = Here(Program.of(cell), {})
        Search(ledger, here, here.interrupts, points, Limits(AT[-1])).run()
        ms = 1e3 * (time.perf_counter() - start) / AT[-1]
        values = [trial.values for trial in ledger.trials]
    return [hypervolume(values[:n], problem.reference) for n in AT], ms


def hypervolume(values: list[tuple[float, ...]], reference: tuple[float, ...]) -> float:
    """Return what the points dominate below the reference point; failed trials have no values."""
    from optuna._hypervolume import compute_hypervolume

    inside = [v for v in values if v and all(x < r for x, r in zip(v, reference, strict=True))]
    return float(compute_hypervolume(np.array(inside), np.array(reference))) if inside else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    seeds = parser.parse_args().seeds
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    print(f"mean hypervolume after {', '.join(map(str, AT))} trials, {seeds} seeds; milliseconds per trial")
    for problem in PROBLEMS:
        for sampler in SAMPLERS:
            runs = [run(problem, sampler, seed) for seed in range(seeds)]
            means = "".join(f"{statistics.fmean(volumes):10.3f}" for volumes in zip(*(r[0] for r in runs), strict=True))
            print(f"{problem.name:<20} {sampler:<7}{means}   {statistics.median(ms for _, ms in runs):6.1f} ms")


if __name__ == "__main__":
    main()
