"""One trial: values -> outcome.

The cell runs in the user's own namespace, whose bindings are put back afterwards; what it bound is kept with the
outcome. Prints, displays and figures are captured. Interrupts reach the user's code only: jtune's own bookkeeping is
never cut in half, see :class:`Gate`.
"""

from __future__ import annotations

import base64
import math
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import fmean
from types import FrameType, TracebackType
from typing import Any, Literal, TypeAlias

from jtune import hooks
from jtune.cell import Cell, Objective
from jtune.domains import Value
from jtune.namespace import Bindings, Snapshot, names_bound, names_read
from jtune.template import Template

State: TypeAlias = Literal["complete", "failed", "pruned", "timed out", "interrupted"]
Output: TypeAlias = dict[str, Any]
# Told after each iteration that reports, with its step and the first of its values; True ends the trial.
Judge: TypeAlias = Callable[[int, float], bool]

_TEXT_AT_MOST = 20_000
_BUNDLES_AT_MOST = 512_000


class Abandoned(BaseException):
    """Raised in the user's code to end its trial; no ``except Exception`` of theirs catches it."""

    def __init__(self, state: State, reason: str) -> None:
        self.state, self.reason = state, reason
        super().__init__(reason)


@dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    Parameters
    ----------
    state : State
    reason : str
        Why it is not complete; empty where it is.
    values : tuple of float
        The objectives; empty where the trial is not complete.
    seconds : float
        Of the cell's own run.
    curves : dict of str to list of float
        What its loops reported, by expression.
    outputs : list of dict
        What it showed, as nbformat outputs, bounded.
    traceback : str
        Of a failure, in the user's lines.
    repeats : tuple of tuple of float
        The values of each run, where the cell ran several times.
    bindings : Bindings or None
        What the cell bound; None where nothing of it should be used.
    error : BaseException or None
        What the cell raised, with its traceback; only kept for the caller to re-raise.
    is_broken : bool
        Whether it failed in a way that says more of the cell than of the point: it raised, or what it gave is no
        number at all.
    """

    state: State
    reason: str = ""
    values: tuple[float, ...] = ()
    seconds: float = 0.0
    curves: Mapping[str, list[float]] = field(default_factory=dict)
    outputs: Sequence[Output] = ()
    traceback: str = ""
    repeats: tuple[tuple[float, ...], ...] = ()
    bindings: Bindings | None = None
    error: BaseException | None = None
    is_broken: bool = False


class Gate:
    """Decides when an interrupt is raised: at once in the user's code, and between trials not at all.

    Outside the main thread, where Python delivers no signals, it lets everything through and a trial runs to its end.
    """

    def __init__(self) -> None:
        self.is_interrupted = False
        self._closed: Abandoned | None = None
        self._abandoned: Abandoned | None = None
        self._is_open = False
        self._is_guarding = False
        self._thread = threading.get_ident()
        self._lock = threading.Lock()

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Handle SIGINT for as long as the block lasts."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = signal.signal(signal.SIGINT, self._on_signal)
        was, self._is_guarding = self._is_guarding, True
        try:
            yield
        finally:
            self._is_guarding = was
            signal.signal(signal.SIGINT, previous)

    def abandon(self, state: State, reason: str) -> None:
        """End the running trial, if one runs; may be called from any thread."""
        with self._lock:
            if not (self._is_open and self._is_guarding):
                return
            self._abandoned = Abandoned(state, reason)
            # Unlike interrupt_main this also wakes a sleeping system call.
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(self._thread, signal.SIGINT)
            else:  # pragma: no cover (Windows)
                import _thread

                _thread.interrupt_main()

    @property
    def is_closed(self) -> bool:
        """Whether no trial may start, by an interrupt or by :meth:`close`."""
        return self.is_interrupted or self._closed is not None

    def close(self, state: State, reason: str) -> None:
        """End the running trial and let no other one start; may be called from any thread."""
        self._closed = Abandoned(state, reason)
        self.abandon(state, reason)

    def reopen(self) -> None:
        """Let trials start again."""
        self.is_interrupted, self._closed = False, None

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        abandoned, self._abandoned = self._abandoned, None
        if abandoned is None:
            self.is_interrupted = True
        if self._is_open:
            self._is_open = False
            raise abandoned or KeyboardInterrupt

    @contextmanager
    def open(self, timeout_s: float | None, reason: Callable[[], tuple[State, str]]) -> Iterator[None]:
        """Let interrupts through to the block, and end it after ``timeout_s`` seconds."""
        timer = None
        if timeout_s is not None:
            timer = threading.Timer(max(timeout_s, 0.0), lambda: self.abandon(*reason()))
            timer.daemon = True
            timer.start()
        try:
            if self.is_interrupted:
                raise KeyboardInterrupt
            self._is_open = True
            # Looked at last: whoever closes it later finds it open.
            if self._closed is not None:
                raise self._closed
            yield
        finally:
            self._is_open = False
            if timer is not None:
                timer.cancel()
                with self._lock:  # a timer that fires just now has sent its signal when this is reached
                    self._abandoned = None


class Runner:
    """Runs a cell for points of its space.

    Parameters
    ----------
    cell : Cell
    template : Template
        The cell, compiled.
    namespace : dict
        The user's; every run leaves its bindings as they were.
    shell : InteractiveShell or None
        Whose displays are captured; None outside IPython.
    gate : Gate
    """

    def __init__(
        self, cell: Cell, template: Template, namespace: dict[str, Any], shell: Any = None, gate: Gate | None = None
    ) -> None:
        self.gate = gate or Gate()
        self._cell = cell
        self._template = template
        # What the cell reads before it binds it is an input, not left over.
        self._bound = names_bound(template.blank) - set(names_read(template.blank))
        self.namespace = namespace
        self._capture = Capture(shell)

    def run(
        self,
        point: Mapping[str, Value],
        judge: Judge | None = None,
        repeats: int = 1,
        timeout_s: float | None = None,
        timeout_reason: Callable[[], tuple[State, str]] = lambda: ("timed out", "it took too long"),
    ) -> Outcome:
        """Run the cell with the values of a point; inactive parameters keep their literal.

        Parameters
        ----------
        point : mapping
            Active parameters.
        judge : callable, optional
            Asked after each report whether the trial shall end.
        repeats : int
            How often to run it; the objective is the mean.
        timeout_s : float, optional
            Seconds, of all repeats together.
        timeout_reason : callable
            Says, when the time is up, what that makes of the trial.
        """
        code = self._template.fill(list(self._cell.space.complete(point).values()))
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        outcomes: list[Outcome] = []
        for i in range(repeats):
            left = None if deadline is None else deadline - time.monotonic()
            run = _Run(self._cell, self._bound, judge if i == 0 else None)
            outcomes.append(self._run_once(code, run, left, timeout_reason))
            if outcomes[-1].state != "complete":
                break
        return _merged(outcomes)

    def _run_once(
        self, code: Any, run: _Run, timeout_s: float | None, timeout_reason: Callable[[], tuple[State, str]]
    ) -> Outcome:
        namespace = self.namespace
        before = Snapshot.take(namespace)
        error: BaseException | None = None
        run.unbind(namespace)
        start = time.perf_counter()
        with self._capture.capturing() as outputs:
            try:
                with hooks.listening(run), self.gate.open(timeout_s, timeout_reason):
                    exec(code, namespace)
                    run.read_objectives(namespace)
            except BaseException as raised:  # whatever the user's code raises is this trial's outcome
                error = raised
                # Also one that came past the gate: from code of theirs that handles SIGINT itself.
                self.gate.is_interrupted |= isinstance(raised, KeyboardInterrupt)
            seconds = time.perf_counter() - start
        bindings = before.difference(namespace)
        before.restore(namespace)
        outcome = replace(run.outcome(error), seconds=seconds, outputs=outputs, bindings=bindings)
        if outcome.state == "failed" and error is not None:
            outcome = replace(outcome, traceback=_user_traceback(error, code.co_filename), error=error)
        return outcome


class _Run:
    """What a running cell has told so far, and what that makes of its trial.

    Parameters
    ----------
    cell : Cell
    bound : collection of str
        Names that the cell makes itself; see :meth:`unbind`.
    judge : Judge or None
    """

    def __init__(self, cell: Cell, bound: Collection[str], judge: Judge | None) -> None:
        self._objectives, self._reports = cell.objectives, cell.reports
        self._judge = judge
        self._bound = bound
        self._sent = [i for i, objective in enumerate(cell.objectives) if objective.code is None]
        # A number, or why there is none.
        self._given: list[float | ValueError] = [
            ValueError(f"{objective.label} was not reached") for objective in cell.objectives
        ]
        self._curves: dict[str, list[float]] = {}

    def unbind(self, namespace: dict[str, Any]) -> None:
        """Take the names away from which the objectives are read at the end: what stands there is of an earlier run."""
        for objective in self._objectives:
            for name in self._made(objective):
                namespace.pop(name, None)

    def _made(self, objective: Objective) -> list[str]:
        return [name for name in objective.code.co_names if name in self._bound] if objective.code else []

    def on_objective(self, index: int, value: object) -> None:
        # Read at once: what the cell changes in place afterwards is not the value at the marked line.
        place = self._sent[index]
        self._given[place] = _given(value, self._objectives[place].label)

    def on_report(self, index: int, values: Sequence[object]) -> None:
        labels = self._reports[index]
        numbers = [_number(value, label) for value, label in zip(values, labels, strict=True)]
        for label, number in zip(labels, numbers, strict=True):
            self._curves.setdefault(label, []).append(number)
        step = len(self._curves[labels[0]]) - 1
        if index == 0 and self._judge is not None and self._judge(step, numbers[0]):
            raise Abandoned("pruned", f"{labels[0]} = {numbers[0]:.6g} after {step + 1} iterations")

    def read_objectives(self, namespace: dict[str, Any]) -> None:
        """Take the objectives that are read at the end of the cell."""
        for place, objective in enumerate(self._objectives):
            if objective.code is None:
                continue
            if all(name in namespace for name in self._made(objective)):
                self._given[place] = _given(eval(objective.code, namespace), objective.label)

    def outcome(self, error: BaseException | None) -> Outcome:
        """Decide what the trial is: the one place that tells states apart."""
        curves = self._curves
        if isinstance(error, Abandoned):
            return Outcome(error.state, error.reason, curves=curves)
        if isinstance(error, KeyboardInterrupt):
            return Outcome("interrupted", "interrupted", curves=curves)
        if error is not None:
            return Outcome("failed", _in_one_line(error), curves=curves, is_broken=True)
        for given in self._given:
            if isinstance(given, ValueError):
                return Outcome("failed", str(given), curves=curves, is_broken=True)
        values = tuple(given for given in self._given if isinstance(given, float))
        labels = [objective.label for objective in self._objectives]
        unusable = [f"{label} is {x}" for x, label in zip(values, labels, strict=True) if not math.isfinite(x)]
        if unusable:
            return Outcome("failed", ", ".join(unusable), curves=curves)
        return Outcome("complete", "", values, curves=curves)


def _given(value: object, label: str) -> float | ValueError:
    """Return an objective's value as a number, or why it is none."""
    try:
        return _number(value, label)
    except ValueError as bad:
        return bad.with_traceback(None)


