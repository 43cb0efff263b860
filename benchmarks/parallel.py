"""Trials in other processes: how much faster, what one costs, how busy workers are, what bounds a thousand of them.

A real kernel runs ``%%tune``, sequentially and in parallel in turn; beside it Optuna's own ways: threads
(``n_jobs=2``), and processes by joblib that share a journal file. Printed are medians over ``--repeats`` runs. Rates
are those of a search that is under way; what its start takes is printed apart.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import os
import resource
import statistics
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from multiprocessing import Pipe, get_context
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any

import joblib
import optuna
from jupyter_client.manager import KernelManager
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

import jtune
from jtune.trials.outcome import Outcome, State

HERE = Path(__file__).parent
# In Python, as a thread of Optuna's does it too.
BURN = "def burn(n):\n    total = 0\n    for i in range(n):\n        total += i * i\n    return total\n"
EMPTY = "x = 1.0  # tune: 0..1\nloss = x  # tune: minimize"
SLEEP = (
    "import os, time\nx, y = 1.0, 0.5  # tune x: 0..1; y: 0..1\nprint(os.getpid())\n"
    "time.sleep(0.2)\nloss = (x - y) ** 2  # tune: minimize"
)
LOKY = "import loky\nclient = loky.get_reusable_executor(1, timeout=600)"
DASK = (
    "import distributed\n"
    "cluster = distributed.LocalCluster(n_workers={}, threads_per_worker=1, dashboard_address=None)\n"
    "client = distributed.Client(cluster)"
)
ROUND_TRIP = (
    "import statistics\nfrom jtune.executors import engines\nexecutor = {}.executor\ndef round_trip():\n"
    "    start = time.perf_counter()\n    executor.submit(abs, 1).result()\n"
    "    return 1e3 * (time.perf_counter() - start)\n"
    "print(statistics.median([round_trip() for _ in range(300)]))"
)


class Notebook:
    """A kernel in a folder, whose searches each have a name of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._names = folder, (f"study{i}" for i in itertools.count())
        self._manager = KernelManager()
        env = {**os.environ, "IPYTHONDIR": str(folder / "ipython")}
        self._manager.start_kernel(cwd=str(folder), env=env, extra_arguments=["--IPKernelApp.log_level=40"])
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=120)
        self.run(f"%load_ext jtune\nimport sys, time\nsys.path.append({str(HERE)!r})\n{BURN}")

    def run(self, code: str) -> str:
        said: list[str] = []

        def take(message: Any) -> None:
            content = message["content"]
            said.append(content.get("text", "") + "".join(content.get("traceback", ())))

        self._client.execute_interactive(code, timeout=1200, output_hook=take)
        return "".join(said)

    def tune(self, cell: str, options: str, n: int, sampler: str = "random") -> list[optuna.trial.FrozenTrial]:
        """Run a search, and return its trials in the order in which they ended."""
        name = next(self._names)
        said = self.run(f"%%tune {name} -n {n} --no-panel --seed 0 --sampler {sampler} {options}\n{cell}")
        study = jtune.load(name, self._folder)
        if len(study.complete) < n:
            raise RuntimeError(said)
        return _by_end(study.optuna)

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


@contextmanager
def notebook() -> Iterator[Notebook]:
    with tempfile.TemporaryDirectory() as folder:
        opened = Notebook(Path(folder))
        try:
            yield opened
        finally:
            opened.close()


