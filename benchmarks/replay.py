"""Proposals with trials in flight: what J workers find, beside one, in a simulation of their run times.

An event queue stands for the workers: each trial takes a time that is drawn once for its problem, seed and number, and
its value is told when that is over. Either a proposal knows of the trials in flight (jtune: the first ones are spread,
later ones count as what the surrogate predicts), or it does not. Printed is the regret as a share of random search's
after N trials, the median over problems and seeds and the mean of its logarithm; lower is better. No time is measured,
so the machine may be busy.
"""

from __future__ import annotations

import argparse
import heapq
import math
import zlib
from dataclasses import dataclass

import numpy as np
import optuna
import suite
from optuna.trial import TrialState

from jtune.language.space import Point
from jtune.samplers import make_sampler

ARMS = ("unaware", "aware")
PROBLEMS = {
    "choose": ["branin", "hartmann6", "rosenbrock4", "log_valley", "momentum", "mixed_branches", "cond_layers"],
    "report": ["camel", "hartmann3", "levy5", "log_bowl", "kinetics", "mixed_routes", "cond_optimizer"],
}


@dataclass
class Replay:
    """One search by J workers.

    Parameters
    ----------
    problem : Problem
    seed, n, jobs : int
    arm : str
    """

    problem: suite.Problem
    seed: int
    n: int
    jobs: int
    arm: str

    def run(self) -> list[float]:
        """Return the regret of the best trial that has ended, after each that ends."""
        rng = np.random.default_rng((self.seed, zlib.crc32(self.problem.name.encode())))
        durations = rng.lognormal(0.0, 0.5, self.n) / math.exp(0.125)
        space = self.problem.space
        self.sampler = make_sampler("gp", space, seed=self.seed, n_trials=self.n)
        self.study = optuna.create_study(sampler=self.sampler.optuna)
        running: list[tuple[float, int, Point]] = []
        now, regrets, best = 0.0, list[float](), math.inf
        for number in range(self.n + self.jobs):
            if len(running) == self.jobs or number >= self.n:
                if not running:
                    break
                now, ended, point = heapq.heappop(running)
                value = self._end(ended, point)
                best = min(best, value)
                regrets.append(max(best - self.problem.optimum, 0.0))
            if number < self.n:
                heapq.heappush(running, (now + float(durations[number]), number, self._begin(number)))
        return regrets

    def _begin(self, number: int) -> Point:
        point = self.problem.space.baseline if number == 0 else self.sampler.propose(self.study, number)
        self.sampler.remember(point)
        if self.arm == "aware":
            self._add(point, TrialState.RUNNING, None)
        return point

    def _end(self, number: int, point: Point) -> float:
        try:
            value = self.problem.value(point)
        except suite.CrashError:
            value = math.inf
        state = TrialState.COMPLETE if math.isfinite(value) else TrialState.FAIL
        if self.arm == "unaware":
            self._add(point, state, value)
        else:
            self.study.tell(number, value if state == TrialState.COMPLETE else None, state=state)
        return value

    def _add(self, point: Point, state: TrialState, value: float | None) -> None:
        space = self.problem.space
        trial = optuna.trial.create_trial(
            state=state,
            value=value if state == TrialState.COMPLETE else None,
            params={name: space[name].domain.to_optuna(each) for name, each in point.items()},
            distributions={name: space[name].domain.distribution for name in point},
        )
        self.study._storage.create_new_trial(self.study._study_id, template_trial=trial)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--half", choices=PROBLEMS, default="report")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("-n", type=int, default=50)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--arms", choices=ARMS, nargs="+", default=ARMS)
    given = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    print(f"regret / random search's on the problems to {given.half}, {given.seeds} seeds")
    for jobs in given.jobs:
        for arm in given.arms if jobs > 1 else given.arms[-1:]:
            shown = " ".join(f"after {n}: {text}" for n, text in compared(given.half, given.seeds, given.n, jobs, arm))
            print(f"J = {jobs:2d} {arm:8s} {shown}", flush=True)


def compared(half: str, seeds: int, n: int, jobs: int, arm: str) -> list[tuple[int, str]]:
    """Return the regret after half of the trials, and after all."""
    rows = []
    for name in PROBLEMS[half]:
        problem = suite.PROBLEMS[name]
        for seed in range(seeds):
            regrets = Replay(problem, seed, n, jobs, arm).run()
            rows.append([regrets[at - 1] / problem.random_search(at) for at in (n // 2, n)])
    columns = np.maximum(np.array(rows).T, 1e-6)
    return [(at, f"{np.median(c):.3f} ({np.log10(c).mean():+.2f})") for at, c in zip((n // 2, n), columns, strict=True)]


if __name__ == "__main__":
    main()
