"""Points of a search space, and the conditions under which a parameter is part of one."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jtune.language.conditions import Condition
from jtune.language.domains import ChoiceDomain, FloatDomain, IntDomain, is_same
from jtune.language.space import CircleError, Parameter, Space


def parameter(name, choices, literal=None, condition=None):
    domain = choices if not isinstance(choices, list) else ChoiceDomain(tuple(choices))
    if literal is None:
        literal = choices[0] if isinstance(choices, list) else choices.low
    return Parameter(name, domain, literal, condition and Condition(condition))


def space(*rows):
    return Space([parameter(*row) for row in rows])


NETWORK = space(
    ("layers", IntDomain(1, 3), 1),
    ("units", [8, 16, 32], 16, "layers >= 2"),
    ("dropout", FloatDomain(0.0, 0.5, step=0.25), 0.0, "units > 8 and layers == 3"),
)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"layers": 1}),
        ({"units": 32}, {"layers": 1}),
        ({"layers": 2}, {"layers": 2, "units": 16}),
        ({"layers": 2.4, "units": 32}, {"layers": 2, "units": 32}),
        ({"layers": 3}, {"layers": 3, "units": 16, "dropout": 0.0}),
        ({"layers": 3, "units": 8, "dropout": 0.25}, {"layers": 3, "units": 8}),
        ({"layers": 99, "units": 32, "dropout": 0.3}, {"layers": 3, "units": 32, "dropout": 0.25}),
        ({"unknown": 1}, {"layers": 1}),
    ],
)
def test_point_holds_active_parameters_only(values, expected):
    actual = NETWORK.point(values)
    assert expected == actual
    assert list(expected) == list(actual)
    assert NETWORK.accepts(actual)
    assert {"layers": 1, "units": 16, "dropout": 0.0} | expected == NETWORK.complete(actual)


def test_point_when_a_parent_is_inactive_takes_its_literal():
    chain = space(("a", [0, 1]), ("b", [0, 1], 1, "a == 1"), ("c", [0, 1], 0, "b == 1"))
    assert chain.point({"a": 0, "b": 0, "c": 1}) == {"a": 0, "c": 1}
    assert chain.point({"a": 1, "b": 0, "c": 1}) == {"a": 1, "b": 0}


def test_point_when_a_condition_precedes_what_it_names():
    backwards = space(("c", [0, 1], 0, "b == 1"), ("b", [0, 1], 0, "a == 1"), ("a", [0, 1]))
    assert backwards.point({"a": 1, "b": 1, "c": 1}) == {"c": 1, "b": 1, "a": 1}
    assert list(backwards.point({"a": 1, "b": 1, "c": 1})) == ["c", "b", "a"]
    assert backwards.point({"a": 0, "b": 1, "c": 1}) == {"a": 0}


def test_point_keeps_the_literal_in_all_its_digits():
    exact = space(("x", FloatDomain(0.0, 1.0), 0.123456789))
    assert {"x": 0.123456789} == exact.baseline == exact.point(exact.baseline)


def test_point_writes_values_as_the_domain_does():
    mixed = space(("x", FloatDomain(0.0, 5.0), 1), ("n", IntDomain(1, 9), 2), ("c", [1, "a"], 1))
    assert mixed.baseline == {"x": 1.0, "n": 2, "c": 1}
    assert [repr(value) for value in mixed.point({"n": 3.0, "c": 1.0}).values()] == ["1", "3", "1"]
    assert [repr(value) for value in mixed.point({"x": 2, "n": 3.0, "c": 1}).values()] == ["2.0", "3", "1"]


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ({"layers": 1}, True),
        ({"layers": 2, "units": 8}, True),
        ({"layers": 3, "units": 8}, True),
        ({"layers": 3, "units": 16, "dropout": 0.5}, True),
        ({}, False),
        ({"layers": 2}, False),
        ({"layers": 1, "units": 8}, False),
        ({"layers": 4, "units": 8}, False),
        ({"layers": True}, False),
        ({"layers": 2, "units": 9}, False),
        ({"layers": 3, "units": 16, "dropout": 0.3}, False),
        ({"layers": 1, "unknown": 1}, False),
    ],
)
def test_accepts_points_of_the_space(point, expected):
    assert expected is NETWORK.accepts(point)


def brute_force(searched):
    """Every combination of values, those of inactive parameters blanked out; each once."""
    seen = []
    for values in itertools.product(*(p.domain.levels(10**6) for p in searched)):
        point = searched.point(dict(zip(searched.names, values, strict=True)))
        if point not in seen:
            seen.append(point)
    return seen


@pytest.mark.parametrize(
    "searched",
    [
        space(),
        space(("a", [0, 1])),
        NETWORK,
        space(("a", IntDomain(1, 9, step=4)), ("b", FloatDomain(0.0, 1.0, step=0.5)), ("c", [None, (1, 2), "x"])),
        space(("a", [0, 1]), ("b", [0, 1], 1, "a == 1"), ("c", [0, 1, 2], 0, "b == 1")),
        space(("b", [0, 1], 0, "a"), ("a", [False, True])),
    ],
)
def test_all_points_equal_the_brute_force_reference(searched):
    assert brute_force(searched) == searched.all_points
    assert all(searched.accepts(point) for point in searched.all_points)


@pytest.mark.parametrize(
    "searched",
    [
        space(("a", FloatDomain(0.0, 1.0))),
        space(("a", IntDomain(1, 20_001))),
        space(*[(name, list(range(11))) for name in "abcde"]),
    ],
)
def test_all_points_are_none_when_too_many(searched):
    assert searched.all_points is None


def test_grid_is_the_full_factorial_of_levels():
    mixed = space(("x", FloatDomain(0.0, 1.0)), ("c", ["a", "b"]))
    assert [{"x": x, "c": c} for x in (0.0, 0.5, 1.0) for c in "ab"] == mixed.grid(3)


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_sample_is_accepted_and_snaps_to_itself(seed):
    point = NETWORK.sample(np.random.default_rng(seed))
    assert NETWORK.accepts(point)
    assert point == NETWORK.point(point)


def test_sample_reaches_every_point():
    rng = np.random.default_rng(0)
    drawn = {Space.key(NETWORK.sample(rng)) for _ in range(500)}
    assert {Space.key(point) for point in NETWORK.all_points} == drawn


values = st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.text(max_size=3) | st.none()


@given(*[st.dictionaries(st.sampled_from("abc"), values | st.tuples(values), max_size=2)] * 2)
def test_key_is_equal_for_equal_points_only(one, other):
    equal = one.keys() == other.keys() and all(repr(one[name]) == repr(other[name]) for name in one)
    assert equal is (Space.key(one) == Space.key(other))
    assert hash(Space.key(one)) == hash(Space.key(dict(reversed(one.items()))))


@pytest.mark.parametrize(("one", "other"), [(True, 1), (False, 0), ((True,), (1,)), ("1", 1), ("None", None)])
def test_key_tells_apart_when_python_does_not(one, other):
    assert not is_same(one, other)
    assert Space.key({"x": one}) != Space.key({"x": other})


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("a", [0, 1], 0, "a")], ("a",)),
        ([("a", [0, 1], 0, "b"), ("b", [0, 1], 0, "a")], ("a", "b")),
        ([("x", [0, 1], 0, "b"), ("a", [0, 1], 0, "b"), ("b", [0, 1], 0, "c"), ("c", [0, 1], 0, "b")], ("b", "c")),
        ([("a", [0, 1], 0, "c"), ("b", [0, 1], 0, "a"), ("c", [0, 1], 0, "b"), ("d", [0, 1])], ("a", "b", "c")),
    ],
)
def test_space_when_conditions_form_a_circle(rows, expected):
    with pytest.raises(CircleError) as caught:
        space(*rows)
    assert expected == caught.value.names
    assert f"the conditions of {', '.join(expected)} depend on each other in a circle" == str(caught.value)


def test_space_reads_as_a_sequence_of_named_parameters():
    assert ("layers", "units", "dropout") == NETWORK.names == tuple(p.name for p in NETWORK)
    assert len(NETWORK) == 3
    assert "units" in NETWORK
    assert "unit" not in NETWORK
    assert NETWORK.parameters[1] is NETWORK["units"]
    assert [NETWORK.has_conditions, space(("a", [0, 1])).has_conditions] == [True, False]
