"""Optimizers for the benchmark, each as ``ask`` and ``tell``; other packages' ones are left out if not installed.

========================================================  ==================  =======================
optimizers                                                inactive parameter  crash is told as
========================================================  ==================  =======================
gp skopt forest tpe cmaes random qmc (jtune's samplers)   absent              failed trial (FAIL)
optuna-tpe, optuna-gp                                     absent              failed trial (FAIL)
hyperopt                                                  absent [1]_         the problem's bad value
ax, nevergrad, bayesopt                                   has some value      the problem's bad value
========================================================  ==================  =======================

.. [1] Where it depends on one parameter with few values, else it has some value.

The bad value is the worst of 64 random successes. A category is one to each of them, a log scale a log scale, a grid
of floats a range of ints where a package has no grid. Run as a script, this file lists what is installed.
"""

from __future__ import annotations

import logging
import math
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.trial import TrialState
from suite import Problem

import jtune
from jtune.language.domains import ChoiceDomain, Domain, FloatDomain
from jtune.language.space import Parameter, Point
from jtune.samplers import SpaceExhausted, make_sampler
from jtune.storage.definition import Goal
from jtune.storage.ranking import Ranking
from jtune.storage.record import Trial
from jtune.trials.outcome import State

JTUNE = ("gp", "skopt", "forest", "tpe", "cmaes", "random", "qmc")
# What gp's proposals come from: an edit there makes another optimizer of it.
_GP_SOURCES = ("samplers/*.py", "surrogate/*.py", "language/domains.py", "language/space.py")
# A parent with more values than this is no choice between branches.
_BRANCHES_AT_MOST = 12


class Optimizer(ABC):
    """One run of an optimizer on a problem; :meth:`ask` and :meth:`tell` take turns.

    Parameters
    ----------
    problem : Problem
    seed : int
    budget : int
        How many trials there will be.
    """

    def __init__(self, problem: Problem, seed: int, budget: int) -> None:
        self.problem, self.space, self.seed, self.budget = problem, problem.space, seed, budget
        self.start()

    @abstractmethod
    def start(self) -> None:
        """Get ready."""

    @abstractmethod
    def ask(self) -> Point:
        """Return the next point; raise jtune's SpaceExhausted where there is none left."""

    @abstractmethod
    def tell(self, value: float | None) -> None:
        """Take the objective at the last point; None if it crashed."""

    def load(self, points: list[Point], values: list[float | None]) -> bool:
        """Take finished trials without having proposed them; False where that is not possible."""
        return False

    def best(self, points: list[Point], values: list[float]) -> Point:
        """Return which of the points it calls the best; others than jtune's say nothing of noise."""
        return points[int(np.argmin(values))]

    def _told(self, value: float | None) -> float:
        return self.problem.bad_value if value is None else value


class JTune(Optimizer):
    """One of jtune's samplers, asked and told as jtune's search does it, in memory."""

    def __init__(self, problem: Problem, seed: int, budget: int, name: str) -> None:
        self.name = name
        super().__init__(problem, seed, budget)

    def start(self) -> None:
        self.sampler = make_sampler(self.name, self.space, seed=self.seed, n_trials=self.budget)
        self.study = optuna.create_study(sampler=self.sampler.optuna)
        self.storage = self.study._storage

    def ask(self) -> Point:
        # As jtune.storage.ledger.Ledger.ask.
        trial_id = self.storage.create_new_trial(self.study._study_id)
        self.number = self.storage.get_trial(trial_id).number
        point = self.sampler.propose(self.study, self.number)
        for name, value in point.items():
            domain = self.space[name].domain
            internal = domain.distribution.to_internal_repr(domain.to_optuna(value))
            self.storage.set_trial_param(trial_id, name, internal, domain.distribution)
        return point

    def tell(self, value: float | None) -> None:
        _tell(self.study, self.number, value)

    def best(self, points: list[Point], values: list[float]) -> Point:
        trials = [
            Trial(number, point, (value,), 0.0, State.COMPLETE, "", "sampler")
            for number, (point, value) in enumerate(zip(points, values, strict=True))
        ]
        best = Ranking((Goal("minimize", "loss"),), trials).best
        assert best is not None
        return best.params

    def load(self, points: list[Point], values: list[float | None]) -> bool:
        for point in points:
            self.sampler.remember(point)
        return _load(self.study, self.problem, points, values)


