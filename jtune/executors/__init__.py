"""Where trials run: the protocol of an executor."""

from __future__ import annotations

from typing import Protocol

from jtune.trials.execute import Judge
from jtune.trials.outcome import Outcome, State
from jtune.trials.program import Task

# The number of a run that is no trial.
NO_TRIAL = -1


class Executor(Protocol):
    """Runs trials. One thread calls its methods; any thread may call :meth:`abandon` and :meth:`wake`.

    Attributes
    ----------
    note : str
        What the user should be told about where trials run; empty where there is nothing to say.
    """

    note: str

    @property
    def is_settable(self) -> bool:
        """Whether ``jobs`` may be set at all."""

    @property
    def jobs(self) -> int:
        """How many trials run at a time; setting a number that is not possible raises UsageError."""

    @jobs.setter
    def jobs(self, jobs: int) -> None: ...

    @property
    def free(self) -> int:
        """How many more trials the executor would run now."""

    def start(self, task: Task, judge: Judge | None = None) -> None:
        """Take a trial; :meth:`ended` returns the trial's outcome.

        Parameters
        ----------
        task : Task
        judge : callable, optional
            Asked after each report whether the trial shall end; called in the thread of :meth:`ended`.
        """

    def ended(self, wait_s: float | None = None) -> list[tuple[int, Outcome]]:
        """Wait until trials have ended, and return their numbers and outcomes; empty after :meth:`wake`.

        Parameters
        ----------
        wait_s : float, optional
            Seconds to wait at most.
        """

    def abandon(self, number: int, state: State, reason: str) -> None:
        """End a trial that was started, also in the middle of a call; do nothing where the trial has ended."""

    def wake(self) -> None:
        """Have :meth:`ended` return soon: a call that waits now, or else the next call."""

    def close(self) -> None:
        """End all processes and connections by which trials run."""
