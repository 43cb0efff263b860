"""Values in domains, and what Optuna and scikit-optimize make of them."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from optuna.distributions import distribution_to_json, json_to_distribution

from jtune.language.domains import LARGEST_INT, ChoiceDomain, FloatDomain, IntDomain, infer, is_same
from jtune.language.grammar import MarkError
from jtune.language.marks import read_domain

quick = settings(deadline=None)  # scikit-optimize takes seconds to import
finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
positive = st.floats(min_value=1e-300, max_value=1e300)
integers = st.integers(-LARGEST_INT // 2, LARGEST_INT // 2)
scalars = st.none() | st.booleans() | st.integers(-9, 9) | finite | st.text(max_size=5)
literals = scalars | st.tuples() | st.tuples(scalars) | st.tuples(scalars, scalars)


@st.composite
def float_ranges(draw):
    log = draw(st.booleans())
    low, high = sorted(draw(st.tuples(*[positive if log else finite] * 2)))
    assume(low < high and not (log and low * high == 0))
    return FloatDomain(low, high, log)


@st.composite
def float_grids(draw):
    """Grids as a user writes them: decimals of few digits."""
    low, count, step = draw(st.integers(-999, 999)), draw(st.integers(1, 500)), draw(st.integers(1, 999))
    scale = draw(st.integers(-9, 9))
    over = draw(st.integers(0, step - 1))
    low, high, step = (float(f"{n}e{scale}") for n in (low, low + count * step + over, step))
    text = f"{low!r}..{high!r} step {step!r}"
    try:
        return read_domain(text, low)
    except MarkError:
        return assume(False)


@st.composite
def int_ranges(draw):
    log = draw(st.booleans())
    low, high = sorted(draw(st.tuples(*[st.integers(1, LARGEST_INT) if log else integers] * 2)))
    assume(low < high)
    step = draw(st.just(1) | st.integers(1, high - low) | st.integers(1, min(9, high - low)))
    return IntDomain(low, high, log, step)


small_ranges = st.builds(
    lambda low, width, step: IntDomain(low, low + width * step + step // 2, step=step),
    *(st.integers(-9, 9), st.integers(1, 9), st.integers(1, 9)),
)


@st.composite
def choices(draw):
    drawn = draw(st.lists(literals, min_size=2, max_size=5))
    stored = [ChoiceDomain.stored(choice) for choice in drawn]
    assume(all(a != b for i, a in enumerate(stored) for b in stored[:i]))
    return ChoiceDomain(tuple(drawn))


ranges = float_ranges() | float_grids() | int_ranges() | small_ranges
domains = ranges | choices()
plain = (int, float, bool, str, type(None), tuple)


def draws(domain, n=5):
    rng = np.random.default_rng(0)
    return [domain.sample(rng) for _ in range(n)]


@quick
@given(domains)
def test_sample_is_a_contained_plain_value(domain):
    for value in draws(domain):
        assert domain.reject(value) is None
        assert type(value) in plain
        assert is_same(value, domain.snap(value))


@quick
@given(ranges, st.floats(-20, 20) | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**20), 10**20))
def test_snap_gives_the_nearest_contained_value(domain, proposal):
    value = domain.snap(proposal)
    assert domain.reject(value) is None
    assert type(value) is (float if isinstance(domain, FloatDomain) else int)
    assert domain.snap(value) == value
    if isinstance(domain, IntDomain):
        grid = [value + sign * domain.step for sign in (-1, 1) if domain.reject(value + sign * domain.step) is None]
        assert all(abs(value - proposal) <= abs(other - proposal) for other in grid)


@quick
@given(ranges, st.floats(0, 1))
def test_snap_keeps_every_grid_value(domain, part):
    if domain.size is not None:
        count = int(part * (domain.size - 1))
        value = domain.snap(domain.low + count * domain.step)
        assert domain.coerce(value) == domain.snap(value) == value


@pytest.mark.parametrize(
    ("domain", "proposal", "expected"),
    [
        (FloatDomain(0.0, 1.0), 0.123456789, 0.12346),
        (FloatDomain(0.0, 1.0), -5, 0.0),
        (FloatDomain(-1.0, 1.0), -1e-12, 0.0),
        (FloatDomain(1e-8, 1.0, log=True), 1.23456789e-7, 1.23457e-7),
        (FloatDomain(0.123456789, 0.2), 0.1, 0.123456789),
        (FloatDomain(0.0, 1.0, step=0.1), 0.7000000000000001, 0.7),
        (FloatDomain(0.1, 0.35, step=0.1), 9.0, 0.3),
        (FloatDomain(0.0, 1e-7, step=1e-7), 1e308, 1e-7),
        (FloatDomain(1000.0, 1001.0), 1000.1234567, 1000.12346),
        (IntDomain(1, 10, step=4), 8, 9),
        (IntDomain(1, 10, step=4), 100, 9),
        (IntDomain(1, 10), 2.6, 3),
        (IntDomain(0, 10, step=2), 0.9, 0),
        (IntDomain(0, 10), np.int64(3), 3),
        (IntDomain(0, 10), np.float64(11.5), 10),
        (FloatDomain(0.0, 1.0), np.float64(0.25), 0.25),
        (FloatDomain(0.0, 1.0, step=0.5), np.float64(0.25), 0.0),
        (IntDomain(0, 10, step=2), 1.1, 2),
        (IntDomain(-9, 9, step=3), -1.6, -3),
        (IntDomain(-1, LARGEST_INT - 1, step=3), LARGEST_INT - 3, LARGEST_INT - 3),
        (ChoiceDomain((1, 2)), 1.0, 1),
        (ChoiceDomain((0, "a")), False, False),
    ],
)
def test_snap_when_proposed(domain, proposal, expected):
    assert repr(expected) == repr(domain.snap(proposal))


@quick
@given(domains, st.integers(1, 30))
def test_levels_are_contained_sorted_and_distinct(domain, n):
    levels = domain.levels(n)
    assert all(domain.reject(level) is None for level in levels)
    assert all(not is_same(a, b) for i, a in enumerate(levels) for b in levels[:i])
    if isinstance(domain, ChoiceDomain):
        assert levels == list(domain.choices)
        return
    assert sorted(levels) == levels
    assert 1 <= len(levels) <= n
    if n > 1:
        assert [domain.snap(domain.low), domain.snap(domain.high)] == [levels[0], levels[-1]]
    if domain.size is not None and domain.size <= n:
        assert domain.size == len(levels)


@pytest.mark.parametrize(
    ("domain", "n", "expected"),
    [
        (FloatDomain(0.0, 1.0), 3, [0.0, 0.5, 1.0]),
        (FloatDomain(0.0, 1.0), 1, [0.5]),
        (FloatDomain(1e-3, 1e1, log=True), 5, [0.001, 0.01, 0.1, 1.0, 10.0]),
        (FloatDomain(1e-300, 1e300, log=True), 3, [1e-300, 1.0, 1e300]),
        (FloatDomain(0.1, 0.4, step=0.1), 9, [0.1, 0.2, 0.3, 0.4]),
        (IntDomain(1, 4), 9, [1, 2, 3, 4]),
        (IntDomain(1, 100, log=True), 3, [1, 10, 100]),
        (IntDomain(0, 10, step=3), 2, [0, 9]),
    ],
)
def test_levels_when_spread(domain, n, expected):
    assert expected == domain.levels(n)


@quick
@given(float_ranges())
def test_levels_end_at_the_bounds(domain):
    assert [domain.low, domain.high] == domain.levels(2)


REJECTED = [
    (FloatDomain(0.0, 1.0), True, "True is not a number"),
    (FloatDomain(0.0, 1.0), "a", "'a' is not a number"),
    (FloatDomain(0.0, 1.0), None, "None is not a number"),
    (FloatDomain(0.0, 1.0), math.nan, "nan is not a number"),
    (FloatDomain(0.0, 1.0), math.inf, "inf is not a number"),
    (FloatDomain(0.0, 1.0), 1.5, "1.5 is outside 0.0..1.0"),
    (FloatDomain(0.0, 1.0), 10**400, f"{10**400} is outside 0.0..1.0"),
    (FloatDomain(0.0, 1.0, step=0.25), 0.3, "0.3 is not on the grid 0.0, 0.25, 0.5, ..."),
    (
        FloatDomain(1e6, 2e6, step=1.0),
        1000000.0001,
        "1000000.0001 is not on the grid 1000000.0, 1000001.0, 1000002.0, ...",
    ),
    (IntDomain(1, 9), 2.5, "2.5 is not an integer"),
    (IntDomain(1, 9), False, "False is not an integer"),
    (IntDomain(1, 9), math.nan, "nan is not an integer"),
    (IntDomain(1, 9), 0, "0 is outside 1..9"),
    (IntDomain(1, 9, step=3), 5, "5 is not on the grid 1, 4, 7, ..."),
    (ChoiceDomain((1, 2)), True, "True is not one of [1, 2]"),
    (ChoiceDomain(((1,), 2)), (True,), "(True,) is not one of [(1,), 2]"),
]


@given(domains, st.floats(0, 1), st.floats(0, 1))
def test_a_narrowed_domain_is_a_part_of_it(domain, a, b):
    assume(not isinstance(domain, ChoiceDomain))
    ends = [(1 - part) * domain.low + part * domain.high for part in sorted((a, b))]
    part = domain.narrowed(*ends)
    assert all(domain.reject(value) is None and part.reject(value) is None for value in draws(part))
    assert domain.narrowed(-math.inf, math.inf) == domain
    assert domain.narrowed(ends[0], -math.inf).size == 1


@given(domains)
def test_a_fixed_domain_has_one_value(domain):
    for value in draws(domain):
        fixed = domain.fixed(value)
        assert (fixed.size, fixed.distribution.single()) == (1, True)
        for only in [*fixed.levels(1), *fixed.levels(9), *draws(fixed, 2), fixed.snap(value)]:
            assert is_same(only, value)
        assert fixed.reject(value) is None


@pytest.mark.parametrize(("domain", "value", "expected"), REJECTED)
def test_reject_when_not_contained(domain, value, expected):
    assert expected == domain.reject(value)


@pytest.mark.parametrize(
    ("domain", "value", "expected"),
    [
        (FloatDomain(0.0, 5.0), 1, 1.0),
        (IntDomain(0, 5), 1.0, 1),
        (ChoiceDomain((1.0, "a")), 1, 1.0),
        (ChoiceDomain((None, (1, 2))), (1.0, 2), (1, 2)),
    ],
)
def test_coerce_when_contained(domain, value, expected):
    assert domain.reject(value) is None
    assert repr(expected) == repr(domain.coerce(value))


@quick
@given(domains)
def test_optuna_round_trip(domain):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        distribution = domain.distribution
        again = json_to_distribution(distribution_to_json(distribution))
    assert distribution == again
    for value in [*domain.levels(3), *draws(domain)]:
        internal = distribution.to_internal_repr(domain.to_optuna(value))
        assert distribution._contains(internal)
        assert is_same(value, domain.snap(domain.from_optuna(distribution.to_external_repr(internal))))


@quick
@given(domains)
def test_skopt_round_trip(domain):
    dimension = domain.dimension()
    for value in [*domain.levels(3), *draws(domain)]:
        there = domain.to_dimension(value)
        assert there in dimension
        assert is_same(value, domain.from_dimension(there))


@pytest.mark.parametrize(
    "domain",
    [
        FloatDomain(1e-5, 10.0, log=True),
        FloatDomain(-1.0, 1.0),
        FloatDomain(0.0, 1.0, step=0.1),
        IntDomain(16, 256, log=True),
        IntDomain(1, 100, log=True, step=3),
        IntDomain(1, 9, step=2),
        ChoiceDomain(("rbf", None, True, 2.5, (1, 2))),
    ],
)
def test_skopt_draws_are_contained(domain):
    dimension = domain.dimension()
    drawn = dimension.rvs(n_samples=50, random_state=0)
    back = [domain.from_dimension(value) for value in dimension.inverse_transform(dimension.transform(drawn))]
    assert all(domain.reject(value) is None and type(value) in plain for value in back)
    assert len({repr(value) for value in back}) > 3


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        (True, "[False, True]"),
        (False, "[False, True]"),
        (1, "1..4"),
        (3, "1..12"),
        (64, "16..256"),
        (0.3, "0.03..3.0 log"),
        (1e-3, "0.0001..0.01 log"),
        (0, "None"),
        (-4, "None"),
        (0.0, "None"),
        (-0.1, "None"),
        (5e-324, "None"),
        (1e-170, "None"),
        (1e308, "None"),
        (math.inf, "None"),
        (2**60, "None"),
        ("rbf", "None"),
        (None, "None"),
        ((1, 2), "None"),
    ],
)
def test_infer_from_literal(literal, expected):
    assert expected == str(infer(literal))


@quick
@given(literals | positive | integers)
def test_infer_gives_a_domain_that_holds_the_literal(literal):
    domain = infer(literal)
    assert domain is None or domain.reject(literal) is None


@quick
@given(domains)
def test_text_reads_back_as_the_same_domain(domain):
    for value in domain.levels(2):
        assert repr(domain) == repr(read_domain(str(domain), value))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1, 1.0, True),
        (1, True, False),
        ((1, "a"), (1.0, "a"), True),
        ((0,), (False,), False),
        ((), (), True),
        ((1,), 1, False),
        (None, False, False),
        ("1", 1, False),
    ],
)
def test_is_same_tells_booleans_from_numbers(a, b, expected):
    assert [expected, expected] == [is_same(a, b), is_same(b, a)]
