"""Log expected improvement against exact numbers, and points of the cube against what they should be."""

import math
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jtune.surrogate.acquisition import Axis, Cube, log_expected_improvement, log_improvement, rank
from jtune.surrogate.gp import GaussianProcess, calm

getcontext().prec = 60
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


def exact(z):
    """log(phi(z) + z Phi(z)) to 40 digits for z < 0, by the continued fraction of Phi / phi (Laplace)."""
    a = Decimal(-z)
    fraction = a
    for k in range(4000, 0, -1):
        fraction = a + Decimal(k) / fraction
    return -a * a / 2 - (2 * PI).ln() / 2 + (1 - a / fraction).ln()


# Log expected improvement


@pytest.mark.parametrize("z", [-1.0, -1.000001, -2.0, -5.0, -20.0, -40.0, -300.0, -999.9, -1000.1, -5e4, -1e8])
def test_tails(z):
    assert float(log_improvement(np.array(z))) == pytest.approx(float(exact(z)), rel=1e-10, abs=1e-10)


def test_it_is_the_plain_formula_where_that_is_stable():
    z = np.linspace(-3, 40, 500)
    density, mass = (
        np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi),
        np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in z]),
    )
    np.testing.assert_allclose(log_improvement(z), np.log(density + z * mass), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("at", [-1e3, -1.0])
def test_its_pieces_meet(at):
    left, right = log_improvement(np.array([np.nextafter(at, -np.inf), np.nextafter(at, np.inf)]))
    assert left == pytest.approx(right, rel=1e-12, abs=1e-10)


@given(st.floats(-50, 50), st.floats(-6, 3), st.floats(-20, 20))
@settings(deadline=None)
def test_gradient_of_log_expected_improvement(mean, log_sd, best):
    sd = math.exp(log_sd)

    def value(mean, sd):
        return float(log_expected_improvement(np.array([mean]), np.array([sd]), best)[0][0])

    with np.errstate(under="ignore"):
        _, by_mean, by_sd = log_expected_improvement(np.array([mean]), np.array([sd]), best)
        h = 1e-5 * sd
        expected = [(value(mean + h, sd) - value(mean - h, sd)) / (2 * h), (value(mean, sd + h) - value(mean, sd - h)) / (2 * h)]  # fmt: skip
    rounding = 1e-10 * (1 + abs(value(mean, sd))) / h
    np.testing.assert_allclose([by_mean[0], by_sd[0]], expected, rtol=1e-4, atol=rounding)


@pytest.mark.parametrize("mean", [1e8, 1e4, 40.0, 0.0, -40.0, -1e8])
def test_gradients_far_out(mean):
    value, by_mean, by_sd = log_expected_improvement(np.array([mean]), np.ones(1), 0.0)
    assert np.isfinite([value, by_mean, by_sd]).all()
    # d log h / dz goes to |z| on the left, to 1 / z on the right.
    expected = -mean if mean > 0 else 1 / min(mean, -1e-9)
    if mean:
        assert by_mean[0] == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("sd", [0.0, -1.0, math.nan])
def test_a_standard_deviation_must_be_positive(sd):
    with pytest.raises(ValueError, match="not positive"):
        log_expected_improvement(np.zeros(2), np.array([1.0, sd]), 0.0)


# The cube

MIXED = Cube([Axis(), Axis(choices=np.eye(3) / math.sqrt(2), lengths=(0,) * 3), Axis(levels=np.array([0.1, 0.3, 0.9]))])
ONE, NONE = 1 / math.sqrt(2), 0.0


def second_needs_first(x):
    """The number and the levels are active where the first choice is taken."""
    is_first = x[:, 1] > 0
    return np.stack([is_first, np.ones(len(x), bool), is_first], axis=1)


CONDITIONAL = Cube(MIXED.axes, second_needs_first)


def test_columns():
    assert MIXED.width == 5
    assert MIXED.columns == [slice(0, 1), slice(1, 4), slice(4, 5)]
    assert list(MIXED.groups) == [0, 1, 1, 1, 2]


def test_snap():
    x = np.array([[0.42, 0.1, 0.3, 0.2, 0.19], [1.7, 0.9, 0.0, 0.0, 0.61], [-1.0, 0.0, 0.0, 0.1, 0.59]])
    expected = [[0.42, NONE, ONE, NONE, 0.1], [1.0, ONE, NONE, NONE, 0.9], [0.0, NONE, NONE, ONE, 0.3]]
    np.testing.assert_allclose(MIXED.snap(x), expected)
    expected[0], expected[2] = [0.5, NONE, ONE, NONE, 0.5], [0.5, NONE, NONE, ONE, 0.5]
    np.testing.assert_allclose(CONDITIONAL.snap(x), expected)


@pytest.mark.parametrize("cube", [MIXED, CONDITIONAL])
def test_samples_and_variations_are_points(cube):
    rng = np.random.default_rng(0)
    points = cube.sample(300, rng)
    for x in (points, cube.vary(points, rng), cube.neighbours(points[0])):
        np.testing.assert_array_equal(cube.snap(x), x)
    active = points[points[:, 1] > 0]
    assert [np.isclose(active[:, 4], level).any() for level in (0.1, 0.3, 0.9)] == [True] * 3


def test_variations_are_near_and_far():
    cube = Cube([Axis()] * 4)
    around = np.full((400, 4), 0.5)
    moved = np.abs(cube.vary(around, np.random.default_rng(0)) - around)
    assert 0.1 < (moved == 0).mean() < 0.9
    assert (moved[moved > 0] < 0.01).mean() > 0.1
    assert (moved > 0.2).mean() > 0.02


def test_neighbours_differ_in_one_parameter():
    point = np.array([0.2, NONE, ONE, NONE, 0.3])
    rows = {tuple(row) for row in MIXED.neighbours(point)}
    others = [[0.2, ONE, NONE, NONE, 0.3], [0.2, NONE, NONE, ONE, 0.3], [0.2, NONE, ONE, NONE, 0.1], [0.2, NONE, ONE, NONE, 0.9]]  # fmt: skip
    assert rows == {tuple(point), *map(tuple, others)}


def test_all_points():
    finite = Cube(MIXED.axes[1:])
    assert len(finite.all_points(9)) == 9
    assert finite.all_points(8) is None
    assert MIXED.all_points(10**9) is None
    inactive = Cube(finite.axes, lambda x: np.stack([np.ones(len(x), bool), x[:, 0] > 0], axis=1))
    assert len(inactive.all_points(9)) == 3 + 1 + 1


# The maximiser


class Bowl:
    """A surrogate that is certain: the squared distance to a point, by a third for every wrong choice or level."""

    def __init__(self, centre):
        self.centre = np.array(centre)

    def predict(self, x):
        return ((x - self.centre) ** 2).sum(axis=1), np.full(len(x), 0.01)

    def gradient(self, x):
        return *self.predict(x), 2 * (x - self.centre), np.zeros(x.shape)


def ranked(surrogate, cube, seed=0, seen=(), best=-0.01):
    rng = np.random.default_rng(seed)
    seen = np.reshape(seen, (-1, cube.width))
    with calm():
        return rank(surrogate, best, cube, cube.sample(5, rng), seen, rng)


def test_it_climbs_to_the_top():
    for seed in range(5):
        first = ranked(Bowl([0.2, 0.7, 0.4, 0.9]), Cube([Axis()] * 4), seed)[0]
        np.testing.assert_allclose(first, [0.2, 0.7, 0.4, 0.9], atol=1e-3)


def test_it_finds_the_choice_and_the_level():
    for seed in range(5):
        first = ranked(Bowl([0.2, NONE, NONE, ONE, 0.8]), MIXED, seed)[0]
        np.testing.assert_allclose(first, [0.2, NONE, NONE, ONE, 0.9], atol=1e-3)


def test_the_optimum_may_be_at_the_border():
    np.testing.assert_allclose(ranked(Bowl([-1.0, 2.0]), Cube([Axis()] * 2))[0], [0.0, 1.0])


def test_inactive_parameters_stay_where_they_are():
    points = ranked(Bowl([0.2, NONE, ONE, NONE, 0.9]), CONDITIONAL)
    np.testing.assert_array_equal(CONDITIONAL.snap(points), points)
    np.testing.assert_allclose(points[0], [0.5, NONE, ONE, NONE, 0.5])


def test_points_are_distinct_and_ranked():
    bowl = Bowl([0.2, NONE, NONE, ONE, 0.8])
    points = ranked(bowl, MIXED)
    assert len(np.unique(points, axis=0)) == len(points)
    assert (np.diff(bowl.predict(points)[0]) > -1e-12).all()


def test_a_small_space_is_ranked_as_a_whole_without_what_was_seen():
    finite = Cube(MIXED.axes[1:])
    everything = finite.all_points(99)
    points = ranked(Bowl(everything[0]), finite, seen=everything[[0, 4]])
    assert len(points) == 7
    assert not {tuple(row) for row in everything[[0, 4]]} & {tuple(row) for row in points}
    all_seen = ranked(Bowl(everything[3]), finite, seen=everything)
    np.testing.assert_array_equal(all_seen, everything[[3]])


def test_a_cube_without_numbers_that_is_too_large_to_enumerate():
    cube = Cube([Axis(choices=np.eye(4) / math.sqrt(2), lengths=(0,) * 4)] * 6)
    target = np.tile([NONE, ONE, NONE, NONE], 6)
    points = ranked(Bowl(target), cube)
    assert (points[0] == target).mean() > 0.8


def test_it_improves_on_a_real_surrogate():
    rng = np.random.default_rng(0)
    cube = Cube([Axis()] * 3)
    x = cube.sample(20, rng)
    model = GaussianProcess().fit(x, ((x - 0.4) ** 2).sum(axis=1))
    with calm():
        z = model.posterior_.mean(x)
        points = rank(model.posterior_, float(z.min()), cube, x[np.argsort(z)], x, rng)
        value = log_expected_improvement(*model.posterior_.predict(points[:1]), float(z.min()))[0]
        grid = cube.sample(20_000, rng)
        others = log_expected_improvement(*model.posterior_.predict(grid), float(z.min()))[0]
    assert value[0] > others.max() - 1e-6


def test_the_same_seed_gives_the_same_points():
    first, again, other = (ranked(Bowl([0.2, NONE, NONE, ONE, 0.8]), MIXED, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert len(first) != len(other) or (first != other).any()
