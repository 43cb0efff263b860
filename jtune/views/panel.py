"""The panel: sliders, buttons and charts over a study. The panel listens to a search and decides nothing.

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
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from jtune.views.controls import Look, Row
from jtune.views.lab import Line
from jtune.views.panels import Panels

_STATIC = Path(__file__).parents[1] / "static"
_SCRIPT = _STATIC / "script.js"
_MIME = "application/vnd.jupyter.widget-view+json"
# The surrogate is made anew when that costs at most this share of the time, and not before so many seconds.
_EFFECTS_SHARE, _EFFECTS_S = 0.05, 1.0
# A page that sends nothing for so long cannot be heard while the cell runs; the script is sent to it unasked.
_UNHEARD_S = 1.0

# Runs a point in the main thread, and returns its trial.
Rerun: TypeAlias = Callable[[Point], Trial]
# Asks for a run at a point, soon.
Want: TypeAlias = Callable[[Point], None]


class _Part(anywidget.AnyWidget):
    """A widget that a part of the panel's script draws.

    The script is a message, which a page asks for once, and no trait: a saved notebook has all traits of each widget.
    The loader is one, as anywidget has it; in the page it takes itself out of what is saved.
    """

    _esm = _STATIC / "loader.js"
    part = t.Unicode().tag(sync=True)
    # anywidget does not tell a module which model it is in.
    identity = t.Unicode().tag(sync=True)
    script = t.Unicode(hashlib.sha256(_SCRIPT.read_bytes()).hexdigest()[:16]).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        identity = uuid.uuid4().hex
        super().__init__(model_id=identity, identity=identity, **traits)
        self.on_msg(self._on_request)

    def _on_request(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("type") == "script":
            self.send_script()

    def send_script(self) -> None:
        """Send the script to all pages that show the widget."""
        message: messages.ScriptMessage = {"type": "script"}
        self.send(message, [_packed_script()])


@functools.cache
def _packed_script() -> bytes:
    return gzip.compress(_SCRIPT.read_bytes())


class Head(_Part):
    """The head of a panel: the study's objectives, how far the search is, the best result."""

    part = t.Unicode("head").tag(sync=True)
    status = t.Dict().tag(sync=True)


