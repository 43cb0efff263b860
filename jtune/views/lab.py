"""Messages of the kernel to the JupyterLab extension.

The kernel sends them through a comm that it opens when jtune is loaded: how far studies are, what they found out, which
cells are explored, what to write into a cell. :mod:`jtune.requests` answers the extension's requests.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from jtune.desk import desk
from jtune.views import messages

_TARGET, _REQUEST = "jtune", "jtune_request"
_TOLD_EVERY_S = 0.5


def kernel() -> Any:
    """Return the ipykernel object of this process; None where the process is no kernel."""
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None)


def is_attended() -> bool:
    """Whether somebody can use a panel: not in a terminal, nor where a program, which gives no input, runs the cell."""
    here = kernel()
    if here is None:
        return False
    request = here.get_parent("shell") if hasattr(here, "get_parent") else {}
    return bool(request.get("content", {}).get("allow_stdin", True))


class Line:
    """The comm to all pages of the kernel, and which of them have the extension."""

    def __init__(self) -> None:
        self._comm: Any = None
        self.pages: set[str] = set()
        # By study, when the pages were last told how far the study is.
        self._told: dict[str, float] = {}

    def open(self) -> None:
        """Open the comm; by the comm's target a page sees that jtune is loaded."""
        from comm import create_comm, get_comm_manager

        if self._comm is None:
            self._comm = create_comm(target_name=_TARGET, data={})
            # A page without the extension closes what it does not know; the others go on to listen.
            self._comm.on_close(lambda _: get_comm_manager().register_comm(self._comm))

    def _send(self, message: messages.ToExtension) -> None:
        if self._comm is not None:
            self._comm.send(dict(message))

    def tell_progress(self, standing: messages.StudyStanding, *, is_last: bool) -> None:
        """Tell all pages how far a study is: now and then, and at the end of its search."""
        name, now = standing["name"], time.monotonic()
        if is_last or now - self._told.get(name, 0.0) >= _TOLD_EVERY_S:
            self._told[name] = now
            self._send({"type": "study", "study": standing})

    def tell_summary(self, summary: messages.CellSummary) -> None:
        """Tell all pages what a study found out about its cell."""
        self._send({"type": "summary", **summary})

    def apply(self, source: messages.Source) -> bool:
        """Ask the page of a source to write it into its cell; return whether that page has the extension."""
        if source["page"] not in self.pages:
            return False
        self._send({"type": "apply", **source})
        return True


def listen(answer: Callable[[Any, Any, Mapping[str, Any]], None]) -> None:
    """Have the extension's requests answered, and tell the extension that jtune is loaded; do nothing without a kernel.

    Parameters
    ----------
    answer : callable
        Takes the stream, the identities and the message, as ipykernel's handlers do.
    """
    here = kernel()
    if here is not None:
        here.control_handlers[_REQUEST] = answer
        desk.the(Line).open()


def asking_page() -> str:
    """Return the session of the page that runs the present cell, or sent the message that is being answered now."""
    here = kernel()
    parent = here.get_parent() if here is not None else {}
    session: str = parent.get("header", {}).get("session", "")
    return session
