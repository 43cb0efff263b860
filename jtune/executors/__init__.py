"""Where trials run: the seam, and here, one at a time."""

from __future__ import annotations

from typing import Protocol

from jtune.trials.execute import Judge
from jtune.trials.outcome import Outcome, State
from jtune.trials.program import Task

# The number of a run that is no trial.
NO_TRIAL = -1


class Executor(Protocol):
    """Runs trials. All is called in one thread, but for :meth:`abandon` and :meth:`wake`, which may be in any.

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
        """How many trials it runs at a time; setting it raises UsageError where it cannot be that number."""

    @jobs.setter
    def jobs(self, jobs: int) -> None: ...

    @property
    def free(self) -> int:
        """How many more trials it would run now."""

    def start(self, task: Task, judge: Judge | None = None) -> None:
        """Take a trial; :meth:`ended` has its outcome.

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
        """End a trial that was started, whatever it is at; nothing where it has ended."""

    def wake(self) -> None:
        """Have :meth:`ended` return soon, also where it is called next."""

    def close(self) -> None:
        """Let go of all that runs trials."""
