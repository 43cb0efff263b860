"""Requests of the JupyterLab extension, and the answers to them.

The extension asks by messages of a type of jtune's own on the control channel. They are heard while a cell runs, in a
thread of their own, so the functions here only set flags. And unlike a silent execution or a message of the comm they
fire none of IPython's hooks, which would show and close the figures that the cell is drawing, and leave ``input()`` as
it is. The extension's type of each request is made from the functions' annotations, by ``tools/messages.py``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from jtune.desk import desk
from jtune.errors import StudyError
from jtune.study import Study, load
from jtune.study import delete as delete_study
from jtune.study import studies as all_studies
from jtune.views import feed, lab, messages, status
from jtune.views.panels import Panels, ShownPanel

_REPLY = "jtune_reply"


def answer(stream: Any, idents: Any, request: Mapping[str, Any]) -> None:
    """Answer a request; ipykernel calls this for each message of the request's type."""
    content, kernel = request["content"], lab.kernel()
    desk.the(lab.Line).pages.add(request["header"]["session"])
    reply: dict[str, Any]
    try:
        reply = {"status": "ok", "value": REQUESTS[content["name"]](*content["given"])}
    except Exception as error:  # whatever it is, the page waits for an answer
        reply = {"status": "error", "ename": type(error).__name__, "evalue": str(error)}
    kernel.session.send(stream, _REPLY, reply, request, ident=idents)


# A function per request.


def greet() -> messages.StateMessage:
    """Return all studies and summaries, for a page that has just come; of a cell's studies the latest is last."""
    panels = desk.the(Panels).all
    return {"studies": [panel.standing() for panel in panels], "summaries": [panel.summary() for panel in panels]}


def studies() -> list[messages.StudyStanding]:
    """Return the studies of this kernel, the one that ran last first, and then the others of its folder."""
    shown = {panel.study.name: panel.standing() for panel in desk.the(Panels).all}
    others = [found for found in all_studies() if found.name not in shown]
    return [*reversed(shown.values()), *map(_at_rest, others)]


def source(name: str) -> messages.Source:
    """Return the cell of a study with its best literals."""
    study = load(name)
    if study.best is None:
        raise StudyError(f"{name} has no best trial")
    return feed.source(study, study.best)


def move(name: str, literals: Mapping[str, str]) -> bool:
    """Move the sliders of a study, given literals as they are typed; return whether its cell is explored."""
    panel = _panel(name)
    if panel is None or not panel.is_exploring:
        return False
    panel.move({name: ast.literal_eval(text) for name, text in literals.items()})
    return True


def stop() -> bool:
    """Stop all searches of this kernel; return whether any search was running."""
    running = [panel.search for panel in desk.the(Panels).all if panel.search is not None and panel.search.is_running]
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
    panel = _panel(name)
    if panel is not None and panel.search is not None and panel.search.is_running:
        raise StudyError(f"{name} is running; stop it first")
    delete_study(name)
    if panel is not None:
        panel.close()


REQUESTS: Mapping[str, Callable[..., Any]] = {
    call.__name__: call for call in (greet, studies, source, move, stop, delete)
}


def _panel(name: str) -> ShownPanel | None:
    return next((panel for panel in desk.the(Panels).all if panel.study.name == name), None)


def _at_rest(study: Study) -> messages.StudyStanding:
    state = status.state(study, study, None, is_counted=False)
    return {**state, "cell": study.cell_id, "explored": None}
