"""Runs of optimizers on problems: one is done, kept as a JSON line, and not done again.

Also what is measured beside regret: the time per ask and tell by the number of trials, and random search.
"""

from __future__ import annotations

import json
import math
import statistics
import time
import warnings
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass, replace
from io import StringIO
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import peers
import suite
from suite import CrashError, Problem
from threadpoolctl import threadpool_limits

from jtune.language.domains import ChoiceDomain
from jtune.language.space import Point, Space
from jtune.samplers import SpaceExhausted

# The trials after which random search is kept; regret at others is interpolated.
RANDOM_BUDGETS = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 70, 100, 150, 200, 300)
_OVERHEAD_PROBLEM = "mixed_boosting"  # five parameters: floats, ints, a log scale, a choice


@dataclass(frozen=True)
class Task:
    """What makes a run: two tasks that are equal give the same run.

    Parameters
    ----------
    problem, digest : str
        Its name, and what changes with its definition.
    optimizer, version : str
        Its name, and what its proposals depend on.
    seed, budget : int
    has_baseline : bool
        Whether the first trial is the cell's own literals.
    """

    problem: str
    digest: str
    optimizer: str
    version: str
    seed: int
    budget: int
    has_baseline: bool = False


@dataclass(frozen=True)
class Run:
    """What came of a task.

    Parameters
    ----------
    task : Task
    incumbents : tuple of float or None
        After each trial, the true value of the one that the optimizer calls the best; None before the first success.
    ms : tuple of float
        Milliseconds of each ask and tell.
    n_crashed, n_repeated : int
        Trials that crashed, and those at the point of an earlier one.
    error : str
        What stopped it before its time, other than that all points were tried.
    """

    task: Task
    incumbents: tuple[float | None, ...]
    ms: tuple[float, ...]
    n_crashed: int
    n_repeated: int
    error: str = ""


def task(problem: Problem, optimizer: str, seed: int, budget: int, has_baseline: bool) -> Task:
    return Task(problem.name, problem.digest, optimizer, peers.version(optimizer), seed, budget, has_baseline)


def renamed(run: Run, optimizer: str) -> Run:
    """Return the same run under another optimizer's name."""
    return replace(run, task=replace(run.task, optimizer=optimizer))


