import math

import ipywidgets as w
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jtune.language.domains import ChoiceDomain, FloatDomain, IntDomain
from jtune.language.space import Parameter
from jtune.views.controls import Look, Row

LOG = FloatDomain(1e-3, 1e3, log=True)
RANGES = [
    (LOG, 1.0, w.FloatLogSlider),
    (FloatDomain(-3.0, 3.0), 0.5, w.FloatSlider),
    (FloatDomain(0.0, 1.0, step=0.25), 0.5, w.FloatSlider),
    (FloatDomain(-1e300, 1e300), 0.0, w.FloatSlider),
    (FloatDomain(3e-7, 1e-6, log=True), 1e-6, w.FloatLogSlider),
    (IntDomain(1, 9), 4, w.IntSlider),
    (IntDomain(2, 9, step=3), 2, w.IntSlider),
    (IntDomain(1, 100_000, log=True), 12, w.SelectionSlider),
    (IntDomain(1, 8, log=True), 3, w.IntSlider),
    (IntDomain(0, 2**53), 7, w.IntSlider),
]
CHOICES = [
    (ChoiceDomain((False, True)), True, w.Checkbox),
    (ChoiceDomain((True, False)), True, w.Checkbox),
    (ChoiceDomain(("rbf", "poly")), "rbf", w.ToggleButtons),
    (ChoiceDomain((1, "1")), "1", w.ToggleButtons),
    (ChoiceDomain((None, (1, 2), "x" * 90)), None, w.Dropdown),
    (ChoiceDomain(tuple(range(30))), 29, w.Dropdown),
    (ChoiceDomain(("only",)), "only", w.ToggleButtons),
]


def row(domain, literal):
    return Row(Parameter("p", domain, literal), Look())


@pytest.mark.parametrize(("domain", "literal", "kind"), RANGES + CHOICES)
def test_each_domain_has_its_control_which_keeps_every_value(domain, literal, kind):
    made = row(domain, literal)
    assert type(made.control) is kind
    assert (made.value, made.allowed) == (literal, domain)
    for value in domain.levels(9):
        made.show(value)
        assert made.value == value
        assert type(made.value) is type(value)


@pytest.mark.parametrize(("domain", "literal", "kind"), RANGES)
@given(part=st.floats(0, 1))
def test_a_moved_slider_stands_at_a_value_of_the_domain(domain, literal, kind, part):
    made = row(domain, literal)
    control = made.control
    if kind is w.SelectionSlider:
        control.value = control.options[round(part * (len(control.options) - 1))]
    elif kind is w.FloatLogSlider:
        control.value = 10 ** (control.min + part * (control.max - control.min))
    else:
        control.value = type(control.min)(control.min * (1 - part) + control.max * part)
    assert domain.reject(made.value) is None


@pytest.mark.parametrize(("domain", "literal", "_"), RANGES)
@settings(deadline=None)
@given(parts=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_narrowed_range_lies_in_the_domain(domain, literal, _, parts):
    made = row(domain, literal)
    ends = [made.range.min * (1 - part) + made.range.max * part for part in sorted(parts)]
    made.range.value = tuple(type(made.range.min)(end) for end in ends)
    for value in made.allowed.levels(5):
        assert domain.reject(value) is None
    made.range.value = made.range.min, made.range.max
    assert made.allowed == domain


def test_a_lock_holds_the_value_of_the_slider():
    made = row(LOG, 1.0)
    held = []
    made.on_hold = lambda: held.append(made.allowed)
    made.lock.value = True
    made.control.value = 100.0
    made.lock.value = False
    assert held == [LOG.fixed(1.0), LOG.fixed(100.0), LOG]


def test_only_a_move_is_told():
    made = row(LOG, 1.0)
    moves = []
    made.on_value = lambda: moves.append(made.value)
    made.show(0.0123456)
    assert moves == []
    made.control.value = 20.0
    assert moves == [20.0]


@pytest.mark.parametrize(("domain", "value"), [(LOG, 1.54578), (FloatDomain(-3.0, 3.0), 0.123456)])
def test_the_page_sending_back_the_nearest_position_is_no_move(domain, value):
    made = row(domain, domain.low)
    moves = []
    made.on_value = lambda: moves.append(made.value)
    made.show(value)
    control = made.control
    shown = math.log10(value) if domain.log else value
    steps = round((shown - control.min) / control.step)

    def at(step):
        position = control.min + step * control.step
        return 10**position if domain.log else position

    control.value = at(steps)
    assert (moves, made.value) == ([], value)
    control.value = at(steps + 1)
    assert len(moves) == 1
    assert made.value != value
    # From there, the same position is a place that the user chose.
    control.value = at(steps)
    assert len(moves) == 2
    assert made.value == pytest.approx(at(steps), rel=0.01)


def test_names_and_choices_are_text():
    name = "<img src=x onerror=alert(1)>"
    made = Row(Parameter(name, ChoiceDomain((name, "b\nc")), name), Look())
    label = made.box.children[0]
    assert type(label) is w.Label
    assert label.value == name
    assert [text for text, _ in made.control.options] == [name, r"b\nc"]
