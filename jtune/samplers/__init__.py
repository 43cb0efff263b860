"""Where the next point comes from.

::

    make_sampler("gp", space) -> PointSampler      whole points of a jtune space, none of them twice
                                     └─ inner      SkoptSampler, or one of Optuna's own; None for uniform draws
                                          └─ models    jtune's Gaussian process, or a skopt.Optimizer
"""

from jtune.samplers.make import NAMES, PRUNERS, make_pruner, make_sampler
from jtune.samplers.points import PointSampler, SpaceExhausted
from jtune.samplers.skopt import SkoptSampler

__all__ = ["NAMES", "PRUNERS", "PointSampler", "SkoptSampler", "SpaceExhausted", "make_pruner", "make_sampler"]
