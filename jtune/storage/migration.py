"""Which point of a cell is a trial of an earlier version of it, whose marks or domains were others.

The two cells must be the same code but for literals that one of them tunes. A literal that is tuned no more is now
fixed: the trials at its value stay. One that is tuned now was fixed: all trials ran with its value.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jtune.language.canonical import canonical
from jtune.language.cell import Cell
from jtune.language.domains import Value, is_same
from jtune.language.find import NOT_LITERAL, literal_of
from jtune.language.space import Point, Space


@dataclass
class Migration:
    """The literals of an earlier cell and those of a later one, each to each.

    Parameters
    ----------
    space : Space
        The later cell's.
    earlier : Space
        As it was when its trials ran.
    tuned : dict of str to str
        A parameter of ``space`` and the parameter of ``earlier`` that it was.
    was_fixed : dict of str to Value
        A parameter of ``space`` and the literal that it was.
    is_fixed : dict of str to Value
        A parameter of ``earlier`` and the literal that it is.
    """

    space: Space
    earlier: Space
    tuned: dict[str, str] = field(default_factory=dict)
    was_fixed: dict[str, Value] = field(default_factory=dict)
    is_fixed: dict[str, Value] = field(default_factory=dict)

    def point(self, params: Mapping[str, Value]) -> Point | None:
        """Return where the later cell runs as the earlier one did, or None where it nowhere does.

        Parameters
        ----------
        params : mapping
            The active parameters of a trial of the earlier cell.
        """
        ran = self.earlier.complete(params)
        if not all(is_same(ran[name], value) for name, value in self.is_fixed.items()):
            return None
        values = {name: ran[old] for name, old in self.tuned.items()} | self.was_fixed
        if any(self.space[name].domain.reject(value) for name, value in values.items()):
            return None
        # With all the digits that it ran with, which may be more than a sampler draws in this space.
        point = {name: self.space[name].domain.coerce(values[name]) for name in self.space.point(values)}
        # Where a parameter is inactive the cell runs with its literal.
        inactive = {*self.was_fixed, *self.space.edited_inactive(self.earlier)} - point.keys()
        return point if all(is_same(self.space[name].literal, values[name]) for name in inactive) else None


def migration(earlier: Cell, earlier_space: Space, later: Cell) -> Migration | None:
    """Return how the trials of an earlier cell become points of a later one, or None where the code has changed.

    Parameters
    ----------
    earlier, later : Cell
    earlier_space : Space
        In which the earlier cell's trials ran.
    """
    found = Migration(later.space, earlier_space)
    names = [p.name for p in earlier.space], [p.name for p in later.space]
    if names[0] != list(earlier_space.names) or _goals(earlier) != _goals(later):
        return None
    for a, b in _pairs(earlier, later, earlier.tree, later.tree):
        if a is None and b is None:
            return None
        old, new = earlier.literals.get(a), later.literals.get(b)
        if old is not None and new is not None:
            found.tuned[names[1][new]] = names[0][old]
            continue
        value = literal_of(b if new is None else a)
        if value is NOT_LITERAL:
            return None
        if new is None and old is not None:
            found.is_fixed[names[0][old]] = value
        elif new is not None:
            found.was_fixed[names[1][new]] = value
    return found


def _goals(cell: Cell) -> list[tuple[str, str]]:
    return [(objective.direction, objective.label) for objective in cell.objectives]


def _pairs(earlier: Cell, later: Cell, a: Any, b: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the places where one of the cells has a tuned literal; two times None where the code differs."""
    if isinstance(a, ast.AST) and (a in earlier.literals or b in later.literals):
        yield a, b
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for x, y in zip(a, b, strict=True):
            yield from _pairs(earlier, later, x, y)
    elif isinstance(a, ast.JoinedStr) or not (isinstance(a, ast.AST) and type(a) is type(b)):
        if _text(a) != _text(b):
            yield None, None
    else:
        for name in a._fields:
            if name != "kind":
                yield from _pairs(earlier, later, getattr(a, name, None), getattr(b, name, None))


def _text(value: Any) -> str:
    return canonical(value) if isinstance(value, ast.AST) else repr(value)
