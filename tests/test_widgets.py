"""Handles as standard controls of ipywidgets, and a dashboard of them."""

import math

import ipywidgets as w
import pytest
from test_panel import Session, ask, move, page, standing  # noqa: F401

from jtune.language.domains import ChoiceDomain, FloatDomain, IntDomain
from jtune.language.space import Parameter
from jtune.views.widgets import Standard

LOG = FloatDomain(1e-3, 1e3, log=True)
KINDS = [
    (LOG, 1.0, w.FloatLogSlider),
    (FloatDomain(-3.0, 3.0), 0.5, w.FloatSlider),
    (FloatDomain(0.0, 1.0, step=0.25), 0.5, w.FloatSlider),
    (FloatDomain(-1e300, 1e300), 0.0, w.FloatSlider),
    (FloatDomain(3e-7, 1e-6, log=True), 1e-6, w.FloatLogSlider),
    (IntDomain(1, 9), 4, w.IntSlider),
    (IntDomain(1, 100_000, log=True), 12, w.SelectionSlider),
    (ChoiceDomain((False, True)), True, w.Checkbox),
    (ChoiceDomain((1, "1")), "1", w.Dropdown),
    (ChoiceDomain((None, (1, 2), "x" * 90)), None, w.Dropdown),
]


@pytest.mark.parametrize(("domain", "literal", "kind"), KINDS)
def test_each_domain_has_its_control_which_tells_what_the_user_sets(domain, literal, kind):
    told = []
    made = Standard(Parameter("p", domain, literal), told.append)
    assert type(made.widget) is kind
    for value in domain.levels(9):
        made.show(value)
    assert told == []
    widget = made.widget
    raw = {w.Checkbox: False, w.Dropdown: 0, w.SelectionSlider: 1, w.IntSlider: 2}.get(kind)
    widget.value = raw if raw is not None else widget.min if kind is w.FloatSlider else 10**widget.min
    (value,) = told
    assert domain.reject(value) is None


def test_the_page_sending_back_the_nearest_position_is_no_move():
    told = []
    made = Standard(Parameter("p", LOG, 1.0), told.append)
    made.show(1.54578)
    widget = made.widget
    steps = round((math.log10(1.54578) - widget.min) / widget.step)
    widget.value = 10 ** (widget.min + steps * widget.step)
    assert told == []
    widget.value = 10 ** (widget.min + (steps + 1) * widget.step)
    assert len(told) == 1


def test_a_dashboard_of_controls_and_the_panel_move_each_other(tmp_path):
    session = Session(tmp_path).run()
    controls, panel = session.study.controls, session.panel
    assert list(controls) == ["x", "k", "w"]
    seen = []
    box = w.VBox([controls["x"], controls["k"]])
    output = w.interactive_output(lambda x, k: seen.append((x, k)), {"x": controls["x"], "k": controls["k"]})
    box.children = (*box.children, output)
    assert controls["x"].value == pytest.approx(standing(panel)["x"], abs=1e-6)
    controls["x"].value = -2.5
    assert standing(panel)["x"] == -2.5
    move(panel, x=1.25, k=1)
    assert (controls["x"].value, controls["k"].value) == (1.25, 1)
    assert seen[-1] == (1.25, 1)
    assert len(session.study) == 12


def test_a_control_of_an_explored_cell_runs_it(tmp_path):
    session = Session(tmp_path, "x = 1.0  # tune: -3..3\ny = 2 * x\n")
    session.explore()
    session.study.controls["x"].value = 1.5
    assert session.namespace["y"] == 3.0
