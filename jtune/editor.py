"""What a kernel and the JupyterLab extension say to each other; the twin of ``labextension/src/lab/messages.ts``.

The kernel speaks through a comm that it opens when jtune is loaded: how far studies are, what they found out, which
cells are explored, what to write into a cell. The extension asks by messages of a type of jtune's own on the control
channel. They are heard while a cell runs, in a thread of their own, so the functions here only set flags. And unlike a
silent execution or a message of the comm they fire none of IPython's hooks, which would show and close the figures
that the cell is drawing, and leave ``input()`` as it is.
"""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jtune.errors import StudyError

if TYPE_CHECKING:
    from jtune.studies.record import Trial
    from jtune.study import Study
    from jtune.views.panel import Panel

_TARGET = "jtune"
_REQUEST, _REPLY = "jtune_request", "jtune_reply"
_TOLD_EVERY_S = 0.5


def _kernel() -> Any:
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None)


class _Line:
    """The comm to all pages of the kernel, and which of them have the extension."""

    def __init__(self) -> None:
        self._comm: Any = None
        self.pages: set[str] = set()

    def open(self) -> None:
        """Open it; by its target a page sees that jtune is loaded."""
        from comm import create_comm, get_comm_manager

        if self._comm is None:
            self._comm = create_comm(target_name=_TARGET, data={})
            # A page without the extension closes what it does not know; the others go on to listen.
            self._comm.on_close(lambda _: get_comm_manager().register_comm(self._comm))

    def send(self, message: Mapping[str, Any]) -> None:
        if self._comm is not None:
            self._comm.send(dict(message))


_line = _Line()
_told: dict[str, float] = {}


def listen() -> None:
    """Answer the extension's requests, and tell it that jtune is loaded now; without a kernel, do nothing."""
    kernel = _kernel()
    if kernel is not None:
        kernel.control_handlers[_REQUEST] = _answer
        _line.open()


def _answer(stream: Any, idents: Any, request: Mapping[str, Any]) -> None:
    content, kernel = request["content"], _kernel()
    _line.pages.add(request["header"]["session"])
    reply: dict[str, Any]
    try:
        reply = {"status": "ok", "value": _REQUESTS[content["name"]](*content["given"])}
    except Exception as error:  # whatever it is, the page waits for an answer
        reply = {"status": "error", "ename": type(error).__name__, "evalue": str(error)}
    kernel.session.send(stream, _REPLY, reply, request, ident=idents)


def progress(panel: Panel, *, is_last: bool) -> None:
    """Tell how far a study is: now and then, and at its end."""
    name, now = panel.study.name, time.monotonic()
    if is_last or now - _told.get(name, 0.0) >= _TOLD_EVERY_S:
        _told[name] = now
        _line.send({"type": "study", "study": _standing(panel)})


def found(panel: Panel) -> None:
    """Tell what a study found out, for its cell."""
    _line.send({"type": "summary", **_summary(panel)})


def asking_page() -> str:
    """Return the session of the page that runs the present cell, or sent the message that is being answered."""
    kernel = _kernel()
    parent = kernel.get_parent() if kernel is not None else {}
    session: str = parent.get("header", {}).get("session", "")
    return session


def source_message(study: Study, trial: Trial) -> dict[str, Any]:
    """Return a cell with a trial's literals, and which page is to write them: of several, the one that asked."""
    from jtune.views import feed

    return {**feed.source_message(study, trial), "page": asking_page()}


def apply(study: Study, trial: Trial) -> bool:
    """Ask the page that runs the present cell to write a trial's literals; return whether it has the extension."""
    if asking_page() not in _line.pages:
        return False
    _line.send({**source_message(study, trial), "type": "apply"})
    return True


# What the extension calls.


def greet() -> dict[str, Any]:
    """Return all there is to know for a page that has just come; of several studies of a cell the latest is last."""
    panels = _panels()
    return {"studies": [_standing(panel) for panel in panels], "summaries": [_summary(panel) for panel in panels]}


def studies() -> list[dict[str, Any]]:
    """Return the studies of this kernel, the one that ran last first, and then the others of its folder."""
    from jtune import study
    from jtune.views import report

    shown = {panel.study.name: _standing(panel) for panel in _panels()}
    others = [found for found in study.studies() if found.name not in shown]
    return [*reversed(shown.values()), *(_at_rest(found, report.summary(found)) for found in others)]


def source(name: str) -> dict[str, Any]:
    """Return the cell of a study with its best literals."""
    from jtune.study import load

    study = load(name)
    if study.best is None:
        raise StudyError(f"{name} has no best trial")
    return source_message(study, study.best)


def move(name: str, literals: Mapping[str, str]) -> bool:
    """Move the sliders of a study, given literals as they are typed; return whether its cell is explored."""
    panel = _panel(name)
    if panel is None or not panel.is_exploring:
        return False
    panel.move({name: ast.literal_eval(text) for name, text in literals.items()})
    return True


def stop() -> bool:
    """Stop all searches of this kernel; return whether there was one."""
    running = [panel.search for panel in _panels() if panel.search is not None and panel.search.is_running]
    for search in running:
        search.stop()
    return bool(running)


def delete(name: str) -> None:
    """Delete a study and its file.

    Raises
    ------
    StudyError
        If there is no such study, or it is searched now.
    """
    from jtune.study import delete as delete_study

    panel = _panel(name)
    if panel is not None and panel.search is not None and panel.search.is_running:
        raise StudyError(f"{name} is running; stop it first")
    delete_study(name)
    if panel is not None:
        panel.close()


_REQUESTS: Mapping[str, Callable[..., Any]] = {
    call.__name__: call for call in (greet, studies, source, move, stop, delete)
}


def _panels() -> Sequence[Panel]:
    # Where nothing has shown one, ipywidgets need not be loaded to say so.
    module = sys.modules.get("jtune.views.panel")
    return module.panels() if module is not None else []


def _panel(name: str) -> Panel | None:
    return next((panel for panel in _panels() if panel.study.name == name), None)


def _standing(panel: Panel) -> dict[str, Any]:
    status, study = panel.head.status, panel.study
    kept = {key: status[key] for key in ("name", "done", "total", "phase", "text", "best", "gain")}
    return {**kept, "cell": study.cell_id, "explored": study.cell_source if panel.is_exploring else None}


def _at_rest(study: Study, summary: str) -> dict[str, Any]:
    text = summary.removeprefix(f"{study.name}: ")
    known = {"name": study.name, "done": len(study.finished), "total": None, "phase": "ended", "text": text}
    return {**known, "best": "", "gain": "", "cell": study.cell_id, "explored": None}


def _summary(panel: Panel) -> dict[str, Any]:
    from jtune.views import feed

    study, best = panel.study, panel.feed.standing.best
    info = feed.study_info(study)
    at = feed.positions(study.space, best.params) if best is not None else []
    summary = {
        "name": study.name,
        "goal": ", ".join(f"{goal['direction']} {goal['label']}" for goal in info["objectives"]),
        "effects": panel.effects,
        "parameters": info["parameters"],
        "best": dict(zip(study.space.names, at, strict=False)),
    }
    return {"cell": study.cell_id, "summary": summary if panel.effects else None}
