"""A tuned cell from the magic's options to the study that the user holds."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from jtune.cell import Cell
from jtune.errors import UsageError
from jtune.magic import seconds
from jtune.namespace import changed, fingerprints, names_bound, names_read
from jtune.progress import Progress
from jtune.runner import Outcome, Runner, user_frames
from jtune.samplers import default_sampler, make_pruner, make_sampler
from jtune.search import Limits, Search
from jtune.study import Definition, Goal, Store, Study, remember

if TYPE_CHECKING:
    from jtune.magic import JTune


def tune(settings: JTune, cell: Cell, header: str, options: Any) -> None:
    """Search, leave the best trial's bindings in the namespace, bind the study to its name, and display it.

    Raises
    ------
    UsageError
        If the cell has nothing to tune or no objective, or a name collides.
    """
    shell: Any = settings.shell
    namespace = shell.user_ns
    name = options.name or f"tune-{cell.identity[:8]}"
    _check(cell, options.name)
    filename = shell.compile.cache(cell.python, shell.execution_count)
    template = cell.template(filename, shell.compile.flags)
    reads = names_read(template.blank)
    if options.name in reads:
        raise UsageError(f"the cell reads {name} from outside; give the study another NAME")
    bound = names_bound(template.blank)
    inputs = fingerprints(namespace, reads, bound=bound)
    goals = tuple(Goal(objective.direction, objective.label) for objective in cell.objectives)
    definition = Definition(name, cell.space, goals, cell.identity, inputs, header, cell.source, cell.spans)

    n = options.n or settings.n
    sampler = make_sampler(
        options.sampler or settings.sampler or default_sampler(len(goals)),
        cell.space,
        seed=options.seed,
        n_trials=n,
        n_objectives=len(goals),
    )
    pruner = make_pruner((options.pruner or settings.pruner) if cell.reports else None, n)
    limits = Limits(
        n,
        seconds(options.timeout, "--timeout"),
        seconds(options.trial_timeout, "--trial-timeout"),
        options.target,
        options.patience,
        options.repeats,
    )

    study, said = _continued_or_new(Store(name), definition, options.fresh)
    for text in [*said, *([sampler.note] if sampler.note else [])]:
        print(text)
    study.optuna.sampler, study.optuna.pruner = sampler, pruner
    runner = Runner(cell, template, namespace, shell)
    progress = Progress(shell, name)
    trials_run = 0

    def after_trial() -> None:
        nonlocal trials_run
        trials_run += 1
        progress.update(search)
        if trials_run == 2 and (names := changed(inputs, fingerprints(namespace, reads, bound=bound))):
            print(
                f"{name}: the cell changes {', '.join(names)} in place; trials can only be compared when each starts "
                "from the same state, so make a copy in the cell"
            )

    search = Search(study, runner, sampler, limits, after_trial)
    study.ending = search.run()
    if search.broken is not None:
        _raise_as_the_users(shell, search.broken, filename)
    remember(study)
    _leave_best(study, search, runner, namespace)
    if options.name:
        namespace[name] = study
    progress.end(study)
    if runner.gate.is_interrupted:
        interrupt = KeyboardInterrupt(f"{name} was interrupted; run the cell again to go on")
        _render(interrupt, [f"KeyboardInterrupt: {interrupt}"])
        raise interrupt


def _check(cell: Cell, name: str | None) -> None:
    if not len(cell.space):
        raise UsageError("nothing to tune; mark a literal, for example C=1.0,  # tune: 1e-3..1e3 log")
    if not cell.objectives:
        raise UsageError(
            "no objective; mark it, loss = ...  # tune: minimize, or name it on the magic line: --minimize loss"
        )
    if name and cell.binds(name):
        raise UsageError(f"the cell assigns {name} itself; give the study another NAME")


def _continued_or_new(store: Store, definition: Definition, is_fresh: bool) -> tuple[Study, list[str]]:
    """Return the study to go on with, and what to say about it."""
    found = store.newest()
    with store.journal.writing():
        if found is None or is_fresh:
            return store.start(definition), []
        old = found.definition
        if old.identity != definition.identity:
            return store.start(definition), [f"{store.name}: the code has changed, a new study is started"]
        names = ", ".join(changed(old.inputs, definition.inputs))
        if names:
            return store.start(definition), [f"{store.name}: {names} changed, a new study is started"]
        untold = ", ".join(key for key, value in definition.inputs.items() if value is None)
        said = [f"{store.name}: continued; whether {untold} changed cannot be told"] if untold else []
        if _domains(old) == _domains(definition):
            return found, said
        study = store.start(definition)
        kept = [trial for trial in found.finished if definition.space.accepts(trial.params)]
        study.adopt(kept)
        return study, [*said, f"{store.name}: other domains; {len(kept)} of {len(found.finished)} trials still fit"]


def _domains(definition: Definition) -> list[tuple[str, str, str]]:
    return [(p.name, str(p.domain), p.condition.text if p.condition else "") for p in definition.space]


def _leave_best(study: Study, search: Search, runner: Runner, namespace: dict[str, Any]) -> None:
    """Bind what the best trial bound; a best trial of another kernel is run again, as no trial."""
    best = study.best
    outcome = search.best
    if best is not None and outcome is None:
        outcome = runner.run(best.params)
    if outcome is not None and outcome.bindings is not None:
        outcome.bindings.apply(namespace)


def _raise_as_the_users(shell: Any, broken: Outcome, filename: str) -> None:
    """Raise the error of the baseline with the user's own traceback."""
    error = broken.error
    if error is None:
        raise UsageError(f"the cell's own values give no objective: {broken.reason}")
    frames = user_frames(error, filename)
    _render(error, shell.InteractiveTB.structured_traceback(type(error), error, frames, tb_offset=0))
    raise error.with_traceback(frames)


def _render(error: BaseException, lines: list[str]) -> None:
    with contextlib.suppress(AttributeError):  # a class with slots keeps jtune's frames in its traceback
        error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