class BareOptuna(Optimizer):
    """An Optuna sampler as its users have it: define by run, inactive parameters not suggested."""

    def sampler(self) -> optuna.samplers.BaseSampler:
        return optuna.samplers.TPESampler(seed=self.seed)

    def start(self) -> None:
        self.study = optuna.create_study(sampler=self.sampler())

    def ask(self) -> Point:
        self.trial = self.study.ask()
        known = self.space.complete({})
        point: Point = {}
        for parameter in _parents_first(self.problem):
            if parameter.condition is None or parameter.condition.holds(known):
                known[parameter.name] = point[parameter.name] = _suggest(self.trial, parameter)
        return point

    def tell(self, value: float | None) -> None:
        _tell(self.study, self.trial.number, value)

    def load(self, points: list[Point], values: list[float | None]) -> bool:
        return _load(self.study, self.problem, points, values)


class OptunaGP(BareOptuna):
    """Optuna's own Gaussian process."""

    def sampler(self) -> optuna.samplers.BaseSampler:
        return optuna.samplers.GPSampler(seed=self.seed)


class Hyperopt(Optimizer):
    """Hyperopt's TPE."""

    def start(self) -> None:
        from hyperopt import Trials
        from hyperopt.base import Domain as HyperoptDomain

        self.trials = Trials()
        self.domain = HyperoptDomain(lambda _: 0.0, self._tree())
        self.rng = np.random.default_rng(self.seed)

    def ask(self) -> Point:
        from hyperopt import space_eval, tpe

        ids = self.trials.new_trial_ids(1)
        documents = tpe.suggest(ids, self.domain, self.trials, int(self.rng.integers(2**31)))
        self.trials.insert_trial_docs(documents)
        self.trials.refresh()
        self.document = self.trials._dynamic_trials[-1]
        values = {name: found[0] for name, found in self.document["misc"]["vals"].items() if found}
        return self.space.point(_flatten(space_eval(self.domain.expr, values)))

    def tell(self, value: float | None) -> None:
        from hyperopt import JOB_STATE_DONE

        self.document["result"] = {"loss": self._told(value), "status": "ok"}
        self.document["state"] = JOB_STATE_DONE
        self.trials.refresh()

    def _tree(self) -> dict[str, Any]:
        """Return the space: each parent a choice between dicts of its value and the children active there."""
        from hyperopt import hp

        children = _branches(self.problem)
        nodes = {p.name: _hyperopt_node(p) for p in self.space if p.name not in children}
        inner = {name for names in children.values() for by_value in names.values() for name in by_value}
        for parent, by_value in children.items():
            options = [{parent: v, **{n: nodes[n] for n in by_value[v]}} for v in by_value]
            nodes[parent] = hp.choice(parent, options)
        return {name: node for name, node in nodes.items() if name not in inner}


