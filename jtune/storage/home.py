"""Where studies live: the folder that the notebook is in."""

from __future__ import annotations

from pathlib import Path

_home: Path | None = None


def home() -> Path:
    """Return the folder whose ``.jtune`` holds the studies: the notebook's, in a kernel with jtune loaded."""
    return _home or Path.cwd()


def set_home(folder: Path | None) -> None:
    """Make ``folder`` the one whose ``.jtune`` holds the studies; None for the current one at each time."""
    global _home  # noqa: PLW0603 (a process has one notebook)
    _home = folder
