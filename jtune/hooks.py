"""What a running cell tells jtune: the calls that :mod:`jtune.language.template` puts into it.

They stay in the cell's functions after its trials: without a trial they do nothing, so such a function can be called
from any other cell, and also in a process that never ran a study.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")


class Listener(Protocol):
    """What receives a running trial's values."""

    def on_objective(self, index: int, value: object) -> None:
        """Receive the value that an objective has at its marked line."""

    def on_once(self, index: int) -> bool:
        """Return whether a statement that runs once is to run now; where not, do what it did."""

    def on_once_ended(self, index: int) -> None:
        """Receive that such a statement has run."""

    def on_statement_ended(self, line: int) -> None:
        """Receive that the statement of a line has ended, where that is asked for."""

    def on_report(self, index: int, values: Sequence[object]) -> None:
        """Receive what a loop reports after an iteration; may raise to end the trial."""


_listener: Listener | None = None


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send what the cell tells to ``listener`` for as long as the block lasts."""
    global _listener  # noqa: PLW0603 (the cell's code has no other way to reach its trial)
    previous, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = previous


def objective(index: int, value: T) -> T:
    """Record an objective's value and return it."""
    if _listener is not None:
        _listener.on_objective(index, value)
    return value


def report(index: int, values: Sequence[object]) -> None:
    """Record what a loop reports."""
    if _listener is not None:
        _listener.on_report(index, values)


def once(index: int) -> bool:
    """Tell whether a statement that runs once is to run now."""
    return _listener is None or _listener.on_once(index)


def once_ended(index: int) -> None:
    """Tell that it has run."""
    if _listener is not None:
        _listener.on_once_ended(index)


def statement_ended(line: int) -> None:
    """Tell that the statement of a line has ended."""
    if _listener is not None:
        _listener.on_statement_ended(line)


def show(value: object) -> None:
    """Display the cell's last expression."""
    sys.displayhook(value)
