"""Compare optimizers: regret, ranks, wins and time, on problems, budgets and seeds in one run.

::

    python benchmarks/optimizers.py                                    a taste, in less than three minutes
    python benchmarks/optimizers.py --full --optimizers gp,tpe --seeds 10 --half choose --cache runs.jsonl
    python benchmarks/optimizers.py --full --half report --cache runs.jsonl --save 0.2.0 --processes 2
    python benchmarks/optimizers.py --find-optima --problems branin,svc_digits

Normalised regret NR = (incumbent - optimum) / (median of random search after as many trials - optimum), at most 3: 0 is
the optimum, 1 random search. The incumbent is the trial with the best observed value; where trials are noisy or
crash, see ``suite.py`` and ``peers.py``. With ``--cache``, a run that is there is not done again: long comparisons can
be interrupted and go on, and ``gp@0a1b2c3d`` in ``--optimizers`` is the gp of an earlier state of the source.
"""

from __future__ import annotations

import argparse
import math
import platform
import sys
import time
from importlib import metadata
from pathlib import Path

import peers
import regret
import runs
import suite

RESULTS = Path(__file__).parent / "results"
_QUICK_PROBLEMS = [
    "hartmann6", "log_valley", "mixed_boosting", "cond_kernel",
    "noisy_boosting", "crash_memory", "svc_digits", "grid24",
]  # fmt: skip
_QUICK_OPTIMIZERS = "gp,tpe,random,hyperopt"
_QUICK_S, _QUICK_OVERHEAD_S = 110.0, 5.0
_OVERHEAD_S = 20.0


def main(arguments: list[str] | None = None) -> None:
    options = _parse(arguments)
    if options.find_optima:
        find_optima(suite.select(options.half, options.problems))
        return
    names = _available(options.optimizers)
    problems = suite.select(options.half, options.problems)
    cache = runs.Cache(options.cache)
    wanted = _run_missing(options, problems, names, cache)
    report = regret.Report(
        title="Optimizers",
        notes=_notes(options, problems, names),
        halves=[
            (half, [r for r in wanted if suite.PROBLEMS[r.task.problem].half == half]) for half in _halves(problems)
        ],
        budgets=options.at,
        overhead=_overhead(options, names),
    )
    print(text := report.markdown())
    if options.save:
        _save(options.save, report, text)


def find_optima(problems: list[suite.Problem]) -> None:
    """Print the best value that a long search finds next to the stated one; keep what random search finds."""
    for problem in problems:
        found = runs.find_optimum(problem)
        beaten = "  <- BEATEN" if found.value < problem.optimum - 1e-6 else ""
        print(
            f"{problem.name:18} stated {problem.optimum:.7g}  found {found.value:.7g}{beaten}  {found.point}",
            flush=True,
        )
        suite.write_random_searches({problem.name: found.random}, _versions())


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--quick", action="store_true", help="few problems, seeds and optimizers (the default)")
    mode.add_argument("--full", action="store_true", help="all of them")
    mode.add_argument(
        "--find-optima", action="store_true", help="search each problem for long; renew random_search.json"
    )
    parser.add_argument("--optimizers", type=_words, help=f"of {', '.join(peers.NAMES)}")
    parser.add_argument("--problems", type=_words, help="names, as `python benchmarks/suite.py` prints them")
    parser.add_argument("--half", choices=("choose", "report"), help="quick: choose; full: both, one table each")
    parser.add_argument("--seeds", type=int, help="runs of each optimizer on each problem")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--budget", type=int, help="trials")
    parser.add_argument("--at", type=_numbers, help="trials after which regret is shown (25,50,100)")
    parser.add_argument(
        "--baseline",
        action="store_true",
        help="the first trial is the cell's own literals (Hyperopt is not told of it)",
    )
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--time-limit", type=float, default=math.inf, metavar="S", help="begin no run after S seconds")
    parser.add_argument("--cache", type=Path, metavar="FILE", help="JSON lines: read runs from there, add new ones")
    parser.add_argument("--no-overhead", action="store_true", help="do not measure milliseconds by n")
    parser.add_argument("--save", metavar="NAME", help="write JSON, markdown and a plot into benchmarks/results")
    return _with_defaults(parser.parse_args(arguments))


