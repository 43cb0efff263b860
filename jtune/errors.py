"""The errors a user meets.

::

    JTuneError                  everything below
    └── MistakeError            the user can fix it: shown in one line, without a traceback
        ├── CellError           marks that cannot be read, all of a cell at once
        ├── UsageError          the magic line
        ├── ConditionError      a mark's condition that fails for some values
        ├── StudyError          no such study, trial or parameter
        └── JournalError        the file under .jtune/
            ├── JournalLockedError
            └── JournalCorruptError

An error of the user's own cell is none of these: it keeps its type and its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

# Where something stands in a cell as typed: the line's number from 1, the line, the code point in it from 0.
Place: TypeAlias = tuple[int, str, int]


class JTuneError(Exception):
    """Any error that jtune raises on purpose."""


class MistakeError(JTuneError):
    """Something that the user can fix; IPython shows its text and no traceback."""

    def _render_traceback_(self) -> list[str]:
        """What IPython prints instead of a traceback (its protocol for exceptions)."""
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True)
class Problem:
    """One mistake in a cell.

    Parameters
    ----------
    line : int
        Line number as the user counts, from 1.
    text : str
        That line, without its line end.
    start : int
        Where in ``text`` the mistake starts, in code points from 0.
    message : str
        What is wrong, what was expected and what to type.
    """

    line: int
    text: str
    start: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text.strip()}   {self.message}"

    def render(self) -> str:
        """Return the line, and below it a caret with the message.

        Returns
        -------
        str
            Two lines.
        """
        head = f"line {self.line}: "
        # Tabs stay tabs under the line, so that the caret stands where the terminal put the text.
        pad = "".join("\t" if c == "\t" else " " for c in self.text[: self.start])
        return f"{head}{self.text}\n{' ' * len(head)}{pad}^ {self.message}"


class CellError(MistakeError):
    """Marks of a cell that cannot be read.

    Attributes
    ----------
    problems : tuple of Problem
        All of them, in line order.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.line, p.start)))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: nothing was run", *(p.render() for p in self.problems)]


class UsageError(MistakeError):
    """A magic line, or an argument, that cannot be followed."""


class ConditionError(MistakeError):
    """A mark's condition that cannot be told for some values.

    Attributes
    ----------
    condition : str
        Its text.
    where : str
        Those values.
    reason : str
        What went wrong.
    problem : Problem or None
        The mark that says the condition; None where it is of no cell.
    consequence : str
        What ends with it, for the first line; set by who ends it.
    """

    consequence = ""

    def __init__(self, condition: str, where: str, reason: str, place: Place | None = None) -> None:
        self.condition, self.where, self.reason = condition, where, reason
        self.problem = Problem(*place, self.message) if place else None
        super().__init__(
            str(self.problem)
            if self.problem
            else f"the condition {condition} fails where {where}: {reason}; write one that can be told for all values"
        )

    @property
    def message(self) -> str:
        """What is wrong, for a place that shows the condition itself."""
        return f"the condition fails where {self.where}: {self.reason}; compare by == or !="

    def _render_traceback_(self) -> list[str]:
        if self.problem is None:
            return super()._render_traceback_()
        head = ": ".join(filter(None, [type(self).__name__, self.consequence]))
        return [head, self.problem.render()]


class StudyError(MistakeError):
    """A study, trial or parameter that is not there."""


class JournalError(MistakeError):
    """A study's file that cannot be used."""


class JournalLockedError(JournalError):
    """Another process writes this study.

    Attributes
    ----------
    path : str
        The study's file.
    holder : str
        The process that writes it, as text.
    """

    def __init__(self, path: str, holder: str) -> None:
        self.path, self.holder = path, holder
        super().__init__(f"{path} is being written by {holder}; wait for it, stop it, or give this study another NAME")


class JournalCorruptError(JournalError):
    """A line in the middle of the file is broken.

    Attributes
    ----------
    path : str
        The study's file.
    line : int
        The line's number, from 1.
    """

    def __init__(self, path: str, line: int, reason: str) -> None:
        self.path, self.line = path, line
        super().__init__(
            f"{path}, line {line}: {reason}; mend or remove that line, or move the file away to start anew"
        )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the known word nearest to ``word``, or ``""``."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
