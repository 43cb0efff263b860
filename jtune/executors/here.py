"""Trials in this process, one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any

from jtune.errors import UsageError
from jtune.language.template import Template
from jtune.trials.capture import Capture
from jtune.trials.execute import Judge, execute
from jtune.trials.interrupts import Interrupts, Leash, Verdict
from jtune.trials.once import Kept
from jtune.trials.outcome import Outcome, State
from jtune.trials.program import Program, Task
from jtune.trials.randomness import Chance


class Here:
    """Runs trials in this process, one at a time, in the thread that waits for them.

    Parameters
    ----------
    program : Program
    namespace : dict
        The user's; each run leaves its bindings as they were.
    shell : InteractiveShell, optional
        Whose displays are captured; None outside IPython.
    interrupts : Interrupts, optional
        Of the kernel; one ends the trial that runs.

    Attributes
    ----------
    note : str
        Nothing that the user should be told.
    kept : Kept
        What statements that run once have left.
    times : Template or None
        Of the cell, for the next trial alone: its statements tell how long they take.
    seconds_by_line : dict of int to float
        What they told.
    """

    note = ""

    def __init__(
        self, program: Program, namespace: dict[str, Any], shell: Any = None, interrupts: Interrupts | None = None
    ) -> None:
        self.namespace = namespace
        self.interrupts = interrupts or Interrupts()
        self.program = program
        self.kept = Kept(program)
        self.times: Template | None = None
        self.seconds_by_line: Mapping[int, float] = {}
        self._capture, self._chance = Capture(shell), Chance()
        self._started: tuple[Task, Judge | None, Leash] | None = None
        # Put to in a signal's handler too, which no other queue or event allows.
        self._woken: SimpleQueue[None] = SimpleQueue()

    @property
    def is_settable(self) -> bool:
        """Whether ``jobs`` may be set: no."""
        return False

    @property
    def jobs(self) -> int:
        """1: the namespace is one trial's at a time."""
        return 1

    @jobs.setter
    def jobs(self, jobs: int) -> None:
        if jobs != 1:
            raise UsageError("trials run in the kernel, one at a time; run the cell with --jobs J")

    @property
    def free(self) -> int:
        """1, or 0 where a trial was started."""
        return 0 if self._started else 1

    def start(self, task: Task, judge: Judge | None = None) -> None:
        """Take a trial, which :meth:`ended` runs."""
        self._started = task, judge, Leash(self.interrupts, task.limit)

    def ended(self, wait_s: float | None = None) -> list[tuple[int, Outcome]]:
        """Run the trial that was started; without one, wait to be woken."""
        if self._started is None:
            self._sleep(wait_s)
            return []
        task, judge, leash = self._started
        program, self.times = replace(self.program, template=self.times) if self.times else self.program, None
        try:
            with self._chance.watching() as drawn:
                outcome = execute(program, task, self.namespace, leash, self._capture, judge, self.kept)
            self.seconds_by_line = outcome.seconds_by_line or self.seconds_by_line
            return [(task.number, replace(outcome, drawn=tuple(drawn)) if drawn else outcome)]
        finally:
            self._started = None

    def run(self, task: Task) -> Outcome:
        """Run at once."""
        self.start(task)
        return self.ended()[0][1]

    def abandon(self, number: int, state: State, reason: str) -> None:
        """End a trial that was started."""
        if (started := self._started) and started[0].number == number:
            started[2].pull(Verdict(state, reason))

    def _sleep(self, wait_s: float | None) -> None:
        try:
            self._woken.get(timeout=wait_s)
            while True:
                self._woken.get_nowait()
        except Empty:
            pass

    def wake(self) -> None:
        """Have a call of :meth:`ended` that waits return."""
        self._woken.put(None)

    def close(self) -> None:
        """Do nothing: nothing runs between two calls."""
