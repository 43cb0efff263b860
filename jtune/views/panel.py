"""The panel: a head, rows that are charts and sliders at once, and more of a study.

The panel listens to a search and decides nothing.

Messages of the page arrive in another thread (ipykernel's subshells) while the cell runs, and after it has ended too.
Their handlers only leave wishes for the search, send messages, and ask the surrogate; the cell itself is only ever run
in the main thread. A panel's lock lets one thread at a time change the widgets or handle a message of the page; nobody
holds the lock while a cell runs, and no error in this module ends the search or a thread.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import hashlib
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import anywidget
import ipywidgets as w
import traitlets as t
from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle, display

from jtune.desk import desk
from jtune.errors import MistakeError
from jtune.findings import Findings
from jtune.language.domains import Value
from jtune.language.space import Point
from jtune.search import Search
from jtune.storage.record import Trial
from jtune.text import duration, one_line
from jtune.trials.outcome import Outcome, Output, State
from jtune.views import feed, messages, status
from jtune.views import next as next_step
from jtune.views.controls import Controls
from jtune.views.lab import Line
from jtune.views.panels import Panels
from jtune.views.widgets import Standards

_STATIC = Path(__file__).parents[1] / "static"
_SCRIPTS: tuple[messages.Script, ...] = ("script", "large")
_MIME = "application/vnd.jupyter.widget-view+json"
# The surrogate is made anew when that costs at most this share of the time, and not before so many seconds.
_EFFECTS_SHARE, _EFFECTS_S = 0.05, 1.0
# A page that sends nothing for so long cannot be heard while the cell runs; the script is sent to it unasked.
_UNHEARD_S = 1.0

# Runs a point in the main thread, and returns its trial.
Rerun: TypeAlias = Callable[[Point], Trial]
# Runs so many more trials in the main thread.
More: TypeAlias = Callable[[int], None]
# Asks for a run at a point, soon.
Want: TypeAlias = Callable[[Point], None]


class Board(anywidget.AnyWidget):
    """The widget that the panel's script draws: head, rows and charts.

    The scripts are messages, which a page asks for once, and no traits: a saved notebook has all traits of each widget.
    The loader is one, as anywidget has it; in the page it takes itself out of what is saved. Trials come as messages,
    so that a saved notebook does not carry them twice; how far the study is, is a trait, so that a page that is
    reloaded has it at once.
    """

    _esm = _STATIC / "loader.js"
    study = t.Dict().tag(sync=True)
    status = t.Dict().tag(sync=True)
    # anywidget does not tell a module which model it is in.
    identity = t.Unicode().tag(sync=True)
    script = t.Unicode().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        identity = uuid.uuid4().hex
        super().__init__(model_id=identity, identity=identity, script=_digest(), **traits)

    def send_script(self, name: messages.Script = "script") -> None:
        """Send a script to all pages that show the widget."""
        message: messages.ScriptMessage = {"type": "script", "name": name}
        self.send(message, [_packed(name)])


@functools.cache
def _packed(name: messages.Script) -> bytes:
    return gzip.compress((_STATIC / f"{name}.js").read_bytes())


@functools.cache
def _digest() -> str:
    made = hashlib.sha256()
    for name in _SCRIPTS:
        made.update((_STATIC / f"{name}.js").read_bytes())
    return made.hexdigest()[:16]


class Panel:
    """A study's panel, which can be shown in several places at once.

    Parameters
    ----------
    study : Findings
    """

    def __init__(self, study: Findings) -> None:
        self.study = study
        self.search: Search | None = None
        self._rerun: Rerun | None = None
        self._more: More | None = None
        self._want: Want | None = None
        self._ran, self._is_live = "", False
        self._lock = threading.RLock()
        self._shown: DisplayHandle | None = None
        self._is_heard = False
        self._unheard: threading.Timer | None = None
        self._surrogate = feed.surrogate_of(study)
        self._effects_due = 0.0
        self._picked: Trial | None = None
        self._follows, self._followed = True, -1
        self._notes: list[str] = []
        # What a message of the page asks for that takes the main thread.
        self._later: list[Callable[[], None]] = []
        self.controls = Controls(study.space)
        self._taken = 0
        self.widgets = Standards(study.space, lambda name: self.controls[name].value, self._take_values, self._listen)
        self._build()
        self.feed = self._new_feed()
        self._judge()
        self._refresh()

    def _new_feed(self) -> feed.Feed:
        return feed.Feed(self.study, self._send, self._refresh, self._on_error)

    def _build(self) -> None:
        # A layout is a model of its own, in the kernel, in the page and in a saved notebook: the widgets share one.
        self._layout = w.Layout()
        self.board = Board(study=feed.study_info(self.study), layout=self._layout)
        self.output = w.Output(layout=self._layout)
        self.output.add_class("jtune-output")
        # Only the script's style shows it: a saved notebook that is opened without a kernel has no use for it.
        self.box = w.VBox([self.board, self.output], layout=w.Layout(display="none"))
        self.box.add_class("jtune-panel")
        self.board.on_msg(lambda _widget, content, _buffers: self._guarded(lambda: self._on_message(content)))
        self._listen(self.board)

    def _listen(self, widget: w.Widget) -> None:
        """Handle the page's messages to a widget under the lock, also while the cell runs."""
        # Without this, the comm calls the same handler, and fires IPython's hooks in the other thread, which would
        # show and close the figures that the cell is drawing.
        widget.comm.handle_msg = functools.partial(self._locked, widget._handle_msg)
        # ipykernel 7.4 sends a message to the thread that last published on its comm, here the one that is busy
        # with the cell; before, it went where the page had sent it, which this restores.
        if hasattr(widget.comm, "_reply_subshell_for"):
            widget.comm._reply_subshell_for = lambda _data, default: default

    def _locked(self, handle: Callable[[object], None], message: object) -> None:
        with self._lock:
            self._is_heard = True
            handle(message)
            later, self._later = self._later, []
        # Without the lock, which the feed's thread needs while trials run.
        for action in later:
            on_main_thread(functools.partial(self._guarded, action))

    def attach(self, study: Findings, search: Search, rerun: Rerun, more: More | None = None) -> None:
        """Follow a search of the same study that has not begun.

        Parameters
        ----------
        study : Findings
        search : Search
        rerun : callable
            Runs a point after the search has ended.
        more : callable, optional
            Goes on with the search after it has ended.
        """
        with self._lock, self._unfailing():
            self._rerun, self._more, self._want = rerun, more, None
            self._turn_to(study, search)
            self._effects_due = time.monotonic() + _EFFECTS_S
            self._on_hold()
            self.feed.start()
            self._unheard = threading.Timer(_UNHEARD_S, self._send_script_unasked)
            self._unheard.daemon = True
            self._unheard.start()

    def _send_script_unasked(self) -> None:
        with self._lock, self._unfailing():
            if not self._is_heard:
                self.board.send_script()

    def explore(self, study: Findings, search: Search, want: Want) -> None:
        """Ask for a run whenever a handle is moved."""
        with self._lock, self._unfailing():
            self._rerun, self._more, self._want, self._follows = None, None, want, False
            self._turn_to(study, search)
            desk.the(Line).tell_progress(self.standing(), is_last=True)

    def _turn_to(self, study: Findings, search: Search) -> None:
        self.study, self.search, self._notes = study, search, []
        desk.the(Panels).put_last(self)
        self.feed = self._new_feed()
        (self.box.add_class if self.is_exploring else self.box.remove_class)("jtune-exploring")

    @property
    def is_exploring(self) -> bool:
        """Whether the cell runs again with each move of a handle."""
        return self._want is not None

    @property
    def verdicts(self) -> list[messages.Verdict]:
        """What each parameter is worth as of the last surrogate, what matters most first."""
        return self._judged["verdicts"]

    def move(self, values: Mapping[str, Value]) -> None:
        """Move handles as the user would; values that are not in their domain are left out."""
        with self._lock:
            self.controls.place(values)
            self._on_move()

    def show_run(self, outcome: Outcome, *, is_live: bool) -> None:
        """Show the outcome of an explored point; with ``is_live`` the next points run while a handle is dragged."""
        with self._lock:
            self._ran = _ran_text(outcome)
            self._is_live = is_live
            self.output.outputs = (*outcome.outputs, *_error_output(outcome))
        if time.monotonic() >= self._effects_due:
            self._ask_surrogate()
        self.feed.flush()

    def update(self, trial: Trial | None) -> None:
        """Count a trial that has ended; None when the search begins. Costs little: a thread tells the page."""
        with self._unfailing():
            if trial is not None:
                self.feed.add(trial)
                if time.monotonic() >= self._effects_due:
                    self._ask_surrogate()
            else:
                self.feed.touch()

    def end(self) -> None:
        """Show the last state of the search, which has ended."""
        with self._unfailing():
            self._ask_surrogate()
        self.feed.stop()
        if self.search is not None and self.search.broken is not None and self._shown is not None:
            # The user's traceback follows, and the charts would be empty.
            self._shown.update({"text/plain": ""}, raw=True)
        if self._unheard is not None:
            self._unheard.cancel()
        with self._unfailing():
            desk.the(Line).tell_progress(self.standing(), is_last=True)
            desk.the(Line).tell_summary(self.summary())

    def standing(self) -> messages.StudyStanding:
        """Return how far the study is, as the extension has it."""
        explored = self.study.cell_source if self.is_exploring else None
        return {**self._state(), "cell": self.study.cell_id, "explored": explored}

    def summary(self) -> messages.CellSummary:
        """Return the study's effects and best values, as the extension has them."""
        effects = feed.effects_of(self.study.space, self._surrogate[0])
        summary = feed.summary(self.study, self.feed.standing.best, effects) if effects else None
        return {"cell": self.study.cell_id, "summary": summary}

    def show(self) -> None:
        """Display the panel once more; where it is displayed already it stays."""
        bundle = {_MIME: {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}, "text/plain": ""}
        self._shown = display(bundle, raw=True, display_id=True)

    def close(self) -> None:
        """Take the panel away wherever it is displayed."""
        for widget in [self.board, self.output, self._layout, self.box, self.box.layout]:
            widget.close()
        self.widgets.close()
        desk.the(Panels).drop(self)

    # Actions of the user.

    @contextlib.contextmanager
    def noting(self) -> Iterator[None]:
        """Refresh the panel after an action, and note its error in the head: nobody sees a callback's traceback."""
        self._notes = []
        with self._unfailing():
            yield
        with self._unfailing():
            self._refresh()

    @contextlib.contextmanager
    def _unfailing(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._on_error(error)

    def _on_error(self, error: Exception) -> None:
        note = _said_of(error)
        with self._lock:
            if note not in self._notes:
                self._notes = [*self._notes, note]
                with contextlib.suppress(Exception):
                    self._refresh()

    def _guarded(self, action: Callable[[], None]) -> None:
        with self.noting():
            action()

    def _act(self, action: Callable[[Search], None]) -> None:
        search = self.search
        if search is not None and search.is_running:
            self._guarded(lambda: action(search))

    def _on_message(self, message: messages.FromBoard) -> None:
        kind = message["type"]
        if kind in _OF_SEARCH:
            self._act(lambda search: _OF_SEARCH[kind](search, message))
        elif (handle := self._handlers.get(kind)) is not None:
            handle(message)

    @functools.cached_property
    def _handlers(self) -> dict[str, Callable[[Any], None]]:
        """What is done at a message that is not only for the search, by its type."""
        return {
            "script": lambda message: self.board.send_script(message["name"]),
            "resync": lambda message: self._resend(message["start"]),
            "pick": lambda message: self._pick(message["number"]),
            "pair": lambda message: self._send_pair(message["a"], message["b"]),
            "move": lambda message: self._take_move(message["values"]),
            "hold": self._take_hold,
            "apply": lambda message: self._apply(message["number"]),
            "run": lambda _: self._run_these(),
            "more": lambda message: self._go_on(message["trials"]),
        }

    def _send_pair(self, a: str, b: str) -> None:
        if {a, b} <= set(self.study.space.names):
            self._send(feed.pair_message(self.study.space, *self._surrogate, a, b))

    def _apply(self, number: int | None) -> None:
        """Send the cell with a trial's literals, or with those of the handles."""
        found = feed.source_at(self.study, self.controls.point)
        if number is not None:
            found = feed.source(self.study, self.study[number])
        self._send({"type": "source", **found})

    def _trial_at(self, point: Point) -> Trial | None:
        return next((trial for trial in self.study.complete if trial.params == point), None)

    def _run_these(self) -> None:
        point, search = self.controls.point, self.search
        if search is None or self._rerun is None:
            self._notes = [_NOT_RUN]
            return
        same = self._trial_at(point)
        if same is not None:
            self._notes = [f"trial {same.number} ran with these values"]
            self._pick(same.number)
        elif search.is_running:
            search.run_next(point)
        else:
            self._later.append(lambda: self._run_after(point))

    def _run_after(self, point: Point) -> None:
        if self._rerun is None:
            return
        trial = self._rerun(point)
        self._ask_surrogate()
        self.feed.flush()
        with self._lock:
            self._pick(trial.number)

    def _go_on(self, trials: int) -> None:
        search, more = self.search, self._more
        if search is None or more is None:
            self._notes = [_NOT_RUN]
        elif not search.is_running:
            self._later.append(lambda: self._search_on(more, trials))

    def _search_on(self, more: More, trials: int) -> None:
        if self.search is not None and self.search.is_running:
            return
        self.feed.start()
        try:
            more(trials)
        finally:
            self.end()

    def _send(self, message: messages.ToBoard) -> None:
        self.board.send(message)

    def _resend(self, start: int) -> None:
        self.feed.resend(max(0, start))
        if self._surrogate[0] is None and self.search is None:
            self._surrogate = feed.surrogate_of(self.study)
            self._judge()
        self._send(self._judged)
        self._send(self._narrowed_message())
        self._send_cursor()
        if self._picked is not None:
            self._send(feed.detail_message(self.study, self._picked))

    def _pick(self, number: int | None) -> None:
        if number is None:
            self._picked, self.output.outputs = None, ()
            self._follow()
            return
        self._picked = trial = self.study[number]
        self._send(feed.detail_message(self.study, trial))
        self.output.outputs = tuple(trial.outputs)
        self._follows = False
        self._move_to(trial.params)

    def _take_values(self, values: Mapping[str, Value]) -> None:
        self._guarded(lambda: self.move(values))

    def _take_move(self, positions: Mapping[str, float]) -> None:
        self._taken += 1
        self.controls.place_at(positions)
        self._on_move()

    def _on_move(self) -> None:
        self._follows = False
        self._send_cursor()
        if self.controls.locked:
            self._on_hold()
        if self._want is not None:
            self._want(self.controls.point)

    def _take_hold(self, message: messages.HoldRequest) -> None:
        if message["name"] in self.controls:
            control = self.controls[message["name"]]
            control.hold(is_locked=message["locked"], low=message["low"], high=message["high"])
            self._on_hold()

    def _on_hold(self) -> None:
        self._send(self._narrowed_message())
        if self.search is not None:
            self.search.narrow(self.search.sampler.space.narrowed(self.controls.allowed))

    # What the panel shows.

    def _move_to(self, params: Point) -> None:
        """Move the handles to a point, but for those that are locked."""
        self.controls.follow(params)
        self._send_cursor()

    def _follow(self) -> None:
        """Move the handles to the best trial, for as long as the user leaves them alone."""
        self._follows, self._followed = True, -1
        self._refresh()

    def _send_cursor(self) -> None:
        self.widgets.follow()
        self._send(feed.cursor_message(self.study.space, self.controls, self._taken))

    def _ask_surrogate(self) -> None:
        start = time.monotonic()
        self._surrogate = feed.surrogate_of(self.study)
        self._judge()
        self.feed.put(self._judged)
        end = time.monotonic()
        self._effects_due = end + max(_EFFECTS_S, (end - start) / _EFFECTS_SHARE)

    def _judge(self) -> None:
        """Make what costs too much to be told after each trial."""
        self._judged = feed.effects_message(self.study, *self._surrogate, self.feed.standing.best)
        self._failed = next_step.failures(self.study.space, self.study.trials)

    def _next(self) -> str:
        return next_step.sentence(self.study, self.feed.standing, self.verdicts)

    def _narrowed_message(self) -> messages.NarrowedMessage:
        return feed.narrowed_message(self.study.space, self.controls)

    def _refresh(self) -> None:
        """Show how far the search is, and follow its best trial."""
        with self._lock:
            self._show_state()
            best = self.feed.standing.best
            if self._follows and best is not None and best.number != self._followed:
                self._followed = best.number
                self._move_to(best.params)

    def _show_state(self) -> None:
        status = dict(self._status())
        if self.board.status != status:
            self.board.status = status
        if self.search is not None and self.search.is_running:
            desk.the(Line).tell_progress(self.standing(), is_last=False)

    def _state(self) -> messages.StudyState:
        found = status.state(self.study, self.feed.standing, self.search, is_counted=not self.is_exploring)
        return {**found, "text": self._ran} if self.is_exploring else found

    def _status(self) -> messages.Status:
        search = self.search
        is_running = search is not None and search.is_running
        has_lanes = search is not None and is_running and search.executor.is_settable
        return {
            **self._state(),
            "failed": self._failed,
            "next": "" if is_running or self.is_exploring else self._next(),
            "can_run": self._rerun is not None,
            "is_exploring": self.is_exploring,
            "is_live": self.is_exploring and self._is_live,
            "objectives": feed.goals(self.study),
            "jobs": search.jobs if search and has_lanes else None,
            "lanes": [feed.lane(running) for running in search.in_flight] if search and has_lanes else [],
            "elapsed_s": search.elapsed_s if search else sum(trial.seconds or 0.0 for trial in self.study.trials),
            "left_s": search.left_s if search and is_running else None,
            "notes": self._notes,
        }


_NOT_RUN = "this kernel has not run the cell; run it first"
# What the page asks of a search that runs.
_OF_SEARCH: dict[str, Callable[[Search, Any], None]] = {
    "pause": lambda search, _: search.pause(),
    "resume": lambda search, _: search.resume(),
    "stop": lambda search, _: search.stop(),
    "skip": lambda search, message: search.skip(message["number"]),
    "jobs": lambda search, message: setattr(search, "jobs", message["jobs"]),
}


def _ran_text(outcome: Outcome) -> str:
    if outcome.state != State.COMPLETE:
        return f"{outcome.state}: {outcome.reason}"
    return f"ran in {duration(outcome.seconds)}"


def _said_of(error: Exception) -> str:
    """Return the text of a user's mistake; of a fault in jtune its text, its file and its line."""
    if isinstance(error, MistakeError):
        return str(error)
    at = traceback.extract_tb(error.__traceback__)[-1]
    text = one_line("".join(traceback.format_exception_only(error)))
    return f"this failed in the panel: {text} ({Path(at.filename).name}, line {at.lineno})"


def _error_output(outcome: Outcome) -> list[Output]:
    """Return the traceback of a run that failed, as a notebook shows one."""
    if not outcome.traceback:
        return []
    name, _, value = outcome.reason.partition(": ")
    return [{"output_type": "error", "ename": name, "evalue": value, "traceback": outcome.traceback.splitlines()}]


def panel_of(study: Findings) -> Panel:
    """Return the panel of a study; a new one where its generation, or the search space, has changed."""
    panels = desk.the(Panels)
    known = panels.of(study)
    if known is not None:
        is_same = known.study.optuna.study_name == study.optuna.study_name
        if isinstance(known, Panel) and is_same and feed.study_info(known.study) == feed.study_info(study):
            return known
        known.close()
    panel = Panel(study)
    panels.put_last(panel)
    return panel


def on_main_thread(action: Callable[[], None]) -> None:
    """Run an action in the kernel's main thread, after the present cell; where there is no kernel, at once."""
    kernel = getattr(get_ipython(), "kernel", None)
    loop = getattr(kernel, "io_loop", None)
    if loop is None:
        action()
        return

    async def turn() -> None:
        # Not while a cell awaits something: the cell would find its variables changed.
        async with getattr(kernel, "_main_asyncio_lock", None) or contextlib.nullcontext():
            action()

    loop.add_callback(turn)
