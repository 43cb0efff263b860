"""The loop: propose, run, record, until a stop rule or the user says why to end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

from jtune.executors import Executor
from jtune.language.domains import Value
from jtune.language.space import Point, Space
from jtune.samplers import PointSampler, SpaceExhausted
from jtune.samplers.pruning import Pruning
from jtune.storage.ending import Ending
from jtune.storage.ledger import Ledger
from jtune.storage.record import Trial
from jtune.text import counted
from jtune.trials.interrupts import Interrupts, TimeLimit, Verdict
from jtune.trials.outcome import Origin, Outcome, State
from jtune.trials.program import Task

_FAILURES_IN_A_ROW = 10


@dataclass(frozen=True)
class Limits:
    """When a search ends.

    Parameters
    ----------
    n : int
        Finished trials, those from before counted in.
    timeout_s, trial_timeout_s : float or None
        Seconds for this search, and for each trial.
    target : float or None
        An objective value that is good enough.
    patience : int or None
        Finished trials without a better one.
    repeats : int
        Runs of the cell per trial.
    """

    n: int = 30
    timeout_s: float | None = None
    trial_timeout_s: float | None = None
    target: float | None = None
    patience: int | None = None
    repeats: int = 1


Listener: TypeAlias = Callable[[Trial | None], None]


@dataclass(frozen=True)
class Running:
    """A trial that was started and has not ended."""

    number: int
    origin: Origin
    point: Point
    start: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.start


class Search:
    """One search of a study: decides points, has them run, records what came of them.

    When it has ended, :meth:`take_best` has the outcome of the study's best trial, if that ran just now; ``broken`` is
    that of a baseline which says that the cell itself is at fault; ``n_run`` counts the trials that ran; ``drawn`` are
    the global random generators that they were seen to draw from. What a user may ask of it meanwhile (:meth:`pause`,
    :meth:`resume`, :meth:`skip`, :meth:`stop`, :meth:`run_next`, :meth:`narrow`) may be called from any thread: the
    loop obeys where it next can.

    Parameters
    ----------
    ledger : Ledger
        Of the study that is searched.
    executor : Executor
        Where trials run.
    interrupts : Interrupts
        Of the kernel; one ends the search.
    sampler : PointSampler
    limits : Limits
    pruning : Pruning, optional
        Which trials that report are ended early; none by default.
    say : callable
        Takes a line for the user.
    """

    def __init__(
        self,
        ledger: Ledger,
        executor: Executor,
        interrupts: Interrupts,
        sampler: PointSampler,
        limits: Limits,
        pruning: Pruning | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self.ledger, self.executor, self.sampler, self.limits = ledger, executor, sampler, limits
        self.is_paused = self.is_running = self.is_stopped = False
        self.n_run = 0
        self.drawn: tuple[str, ...] = ()
        self.broken: Outcome | None = None
        self._interrupts = interrupts
        self._start = time.monotonic()
        self._end: float | None = None
        self._deadline: float | None = None
        self._listeners: list[Listener] = []
        self._pruning, self._say, self._said = pruning, say, set[str]()
        self._wanted: deque[Point] = deque()
        self._narrowed: Space | None = None
        self._running: dict[int, Running] = {}
        self._finished = self._failures = self._since_best = 0
        self._exhausted: str | None = None
        self._own: tuple[Origin, Point] | None = None
        self._best: Outcome | None = None

    def run(self) -> None:
        """Run trials until a limit ends it; the study says which."""
        limit_s = self.limits.timeout_s
        self._deadline = None if limit_s is None else time.monotonic() + limit_s
        try:
            with self._writing():
                self._take_up()
                self._tell(None)
                self.ledger.end(self._loop())
        finally:
            # It is this search's, not that of a trial which the user asks for afterwards.
            self._deadline = None
            self._end = time.monotonic()

    def go_on(self, trials: int) -> None:
        """Run so many more trials, after the search has ended."""
        self._interrupts.is_interrupted = self.is_stopped = self.is_paused = False
        self._failures = self._since_best = 0
        # The time in between is not the search's.
        self._start, self._end = time.monotonic() - self.elapsed_s, None
        self.limits = replace(self.limits, n=len(self.ledger.finished) + trials)
        self.run()

    def _take_up(self) -> None:
        """Go on from the trials that there are."""
        self.ledger.close_left_open()
        finished = self.ledger.finished
        self._finished = len(finished)
        for trial in finished:
            self.sampler.remember(trial.params)
        self._own = self._own_point(finished)

    def _loop(self) -> str:
        """Start trials and record their ends; return why no more are to be run, when none runs any more."""
        while True:
            ending = self._cut_short() or self._enough()
            if ending is None and self._may_start():
                self._begin_next()
                self._record_ended(wait_s=0.0)  # what others report is not to wait until all are started
            elif self._running:
                self._record_ended()
            elif ending is None:
                self._wait_to_go_on()
            else:
                return ending

    def _record_ended(self, wait_s: float | None = None) -> None:
        for number, outcome in self.executor.ended(wait_s):
            self.n_run += 1
            self._tell(self._finish(number, outcome))
        if self.executor.note:
            self._say_once(self.executor.note)

    def _cut_short(self) -> str | None:
        """Return why the search ends at once, if it does; what runs is then abandoned."""
        if self._interrupts.is_interrupted:
            reason = Ending.INTERRUPTED.text()
        elif self.is_stopped:
            reason = Ending.STOPPED.text()
        else:
            return None if self.broken is None else Ending.BROKEN.text()
        for number in self.running:
            self.executor.abandon(number, State.INTERRUPTED, reason)
        return reason

    def _enough(self) -> str | None:
        """Return why no more trials are to be started, if that is so."""
        limits = self.limits
        if self._wanted:
            return None
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return Ending.TIME_UP.text()
        if self._own is not None:
            return None
        if self._finished >= limits.n:
            return Ending.DONE.text(f"{counted(self._finished, 'trial')} {'is' if self._finished == 1 else 'are'}")
        if self._failures >= _FAILURES_IN_A_ROW:
            return Ending.FAILURES.text(_FAILURES_IN_A_ROW)
        if limits.patience is not None and self._since_best >= limits.patience:
            return Ending.NO_GAIN.text(limits.patience)
        if limits.target is not None and self._reaches(limits.target):
            return Ending.TARGET.text()
        self._obey()
        return Ending.EXHAUSTED.text("points") if self.sampler.is_exhausted else self._exhausted

    def _may_start(self) -> bool:
        """Tell whether a trial is to be started now."""
        if self.executor.free == 0 or any(running.origin == "baseline" for running in self._running.values()):
            return False  # while the baseline runs it is not known whether the cell works
        is_due = self._own is not None or self._finished + len(self._running) < self.limits.n
        return bool(self._wanted) or (is_due and not self.is_paused)

    def _begin_next(self) -> None:
        if not self.n_run:
            self.ledger.end("")  # why the last search ended is no longer so
        try:
            self._begin()
        except SpaceExhausted as exhausted:
            self._exhausted = str(exhausted)

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with each trial that has ended; with None before the first one, and when one starts.

        One that raises is not called any more.
        """
        self._listeners.append(listener)

    def take_best(self) -> Outcome | None:
        """Return the outcome of the study's best trial, if that ran just now, and keep its objects no longer."""
        best, self._best = self._best, None
        return best

    def _tell(self, trial: Trial | None) -> None:
        for listener in list(self._listeners):
            try:
                listener(trial)
            except Exception as error:  # of what only shows the search, which goes on without
                self._listeners.remove(listener)
                self._say_once(f"what shows the search failed and is left out: {type(error).__name__}: {error}")

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)

    def run_one(
        self, point: Mapping[str, Value], origin: Origin = "manual", *, keeps_error: bool = False
    ) -> tuple[Trial, Outcome]:
        """Run one trial of the user's choice when no search runs; return it, and what came of it."""
        self._interrupts.is_interrupted = self.is_stopped = False
        with self._writing():
            self._own = origin, self.ledger.space.point(point)
            number = self._begin(keeps_error=keeps_error)
            ended: dict[int, Outcome] = {}
            while number not in ended:
                ended = dict(self.executor.ended())
            trial = self._finish(number, ended[number])
            self._best = None
            self._tell(trial)
        return trial, ended[number]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self.is_running = True
        try:
            with self.ledger.journal.writing(), self._interrupts.guarding(self.executor.wake):
                yield
        finally:
            self.is_running = False

    def pause(self) -> None:
        """Start no trial until :meth:`resume`, but for those of :meth:`run_next`; what runs ends as usual."""
        self.is_paused = True

    def resume(self) -> None:
        """Go on."""
        self.is_paused = False
        self.executor.wake()

    def skip(self, number: int | None = None) -> None:
        """Give a running trial up, or all that run; it counts as pruned."""
        for each in self.running if number is None else [number]:
            self.executor.abandon(each, State.PRUNED, "skipped by hand")

    @property
    def jobs(self) -> int:
        """How many trials run at a time; set it while the search runs, where trials run in processes of their own.

        Where it is lowered, the trials that run end first.

        Raises
        ------
        UsageError
            When it is set to less than 1, or trials run in the kernel.
        """
        return self.executor.jobs

    @jobs.setter
    def jobs(self, jobs: int) -> None:
        self.executor.jobs = jobs
        self.executor.wake()

    def stop(self) -> None:
        """Give the running trials up, and start no other."""
        self.is_stopped = True
        for number in self.running:
            self.executor.abandon(number, State.INTERRUPTED, Ending.STOPPED.text())
        self.executor.wake()

    def run_next(self, point: Mapping[str, Value]) -> None:
        """Run a point of the user's choice next, also while paused."""
        self._wanted.append(self.ledger.space.point(point))
        self.executor.wake()

    def narrow(self, space: Space) -> None:
        """Search only in ``space`` from the next trial on, as :meth:`PointSampler.narrow` says."""
        self._narrowed = space

    def _wait_to_go_on(self) -> None:
        """Wait while the search is paused; its time stands still meanwhile."""
        start = time.monotonic()
        self.executor.ended()
        if self._deadline is not None:
            self._deadline += time.monotonic() - start

    @property
    def running(self) -> list[int]:
        """The numbers of the trials that run, in order of start."""
        return list(self._running)

    @property
    def in_flight(self) -> list[Running]:
        """The trials that run, in order of start."""
        return list(self._running.values())

    @property
    def finished(self) -> int:
        """How many trials count towards ``-n``, those from before included."""
        return self._finished

    @property
    def elapsed_s(self) -> float:
        """Seconds since it was made, until it ended."""
        return (self._end or time.monotonic()) - self._start

    @property
    def left_s(self) -> float | None:
        """Expected seconds to its end, at the pace so far; None while that says nothing."""
        if self.n_run < 2:
            return None
        left = self.elapsed_s / self.n_run * max(0, self.limits.n - self._finished)
        return left if self._deadline is None else min(left, max(0.0, self._deadline - time.monotonic()))

    def _obey(self) -> None:
        # The sampler is asked and told in this thread only.
        narrowed, self._narrowed = self._narrowed, None
        if narrowed is not None:
            self.sampler.narrow(narrowed)

    def _reaches(self, target: float) -> bool:
        if (best := self.ledger.best) is None:
            return False
        is_max = self.ledger.objectives[0].direction == "maximize"
        value = best.expected.mean if best.expected else best.values[0]
        return value >= target if is_max else value <= target

    def _own_point(self, finished: Sequence[Trial]) -> tuple[Origin, Point] | None:
        """Return the cell's own literals, where they are still to be tried.

        The first ones are the baseline; a user who types others later wants to see them tried as well.
        """
        own, baseline = self.ledger.space.baseline, self.ledger.baseline
        # Where nothing came after a failed baseline the cell was broken, by what may have been mended since.
        was_broken = all(trial.origin == "baseline" and trial.state == State.FAILED for trial in finished)
        if baseline is None or was_broken:
            return "baseline", own
        tried = {Space.key(trial.params) for trial in finished}
        return None if Space.key(own) in tried else ("manual", own)

    def _begin(self, *, keeps_error: bool = False) -> int:
        """Start the next trial and return its number."""
        origin, given = self._choose()
        if given is None:
            number, point = self.ledger.ask(self.sampler)
        else:
            number, point = self.ledger.start_trial(origin, given), given
            self.sampler.remember(point)
        if self.sampler.failure is not None:
            error = self.sampler.failure
            self._say_once(f"the sampler failed, points are drawn uniformly: {type(error).__name__}: {error}")
        self._start_pruning()
        values = tuple(self.ledger.space.complete(point).values())
        # A baseline that fails is shown as the user's own error.
        task = Task(number, values, self.limits.repeats, self._limit(), keeps_error or origin == "baseline")
        self.executor.start(task, partial(self._is_hopeless, number))
        self._running[number] = Running(number, origin, point)
        if self.is_stopped:  # meanwhile, when this trial was none of those that run
            self.stop()
        self._tell(None)
        return number

    def _start_pruning(self) -> None:
        if self._pruning is not None:
            self._pruning.start()
            if self._pruning.note:
                self._say_once(self._pruning.note)

    def _finish(self, number: int, outcome: Outcome) -> Trial:
        """Record how a trial ended."""
        running = self._running[number]
        trial = self.ledger.end_trial(number, outcome)
        del self._running[number]
        self._count(trial, outcome)
        if outcome.state == State.INTERRUPTED:
            self.sampler.forget(running.point)
        elif running.origin == "baseline" and outcome.is_broken:
            self.broken = outcome
        return trial

    def _is_hopeless(self, number: int, step: int, value: float) -> bool:
        """Record what a trial reports; return whether it shall end."""
        if len(self.ledger.objectives) > 1:
            return False
        trial = self.ledger.report_value(number, step, value)
        return self._pruning is not None and self._pruning.is_hopeless(trial)

    def _choose(self) -> tuple[Origin, Point | None]:
        """Return what to run next: the cell's own literals, what the user asked for, else what the sampler proposes."""
        own, self._own = self._own, None
        if own is not None:
            return own
        return ("manual", self._wanted.popleft()) if self._wanted else ("sampler", None)

    def _limit(self) -> TimeLimit | None:
        """Return the next trial's time limit: its own, or what is left of the search's."""
        left = None if self._deadline is None else self._deadline - time.monotonic()
        own = self.limits.trial_timeout_s
        if left is not None and (own is None or left < own):
            return TimeLimit(left, Verdict(State.INTERRUPTED, "the search's time was up"))
        return None if own is None else TimeLimit(own, Verdict(State.TIMED_OUT, f"it took more than {own} s"))

    def _count(self, trial: Trial, outcome: Outcome) -> None:
        self.drawn = self.drawn or outcome.drawn
        for note in outcome.notes:
            self._say_once(note)
        self._finished += trial.is_finished
        self._failures = self._failures + 1 if outcome.state in (State.FAILED, State.TIMED_OUT) else 0
        self._since_best += 1
        best = self.ledger.best
        if best is not None and best.number == trial.number:
            self._best, self._since_best = outcome, 0
