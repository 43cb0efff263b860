"""The inputs of a cell: names that it reads from outside, the user's own modules that it runs, files that it reads.

By their fingerprints a study knows whether it may continue, and a search whether the cell changes them in place.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import Any

from jtune.desk import desk
from jtune.language.names import modules_imported
from jtune.trials import modules
from jtune.trials.files import Files, mentions_in
from jtune.trials.fingerprint import changed, obstacle, told
from jtune.trials.program import Program


class _Said(dict[str, int]):
    """What the user was told in this kernel, and need not hear again; with the time of an edit."""


class Inputs:
    """The inputs of a cell, and what they were worth before it ran.

    Parameters
    ----------
    namespace : dict
        The notebook's.
    program : Program
        The cell, compiled.
    python : str
        Its text as plain Python.

    Attributes
    ----------
    names : tuple of str
        What the cell reads from its namespace.
    fingerprints : dict of str to (str or None)
        By name, by the path of a file as it is written, or by the short path of a module, such as
        ``"package/module.py"``.
    notes : list of str
        What the user should know about them.
    """

    def __init__(self, namespace: dict[str, Any], program: Program, python: str) -> None:
        self._namespace = namespace
        self.names = program.reads
        self._bound = program.binds
        values = told(namespace, self.names, bound=self._bound)
        followed = modules.follow([*modules_imported(program.template.blank), *values.modules])
        self._files = Files([mentions_in(ast.parse(python)), *values.mentions, *followed.mentions])
        self.fingerprints = {**values.fingerprints, **self._files.fingerprints, **followed.fingerprints}
        edited = {
            f"{key} was edited since it was imported; reload it, or restart the kernel, to run the new text": time_ns
            for key, time_ns in followed.edited.items()
        }
        by_date = dict.fromkeys((f"{path} is large, so it is followed by its date" for path in self._files.by_date), 0)
        said = desk.the(_Said)
        self.notes = [note for note, time_ns in {**edited, **by_date}.items() if said.get(note) != time_ns]
        said.update({**edited, **by_date})

    def written(self) -> set[str]:
        """Return the files that the cell was seen to write since; they are no inputs."""
        return self._files.written()

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
