"""One line that says how far a search is, where there are no widgets."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.display import DisplayHandle

from jtune.text import duration
from jtune.views import status

if TYPE_CHECKING:
    from jtune.findings import Findings
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
        self._start = time.monotonic()
        # A log has its first line after a while, or none.
        self._shown = -math.inf if self._handle or self._is_terminal else self._start
        self._is_displayed = False

    def update(self, search: Search) -> None:
        """Show how far a search is, unless that was shown just now."""
        now = time.monotonic()
        if now - self._shown < (_LIVE_S if self._handle or self._is_terminal else _LOG_S):
            return
        self._shown = now
        self._show(f"{self._name}: {status.progress(search)}, {duration(int(now - self._start))}")

    def _show(self, text: str) -> None:
        if self._handle is not None:
            self._display({"text/plain": text}, raw=True)
        elif self._is_terminal:
            sys.stdout.write(f"\r\x1b[K{text}")
            sys.stdout.flush()
        else:
            print(text)

    def _display(self, content: object, raw: bool = False) -> None:
        if self._handle is not None:
            (self._handle.update if self._is_displayed else self._handle.display)(content, raw=raw)
            self._is_displayed = True

    def end(self, study: Findings, shown: Callable[[], None]) -> None:
        """Put the study's report in the line's place, beside the best trial's outputs.

        In a notebook the study comes first, where the line was; in a terminal it comes last, where the eye is.
        """
        if self._handle is not None:
            self._display(study)
            shown()
        else:
            self.clear()
            shown()
            print(study)

    def fail(self, text: str) -> None:
        """Put ``text`` in the line's place; an error follows below it."""
        if self._handle is not None:
            self._show(text)
        self.clear()

    def clear(self) -> None:
        """Take a terminal's line away."""
        if self._is_terminal:
            sys.stdout.write("\r\x1b[K")