def _number(value: object, label: str) -> float:
    """Return a scalar of any library as a float; NaN and infinity pass.

    Raises
    ------
    ValueError
        If it is none: its message names the value.
    """
    # NumPy and torch scalars, and arrays of one element, have .item(); it raises for more elements.
    item = getattr(value, "item", None)
    if callable(item) and not isinstance(value, (str, bytes)):
        try:
            value = item()
        except (ValueError, TypeError, RuntimeError):
            raise ValueError(f"{label} is no single number: {_shortened(value)}") from None
    if isinstance(value, (str, bytes, complex)) or not hasattr(type(value), "__float__"):
        raise ValueError(f"{label} is not a number: {_shortened(value)}")
    try:
        return float(value)  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{label} is not a number: {_shortened(value)}") from None


def _shortened(value: object) -> str:
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a user's repr may raise anything
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."


def _in_one_line(error: BaseException) -> str:
    text = " ".join("".join(traceback.format_exception_only(error)).split())
    return text if len(text) <= 300 else text[:297] + "..."


def user_frames(error: BaseException, filename: str) -> TracebackType | None:
    """Return the part of an error's traceback that starts in the cell."""
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename != filename:
        frame = frame.tb_next
    return frame


def _user_traceback(error: BaseException, filename: str) -> str:
    shown = user_frames(error, filename) or error.__traceback__
    text = "".join(traceback.format_exception(type(error), error, shown))
    return text[-_TEXT_AT_MOST:]