def _with_defaults(options: argparse.Namespace) -> argparse.Namespace:
    is_quick = not options.full and not options.find_optima
    if is_quick:
        options.half = options.half or (None if options.problems else "choose")
        options.problems = options.problems or (_QUICK_PROBLEMS if options.half == "choose" else None)
        options.time_limit = min(options.time_limit, _QUICK_S)
    options.is_quick = is_quick
    options.optimizers = options.optimizers or _words(_QUICK_OPTIMIZERS if is_quick else ",".join(peers.NAMES))
    options.seeds = options.seeds or (3 if is_quick else 10)
    options.budget = options.budget or (50 if is_quick else 100)
    options.at = [n for n in options.at or (25, 50, 100) if n <= options.budget] or [options.budget]
    return options


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _numbers(text: str) -> list[int]:
    return sorted(int(word) for word in _words(text))


def _available(names: list[str]) -> list[str]:
    """Return the optimizers that can be had; say why the others cannot."""
    found = []
    for name in names:
        needed = peers.missing(name.partition("@")[0])
        if needed:
            print(f"left out: {name} ({needed})")
        else:
            found.append(name)
    return found


def _halves(problems: list[suite.Problem]) -> list[str]:
    return [half for half in ("choose", "report") if any(p.half == half for p in problems)]


def _run_missing(
    options: argparse.Namespace, problems: list[suite.Problem], names: list[str], cache: runs.Cache
) -> list[runs.Run]:
    """Do the runs that the cache does not have; return all that were asked for, as far as time allows."""
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    # By seed first: what a time limit cuts off is the last seeds, of all optimizers alike.
    tasks = [
        runs.task(problem, name, seed, options.budget, options.baseline)
        for seed in seeds for problem in problems for name in names if "@" not in name
    ]  # fmt: skip
    left = [task for task in tasks if task not in cache.runs]
    failed = []
    start = time.monotonic()
    for i, run in enumerate(runs.do_all(left, options.processes, start + options.time_limit), 1):
        if run.error:
            failed.append(run)
        else:
            cache.add(run)
        _show_progress(
            f"{i}/{len(left)} runs, {time.monotonic() - start:.0f} s: {run.task.optimizer} {run.task.problem}"
        )
    _show_progress("")
    done = [cache.runs[task] for task in tasks if task in cache.runs] + failed
    if len(done) < len(tasks):
        print(f"the time was up: {len(tasks) - len(done)} of {len(tasks)} runs are missing, the last seeds first")
    return done + [run for name in names if "@" in name for run in _earlier(name, cache, set(tasks))]


def _earlier(name: str, cache: runs.Cache, tasks: set[runs.Task]) -> list[runs.Run]:
    """Return the cached runs of an earlier version, on the same problems and seeds."""
    base, _, digest = name.partition("@")
    wanted = {(t.problem, t.digest, t.seed, t.budget, t.has_baseline) for t in tasks}
    return [
        runs.renamed(run, name)
        for t, run in cache.runs.items()
        if t.optimizer == base and f"+{digest}" in t.version
        and (t.problem, t.digest, t.seed, t.budget, t.has_baseline) in wanted
    ]  # fmt: skip


def _show_progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:100}", end="" if text else "\r", file=sys.stderr, flush=True)


def _overhead(options: argparse.Namespace, names: list[str]) -> dict[str, dict[int, tuple[float, float]]]:
    if options.no_overhead:
        return {}
    sizes = (10, 50, 100, 200) if options.is_quick else (10, 25, 50, 100, 200, 500, 1000)
    cap_s = _QUICK_OVERHEAD_S if options.is_quick else _OVERHEAD_S
    return {name: runs.overhead(name, sizes, cap_s) for name in names if "@" not in name}


def _versions() -> str:
    packages = ("numpy", "scipy", "scikit-learn")
    return ", ".join([f"Python {platform.python_version()}", *(f"{p} {metadata.version(p)}" for p in packages)])


def _notes(options: argparse.Namespace, problems: list[suite.Problem], names: list[str]) -> list[str]:
    failing = any(p.kind == "failing" for p in problems)
    return [
        _versions(),
        *(f"{name}: {peers.version(name)}" for name in names if "@" not in name),
        f"{len(problems)} problems, seeds {options.first_seed}..{options.first_seed + options.seeds - 1}, "
        f"{options.budget} trials{', the first the baseline' if options.baseline else ''}",
        "inactive parameters: none for jtune, Optuna and Hyperopt; a value without effect for ax, nevergrad, bayesopt",
        *(["crash: a failed trial for jtune and Optuna; for the others the worst of 64 random successes"] * failing),
        "intervals: 95 %, bootstrap over problems and seeds",
    ]  # fmt: skip


def _save(name: str, report: regret.Report, text: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text + f"\n![regret and time]({name}.png)\n", encoding="utf-8")
    (RESULTS / f"{name}.json").write_text(report.json(), encoding="utf-8")
    report.plot(RESULTS / f"{name}.png")


if __name__ == "__main__":
    main()
