"""A tuned cell from the magic's options to the study that the user holds."""

from __future__ import annotations

import contextlib
import keyword
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jtune.cell import Cell
from jtune.errors import UsageError
from jtune.fingerprint import changed
from jtune.inputs import Inputs, merged
from jtune.ledger import Definition, Goal, Ledger, Store, Trial, trials_that_fit
from jtune.outcome import Outcome, Output
from jtune.progress import Progress
from jtune.runner import Runner, user_frames
from jtune.samplers import PointSampler, make_pruner, make_sampler
from jtune.search import Limits, Search
from jtune.study import Study, remember

if TYPE_CHECKING:
    from jtune.panel import Panel
    from jtune.space import Point

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
    has_panel : bool
        Whether a notebook shows sliders and charts.
    """

    name: str | None
    limits: Limits
    sampler: str = "gp"
    pruner: str = "median"
    seed: int | None = None
    is_fresh: bool = False
    has_panel: bool = True

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
        limits = Limits(
            n=given.n,
            timeout_s=_seconds(given.timeout, "--timeout"),
            trial_timeout_s=_seconds(given.trial_timeout, "--trial-timeout"),
            target=given.target,
            patience=given.patience,
            repeats=given.repeats,
        )
        return cls(name, limits, given.sampler, given.pruner, given.seed, given.fresh, given.panel)


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
    opening = _Opening(shell, cell, header, options)
    sampler = make_sampler(
        options.sampler,
        cell.space,
        seed=options.seed,
        n_trials=options.limits.n,
        n_objectives=len(cell.objectives),
    )
    pruner = make_pruner(options.pruner if cell.reports else None, options.limits.n)
    # From here on an interrupt is heard, but cuts nothing of jtune's own in half.
    with opening.runner.gate.guarding(), opening.store.journal.writing():
        ledger = opening.ledger(sampler, pruner)
        study = Study(ledger)
        progress = Progress(shell, study.name)
        panel = _panel(shell, study, options)
        search = _search(ledger, study, opening, sampler, options.limits, progress, panel)
        if search.broken is not None:
            progress.fail(f"{study.name}: the cell's own values failed, nothing else was run")
            _raise_as_the_users(shell, search.broken, opening.filename)
        best = _best_outcome(study, search, opening.runner)
        if best is not None and best.bindings is not None:
            best.bindings.apply(shell.user_ns)
        opening.bind(study)
    progress.end(study, lambda: _replay(shell, best.outputs if best else ()))
    if opening.runner.gate.is_interrupted:
        interrupt = KeyboardInterrupt(f"{study.name} was interrupted; run the cell again to go on")
        _render(interrupt, [f"KeyboardInterrupt: {interrupt}"])
        raise interrupt


def explore(shell: Any, cell: Cell, header: str, options: Options) -> None:
    """Run the cell as it stands, and again with each move of a slider; every run is a trial of the study.

    Raises
    ------
    UsageError
        If the cell has nothing to tune, or a name collides.
    """
    from jtune.explore import Explorer

    opening = _Opening(shell, cell, header, options)
    sampler = make_sampler("random", cell.space, seed=options.seed)
    with opening.runner.gate.guarding(), opening.store.journal.writing():
        ledger = opening.ledger(sampler, make_pruner(None, 1))
        study = Study(ledger)
        panel = _panel(shell, study, options)
        search = Search(ledger, opening.runner, sampler, options.limits, lambda _: None)
        explorer = Explorer(study, search, panel)
        outcome = explorer.run(study.space.baseline)
        if outcome.state == "interrupted":
            raise KeyboardInterrupt(f"{study.name} was interrupted")
        if outcome.state != "complete":
            _raise_as_the_users(shell, outcome, opening.filename)
        opening.bind(study)
    progress = Progress(shell, study.name)
    progress.end(study, lambda: None)
    if panel is not None:
        panel.show()
    _replay(shell, outcome.outputs)


class _Opening:
    """A cell that is about to run, and where its study is.

    Raises
    ------
    UsageError
        If the cell has nothing to tune, or a name collides.
    """

    def __init__(self, shell: Any, cell: Cell, header: str, options: Options) -> None:
        _check(cell, options.name)
        self._shell, self._cell, self._options = shell, cell, options
        self.filename = shell.compile.cache(cell.python, shell.execution_count)
        template = cell.template(self.filename, shell.compile.flags)
        self.inputs = Inputs(shell.user_ns, template)
        if options.name in self.inputs.names:
            raise UsageError(f"the cell reads {options.name} from outside; give the study another NAME")
        self._definition = _definition(cell, header, options, self.inputs, cell_id(shell))
        self.runner = Runner(cell, template, shell.user_ns, shell)
        self.store = Store(self._definition.name)

    def ledger(self, sampler: PointSampler, pruner: Any) -> Ledger:
        """Return the trials to go on with, and say what there is to say about them."""
        ledger, said = _continued_or_new(self.store, self._cell, self._definition, self._options.is_fresh)
        ledger.optuna.sampler, ledger.optuna.pruner = sampler, pruner
        _say(ledger.name, [*said, *self.inputs.notes, *([sampler.note] if sampler.note else [])])
        return ledger

    def bind(self, study: Study) -> None:
        """Make the study known under its name."""
        if self._options.name:
            self._shell.user_ns[self._options.name] = study
        remember(study)


def _check(cell: Cell, name: str | None) -> None:
    if not len(cell.space):
        raise UsageError("nothing to tune; mark a literal, for example C=1.0,  # tune: 1e-3..1e3 log")
    if name and cell.binds(name):
        raise UsageError(f"the cell assigns {name} itself; give the study another NAME")


def cell_id(shell: Any) -> str:
    """Return the notebook's id of the cell that is running; empty where the page does not tell."""
    parent = shell.kernel.get_parent("shell") if hasattr(shell, "kernel") else {}
    found = parent.get("metadata", {}).get("cellId", "")
    return found if isinstance(found, str) else ""


