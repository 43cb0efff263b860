"""Best, baseline and Pareto front, against their plain definitions."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from jtune.storage.definition import Goal
from jtune.storage.ranking import Ranking, losses
from jtune.storage.record import Trial
from jtune.trials.outcome import State

DIRECTIONS = st.lists(st.sampled_from(["minimize", "maximize"]), min_size=1, max_size=3)


def trial(number, values, state="complete", origin="sampler"):
    return Trial(number, {}, tuple(values), 0.0, State(state), "", origin)


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
