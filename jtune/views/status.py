"""A study's state as texts, in the same words and digits in every view.

The report, the panel, the side bar, ``%tune`` and a terminal's line are made from here; the page shows these texts as
they are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from jtune.storage.ending import Ending
from jtune.text import counted, number, one_line, percent, shortened, with_sd
from jtune.trials.outcome import State

if TYPE_CHECKING:
    from jtune.findings import Findings
    from jtune.search import Search
    from jtune.storage.definition import Goal
    from jtune.storage.record import Trial
    from jtune.surrogate.effects import Estimate, Share
    from jtune.views import messages

_LABEL_AT_MOST = 40
# Of trials that run, so many are named by their numbers.
_NAMED_AT_MOST = 4
_UNFINISHED = (State.INTERRUPTED, State.RUNNING)
# An ending that says itself that the search has ended.
_PLAIN = (Ending.DONE, Ending.STOPPED, Ending.INTERRUPTED)


class Ranked(Protocol):
    """A study, or a ranking: it knows the best trial and the baseline."""

    @property
    def best(self) -> Trial | None:
        """The best trial."""

    @property
    def baseline(self) -> Trial | None:
        """The trial of the cell's own literals."""


def label(goal: Goal) -> str:
    """Return an objective's label, short and in one line."""
    return shortened(one_line(goal.label), _LABEL_AT_MOST)


def goals(objectives: Sequence[Goal]) -> str:
    """Return ``minimize loss, maximize accuracy``; empty where there is no objective."""
    return ", ".join(f"{goal.direction} {label(goal)}" for goal in objectives)


def state(study: Findings, ranked: Ranked, search: Search | None, *, is_counted: bool) -> messages.StudyState:
    """Return how far a study is, and its best result.

    Parameters
    ----------
    study : Findings
    ranked : Ranked
        The study, or a ranking of its trials.
    search : Search or None
        The one that runs, or ran last in this kernel.
    is_counted : bool
        Whether the search ends after a number of trials.
    """
    is_running = search is not None and search.is_running
    done = len(study.finished) if search is None else search.finished
    total = search.limits.n if search is not None and is_counted else None
    return {
        "name": study.name,
        "done": done,
        "total": total,
        "count": count(done, total),
        "phase": "ended" if search is None or not is_running else "paused" if search.is_paused else "running",
        "text": _activity(search) if search is not None and is_running else ending(study) or trials(study),
        "best": best(study.objectives, ranked.best),
        "baseline": _value(ranked.baseline),
        "gain": gain(*values) if (values := _compared(ranked)) else "",
        "changes": changes(study.objectives, ranked),
    }


def progress(search: Search) -> str:
    """Return ``17/40 trials, best 0.975 in trial 12``."""
    found = best(search.ledger.objectives, search.ledger.best)
    return count(search.finished, search.limits.n) + (f", best {found}" if found else "")


def summary(study: Findings) -> str:
    """Return one line: trials, why the search ended, best against baseline."""
    return f"{study.name}: " + "; ".join([trials(study), *comparison(study)])


def count(done: int, total: int | None) -> str:
    """Return ``17/40 trials``, or ``17 trials`` where no number is wanted."""
    return counted(done, "trial") if total is None else f"{done}/{counted(total, 'trial')}"


def _activity(search: Search) -> str:
    """Return which trials a search is running, or that it is paused."""
    running = [str(number) for number in search.running]
    numbers = f"{'trial' if len(running) == 1 else 'trials'} {', '.join(running)}"
    if len(running) > _NAMED_AT_MOST:
        numbers = counted(len(running), "trial")
    if search.is_paused:
        return f"pauses after {numbers}" if running else "paused"
    return f"running {numbers}" if running else ""


def ending(study: Findings) -> str:
    """Return why the last search of a study ended; empty where that is not known."""
    text = study.ending
    return text if not text or Ending.of(text) in _PLAIN else f"ended: {text}"


def trials(study: Findings) -> str:
    """Return how many trials a study has, by state, and why its last search ended, where that is known."""
    states = Counter(trial.state for trial in study.trials if trial.origin != "confirm")
    if not states:
        return "no trials yet"
    text = counted(sum(states.values()) - sum(states[state] for state in _UNFINISHED), "trial")
    why = ending(study)
    if Ending.of(why) == Ending.DONE and why.startswith(text):
        text, why = why, ""
    others = ", ".join(f"{states[s]} {s}" for s in (State.FAILED, State.PRUNED, State.TIMED_OUT) if states[s])
    text += f" ({others})" if others else ""
    text = ", ".join([text, *(f"{states[state]} {state}" for state in _UNFINISHED if states[state])])
    return f"{text}; {why}" if why else text


def best(objectives: Sequence[Goal], trial: Trial | None) -> str:
    """Return ``0.975 in trial 12``, of several objectives with the first one's label; empty where there is no trial.

    Where the objective is noisy: ``0.973 ± 0.004 expected of trial 12 (observed 0.981 first, 6 runs)``.
    """
    if trial is None or not objectives:
        return ""
    if trial.expected:
        observed = f"observed {number(trial.values[0])} first, {trial.expected.runs} runs"
        return f"{_value(trial)} expected of trial {trial.number} ({observed})"
    return f"{_of(objectives)}{_value(trial)} in trial {trial.number}"


def noise(study: Findings) -> list[str]:
    """Return what repeated runs say of the noise, and what they cost, as one line; none where there is no noise."""
    found = study.noise
    if found is None:
        return []
    return [
        f"noisy objective: runs of the same values differ (sd {found.sd:.2g}), {counted(found.repeated, 'trial')} "
        "repeated earlier ones; the best trial is the one with the best mean, less its standard error"
    ]