def _merged(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the mean of complete runs, or the run that was not."""
    last = outcomes[-1]
    seconds = sum(outcome.seconds for outcome in outcomes)
    if len(outcomes) == 1 or last.state != "complete":
        return replace(last, seconds=seconds)
    runs = tuple(outcome.values for outcome in outcomes)
    means = tuple(fmean(values) for values in zip(*runs, strict=True))
    return replace(last, values=means, seconds=seconds, repeats=runs, curves=outcomes[0].curves)


class Capture:
    """Takes what a trial prints and displays, up to a bound.

    Parameters
    ----------
    shell : InteractiveShell or None
        Whose publisher and display hook are replaced meanwhile.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    @contextmanager
    def capturing(self) -> Iterator[list[Output]]:
        """Collect outputs, in nbformat's form, in the list that the block is given."""
        sink = _Sink()
        shell = self._shell
        kept = (sys.stdout, sys.stderr, sys.displayhook)
        publisher = shell.display_pub if shell is not None else None
        sys.stdout, sys.stderr = _Stream(sink, "stdout"), _Stream(sink, "stderr")
        if shell is not None:
            shell.display_pub = _Publisher(sink, publisher)
            sys.displayhook = lambda value: _display_value(sink, shell, value)
        try:
            with _diverted(kept[0], sys.stdout), _diverted(kept[1], sys.stderr):
                yield sink.outputs
                _flush_figures()
        finally:
            sys.stdout, sys.stderr, sys.displayhook = kept
            if shell is not None:
                shell.display_pub = publisher


@contextmanager
def _diverted(kernel_stream: Any, stream: _Stream) -> Iterator[None]:
    """Send what reaches a kernel's stream to another one.

    Logging handlers hold the stream that was there when they were made. A terminal's stream cannot be diverted; there
    what they write is shown at once.
    """
    if not hasattr(kernel_stream, "pub_thread"):
        yield
        return
    kernel_stream.write = stream.write
    try:
        yield
    finally:
        del kernel_stream.write


class _Sink:
    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self._text_left = _TEXT_AT_MOST
        self._bundles_left = _BUNDLES_AT_MOST
        self._clears_next = False
        self._by_display_id: dict[str, list[Output]] = {}

    def write(self, stream: str, text: str) -> None:
        self._clear_if_asked()
        if self._text_left <= 0:
            return
        if len(text) > self._text_left:
            text = text[: self._text_left] + "\n... (cut off)\n"
        self._text_left -= len(text)
        last = self.outputs[-1] if self.outputs else None
        if last is not None and last.get("name") == stream:
            last["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": stream, "text": text})

    def add(
        self, kind: str, data: Mapping[str, Any], metadata: Mapping[str, Any] | None, display_id: str | None = None
    ) -> None:
        self._clear_if_asked()
        output = {"output_type": kind, "data": self._bounded(data), "metadata": dict(metadata or {})}
        self.outputs.append(output)
        if display_id is not None:
            self._by_display_id.setdefault(display_id, []).append(output)

    def update(self, display_id: str | None, data: Mapping[str, Any], metadata: Mapping[str, Any] | None) -> bool:
        """Replace what was displayed under an id; return whether anything was."""
        outputs = self._by_display_id.get(display_id or "", [])
        for output in outputs:
            self._bundles_left += _size(output["data"])
            output.update(data=self._bounded(data), metadata=dict(metadata or {}))
        return bool(outputs)

    def _bounded(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return a MIME bundle that the trial keeps, its text alone where there is no room for more."""
        bundle = {mime: _as_text(content) for mime, content in data.items()}
        if _size(bundle) > self._bundles_left:
            bundle = {"text/plain": str(bundle.get("text/plain", ""))[:1000] + " (too large to keep)"}
        self._bundles_left -= _size(bundle)
        return bundle

    def clear(self, wait: bool) -> None:
        self._clears_next = True
        if not wait:
            self._clear_if_asked()

    def _clear_if_asked(self) -> None:
        if self._clears_next:
            self._clears_next = False
            self.outputs.clear()
            self._by_display_id.clear()
            self._text_left = _TEXT_AT_MOST
            self._bundles_left = _BUNDLES_AT_MOST


def _size(bundle: Mapping[str, Any]) -> int:
    return sum(len(str(content)) for content in bundle.values())


def _as_text(content: Any) -> Any:
    return base64.b64encode(content).decode("ascii") if isinstance(content, bytes) else content


class _Stream:
    """A text stream into a sink."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, sink: _Sink, name: str) -> None:
        self._sink = sink
        self.name = name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._sink.write(self.name, text)
        return len(text)

    def writelines(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Do nothing: what is written is in the sink."""

    def isatty(self) -> bool:
        return False

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    @property
    def closed(self) -> bool:
        return False


class _Publisher:
    """Stands in for the shell's display publisher."""

    def __init__(self, sink: _Sink, real: Any) -> None:
        self._sink = sink
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def publish(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        *,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **others: Any,
    ) -> None:
        display_id = (transient or {}).get("display_id")
        if not update:
            self._sink.add("display_data", data, metadata, display_id)
        elif not self._sink.update(display_id, data, metadata):
            # It was displayed by an earlier cell: what is there changes, as it does without jtune.
            self._real.publish(data, metadata, transient=transient, update=True, **others)

    def clear_output(self, wait: bool = False) -> None:
        self._sink.clear(wait)


def _display_value(sink: _Sink, shell: Any, value: object) -> None:
    """Show a last expression as the notebook does, but keep it out of ``Out`` and ``_``."""
    if value is not None:
        data, metadata = shell.display_formatter.format(value)
        if data:
            sink.add("execute_result", data, metadata)


def _flush_figures() -> None:
    """Show and close the figures that the trial left open, where the inline backend would do so after the cell."""
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not pyplot.get_fignums():
        return
    if inline is not None and "inline" in pyplot.get_backend():
        inline.flush_figures()
