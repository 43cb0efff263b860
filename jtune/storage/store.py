"""The file of one NAME, with all its generations: ``NAME``, ``NAME.2``, ``NAME.3``..., each an Optuna study.

A new generation starts where old and new trials cannot be compared; the generation used last is the one that counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import optuna
from optuna.storages import JournalStorage

from jtune.quiet import quiet
from jtune.storage.definition import Definition
from jtune.storage.journal import FOLDER, Journal, warn_it
from jtune.storage.ledger import USED, Ledger, generation
from jtune.storage.record import ATTRIBUTE


class Store:
    """The file of one name, with all its generations.

    Parameters
    ----------
    name : str
    folder : Path
        The folder that has ``.jtune`` in it.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        # A warning's place in the user's code says nothing here; its text says it all.
        self.journal = Journal(folder / FOLDER / f"{name}.journal", warn_it)
        self.storage = JournalStorage(self.journal)

    def newest(self) -> Ledger | None:
        """Return the generation that was started or continued last; None where there is none."""
        return next(self.generations(), None)

    def generations(self) -> Iterator[Ledger]:
        """Yield the generations, the last used first."""
        for name in self._by_use():
            with quiet():
                study = optuna.load_study(study_name=name, storage=self.storage)
            yield Ledger(study, self.journal)

    def start(self, definition: Definition) -> Ledger:
        """Start a new generation."""
        generation = max(self._numbers().values(), default=0) + 1
        name = self.name if generation == 1 else f"{self.name}.{generation}"
        directions = [goal.direction for goal in definition.objectives] or ["minimize"]
        with quiet():
            study = optuna.create_study(study_name=name, storage=self.storage, directions=directions)
        study.set_user_attr(ATTRIBUTE, definition.to_json())
        ledger = Ledger(study, self.journal)
        self.use(ledger)
        return ledger

    def use(self, ledger: Ledger) -> None:
        """Make a generation the one that counts."""
        if self._by_use()[0] != ledger.optuna.study_name:
            ledger.optuna.set_user_attr(USED, 1 + max(self._uses().values()))

    def drop(self, ledger: Ledger) -> None:
        """Delete a generation."""
        optuna.delete_study(study_name=ledger.optuna.study_name, storage=self.storage)

    def _by_use(self) -> list[str]:
        """Return the names of the Optuna studies that are generations, the last used first."""
        uses, numbers = self._uses(), self._numbers()
        return sorted(uses, key=lambda name: (uses[name], numbers[name]), reverse=True)

    def _uses(self) -> dict[str, int]:
        """Return when each generation was used last, as a count; its number, where it was the newest then."""
        numbers = self._numbers()
        attributes = {study.study_name: study.user_attrs for study in self.storage.get_all_studies()}
        # Left out are those whose start was cut short.
        return {name: attributes[name].get(USED, n) for name, n in numbers.items() if ATTRIBUTE in attributes[name]}

    def _numbers(self) -> dict[str, int]:
        names = [study.study_name for study in self.storage.get_all_studies()]
        return {name: number for name in names if (number := generation(name, self.name)) is not None}
