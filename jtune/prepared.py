"""A cell that is about to run: where its trials are kept, what it reads, and what it leaves behind."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

from jtune.desk import desk
from jtune.errors import UsageError
from jtune.executors import NO_TRIAL, Executor
from jtune.executors.here import Here
from jtune.language.cell import Cell
from jtune.language.names import names_read
from jtune.language.once import OnceStatement
from jtune.language.space import Point
from jtune.samplers import PointSampler
from jtune.search import Search
from jtune.storage.definition import Definition, Goal
from jtune.storage.leavings import Leavings
from jtune.storage.record import Trial
from jtune.storage.resume import CellNow, Resumed, resume
from jtune.storage.store import Store
from jtune.study import Latest, Study, load
from jtune.text import number
from jtune.trials.inputs import Inputs
from jtune.trials.namespace import Bindings
from jtune.trials.outcome import Origin, Outcome, State
from jtune.trials.program import Program, Task


class PreparedCell:
    """A cell that is about to run: where its trials are kept, what it reads, and what it will leave behind.

    Parameters
    ----------
    shell : InteractiveShell
    cell : Cell
    header : str
        The magic line.
    name : str or None
        Of the study, and of the variable it is bound to.
    is_fresh : bool
        Whether to start anew.

    Raises
    ------
    UsageError
        If the cell has nothing to tune, or a name collides.
    """

    def __init__(self, shell: Any, cell: Cell, header: str, name: str | None, is_fresh: bool) -> None:
        _check(cell, name)
        self.cell = cell
        self._name, self._is_fresh, self._namespace = name, is_fresh, shell.user_ns
        self.filename = shell.compile.cache(cell.python, shell.execution_count)
        self._flags = shell.compile.flags
        self.program = Program.of(cell, self.filename, self._flags)
        self.inputs = Inputs(self._namespace, self.program, cell.python)
        cell.check_once(self._read_by)
        if name in self.inputs.names:
            raise UsageError(f"the cell reads {name} from outside; give the study another NAME")
        if name:
            _check_free(name, self._namespace)
        definition = _definition(cell, header, name, self.inputs, cell_id(shell))
        self._now = CellNow(cell, definition, shell.transform_cell)
        self.here = Here(self.program, self._namespace, shell)
        self.interrupts = self.here.interrupts
        self.store = Store(definition.name, desk.folder)
        self._before: Any = self._namespace.get(name or "")

    def time_next(self) -> None:
        """Have the statements of the next trial that runs here tell how long they take."""
        self.here.times = self.cell.template(self.filename, self._flags, is_timed=True)

    def costly(self) -> list[tuple[OnceStatement, float]]:
        """Return the statements that could run once, with the seconds that they took when they were timed."""
        seconds = self.here.seconds_by_line
        return [(each, seconds.get(each.first, 0.0)) for each in self.cell.may_run_once(self._read_by)]

    def _read_by(self, name: str) -> tuple[str, ...]:
        """Return the names that a function of the notebook reads."""
        value = self._namespace.get(name)
        is_ours = isinstance(value, FunctionType) and value.__globals__ is self._namespace
        return names_read(value.__code__) if is_ours else ()

    def elsewhere(self, jobs: int | None, client: str | None, *, has_gpus: bool) -> Executor:
        """Return what runs trials in other processes; the baseline runs here all the same.

        Parameters
        ----------
        jobs : int or None
            How many trials run at a time; None for as many as there is room for.
        client : str or None
            The variable that says where; None for this machine.
        has_gpus : bool
            Whether each process has a GPU of its own.

        Raises
        ------
        UsageError
            If there is no such place, or what the cell reads cannot be sent there.
        """
        from jtune.executors import engines
        from jtune.executors.futures import Futures
        from jtune.executors.payload import written

        if client is None:
            engine = engines.local(jobs, has_gpus)
        elif client in self._namespace:
            engine = engines.of_client(self._namespace[client], client, jobs)
        else:
            raise UsageError(f"--on {client}: there is no variable {client}")
        return Futures(self.here, written(self.program, self.cell.python, self._namespace), engine)

    def study(self, sampler: PointSampler, pruner: Any) -> Study:
        """Return the study to go on with, bound to its name, and say what there is to say about it."""
        if self._is_fresh:
            self._resumed = Resumed(self.store.start(self._now.definition))
        else:
            self._resumed = resume(self.store, self._now, desk.the(Leavings).written_by)
        self.ledger = self._resumed.ledger
        self.ledger.optuna.sampler, self.ledger.optuna.pruner = sampler.optuna, pruner
        self.say(*self._resumed.said, *self.inputs.notes, *([sampler.note] if sampler.note else []))
        study = Study(self.ledger)
        self._bind(study)
        return study

    def _bind(self, study: Study) -> None:
        if self._name:
            self._namespace[self._name] = study
        desk.the(Latest).add(study)

    def kept(self, study: Study, *, is_broken: bool) -> Study:
        """Return the study, or the one before, where this one was started for a cell that does not run.

        A generation counts from its first finished trial on, unless that says that the cell is broken.
        """
        if not self._resumed.is_new or not (is_broken or not self.ledger.finished):
            return study
        self.store.drop(self.ledger)
        before = self._before if isinstance(self._before, Study) else load(study.name)
        self._bind(before)
        return before

    def leave_best(self, study: Study, ran: Outcome | None, *, may_run: bool = True) -> None:
        """Leave the best trial's variables in the namespace.

        That trial is run once more, which is no trial, where its variables are not in this kernel, or where trials
        change in place what stands outside the cell: that is now as the last trial has left it.

        Parameters
        ----------
        study : Study
        ran : Outcome or None
            Of the best trial, if it ran just now.
        may_run : bool
            Whether that trial may be run once more.
        """
        self.say(*self.here.kept.look(is_last=True))
        self.here.kept.forget()
        best, altered, leavings = study.best, self.inputs.changed(), desk.the(Leavings)
        bindings, is_whole = None, ran is None or ran.is_whole
        if best is not None:
            bindings = ran.bindings if ran else leavings.bindings_of(self.ledger, best.number)
            if ran and bindings is None and may_run:
                self.say(f"trial {best.number}, the best one, is run once more, here, for its variables")
            if (bindings is None or altered or not is_whole) and may_run:
                bindings = self._run_again(best, altered, is_whole=is_whole) or bindings
            if bindings is None:
                self.say(f"the variables of trial {best.number}, the best one, are not in this kernel")
            else:
                bindings.apply(self._namespace)
            leavings.keep(self.ledger, best.number, bindings, self.inputs.now(altered))

    def values_again(self, trial: Trial) -> tuple[float, ...]:
        """Run a trial once more, which is no trial, and return its values; empty where it does not end well."""
        return self.here.run(self._again(trial)).values

    def _again(self, trial: Trial) -> Task:
        return Task(NO_TRIAL, tuple(self.cell.space.complete(trial.params).values()), is_whole=True)

    def _run_again(self, best: Trial, altered: Sequence[str], *, is_whole: bool) -> Bindings | None:
        why = f"because the cell changes {', '.join(altered)} in place" if altered else "for its variables"
        if not is_whole:
            why = f"whole, as {' and '.join(each.lines for each in self.program.once)} ran once"
        again = self.here.run(self._again(best))
        if again.state != State.COMPLETE:
            self.say(f"trial {best.number}, the best one, was run again {why}: {again.state}, {again.reason}")
        elif (altered or not is_whole) and not best.repeats and again.values != best.values:
            now, then = (", ".join(number(value) for value in values) for values in (again.values, best.values))
            self.say(f"trial {best.number}, the best one, was run again {why}: it gives {now} now, {then} before")
        return again.bindings

    def leave_out_written(self) -> None:
        """Drop the files that the cell was seen to write from the inputs of its study."""
        if written := self.inputs.written():
            definition = self.ledger.definition
            kept = {key: value for key, value in definition.inputs.items() if key not in written}
            self.ledger.redefine(replace(definition, inputs=kept))

    def run_point(self, study: Study, search: Search, point: Point, origin: Origin = "manual") -> Trial:
        """Run a trial that is asked for when the search has ended; the best one's variables stay."""
        trial, outcome = search.run_one(point, origin)
        best = study.best
        if self.inputs.changed() or (best is not None and best.number == trial.number):
            self.leave_best(study, outcome if best is not None and best.number == trial.number else None)
        return trial

    def say(self, *texts: str) -> None:
        """Tell the user something about the study."""
        for text in texts:
            print(f"{self._now.definition.name}: {text}")