class Ax(Optimizer):
    """Ax with its default generation strategy."""

    def start(self) -> None:
        from ax.api.client import Client
        from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

        self.client = Client(random_seed=self.seed)
        parameters = []
        for name, domain in self._domains():
            if isinstance(domain, ChoiceDomain):
                values = [str(i) for i in range(len(domain.choices))]
                parameters.append(ChoiceParameterConfig(name=name, values=values, parameter_type="str"))
            else:
                low, high, is_log, is_int = _range(domain)
                kind, scale = "int" if is_int else "float", "log" if is_log else "linear"
                parameters.append(
                    RangeParameterConfig(name=name, bounds=(low, high), parameter_type=kind, scaling=scale)
                )
        self.client.configure_experiment(parameters=parameters)
        self.client.configure_optimization(objective="-loss")

    def ask(self) -> Point:
        from ax.exceptions.core import SearchSpaceExhausted

        try:
            ((self.index, found),) = self.client.get_next_trials(max_trials=1).items()
        except SearchSpaceExhausted as error:
            raise SpaceExhausted(str(error)) from error
        return self.space.point({n: _from_range(d, found[n]) for n, d in self._domains()})

    def tell(self, value: float | None) -> None:
        self.client.complete_trial(trial_index=self.index, raw_data={"loss": self._told(value)})

    def load(self, points: list[Point], values: list[float | None]) -> bool:
        for point, value in zip(points, values, strict=True):
            full = self.space.complete(point)
            index = self.client.attach_trial({n: _to_range(d, full[n]) for n, d in self._domains()})
            self.client.complete_trial(trial_index=index, raw_data={"loss": self._told(value)})
        return True

    def _domains(self) -> list[tuple[str, Domain]]:
        return [(p.name, p.domain) for p in self.space]


class Nevergrad(Optimizer):
    """Nevergrad's NGOpt, the budget declared."""

    def start(self) -> None:
        import nevergrad as ng

        instrument = ng.p.Dict(**{p.name: _nevergrad_parameter(p.domain) for p in self.space})
        instrument.random_state.seed(self.seed)
        self.optimizer = ng.optimizers.NGOpt(instrument, budget=self.budget, num_workers=1)

    def ask(self) -> Point:
        self.asked = self.optimizer.ask()
        found = self.asked.value
        return self.space.point({p.name: _from_range(p.domain, found[p.name]) for p in self.space})

    def tell(self, value: float | None) -> None:
        self.optimizer.tell(self.asked, self._told(value))

    def load(self, points: list[Point], values: list[float | None]) -> bool:
        for point, value in zip(points, values, strict=True):
            full = self.space.complete(point)
            found = {p.name: _nevergrad_value(p.domain, full[p.name]) for p in self.space}
            self.optimizer.tell(self.optimizer.parametrization.spawn_child(new_value=found), self._told(value))
        return True


class BayesOpt(Optimizer):
    """The package bayesian-optimization with its default acquisition function."""

    def start(self) -> None:
        from bayes_opt import BayesianOptimization

        self.optimizer = BayesianOptimization(
            f=None, pbounds={p.name: _bayesopt_bounds(p.domain) for p in self.space},
            random_state=self.seed, verbose=0, allow_duplicate_points=True,
        )  # fmt: skip
        # Before its first model it wants some random points, which its users give as init_points (5 by default).
        self.n_random = 5

    def ask(self) -> Point:
        self.n_random -= 1
        self.asked = self.optimizer.space.random_sample() if self.n_random >= 0 else self.optimizer.suggest()
        if not isinstance(self.asked, Mapping):
            self.asked = self.optimizer.space.array_to_params(self.asked)
        return self.space.point({p.name: _from_bayesopt(p.domain, self.asked[p.name]) for p in self.space})

    def tell(self, value: float | None) -> None:
        self.optimizer.register(params=self.asked, target=-self._told(value))

    def load(self, points: list[Point], values: list[float | None]) -> bool:
        self.n_random -= len(points)
        for point, value in zip(points, values, strict=True):
            full = self.space.complete(point)
            params = {p.name: _to_bayesopt(p.domain, full[p.name]) for p in self.space}
            self.optimizer.register(params=params, target=-self._told(value))
        return True


_PEERS: dict[str, tuple[type[Optimizer], tuple[str, ...], tuple[str, ...]]] = {
    # class, distributions, modules that must be there
    "optuna-tpe": (BareOptuna, ("optuna",), ("optuna",)),
    "optuna-gp": (OptunaGP, ("optuna", "torch"), ("optuna", "torch")),
    "hyperopt": (Hyperopt, ("hyperopt",), ("hyperopt",)),
    "ax": (Ax, ("ax-platform", "botorch"), ("ax",)),
    "nevergrad": (Nevergrad, ("nevergrad",), ("nevergrad",)),
    "bayesopt": (BayesOpt, ("bayesian-optimization",), ("bayes_opt",)),
}
NAMES = (*JTUNE, *_PEERS)


