"""What the surrogate says, against functions that are known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jtune.language.conditions import Condition
from jtune.language.domains import ChoiceDomain, FloatDomain, IntDomain
from jtune.language.space import Parameter, Space
from jtune.surrogate.effects import Effects

SPACE = Space(
    [
        Parameter("rate", FloatDomain(1e-4, 1.0, log=True), 0.01),
        Parameter("drop", FloatDomain(0.0, 0.5, step=0.05), 0.1),
        Parameter("layers", IntDomain(1, 6), 2),
        Parameter("units", IntDomain(8, 256, log=True), 32, Condition("layers > 1")),
        Parameter("kind", ChoiceDomain(("relu", (1, 2), None)), "relu"),
        Parameter("only", ChoiceDomain((7,)), 7),
    ]
)


def objective(point):
    """The rate matters most, then the kind; drop and units do not."""
    kind = {"relu": 0.0, None: 1.0, (1, 2): 2.0}[point["kind"]]
    return 50 + 3 * (math.log10(point["rate"]) + 2) ** 2 + kind + 0.2 * point["layers"]


def sample(n, space=SPACE, seed=0):
    rng = np.random.default_rng(seed)
    return [space.sample(rng) for _ in range(n)]


@pytest.fixture(scope="module")
def effects():
    points = sample(60)
    return Effects(SPACE, points, [objective(point) for point in points])


def test_effect_of_a_range_is_the_function_averaged_over_the_others(effects):
    effect = effects.effect("rate")
    assert effect.x == SPACE["rate"].domain.levels(40)
    assert effect.mean.shape == effect.sd.shape == (40,)
    others = np.mean([objective({**point, "rate": 0.01}) for point in sample(60)])
    expected = np.array([others + 3 * (math.log10(x) + 2) ** 2 for x in effect.x])
    # At the ends, where no trials are, the surrogate holds back.
    np.testing.assert_allclose(effect.mean[2:-2], expected[2:-2], atol=0.5)
    np.testing.assert_allclose(effect.mean, expected, atol=0.8)
    assert (effect.sd > 0).all()
    assert np.median(effect.sd) < 0.6


def test_effect_of_a_choice_has_all_of_them(effects):
    effect = effects.effect("kind", n=2)
    assert effect.x == ["relu", (1, 2), None]
    np.testing.assert_allclose(effect.mean - effect.mean[0], [0.0, 2.0, 1.0], atol=0.2)


@pytest.mark.parametrize(("name", "n", "kind"), [("layers", 6, int), ("units", 39, int), ("drop", 11, float), ("only", 1, int)])  # fmt: skip
def test_effect_has_plain_values_of_the_domain(effects, name, n, kind):
    effect = effects.effect(name)
    assert len(effect.x) == n == len(effect.mean)
    assert {type(x) for x in effect.x} == {kind}
    assert all(SPACE[name].domain.reject(x) is None for x in effect.x)


def test_a_condition_on_a_choice_of_tuples():
    space = Space(
        [
            Parameter("hidden", ChoiceDomain(((8,), (8, 8))), (8,)),
            Parameter("drop", FloatDomain(0.0, 1.0), 0.5, Condition("hidden == (8, 8)")),
        ]
    )
    points = sample(20, space)
    effects = Effects(space, points, [point.get("drop", 0.0) for point in points])
    assert effects.importance().keys() == {"hidden", "drop"}
    assert effects.effect("drop").mean[-1] > 0.8


def test_importance_is_computed_once(effects):
    first = effects.importance()
    first.clear()
    assert set(effects.importance()) == set(SPACE.names)


def test_effect_of_no_parameter(effects):
    with pytest.raises(KeyError):
        effects.effect("lr")


def test_pair_is_the_function_averaged_over_the_others(effects):
    pair = effects.pair("rate", "kind", n=9)
    assert (pair.x, pair.y) == (SPACE["rate"].domain.levels(9), ["relu", (1, 2), None])
    assert pair.mean.shape == pair.sd.shape == (9, 3)
    others = np.mean([0.2 * point["layers"] for point in sample(60)])
    expected = [[objective({"rate": x, "kind": y, "layers": 0}) + others for y in pair.y] for x in pair.x]
    np.testing.assert_allclose(pair.mean[1:-1], expected[1:-1], atol=0.8)
    assert (pair.sd > 0).all()
    swapped = effects.pair("kind", "rate", n=9)
    np.testing.assert_allclose(swapped.mean.T, pair.mean, rtol=1e-9)


def test_pair_of_a_condition_and_its_parameter(effects):
    pair = effects.pair("layers", "units", n=6)
    assert pair.mean.shape == (6, 6)
    # With one layer, there are no units.
    assert np.ptp(pair.mean[0]) == pytest.approx(0.0, abs=1e-9)
    assert effects.pair("only", "layers").mean.shape == (1, 6)


def test_pair_needs_two_parameters_that_there_are(effects):
    with pytest.raises(ValueError, match="here is rate twice"):
        effects.pair("rate", "rate")
    with pytest.raises(KeyError):
        effects.pair("rate", "lr")


def test_intervals_of_importance_hold_the_shares_and_narrow_with_more_trials():
    unit = FloatDomain(0.0, 1.0)
    space = Space([Parameter(name, unit, 0.5) for name in "abc"])
    widths = []
    for n in (6, 60):
        points = sample(n, space)
        effects = Effects(space, points, [3 * p["a"] + p["b"] for p in points])
        shares, intervals = effects.importance(), effects.importance_intervals()
        assert list(intervals) == list(shares)
        assert all(0 <= low <= shares[name] <= high <= 1 for name, (low, high) in intervals.items())
        widths.append(sum(high - low for low, high in intervals.values()))
    assert widths[1] < widths[0] / 2
    assert intervals["a"][0] > 0.8
    assert intervals["c"][1] < 0.05


def test_intervals_of_importance_of_few_trials_and_of_a_constant():
    few = Effects(SPACE, sample(7), [float(i) for i in range(7)]).importance_intervals()
    assert few.keys() == set(SPACE.names)
    constant = Effects(SPACE, sample(9), [1.0] * 9)
    assert set(constant.importance_intervals().values()) == {(0.0, 0.0)}


def test_importance_ranks_what_the_function_does(effects):
    importance = effects.importance()
    assert list(importance)[:2] == ["rate", "kind"]
    assert list(importance.values()) == sorted(importance.values(), reverse=True)
    assert set(importance) == set(SPACE.names)
    # Function and prediction agree but for a few percent.
    assert 0.8 < sum(importance.values()) <= 1.05
    assert importance["rate"] > 0.7
    assert importance["drop"] + importance["units"] + importance["only"] < 0.02


def test_importance_is_the_share_of_the_first_order_variance():
    unit = FloatDomain(0.0, 1.0)
    space = Space([Parameter("a", unit, 0.5), Parameter("b", unit, 0.5)])
    points = sample(60, space)
    importance = Effects(space, points, [3 * p["a"] + p["b"] for p in points]).importance()
    assert importance == pytest.approx({"a": 0.9, "b": 0.1}, abs=0.03)


def test_prediction_at_and_between_trials(effects):
    for point in [*sample(5), *sample(5, seed=1)]:
        mean, sd = effects.predict(point)
        assert type(mean) is type(sd) is float
        assert mean == pytest.approx(objective(point), abs=max(4 * sd, 0.2))


def test_prediction_takes_literals_for_what_is_left_out(effects):
    assert effects.predict({}) == effects.predict(SPACE.baseline)
    assert effects.predict({"layers": 1}) == effects.predict({"layers": 1, "units": 200})
    assert effects.predict({"rate": 1}) == effects.predict({"rate": 1.0})


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"rate": 2.0}, "rate: 2.0 is outside 0.0001..1.0"),
        ({"kind": "tanh"}, "kind: 'tanh' is not one of"),
        ({"lr": 0.1}, "lr: there is no such parameter"),
    ],
)
def test_prediction_outside_the_space(effects, point, message):
    with pytest.raises(ValueError, match=message):
        effects.predict(point)


def test_uncertainty_grows_away_from_the_trials():
    space = Space([Parameter("x", FloatDomain(0.0, 1.0), 0.5)])
    points = [{"x": x} for x in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)]
    effect = Effects(space, points, [math.sin(6 * p["x"]) for p in points]).effect("x", n=11)
    assert (effect.sd[7:] > 5 * effect.sd[1]).all()
    assert (np.diff(effect.sd[6:]) > 0).all()


def test_noise_is_not_taken_for_an_effect():
    space = Space([Parameter(name, FloatDomain(0.0, 1.0), 0.5) for name in "abcde"])
    for seed in range(3):
        noise = np.random.default_rng(seed).normal(size=20)
        effects = Effects(space, sample(20, space, seed), list(noise))
        assert all(np.ptp(effects.effect(name).mean) < np.ptp(noise) / 2 for name in space.names)


def test_noise_is_no_part_of_the_uncertainty():
    space = Space([Parameter("x", FloatDomain(0.0, 1.0), 0.5)])
    rng = np.random.default_rng(0)
    points = sample(200, space)
    effect = Effects(space, points, [p["x"] + rng.normal() for p in points]).effect("x")
    assert effect.sd.max() < 0.5


# Conditions


def test_a_conditional_parameter_is_judged_where_it_is_active():
    space = Space(
        [
            Parameter("kind", ChoiceDomain(("a", "b")), "a"),
            Parameter("x", FloatDomain(0.0, 1.0), 0.5, Condition("kind == 'b'")),
        ]
    )
    points = sample(50, space)
    effects = Effects(space, points, [4.0 * p["x"] + 1 if "x" in p else 10.0 for p in points])
    along = effects.effect("x", n=3)
    np.testing.assert_allclose(along.mean, [1.0, 3.0, 5.0], atol=0.3)
    # Where x turns active it starts at its literal.
    np.testing.assert_allclose(effects.effect("kind").mean[0], 10.0, atol=0.3)
    assert effects.importance()["kind"] > effects.importance()["x"] > 0


def test_a_parameter_that_was_never_active_has_no_effect():
    points = [point for point in sample(80) if point["layers"] == 1]
    effects = Effects(SPACE, points, [objective(point) for point in points])
    effect = effects.effect("units", n=7)
    # What it would do is not known, and nothing speaks for an effect.
    assert np.ptp(effect.mean) < 0.1 * np.ptp(effects.effect("rate").mean)
    assert len(effect.x) == 7
    assert effects.importance()["units"] < 0.05
    assert effects.importance_intervals()["units"][0] == 0.0


# Units, constants, too few, too many


@pytest.mark.parametrize(("scale", "shift"), [(1e-9, 0.0), (1e6, -1e7), (-1.0, 0.0), (1e300, 0.0)])
def test_all_is_in_the_units_of_the_objective(effects, scale, shift):
    points = sample(60)
    scaled = Effects(SPACE, points, [objective(point) * scale + shift for point in points])
    for name in ("rate", "kind"):
        plain, other = effects.effect(name), scaled.effect(name)
        np.testing.assert_allclose(other.mean, plain.mean * scale + shift, rtol=1e-2)
        np.testing.assert_allclose(other.sd, plain.sd * abs(scale), rtol=0.2)
    assert scaled.importance() == pytest.approx(effects.importance(), abs=1e-2)


@pytest.mark.parametrize("value", [0.0, -3.5, 1e-300, 1.7e308])
def test_a_constant_objective(value):
    points = sample(10)
    effects = Effects(SPACE, points, [value] * 10)
    assert effects.importance() == dict.fromkeys(SPACE.names, 0.0)
    np.testing.assert_allclose(effects.effect("rate").mean, value)
    assert effects.predict({}) == (pytest.approx(value), 0.0)


def test_a_space_in_which_nothing_moves():
    space = Space([Parameter("c", ChoiceDomain(("a",)), "a")])
    with pytest.raises(ValueError, match="needs 3 distinct points, there are 1"):
        Effects(space, [{"c": "a"}] * 9, [1.0] * 9)


@pytest.mark.parametrize(
    ("points", "values", "message"),
    [
        (sample(2), [1.0, 2.0], "needs 3 distinct points, there are 2"),
        (sample(2) * 5, [1.0, 2.0] * 5, "needs 3 distinct points, there are 2"),
        ([], [], "there are 0"),
        (sample(3), [1.0, 2.0], "there are 3 points, but 2 values"),
        (sample(3), [1.0, math.nan, 2.0], "not finite"),
        (sample(3), [1.0, math.inf, 2.0], "not finite"),
        ([*sample(3), {**sample(1)[0], "rate": 5.0}], [1.0] * 4, "is not a point of the search space"),
    ],
)
def test_what_it_cannot_learn_from(points, values, message):
    with pytest.raises(ValueError, match=message):
        Effects(SPACE, points, values)


def test_three_points_are_enough():
    effects = Effects(SPACE, sample(3), [1.0, 2.0, 4.0])
    assert np.isfinite(effects.effect("rate").mean).all()
    assert all(0 <= share <= 1 for share in effects.importance().values())


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_of_many_trials_the_best_and_the_most_recent_are_learnt(direction):
    space = Space([Parameter("x", FloatDomain(0.0, 1.0), 0.5), Parameter("y", FloatDomain(0.0, 1.0), 0.5)])
    points = [{"x": i / 1000, "y": 0.3} for i in range(1000)]
    effects = Effects(space, points, [float(p["x"]) for p in points], direction=direction)
    assert "from 300 trials" in repr(effects)
    far, *near = (0.5, 0.05, 0.95) if direction == "minimize" else (0.2, 0.75, 0.95)
    assert effects.predict({"x": 0.9001, "y": 0.3})[0] == pytest.approx(0.9, abs=0.01)
    sd = {x: effects.predict({"x": x + 0.0001, "y": 0.3})[1] for x in (far, *near)}
    assert sd[far] > 2 * max(sd[x] for x in near)


def test_it_is_deterministic_and_leaves_random_numbers_alone():
    points = sample(150)
    values = [objective(point) for point in points]
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    first, second = (Effects(SPACE, points, values) for _ in range(2))
    assert (first.effect("rate").mean == second.effect("rate").mean).all()
    assert first.importance() == second.importance()
    assert (np.random.get_state()[1] == before).all()


def test_strict_floating_point_errors_of_the_user_do_not_reach_it():
    with np.errstate(all="raise"):
        effects = Effects(SPACE, sample(20), [objective(point) * 1e-200 for point in sample(20)])
        effects.importance()
        effects.effect("kind")


domains = st.one_of(
    st.just(FloatDomain(-2.0, 5.0)),
    st.just(FloatDomain(1e-6, 10.0, log=True)),
    st.just(FloatDomain(0.0, 1.0, step=0.25)),
    st.just(IntDomain(0, 1000, step=10)),
    st.just(IntDomain(1, 2**40, log=True)),
    st.just(ChoiceDomain((True, "a", (1, "b"), 2.5))),
    st.just(ChoiceDomain((False, True))),
)


@given(
    st.lists(domains, min_size=1, max_size=5),
    st.integers(3, 25),
    st.integers(0, 99),
    st.data(),
)
@settings(deadline=None, max_examples=40)
def test_any_space_and_any_values(chosen, n, seed, data):
    space = Space([Parameter(f"p{i}", domain, domain.levels(1)[0]) for i, domain in enumerate(chosen)])
    points = sample(n, space, seed)
    values = data.draw(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=n, max_size=n))
    try:
        effects = Effects(space, points, values)
    except ValueError as error:
        assert "distinct" in str(error)  # noqa: PT017
        return
    importance = effects.importance()
    assert all(0 <= share <= 1 for share in importance.values())
    for name in space.names:
        effect = effects.effect(name, n=5)
        assert effect.mean.shape == effect.sd.shape == (len(effect.x),)
        if max(map(abs, values)) < 1e300:
            assert np.isfinite(effect.mean).all()
            assert (effect.sd >= 0).all()
