"""What statements marked ``# tune: once`` have left in this process, taken again in its later trials."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jtune.trials.capture import Capture, Shown
from jtune.trials.fingerprint import changed, fingerprints
from jtune.trials.namespace import Bindings, Snapshot
from jtune.trials.program import Program
from jtune.trials.randomness import generator_states, put_back

# After so many trials it is looked whether the cell changes in place what is taken again ...
_LOOKS = 3
# ... and then at most for this share of the time.
_SHARE = 1 / 20


@dataclass(frozen=True)
class _Left:
    """What a statement left.

    Parameters
    ----------
    bindings : Bindings
    shown : Shown
    states : dict
        Of the global random generators that it drew from or seeded.
    fingerprints : dict
        Of what it bound.
    """

    bindings: Bindings
    shown: Shown
    states: dict[str, Any]
    fingerprints: dict[str, str | None]


class Kept:
    """What the statements that run once have left in this process.

    Parameters
    ----------
    program : Program
    clock : callable
        Seconds that pass.

    Attributes
    ----------
    n_taken : int
        How often something was taken again.
    """

    def __init__(self, program: Program, clock: Callable[[], float] = time.monotonic) -> None:
        self.n_taken = 0
        self._program, self._clock = program, clock
        self._left: dict[int, _Left] = {}
        # Those whose values the cell changes in place, or uses up: they run in every trial.
        self._changed: set[int] = set()
        self._n_looks, self._next_look = 0, 0.0

    def binds(self, index: int) -> frozenset[str]:
        """Return the names that a statement may bind or delete."""
        return self._program.once[index].binds

    def left(self, index: int) -> _Left | None:
        """Return what a statement has left."""
        return self._left.get(index)

    def may_keep(self, index: int) -> bool:
        """Tell whether the cell leaves what a statement leaves as it is, as far as is known."""
        return index not in self._changed

    def keep(self, index: int, bindings: Bindings, shown: Shown, states: dict[str, Any]) -> None:
        """Keep what a statement has left."""
        self._left[index] = _Left(bindings, shown, states, self._told(bindings))

    def forget(self) -> None:
        """Keep nothing any longer: the statements run once more."""
        self._left.clear()
        self._n_looks = 0

    def look(self, *, is_last: bool = False) -> list[str]:
        """Look after a trial whether the cell has changed in place what a statement left; return what to say of it.

        Such a statement runs in every trial from then on.
        """
        if not self._left or not (is_last or self._n_looks < _LOOKS or self._clock() >= self._next_look):
            return []
        self._n_looks += 1
        start = self._clock()
        said = []
        for index, left in list(self._left.items()):
            statement = self._program.once[index]
            used_up = [name for name in sorted(statement.used) if _is_used_up(left.bindings.bound.get(name))]
            names = changed(left.fingerprints, self._told(left.bindings))
            if used_up or names:
                del self._left[index]
                self._changed.add(index)
                said.append(_advice(statement.lines, used_up, names))
        now = self._clock()
        self._next_look = now + (now - start) / _SHARE
        return said

    def _told(self, bindings: Bindings) -> dict[str, str | None]:
        return fingerprints(bindings.bound, bindings.bound, bound=self._program.binds)


def _is_used_up(value: object) -> bool:
    """Tell whether a value is used up by who reads it: an iterator, or a file."""
    return isinstance(value, Iterator) and not getattr(value, "closed", False)


def _advice(lines: str, used_up: Sequence[str], changed: Sequence[str]) -> str:
    run = "run" if lines.startswith("lines") else "runs"
    if used_up:
        return f"{lines} {run} in every trial, as {', '.join(used_up)} can be read only once; make a list of it"
    return f"{lines} {run} in every trial, as the cell changes {', '.join(changed)} in place; have it change a copy"


class Taking:
    """Runs the statements that run once, or replaces them, in one run of the cell.

    Parameters
    ----------
    kept : Kept
    namespace : dict
    capture : Capture
    """

    def __init__(self, kept: Kept, namespace: dict[str, Any], capture: Capture) -> None:
        self._kept, self._namespace, self._capture = kept, namespace, capture
        self._before: tuple[Snapshot, dict[str, Any]] | None = None

    def begin(self, index: int) -> bool:
        """Return whether a statement is to run; where not, do what it did."""
        left = self._kept.left(index)
        if left is None:
            if not self._kept.may_keep(index):
                return True
            self._before = Snapshot.take(self._namespace), generator_states()
            self._capture.record()
            return True
        self._kept.n_taken += 1
        left.bindings.apply(self._namespace)
        self._capture.show(left.shown)
        put_back(left.states)
        return False

    def end(self, index: int) -> None:
        """Keep what a statement has left."""
        if self._before is None:
            return
        before, states = self._before
        shown, self._before = self._capture.recorded(), None
        since, names = before.difference(self._namespace), self._kept.binds(index)
        # Also what it bound to the very object that was there: an earlier statement may bind it to another.
        bound = {name: self._namespace[name] for name in names if name in self._namespace}
        bindings = Bindings({**since.bound, **bound}, since.deleted | (names - self._namespace.keys()))
        drawn = {name: state for name, state in generator_states().items() if states.get(name) != state}
        self._kept.keep(index, bindings, shown, drawn)
