"""The search space: parameters in cell order, some of them active only where a condition holds.

A *point* is a dict of the active parameters only. An inactive parameter keeps its literal and is not part of the point.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from jtune.language.conditions import Condition
from jtune.language.domains import Domain, Value, is_same

if TYPE_CHECKING:
    import numpy as np

Point: TypeAlias = dict[str, Value]

_ENUMERATED_AT_MOST = 20_000


@dataclass(frozen=True)
class Parameter:
    """One literal that may move.

    Parameters
    ----------
    name : str
        Unique in its cell; ``SVC.C`` where ``C`` alone would not be.
    domain : Domain
        The values it may take.
    literal : Value
        The value that stands in the cell.
    condition : Condition or None
        Where it is active; None for everywhere.
    """

    name: str
    domain: Domain
    literal: Value
    condition: Condition | None = None


class CircleError(ValueError):
    """Conditions that depend on each other; ``names`` are the parameters of the circle, in cell order."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(f"the conditions of {', '.join(names)} depend on each other in a circle")


class Space:
    """Parameters in cell order.

    Parameters
    ----------
    parameters : sequence of Parameter
        Their names are unique.

    Raises
    ------
    CircleError
        If conditions refer to each other in a circle.
    """

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = tuple(parameters)
        self._by_name = {p.name: p for p in self.parameters}
        self.ordered = self._in_dependence_order()  # parents before children

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)

    def __getitem__(self, name: str) -> Parameter:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @property
    def names(self) -> tuple[str, ...]:
        """Names in cell order."""
        return tuple(self._by_name)

    @cached_property
    def has_conditions(self) -> bool:
        """Whether some parameter is not always active."""
        return any(p.condition for p in self.parameters)

    @property
    def baseline(self) -> Point:
        """The point of the cell's own literals."""
        return self.point({})

    def narrowed(self, domains: Mapping[str, Domain]) -> Space:
        """Return the space with other domains, each a part of the parameter's own; itself where they are all whole."""
        parts = {p.name: domains[p.name] for p in self if domains.get(p.name, p.domain) != p.domain}
        return Space([replace(p, domain=parts.get(p.name, p.domain)) for p in self]) if parts else self

    def modelled(self, within: Space) -> dict[str, Domain]:
        """Return the domain in which a model has each parameter; one that has a single value ever is left out.

        Parameters
        ----------
        within : Space
            The same parameters in the domains that are searched. One that is fixed there keeps its whole domain, so
            that trials with other values of it are at a distance.
        """
        searched = {p.name: within[p.name].domain for p in self if p.domain.size != 1}
        return {name: self[name].domain if part.size == 1 else part for name, part in searched.items()}

    def point(self, values: Mapping[str, Value]) -> Point:
        """Return the point that ``values`` stand for: active parameters only, each snapped to its domain.

        Parameters
        ----------
        values : mapping
            Values by name. Parameters left out take their literal.

        Returns
        -------
        dict
            The active parameters and their values.
        """
        return self.build(lambda parameter: values.get(parameter.name, parameter.literal))

    def build(self, choose: Callable[[Parameter], Value]) -> Point:
        """Return the point of chosen values: active parameters only, each snapped to its domain.

        Parameters
        ----------
        choose : callable
            Returns a value for a parameter; asked for the active ones only, parents before children.
        """
        known = {p.name: p.literal for p in self.parameters}
        active = set()
        for parameter in self.ordered:
            if parameter.condition is None or parameter.condition.holds(known):
                active.add(parameter.name)
                known[parameter.name] = self._snap(parameter, choose(parameter))
        return {name: value for name, value in known.items() if name in active} if self.has_conditions else known

    def complete(self, point: Mapping[str, Value]) -> Point:
        """Return the values of all parameters at a point: the inactive ones take their literal."""
        return {p.name: point.get(p.name, p.literal) for p in self.parameters}

    def accepts(self, point: Mapping[str, Value]) -> bool:
        """Tell whether a point is one of this space: its parameters active, its values in their domains.

        Parameters
        ----------
        point : mapping
            Values by name.

        Returns
        -------
        bool
            Whether it could be a trial's.
        """
        if any(n not in self or self[n].domain.reject(v) for n, v in point.items()):
            return False
        return set(self.point(point)) == set(point)

    def edited_inactive(self, earlier: Space) -> list[str]:
        """Return the parameters that are inactive as the cell stands, and have another literal than in ``earlier``.

        Such an edit is no wish to try a value. It changes what runs where the parameter is inactive, which those trials
        do not know of.
        """
        active = self.baseline
        idle = [p for p in self.parameters if p.name not in active and p.name in earlier]
        return [p.name for p in idle if not is_same(p.literal, earlier[p.name].literal)]

    @staticmethod
    def key(point: Mapping[str, Value]) -> Hashable:
        """Return something hashable that is equal for equal points only (``True`` is not ``1``, ``1`` is ``1.0``)."""
        return tuple((name, _hashable(point[name])) for name in sorted(point))

    def sample(self, rng: np.random.Generator) -> Point:
        """Return a point drawn uniformly (on each parameter's scale)."""
        return self.point({p.name: p.domain.sample(rng) for p in self.parameters})

    @cached_property
    def all_points(self) -> list[Point] | None:
        """Every point once, where the space is small enough to count; else None."""
        total = 1
        for parameter in self.parameters:
            total *= parameter.domain.size or _ENUMERATED_AT_MOST + 1
            if total > _ENUMERATED_AT_MOST:
                return None
        return self.grid(_ENUMERATED_AT_MOST)

    def grid(self, levels: int) -> list[Point]:
        """Return the full factorial of at most ``levels`` values per range and all choices, each point once."""
        axes = [p.domain.levels(levels) for p in self.parameters]
        points = (self.point(dict(zip(self.names, v, strict=True))) for v in itertools.product(*axes))
        return list({self.key(point): point for point in points}.values())

    def from_optuna(self, values: Mapping[str, Any]) -> Point:
        """Return the point that Optuna's values stand for, in cell order; names of no parameter are left out."""
        read = {p.name: p.domain.from_optuna(values[p.name]) for p in self.parameters if p.name in values}
        return {name: self._as_typed(name, value) for name, value in read.items()}

    def _as_typed(self, name: str, value: Value) -> Value:
        """Return the cell's literal where ``value`` is the same: ``1`` in ``0.5..3`` stays an integer."""
        literal = self._by_name[name].literal
        return literal if is_same(value, literal) else value

    @staticmethod
    def _snap(parameter: Parameter, value: Value) -> Value:
        """Return what ``value`` stands for; the cell's literal stays as it is, however many digits it has."""
        return parameter.literal if is_same(value, parameter.literal) else parameter.domain.snap(value)

    def _in_dependence_order(self) -> tuple[Parameter, ...]:
        needs = {
            p.name: {n for n in p.condition.names if n in self._by_name} if p.condition else set()
            for p in self.parameters
        }
        ordered: list[Parameter] = []
        while needs:
            ready = [name for name, needed in needs.items() if not needed & needs.keys()]
            if not ready:
                raise CircleError(_circle(needs))
            ordered += [self._by_name[name] for name in ready]
            for name in ready:
                del needs[name]
        return tuple(ordered)


def _hashable(value: Value) -> Hashable:
    if isinstance(value, tuple):
        return tuple(map(_hashable, value))
    return ("bool", value) if isinstance(value, bool) else value


def _circle(needs: Mapping[str, set[str]]) -> list[str]:
    """Return one circle of a graph whose every node needs another, in the order of ``needs``."""
    path = [next(iter(needs))]
    while path[-1] not in path[:-1]:
        path.append(next(name for name in needs if name in needs[path[-1]]))
    return [name for name in needs if name in path[path.index(path[-1]) :]]
