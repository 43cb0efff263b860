"""What runs say: normalised regret with intervals, ranks, differences and wins, as markdown, JSON and a plot.

========  ===============================================================  ============
symbol    meaning                                                          shape
========  ===============================================================  ============
x         regrets of one optimizer on one problem                          (S, T)
S, T      seeds, numbers of trials at which regret is taken
B, P      bootstrap samples, problems
m         mean regret on each problem in each bootstrap sample of seeds    (P, B, T)
========  ===============================================================  ============
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import suite
from runs import Run

Array: TypeAlias = np.ndarray
CAP = 3.0
_SAMPLES = 2000
# What the others are compared with, the first of these that took part.
_REFERENCES = ("tpe", "optuna-tpe", "random")
_TIE = 1e-9


def normalised(run: Run, at: Sequence[int]) -> Array:
    """Return the normalised regret of a run after each number of trials in ``at``, shape (T,)."""
    problem = suite.PROBLEMS[run.task.problem]
    found = [run.incumbents[n - 1] for n in at]
    ratios = [
        CAP if value is None else (value - problem.optimum) / problem.random_search(n)
        for value, n in zip(found, at, strict=True)
    ]
    return np.clip(ratios, 0.0, CAP)


@dataclass(frozen=True)
class Estimate:
    """Means with their 95 % intervals, each of shape (T,)."""

    mean: Array
    low: Array
    high: Array

    def texts(self, sign: str = "") -> list[str]:
        return [
            f"{mean:{sign}.3f} [{low:{sign}.2f}, {high:{sign}.2f}]"
            for mean, low, high in zip(self.mean, self.low, self.high, strict=True)
        ]

    def as_json(self) -> dict[str, list[float]]:
        return {name: [round(float(v), 5) for v in getattr(self, name)] for name in ("mean", "low", "high")}


class Comparison:
    """Runs of several optimizers on the problems of one half.

    Parameters
    ----------
    runs : sequence of Run
    at : sequence of int
        Numbers of trials.
    """

    def __init__(self, runs: Sequence[Run], at: Sequence[int]) -> None:
        self.runs, self.at = runs, tuple(at)
        found: dict[str, dict[str, list[Array]]] = defaultdict(lambda: defaultdict(list))
        for run in runs:
            found[run.task.optimizer][run.task.problem].append(normalised(run, at))
        self.x = {name: {p: np.array(rows) for p, rows in by_problem.items()} for name, by_problem in found.items()}

    @cached_property
    def problems(self) -> list[str]:
        """All problems, in the order of the suite."""
        return [p for p in suite.PROBLEMS if any(p in by_problem for by_problem in self.x.values())]

    @cached_property
    def reference(self) -> str | None:
        """The optimizer that the others are compared with."""
        return next((name for name in _REFERENCES if name in self.x), None)

    @cached_property
    def names(self) -> list[str]:
        """Optimizers, the best at the end of the runs first."""
        return sorted(self.x, key=lambda name: float(self.regret(name).mean[-1]))

    def regret(self, name: str) -> Estimate:
        """Return the mean over problems of the mean over seeds."""
        x = self.x[name]
        means = np.array([x[p].mean(axis=0) for p in x])
        return _estimate(means, np.array([_weights(x[p], name, p) @ x[p] for p in x]))

    def difference(self, name: str, other: str) -> Estimate:
        """Return regret less that of ``other``, on the problems that both have."""
        a, b = self.x[name], self.x[other]
        common = [p for p in a if p in b]
        means = np.array([a[p].mean(axis=0) - b[p].mean(axis=0) for p in common])
        m = [_weights(a[p], name, p) @ a[p] - _weights(b[p], other, p) @ b[p] for p in common]
        return _estimate(means, np.array(m))

    def wins(self, name: str, other: str) -> Estimate:
        """Return how often a run is better than one of ``other``, of all pairs on a problem; a tie is half a win."""
        a, b = self.x[name], self.x[other]
        means, m = [], []
        for p in (p for p in a if p in b):
            gap = b[p][None, :, :] - a[p][:, None, :]
            won = np.where(np.abs(gap) <= _TIE, 0.5, gap > 0)
            means.append(won.mean(axis=(0, 1)))
            m.append(np.einsum("bi,ijt,bj->bt", _weights(a[p], name, p), won, _weights(b[p], other, p)))
        return _estimate(np.array(means), np.array(m))

    def ranks(self) -> dict[str, Array]:
        """Return the mean rank by mean regret, 0 for the best of those on a problem and 1 for the worst."""
        found = defaultdict(list)
        for p in self.problems:
            names = [name for name in self.x if p in self.x[name]]
            means = np.array([self.x[name][p].mean(axis=0) for name in names])
            gap = means[None, :, :] - means[:, None, :]
            worse = (gap < -_TIE).sum(axis=1) + ((np.abs(gap) <= _TIE).sum(axis=1) - 1) / 2
            for name, row in zip(names, worse / max(1, len(names) - 1), strict=True):
                found[name].append(row)
        return {name: np.mean(rows, axis=0) for name, rows in found.items()}

    def by_kind(self, name: str) -> dict[str, Array]:
        """Return mean regret on the problems of each kind."""
        found = defaultdict(list)
        for p, x in self.x[name].items():
            found[suite.PROBLEMS[p].kind].append(x.mean(axis=0))
        return {kind: np.mean(found[kind], axis=0) for kind in suite.KINDS if kind in found}

    def behaviour(self, name: str) -> tuple[str, str, int]:
        """Return the share of crashed trials on failing problems, repeated trials a run, and runs with an error."""
        own = [run for run in self.runs if run.task.optimizer == name]
        failing = [r.n_crashed / len(r.ms) for r in own if suite.PROBLEMS[r.task.problem].kind == "failing" and r.ms]
        crashed = f"{100 * np.mean(failing):.0f} %" if failing else "-"
        return crashed, f"{np.mean([r.n_repeated for r in own]):.1f}", sum(bool(r.error) for r in own)


def _weights(x: Array, name: str, problem: str) -> Array:
    """Return how much each seed counts in each bootstrap sample, shape (B, S); rows add up to 1."""
    n = len(x)
    rng = np.random.default_rng([*name.encode(), 0, *problem.encode()])
    return rng.multinomial(n, np.full(n, 1 / n), size=_SAMPLES) / n


def _estimate(means: Array, m: Array) -> Estimate:
    """Return the mean of ``means`` (P, T), and an interval from ``m`` (P, B, T) with problems resampled too."""
    n_problems, n_samples, _ = m.shape
    drawn = np.random.default_rng(0).integers(n_problems, size=(n_samples, n_problems))
    sampled = m[drawn, np.arange(n_samples)[:, None]].mean(axis=1)
    low, high = np.quantile(sampled, (0.025, 0.975), axis=0)
    return Estimate(means.mean(axis=0), low, high)


@dataclass(frozen=True)
class Report:
    """All that one run of the benchmark has to say.

    Parameters
    ----------
    title : str
    notes : list of str
        Versions and conditions.
    halves : list of (str, list of Run)
        Never pooled: settings were chosen on one of them.
    budgets : list of int
    overhead : dict
        ``{optimizer: {n: (median, longest) milliseconds}}``.
    """

    title: str
    notes: list[str]
    halves: list[tuple[str, list[Run]]]
    budgets: list[int]
    overhead: dict[str, dict[int, tuple[float, float]]]

    @cached_property
    def comparisons(self) -> list[tuple[str, Comparison]]:
        return [(half, Comparison(runs, self.budgets)) for half, runs in self.halves if runs]

    def markdown(self) -> str:
        """Return everything as tables."""
        parts = [f"# {self.title}", "\n".join(f"- {note}" for note in self.notes)]
        for half, comparison in self.comparisons:
            parts += _half_as_markdown(half, comparison)
        if self.overhead:
            parts += ["## Milliseconds per ask and tell, by trials told: median (longest)", self._overhead_table()]
        return "\n\n".join(parts) + "\n"

    def json(self) -> str:
        """Return everything as JSON, one line for each optimizer."""
        halves = {half: _half_as_json(comparison) for half, comparison in self.comparisons}
        data = {"title": self.title, "notes": self.notes, "at": self.budgets, "halves": halves, "ms": self.overhead}
        return json.dumps(data, indent=1) + "\n"

    def plot(self, path: Path) -> None:
        """Write mean regret by trials, a panel for each half, and time by trials told."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(5 * (len(self.comparisons) + bool(self.overhead)), 4), layout="constrained")
        axes = list(np.atleast_1d(figure.subplots(1, len(self.comparisons) + bool(self.overhead))))
        names = dict.fromkeys([*(n for _, c in self.comparisons for n in c.names), *self.overhead])
        colours = {name: f"C{i}" if i < 10 else "black" for i, name in enumerate(names)}
        for ax, (half, comparison) in zip(axes, self.comparisons, strict=False):
            _plot_regret(ax, half, comparison, colours)
        if self.overhead:
            _plot_overhead(axes[-1], self.overhead, colours)
        figure.savefig(path, dpi=110)

    def _overhead_table(self) -> str:
        sizes = sorted({n for times in self.overhead.values() for n in times})
        rows = [
            [name, *(f"{times[n][0]:.1f} ({times[n][1]:.0f})" if n in times else "-" for n in sizes)]
            for name, times in self.overhead.items()
        ]
        return table(["optimizer", *map(str, sizes)], rows)


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a markdown table whose columns line up."""
    cells = [list(map(str, head)), *(list(map(str, row)) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _half_as_markdown(half: str, c: Comparison) -> list[str]:
    at = "/".join(map(str, c.at))
    parts = [f"## Half `{half}`: {len(c.problems)} problems", "Mean normalised regret (0 optimum, 1 random search)"]
    parts.append(_regret_table(c, at))
    if c.reference and len(c.names) > 1:
        parts += [f"Regret less that of {c.reference}, and runs won against it", _paired_table(c)]
    kinds = [kind for kind in suite.KINDS if any(suite.PROBLEMS[p].kind == kind for p in c.problems)]
    by_kind = {name: c.by_kind(name) for name in c.names}
    rows = [[kind, *("/".join(_short(v) for v in by_kind[n].get(kind, ())) for n in c.names)] for kind in kinds]
    parts += [f"By kind, at {at}", table(["kind", *c.names], rows)]
    behaviour = [[name, *c.behaviour(name)] for name in c.names]
    parts += ["Behaviour", table(["optimizer", "crashed (failing)", "repeats a run", "runs with an error"], behaviour)]
    errors = sorted({f"{r.task.optimizer}, {r.task.problem}: {r.error}" for r in c.runs if r.error})
    return parts + (["\n".join(f"- {error}" for error in errors[:10])] if errors else [])


def _regret_table(c: Comparison, at: str) -> str:
    ranks = c.ranks()
    rows = []
    for name in c.names:
        seeds = sorted({len(x) for x in c.x[name].values()})
        n_seeds = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]}-{seeds[-1]}"
        rank = "/".join(map(_short, ranks[name]))
        rows.append([name, len(c.x[name]), n_seeds, *c.regret(name).texts(), rank])
    return table(["optimizer", "problems", "seeds", *(f"NR@{n}" for n in c.at), f"rank@{at} (0 best)"], rows)


def _paired_table(c: Comparison) -> str:
    rows = []
    for name in (name for name in c.names if name != c.reference):
        if set(c.x[name]) & set(c.x[c.reference]):
            wins = c.wins(name, c.reference).texts()
            rows.append([name, *c.difference(name, c.reference).texts("+"), *wins])
    return table(["optimizer", *(f"NR@{n}" for n in c.at), *(f"won@{n}" for n in c.at)], rows)


def _short(value: float) -> str:
    return f"{value:.2f}".removeprefix("0") if value < 1 else f"{value:.1f}"


def _half_as_json(c: Comparison) -> dict[str, Any]:
    ranks = c.ranks()
    found = {}
    for name in c.names:
        found[name] = {
            "version": next(r.task.version for r in c.runs if r.task.optimizer == name),
            "regret": c.regret(name).as_json(),
            "rank": np.round(ranks[name], 4).tolist(),
            "problems": {p: np.round(x.mean(axis=0), 4).tolist() for p, x in c.x[name].items()},
            "seeds": {p: len(x) for p, x in c.x[name].items()},
        }
        if c.reference and name != c.reference and set(c.x[name]) & set(c.x[c.reference]):
            found[name][f"less {c.reference}"] = c.difference(name, c.reference).as_json()
            found[name][f"won against {c.reference}"] = c.wins(name, c.reference).as_json()
    return found


def _plot_regret(ax: Any, half: str, c: Comparison, colours: dict[str, str]) -> None:
    budget = min(len(run.incumbents) for run in c.runs)
    at = sorted({n for n in np.geomspace(5, budget, 20).round().astype(int).tolist() if n <= budget} | set(c.at))
    curves = Comparison(c.runs, at)
    for name in curves.names:
        estimate = curves.regret(name)
        ax.plot(at, estimate.mean, label=name, color=colours[name])
        ax.fill_between(at, estimate.low, estimate.high, color=colours[name], alpha=0.12, linewidth=0)
    ax.set(xscale="log", xlabel="trials", ylabel="normalised regret", title=f"half `{half}`", ylim=(0, None))
    ticks = [n for n in (1, 2, 5, 10, 25, 50, 100, 200) if at[0] <= n <= budget]
    ax.set_xticks(ticks, list(map(str, ticks)))
    ax.minorticks_off()
    ax.legend(fontsize="small")


def _plot_overhead(ax: Any, overhead: dict[str, dict[int, tuple[float, float]]], colours: dict[str, str]) -> None:
    for name, times in overhead.items():
        ax.plot(list(times), [median for median, _ in times.values()], marker=".", label=name, color=colours[name])
    ax.set(xscale="log", yscale="log", xlabel="trials told", ylabel="ms per ask and tell", title="time")
    ax.legend(fontsize="small")
