"""Points of a search space in the unit cube, where surrogates live: values to columns and back, conditions among them.

:class:`UnitAxis` is one parameter; :class:`Encoding` puts several side by side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from jtune.language.conditions import Condition
from jtune.language.domains import ChoiceDomain, Domain, FloatDomain, IntDomain, Value, is_same
from jtune.language.space import Space
from jtune.surrogate.acquisition import Axis, Cube

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]

# Integers and grids of more values than this are searched like floats, then rounded.
_LEVELS_AT_MOST = 1000
# Between two choices that are no numbers, in units of a range.
_DISTANCE = 0.35


class UnitAxis:
    """A parameter's values and its columns in the unit cube.

    A range is [0, 1], on its own scale; integers and grids have half a step of padding at both ends, so that each value
    has the same share of it. A list of numbers is such a grid, by rank: who writes ``[8, 16, 32, 64]`` means steps of
    about the same weight. Choices that are no numbers are all at the same distance from each other.

    Parameters
    ----------
    domain : Domain
        More than one value.
    """

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        if isinstance(domain, ChoiceDomain):
            self._rows, self.axis = _listed(domain)
            return
        self._bounds = _padded(domain)
        self._is_log = domain.log
        self._ends = self._scaled(np.array(self._bounds, float))
        levels = None
        if domain.size is not None and domain.size <= _LEVELS_AT_MOST:
            levels = self.encode(domain.levels(domain.size))[:, 0]
        self.axis = Axis(levels=levels)

    def encode(self, values: Sequence[Value]) -> Array:
        """Return the columns of values, shape (n, width).

        Values beyond the range, by its width at most, are beyond [0, 1]; what has no place at all is NaN.
        """
        if isinstance(self.domain, ChoiceDomain):
            rows = np.vstack([self._rows, np.full(self.axis.width, np.nan)])
            return rows[[-1 if (i := self.domain.index(value)) is None else i for value in values]]
        placed = np.array([value if _has_place(value, self._is_log) else np.nan for value in values], float)
        low, high = self._ends
        unit_x: Array = (self._scaled(placed) - low) / (high - low)
        unit_x[(unit_x < -1) | (unit_x > 2)] = np.nan
        return unit_x[:, None]

    def decode(self, columns: Array) -> list[Value]:
        """Return the nearest value of each row, shape (m, width)."""
        if isinstance(self.domain, ChoiceDomain):
            nearest = ((columns[:, None] - self._rows) ** 2).sum(axis=2).argmin(axis=1)
            return [self.domain.choices[i] for i in nearest]
        low, high = self._ends
        scaled = np.clip(columns[:, 0], 0.0, 1.0) * (high - low) + low
        values = np.clip(10.0**scaled if self._is_log else scaled, *self._bounds)
        return [self.domain.snap(float(value)) for value in values]

    def exported(self) -> dict[str, Any]:
        """Return what encodes the same elsewhere: the scaled ends of a range, or the columns of each choice."""
        is_listed = isinstance(self.domain, ChoiceDomain)
        return {
            "log": not is_listed and self._is_log,
            "ends": [0.0, 0.0] if is_listed else self._ends.tolist(),
            "choices": self._rows.tolist() if is_listed else [],
            "rest": self.axis.rest.tolist(),
        }

    def _scaled(self, values: Array) -> Array:
        return np.log10(values) if self._is_log else values


def _has_place(value: Value, is_log: bool) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return is_number and (value > 0 or not is_log)


def _listed(domain: ChoiceDomain) -> tuple[Array, Axis]:
    """Return the columns of a list's values, shape (n, width), and their axis.

    Numbers among others have a first column for their order, with a length scale of its own; the others are in its
    middle.
    """
    choices, numbers = domain.choices, domain.numbers
    if len(numbers) < 2:
        rows = _apart(len(choices))
        return rows, Axis(choices=rows, lengths=(0,) * len(choices))
    is_number = np.array([any(is_same(choice, number) for number in numbers) for choice in choices])
    rank = np.full((len(choices), 1), 0.5)
    for i in np.flatnonzero(is_number):
        rank[i] = (numbers.index(choices[i]) + 0.5) / len(numbers)
    if is_number.all():
        return rank, Axis(levels=np.sort(rank[:, 0]))
    kinds = _apart(1 + len(choices) - len(numbers))[np.where(is_number, 0, (~is_number).cumsum())]
    rows = np.hstack([rank, kinds])
    return rows, Axis(choices=rows, lengths=(0, *[1] * kinds.shape[1]))


def _apart(n: int) -> Array:
    """Return ``n`` points, shape (n, n), all at the same distance from each other."""
    return np.eye(n) * (_DISTANCE / math.sqrt(2))


def _padded(domain: FloatDomain | IntDomain) -> tuple[float, float]:
    """Return the bounds, half a step further out where there is a step."""
    if domain.step is None:
        return domain.low, domain.high
    low, high = domain.low - domain.step / 2, domain.snap(domain.high) + domain.step / 2
    return (max(low, domain.low / 2) if domain.log else low), high


class Encoding:
    """The parameters of a space side by side in the unit cube.

    Parameters
    ----------
    space : Space
        Those of more than one value are in the cube.
    within : Space, optional
        The same parameters in the domains that are searched: those are [0, 1], and what is fixed does not move.

    Attributes
    ----------
    units : dict
        Name to :class:`UnitAxis`.
    cube : Cube
        Of their axes.
    columns : dict
        Name to slice.
    """

    def __init__(self, space: Space, within: Space | None = None) -> None:
        within = within or space
        self._ordered = space.ordered if space.has_conditions else ()
        self._literals = space.complete({})
        self.units = {name: UnitAxis(domain) for name, domain in space.modelled(within).items()}
        self._parents = {name for p in space if p.condition for name in p.condition.names} & self.units.keys()
        searched = {name: within[name].domain for name in self.units}
        held = [
            unit.encode(domain.levels(1))[0] if domain.size == 1 else np.full(unit.axis.width, np.nan)
            for unit, domain in zip(self.units.values(), searched.values(), strict=True)
        ]
        self.cube = Cube(
            [unit.axis for unit in self.units.values()],
            self._active if self._ordered else None,
            np.concatenate(held) if held else None,
        )
        self.columns = dict(zip(self.units, self.cube.columns, strict=True))

    def encode(self, points: Sequence[Mapping[str, Value]]) -> Array:
        """Return points as rows, shape (n, d); NaN for what has no place, at rest what a point leaves out."""
        rows = np.empty((len(points), self.cube.width))
        for name, unit in self.units.items():
            rows[:, self.columns[name]] = unit.axis.rest
            given = [i for i, point in enumerate(points) if name in point]
            rows[given, self.columns[name]] = unit.encode([points[i][name] for i in given])
        return rows

    def decode(self, row: Array) -> dict[str, Value]:
        """Return the nearest value of each parameter, active or not, to a row of shape (d,)."""
        return {name: unit.decode(row[None, self.columns[name]])[0] for name, unit in self.units.items()}

    def exported(self) -> dict[str, dict[str, Any]]:
        """Return what encodes the same elsewhere: of each parameter in the cube, in the order of the columns."""
        return {name: unit.exported() for name, unit in self.units.items()}

    def _active(self, x: Array) -> NDArray[np.bool_]:
        """Return which parameters are active at rows of shape (m, d): shape (m, len(units))."""
        known = {name: [literal] * len(x) for name, literal in self._literals.items()}
        found = {}
        for parameter in self._ordered:
            name = parameter.name
            found[name] = np.ones(len(x), bool)
            if parameter.condition is not None:
                found[name] = np.array(_holds(parameter.condition, known, len(x)), bool)
            if name in self._parents:
                decoded = _decode_few(self.units[name], x[:, self.columns[name]])
                known[name] = [
                    value if active else literal
                    for value, active, literal in zip(decoded, found[name], known[name], strict=True)
                ]
        return np.stack([found[name] for name in self.units], axis=1)


def _holds(condition: Condition, known: Mapping[str, list[Value]], n: int) -> list[bool]:
    """Return where a condition holds; evaluated once for each combination of values."""
    names = [name for name in condition.names if name in known]
    if not names:
        return [condition.holds({})] * n
    memory: dict[tuple[str, ...], bool] = {}
    result = []
    for values in zip(*(known[name] for name in names), strict=True):
        key = tuple(map(repr, values))
        if key not in memory:
            memory[key] = condition.holds(dict(zip(names, values, strict=True)))
        result.append(memory[key])
    return result


def _decode_few(unit: UnitAxis, columns: Array) -> list[Value]:
    """Return the values of many rows, of which most are the same."""
    distinct, inverse = np.unique(columns, axis=0, return_inverse=True)
    values = unit.decode(distinct)
    return [values[i] for i in inverse.ravel()]
