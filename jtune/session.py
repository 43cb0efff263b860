"""A tuned cell from the magic's options to the study that the user holds."""

from __future__ import annotations

import contextlib
import keyword
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jtune.comparability import Comparability, warn_of_chance
from jtune.desk import desk
from jtune.errors import ConditionError, UsageError
from jtune.executors import Executor
from jtune.language.cell import Cell
from jtune.prepared import PreparedCell
from jtune.samplers import PointSampler, make_pruner, make_sampler
from jtune.samplers.pruning import Pruning
from jtune.search import Limits, Search
from jtune.study import Latest, Study
from jtune.trials.execute import user_frames
from jtune.trials.outcome import Outcome, Output, State
from jtune.views import lab
from jtune.views.progress import Progress
from jtune.views.status import summary

if TYPE_CHECKING:
    from jtune.views.panel import Panel

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Options:
    """What the magic line says, with its defaults filled in.

    Parameters
    ----------
    name : str or None
        Of the study, and of the variable it is bound to.
    limits : Limits
    sampler, pruner : str
        By name.
    seed : int or None
    is_fresh : bool
        Whether to start anew.
    has_panel : bool or None
        Whether a notebook shows sliders and charts; None where somebody can use them.
    replicate : float
        The share of trials that may run a leader of a noisy objective once more.
    jobs : int or None
        How many trials run at a time, in processes of their own; None where that is not said.
    is_parallel : bool
        Whether trials run in processes of their own.
    client : str or None
        The variable that says where these are.
    has_gpus : bool
        Whether each of them has a GPU of its own.
    """

    name: str | None
    limits: Limits
    sampler: str = "gp"
    pruner: str = "median"
    seed: int | None = None
    is_fresh: bool = False
    has_panel: bool | None = None
    replicate: float = 0.3
    jobs: int | None = None
    is_parallel: bool = False
    client: str | None = None
    has_gpus: bool = False

    @classmethod
    def of(cls, given: Any) -> Options:
        """Return the parsed options of a magic line, each of which has a value.

        Raises
        ------
        UsageError
            At one that makes no sense.
        """
        name = given.name
        if name and (not name.isidentifier() or keyword.iskeyword(name)):
            raise UsageError(f"NAME {name!r} is bound to a variable; write letters, digits and _ only")
        for option in ("n", "repeats", "patience"):
            if getattr(given, option) is not None and getattr(given, option) < 1:
                raise UsageError(f"{'-' if option == 'n' else '--'}{option} counts from 1")
        if not 0 <= given.replicate <= 1:
            raise UsageError(f"--replicate {given.replicate:g} is no share of the trials; write 0 for none, up to 1")
        limits = Limits(
            n=given.n,
            timeout_s=_seconds(given.timeout, "--timeout"),
            trial_timeout_s=_seconds(given.trial_timeout, "--trial-timeout"),
            target=given.target,
            patience=given.patience,
            repeats=given.repeats,
        )
        return cls(
            name,
            limits,
            given.sampler,
            given.pruner,
            given.seed,
            given.fresh,
            given.panel,
            given.replicate,
            **_places(given),
        )


def _places(given: Any) -> dict[str, Any]:
    """Return where trials run, as a magic line says it."""
    jobs, client, has_gpus = given.jobs, given.on or None, bool(given.gpus)
    if client and has_gpus:
        raise UsageError(f"--gpus is for --jobs, on this machine; who {client} gives its GPUs to, is said there")
    if jobs and jobs != "auto" and not (jobs.isdecimal() and int(jobs) > 0):
        raise UsageError(f"--jobs {jobs!r} is no number of processes; write for example --jobs 4, or --jobs auto")
    number = int(jobs) if jobs and jobs != "auto" else None
    return {"jobs": number, "is_parallel": bool(jobs or client or has_gpus), "client": client, "has_gpus": has_gpus}


