"""Whether a study's best trial is better than the user's own values: both run again, in pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from jtune.errors import StudyError
from jtune.text import counted, number, with_sd
from jtune.trials.outcome import State

if TYPE_CHECKING:
    from jtune.findings import Findings
    from jtune.language.space import Point
    from jtune.storage.record import Trial

_SURE = 0.95
# How many winners are confirmed, one after the other, where one after the other fails.
_WINNERS_AT_MOST = 3


@dataclass(frozen=True)
class Confirmation:
    """What pairs of runs say of the best trial against the user's own values.

    Parameters
    ----------
    trial : int
        The number of the best trial.
    pairs : tuple of (float, float)
        The objective of each pair: the best trial's values, and the user's own ones.
    gain : float
        By how much the best trial is better on average, in the objective's units, whichever way the objective goes.
    sd : float
        Standard error of the gain; 0 where all pairs are the same.
    probability : float
        That it is better at all: of a Student's t distribution.
    """

    trial: int
    pairs: tuple[tuple[float, float], ...]
    gain: float
    sd: float
    probability: float

    @classmethod
    def of(cls, trial: int, pairs: Sequence[tuple[float, float]], sign: float) -> Confirmation:
        """Return what pairs say; ``sign`` is 1 where large is good, -1 where small is."""
        gains = [sign * (best - own) for best, own in pairs]
        gain = fmean(gains)
        sd = stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else math.inf
        return cls(trial, tuple(pairs), gain, sd, _probability(gain, sd, len(gains)))

    @property
    def is_better(self) -> bool:
        """Whether the best trial is better than the user's own values, with 95 % probability."""
        return self.probability >= _SURE

    def __repr__(self) -> str:
        said = counted(len(self.pairs), "pair")
        if len(set(self.pairs)) == 1 and len(self.pairs) > 1:
            return f"trial {self.trial}: deterministic: the same values again, {_signed(number(self.gain))} over yours"
        gain = _signed(" ± ".join(with_sd(self.gain, self.sd)))
        if self.is_better:
            sure = min(99.9, 100 * self.probability)
            return f"trial {self.trial}: better than yours: {sure:.3g} % sure, {gain} ({said})"
        return f"trial {self.trial}: not told apart from yours: {gain} ({said})"


def _signed(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


def _probability(gain: float, sd: float, n: int) -> float:
    if sd == 0 or n < 2:
        return 1.0 if gain > 0 and n > 1 else 0.5 if n < 2 or gain == 0 else 0.0
    from scipy.special import stdtr

    return float(stdtr(n - 1, gain / sd))


def confirm(study: Findings, runs: int, run: Callable[[Point], Trial]) -> Iterator[Confirmation]:
    """Run the best trial and the user's own values in turn; yield what the pairs say.

    Where they do not tell the best trial from the user's own values, and another trial is the best by now, that one is
    confirmed next: the last one that is yielded counts.

    Parameters
    ----------
    study : Findings
    runs : int
        Pairs, at least 2.
    run : callable
        Runs the cell with a point's values; returns the trial.

    Raises
    ------
    StudyError
        If there is nothing to confirm, or a run does not end well.
    """
    if runs < 2:
        raise StudyError(f"runs is {runs}; a confirmation takes 2 pairs at least")
    if len(study.objectives) != 1:
        raise StudyError(f"a confirmation takes one objective, {study.name} has {len(study.objectives)}")
    own = study.space.baseline
    for _ in range(_WINNERS_AT_MOST):
        best = study.best
        if best is None or study.space.key(best.params) == study.space.key(own):
            raise StudyError(f"the best of {study.name} are your own values: there is nothing to confirm")
        found = _confirm_one(study, best, own, runs, run)
        yield found
        if found.is_better or study.best is None or study.best.number == best.number:
            return


def _confirm_one(study: Findings, best: Trial, own: Point, runs: int, run: Callable[[Point], Trial]) -> Confirmation:
    pairs: list[tuple[float, float]] = []
    for i in range(runs):
        # In turn, so that what drifts with time is on neither side.
        order = [best.params, own] if i % 2 == 0 else [own, best.params]
        first, second = (_value(run(point)) for point in order)
        pairs.append((first, second) if i % 2 == 0 else (second, first))
    return Confirmation.of(best.number, pairs, 1.0 if study.objectives[0].direction == "maximize" else -1.0)


def _value(trial: Trial) -> float:
    if trial.state == State.INTERRUPTED:
        raise KeyboardInterrupt("the confirmation was interrupted")
    if not trial.values:
        raise StudyError(f"the confirmation ended: trial {trial.number} {trial.state}: {trial.reason}")
    return trial.values[0]