class Cache:
    """Runs in a file of JSON lines; without a path, in memory."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.runs: dict[Task, Run] = {}
        if path is not None and path.exists():
            for line in path.read_text("utf-8").splitlines():
                self._remember(_run_from_json(json.loads(line)))

    def add(self, run: Run) -> None:
        self._remember(run)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(run)) + "\n")

    def _remember(self, run: Run) -> None:
        self.runs[run.task] = run


def _run_from_json(data: dict) -> Run:
    lists = {name: tuple(data[name]) for name in ("incumbents", "ms")}
    return Run(**{**data, **lists, "task": Task(**data["task"])})


def do_all(tasks: Iterable[Task], processes: int, deadline: float) -> Iterator[Run]:
    """Yield runs as they are done; none is begun after ``deadline`` (as of :func:`time.monotonic`)."""
    if processes == 1:
        for one in tasks:
            if time.monotonic() > deadline:
                return
            yield do(one)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(do, one) for one in tasks]):
            yield future.result()
            if time.monotonic() > deadline:
                pool.shutdown(wait=False, cancel_futures=True)
                return


def do(one: Task) -> Run:
    """Run an optimizer on a problem, on one thread."""
    with _quiet_on_one_thread():
        return _Runner(one).run()


@contextmanager
def _quiet_on_one_thread() -> Iterator[None]:
    """Limit all thread pools, and drop what peers print and warn of."""
    import skopt  # noqa: F401 (a thread pool can be limited only once it is loaded)

    with warnings.catch_warnings(), threadpool_limits(limits=1), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        yield


class _Runner:
    """The loop, and what it counts."""

    def __init__(self, one: Task) -> None:
        self.task = one
        self.problem = suite.PROBLEMS[one.problem]
        # The noise of a trial is the same for all optimizers.
        self.rng = np.random.default_rng((one.seed, zlib.crc32(one.problem.encode())))
        self.optimizer: peers.Optimizer
        self.best: Point | None = None
        self.points_seen: list[Point] = []
        self.values: list[float] = []
        self.incumbents: list[float | None] = []
        self.ms: list[float] = []
        self.points: list[object] = []
        self.n_crashed = 0

    def run(self) -> Run:
        error = ""
        try:
            self._loop()
        except SpaceExhausted:
            pass
        except Exception as problem:  # a peer's own; one of them must not end a comparison of hours
            error = f"{type(problem).__name__}: {problem}"[:300]
        last = self.incumbents[-1] if self.incumbents else None
        flat = [last] * (self.task.budget - len(self.incumbents))
        n_repeated = len(self.points) - len(set(self.points))
        return Run(
            self.task, (*self.incumbents, *flat), tuple(round(x, 3) for x in self.ms), self.n_crashed, n_repeated, error
        )  # fmt: skip

    def _loop(self) -> None:
        if peers.version(self.task.optimizer) != self.task.version:  # in a process that was started later
            raise RuntimeError("the optimizer's source has changed since the benchmark began")
        self.optimizer = optimizer = peers.make(self.task.optimizer, self.problem, self.task.seed, self.task.budget)
        if self.task.has_baseline:
            baseline = self.problem.space.baseline
            optimizer.load([baseline], [self._evaluate(baseline)])
        while len(self.incumbents) < self.task.budget:
            start = time.perf_counter()
            point = optimizer.ask()
            asked_s = time.perf_counter() - start
            value = self._evaluate(point)
            start = time.perf_counter()
            optimizer.tell(value)
            self.ms.append(1e3 * (asked_s + time.perf_counter() - start))

    def _evaluate(self, point: Point) -> float | None:
        incumbent = self.incumbents[-1] if self.incumbents else None
        value: float | None = None
        try:
            value = self.problem.observe(point, self.rng)
        except CrashError:
            self.n_crashed += 1
        if value is not None:
            self.points_seen.append(point)
            self.values.append(value)
            best = self.optimizer.best(self.points_seen, self.values)
            if best != self.best:
                self.best, incumbent = best, self.problem.value(best)
        self.incumbents.append(incumbent)
        self.points.append(Space.key(point))
        return value


def overhead(name: str, sizes: Iterable[int], cap_s: float, repeats: int = 7) -> dict[int, tuple[float, float]]:
    """Return median and longest milliseconds of an ask and tell at ``n`` trials, by ``n``; large ``n`` may be left out.

    The trials are random points told at once, or, where an optimizer takes none, its own.

    Parameters
    ----------
    name : str
    sizes : iterable of int
        Ascending.
    cap_s : float
        Seconds; begins nothing after these.
    repeats : int
        Asks at each ``n``.
    """
    found: dict[int, tuple[float, float]] = {}
    with _quiet_on_one_thread():
        _ask_and_tell(_loaded(name, 12, math.inf), 1, math.inf)  # what it loads at its first model
        end = time.monotonic() + cap_s
        for n in sizes:
            optimizer = _loaded(name, n, end)
            times = _ask_and_tell(optimizer, repeats, end)
            if not times:
                break
            found[n] = statistics.median(times), max(times)
    return found


def _loaded(name: str, n: int, end: float) -> peers.Optimizer:
    problem = suite.PROBLEMS[_OVERHEAD_PROBLEM]
    rng = np.random.default_rng(n)
    points = [problem.space.sample(rng) for _ in range(n)]
    optimizer = peers.make(name, problem, 0, n + 100)
    if not optimizer.load(points, [problem.value(point) for point in points]):
        _ask_and_tell(optimizer, n, end)
    return optimizer


def _ask_and_tell(optimizer: peers.Optimizer, n: int, end: float) -> list[float]:
    times = []
    for _ in range(n):
        if time.monotonic() > end:
            break
        start = time.perf_counter()
        point = optimizer.ask()
        asked_s = time.perf_counter() - start
        value = optimizer.problem.value(point)
        start = time.perf_counter()
        optimizer.tell(value)
        times.append(1e3 * (asked_s + time.perf_counter() - start))
    return times


@dataclass(frozen=True)
class Found:
    """What a long offline search found.

    Parameters
    ----------
    value, point
        The lowest true value, and where.
    random : dict
        ``{budget: (median, mean)}`` of the true value that random search ends with.
    """

    value: float
    point: Point
    random: dict[str, tuple[float, float]]


def find_optimum(problem: Problem, effort: float = 1.0) -> Found:
    """Search a problem far longer than any run, and run random search on what was drawn."""
    n_random, n_steps = (600, 100) if problem.sample else (1500, 120) if problem.kind == "real" else (20_000, 400)
    n_random, n_steps = int(effort * n_random), int(effort * n_steps)
    rng = np.random.default_rng(0)
    points = [problem.space.sample(rng) for _ in range(n_random)]
    with threadpool_limits(limits=1):
        seen = np.array([_or_inf(problem.observe, point, rng) for point in points])
        true = np.array([_or_inf(problem.value, p) for p in points]) if problem.is_noisy else seen
        climbs = [_descend(problem, points[i], true[i], n_steps, rng) for i in np.argsort(true)[:8]]
    value, point = min(climbs, key=lambda climb: climb[0])
    return Found(value, point, _random_searches(seen, true, rng))


def _or_inf(function: object, *arguments: object) -> float:
    try:
        return function(*arguments)  # type: ignore[operator]
    except CrashError:
        return math.inf


def _descend(
    problem: Problem, point: Point, value: float, n_steps: int, rng: np.random.Generator
) -> tuple[float, Point]:
    """Go to better neighbours, ever nearer ones."""
    for step in range(n_steps):
        near = _neighbour(problem.space, point, 0.2 * 0.97 ** (step * 400 / n_steps), rng)
        found = _or_inf(problem.value, near)
        if found <= value:
            value, point = found, near
    return value, point


def _neighbour(space: Space, point: Point, radius: float, rng: np.random.Generator) -> Point:
    full = space.complete(point)
    moved = [p for p in space if rng.random() < max(0.4, 1 / len(space))]
    for parameter in moved:
        domain = parameter.domain
        if isinstance(domain, ChoiceDomain):
            full[parameter.name] = domain.sample(rng)
            continue
        low, high, at = domain.low, domain.high, full[parameter.name]
        if domain.log:
            at = math.exp(math.log(at) + radius * rng.standard_normal() * math.log(high / low))
        else:
            at += radius * rng.standard_normal() * (high - low)
        full[parameter.name] = domain.snap(at)
    return space.point(full)


def _random_searches(seen: np.ndarray, true: np.ndarray, rng: np.random.Generator) -> dict[str, tuple[float, float]]:
    """Return what random search ends with, resampled from evaluated points."""
    drawn = rng.integers(len(seen), size=(2000, max(RANDOM_BUDGETS)))
    found = {}
    for n in RANDOM_BUDGETS:
        best = drawn[np.arange(len(drawn)), np.argmin(seen[drawn[:, :n]], axis=1)]
        # Where all crashed: as bad as the worst success.
        ends = np.where(np.isfinite(true[best]), true[best], np.max(true[np.isfinite(true)]))
        found[str(n)] = round(float(np.median(ends)), 8), round(float(np.mean(ends)), 8)
    return found
