"""The user's namespace around a trial.

A cell runs many times in the notebook's own namespace. `Snapshot` puts the bindings back between two runs; `Bindings`
keeps those of the best one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_ABSENT = object()


@dataclass(frozen=True)
class Bindings:
    """What a run of a cell bound and deleted.

    Parameters
    ----------
    bound : dict
        Names that were bound or rebound, with their values.
    deleted : frozenset of str
        Names that were there before the run and not after it.
    """

    bound: dict[str, Any]
    deleted: frozenset[str]

    def apply(self, namespace: dict[str, Any]) -> None:
        """Do to ``namespace`` what the run did to its own."""
        namespace.update(self.bound)
        for name in self.deleted:
            namespace.pop(name, None)


@dataclass(frozen=True, eq=False, repr=False)
class Snapshot:
    """The bindings of a namespace as they were; of the values it keeps the identity, not a copy."""

    bindings: dict[str, Any]

    @classmethod
    def take(cls, namespace: dict[str, Any]) -> Snapshot:
        """Return the present bindings of ``namespace``."""
        return cls(dict(namespace))

    def difference(self, namespace: dict[str, Any]) -> Bindings:
        """Return what was bound, rebound or deleted in ``namespace`` since."""
        before = self.bindings.get
        # A copy, because another thread (a widget's callback) may bind a name while this one looks.
        now = dict(namespace)
        bound = {name: value for name, value in now.items() if before(name, _ABSENT) is not value}
        return Bindings(bound, frozenset(self.bindings.keys() - now.keys()))

    def restore(self, namespace: dict[str, Any]) -> None:
        """Put the bindings back, in place.

        Only what differs is touched. A name that comes back after it was deleted stands at the end of the dict.
        """
        since = self.difference(namespace)
        for name in since.bound:
            if name in self.bindings:
                namespace[name] = self.bindings[name]
            else:
                namespace.pop(name, None)
        if since.deleted:
            gone = [name for name in self.bindings if name in since.deleted]
            namespace.update((name, self.bindings[name]) for name in gone)