def missing(name: str) -> str | None:
    """Return why an optimizer cannot be had, or None if it can.

    Raises
    ------
    ValueError
        If there is no optimizer of that name.
    """
    if name not in NAMES:
        raise ValueError(f"no such optimizer: {name}; there are {', '.join(NAMES)}")
    if name in JTUNE:
        return None
    _, distributions, modules = _PEERS[name]
    try:
        for module in modules:
            import_module(module)
    except ModuleNotFoundError:
        return f"needs {' and '.join(distributions)}"
    except ImportError as error:
        return str(error).splitlines()[0][:100]
    return None


def make(name: str, problem: Problem, seed: int, budget: int) -> Optimizer:
    """Return an optimizer at its start."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("ax").setLevel(logging.CRITICAL)
    if name in JTUNE:
        return JTune(problem, seed, budget, name)
    return _PEERS[name][0](problem, seed, budget)


@cache
def version(name: str) -> str:
    """Return the exact versions that an optimizer's proposals depend on; for gp also a digest of its source."""
    if name not in JTUNE:
        return ", ".join(f"{d} {metadata.version(d)}" for d in _PEERS[name][1])
    parts = [f"jtune {jtune.__version__}"]
    if name == "gp":
        folder = Path(jtune.__file__).parent
        sources = [path.read_bytes() for pattern in _GP_SOURCES for path in sorted(folder.glob(pattern))]
        parts[0] += f"+{zlib.crc32(b''.join(sources)):08x}"
    others = {"gp": ("optuna", "numpy", "scipy"), "tpe": ("optuna",), "cmaes": ("optuna", "cmaes")}
    others |= {"skopt": ("scikit-optimize", "scikit-learn"), "forest": ("scikit-optimize", "scikit-learn")}
    return ", ".join(parts + [f"{d} {metadata.version(d)}" for d in others.get(name, ("optuna",))])


def _tell(study: optuna.Study, number: int, value: float | None) -> None:
    state = TrialState.FAIL if value is None else TrialState.COMPLETE
    study.tell(number, value, state=state)


def _load(study: optuna.Study, problem: Problem, points: list[Point], values: list[float | None]) -> bool:
    domains = {p.name: p.domain for p in problem.space}
    for point, value in zip(points, values, strict=True):
        trial = optuna.trial.create_trial(
            state=TrialState.FAIL if value is None else TrialState.COMPLETE,
            value=value,
            params={n: domains[n].to_optuna(v) for n, v in point.items()},
            distributions={n: domains[n].distribution for n in point},
        )
        study.add_trial(trial)
    return True


def _suggest(trial: optuna.Trial, parameter: Parameter) -> Any:
    name, domain = parameter.name, parameter.domain
    if isinstance(domain, ChoiceDomain):
        return domain.from_optuna(trial.suggest_categorical(name, domain.distribution.choices))
    suggest: Callable[..., Any] = trial.suggest_float if isinstance(domain, FloatDomain) else trial.suggest_int
    distribution = domain.distribution
    return suggest(name, distribution.low, distribution.high, log=distribution.log, step=distribution.step)


def _parents_first(problem: Problem) -> Iterator[Parameter]:
    """Yield a space's parameters so that each comes after those its condition names."""
    done: set[str] = set()
    waiting = list(problem.space)
    while waiting:
        ready = next(p for p in waiting if p.condition is None or done >= set(p.condition.names))
        waiting.remove(ready)
        done.add(ready.name)
        yield ready


