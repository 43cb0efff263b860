"""What changing each parameter is worth, in words.

The definition: at the best point, the parameter is put back to the user's own value, and nothing else is changed. What
that costs is a difference of two predictions; its mean and standard deviation are those of functions that are drawn
from the surrogate, so that what both predictions share cancels out.

=========  ===============================================================  ==========================================
kind       where                                                            what is said
=========  ===============================================================  ==========================================
worth      the cost is above two standard deviations, and 1 % of the gain   worth 0.022 ± 0.009
maybe      it is above one                                                  probably matters: +0.03 ± 0.04
open       it may be as much as a tenth of the gain, and is not told        not known yet: +0.001 ± 0.05
none       else                                                             makes no difference here: keep 1.0
kept       the best trial has the user's own value                          kept at your value
inactive   the parameter is inactive in the best trial                      not active in the best trial
=========  ===============================================================  ==========================================

A second text says between which values the prediction stays within one standard deviation of the best one, or that the
best value is at an end of its range.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from jtune.language.domains import ChoiceDomain, Domain, Value, is_same
from jtune.language.space import Parameter, Point
from jtune.surrogate.effects import Estimate
from jtune.text import bare, one_line, shortened, with_sd
from jtune.views import messages
from jtune.views.status import center

if TYPE_CHECKING:
    from jtune.findings import Findings
    from jtune.storage.record import Trial
    from jtune.surrogate.effects import Effects

_LEVELS = 33
# Of the axis' length: nearer to an end than this is at the end.
_AT_THE_END = 0.02
# Less than this share of the gain makes no difference.
_NOTABLE = 0.1
# Less than this is nothing, however sure it is.
_NEGLIGIBLE = 0.01
_ORDER: tuple[messages.VerdictKind, ...] = ("worth", "maybe", "open", "kept", "none", "inactive")


def verdicts(study: Findings, effects: Effects | None, best: Trial | None) -> list[messages.Verdict]:
    """Return a verdict on each parameter, what matters most first; none before there is a prediction.

    Parameters
    ----------
    study : Findings
    effects : Effects or None
        Of its first objective.
    best : Trial or None
        Its best trial.
    """
    if effects is None or best is None or effects.is_constant:
        return []
    sign = 1.0 if study.objectives[0].direction == "minimize" else -1.0
    own = study.baseline
    gain = abs(center(own) - center(best)) if own is not None and own.values else 0.0
    found = [(_verdict(effects, best.params, parameter, sign, gain), i) for i, parameter in enumerate(study.space)]
    found.sort(key=lambda item: (_ORDER.index(item[0][0]["kind"]), -item[0][1], item[1]))
    return [verdict for (verdict, _), _ in found]


def _verdict(
    effects: Effects, best: Point, parameter: Parameter, sign: float, gain: float
) -> tuple[messages.Verdict, float]:
    """Return a verdict, and the cost that it is about."""
    name, kind, text, more = parameter.name, "inactive", "not active in the best trial", ""
    cost = effects.cost(name, best) or Estimate(0.0, 0.0)
    if name in best:
        kind, text = _worded(cost, parameter, best[name], gain)
        end = _end(parameter.domain, best[name])
        if end and (kind in ("worth", "maybe") or (kind == "open" and cost.mean > 0)):
            more = f"best at its {end} end: widen the range"
        elif kind != "none":
            more = _as_good(effects, best, parameter, sign)
    return {"name": name, "kind": kind, "text": text, "more": more}, cost.mean  # type: ignore[typeddict-item]


def _worded(cost: Estimate, parameter: Parameter, value: Value, gain: float) -> tuple[messages.VerdictKind, str]:
    if is_same(value, parameter.literal):
        return "kept", "kept at your value"
    mean, sd = with_sd(cost.mean, cost.sd)
    is_negligible = abs(cost.mean) + 2 * cost.sd < _NEGLIGIBLE * gain
    if cost.mean > 2 * cost.sd and cost.mean > 0 and not is_negligible:
        return "worth", f"worth {mean} ± {sd}"
    if cost.mean > cost.sd and not is_negligible:
        return "maybe", f"probably matters: +{mean} ± {sd}"
    if cost.mean + 2 * cost.sd > _NOTABLE * gain and cost.sd > 0:
        signed = mean if mean.startswith("-") else f"+{mean}"
        return "open", f"not known yet: {signed} ± {sd}"
    return "none", f"makes no difference here: keep {shortened(one_line(bare(parameter.literal)), 24, '…')}"


def _end(domain: Domain, value: Value) -> str:
    """Return at which end of its range a value is: "upper", "lower" or neither."""
    if isinstance(domain, ChoiceDomain) or domain.size in (1, 2) or not isinstance(value, (int, float)):
        return ""
    share = _share(domain, value)
    return "upper" if share > 1 - _AT_THE_END else "lower" if share < _AT_THE_END else ""


def _share(domain: Domain, value: float) -> float:
    assert not isinstance(domain, ChoiceDomain)
    if domain.log:
        return math.log(value / domain.low) / math.log(domain.high / domain.low)
    return float((value - domain.low) / (domain.high - domain.low))


def _as_good(effects: Effects, best: Point, parameter: Parameter, sign: float) -> str:
    """Return between which values the prediction is as good as at the best one; empty where all or none are."""
    domain = parameter.domain
    levels = domain.levels(_LEVELS)
    drawn = sign * effects.differences([{**best, parameter.name: level} for level in levels], best)
    spread = (np.quantile(drawn, 0.84, axis=0) - np.quantile(drawn, 0.16, axis=0)) / 2
    worse = np.median(drawn, axis=0)
    is_good = (worse <= spread) & (spread <= max(float(np.ptp(worse)), 1e-300) / 4)
    if isinstance(domain, ChoiceDomain):
        others = [level for level, good in zip(levels, is_good, strict=True) if good and level != best[parameter.name]]
        return f"as good: {', '.join(one_line(bare(each)) for each in others)}" if 0 < len(others) <= 3 else ""
    value = best[parameter.name]
    assert isinstance(value, (int, float))
    near = int(np.argmin([abs(_share(domain, level) - _share(domain, value)) for level in levels]))
    low = high = near
    while low > 0 and is_good[low - 1]:
        low -= 1
    while high < len(levels) - 1 and is_good[high + 1]:
        high += 1
    if low == high or high - low == len(levels) - 1:
        return ""
    return f"as good: {_short(levels[low])} … {_short(levels[high])}"


def _short(value: Value) -> str:
    # 1000 and not 1e+03, as people write it.
    return f"{float(f'{value:.3g}'):g}" if isinstance(value, float) else str(value)
