"""What keeps the trials of a cell from being comparable, said once: it changes its inputs, or draws by chance."""

from __future__ import annotations

from typing import Any

from jtune.prepared import PreparedCell
from jtune.search import Search
from jtune.storage.record import Trial
from jtune.trials.randomness import advice, drawn_from, generator_states, mentions_seed


class Comparability:
    """Listens to a search, and looks at its second trial: by then the cell has imported and set up what it needs.

    Parameters
    ----------
    prepared : PreparedCell
    search : Search
    """

    def __init__(self, prepared: PreparedCell, search: Search) -> None:
        self._prepared, self._search = prepared, search
        self._states: dict[str, Any] = {}

    def __call__(self, trial: Trial | None) -> None:
        """Take in that a trial starts, or has ended."""
        if self._search.n_run == 1 and trial is None:
            self._states = generator_states()
        elif self._search.n_run == 2 and trial is not None:
            self._warn_of_changes()
            self._warn_of_chance()

    def _warn_of_changes(self) -> None:
        if names := self._prepared.inputs.changed():
            hint = "trials can only be compared when each starts from the same state, so make a copy in the cell"
            self._prepared.say(f"the cell changes {', '.join(names)} in place; {hint}")

    def _warn_of_chance(self) -> None:
        is_seen_to = self._search.limits.repeats > 1 or mentions_seed(self._prepared.program.template.blank)
        drawn = drawn_from(self._states, generator_states())
        if drawn and not is_seen_to:
            self._prepared.say(advice(drawn))
