"""A compiled cell, with all that its trials need to know of the cell."""

from __future__ import annotations

import marshal
from dataclasses import dataclass
from types import CodeType
from typing import Any

from jtune.language.cell import Cell
from jtune.language.domains import Value
from jtune.language.names import names_bound, names_read
from jtune.language.once import OnceStatement
from jtune.language.template import Template
from jtune.trials.interrupts import TimeLimit


@dataclass(frozen=True)
class Program:
    """A compiled cell and what its trials tell; it pickles, for processes of the same version of Python.

    Attributes
    ----------
    template : Template
        The cell, compiled; takes the values of all tuned literals.
    objectives : tuple of str
        What each objective is called.
    at_end : dict of int to CodeType
        The objectives that are evaluated in the namespace at the end of the cell, by their place; the others are sent
        at their marked lines.
    curves : tuple of tuple of str
        For each loop that reports: what its curves are called.
    reads : tuple of str
        Names that the cell may read from its namespace before it binds them, as :func:`names_read` says.
    binds : frozenset of str
        Names that it may bind, rebind or delete there.
    once : tuple of OnceStatement
        What runs in the first trial only.
    """

    template: Template
    objectives: tuple[str, ...]
    at_end: dict[int, CodeType]
    curves: tuple[tuple[str, ...], ...]
    reads: tuple[str, ...]
    binds: frozenset[str]
    once: tuple[OnceStatement, ...] = ()

    @classmethod
    def of(cls, cell: Cell, filename: str = "<cell>", flags: int = 0) -> Program:
        """Compile a cell.

        Parameters
        ----------
        cell : Cell
        filename : str
            For tracebacks.
        flags : int
            Compiler flags of the session.

        Raises
        ------
        SyntaxError
            For what only the compiler sees, such as ``return`` outside a function.
        """
        template = cell.template(filename, flags)
        return cls(
            template,
            tuple(objective.label for objective in cell.objectives),
            {i: objective.code for i, objective in enumerate(cell.objectives) if objective.code is not None},
            cell.curves,
            names_read(template.blank),
            names_bound(template.blank),
            cell.once,
        )

    def made(self, code: CodeType) -> list[str]:
        """Return the names which ``code`` reads and the cell makes itself: those which it binds and does not read."""
        return [name for name in code.co_names if name in self.binds and name not in self.reads]

    def __reduce__(self) -> tuple[Any, ...]:
        # Code itself does not pickle.
        at_end = {place: marshal.dumps(code) for place, code in self.at_end.items()}
        return _unmarshalled, (at_end, self.template, self.objectives, self.curves, self.reads, self.binds, self.once)


def _unmarshalled(at_end: dict[int, bytes], template: Template, objectives: Any, *others: Any) -> Program:
    return Program(template, objectives, {i: marshal.loads(code) for i, code in at_end.items()}, *others)


@dataclass(frozen=True)
class Task:
    """One trial to run.

    Parameters
    ----------
    number : int
        Of the trial.
    values : tuple
        Of all tuned literals, in the order of the cell.
    repeats : int
        How often to run the cell; the objective is the mean.
    limit : TimeLimit or None
        Of all repeats together.
    keeps_error : bool
        Whether the outcome of a failure has the exception, with all objects that its frames hold.
    is_whole : bool
        Whether what runs once is run too.
    """

    number: int
    values: tuple[Value, ...]
    repeats: int = 1
    limit: TimeLimit | None = None
    keeps_error: bool = False
    is_whole: bool = False
