"""Values in the unit cube and back, and which parameters are active there."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jtune.language.conditions import Condition
from jtune.language.domains import ChoiceDomain, FloatDomain, IntDomain, is_same
from jtune.language.space import Parameter, Space
from jtune.surrogate.encoding import Encoding, UnitAxis

SPACE = Space(
    [
        Parameter("shape", ChoiceDomain(((8,), (8, 8), None)), (8, 8)),
        Parameter("rate", FloatDomain(1e-4, 1.0, log=True), 0.01),
        Parameter("units", IntDomain(8, 200, log=True, step=4), 8, Condition("shape != (8,)")),
        Parameter("drop", FloatDomain(0.0, 0.5, step=0.05), 0.25, Condition("units > 50")),
        Parameter("flag", ChoiceDomain((True, False)), True),
        Parameter("depth", IntDomain(1, 9, step=2), 5, Condition("rate < 0.1 and flag")),
    ]
)


@st.composite
def domains(draw):
    kind, is_log = draw(st.sampled_from(["range", "grid", "integers", "choices"])), draw(st.booleans())
    if kind == "choices":
        choice = st.none() | st.integers(-3, 3) | st.text(max_size=2) | st.tuples(st.integers(0, 9))
        return ChoiceDomain(tuple(draw(st.lists(choice, min_size=2, max_size=4, unique=True))))
    if kind == "integers":
        low, width, step = draw(st.tuples(st.integers(-50, 50), st.integers(1, 5000), st.integers(1, 7)))
        assume(width >= step)
        low = abs(low) + 1 if is_log else low
        return IntDomain(low, low + width, is_log, step)
    if kind == "range" and is_log:
        low = draw(st.floats(1e-9, 10))
        return FloatDomain(low, low * draw(st.floats(1.5, 1e9)), log=True)
    low = draw(st.integers(-1000, 1000)) / 10
    if kind == "range":
        return FloatDomain(low, low + draw(st.floats(0.01, 1e6)))
    return FloatDomain(low, low + draw(st.integers(1, 9)) / 4, step=0.25)


@given(domains(), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=200)
def test_values_pass_through_the_unit_cube_unchanged(domain, seed):
    unit, value = UnitAxis(domain), domain.sample(np.random.default_rng(seed))
    columns = unit.encode([value])
    assert columns.shape == (1, unit.axis.width)
    assert ((columns > -1e-9) & (columns < 1 + 1e-9)).all()
    np.testing.assert_allclose(unit.axis.snap(columns), columns, atol=1e-9)
    (back,) = unit.decode(columns)
    assert is_same(back, value) or back == pytest.approx(value, rel=1e-5)


def test_integers_and_grids_have_half_a_step_of_padding():
    for domain, expected in [
        (IntDomain(1, 4), [1 / 8, 3 / 8, 5 / 8, 7 / 8]),
        (IntDomain(0, 9, step=4), [1 / 6, 3 / 6, 5 / 6]),
        (FloatDomain(0.0, 0.5, step=0.25), [1 / 6, 3 / 6, 5 / 6]),
        (IntDomain(1, 3, log=True), np.log([2, 4, 6]) / math.log(7)),
    ]:
        unit = UnitAxis(domain)
        np.testing.assert_allclose(unit.axis.levels, expected)
        assert [unit.decode(np.array([[x]]))[0] for x in expected] == domain.levels(99)


@pytest.mark.parametrize(
    ("domain", "values", "expected"),
    [
        (FloatDomain(0.0, 2.0), [0.0, 1.0, 2.0, 3.0, -1.5, 4.1, -2.1], [0.0, 0.5, 1.0, 1.5, -0.75, math.nan, math.nan]),
        (FloatDomain(0.01, 1.0, log=True), [0.1, 10.0, -1.0, "a", True, math.nan], [0.5, 1.5, *[math.nan] * 4]),
        (FloatDomain(0.0, 1.0), ["a", None], [math.nan, math.nan]),
    ],
)
def test_values_beyond_a_range(domain, values, expected):
    np.testing.assert_allclose(UnitAxis(domain).encode(values)[:, 0], expected)


def test_a_choice_that_is_gone_has_no_place():
    rows = UnitAxis(ChoiceDomain(("a", (1,)))).encode([(1,), "b"])
    assert rows[0, 0] == 0.0 < rows[0, 1]
    assert np.isnan(rows[1]).all()


def test_points_pass_through_the_unit_cube_unchanged_where_conditions_hold_or_not():
    points = [SPACE.sample(np.random.default_rng(i)) for i in range(20)]
    encoding = Encoding(SPACE)
    rows = encoding.encode(points)
    np.testing.assert_array_equal(encoding.cube.settle(rows), rows)
    assert [SPACE.point(encoding.decode(row)) for row in rows] == points


@pytest.mark.parametrize("space", [SPACE, Space([SPACE["rate"], SPACE["flag"]])], ids=["conditions", "none"])
def test_points_are_at_rest_where_they_are_inactive(space):
    encoding, rng = Encoding(space), np.random.default_rng(0)
    points = [space.sample(rng) for _ in range(200)]
    rows = encoding.encode(points)
    np.testing.assert_array_equal(encoding.cube.settle(rows), rows)
    for point, row in zip(points, rows, strict=True):
        assert space.point(encoding.decode(row)) == point
        for name in set(space.names) - set(point):
            np.testing.assert_array_equal(row[encoding.columns[name]], encoding.units[name].axis.rest)


def test_rows_of_the_cube_decode_to_points():
    encoding = Encoding(SPACE)
    for row in encoding.cube.sample(200, np.random.default_rng(0)):
        at_rest = {n for n, unit in encoding.units.items() if (row[encoding.columns[n]] == unit.axis.rest).all()}
        point = SPACE.point(encoding.decode(row))
        assert set(SPACE.names) - set(point) <= at_rest
        np.testing.assert_array_equal(encoding.cube.snap(row[None])[0], row)


def test_what_is_fixed_does_not_move_and_what_is_narrowed_fills_the_cube():
    domains = {name: SPACE[name].domain for name in SPACE.names}
    fixed = {"shape": domains["shape"].fixed(None), "depth": domains["depth"].fixed(7)}
    within = SPACE.narrowed({**fixed, "rate": domains["rate"].narrowed(1e-3, 1e-2)})
    encoding = Encoding(SPACE, within)
    for row in encoding.cube.sample(50, np.random.default_rng(0)):
        point = within.point(encoding.decode(row))
        assert within.accepts(point)
        assert point["shape"] is None
        assert point.get("depth", 7) == 7
    elsewhere = encoding.encode([{**SPACE.complete({}), "rate": 0.03, "shape": (8,), "depth": 1}])
    assert encoding.decode(elsewhere[0])["shape"] == (8,)
    assert elsewhere[0, encoding.columns["rate"]] == pytest.approx(1 + math.log10(3))


def distances(*choices):
    """Return the distances between all choices of a list, in the surrogate's geometry."""
    rows = UnitAxis(ChoiceDomain(choices)).encode(choices)
    return np.linalg.norm(rows[:, None] - rows, axis=2)


