"""What a kernel and the JupyterLab extension say to each other; the twin of ``labextension/src/lab/messages.ts``.

The kernel speaks through a comm that it opens: which studies there are and how far they are, what a study found out,
which cells are explored, what to write into a cell. The extension calls the functions here by silent requests on the
control channel, which is heard while a cell runs; so they run in a thread of their own, and only set flags.
"""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jtune.errors import StudyError

if TYPE_CHECKING:
    from jtune.ledger import Trial
    from jtune.panel import Panel
    from jtune.study import Study

_TARGET = "jtune"
_TOLD_EVERY_S = 0.5


class _Line:
    """The comm to the extension, if a page with the extension listens at its other end."""

    def __init__(self) -> None:
        self._comm: Any = None
        self.is_answered = False

    def open(self, data: Mapping[str, Any]) -> None:
        """Begin anew, which all pages of the kernel hear; without a kernel, do nothing."""
        from IPython import get_ipython

        if not hasattr(get_ipython(), "kernel"):
            return
        from comm import create_comm

        old, self._comm = self._comm, create_comm(target_name=_TARGET, data=dict(data))
        self._comm.on_msg(self._on_answer)
        if old is not None:
            old.close()

    def _on_answer(self, _message: object) -> None:
        self.is_answered = True

    def send(self, message: Mapping[str, Any]) -> None:
        if self._comm is not None:
            self._comm.send(dict(message))


_line = _Line()
_told: dict[str, float] = {}


def announce() -> None:
    """Tell the extension, if there is one, that jtune is loaded now."""
    _line.open({"type": "state", "studies": [], "exploring": [], "summaries": []})


def progress(panel: Panel, *, is_last: bool) -> None:
    """Tell how far a study is: now and then, and at its end."""
    name, now = panel.study.name, time.monotonic()
    if is_last or now - _told.get(name, 0.0) >= _TOLD_EVERY_S:
        _told[name] = now
        _line.send({"type": "study", "study": _standing(panel)})


def found(panel: Panel) -> None:
    """Tell what a study found out, for its cell."""
    _line.send({"type": "summary", **_summary(panel)})


def exploring(panel: Panel) -> None:
    """Tell that a cell runs again with each move of its sliders."""
    _line.send({"type": "exploring", "cell": panel.study.cell_id})


def apply(study: Study, trial: Trial) -> bool:
    """Ask the extension to write a trial's literals into the study's cell; return whether it is there to do so."""
    from jtune.feed import source_message

    if not _line.is_answered:
        return False
    _line.send({**source_message(study, trial), "type": "apply"})
    return True


# What the extension calls.


def greet() -> Any:
    """Open the line to a page that has just come, and say all there is."""
    _line.is_answered = True
    panels = _panels()
    state = {
        "studies": [_standing(panel) for panel in panels],
        "exploring": [panel.study.cell_id for panel in panels if panel.is_exploring],
        "summaries": [_summary(panel) for panel in panels],
    }
    _line.open({"type": "state", **state})
    return _json(True)


def studies() -> Any:
    """Return the studies of this kernel and of its folder."""
    from jtune import report, study

    shown = {panel.study.name: _standing(panel) for panel in _panels()}
    others = [found for found in study.studies() if found.name not in shown]
    return _json([*shown.values(), *(_at_rest(found, report.summary(found)) for found in others)])


def source(name: str) -> Any:
    """Return the cell of a study with its best literals."""
    from jtune.feed import source_message
    from jtune.study import load

    study = load(name)
    if study.best is None:
        raise StudyError(f"{name} has no best trial")
    return _json(source_message(study, study.best))


def move(cell: str, literals: Mapping[str, str]) -> Any:
    """Move the sliders of an explored cell, given literals as they are typed; return whether it is explored."""
    for panel in _panels():
        if panel.is_exploring and panel.study.cell_id == cell:
            panel.move({name: ast.literal_eval(text) for name, text in literals.items()})
            return _json(True)
    return _json(False)


def stop() -> Any:
    """Stop all searches of this kernel; return whether there was one."""
    running = [panel.search for panel in _panels() if panel.search is not None and panel.search.is_running]
    for search in running:
        search.stop()
    return _json(bool(running))


def delete(name: str) -> Any:
    """Delete a study and its file.

    Raises
    ------
    StudyError
        If there is no such study, or it is searched now.
    """
    from jtune.study import delete as delete_study

    panel = next((panel for panel in _panels() if panel.study.name == name), None)
    if panel is not None and panel.search is not None and panel.search.is_running:
        raise StudyError(f"{name} is running; stop it first")
    delete_study(name)
    if panel is not None:
        panel.close()
    return _json(True)


def _panels() -> list[Panel]:
    # Where nothing has shown one, ipywidgets need not be loaded to say so.
    module = sys.modules.get("jtune.panel")
    return module.panels() if module is not None else []


def _standing(panel: Panel) -> dict[str, Any]:
    status = panel.head.status
    kept = {key: status[key] for key in ("name", "done", "total", "phase", "text", "best", "gain")}
    return {**kept, "cell": panel.study.cell_id}


def _at_rest(study: Study, summary: str) -> dict[str, Any]:
    text = summary.removeprefix(f"{study.name}: ")
    known = {"name": study.name, "done": len(study.finished), "total": None, "phase": "ended", "text": text}
    return {**known, "best": "", "gain": "", "cell": study.cell_id}


def _summary(panel: Panel) -> dict[str, Any]:
    from jtune import feed

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


def _json(value: object) -> Any:
    """Return what a silent request hands over as JSON."""
    from IPython.display import JSON

    return JSON({"value": value})  # type: ignore[no-untyped-call]
