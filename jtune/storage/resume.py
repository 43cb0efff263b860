"""Which trials a cell continues with: those of the same code and inputs, in whichever generation they are.

A typo that was mended, an edit that was taken back, two notebooks that use one NAME: each finds its own generation
again. Where only marks or domains have changed, a new generation takes over the trials that are points of it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from jtune.errors import JTuneError
from jtune.language.cell import Cell
from jtune.storage.definition import Definition
from jtune.storage.ledger import Ledger
from jtune.storage.migration import Migration, migration
from jtune.storage.record import Trial, moved
from jtune.storage.store import Store
from jtune.text import counted
from jtune.trials.fingerprint import changed, obstacle
from jtune.trials.inputs import doubts, merged


@dataclass(frozen=True)
class Resumed:
    """The trials that a cell continues with.

    Parameters
    ----------
    ledger : Ledger
    is_new : bool
        Whether the generation was started now, where the store had others.
    said : sequence of str
        What to tell the user about it.
    """

    ledger: Ledger
    is_new: bool = False
    said: Sequence[str] = ()


@dataclass(frozen=True)
class CellNow:
    """A cell that is about to run.

    Parameters
    ----------
    cell : Cell
    definition : Definition
    transform : callable
        IPython's input transformer, for the texts of earlier cells.
    """

    cell: Cell
    definition: Definition
    transform: Callable[[str], str]

    def is_code_of(self, earlier: Definition) -> bool:
        """Tell whether the code is the same, and what is tuned and judged in it."""
        return earlier.identity in (self.cell.identity, self.cell.identity_of_0_1_0)

    def migration(self, earlier: Definition) -> Migration | None:
        """Return how trials of an earlier cell become points of this one; None where the code has changed."""
        goals = [(goal.direction, goal.label) for goal in earlier.objectives]
        for named in ((), goals):
            try:
                cell = Cell(earlier.source, self.transform, 2, named)
            except (JTuneError, SyntaxError):
                continue  # marks that an earlier version understood, or the objective was marked
            if cell.objectives or not goals:
                return migration(cell, earlier.space, self.cell)
        return None


def resume(store: Store, now: CellNow, written: Callable[[Ledger], Mapping[str, str | None]]) -> Resumed:
    """Return the trials to go on with.

    Parameters
    ----------
    store : Store
    now : CellNow
    written : callable
        Returns the fingerprints of inputs as the trials of a generation have left them in this kernel: no changes of
        the user's.
    """
    generations = list(store.generations())
    if not generations:
        return Resumed(store.start(now.definition))
    for ledger in generations:
        inputs = _as_before(now.definition.inputs, ledger.definition.inputs, written(ledger))
        if now.is_code_of(ledger.definition) and _is_same(ledger, inputs, is_newest=ledger is generations[0]):
            same = replace(now, definition=replace(now.definition, inputs=inputs))
            return _gone_on_with(store, ledger, same, is_newest=ledger is generations[0])
    return _started(store, generations[0], now)


def _is_same(ledger: Ledger, inputs: Mapping[str, str | None], *, is_newest: bool) -> bool:
    before = ledger.definition.inputs
    if changed(before, inputs):
        return False
    # Inputs that cannot be compared, after an upgrade, are taken for the same ones where the user left off only.
    return is_newest or not any(obstacle(before.get(key), value) for key, value in inputs.items())


def _as_before(
    inputs: Mapping[str, str | None], before: Mapping[str, str | None], written: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Return fingerprints in which what trials have written counts as what was there before."""
    return {n: before[n] if n in written and n in before and written[n] == f else f for n, f in inputs.items()}


def _gone_on_with(store: Store, ledger: Ledger, now: CellNow, *, is_newest: bool) -> Resumed:
    definition, old = now.definition, ledger.definition
    said = [f"continued; {doubt}" for doubt in doubts(old.inputs, definition.inputs)]
    definition = replace(definition, inputs=merged(old.inputs, definition.inputs))
    if not is_newest:
        said.append(f"the cell is that of generation {ledger.generation}, which goes on")
    kept, is_same_space = _kept(ledger, now), _domains(old) == _domains(definition)
    if is_same_space and len(kept) == len(ledger.finished):
        ledger.redefine(definition)
        store.use(ledger)
        return Resumed(ledger, said=said)
    names = definition.space.edited_inactive(old.space)
    edited = f"another literal of {', '.join(names)}" if names else "other literals"
    return _migrated(store, ledger, now, kept, [*said, edited if is_same_space else "other domains"])


def _started(store: Store, newest: Ledger, now: CellNow) -> Resumed:
    """Start a generation; take over what fits where only the marks have changed."""
    old, inputs = newest.definition, now.definition.inputs
    names = changed(old.inputs, inputs)
    if now.is_code_of(old):
        return _new(store, now, f"{', '.join(names)} changed, a new study is started")
    kept = [] if names else _kept(newest, now)
    if kept:
        return _migrated(store, newest, now, kept, ["other marks"])
    if old.cell and now.definition.cell and old.cell != now.definition.cell:
        return _new(
            store,
            now,
            f"another cell has a study of this name, with {counted(len(newest.finished), 'trial')}; both are kept, "
            "but give one of them another NAME, which now means this one's",
        )
    return _new(store, now, "the code has changed, a new study is started")


def _new(store: Store, now: CellNow, *said: str) -> Resumed:
    return Resumed(store.start(now.definition), is_new=True, said=said)


def _migrated(store: Store, earlier: Ledger, now: CellNow, kept: Sequence[Trial], said: Sequence[str]) -> Resumed:
    *others, what = said
    new = _new(store, now, *others, f"{what}; {len(kept)} of {counted(len(earlier.finished), 'trial')} still fit")
    new.ledger.adopt(kept)
    return new


def _kept(earlier: Ledger, now: CellNow) -> list[Trial]:
    """Return the finished trials of an earlier generation, as points of the cell as it is now."""
    found = now.migration(earlier.definition)
    points = [(trial, found.point(trial.params) if found else None) for trial in earlier.finished]
    return [moved(trial, point) for trial, point in points if point is not None]


def _domains(definition: Definition) -> list[tuple[str, str, str]]:
    return [(p.name, str(p.domain), p.condition.text if p.condition else "") for p in definition.space]
