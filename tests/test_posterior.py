"""What the page predicts from, against what the kernel predicts; the page's side is in labextension/tests."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from jtune.language.conditions import Condition
from jtune.language.domains import ChoiceDomain, FloatDomain, IntDomain
from jtune.language.space import Parameter, Space
from jtune.surrogate.effects import Effects
from jtune.surrogate.encoding import Encoding
from jtune.surrogate.gp import Hyper, Posterior, YeoJohnson
from jtune.views.posterior import conditions, posterior

CASES = Path(__file__).parent.parent / "labextension" / "tests"
sys.path.insert(0, str(CASES))
import posterior_cases  # noqa: E402

SPACE = posterior_cases.SPACE


def predicted(message, points):
    """What follows from a message at points, in the objective's units."""
    lengths = np.array(message["lengths"])
    x = np.array(message["x"]).reshape(-1, len(lengths))
    made = Posterior(x, np.array(message["z"]), Hyper(lengths, message["scale"], message["noise"]))
    encoding = Encoding(SPACE)
    rows = encoding.cube.settle(encoding.encode([SPACE.complete(point) for point in points]))
    return YeoJohnson(**message["warp"]).in_units(*made.predict(rows))


def test_the_message_predicts_what_the_surrogate_does():
    effects, points = posterior_cases.made()
    message = json.loads(json.dumps(posterior(effects), allow_nan=False))
    mean, sd = predicted(message, points)
    told = np.array([effects.predict(point) for point in points])
    np.testing.assert_allclose(mean, told[:, 0], atol=1e-3 * told[:, 1].max())
    np.testing.assert_allclose(sd, told[:, 1], rtol=1e-3)


def test_the_page_is_held_to_what_the_kernel_says():
    kept = json.loads((CASES / "posterior.json").read_text())
    told = [(case["mean"], case["sd"]) for case in kept["cases"]]
    _, points = posterior_cases.made()
    mean, sd = predicted(kept["posterior"], points)
    np.testing.assert_allclose(np.stack([mean, sd], axis=1), told, rtol=1e-3, atol=1e-3)
    assert kept["study"] == json.loads(json.dumps(posterior_cases.written()["study"]))


def test_many_trials_of_many_parameters_are_small():
    space = Space([Parameter(f"p{i}", FloatDomain(0.0, 1.0), 0.5) for i in range(12)])
    rng = np.random.default_rng(0)
    points = [space.sample(rng) for _ in range(2000)]
    effects = Effects(space, points, [sum(point.values()) for point in points])
    assert len(json.dumps(posterior(effects))) < 100_000


def test_a_constant_objective_has_none():
    rng = np.random.default_rng(0)
    points = [SPACE.sample(rng) for _ in range(5)]
    assert posterior(Effects(SPACE, points, [1.0] * 5)) is None


@pytest.mark.parametrize(
    "condition",
    ["layers > 1", "kind is None or layers == 3", "not (kind in ['relu', None]) and layers >= 2", "kind == (1, 2)"],
)
def test_a_condition_is_a_table_over_its_parents(condition):
    parameters = [
        Parameter("layers", IntDomain(0, 6), 2),
        Parameter("kind", ChoiceDomain(("relu", (1, 2), None)), "relu"),
        Parameter("child", FloatDomain(0.0, 1.0), 0.5, Condition(condition)),
    ]
    space = Space(parameters)
    (activity,) = conditions(space)
    assert activity["name"] == "child"
    for layers in range(7):
        for index, kind in enumerate(parameters[1].domain.choices):
            at = 0
            for parent in activity["parents"]:
                cuts = parent["cuts"]
                if parent["name"] == "kind":
                    at = 3 * at + index
                else:
                    at = (2 * len(cuts) + 1) * at + 2 * sum(cut < layers for cut in cuts) + (layers in cuts)
            assert activity["holds"][at] == Condition(condition).holds({"layers": layers, "kind": kind})


def test_a_condition_that_compares_ranges_is_for_the_kernel_to_tell():
    names = ["a", "b"]
    space = Space(
        [*(Parameter(n, IntDomain(0, 6), 2) for n in names), Parameter("c", IntDomain(0, 1), 0, Condition("a < b"))]
    )
    (activity,) = conditions(space)
    assert activity["holds"] == []
