"""The outcome of a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, TypeAlias

from jtune.trials.namespace import Bindings

Output: TypeAlias = dict[str, Any]
# Who chose the values of a trial.
Origin: TypeAlias = Literal["baseline", "sampler", "manual", "confirm"]


class State(str, Enum):
    """The state of a trial; equal to its name in the file, by which it is also shown."""

    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    PRUNED = "pruned"
    TIMED_OUT = "timed out"
    INTERRUPTED = "interrupted"

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return repr(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    @property
    def is_finished(self) -> bool:
        """Whether a trial counts towards ``-n``: it ended by itself, whichever way."""
        return self not in (State.RUNNING, State.INTERRUPTED)


@dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    Parameters
    ----------
    state : State
    reason : str
        Why it is not complete; empty where it is.
    values : tuple of float
        The objectives; empty where the trial is not complete.
    seconds : float
        Of the cell's own run.
    curves : dict of str to list of float
        What its loops reported, by expression.
    outputs : list of dict
        What it showed, as nbformat outputs, bounded.
    traceback : str
        Of a failure, in the user's lines.
    repeats : tuple of tuple of float
        The values of each run, where the cell ran several times.
    bindings : Bindings or None
        What the cell bound, where the trial is complete; else None, so that its objects can be freed.
    error : BaseException or None
        What the cell raised, with its traceback, where the caller wants to raise it again.
    is_broken : bool
        Whether it failed in a way that says more of the cell than of the point: it raised, or what it gave is no
        number at all.
    drawn : tuple of str
        Global random generators that it was seen to draw from.
    is_whole : bool
        Whether all of the cell ran, and nothing was taken from an earlier trial.
    notes : tuple of str
        What the user should know about the cell.
    seconds_by_line : dict of int to float
        Of each statement at the top level, by its line, where the cell was compiled to tell.
    """

    state: State
    reason: str = ""
    values: tuple[float, ...] = ()
    seconds: float = 0.0
    curves: Mapping[str, list[float]] = field(default_factory=dict)
    outputs: Sequence[Output] = ()
    traceback: str = ""
    repeats: tuple[tuple[float, ...], ...] = ()
    bindings: Bindings | None = None
    error: BaseException | None = None
    is_broken: bool = False
    drawn: tuple[str, ...] = ()
    is_whole: bool = True
    notes: tuple[str, ...] = ()
    seconds_by_line: Mapping[int, float] = field(default_factory=dict)

    @property
    def lacked_memory(self) -> bool:
        """Whether it failed by a MemoryError, NumPy's included."""
        return self.state == State.FAILED and "MemoryError" in self.reason.partition(":")[0]
