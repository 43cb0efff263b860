"""Overhead per trial beyond the cell's own time: ``--sampler random``, five parameters, journal on.

Prints milliseconds, medians, next to plain ``exec``, Optuna in memory and Optuna on its own journal file.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from pathlib import Path

import optuna

from jtune.cell import Cell
from jtune.runner import Runner
from jtune.samplers import make_sampler
from jtune.search import Limits, Search
from jtune.study import Definition, Goal, Store

N = 5000
NAMES = "abcde"
SOURCE = "".join(f"{name} = 0.5  # tune: 0..1\n" for name in NAMES) + "loss = a + b + c + d + e  # tune: minimize\n"


def jtune_ms(folder: Path) -> list[float]:
    cell = Cell(SOURCE)
    goals = tuple(Goal(o.direction, o.label) for o in cell.objectives)
    study = Store("bench", folder).start(
        Definition("bench", cell.space, goals, cell.identity, {}, "", SOURCE, cell.spans)
    )
    sampler = make_sampler("random", cell.space, seed=0, n_trials=N)
    study.optuna.sampler = sampler
    marks = [time.perf_counter()]
    runner = Runner(cell, cell.template(), {})
    Search(study, runner, sampler, Limits(N), lambda: marks.append(time.perf_counter())).run()
    return [1e3 * (after - before) for before, after in itertools.pairwise(marks)]


def exec_ms() -> float:
    template = Cell(SOURCE).template()
    start = time.perf_counter()
    for _ in range(1000):
        exec(template.fill([0.5] * 5), {})
    return time.perf_counter() - start


def optuna_ms(storage: optuna.storages.BaseStorage | None, n: int) -> float:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(0))
    times = []
    for _ in range(n):
        start = time.perf_counter()
        trial = study.ask()
        study.tell(trial, sum(trial.suggest_float(name, 0, 1) for name in NAMES))
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = jtune_ms(folder)
        early, late = statistics.median(ours[100:600]), statistics.median(ours[-500:])
        file = optuna.storages.journal.JournalFileBackend(str(folder / "optuna.log"))
        print(f"plain exec of the compiled cell   {exec_ms():8.4f} ms")
        print(f"jtune, first 1000 trials          {statistics.median(ours[:1000]):8.4f} ms")
        print(f"jtune, trials 4500-5000           {late:8.4f} ms   ratio to trials 100-600: {late / early:.2f}")
        print(f"Optuna in memory, 1000 trials     {optuna_ms(None, 1000):8.4f} ms")
        print(f"Optuna, JournalFileBackend, 100   {optuna_ms(optuna.storages.JournalStorage(file), 100):8.4f} ms")
        sqlite = optuna.storages.RDBStorage(f"sqlite:///{folder / 'optuna.db'}")
        print(f"Optuna, SQLite, 50 trials         {optuna_ms(sqlite, 50):8.4f} ms")


if __name__ == "__main__":
    main()
