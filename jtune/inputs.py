"""The inputs of a cell: the names that it reads from outside, and the user's own modules that it runs.

By their fingerprints a study knows whether it may continue, and a search whether the cell changes them in place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from jtune import modules
from jtune.fingerprint import changed, obstacle, told
from jtune.namespace import modules_imported, names_bound, names_read
from jtune.template import Template

# What the user was told of in this kernel, and need not hear again.
_said: set[tuple[str, int]] = set()


class Inputs:
    """The inputs of a cell, and what they were worth before it ran.

    Parameters
    ----------
    namespace : dict
        The notebook's.
    template : Template
        The cell's.

    Attributes
    ----------
    names : tuple of str
        What the cell reads from its namespace.
    fingerprints : dict of str to (str or None)
        By name, or by the short path of a module, such as ``"package/module.py"``.
    notes : list of str
        What the user should know about them.
    """

    def __init__(self, namespace: dict[str, Any], template: Template) -> None:
        self._namespace = namespace
        self.names = names_read(template.blank)
        self._bound = names_bound(template.blank)
        self._imported = modules_imported(template.blank)
        self.fingerprints, edited = self._take()
        self.notes = [
            f"{key} was edited since it was imported; reload it, or restart the kernel, to run the new text"
            for key, time_ns in edited.items()
            if (key, time_ns) not in _said
        ]
        _said.update(edited.items())

    def _take(self) -> tuple[dict[str, str | None], dict[str, int]]:
        values = told(self._namespace, self.names, bound=self._bound)
        followed = modules.follow([*self._imported, *values.modules])
        return {**values.fingerprints, **followed.fingerprints}, followed.edited

    def changed(self) -> tuple[str, ...]:
        """Return the names whose values the cell has changed in place."""
        return changed(self.fingerprints, self._now())

    def _now(self) -> dict[str, str | None]:
        return told(self._namespace, self.names, bound=self._bound).fingerprints

    def now(self, names: Collection[str]) -> dict[str, str | None]:
        """Return the present fingerprints of some of the names."""
        return {name: value for name, value in self._now().items() if name in names} if names else {}


def merged(before: Mapping[str, str | None], now: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the fingerprints of ``now``, and for what cannot be told now those of ``before``."""
    return {key: before.get(key) if value is None else value for key, value in now.items()}


def doubts(before: Mapping[str, str | None], now: Mapping[str, str | None]) -> list[str]:
    """Say of which inputs it cannot be told whether they changed, and why."""
    reasons: dict[str, list[str]] = {}
    for key, value in now.items():
        why = obstacle(before.get(key), value)
        if value is None or why:
            reasons.setdefault(why, []).append(key)
    return [
        f"whether {', '.join(keys)} changed cannot be told" + (f", as {why}" if why else "")
        for why, keys in reasons.items()
    ]
