"""What a study's best trial left in the namespace, so that a finished cell that is run again need not run.

Objects are not kept alive for that: a model of a gigabyte is freed by ``del model`` as in any other cell.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jtune.trials.namespace import Bindings

if TYPE_CHECKING:
    from jtune.storage.ledger import Ledger

_SMALL = (bool, int, float, complex, str, bytes, type(None))
_SMALL_AT_MOST = 1000
# What Python itself binds, in any namespace.
_PYTHONS = frozenset({"__builtins__", "__warningregistry__"})


class WeakBindings:
    """The bindings of a trial, for as long as the namespace has them too.

    Parameters
    ----------
    bindings : Bindings
        They are in the namespace now.
    """

    def __init__(self, bindings: Bindings) -> None:
        self._deleted = bindings.deleted
        self._refs = {name: _ref(value) for name, value in bindings.bound.items() if name not in _PYTHONS}
        # What cannot be referred to weakly, such as a list.
        self._strong = {name for name, ref in self._refs.items() if isinstance(ref, _Strong)}

    def let_go(self, namespace: dict[str, Any]) -> None:
        """Forget what the namespace does not have any more; called after each cell."""
        gone = {name for name in self._strong if namespace.get(name) is not self._refs[name]()}
        for name in gone:
            self._refs[name] = _lost
        self._strong -= gone

    def bindings(self) -> Bindings | None:
        """Return the bindings, or None where some of them are gone."""
        bound = {name: ref() for name, ref in self._refs.items()}
        if any(value is _LOST for value in bound.values()):
            return None
        return Bindings(bound, self._deleted)


_LOST: Any = object()


class _Strong:
    def __init__(self, value: Any) -> None:
        self._value = value

    def __call__(self) -> Any:
        return self._value


def _lost() -> Any:
    return _LOST


def _ref(value: Any) -> Callable[[], Any]:
    """Return a function that gives the value, or ``_LOST`` when nobody else holds it any more."""
    if isinstance(value, _SMALL) and (not isinstance(value, (str, bytes)) or len(value) <= _SMALL_AT_MOST):
        return lambda: value
    try:
        weak = weakref.ref(value)
    except TypeError:
        return _Strong(value)

    def found() -> Any:
        alive = weak()
        return _LOST if alive is None else alive

    return found


@dataclass(frozen=True)
class _Left:
    trial: int
    bindings: WeakBindings | None
    written: Mapping[str, str | None]


class Leavings:
    """Variables and changed inputs that searches of this kernel have left in the namespace, by file and generation."""

    def __init__(self) -> None:
        self._left: dict[tuple[Path, str], _Left] = {}

    def keep(self, ledger: Ledger, trial: int, bindings: Bindings | None, written: Mapping[str, str | None]) -> None:
        """Note what a search leaves in the namespace.

        Parameters
        ----------
        ledger : Ledger
        trial : int
            The number of the best one.
        bindings : Bindings or None
            What that trial bound, if it is in the namespace now.
        written : mapping
            Fingerprints of the inputs that trials have changed in place, as they are now.
        """
        weak = WeakBindings(bindings) if bindings else None
        self._left[_key(ledger)] = _Left(trial, weak, dict(written))

    def bindings_of(self, ledger: Ledger, trial: int) -> Bindings | None:
        """Return what a trial bound, if it was the best when the last search ended and its objects are still there."""
        left = self._left.get(_key(ledger))
        return left.bindings.bindings() if left and left.bindings and left.trial == trial else None

    def written_by(self, ledger: Ledger) -> Mapping[str, str | None]:
        """Return the fingerprints of the inputs that the trials of a generation have changed in place."""
        left = self._left.get(_key(ledger))
        return left.written if left else {}

    def let_go(self, namespace: dict[str, Any]) -> None:
        """Forget all objects that the namespace does not have any more."""
        for left in self._left.values():
            if left.bindings:
                left.bindings.let_go(namespace)

    def drop(self, path: Path) -> None:
        """Forget a study whose file is deleted."""
        for key in [key for key in self._left if key[0] == path]:
            del self._left[key]


def _key(ledger: Ledger) -> tuple[Path, str]:
    return ledger.journal.path, ledger.optuna.study_name
