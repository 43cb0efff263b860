"""``%%explore``: the cell runs again with each move of a slider, and the latest one wins."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from jtune.executors import NO_TRIAL
from jtune.executors.here import Here
from jtune.language.space import Point, Space
from jtune.search import Search
from jtune.trials.outcome import Origin, Outcome, State
from jtune.trials.program import Task

if TYPE_CHECKING:
    from jtune.study import Study
    from jtune.views.panel import Panel

# A run this short is repeated while the slider is dragged, not only when it is released.
_LIVE_S = 0.1
# A run this long is given up when another one is wanted; shorter ones end first, or a drag would show none.
_STALE_S = 0.5


class Explorer:
    """Runs a cell at the points that a panel asks for, one at a time, and shows what came of the last.

    A point that ran before runs again for what it shows and binds, but is no second trial.

    Parameters
    ----------
    study : Study
        Whose trials the runs are.
    search : Search
        Of its ledger; it only ever runs single points.
    here : Here
        Where the search runs them.
    panel : Panel or None
    """

    def __init__(self, study: Study, search: Search, here: Here, panel: Panel | None) -> None:
        self._search, self._here, self._panel = search, here, panel
        self._known = {Space.key(trial.params) for trial in study.complete}
        self._origin: Origin = "baseline" if study.baseline is None else "manual"
        self._lock = threading.Lock()
        self._wanted: Point | None = None
        self._is_scheduled = False
        self._started: float | None = None
        if panel is not None:
            panel.explore(study, search, self.want)

    def want(self, point: Point) -> None:
        """Run a point soon, in the main thread, instead of any that still waits; may be called from any thread."""
        with self._lock:
            self._wanted = point
            if self._started is not None and time.monotonic() - self._started > _STALE_S:
                for number in (*self._search.running, NO_TRIAL):
                    self._here.abandon(number, State.INTERRUPTED, "a newer value was wanted")
            if self._is_scheduled:
                return
            self._is_scheduled = True
        self._schedule()

    def _schedule(self) -> None:
        from jtune.views.panel import on_main_thread

        on_main_thread(self._turn)

    def _turn(self) -> None:
        with self._lock:
            point, self._wanted = self._wanted, None
        try:
            if point is not None and self._panel is not None:
                with self._panel.noting():
                    self.run(point)
        finally:
            with self._lock:
                self._is_scheduled = self._wanted is not None
                is_more = self._is_scheduled
            if is_more:
                # Not in a loop: the kernel's own work comes in between.
                self._schedule()

    def run(self, point: Point) -> Outcome:
        """Run a point now and leave its variables in the namespace."""
        self._started = time.monotonic()
        try:
            outcome = self._outcome(point)
        finally:
            self._started = None
        if outcome.bindings is not None and outcome.state == State.COMPLETE:
            outcome.bindings.apply(self._here.namespace)
        if self._panel is not None and outcome.state != State.INTERRUPTED:
            self._panel.show_run(outcome, is_live=outcome.seconds < _LIVE_S)
        return outcome

    def _outcome(self, point: Point) -> Outcome:
        search, key = self._search, Space.key(point)
        if key in self._known:
            self._here.interrupts.is_interrupted = False
            values = tuple(search.ledger.space.complete(point).values())
            with self._here.interrupts.guarding():
                return self._here.run(Task(NO_TRIAL, values, keeps_error=True))
        trial, outcome = search.run_one(point, self._origin, keeps_error=True)
        self._origin = "manual"
        if outcome.state == State.COMPLETE:
            self._known.add(key)
        if self._panel is not None:
            self._panel.update(trial)
        return outcome
