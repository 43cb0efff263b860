"""Overhead per trial beyond the cell's own time: ``--sampler random``, five parameters, no outputs, journal on.

A real kernel runs ``%%tune``; printed are medians in milliseconds, next to plain ``exec`` of the compiled cell, Optuna
in memory, and Optuna on its own journal file and on SQLite.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import optuna
from jupyter_client.manager import KernelManager

import jtune
from jtune.language.cell import Cell

N = 5000
NAMES = "abcde"
SOURCE = "".join(f"{name} = 0.5  # tune: 0..1\n" for name in NAMES) + "loss = a + b + c + d + e  # tune: minimize\n"


def jtune_ms(folder: Path) -> list[float]:
    """Return the time from each trial's start to the next one's, less that of the cell."""
    manager = KernelManager()
    env = {**os.environ, "IPYTHONDIR": str(folder / "ipython")}
    manager.start_kernel(cwd=str(folder), env=env, extra_arguments=["--IPKernelApp.log_level=40"])
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    for code in ("%load_ext jtune", f"%%tune bench -n {N} --sampler random --seed 0\n{SOURCE}"):
        client.execute_interactive(code, timeout=600, output_hook=lambda _: None)
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    study = jtune.load("bench", folder)
    starts = [trial.datetime_start.timestamp() for trial in study.optuna.get_trials(deepcopy=False)]
    own = [trial.seconds or 0.0 for trial in study]
    return [1e3 * (after - before - seconds) for (before, after), seconds in zip(pairwise(starts), own, strict=False)]


def exec_ms() -> float:
    template = Cell(SOURCE).template()
    start = time.perf_counter()
    for _ in range(1000):
        exec(template.fill([0.5] * 5), {})
    return time.perf_counter() - start


def optuna_ms(storage: optuna.storages.BaseStorage | None, n: int) -> float:
    study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(0))
    times = []
    for _ in range(n):
        start = time.perf_counter()
        trial = study.ask()
        study.tell(trial, sum(trial.suggest_float(name, 0, 1) for name in NAMES))
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
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
