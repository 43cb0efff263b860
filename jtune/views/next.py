"""What to do next, in one sentence: fixed rules, of which the first that applies is said, from the third trial on.

1. No trial has given a value: the failures are to be looked at.
2. Every trial has given the same value: the objective does not depend on what is tuned.
3. All points have been tried: done.
4. Repeated trials differ, and the best trial's gain is below two standard deviations of that noise: confirm it.
5. The best value of a parameter that matters is at an end of its range: widen that.
6. A third of the trials, and ten at least, brought no gain: apply the best one, or stop.
7. The gain is within what the surrogate cannot tell apart: more trials would.
8. Parameters make no difference: their marks can go.
9. Else: how long ago the last gain was, so more trials may bring another one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jtune.language.domains import ChoiceDomain, is_same
from jtune.language.space import Space
from jtune.storage.ending import Ending
from jtune.text import bare, counted, number, one_line, shortened
from jtune.trials.outcome import State
from jtune.views import status

if TYPE_CHECKING:
    from jtune.findings import Findings
    from jtune.storage.record import Trial
    from jtune.views import messages

_FAILED = (State.FAILED, State.TIMED_OUT)
# A rule of where trials fail: it holds for at least so many failures, and at most this share of all others.
_LEAST_FAILURES, _OTHERS_AT_MOST = 3, 0.1
_NAMED_AT_MOST = 3
# Of fewer trials there is nothing to say.
_FEWEST = 3


def sentence(study: Findings, ranked: status.Ranked, verdicts: Sequence[messages.Verdict]) -> str:
    """Return what to do next with a study whose search has ended; empty where there is nothing to say.

    Parameters
    ----------
    study : Findings
    ranked : Ranked
        The study, or a ranking of its trials.
    verdicts : sequence of Verdict
        On its parameters.
    """
    complete, best = study.complete, ranked.best
    if not study.objectives or len(study.finished) < _FEWEST:
        return ""
    if best is None:
        return f"no trial has given a value; look at the failures of {counted(len(study.finished), 'trial')}"
    goal = shortened(one_line(study.objectives[0].label), 40)
    if is_constant(complete):
        value = number(status.center(best))
        return f"{goal} is {value} in all {len(complete)} trials; it does not depend on what is tuned"
    if Ending.of(study.ending) == Ending.EXHAUSTED:
        return f"done: all {counted(len(study.finished), 'point')} of the space have been tried"
    if _is_within_noise(study, best):
        name = study.name if study.name.isidentifier() else "jtune.latest()"
        return f"trials are noisy, and the gain is not told apart from that; {name}.confirm() tells"
    return _of_gain(study, best, verdicts)


def _is_within_noise(study: Findings, best: Trial) -> bool:
    noise, own = study.noise, study.baseline
    if noise is None or own is None or not own.values or own.number == best.number:
        return False
    runs = (trial.expected.runs - 1 if trial.expected else 1 for trial in (best, own))
    sd = noise.sd * math.sqrt(sum(1 / n for n in runs))
    return abs(status.center(best) - status.center(own)) < 2 * sd


def _of_gain(study: Findings, best: Trial, verdicts: Sequence[messages.Verdict]) -> str:
    since = sum(trial.number > best.number for trial in study.finished)
    idle = [verdict["name"] for verdict in verdicts if verdict["kind"] == "none"]
    makes, marks = ("makes", "its mark") if len(idle) == 1 else ("make", "their marks")
    drop = f"{_listed(idle)} {makes} no difference, so {marks} can go"
    edges = [verdict["name"] for verdict in verdicts if "widen" in verdict["more"]]
    if edges:
        are = "is" if len(edges) == 1 else "are"
        return f"the best {_listed(edges)} {are} at the end of the range; widen it and go on"
    if since >= max(10, len(study.finished) // 3):
        stop = f"{since} trials without gain; apply the best one, or stop here"
        return f"{stop}; {drop}" if idle else stop
    if verdicts and not any(verdict["kind"] in ("worth", "maybe") for verdict in verdicts):
        return "the gain is not told apart from noise yet; more trials would tell"
    if idle:
        return drop
    ago = "in the last trial" if since == 0 else counted(since, "trial") + " ago"
    return f"the last gain was {ago}; more trials may bring another one"


def is_constant(complete: Sequence[Trial]) -> bool:
    """Tell whether three trials and more have all given the same value."""
    return len(complete) >= 3 and all(trial.values == complete[0].values for trial in complete)


def _listed(names: Sequence[str]) -> str:
    shown = [shortened(one_line(name), 24, "…") for name in names[:_NAMED_AT_MOST]]
    rest = len(names) - len(shown)
    if rest:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]])) if shown else ""


def failures(space: Space, trials: Sequence[Trial]) -> str:
    """Return how many trials failed, and where, if one comparison of one parameter tells: ``5 failed: b > 3``."""
    failed = [trial for trial in trials if trial.state in _FAILED]
    if not failed:
        return ""
    rule = _where(space, failed, [trial for trial in trials if trial.values])
    return f"{len(failed)} failed" + (f": {rule}" if rule else "")


def _where(space: Space, failed: Sequence[Trial], complete: Sequence[Trial]) -> str:
    """Return a comparison that holds for all failures and hardly any other trial; empty where there is none."""
    if len(failed) < _LEAST_FAILURES:
        return ""
    rules = [rule for parameter in space for rule in _rules(parameter.name, parameter.domain, failed, complete)]
    counted_rules = sorted(rules, key=lambda rule: rule[0])
    if counted_rules and counted_rules[0][0] <= _OTHERS_AT_MOST * len(complete):
        return counted_rules[0][1]
    return ""


def _rules(name: str, domain: object, failed: Sequence[Trial], complete: Sequence[Trial]) -> list[tuple[int, str]]:
    """Return comparisons that hold for all failures, with how many other trials they hold for."""
    there = [trial.params[name] for trial in failed if name in trial.params]
    others = [trial.params[name] for trial in complete if name in trial.params]
    if len(there) < len(failed):
        return []
    shown = shortened(one_line(name), 24, "…")
    if isinstance(domain, ChoiceDomain):
        if not all(is_same(value, there[0]) for value in there):
            return []
        text = f"{shown} = {shortened(one_line(bare(there[0])), 24, '…')}"
        return [(sum(is_same(value, there[0]) for value in others), text)]
    low, high = min(there), max(there)
    return [
        (sum(value >= low for value in others), f"{shown} ≥ {low:.3g}"),
        (sum(value <= high for value in others), f"{shown} ≤ {high:.3g}"),
    ]
