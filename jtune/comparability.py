"""What keeps the trials of a cell from being comparable, said once: it changes its inputs, or draws by chance."""

from __future__ import annotations

from jtune.prepared import PreparedCell
from jtune.search import Search
from jtune.storage.record import Trial
from jtune.text import number
from jtune.trials.randomness import advice, mentions_seed

# Trials that take longer are not run once more only to see whether they repeat.
_SLOW_S = 20.0


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
        if (
            not self._has_warned
            and trial is not None
            and _is_slow(trial)
            and draws_by_chance(self._prepared, self._search)
        ):
            self._has_warned = True
            self._prepared.say(advice(list(self._search.drawn)))

    def _warn_of_changes(self) -> None:
        if names := self._prepared.inputs.changed():
            hint = "trials can only be compared when each starts from the same state, so make a copy in the cell"
            self._prepared.say(f"the cell changes {', '.join(names)} in place; {hint}")


def warn_of_chance(prepared: PreparedCell, search: Search) -> None:
    """Run the best trial once more where the cell draws by chance, which is no trial; tell if that gives another value.

    Many cells draw and give the same value all the same: scikit-learn's SVC draws a seed that it does not use.
    """
    best = prepared.ledger.best
    if best is None or _is_slow(best) or not draws_by_chance(prepared, search):
        return
    again = prepared.values_again(best)
    if again and again != best.values:
        then, now = (", ".join(map(number, values)) for values in (best.values, again))
        why = advice(list(search.drawn))
        prepared.say(f"trial {best.number} gave {then}, and when its literals run once more they give {now}; {why}")


def draws_by_chance(prepared: PreparedCell, search: Search) -> bool:
    """Tell whether trials were seen to draw from a global generator that the cell does not seem to seed."""
    is_averaged = search.limits.repeats > 1
    return bool(search.drawn) and not is_averaged and not mentions_seed(prepared.program.template.blank)


def _is_slow(trial: Trial) -> bool:
    return (trial.seconds or 0.0) > _SLOW_S