@pytest.mark.parametrize("choices", [("a", "b"), ("relu", "tanh", None, True), (1, "auto"), ((1,), (2, 3))], ids=repr)
def test_choices_that_are_no_numbers_are_all_at_the_same_distance(choices):
    found = distances(*choices)[np.triu_indices(len(choices), 1)]
    assert found == pytest.approx(found[0])
    assert found[0] > 0


@pytest.mark.parametrize("choices", [(8, 16, 32, 64), (1e-4, 0.5, 1), (3, 100), (-1, 0, 2.5, 7, 1000)], ids=repr)
def test_numbers_of_a_list_are_ordered_by_rank(choices):
    rank = np.arange(len(choices))
    np.testing.assert_allclose(distances(*choices), abs(rank[:, None] - rank) / len(choices))
    turned = UnitAxis(ChoiceDomain(choices[::-1]))
    assert turned.decode(turned.encode(choices)) == list(choices)


def test_among_others_numbers_are_ordered_too():
    found = distances(16, None, 64, 32, "auto")
    assert found[0, 2] > found[0, 3] == pytest.approx(found[2, 3])
    assert found[1, 4] > 0
    # What is no number is as far from the first number as from the last.
    assert found[1, 0] == pytest.approx(found[1, 2])


def test_every_choice_of_a_mixed_list_is_drawn_alike():
    domain = ChoiceDomain((1, 10, None, 100, "auto"))
    encoding = Encoding(Space([Parameter("p", domain, 1)]))
    drawn = [encoding.decode(row)["p"] for row in encoding.cube.sample(1000, np.random.default_rng(0))]
    assert all(150 < sum(value == choice for value in drawn) < 250 for choice in domain.choices)