def _seconds(text: str, option: str) -> float | None:
    """Return a duration such as ``90``, ``30s``, ``10m`` or ``1h30m`` in seconds; None for an empty one."""
    if not text:
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    total = sum(float(number) * _SECONDS[unit or "s"] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != text or total <= 0:
        raise UsageError(f"{option} {text!r} is not a duration; write for example 30s, 10m or 1h30m")
    return total


def tune(shell: Any, cell: Cell, header: str, options: Options) -> None:
    """Search, leave the best trial's bindings in the namespace, bind the study to its name, and display it.

    Raises
    ------
    UsageError
        If the cell has nothing to tune or no objective, or a name collides.
    KeyboardInterrupt
        After an interrupt, when all of the above is done.
    """
    if not cell.objectives and len(cell.space):
        raise UsageError(
            "no objective; mark it, loss = ...  # tune: minimize, or name it on the magic line: --minimize loss"
        )
    prepared = PreparedCell(shell, cell, header, options.name, options.is_fresh)
    sampler = _sampler(cell, options)
    pruner = make_pruner(options.pruner if cell.reports else None, options.limits.n)
    executor = _executor(prepared, options)
    # From here on an interrupt is heard, but cuts nothing of jtune's own in half.
    with contextlib.closing(executor), prepared.interrupts.guarding(), prepared.store.journal.writing():
        study = prepared.study(sampler, pruner)
        progress = Progress(shell, study.name)
        search = _search(prepared, executor, study, sampler, options.limits)
        try:
            _run(search, prepared, study, progress, _panel(shell, study, options))
        except ConditionError as error:
            progress.fail(summary(study))
            error.consequence = "the search ends"
            raise
        finally:
            _leave_best(prepared, study, search)
        study = prepared.kept(study, is_broken=search.broken is not None)
        if search.broken is not None:
            progress.fail(f"{study.name}: the cell's own values failed, nothing else was run")
            _raise_as_the_users(shell, search.broken, prepared.filename)
    best = study.best
    progress.end(study, lambda: _replay(shell, best.outputs if best else ()))
    if prepared.interrupts.is_interrupted:
        raise _interrupt(study.name)


def explore(shell: Any, cell: Cell, header: str, options: Options) -> None:
    """Run the cell as it stands, and again with each move of a slider; every run is a trial of the study.

    Raises
    ------
    UsageError
        If the cell has nothing to tune, or a name collides.
    """
    from jtune.explore import Explorer

    prepared = PreparedCell(shell, cell, header, options.name, options.is_fresh)
    sampler = make_sampler("random", cell.space, seed=options.seed)
    with prepared.interrupts.guarding(), prepared.store.journal.writing():
        study = prepared.study(sampler, make_pruner(None, 1))
        panel = _panel(shell, study, options)
        search = Search(prepared.ledger, prepared.here, prepared.interrupts, sampler, Limits())
        search.listen(lambda _: prepared.leave_out_written())
        explorer = Explorer(study, search, prepared.here, panel)
        outcome = explorer.run(study.space.baseline)
        study = prepared.kept(study, is_broken=outcome.is_broken)
        if outcome.state == State.INTERRUPTED:
            raise KeyboardInterrupt(f"{study.name} was interrupted")
        if outcome.state != State.COMPLETE:
            _raise_as_the_users(shell, outcome, prepared.filename)
    progress = Progress(shell, study.name)
    progress.end(study, lambda: None)
    if panel is not None:
        panel.show()
    _replay(shell, outcome.outputs)


def _sampler(cell: Cell, options: Options) -> PointSampler:
    """Return what proposes the points, as the options say."""
    return make_sampler(
        options.sampler,
        cell.space,
        seed=options.seed,
        n_trials=options.limits.n,
        n_objectives=len(cell.objectives),
        replicate=options.replicate,
    )


def _executor(prepared: PreparedCell, options: Options) -> Executor:
    """Return where trials run, as the options say."""
    if not options.is_parallel:
        return prepared.here
    return prepared.elsewhere(options.jobs, options.client, has_gpus=options.has_gpus)


def _search(prepared: PreparedCell, executor: Executor, study: Study, sampler: PointSampler, limits: Limits) -> Search:
    cell, pruning = prepared.cell, None
    if cell.reports and len(study.objectives) == 1:
        pruning = Pruning(prepared.ledger.optuna, cell.reports[0][0], cell.report_directions[0])
    return Search(prepared.ledger, executor, prepared.interrupts, sampler, limits, pruning, prepared.say)


def _run(search: Search, prepared: PreparedCell, study: Study, progress: Progress, panel: Panel | None) -> None:
    """Run a search to its end, and show how far it is."""
    search.listen(lambda _: progress.update(search))
    search.listen(lambda _: prepared.leave_out_written())
    search.listen(Comparability(prepared, search))
    if panel is None:
        search.run()
        return
    search.listen(panel.update)
    panel.attach(
        study,
        search,
        lambda point: prepared.run_point(study, search, point),
        lambda trials: _go_on(prepared, study, search, trials),
    )
    progress.update(search)
    panel.show()
    try:
        search.run()
    finally:
        panel.end()


def _go_on(prepared: PreparedCell, study: Study, search: Search, trials: int) -> None:
    """Run more trials of a search whose cell has ended, in the kernel; the best one's variables stay."""
    with prepared.interrupts.guarding(), prepared.store.journal.writing():
        try:
            search.go_on(trials)
        finally:
            _leave_best(prepared, study, search)


def _leave_best(prepared: PreparedCell, study: Study, search: Search) -> None:
    """Leave the best trial's variables in the namespace, and trials that are asked for from now on to this process."""
    search.executor = prepared.here
    desk.the(Latest).keep_runner(study, lambda point: prepared.run_point(study, search, point, "confirm"))
    if search.broken is None:
        is_ended_by_hand = prepared.interrupts.is_interrupted or search.is_stopped
        if not is_ended_by_hand:
            warn_of_chance(prepared, search)
        prepared.leave_best(study, search.take_best(), may_run=not is_ended_by_hand)


def _panel(shell: Any, study: Study, options: Options) -> Panel | None:
    """Return the study's panel, or None where nobody would see it."""
    is_wanted = lab.is_attended() if options.has_panel is None else options.has_panel
    if not (is_wanted and hasattr(shell, "kernel")):
        return None
    try:
        from jtune.views.panel import panel_of
    except (ImportError, FileNotFoundError) as error:
        # A checkout whose page side is not built, or ipywidgets in disorder: the search does not depend on it.
        print(f"{study.name}: no panel: {error}")
        return None
    return panel_of(study)


def _replay(shell: Any, outputs: Sequence[Output]) -> None:
    """Show what a trial showed."""
    for output in outputs:
        if output["output_type"] == "stream":
            stream = sys.stderr if output["name"] == "stderr" else sys.stdout
            stream.write(output["text"])
            stream.flush()
        else:
            shell.display_pub.publish(output["data"], output["metadata"])


def _raise_as_the_users(shell: Any, broken: Outcome, filename: str) -> None:
    """Show what the baseline showed, and raise its error with the user's own traceback."""
    _replay(shell, broken.outputs)
    error = broken.error
    if error is None:
        raise UsageError(f"the cell's own values give no objective: {broken.reason}")
    frames = user_frames(error, filename)
    _render(error, shell.InteractiveTB.structured_traceback(type(error), error, frames, tb_offset=0))
    raise error.with_traceback(frames)


def _interrupt(name: str) -> KeyboardInterrupt:
    """Return the one-line error in which the cell of an interrupted search ends."""
    interrupt = KeyboardInterrupt(f"{name} was interrupted; run the cell again to go on")
    _render(interrupt, [f"KeyboardInterrupt: {interrupt}"])
    return interrupt


def _render(error: BaseException, lines: list[str]) -> None:
    with contextlib.suppress(AttributeError):  # a class with slots keeps jtune's frames in its traceback
        error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
