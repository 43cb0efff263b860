"""What is said about parameters is true, of functions that are known, after a search of 40 trials."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

import truth

SEEDS = range(3)
JUDGED = [name for name in truth.PROBLEMS if name != "pure noise"]
CURVE = """%%tune pruned -n 30 --seed 1 --no-panel
x = 0.5  # tune: 0..1
y = 0.5  # tune: 0..1
for step in range(6):  # tune: report loss
    loss = (x - 0.2) ** 2 + 0.01 * y + 1 / (1 + step)
loss  # tune: minimize"""


@pytest.fixture(scope="module")
def judged():
    return {name: [truth.judge(name, seed, 40) for seed in SEEDS] for name in truth.PROBLEMS}


def said(judged, key, names):
    return np.array([value for name in names for each in judged[name] for value in each[key]])


def test_what_is_said_of_points_that_were_not_tried_holds(judged):
    for name in JUDGED:
        assert np.mean(said(judged, "unseen", [name]) < 1.96) >= 0.85, name
    assert np.mean(said(judged, "unseen", JUDGED) < 1.96) >= 0.93


def test_what_is_said_of_points_that_were_tried_is_what_was_measured(judged):
    assert np.mean(said(judged, "measured", truth.PROBLEMS) < 2) >= 0.97


def test_what_your_value_costs_is_right_within_its_standard_deviation(judged):
    assert np.mean(said(judged, "cost", truth.PROBLEMS) < 2) >= 0.9


def test_intervals_of_shares_hold_the_true_share(judged):
    assert np.mean(said(judged, "share", truth.PROBLEMS)) >= 0.9


def test_shares_of_pure_noise_are_small(judged):
    assert np.median(said(judged, "sum", ["pure noise"])) < 0.2
    assert np.median(said(judged, "sum", ["additive"])) > 0.7


def test_pruned_trials_are_learnt_from_and_are_not_measured(shared_kernel):
    shared_kernel.run(CURVE)
    said = shared_kernel.run("""
given_up = [trial for trial in pruned if trial.state == "pruned"]
mean, sd = pruned.predict(given_up[0].params)
print(len(given_up) >= 5, len(given_up) + len(pruned.complete), repr(pruned.effects).split()[-2])
print(next(iter(pruned.importance())), sd > 0, mean != given_up[0].curves["loss"][-1])
""")
    first, n_trials, n_learnt, *others = said.split()
    assert first == "True"
    assert n_trials == n_learnt
    assert others == ["x", "True", "True"]
