"""One trial: values -> outcome.

The cell runs in a namespace whose bindings are put back afterwards; what it bound is kept with the outcome. Prints,
displays and figures are captured. Interrupts reach the user's code only: jtune's own bookkeeping is never cut in half,
see :mod:`jtune.trials.interrupts`.
"""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean
from types import CodeType, TracebackType
from typing import Any, TypeAlias

from jtune import hooks
from jtune.text import counted
from jtune.trials.capture import Capture
from jtune.trials.entry import enter
from jtune.trials.interrupts import Abandoned, Leash, Verdict
from jtune.trials.namespace import Snapshot
from jtune.trials.once import Kept, Taking
from jtune.trials.outcome import Outcome, State
from jtune.trials.program import Program, Task

# Told after each iteration that reports, with its step and the first of its values; True ends the trial.
Judge: TypeAlias = Callable[[int, float], bool]

_TRACEBACK_AT_MOST = 20_000


def execute(
    program: Program,
    task: Task,
    namespace: dict[str, Any],
    leash: Leash,
    capture: Capture,
    judge: Judge | None = None,
    kept: Kept | None = None,
) -> Outcome:
    """Run a cell with the values of a trial.

    Parameters
    ----------
    program : Program
        The cell.
    task : Task
        The trial's values, and how often to run.
    namespace : dict
        Where the cell runs; its bindings are put back afterwards.
    leash : Leash
        Ends the trial from outside.
    capture : Capture
        Takes what the cell prints and displays.
    judge : callable, optional
        Asked after each report of the first run whether the trial shall end.
    kept : Kept, optional
        What statements that run once have left in earlier trials of this process; without it they run.
    """
    if task.is_whole:
        kept = None
    n_taken = kept.n_taken if kept else 0
    code = program.template.fill(task.values)
    outcomes: list[Outcome] = []
    for i in range(task.repeats):
        run = _Run(program, leash, judge if i == 0 else None, Taking(kept, namespace, capture) if kept else None)
        outcomes.append(_run_once(code, run, namespace, capture, task.keeps_error))
        if outcomes[-1].state != State.COMPLETE:
            break
    merged = _merged(outcomes)
    return replace(merged, is_whole=kept.n_taken == n_taken, notes=tuple(kept.look())) if kept else merged


def _run_once(code: CodeType, run: _Run, namespace: dict[str, Any], capture: Capture, keeps_error: bool) -> Outcome:
    before = Snapshot.take(namespace)
    run.unbind(namespace)
    start = time.perf_counter()
    with capture.capturing() as outputs:
        error = _raised_by(code, run, namespace)
        outcome, seconds = run.outcome(error), time.perf_counter() - start
    outcome = replace(outcome, seconds_by_line=run.seconds_by_line(start))
    bindings = before.difference(namespace)
    before.restore(namespace)
    if outcome.state == State.COMPLETE:
        return replace(outcome, seconds=seconds, outputs=outputs, bindings=bindings)
    outcome = replace(outcome, seconds=seconds, outputs=outputs)
    if outcome.state == State.FAILED and error is not None:
        outcome = replace(outcome, traceback=_user_traceback(error, code.co_filename))
    if error is None or keeps_error:
        return replace(outcome, error=error)
    _let_go(error)
    del error  # its frames hold this one
    return outcome


def _raised_by(code: CodeType, run: _Run, namespace: dict[str, Any]) -> BaseException | None:
    """Run the cell and return what it raised; a function of its own, so that no frame of the error's holds it."""
    try:
        with hooks.listening(run), run.leash.holding():
            enter(code, namespace)
            run.read_objectives(namespace)
    except BaseException as raised:  # whatever the user's code raises is this trial's outcome
        return raised
    return None