def _branches(problem: Problem) -> dict[str, dict[Any, list[str]]]:
    """Return, for parents of few values that depend on nothing, ``{value: the children that are active there}``.

    Only children with one parent and no children of their own; the others are always there.
    """
    space = problem.space
    parents = {n for p in space if p.condition for n in p.condition.names}
    found: dict[str, dict[Any, list[str]]] = {}
    for parent in (space[name] for name in space.names if name in parents):
        if parent.condition is None and (parent.domain.size or math.inf) <= _BRANCHES_AT_MOST:
            children = [
                p for p in space if p.condition and p.condition.names == (parent.name,) and p.name not in parents
            ]
            found[parent.name] = {
                value: [c.name for c in children if c.condition and c.condition.holds({parent.name: value})]
                for value in parent.domain.levels(_BRANCHES_AT_MOST)
            }
    return found


def _hyperopt_node(parameter: Parameter) -> Any:
    from hyperopt import hp

    name, domain = parameter.name, parameter.domain
    if isinstance(domain, ChoiceDomain):
        return hp.choice(name, list(domain.choices))
    if isinstance(domain, FloatDomain) and domain.step is None:
        if domain.log:
            return hp.loguniform(name, math.log(domain.low), math.log(domain.high))
        return hp.uniform(name, domain.low, domain.high)
    if domain.log:
        return hp.qloguniform(name, math.log(domain.low), math.log(domain.high), 1)
    return hp.quniform(name, domain.low, domain.high, domain.step)


def _flatten(tree: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in tree.items():
        values.update(_flatten(value) if isinstance(value, Mapping) else {name: value})
    return values


def _range(domain: Domain) -> tuple[float, float, bool, bool]:
    """Return low, high, is log, is int, for packages without step grids: these are ints from 0 there."""
    if isinstance(domain, FloatDomain) and domain.step is None:
        return domain.low, domain.high, domain.log, False
    if domain.log:
        return domain.low, domain.high, True, True
    return 0, (domain.size or 1) - 1, False, True


def _from_range(domain: Domain, value: Any) -> Any:
    """Return what a value of :func:`_range` (for a choice: its position) stands for."""
    if isinstance(domain, ChoiceDomain):
        return domain.choices[int(value)]
    is_grid = _range(domain)[3] and not domain.log
    return domain.snap(domain.low + float(value) * (domain.step or 1) if is_grid else float(value))


def _to_range(domain: Domain, value: Any) -> Any:
    if isinstance(domain, ChoiceDomain):
        return str(domain.index(value))
    is_grid = _range(domain)[3] and not domain.log
    return round((value - domain.low) / (domain.step or 1)) if is_grid else value


def _nevergrad_parameter(domain: Domain) -> Any:
    import nevergrad as ng

    if isinstance(domain, ChoiceDomain):
        return ng.p.Choice(list(range(len(domain.choices))))
    low, high, is_log, is_int = _range(domain)
    parameter = ng.p.Log(lower=low, upper=high) if is_log else ng.p.Scalar(lower=low, upper=high)
    return parameter.set_integer_casting() if is_int else parameter


def _nevergrad_value(domain: Domain, value: Any) -> Any:
    return domain.index(value) if isinstance(domain, ChoiceDomain) else _to_range(domain, value)


def _bayesopt_bounds(domain: Domain) -> tuple[Any, ...]:
    """Return its bounds; a log scale is one of decades there, in floats."""
    if isinstance(domain, ChoiceDomain):
        return tuple(str(i) for i in range(len(domain.choices)))
    low, high, is_log, is_int = _range(domain)
    if is_log:
        return math.log10(low), math.log10(high)
    return (low, high, int) if is_int else (low, high)


def _from_bayesopt(domain: Domain, value: Any) -> Any:
    if isinstance(domain, ChoiceDomain) or not domain.log:
        return _from_range(domain, value)
    return domain.snap(10.0 ** float(value))


def _to_bayesopt(domain: Domain, value: Any) -> Any:
    if isinstance(domain, ChoiceDomain) or not domain.log:
        return _to_range(domain, value)
    return math.log10(value)


def main() -> None:
    for name in NAMES:
        needed = missing(name)
        print(f"{name:12} {f'left out: {needed} not installed' if needed else version(name)}")


if __name__ == "__main__":
    main()
