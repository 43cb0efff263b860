"""One trial: values -> outcome.

The cell runs in the user's own namespace, whose bindings are put back afterwards; what it bound is kept with the
outcome. Prints, displays and figures are captured. Interrupts reach the user's code only: jtune's own bookkeeping is
never cut in half, see :mod:`jtune.trials.gate`.
"""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from types import CodeType, TracebackType
from typing import Any, TypeAlias

from jtune import hooks
from jtune.language.cell import Cell, Objective
from jtune.language.domains import Value
from jtune.language.template import Template
from jtune.text import counted
from jtune.trials.capture import Capture
from jtune.trials.execution import execute
from jtune.trials.gate import Abandoned, Gate, Leash, TimeLimit, Verdict
from jtune.trials.namespace import Snapshot, names_bound, names_read
from jtune.trials.outcome import Outcome

# Told after each iteration that reports, with its step and the first of its values; True ends the trial.
Judge: TypeAlias = Callable[[int, float], bool]

_TRACEBACK_AT_MOST = 20_000


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
        limit: TimeLimit | None = None,
        *,
        keeps_error: bool = False,
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
        limit : TimeLimit, optional
            Of all repeats together.
        keeps_error : bool
            Whether the outcome of a failure has the exception, with all objects that its frames hold.
        """
        code = self._template.fill(list(self._cell.space.complete(point).values()))
        start = time.monotonic()
        outcomes: list[Outcome] = []
        for i in range(repeats):
            left = limit and replace(limit, seconds=limit.seconds - (time.monotonic() - start))
            run = _Run(self._cell, self._bound, judge if i == 0 else None)
            outcomes.append(self._run_once(code, run, left, keeps_error))
            if outcomes[-1].state != "complete":
                break
        return _merged(outcomes)

    def _run_once(self, code: CodeType, run: _Run, limit: TimeLimit | None, keeps_error: bool) -> Outcome:
        namespace = self.namespace
        before = Snapshot.take(namespace)
        run.unbind(namespace)
        start = time.perf_counter()
        with self._capture.capturing() as outputs:
            error = self._raised_by(code, run, limit)
            seconds = time.perf_counter() - start
        bindings = before.difference(namespace)
        before.restore(namespace)
        outcome = replace(run.outcome(error), seconds=seconds, outputs=outputs)
        if outcome.state == "complete":
            return replace(outcome, bindings=bindings)
        if outcome.state == "failed" and error is not None:
            outcome = replace(outcome, traceback=_user_traceback(error, code.co_filename))
        if error is None or keeps_error:
            return replace(outcome, error=error)
        _let_go(error)
        del error  # its frames hold this one
        return outcome

    def _raised_by(self, code: CodeType, run: _Run, limit: TimeLimit | None) -> BaseException | None:
        """Run the cell and return what it raised; a function of its own, so that no frame of the error's holds it."""
        try:
            with hooks.listening(run), self.gate.running(limit) as leash:
                run.leash = leash
                execute(code, self.namespace)
                run.read_objectives(self.namespace)
        except BaseException as raised:  # whatever the user's code raises is this trial's outcome
            # Also one that came past the gate: from code of theirs that handles SIGINT itself.
            self.gate.is_interrupted |= isinstance(raised, KeyboardInterrupt)
            return raised
        return None


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
        self._objectives, self._curve_labels = cell.objectives, cell.curves
        self._judge = judge
        self._bound = bound
        self._sent = [i for i, objective in enumerate(cell.objectives) if objective.code is None]
        # A number, or why there is none.
        self._given: list[float | ValueError] = [
            ValueError(f"{objective.label} was not reached") for objective in cell.objectives
        ]
        self._curves: dict[str, list[float]] = {}
        self.leash: Leash | None = None
        self._pruned: Verdict | None = None

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
        labels = self._curve_labels[index]
        numbers = [_number(value, label) for value, label in zip(values, labels, strict=True)]
        for label, number in zip(labels, numbers, strict=True):
            self._curves.setdefault(label, []).append(number)
        step = len(self._curves[labels[0]]) - 1
        if index == 0 and self._judge is not None and self._judge(step, numbers[0]):
            self._prune(f"{labels[0]} = {numbers[0]:.6g} after {counted(step + 1, 'iteration')}")
        if (verdict := self._verdict) is not None:
            raise Abandoned(verdict)

    def _prune(self, reason: str) -> None:
        pruned = Verdict("pruned", reason)
        if self.leash is not None:
            self.leash.pull(pruned)
        self._pruned = self._pruned or pruned

    @property
    def _verdict(self) -> Verdict | None:
        """Why the trial was ended, whatever its code made of that."""
        return (self.leash.decided if self.leash else None) or self._pruned

    def read_objectives(self, namespace: dict[str, Any]) -> None:
        """Take the objectives that are read at the end of the cell."""
        for place, objective in enumerate(self._objectives):
            if objective.code is None:
                continue
            if all(name in namespace for name in self._made(objective)):
                self._given[place] = _given(execute(objective.code, namespace), objective.label)

    def outcome(self, error: BaseException | None) -> Outcome:
        """Decide what the trial is: the one place that tells states apart."""
        curves = self._curves
        verdict = self._verdict or (error.verdict if isinstance(error, Abandoned) else None)
        if verdict is not None:
            return Outcome(verdict.state, verdict.reason, curves=curves)
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
    seconds = sum(outcome.seconds for outcome in outcomes)
    if len(outcomes) == 1 or last.state != "complete":
        return replace(last, seconds=seconds)
    runs = tuple(outcome.values for outcome in outcomes)
    means = tuple(fmean(values) for values in zip(*runs, strict=True))
    return replace(last, values=means, seconds=seconds, repeats=runs, curves=outcomes[0].curves)
