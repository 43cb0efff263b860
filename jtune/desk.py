"""What one kernel keeps between its cells: the notebook's folder, and one object of each class that keeps something."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class Desk:
    """What one kernel keeps between its cells.

    Attributes
    ----------
    notebook_folder : Path or None
        Where the notebook was when jtune was loaded; None in a process that is no notebook's kernel.
    """

    def __init__(self) -> None:
        self.notebook_folder: Path | None = None
        self._kept: dict[type[Any], Any] = {}

    @property
    def folder(self) -> Path:
        """The folder whose ``.jtune`` holds the studies: the notebook's, or the current one."""
        return self.notebook_folder or Path.cwd()

    def the(self, kind: type[T]) -> T:
        """Return this kernel's one object of a class, which is made when it is asked for first."""
        if kind not in self._kept:
            self._kept[kind] = kind()
        found: T = self._kept[kind]
        return found


# A process has one kernel.
desk = Desk()
