"""One line that says how far a search is, where there are no widgets."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from IPython.display import DisplayHandle

if TYPE_CHECKING:
    from jtune.search import Search

_LIVE_S, _LOG_S = 0.2, 5.0


class Progress:
    """Updates a display in a notebook, a line in a terminal, and in a log adds a line every few seconds.

    Parameters
    ----------
    shell : InteractiveShell
        A kernel's has displays that can be updated.
    name : str
        Of the study.
    """

    def __init__(self, shell: Any, name: str) -> None:
        self._name = name
        self._handle = DisplayHandle() if hasattr(shell, "kernel") else None
        self._is_terminal = self._handle is None and sys.stdout.isatty()
        self._start = self._shown = time.monotonic()
        self._has_shown = False

    def update(self, search: Search) -> None:
        """Show the state, unless it was shown just now."""
        now = time.monotonic()
        if now - self._shown < (_LIVE_S if self._handle or self._is_terminal else _LOG_S):
            return
        self._shown = now
        text = f"{self._name}: {search.describe()}, {now - self._start:.0f} s"
        if self._handle is not None:
            bundle = {"text/plain": text}
            (self._handle.update if self._has_shown else self._handle.display)(bundle, raw=True)
        elif self._is_terminal:
            sys.stdout.write(f"\r\x1b[K{text}")
            sys.stdout.flush()
        else:
            print(text)
        self._has_shown = True

    def end(self, study: object) -> None:
        """Put the study in the line's place."""
        if self._is_terminal and self._has_shown:
            sys.stdout.write("\r\x1b[K")
        if self._handle is not None and self._has_shown:
            self._handle.update(study)
        else:
            (self._handle or DisplayHandle()).display(study)
