"""Where the next point comes from.

::

    make_sampler("gp", space) -> PointSampler          .propose(study, number) -> Point, none of them twice
                                     └─ Proposer       SkoptSampler, or OptunaProposer; None for uniform draws
                                          └─ Model     jtune's Gaussian process, or a skopt.Optimizer

Points are the cell's values from end to end. Optuna's are made of them, or read, at two borders only: what SkoptSampler
tells Optuna in Optuna's own protocol, and what OptunaProposer hears from Optuna's samplers. What is learnt from is the
Optuna study, read by ``history``.
"""

from jtune.samplers.make import NAMES, PRUNERS, make_pruner, make_sampler
from jtune.samplers.points import PointSampler, SpaceExhausted
from jtune.samplers.skopt import SkoptSampler

__all__ = ["NAMES", "PRUNERS", "PointSampler", "SkoptSampler", "SpaceExhausted", "make_pruner", "make_sampler"]