class Charts(_Part):
    """The charts; trials come as messages, so that a saved notebook does not carry them twice."""

    part = t.Unicode("charts").tag(sync=True)
    study = t.Dict().tag(sync=True)


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
        self._want: Want | None = None
        self._ran = ""
        self._lock = threading.RLock()
        self._shown: DisplayHandle | None = None
        self._is_heard = False
        self._unheard: threading.Timer | None = None
        self._surrogate = feed.surrogate_of(study)
        self._effects_due = 0.0
        self._predicted_with: object = None
        self._picked: Trial | None = None
        self._follows, self._followed = True, -1
        self._notes: list[str] = []
        self._look = Look()
        self._build()
        self.feed = self._new_feed()
        self._wire()
        self._refresh()

    def _new_feed(self) -> feed.Feed:
        return feed.Feed(self.study, self._send, self._refresh, self._on_error)

    def _build(self) -> None:
        make, button = self._look.make, functools.partial(self._look.make, w.Button, disabled=True)
        self.head, self.charts = make(Head), make(Charts, study=feed.study_info(self.study))
        self.apply = button(description="Apply best", button_style="primary")
        self.pause, self.skip, self.stop, self.run_these = (
            button(description=name, name="jtune-of-search") for name in ("Pause", "Skip", "Stop", "Run these")
        )
        self.rows = {parameter.name: Row(parameter, self._look) for parameter in self.study.space}
        self.prediction = make(w.Label, name="jtune-prediction")
        self.output = make(w.Output, name="jtune-output")
        self._controls = [
            self.head,
            make(w.HBox, [self.pause, self.skip, self.stop, self.apply], name="jtune-buttons"),
            make(w.VBox, [row.box for row in self.rows.values()], name="jtune-sliders"),
            make(w.HBox, [self.prediction, self.run_these], name="jtune-predict"),
        ]
        # Only the script's style shows it: a saved notebook that is opened without a kernel has no use for it.
        children, hidden = [*self._controls, self.charts, self.output], w.Layout(display="none")
        self.box = make(w.VBox, children, layout=hidden, name="jtune-panel")

    def _wire(self) -> None:
        # All of these are called under the lock, which _listen sees to.
        self.pause.on_click(lambda _: self._act(self._toggle_pause))
        self.skip.on_click(lambda _: self._act(lambda search: search.skip()))
        self.stop.on_click(lambda _: self._act(lambda search: search.stop()))
        self.run_these.on_click(lambda _: self._guarded(self._run_these))
        self.apply.on_click(lambda _: self._guarded(self._apply))
        for row in self.rows.values():
            row.on_value, row.on_hold = self._on_value, self._on_hold
        self.charts.on_msg(lambda _widget, content, _buffers: self._guarded(lambda: self._on_message(content)))
        self.head.on_msg(lambda _widget, content, _buffers: self._on_head_message(content))
        touched = [widget for row in self.rows.values() for widget in row.widgets()]
        self._listen([self.head, self.charts, self.pause, self.skip, self.stop, self.apply, self.run_these, *touched])

    def _listen(self, widgets: Sequence[w.Widget]) -> None:
        """Handle the page's messages to these widgets under the lock, also while the cell runs.

        A widget sets its traits before it calls anybody, so the lock must be around its own handler.
        """
        for widget in widgets:
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

    def attach(self, study: Findings, search: Search, rerun: Rerun) -> None:
        """Follow a search of the same study that has not begun; ``rerun`` runs a point after the search has ended."""
        with self._lock, self._unfailing():
            self._rerun, self._want = rerun, None
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
                self.charts.send_script()

    def explore(self, study: Findings, search: Search, want: Want) -> None:
        """Ask for a run whenever a slider is moved."""
        with self._lock, self._unfailing():
            self._rerun, self._want, self._follows = None, want, False
            self._turn_to(study, search)
            desk.the(Line).tell_progress(self.standing(), is_last=True)

    def _turn_to(self, study: Findings, search: Search) -> None:
        self.study, self.search, self._notes = study, search, []
        desk.the(Panels).put_last(self)
        self.feed = self._new_feed()
        is_exploring = self.is_exploring
        self.apply.description = "Apply these" if is_exploring else "Apply best"
        # What an explored cell shows stands right below its sliders; the charts of a search do.
        below = [self.output, self.charts] if is_exploring else [self.charts, self.output]
        self.box.children = [*self._controls, *below]
        (self.box.add_class if is_exploring else self.box.remove_class)("jtune-exploring")
        for row in self.rows.values():
            row.set_live(not is_exploring)

    @property
    def is_exploring(self) -> bool:
        """Whether the cell runs again with each move of a slider."""
        return self._want is not None

    @property
    def effects(self) -> list[messages.Effect]:
        """Each parameter's predicted effect as of the last surrogate, the most important parameter first."""
        return self._effects_message()["effects"]

    def move(self, values: Mapping[str, Value]) -> None:
        """Move sliders as the user would; values that are not in their domain are left out."""
        fitting = {n: v for n, v in values.items() if n in self.rows and not self.study.space[n].domain.reject(v)}
        with self._lock:
            for name, value in fitting.items():
                self.rows[name].show(self.study.space[name].domain.coerce(value))
            if fitting:
                self._on_value()

    def show_run(self, outcome: Outcome, *, is_live: bool) -> None:
        """Show the outcome of an explored point; with ``is_live`` the next points run while a slider is dragged."""
        with self._lock:
            self._ran = _ran_text(outcome)
            self.output.outputs = (*outcome.outputs, *_error_output(outcome))
            for row in self.rows.values():
                row.set_live(is_live)
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
        effects = self.effects
        summary = feed.summary(self.study, self.feed.standing.best, effects) if effects else None
        return {"cell": self.study.cell_id, "summary": summary}

    def show(self) -> None:
        """Display the panel once more; where it is displayed already it stays."""
        bundle = {_MIME: {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}, "text/plain": ""}
        self._shown = display(bundle, raw=True, display_id=True)

    def close(self) -> None:
        """Take the panel away wherever it is displayed."""
        for widget in [*_inside(self.box), self.box, self.box.layout]:
            widget.close()
        self._look.close()
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

    def _on_head_message(self, message: messages.FromHead | messages.ScriptRequest) -> None:
        if message["type"] == "skip":
            number = message["number"]
            self._act(lambda search: search.skip(number))
        elif message["type"] == "jobs":
            jobs = message["jobs"]
            self._act(lambda search: setattr(search, "jobs", jobs))

    @staticmethod
    def _toggle_pause(search: Search) -> None:
        (search.resume if search.is_paused else search.pause)()

    def _apply(self) -> None:
        trial = self.feed.standing.best if self._want is None else self._trial_at(self._point())
        if trial is not None:
            self._send({"type": "source", **feed.source(self.study, trial)})

    def _trial_at(self, point: Point) -> Trial | None:
        return next((trial for trial in self.study.complete if trial.params == point), None)

    def _run_these(self) -> None:
        point, search = self._point(), self.search
        if search is None or self._rerun is None:
            self._notes = ["this kernel has not run the cell; run it first"]
            return
        same = self._trial_at(point)
        if same is not None:
            self._notes = [f"trial {same.number} ran with these values"]
            self._pick(same.number)
        elif search.is_running:
            search.run_next(point)
        else:
            on_main_thread(lambda: self._guarded(lambda: self._run_after(point)))

    def _run_after(self, point: Point) -> None:
        if self._rerun is None:
            return
        trial = self._rerun(point)
        self._ask_surrogate()
        self.feed.flush()
        with self._lock:
            self._pick(trial.number)

    def _send(self, message: messages.ToCharts) -> None:
        self.charts.send(message)

    def _on_message(self, message: messages.FromCharts) -> None:
        if message["type"] == "resync":
            self._resend(message["start"])
        elif message["type"] == "pick":
            self._pick(message["number"])
        elif message["type"] == "pair" and {message["a"], message["b"]} <= set(self.study.space.names):
            self._send(feed.pair_message(self.study.space, *self._surrogate, message["a"], message["b"]))

    def _resend(self, start: int) -> None:
        self.feed.resend(max(0, start))
        if self._surrogate[0] is None and self.search is None:
            self._surrogate = feed.surrogate_of(self.study)
        self._send(self._effects_message())
        self._send(self._narrowed_message())
        self._predict()
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

    def _on_value(self) -> None:
        self._follows = False
        self._predict()
        if self._want is not None:
            self._want(self._point())

    def _on_hold(self) -> None:
        self._send(self._narrowed_message())
        if self.search is not None:
            whole = self.search.sampler.space
            self.search.narrow(whole.narrowed({name: row.allowed for name, row in self.rows.items()}))

    # What the panel shows.

    def _point(self) -> Point:
        return self.study.space.point({name: row.value for name, row in self.rows.items()})

    def _move_to(self, params: Point) -> None:
        """Move the sliders to a point, but for those that are locked."""
        for name, value in params.items():
            if not self.rows[name].is_locked:
                self.rows[name].show(value)
        self._predict()

    def _follow(self) -> None:
        """Move the sliders to the best trial, for as long as the user leaves them alone."""
        self._follows, self._followed = True, -1
        self._refresh()

    def _predict(self) -> None:
        """Show the surrogate's prediction for the point where the sliders stand."""
        point, (effects, reason) = self._point(), self._surrogate
        self._predicted_with = effects
        for name, row in self.rows.items():
            row.set_active(name in point)
        message: messages.CursorMessage = {
            "type": "cursor", "params": feed.positions(self.study.space, point), "mean": None, "sd": None,
        }  # fmt: skip
        if effects is not None:
            message["mean"], message["sd"] = mean, sd = effects.predict(point)
            label = status.label(self.study.objectives[0])
            self.prediction.value = f"predicted {label}: {mean:.4g} ± {sd:.2g}"
        else:
            self.prediction.value = f"no prediction: {reason}"
        self._send(message)

    def _ask_surrogate(self) -> None:
        start = time.monotonic()
        self._surrogate = feed.surrogate_of(self.study)
        self.feed.put(self._effects_message())
        end = time.monotonic()
        self._effects_due = end + max(_EFFECTS_S, (end - start) / _EFFECTS_SHARE)

    def _effects_message(self) -> messages.EffectsMessage:
        return feed.effects_message(self.study.space, *self._surrogate)

    def _narrowed_message(self) -> messages.NarrowedMessage:
        allowed = {parameter: self.rows[parameter.name].allowed for parameter in self.study.space}
        ranges = {p.name: feed.ends(p.domain, part) for p, part in allowed.items() if part != p.domain}
        return {"type": "narrowed", "ranges": ranges}

    def _refresh(self) -> None:
        """Show how far the search is; follow its best trial; predict anew if the surrogate is a new one."""
        with self._lock:
            self._show_state()
            best = self.feed.standing.best
            if self._follows and best is not None and best.number != self._followed:
                self._followed = best.number
                self._move_to(best.params)
            elif self._surrogate[0] is not self._predicted_with:
                self._predict()

    def _show_state(self) -> None:
        search, standing = self.search, self.feed.standing
        is_running = search is not None and search.is_running
        is_paused = is_running and search is not None and search.is_paused
        _set(self.pause, description="Resume" if is_paused else "Pause", disabled=not is_running)
        is_one = search is None or search.jobs == 1
        _set(self.skip, description="Skip" if is_one else "Skip all", disabled=not is_running)
        _set(self.stop, disabled=not is_running)
        _set(self.apply, disabled=standing.best is None and self._want is None)
        _set(self.run_these, disabled=search is None)
        self.head.status = dict(self._status())
        if is_running:
            desk.the(Line).tell_progress(self.standing(), is_last=False)

    def _state(self) -> messages.StudyState:
        found = status.state(self.study, self.feed.standing, self.search, is_counted=not self.is_exploring)
        return {**found, "text": self._ran} if self.is_exploring else found

    def _status(self) -> messages.Status:
        search = self.search
        has_lanes = search is not None and search.is_running and search.executor.is_settable
        return {
            **self._state(),
            "objectives": feed.goals(self.study),
            "jobs": search.jobs if search and has_lanes else None,
            "lanes": [feed.lane(running) for running in search.in_flight] if search and has_lanes else [],
            "elapsed_s": search.elapsed_s if search else sum(trial.seconds or 0.0 for trial in self.study.trials),
            "left_s": search.left_s if search and search.is_running else None,
            "notes": self._notes,
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


def _set(widget: w.Widget, **values: object) -> None:
    """Set the traits that differ: each trait that is set costs a message."""
    for name, value in values.items():
        if getattr(widget, name) != value:
            setattr(widget, name, value)


def _inside(box: w.Box) -> list[w.Widget]:
    found: list[w.Widget] = []
    for child in box.children:
        found += [*(_inside(child) if isinstance(child, w.Box) else []), child]
    return found
