"""What is said of parameters, of failures and of what to do next, where the truth is known."""

import re

import pytest
from test_search import search

from jtune.language.domains import ChoiceDomain, FloatDomain
from jtune.language.space import Parameter, Space
from jtune.search import Limits
from jtune.storage.record import Trial
from jtune.text import with_sd
from jtune.trials.outcome import State
from jtune.views import next as next_step
from jtune.views.verdicts import verdicts

# Where the best is, putting the user's own value back costs 4 for a, and nothing for b; k stays as it was.
KNOWN = """
a = 3.0  # tune: 0..4
b = 0.5  # tune: 0..1
k = "x"  # tune: ["x", "y"]
loss = (a - 1) ** 2 + (k == "y")  # tune: minimize
"""
EDGE = "a = 0.5  # tune: 0..1\nb = 0.5  # tune: 0..1\nloss = -a  # tune: minimize\n"
CONDITIONAL = """
k = "x"  # tune: ["x", "y"]
w = 0.5  # tune: 0..1 if k == "y"
loss = 1 + w if k == "y" else 0  # tune: minimize
"""
CONSTANT = "a = 0.5  # tune: 0..1\nloss = 3.0  # tune: minimize\n"
FEW = "k = 1  # tune: 1..3\nk  # tune: maximize\n"


def verdict(name, kind):
    return {"name": name, "kind": kind, "text": "", "more": ""}


def judged(folder, source, n=30, sampler="gp"):
    _, study = search(folder, Limits(n), source, sampler=sampler)
    return study, {verdict["name"]: verdict for verdict in verdicts(study, study.effects, study.best)}


def test_each_parameter_is_worth_what_it_costs_to_put_the_users_value_back(tmp_path):
    _, said = judged(tmp_path, KNOWN)
    found = re.fullmatch(r"worth ([\d.]+) ± ([\d.]+)", said["a"]["text"])
    assert float(found[1]) == pytest.approx(4, abs=0.5)
    assert said["a"]["kind"] == "worth"
    assert said["b"]["text"] in ("makes no difference here: keep 0.5", "kept at your value")
    assert said["k"]["text"] == "kept at your value"
    assert next(iter(said)) == "a"


def test_a_best_value_at_the_end_of_its_range_is_told(tmp_path):
    study, said = judged(tmp_path, EDGE)
    assert said["a"]["more"] == "best at its upper end: widen the range"
    assert "widen" not in said["b"]["more"]
    assert next_step.sentence(study, study, list(said.values())).startswith("the best a is at the end of the range")


def test_a_parameter_that_is_inactive_in_the_best_trial_is_told(tmp_path):
    _, said = judged(tmp_path, CONDITIONAL, n=12, sampler="random")
    assert said["w"]["text"] == "not active in the best trial"


def test_nothing_is_said_of_a_constant_objective_but_that_it_is_one(tmp_path):
    study, said = judged(tmp_path, CONSTANT, n=3, sampler="random")
    assert said == {}
    told = next_step.sentence(study, study, [])
    assert told == "loss is 3 in all 3 trials; it does not depend on what is tuned"


def test_an_exhausted_space_is_done(tmp_path):
    study, said = judged(tmp_path, FEW, n=10, sampler="random")
    assert next_step.sentence(study, study, list(said.values())) == "done: all 3 points of the space have been tried"


def test_trials_without_gain_are_counted_and_idle_parameters_named(tmp_path):
    _, study = search(tmp_path, Limits(30), "a = 0.5  # tune: 0..1\nloss = abs(a - 0.5)  # tune: minimize\n")
    told = next_step.sentence(study, study, [verdict("a", "worth"), verdict("b", "none")])
    assert told == (
        "29 trials without gain; apply the best one, or stop here; b makes no difference, so its mark can go"
    )


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        ({"a": "worth", "b": "none", "c": "none"}, "b and c make no difference, so their marks can go"),
        ({"a": "open", "b": "none"}, "the gain is not told apart from noise yet; more trials would tell"),
        ({"a": "worth", "b": "maybe"}, "the last gain was 2 trials ago; more trials may bring another one"),
    ],
)
def test_after_a_recent_gain_the_parameters_decide_what_is_next(tmp_path, kinds, text):
    _, study = search(tmp_path, Limits(3), "a = 0.5  # tune: 0..1\nloss = abs(a - 0.5)  # tune: minimize\n")
    assert next_step.sentence(study, study, [verdict(name, kind) for name, kind in kinds.items()]) == text


@pytest.mark.parametrize(
    ("mean", "sd", "text"),
    [
        (0.02231, 0.0089, ("0.022", "0.009")),
        (0.0312, 0.0141, ("0.031", "0.014")),
        (12.345, 2.0, ("12", "2")),
        (1234.5, 120.0, ("1230", "120")),
        (0.0, 0.0, ("0", "0")),
        (3e-9, 2e-9, ("3e-09", "2e-09")),
    ],
)
def test_a_value_has_the_digits_of_its_standard_deviation(mean, sd, text):
    assert with_sd(mean, sd) == text


SPACE = Space([Parameter("b", FloatDomain(0.0, 5.0), 1.0), Parameter("mode", ChoiceDomain(("a", "nan")), "a")])


def trial(number, b, mode, *, fails):
    state = State.FAILED if fails else State.COMPLETE
    return Trial(number, {"b": b, "mode": mode}, () if fails else (1.0,), 1.0, state, "", "sampler")


@pytest.mark.parametrize(
    ("fails", "text"),
    [
        (lambda b, mode: mode == "nan", "10 failed: mode = nan"),
        (lambda b, mode: b >= 4, "4 failed: b ≥ 4"),
        (lambda b, mode: b <= 0.5, "2 failed"),
        (lambda b, mode: int(2 * b) % 3 == 0, "8 failed"),
        (lambda b, mode: False, ""),
    ],
)
def test_where_trials_fail_is_told_if_one_comparison_tells_it(fails, text):
    points = [(i / 4, mode) for i in range(2, 20, 2) for mode in ("a", "nan")] + [(4.75, "a"), (4.8, "nan")]
    trials = [trial(i, b, mode, fails=fails(b, mode)) for i, (b, mode) in enumerate(points)]
    n = sum(not each.values for each in trials)
    expected = text if not text else f"{n} failed" + text.partition(" failed")[2]
    assert next_step.failures(SPACE, trials) == expected
