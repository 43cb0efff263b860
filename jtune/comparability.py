"""What keeps the trials of a cell from being comparable, said once: it changes its inputs, or draws by chance."""

from __future__ import annotations

from jtune.prepared import PreparedCell
from jtune.search import Search
from jtune.storage.record import Trial
from jtune.trials.randomness import advice, mentions_seed


class Comparability:
    """Listens to a search, and warns of what its first trials show.

    Parameters
    ----------
    prepared : PreparedCell
    search : Search
    """

    def __init__(self, prepared: PreparedCell, search: Search) -> None:
        self._prepared, self._search = prepared, search
        self._has_warned = False

    def __call__(self, trial: Trial | None) -> None:
        """Take in that a trial starts, or has ended."""
        if trial is not None and self._search.n_run == 2:
            self._warn_of_changes()
        if trial is not None and self._search.drawn and not self._has_warned:
            self._has_warned = True
            self._warn_of_chance()

    def _warn_of_changes(self) -> None:
        if names := self._prepared.inputs.changed():
            hint = "trials can only be compared when each starts from the same state, so make a copy in the cell"
            self._prepared.say(f"the cell changes {', '.join(names)} in place; {hint}")

    def _warn_of_chance(self) -> None:
        if not (self._search.limits.repeats > 1 or mentions_seed(self._prepared.program.template.blank)):
            self._prepared.say(advice(list(self._search.drawn)))
