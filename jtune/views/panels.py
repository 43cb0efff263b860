"""The panels of a kernel, without loading ipywidgets where there is no panel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from jtune.findings import Findings
    from jtune.language.domains import Value
    from jtune.search import Search
    from jtune.views import messages


class ShownPanel(Protocol):
    """The side of a panel that the kernel and the extension's requests use."""

    study: Findings
    search: Search | None

    @property
    def is_exploring(self) -> bool:
        """Whether the cell runs again with each move of a slider."""

    def move(self, values: Mapping[str, Value]) -> None:
        """Move sliders as the user would."""

    def standing(self) -> messages.StudyStanding:
        """Return how far the study is."""

    def summary(self) -> messages.CellSummary:
        """Return the study's effects and best values."""

    def close(self) -> None:
        """Take the panel away wherever it is displayed."""


class Panels:
    """The panels of a kernel, by their study's file: a study has one, which may be shown in several places."""

    def __init__(self) -> None:
        self._panels: dict[Path, ShownPanel] = {}

    @property
    def all(self) -> list[ShownPanel]:
        """All panels; last comes the one whose cell ran last."""
        return list(self._panels.values())

    def of(self, study: Findings) -> ShownPanel | None:
        """Return the panel of a study's file."""
        return self._panels.get(study.path)

    def put_last(self, panel: ShownPanel) -> None:
        """Note a panel, in the place of the one that its study had."""
        self._panels.pop(panel.study.path, None)
        self._panels[panel.study.path] = panel

    def drop(self, panel: ShownPanel) -> None:
        """Forget a panel."""
        self._panels = {path: other for path, other in self._panels.items() if other is not panel}

    def let_go(self, namespace: Mapping[str, Any]) -> None:
        """Close the panels of studies that ran here and that no variable holds any more; called after each cell.

        A study without a NAME goes when its cell has another one. One that was only loaded is its display's.
        """
        if not self._panels:  # Optuna need not be loaded to say so
            return
        from jtune.findings import Findings

        held = {value.path for value in list(namespace.values()) if isinstance(value, Findings)}
        cells = {panel.study.cell_id: panel for panel in self.all}
        for panel in self.all:
            if panel.search is None or panel.search.is_running:
                continue
            is_named, cell = panel.study.name.isidentifier(), panel.study.cell_id
            is_present = panel.study.path in held if is_named else not cell or cells[cell] is panel
            if not is_present:
                panel.close()
