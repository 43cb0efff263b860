"""Trials of a cell whose marks have changed since."""

import pytest

from jtune.language.cell import Cell
from jtune.storage.migration import migration

THREE = """\
C = 1.0  # tune: 0.1..10
gamma = 0.5  # tune: 0..1
kernel = "rbf"  # tune: ["rbf", "poly"]
y = f(C, gamma, k=kernel)  # tune: minimize
"""


def moved(before, after, params):
    """Where a trial of ``before`` is in ``after``; "changed" where these are different code."""
    earlier = Cell(before)
    found = migration(earlier, earlier.space, Cell(after))
    return "changed" if found is None else found.point(params)


@pytest.mark.parametrize(
    ("edit", "params", "expected"),
    [
        # As it was.
        ((), {"C": 2.0, "gamma": 0.25, "kernel": "poly"}, {"C": 2.0, "gamma": 0.25, "kernel": "poly"}),
        # Another comment, another layout.
        (("f(C, gamma", "f(C,   gamma"), {"C": 2.0, "gamma": 0.25, "kernel": "poly"}, {"C": 2.0, "gamma": 0.25, "kernel": "poly"}),
        # Another domain.
        (("0.1..10", "1..5"), {"C": 2.0, "gamma": 0.25, "kernel": "poly"}, {"C": 2.0, "gamma": 0.25, "kernel": "poly"}),
        (("0.1..10", "1..5"), {"C": 7.0, "gamma": 0.25, "kernel": "poly"}, None),
        (("0.1..10", "1..50"), {"C": 2.12345, "gamma": 0.25, "kernel": "poly"}, {"C": 2.12345, "gamma": 0.25, "kernel": "poly"}),
        # A mark is taken away: its parameter is fixed.
        (("0.5  # tune: 0..1", "0.5"), {"C": 2.0, "gamma": 0.5, "kernel": "poly"}, {"C": 2.0, "kernel": "poly"}),
        (("0.5  # tune: 0..1", "0.5"), {"C": 2.0, "gamma": 0.25, "kernel": "poly"}, None),
        (("0.5  # tune: 0..1", "0.25  # fixed"), {"C": 2.0, "gamma": 0.25, "kernel": "poly"}, {"C": 2.0, "kernel": "poly"}),
        (("0.5  # tune: 0..1", "C  "), {"C": 2.0, "gamma": 0.25, "kernel": "poly"}, "changed"),
        # A parameter has another name.
        (("# tune: 0..1", "# tune width: 0..1"), {"C": 2.0, "gamma": 0.25, "kernel": "poly"}, {"C": 2.0, "width": 0.25, "kernel": "poly"}),
        # Other code.
        (("f(C, gamma", "f(C, 2"), {"C": 2.0, "gamma": 0.25, "kernel": "poly"}, "changed"),
        (("f(C, gamma", "g(C, gamma"), {"C": 2.0, "gamma": 0.25, "kernel": "poly"}, "changed"),
        (("minimize", "maximize"), {"C": 2.0, "gamma": 0.25, "kernel": "poly"}, "changed"),
        (("y = ", "x = 1\ny = "), {"C": 2.0, "gamma": 0.25, "kernel": "poly"}, "changed"),
        # Another literal of a parameter is a point to try, no other code.
        (("1.0", "4.0"), {"C": 2.0, "gamma": 0.25, "kernel": "poly"}, {"C": 2.0, "gamma": 0.25, "kernel": "poly"}),
    ],
)  # fmt: skip
def test_point_of_an_earlier_trial(edit, params, expected):
    assert expected == moved(THREE, THREE.replace(*edit) if edit else THREE, params)


def test_mark_that_is_added_gives_its_literal_to_all_trials():
    before = THREE.replace("0.5  # tune: 0..1", "0.5")
    assert moved(before, THREE, {"C": 2.0, "kernel": "poly"}) == {"C": 2.0, "gamma": 0.5, "kernel": "poly"}
    assert moved(before, THREE.replace("0.5", "0.75"), {"C": 2.0, "kernel": "poly"}) == {
        "C": 2.0, "gamma": 0.5, "kernel": "poly",
    }  # fmt: skip
    assert moved(before, THREE.replace("0..1", "0.6..1").replace("0.5", "0.75"), {"C": 2.0, "kernel": "poly"}) is None


@pytest.mark.parametrize(
    ("after", "params", "expected"),
    [
        # Idle where it was idle.
        ("4  # tune: 1..9 if k == 'b'", {"k": "a"}, {"k": "a"}),
        ("4  # tune: 1..9 if k == 'b'", {"k": "b", "n": 7}, {"k": "b", "n": 7}),
        # The literal that runs where it is idle was edited.
        ("5  # tune: 1..9 if k == 'b'", {"k": "a"}, None),
        ("5  # tune: 1..9 if k == 'b'", {"k": "b", "n": 7}, {"k": "b", "n": 7}),
        # It was idle, and counts now.
        ("4  # tune: 1..9", {"k": "a"}, {"k": "a", "n": 4}),
        # It counted, and is idle now: it would run with its literal.
        ("4  # tune: 1..9 if k == 'a'", {"k": "b", "n": 7}, {"k": "b"}),
        ("4", {"k": "a"}, {"k": "a"}),
        ("4", {"k": "b", "n": 7}, None),
    ],
)
def test_conditions(after, params, expected):
    source = "k = 'a'  # tune: ['a', 'b']\nn = {}\nk, n  # tune: minimize"
    before = source.format("4  # tune: 1..9 if k == 'b'")
    assert expected == moved(before, source.format(after), params)