def comparison(study: Findings) -> list[str]:
    """Return the best value against the baseline's, of the first objective, as one line; none where there is none."""
    return [_comparison(study)] if study.trials and study.objectives else []


def _comparison(study: Findings) -> str:
    baseline = study.baseline
    if study.best is None:
        return f"no complete trial{' yet' if baseline is None else f'; the baseline {_what_became(baseline)}'}"
    text = f"best {best(study.objectives, study.best)}"
    if baseline is None:
        return f"{text}; the baseline has not run"
    if not baseline.values:
        return f"{text}; the baseline {_what_became(baseline)}"
    if baseline.number == study.best.number:
        is_alone = len(study.complete) == 1
        rank = "no other complete trial" if is_alone else "which is the best"
        return f"baseline {_of(study.objectives)}{_value(baseline)}, {rank}"
    than = gain(center(study.best), center(baseline))
    return f"{text}, " + (f"{than} than the baseline's {_value(baseline)}" if than else "as good as the baseline")


def cost(estimate: Estimate | None) -> str:
    """Return ``0.022 ± 0.009``; ``kept`` where the best trial has the user's value, ``-`` where it has none."""
    if estimate is None:
        return "-"
    if estimate.mean == estimate.sd == 0:
        return "kept"
    return " ± ".join(with_sd(estimate.mean, estimate.sd))


def share(of: Share, *, is_short: bool = False) -> str:
    """Return ``58 % (20-90)``, or the first half."""
    return percent(of.share) + ("" if is_short else f" ({100 * of.low:.0f}-{100 * of.high:.0f})")


def _of(objectives: Sequence[Goal]) -> str:
    return f"{label(objectives[0])} " if len(objectives) > 1 else ""


def _value(trial: Trial | None) -> str:
    """Return a trial's value of the first objective, or the expected one; empty where there is none."""
    if trial is None or not trial.values:
        return ""
    return " ± ".join(with_sd(trial.expected.mean, trial.expected.sd)) if trial.expected else number(trial.values[0])


def center(trial: Trial) -> float:
    """Return what a trial's first objective is expected to be: its mean where it is noisy, else its value."""
    return trial.expected.mean if trial.expected else trial.values[0]


def _what_became(trial: Trial) -> str:
    """Return ``failed: reason``, with a verb for any state that a finished trial can have."""
    verb = "was pruned" if trial.state == State.PRUNED else str(trial.state)
    reason = shortened(one_line(trial.reason), 60)
    return f"{verb}: {reason}" if reason else verb


def _compared(ranked: Ranked) -> tuple[float, float] | None:
    """Return the best value and the baseline's, where both are known."""
    values = [center(trial) for trial in (ranked.best, ranked.baseline) if trial is not None and trial.values]
    return (values[0], values[1]) if len(values) == 2 else None


def changes(objectives: Sequence[Goal], ranked: Ranked) -> list[messages.Change]:
    """Return what the best trial made of each objective, as ``0.924 -> 0.966`` and ``+0.042 over your cell``."""
    own, found = ranked.baseline, ranked.best
    befores = _centers(own)
    afters = _centers(found) if found is not None and (own is None or found.number != own.number) else ()
    return [
        _change(goal, befores[i] if befores else None, afters[i] if afters else None)
        for i, goal in enumerate(objectives)
    ]


def _centers(trial: Trial | None) -> tuple[float, ...]:
    """Return what a trial's objectives are expected to be; none where it has no values."""
    return (center(trial), *trial.values[1:]) if trial is not None and trial.values else ()


def _change(goal: Goal, before: float | None, after: float | None) -> messages.Change:
    texts = ["" if value is None else number(value) for value in (before, after)]
    change: messages.Change = {
        "label": label(goal),
        "before": texts[0],
        "after": texts[1],
        "gain": "",
        "is_better": False,
    }
    if before is None or after is None or before == after:
        return {**change, "is_better": before is None and after is not None}
    difference = after - before
    change["before"], change["after"] = _told_apart(before, after)
    size = f"{difference:+.0f}" if 1000 <= abs(difference) < 1e6 else f"{difference:+.2g}"
    return {**change, "gain": f"{size} over your cell", "is_better": (difference > 0) == (goal.direction == "maximize")}


def _told_apart(*values: float) -> tuple[str, ...]:
    """Return numbers in the digits that tell them apart, three at least, and six at most."""
    for digits in (3, 4, 5):
        texts = tuple(f"{value:.{digits}g}" for value in values)
        spread = max(values) - min(values)
        if spread and all(abs(float(text) - value) < 0.05 * spread for text, value in zip(texts, values, strict=True)):
            return texts
    return tuple(map(number, values))


def gain(value: float, baseline: float) -> str:
    """Return ``0.05 (5.4 %) higher``, how a value compares with the baseline's; empty where they are equal."""
    if value == baseline:
        return ""
    difference = abs(value - baseline)
    share = difference / abs(baseline) if baseline else math.inf
    # Above tenfold, or far below one percent, it says less than the values do.
    part = f" ({_digits(100 * share)} %)" if 1e-5 < share < 10 else ""
    # 4490 and not 4.49e+03, as people write it.
    size = f"{difference:.0f}" if 1000 <= difference < 1e6 else f"{difference:.3g}"
    return f"{size}{part} {'higher' if value > baseline else 'lower'}"


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.1g}"
