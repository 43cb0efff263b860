"""How long a study of many trials takes to be read and shown, next to Optuna's own Pareto front of the same trials.

The first reading is that of a study just loaded, from a file that is in the cache; the later ones have its trials.
Printed are medians in milliseconds.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

import jtune
from jtune.language.cell import Cell
from jtune.storage.definition import Definition, Goal
from jtune.storage.store import Store
from jtune.trials.outcome import Outcome, State
from jtune.views.report import as_html

N = 3
NAMES = "abcde"
SOURCE = "".join(f"{name} = 0.5  # tune: 0..1\n" for name in NAMES)


def write(folder: Path, name: str, values: np.ndarray) -> None:
    """Write a study of which row by row is a trial's objectives."""
    cell = Cell(SOURCE)
    goals = tuple(Goal("minimize", f"loss {i}") for i in range(values.shape[1]))
    store = Store(name, folder)
    ledger = store.start(Definition(name, cell.space, goals, cell.identity, {}, "", SOURCE, cell.spans))
    rng = np.random.default_rng(0)
    with store.journal.writing():
        for row in values.tolist():
            number = ledger.start_trial("sampler", cell.space.sample(rng))
            ledger.end_trial(number, Outcome(State.COMPLETE, values=tuple(row), seconds=0.1))


def median_ms(work: Callable[[], object], n: int = N) -> float:
    times = []
    for _ in range(n):
        start = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def loaded_by_optuna(path: Path) -> optuna.Study:
    storage = JournalStorage(JournalFileBackend(str(path)))
    return optuna.load_study(study_name=path.name.removesuffix(".journal"), storage=storage)


def show(folder: Path, name: str, what: str) -> None:
    first = median_ms(lambda: jtune.load(name, folder).front)
    study = jtune.load(name, folder)
    n_front = len(study.front)
    times = {
        "load and front": first,
        "load and best_trials, Optuna": median_ms(lambda: loaded_by_optuna(study.path).best_trials),
        "front": median_ms(lambda: study.front),
        "best_trials, Optuna": median_ms(lambda: study.optuna.best_trials),
        "repr": median_ms(lambda: repr(study)),
        "as_html": median_ms(lambda: as_html(study)),
    }
    print(f"{what}, {n_front} on the front")
    for label, ms in times.items():
        print(f"  {label:<30} {ms:9.1f} ms")


def main() -> None:
    rng = np.random.default_rng(0)
    along = np.sort(rng.random(2000))
    scattered = rng.random((10_000, 2))
    studies = {
        "line": ("2,000 trials, 2 objectives", np.stack([along, along[::-1]], axis=1)),
        "cloud": ("10,000 trials, 2 objectives", scattered),
        "single": ("10,000 trials, 1 objective", scattered[:, :1]),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, (what, values) in studies.items():
            write(Path(folder), name, values)
            show(Path(folder), name, what)


if __name__ == "__main__":
    main()
