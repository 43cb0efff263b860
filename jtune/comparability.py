"""What the first trials of a cell show, said once.

What keeps trials from being comparable (the cell changes its inputs, or draws by chance), and what each of them
computes anew for nothing.
"""

from __future__ import annotations

from jtune.prepared import PreparedCell
from jtune.search import Search
from jtune.storage.record import Trial
from jtune.text import duration, number
from jtune.trials.randomness import advice, mentions_seed

# Trials that take longer are not run once more only to see whether they repeat.
_SLOW_S = 20.0
# What could run once is named where it takes so much of a trial, and of all trials of the search together.
_WORTH_SHARE, _WORTH_S = 0.2, 5.0
# Statements that take less of a trial are not named.
_NAMED_SHARE = 0.05


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
        if trial is not None and self._search.n_run == 1:
            self._time_next(trial)
        if trial is not None and self._search.n_run == 2:
            self._warn_of_changes()
            self._advise(trial)
        if (
            not self._has_warned
            and trial is not None
            and _is_slow(trial)
            and draws_by_chance(self._prepared, self._search)
        ):
            self._has_warned = True
            self._prepared.say(advice(list(self._search.drawn)))

    def _time_next(self, trial: Trial) -> None:
        """Have the second trial timed, by when imports are done, unless all trials together take no time."""
        is_here = self._search.executor is self._prepared.here
        if is_here and (trial.seconds or 0.0) * self._search.limits.n > _WORTH_S:
            self._prepared.time_next()

    def _advise(self, trial: Trial) -> None:
        """Name the statements that take much of a trial and give the same in each."""
        whole = (trial.seconds or 0.0) / self._search.limits.repeats
        costly = [(each, seconds) for each, seconds in self._prepared.costly() if seconds > _NAMED_SHARE * whole]
        total = sum(seconds for _, seconds in costly)
        if total > _WORTH_SHARE * whole and total * self._search.limits.n > _WORTH_S:
            lines, them = " and ".join(each.lines for each, _ in costly), "it" if len(costly) == 1 else "them"
            spent = f"{duration(total)} of the {duration(whole)} of a trial go to {lines}"
            self._prepared.say(f"{spent}, whatever the tuned literals are; mark {them} # tune: once")

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