def _by_end(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    return sorted(study.get_trials(deepcopy=False), key=lambda trial: trial.datetime_complete)


def period_ms(trials: list[optuna.trial.FrozenTrial], skipped: int) -> float:
    """Return the time from the end of a trial to the next one's, without the first ones, when workers start."""
    ends = [trial.datetime_complete.timestamp() for trial in trials][skipped:]
    return 1e3 * (ends[-1] - ends[0]) / (len(ends) - 1)


def warm(trials: list[optuna.trial.FrozenTrial]) -> int:
    """Return how many trials had ended when each process that runs some, and prints its number, had ended one."""
    first: dict[str, int] = {}
    for i, trial in enumerate(trials):
        first.setdefault(trial.user_attrs["jtune"]["outputs"][0]["text"], i)
    return max(first.values())


def started_ms(trials: list[optuna.trial.FrozenTrial]) -> float:
    """Return the time until a worker has ended a trial, from the end of the baseline on."""
    baseline, first = (trial.datetime_complete.timestamp() for trial in trials[:2])
    return 1e3 * (first - baseline)


def burn() -> Callable[[int], int]:
    scope: dict[str, Any] = {}
    exec(BURN, scope)
    return scope["burn"]  # type: ignore[no-any-return]


def loops_of(ms: float) -> int:
    """Return for how many loops ``burn`` takes so long."""
    work, n, best_s = burn(), 50_000, float("inf")
    for _ in range(20):
        start = time.perf_counter()
        work(n)
        best_s = min(best_s, time.perf_counter() - start)
    return round(n * ms / (1e3 * best_s))


def optuna_threads_ms(loops: int, n: int) -> float:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    study.optimize(_objective(loops), n_trials=n, n_jobs=2)
    return period_ms(_by_end(study), 4)


def optuna_processes_ms(loops: int, n: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "journal")
        study = optuna.create_study(study_name="peer", storage=JournalStorage(JournalFileBackend(path)))
        joblib.Parallel(n_jobs=2)(joblib.delayed(_share)(path, loops, n // 2) for _ in range(2))
        return period_ms(_by_end(study), 4)


def _share(path: str, loops: int, n: int) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = JournalStorage(JournalFileBackend(path))
    study = optuna.load_study(study_name="peer", storage=storage, sampler=optuna.samplers.RandomSampler())
    study.optimize(_objective(loops), n_trials=n)


def _objective(loops: int) -> Callable[[optuna.Trial], float]:
    work = burn()

    def objective(trial: optuna.Trial) -> float:
        work(loops)
        return trial.suggest_float("x", 0, 1)

    return objective


def speed(repeats: int, scale: float) -> None:
    """Print how much faster two workers are than the kernel alone, beside Optuna's ways of using two cores."""
    with notebook() as kernel:
        for ms, at_full, goal in ((100, 80, 1.85), (10, 400, 1.6)):
            n, loops = max(16, round(at_full * scale)), loops_of(ms)
            cell = f"x = 1.0  # tune: 0..1\nburn({loops})\nloss = x  # tune: minimize"
            times: dict[str, list[float]] = {}
            starts = []
            for _ in range(repeats):
                for name, options in (("sequential", ""), ("--jobs 2", "--jobs 2")):
                    trials = kernel.tune(cell, options, n)
                    times.setdefault(name, []).append(period_ms(trials, 4))
                starts.append(started_ms(trials))
                times.setdefault("Optuna, 2 threads", []).append(optuna_threads_ms(loops, n))
                times.setdefault("Optuna, 2 processes", []).append(optuna_processes_ms(loops, n))
            start = statistics.median(starts)
            print(f"a cell of {ms} ms, milliseconds a trial (a worker had ended its first trial after {start:.0f} ms)")
            medians = {name: statistics.median(values) for name, values in times.items()}
            for name, median in medians.items():
                aim = f"   goal {goal}" if name == "--jobs 2" else ""
                print(f"  {name:20} {median:8.2f}   {medians['sequential'] / median:5.2f} x sequential{aim}")


def overhead(repeats: int, scale: float) -> None:
    """Print what an empty trial costs where it runs elsewhere, beyond an empty call of the engine's."""
    n = max(40, round(400 * scale))
    print("an empty cell, one worker, milliseconds a trial, and beyond the kernel's and the engine's own; goal 2")
    for name, setup, options in (
        ("--jobs 1", "", "--jobs 1"),
        ("loky", LOKY, "--on client --jobs 1"),
        ("Dask", DASK.format(1), "--on client --jobs 1"),
    ):
        with notebook() as kernel:
            kernel.run(setup)
            engine = "engines.of_client(client, 'client', 1)" if setup else "engines.local(1, False)"
            own = float(kernel.run(ROUND_TRIP.format(engine)))
            here = statistics.median(period_ms(kernel.tune(EMPTY, "", n), 10) for _ in range(repeats))
            there = statistics.median(period_ms(kernel.tune(EMPTY, options, n), 10) for _ in range(repeats))
        beyond = there - here - own
        print(f"  {name:10} {there:8.2f}, in the kernel {here:.2f}, the engine's {own:.2f}, beyond {beyond:.2f}")
    with notebook() as kernel:
        kernel.run("import numpy as np\nlarge = np.ones(25_000_000)")
        columns: tuple[list[float], list[float]] = [], []
        for _ in range(repeats):
            for column, cell in zip(columns, (EMPTY, f"{EMPTY}\nlarge[0]"), strict=True):
                column.append(period_ms(kernel.tune(cell, "--jobs 1", n), 10))
    without, with_it = map(statistics.median, columns)
    print(f"  where the cell reads an array of 200 MB {with_it:.2f}, without it {without:.2f}")


def busy(repeats: int, scale: float) -> None:
    """Print how much of Dask workers' time is spent in trials."""
    print("Dask's LocalCluster, a cell that sleeps 200 ms: share of the workers' time in trials; goal 90 %")
    for workers, at_full in ((2, 60), (16, 320)):
        n = max(4 * workers, round(at_full * scale))
        with notebook() as kernel:
            kernel.run(DASK.format(workers))
            for sampler in ("random", "gp"):
                shares = []
                for _ in range(repeats):
                    trials = kernel.tune(SLEEP, "--on client", n, sampler)
                    # The last ones end when there is no work for all any more.
                    shares.append(200 / (workers * period_ms(trials[: 1 - workers], warm(trials))))
                print(f"  {workers:2d} workers, {sampler:8} {100 * statistics.median(shares):5.1f} %")


class Sleepers(Executor):
    """An engine whose workers only sleep: one process plays them all, each with a line of its own to the kernel.

    Parameters
    ----------
    workers : int
    seconds : float
        Of a trial, on average.
    reports : int
        How often a trial reports.
    """

    def __init__(self, workers: int, seconds: float, reports: int = 0) -> None:
        self._max_workers = workers
        self._futures: dict[int, Future[Outcome]] = {}
        self._orders, its = Pipe()
        get_context("spawn").Process(target=_sleep, args=(its, workers, seconds, reports), daemon=True).start()
        its.close()
        threading.Thread(target=self._take, daemon=True).start()

    def submit(self, _run: Any, link: Any, task: Any, *_others: Any) -> Future[Outcome]:  # type: ignore[override]
        future = self._futures[task.number] = Future[Outcome]()
        self._orders.send((link, task.number, task.values))
        return future

    def _take(self) -> None:
        while True:
            number, value = self._orders.recv()
            self._futures.pop(number).set_result(Outcome(State.COMPLETE, values=(value,)))


def _sleep(orders: Any, workers: int, seconds: float, reports: int) -> None:
    """Play workers: their calls and messages are real, their trials are sleep."""
    raise_limit()
    free: deque[Any] = deque()
    lines = DefaultSelector()
    lines.register(orders, EVENT_READ)
    due: list[tuple[float, int, int, Any, float]] = []
    while True:
        for key, _ in lines.select(max(0.0, due[0][0] - time.monotonic()) if due else None):
            try:
                said: Any = key.fileobj.recv()  # type: ignore[union-attr]
            except (EOFError, ConnectionResetError):  # the kernel has ended
                return
            if key.fileobj is not orders:
                continue  # a verdict
            link, number, values = said
            if not free and not due:
                free.extend(link.connect(wants_payload=False) for _ in range(workers))
                for line in free:
                    lines.register(line, EVENT_READ)
            line = free.popleft()
            line.send(("begin", number))
            start, takes_s = time.monotonic(), seconds * (0.5 + number * 0.618 % 1)
            for step in range(reports + 1):
                heapq.heappush(due, (start + takes_s * (step + 1) / (reports + 1), number, step, line, sum(values)))
        while due and due[0][0] <= time.monotonic():
            _, number, step, line, value = heapq.heappop(due)
            if step < reports:
                line.send(("report", number, step, value))
            else:
                orders.send((number, value))
                free.append(line)


def raise_limit() -> None:
    """Let this process have as many open files as it may."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def bound(_repeats: int, scale: float) -> None:
    """Print how many trials a second a kernel can start and record, with a thousand workers that sleep."""
    print("1000 workers that sleep: trials a second, and how long a trial must take so that all are busy")
    names = [f"p{i}" for i in range(5)]
    cell = "".join(f"{name} = 0.5  # tune: 0..1\n" for name in names) + f"loss = {' + '.join(names)}  # tune: minimize"
    reporting = cell.replace("loss", "for i in range(5):  # tune: report i\n    pass\nloss", 1)
    for name, source, sampler, reports, at_full in (
        ("random", cell, "random", 0, 5000),
        ("random, 5 reports", reporting, "random", 5, 5000),
        ("tpe", cell, "tpe", 0, 2200),
        ("gp", cell, "gp", 0, 1500),
    ):
        n = max(1200, round(at_full * scale))
        with notebook() as kernel:
            kernel.run(f"import parallel\nparallel.raise_limit()\nclient = parallel.Sleepers(1000, 1.0, {reports})")
            ms = period_ms(kernel.tune(source, "--on client --pruner none", n, sampler), 1000 if n > 2000 else 50)
        print(f"  {name:20} {1e3 / ms:8.0f} a second   {ms:6.1f} s", flush=True)


PARTS = {"speed": speed, "overhead": overhead, "busy": busy, "bound": bound}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; all by default")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of trials, such as 0.1 for a taste")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} before" + (": not quiet" if load > 0.5 else ""), flush=True)
    for part in given.parts or PARTS:
        start = time.monotonic()
        PARTS[part](given.repeats, given.scale)
        print(f"({part}: {time.monotonic() - start:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