def _definition(cell: Cell, header: str, options: Options, inputs: Inputs, cell_id: str) -> Definition:
    return Definition(
        name=options.name or _made_up_name(cell),
        space=cell.space,
        objectives=tuple(Goal(objective.direction, objective.label) for objective in cell.objectives),
        identity=cell.identity,
        inputs=inputs.fingerprints,
        header=header,
        source=cell.source,
        spans=cell.spans,
        cell=cell_id,
    )


def _made_up_name(cell: Cell) -> str:
    of_0_1_0 = f"tune-{cell.identity_of_0_1_0[:8]}"
    return of_0_1_0 if Store(of_0_1_0).newest() else f"tune-{cell.identity[:8]}"


def _continued_or_new(store: Store, cell: Cell, definition: Definition, is_fresh: bool) -> tuple[Ledger, list[str]]:
    """Return the trials to go on with, and what to say about them."""
    found = store.newest()
    if found is None or is_fresh:
        return store.start(definition), []
    old = found.definition
    if old.identity not in (cell.identity, cell.identity_of_0_1_0):
        return store.start(definition), ["the code has changed, a new study is started"]
    if names := changed(old.inputs, definition.inputs):
        return store.start(definition), [f"{', '.join(names)} changed, a new study is started"]
    untold = ", ".join(key for key, value in definition.inputs.items() if value is None)
    definition = replace(definition, inputs=merged(old.inputs, definition.inputs))
    said = [f"continued; whether {untold} changed cannot be told"] if untold else []
    kept, finished = trials_that_fit(found, definition), found.finished
    is_same_space = _domains(old) == _domains(definition)
    if is_same_space and len(kept) == len(finished):
        found.redefine(definition)
        return found, said
    ledger = store.start(definition)
    ledger.adopt(kept)
    edited = f"another literal of {', '.join(definition.space.edited_inactive(old.space))}"
    what = edited if is_same_space else "other domains"
    return ledger, [*said, f"{what}; {len(kept)} of {len(finished)} trials still fit"]


def _domains(definition: Definition) -> list[tuple[str, str, str]]:
    return [(p.name, str(p.domain), p.condition.text if p.condition else "") for p in definition.space]


def _search(
    ledger: Ledger,
    study: Study,
    opening: _Opening,
    sampler: PointSampler,
    limits: Limits,
    progress: Progress,
    panel: Panel | None,
) -> Search:
    """Return a search of the study's ledger that has ended."""

    def listen(trial: Trial | None) -> None:
        progress.update(search)
        if panel is not None:
            panel.update(trial)
        if trial is not None and search.n_run == 2 and (names := opening.inputs.changed()):
            advice = "trials can only be compared when each starts from the same state, so make a copy in the cell"
            _say(study.name, [f"the cell changes {', '.join(names)} in place; {advice}"])

    search = Search(ledger, opening.runner, sampler, limits, listen)
    if panel is None:
        search.run()
        return search
    panel.attach(study, search, lambda point: _run_again(study, search, point))
    progress.update(search)
    panel.show()
    try:
        search.run()
    finally:
        panel.end()
    return search


def _panel(shell: Any, study: Study, options: Options) -> Panel | None:
    """Return the study's panel, or None where nobody would see it."""
    if not (options.has_panel and hasattr(shell, "kernel")):
        return None
    try:
        from jtune.panel import panel_of
    except (ImportError, FileNotFoundError) as error:
        # A checkout whose page side is not built, or ipywidgets in disorder: the search does not depend on it.
        _say(study.name, [f"no panel: {error}"])
        return None
    return panel_of(study)


def _run_again(study: Study, search: Search, point: Point) -> Trial:
    """Run a trial that the panel asks for when the search has ended; the namespace has the best one's variables."""
    trial, outcome = search.run_one(point)
    if outcome is search.best and outcome.bindings is not None:
        _best_here[study.path] = trial, outcome
        outcome.bindings.apply(search.runner.namespace)
    return trial


def _say(name: str, texts: Sequence[str]) -> None:
    for text in texts:
        print(f"{name}: {text}")


# What the best trials of this kernel bound and showed, by file.
_best_here: dict[Path, tuple[Trial, Outcome]] = {}


def _best_outcome(study: Study, search: Search, runner: Runner) -> Outcome | None:
    """Return what the best trial bound and showed; one of another kernel is run again, as no trial."""
    best, path = study.best, study.path
    if best is None:
        return None
    if search.best is not None:
        _best_here[path] = best, search.best
    trial, outcome = _best_here.get(path, (None, None))
    if trial == best:
        return outcome
    if not runner.gate.is_interrupted:
        again = runner.run(best.params)
        if again.state == "complete":
            _best_here[path] = best, again
            return again
        _say(
            study.name,
            [f"trial {best.number}, the best one, was run again for its variables: {again.state}, {again.reason}"],
        )
    _say(study.name, [f"the variables of trial {best.number}, the best one, are not in this kernel"])
    return None


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
