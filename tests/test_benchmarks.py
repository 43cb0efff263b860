"""The optimizer benchmark: its problems are what they say, and a run of it prints a table."""

from __future__ import annotations

import math
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

import optimizers
import peers
import regret
import runs
import suite

PROBLEMS = list(suite.PROBLEMS.values())
ids = {"ids": lambda problem: problem.name}


@pytest.mark.parametrize("problem", PROBLEMS, **ids)
def test_problem_accepts_its_baseline(problem):
    assert problem.space.accepts(problem.space.baseline)
    assert math.isfinite(problem.value(problem.space.baseline))


@pytest.mark.parametrize("problem", PROBLEMS, **ids)
def test_optimum_is_not_beaten_by_random_points(problem):
    rng = np.random.default_rng(1)
    for _ in range(3 if problem.sample else 12 if problem.kind == "real" else 300):
        point = problem.space.sample(rng)
        try:
            assert problem.value(point) >= problem.optimum - 1e-6, point
        except suite.CrashError:
            assert problem.kind == "failing"


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if p.best is not None], **ids)
def test_optimum_is_reached_where_it_is_said_to_be(problem):
    assert problem.space.accepts(problem.best)
    assert problem.value(problem.best) == pytest.approx(problem.optimum, abs=1e-6)


@pytest.mark.parametrize("problem", PROBLEMS, **ids)
def test_random_search_leaves_regret_that_shrinks(problem):
    regrets = [problem.random_search(n) for n in (5, 25, 60, 100)]
    assert regrets == sorted(regrets, reverse=True)
    assert regrets[-1] > 0


def test_inactive_parameters_have_no_effect():
    rng = np.random.default_rng(2)
    for problem in (p for p in PROBLEMS if p.space.has_conditions and p.kind != "real"):
        for _ in range(50):
            point = problem.space.sample(rng)
            others = {p.name: p.domain.sample(rng) for p in problem.space if p.name not in point}
            assert problem.function(**point, **others) == problem.value(point)


def test_halves_have_the_same_kinds_in_the_same_numbers():
    kinds = {half: Counter(p.kind for p in PROBLEMS if p.half == half) for half in ("choose", "report")}
    assert kinds["choose"] == kinds["report"]
    assert set(kinds["choose"]) == set(suite.KINDS)
    assert min(kinds["choose"].values()) >= 2
    assert len(PROBLEMS) >= 28


def test_quick_looks_at_the_half_for_choosing_only():
    assert {suite.PROBLEMS[name].half for name in optimizers._QUICK_PROBLEMS} == {"choose"}


def test_regret_is_zero_at_the_optimum_one_at_random_search_and_capped():
    task = runs.task(suite.PROBLEMS["branin"], "random", 0, 25, False)
    optimum, random = suite.PROBLEMS["branin"].optimum, suite.PROBLEMS["branin"].random_search(25)
    for value, expected in ((optimum, 0.0), (optimum + random, 1.0), (1e9, regret.CAP), (None, regret.CAP)):
        run = runs.Run(task, (value,) * 25, (1.0,) * 25, 0, 0)
        assert regret.normalised(run, [25]) == pytest.approx([expected])


def test_difference_of_the_same_runs_is_zero_and_half_of_them_win():
    made = [
        runs.Run(runs.task(suite.PROBLEMS["branin"], "random", seed, 5, False), (10.0 + seed,) * 5, (1.0,) * 5, 0, 0)
        for seed in range(4)
    ]
    comparison = regret.Comparison(made + [runs.renamed(run, "tpe") for run in made], [5])
    assert comparison.difference("random", "tpe").mean == pytest.approx([0.0])
    assert comparison.wins("random", "tpe").mean == pytest.approx([0.5])
    assert comparison.ranks()["random"] == pytest.approx([0.5])


def test_cache_gives_back_what_was_added(tmp_path):
    run = runs.do(runs.task(suite.PROBLEMS["crash_memory"], "random", 3, 4, True))
    runs.Cache(tmp_path / "runs.jsonl").add(run)
    again = runs.Cache(tmp_path / "runs.jsonl")
    assert again.runs == {run.task: run}
    assert replace(run.task, seed=4) not in again.runs
    assert len(run.incumbents) == 4
    assert run.error == ""


def test_a_space_that_is_used_up_ends_a_run_without_an_error():
    run = runs.do(runs.task(suite.PROBLEMS["grid24"], "random", 0, 30, False))
    assert (run.error, run.n_repeated, len(run.ms)) == ("", 0, 24)
    assert run.incumbents[-7:] == (0.0,) * 7


def test_two_trials_print_a_table(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(optimizers, "RESULTS", tmp_path / "results")
    options = ["--problems", "branin,mixed_routes", "--optimizers", "random,tpe,optuna-tpe", "--budget", "2"]
    options += ["--seeds", "2", "--no-overhead", "--cache", str(tmp_path / "runs.jsonl"), "--save", "taste"]
    optimizers.main(options)
    first = capsys.readouterr().out
    assert "## Half `choose`: 1 problems" in first
    assert "## Half `report`: 1 problems" in first
    assert "NR@2" in first
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["taste.json", "taste.md", "taste.png"]
    n_lines = (tmp_path / "runs.jsonl").read_text("utf-8").count("\n")
    optimizers.main(options)
    assert capsys.readouterr().out == first
    assert (tmp_path / "runs.jsonl").read_text("utf-8").count("\n") == n_lines == 12


@pytest.mark.filterwarnings("ignore")  # the peers' own
@pytest.mark.parametrize("name", peers.NAMES)
def test_optimizer_asks_for_points_of_a_conditional_space(name):
    if reason := peers.missing(name):
        pytest.skip(reason)
    problem = suite.PROBLEMS["cond_booster"]
    optimizer = peers.make(name, problem, seed=0, budget=10)
    optimizer.load([problem.space.baseline], [problem.value(problem.space.baseline)])
    for value in (1.0, None, 0.5):
        point = optimizer.ask()
        assert problem.space.accepts(point), point
        optimizer.tell(value)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="no such problem: nothing"):
        suite.select(names=["nothing"])
    with pytest.raises(ValueError, match="no such optimizer: nothing"):
        optimizers.main(["--optimizers", "nothing"])