class _Run:
    """The objectives and reports of a running cell so far, and the outcome that follows from them.

    Parameters
    ----------
    program : Program
    leash : Leash
    judge : Judge or None
    taking : Taking or None
    """

    def __init__(self, program: Program, leash: Leash, judge: Judge | None, taking: Taking | None) -> None:
        self.leash = leash
        self._taking = taking
        self._program, self._judge = program, judge
        self._sent = [place for place in range(len(program.objectives)) if place not in program.at_end]
        # A number, or why there is none.
        self._given: list[float | ValueError] = [ValueError(f"{label} was not reached") for label in program.objectives]
        self._curves: dict[str, list[float]] = {}
        self._ends: list[tuple[int, float]] = []

    def unbind(self, namespace: dict[str, Any]) -> None:
        """Remove the names from which objectives are read at the end: their values are those of an earlier run."""
        for code in self._program.at_end.values():
            for name in self._program.made(code):
                namespace.pop(name, None)

    def on_objective(self, index: int, value: object) -> None:
        # Read at once: what the cell changes in place afterwards is not the value at the marked line.
        place = self._sent[index]
        self._given[place] = _given(value, self._program.objectives[place])

    def on_once(self, index: int) -> bool:
        return self._taking is None or self._taking.begin(index)

    def on_once_ended(self, index: int) -> None:
        if self._taking is not None:
            self._taking.end(index)

    def on_statement_ended(self, line: int) -> None:
        self._ends.append((line, time.perf_counter()))

    def seconds_by_line(self, start: float) -> dict[int, float]:
        """Return how long each statement took that told when it ended, by its line."""
        seconds: dict[int, float] = {}
        for line, end in self._ends:
            seconds[line], start = seconds.get(line, 0.0) + end - start, end
        return seconds

    def on_report(self, index: int, values: Sequence[object]) -> None:
        labels = self._program.curves[index]
        numbers = [_number(value, label) for value, label in zip(values, labels, strict=True)]
        for label, number in zip(labels, numbers, strict=True):
            self._curves.setdefault(label, []).append(number)
        step = len(self._curves[labels[0]]) - 1
        if index == 0 and self._judge is not None and self._judge(step, numbers[0]):
            reason = f"{labels[0]} = {numbers[0]:.6g} after {counted(step + 1, 'iteration')}"
            self.leash.pull(Verdict(State.PRUNED, reason))
        if self.leash.decided is not None:
            raise Abandoned(self.leash.decided)

    def read_objectives(self, namespace: dict[str, Any]) -> None:
        """Take the objectives that are read at the end of the cell."""
        for place, code in self._program.at_end.items():
            if all(name in namespace for name in self._program.made(code)):
                self._given[place] = _given(enter(code, namespace), self._program.objectives[place])

    def outcome(self, error: BaseException | None) -> Outcome:
        """Decide the trial's state: the one place that tells states apart."""
        curves = self._curves
        # What was decided counts, whatever the cell's code made of it.
        verdict = self.leash.decided
        if verdict is not None:
            return Outcome(verdict.state, verdict.reason, curves=curves)
        if isinstance(error, KeyboardInterrupt):
            return Outcome(State.INTERRUPTED, "interrupted", curves=curves)
        if error is not None:
            return Outcome(State.FAILED, _in_one_line(error), curves=curves, is_broken=True)
        for given in self._given:
            if isinstance(given, ValueError):
                return Outcome(State.FAILED, str(given), curves=curves, is_broken=True)
        values = tuple(given for given in self._given if isinstance(given, float))
        unusable = [
            f"{label} is {value}"
            for value, label in zip(values, self._program.objectives, strict=True)
            if not math.isfinite(value)
        ]
        if unusable:
            return Outcome(State.FAILED, ", ".join(unusable), curves=curves)
        return Outcome(State.COMPLETE, "", values, curves=curves)


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
    return text[-_TRACEBACK_AT_MOST:]


def _let_go(error: BaseException) -> None:
    """Free the objects that the frames of an error hold, and those of the errors behind it."""
    seen: set[int] = set()
    behind: BaseException | None = error
    while behind is not None and id(behind) not in seen:
        seen.add(id(behind))
        traceback.clear_frames(behind.__traceback__)
        behind = behind.__cause__ or behind.__context__


def _merged(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the mean of complete runs, or the run that was not."""
    last = outcomes[-1]
    if len(outcomes) == 1:
        return last
    seconds = sum(outcome.seconds for outcome in outcomes)
    if last.state != State.COMPLETE:
        return replace(last, seconds=seconds)
    runs = tuple(outcome.values for outcome in outcomes)
    means = tuple(fmean(values) for values in zip(*runs, strict=True))
    return replace(last, values=means, seconds=seconds, repeats=runs, curves=outcomes[0].curves)
