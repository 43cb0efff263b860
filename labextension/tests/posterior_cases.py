"""Write what the kernel predicts at some points, and what it sends the page to predict from, as ``posterior.json``."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from jtune.language.conditions import Condition
from jtune.language.domains import ChoiceDomain, FloatDomain, IntDomain
from jtune.language.space import Parameter, Point, Space
from jtune.surrogate.effects import Effects
from jtune.views import feed
from jtune.views.posterior import conditions, posterior

SPACE = Space(
    [
        Parameter("rate", FloatDomain(1e-4, 1.0, log=True), 0.01),
        Parameter("drop", FloatDomain(0.0, 0.5, step=0.05), 0.1),
        Parameter("layers", IntDomain(1, 6), 2),
        Parameter("units", IntDomain(8, 256, log=True), 32, Condition("layers > 1")),
        Parameter("kind", ChoiceDomain(("relu", (1, 2), None)), "relu"),
        Parameter("slope", FloatDomain(0.0, 1.0), 0.5, Condition("kind is None or layers == 3")),
        Parameter("batch", ChoiceDomain((8, 16, 32, "all")), 16),
        Parameter("only", ChoiceDomain((7,)), 7),
    ]
)


def objective(point: Point) -> float:
    """Return something that has outliers, so that the warp has something to do."""
    kind = {"relu": 0.0, None: 1.0, (1, 2): 2.0}[point["kind"]]
    found = 3 * (math.log10(point["rate"]) + 2) ** 2 + kind + 0.2 * point["layers"] + point.get("slope", 0.0)
    return found + (100 if point["rate"] > 0.6 else 0)


def made() -> tuple[Effects, list[Point]]:
    """Return a surrogate of 50 trials, and 20 other points."""
    rng = np.random.default_rng(1)
    points = [SPACE.sample(rng) for _ in range(70)]
    return Effects(SPACE, points[:50], [objective(point) for point in points[:50]]), points[50:]


def written() -> dict[str, Any]:
    """Return what is in the file."""
    effects, points = made()
    parameters = [feed._parameter(parameter) for parameter in SPACE]
    goals = [{"label": "loss", "direction": "minimize"}]
    study = {"name": "s", "parameters": parameters, "objectives": goals, "conditions": conditions(SPACE)}
    cases = []
    for point in points:
        mean, sd = effects.predict(point)
        cases.append({"params": feed.positions(SPACE, point), "mean": mean, "sd": sd})
    return {"study": study, "posterior": posterior(effects), "cases": cases}


if __name__ == "__main__":
    text = json.dumps(written(), indent=None, separators=(",", ":"))
    Path(__file__).with_name("posterior.json").write_text(text + "\n", encoding="utf-8")
