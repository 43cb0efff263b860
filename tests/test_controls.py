import pytest
from hypothesis import given
from hypothesis import strategies as st

from jtune.language.conditions import Condition
from jtune.language.domains import ChoiceDomain, FloatDomain, IntDomain
from jtune.language.space import Parameter, Space
from jtune.views.controls import Control, Controls

LOG = FloatDomain(1e-3, 1e3, log=True)
RANGES = [
    (LOG, 1.0),
    (FloatDomain(-3.0, 3.0), 0.5),
    (FloatDomain(0.0, 1.0, step=0.25), 0.5),
    (FloatDomain(-1e300, 1e300), 0.0),
    (FloatDomain(3e-7, 1e-6, log=True), 1e-6),
    (IntDomain(1, 9), 4),
    (IntDomain(2, 9, step=3), 2),
    (IntDomain(1, 100_000, log=True), 12),
    (IntDomain(0, 2**53), 7),
]


def control(domain, literal):
    return Control(Parameter("p", domain, literal))


@pytest.mark.parametrize(("domain", "literal"), RANGES)
@given(position=st.floats(allow_nan=False, allow_infinity=False))
def test_every_position_is_a_value_of_the_domain(domain, literal, position):
    value = control(domain, literal).at(position)
    assert domain.reject(value) is None
    assert type(value) is type(literal)


@given(position=st.integers(-5, 9))
def test_every_index_is_a_choice(position):
    domain = ChoiceDomain((None, (1, 2), "x"))
    assert control(domain, None).at(position) in domain.choices


@pytest.mark.parametrize(("domain", "literal"), RANGES)
@given(ends=st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)))
def test_a_narrowed_range_lies_in_the_domain(domain, literal, ends):
    made = control(domain, literal)
    made.hold(is_locked=False, low=ends[0], high=ends[1])
    for value in made.allowed.levels(5):
        assert domain.reject(value) is None
    made.hold(is_locked=False, low=None, high=None)
    assert made.allowed == domain


def test_a_lock_holds_the_value_of_the_handle():
    made = control(LOG, 1.0)
    made.hold(is_locked=True, low=None, high=None)
    held = [made.allowed]
    made.value = 100.0
    held.append(made.allowed)
    made.hold(is_locked=False, low=None, high=None)
    assert [*held, made.allowed] == [LOG.fixed(1.0), LOG.fixed(100.0), LOG]


@pytest.fixture
def controls():
    parameters = [
        Parameter("C", LOG, 1.0),
        Parameter("k", ChoiceDomain(("a", "b")), "a"),
        Parameter("w", FloatDomain(0.0, 1.0), 0.5, Condition("k == 'b'")),
    ]
    return Controls(Space(parameters))


def test_handles_stand_at_the_cells_values_and_at_those_of_active_parameters_only(controls):
    assert controls.point == {"C": 1.0, "k": "a"}
    controls.place_at({"C": 20.0, "k": 1, "none": 3.0})
    assert controls.point == {"C": 20.0, "k": "b", "w": 0.5}
    controls.place({"C": 0.0, "k": "c", "none": 1})
    assert controls.point == {"C": 20.0, "k": "b", "w": 0.5}


def test_a_locked_handle_does_not_follow_trials(controls):
    controls["C"].hold(is_locked=True, low=None, high=None)
    controls.follow({"C": 7.0, "k": "b", "w": 0.25})
    assert controls.point == {"C": 1.0, "k": "b", "w": 0.25}
    assert controls.locked == ["C"]
