"""Best, baseline and Pareto front, against their plain definitions."""

import itertools
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from jtune.storage.definition import Goal
from jtune.storage.ranking import Ranking, losses
from jtune.storage.record import Trial
from jtune.trials.outcome import State

DIRECTIONS = st.lists(st.sampled_from(["minimize", "maximize"]), min_size=1, max_size=3)


def trial(number, values, state="complete", origin="sampler", x=None):
    """A trial at a place of its own, or at ``x``."""
    return Trial(number, {"x": number if x is None else x}, tuple(values), 0.0, State(state), "", origin)


@st.composite
def studies(draw):
    goals = tuple(Goal(direction, "loss") for direction in draw(DIRECTIONS))
    values = st.tuples(*[st.one_of(st.integers(-2, 2), st.floats(-2, 2))] * len(goals))
    trials = [trial(i, found) for i, found in enumerate(draw(st.lists(values, max_size=40)))]
    return goals, draw(st.permutations(trials))


@given(studies())
@settings(max_examples=300, deadline=None)
def test_best_and_front_are_what_their_definitions_say_whatever_the_order(study):
    goals, trials = study
    ranking = Ranking(goals, trials)
    lost = {t.number: losses(goals, t.values) for t in trials}
    dominated = {
        i for i, j in itertools.permutations(lost, 2)
        if lost[i] != lost[j] and all(x >= y for x, y in zip(lost[i], lost[j], strict=True))
    }  # fmt: skip
    best = min(trials, key=lambda t: (lost[t.number], t.number), default=None)
    assert ranking.best == best
    expected = sorted(lost.keys() - dominated) if len(goals) > 1 else [best.number] if best else []
    assert [t.number for t in ranking.front] == expected


def test_baseline_is_the_first_that_is_complete_else_the_last_one():
    ranking = Ranking((Goal("minimize", "loss"),))
    assert ranking.baseline is None
    tried = [
        trial(0, (), "interrupted", "baseline"),
        trial(1, (), "failed", "baseline"),
        trial(2, (), "timed out", "baseline"),
        trial(3, (1.0,)),
        trial(4, (2.0,), origin="baseline"),
        trial(5, (0.0,), origin="baseline"),
    ]
    seen = []
    for each in tried:
        ranking.add(each)
        seen.append(ranking.baseline and ranking.baseline.number)
    assert seen == [None, 1, 2, 2, 4, 4]


def test_without_an_objective_there_is_a_baseline_and_no_best():
    ranking = Ranking((), [trial(0, (), origin="baseline"), trial(1, (), origin="baseline")])
    assert (ranking.best, ranking.baseline.number, ranking.front) == (None, 0, [])


def _means(trials):
    """Values, means and the sum of squares that they are off, by definition."""
    by_place = {}
    for each in trials:
        by_place.setdefault(each.params["x"], []).append(each)
    off = sum(
        sum((t.values[0] - math.fsum(u.values[0] for u in runs) / len(runs)) ** 2 for t in runs)
        for runs in by_place.values()
    )
    return by_place, off


@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(-3, 3, width=16)), min_size=1, max_size=30),
    st.sampled_from(["minimize", "maximize"]),
)
@settings(max_examples=300, deadline=None)
def test_best_of_a_noisy_objective_has_the_best_mean_less_its_standard_error(runs, direction):
    trials = [trial(i, (value,), x=x) for i, (x, value) in enumerate(runs)]
    ranking = Ranking((Goal(direction, "loss"),), trials)
    by_place, off = _means(trials)
    repeated = len(trials) - len(by_place)
    if off == 0:
        assert ranking.noise is None
        assert ranking.best.expected is None
        return
    sd = math.sqrt(off / repeated)
    assert math.isclose(ranking.noise.sd, sd, rel_tol=1e-6)
    assert ranking.noise.repeated == repeated
    sign = -1 if direction == "maximize" else 1
    bound = {
        x: sign * math.fsum(t.values[0] for t in them) / len(them) + sd / math.sqrt(len(them))
        for x, them in by_place.items()
    }
    best = ranking.best
    assert bound[best.params["x"]] <= min(bound.values()) + 1e-9
    them = by_place[best.params["x"]]
    assert best == them[0]
    if len(them) == 1:
        assert best.expected is None
    else:
        rest = math.fsum(t.values[0] for t in them[1:]) / (len(them) - 1)
        assert math.isclose(best.expected.mean, rest, rel_tol=1e-9, abs_tol=1e-9)
        assert math.isclose(best.expected.sd, sd / math.sqrt(len(them) - 1), rel_tol=1e-6)
        assert best.expected.runs == len(them)


def test_runs_that_differ_by_rounding_are_the_same():
    trials = [trial(i, (0.1 + i * 1e-17 + 1e-14 * (i % 2),), x=1) for i in range(9)]
    assert Ranking((Goal("minimize", "loss"),), trials).noise is None


def test_a_lucky_run_is_not_the_best_any_more_once_it_is_repeated():
    ranking = Ranking((Goal("maximize", "accuracy"),))
    for each in (trial(0, (0.90,)), trial(1, (0.97,)), trial(2, (0.96,)), trial(3, (0.91,), x=1)):
        ranking.add(each)
    assert ranking.best.number == 2
    assert ranking.best.expected is None