def _check(cell: Cell, name: str | None) -> None:
    if not len(cell.space):
        raise UsageError("nothing to tune; mark a literal, for example C=1.0,  # tune: 1e-3..1e3 log")
    if name and cell.binds(name):
        raise UsageError(f"the cell assigns {name} itself; give the study another NAME")


def _check_free(name: str, namespace: Mapping[str, Any]) -> None:
    """Refuse to take a name that means something else."""
    if name in namespace and not _is_study(namespace[name]):
        kind = type(namespace[name]).__name__
        raise UsageError(
            f"{name} is a variable already, of type {kind}; give the study another NAME, or del {name} first"
        )
    if hasattr(builtins, name) and name not in namespace:
        raise UsageError(f"{name} is a builtin; give the study another NAME, for example {name}_study")


def _is_study(value: object) -> bool:
    # Also one from before jtune was reloaded, whose class is another one.
    return type(value).__name__ == Study.__name__ and type(value).__module__ == Study.__module__


def cell_id(shell: Any) -> str:
    """Return the notebook's id of the cell that is running; empty where the page does not tell."""
    parent = shell.kernel.get_parent("shell") if hasattr(shell, "kernel") else {}
    found = parent.get("metadata", {}).get("cellId", "")
    return found if isinstance(found, str) else ""


def _definition(cell: Cell, header: str, name: str | None, inputs: Inputs, cell_id: str) -> Definition:
    return Definition(
        name=name or _made_up_name(cell),
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
    return of_0_1_0 if Store(of_0_1_0, desk.folder).newest() else f"tune-{cell.identity[:8]}"
