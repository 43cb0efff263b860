"""The inputs of a cell: the names that it reads from outside, and the user's own modules that it runs.

By their fingerprints a study knows whether it may continue, and a search whether the cell changes them in place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from jtune import modules
from jtune.fingerprint import changed, told
from jtune.namespace import modules_imported, names_bound, names_read
from jtune.template import Template


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
        self.notes: list[str] = []
        self.fingerprints = self._take()

    def _take(self) -> dict[str, str | None]:
        values = told(self._namespace, self.names, bound=self._bound)
        followed = modules.follow([*self._imported, *values.modules])
        self.notes += [
            f"{key} was edited since it was imported; reload it, or restart the kernel, to run the new text"
            for key in followed.edited
        ]
        return {**values.fingerprints, **followed.fingerprints}

    def changed(self) -> tuple[str, ...]:
        """Return what the cell has changed in place."""
        return changed(self.fingerprints, self._take())

    def now(self, names: Collection[str]) -> dict[str, str | None]:
        """Return the present fingerprints of some of the inputs."""
        return {name: value for name, value in self._take().items() if name in names} if names else {}


def merged(before: Mapping[str, str | None], now: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the fingerprints of ``now``, and for what cannot be told now those of ``before``."""
    return {key: before.get(key) if value is None else value for key, value in now.items()}
