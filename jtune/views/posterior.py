"""The surrogate as a message, from which the page predicts by itself.

What is sent are the observations, the hyper-parameters and how a value is encoded; the page (``posterior.ts``) solves
for the rest, which takes a few milliseconds and would be far larger. Numbers are rounded: a posterior of observations
that are moved by a millionth of a range is still one posterior.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jtune.errors import ConditionError
from jtune.language.domains import ChoiceDomain, Domain, Value
from jtune.language.space import Parameter, Space
from jtune.views import messages

if TYPE_CHECKING:
    from jtune.surrogate.effects import Effects

_PLACES, _DIGITS = 6, 9
# A condition that has more cases than this is told by the kernel alone.
_CASES_AT_MOST = 4096


def posterior(effects: Effects) -> messages.Posterior | None:
    """Return what the page needs to predict as the surrogate does; None where the objective is constant."""
    found: Any = effects.exported()
    if found is None:
        return None
    columns: list[Any] = [{**columns, "name": name} for name, columns in found["columns"].items()]
    made: messages.Posterior = {
        "x": [round(each, _PLACES) for each in found["x"].ravel().tolist()],
        "z": _rounded(found["z"].tolist()),
        "lengths": _rounded(found["lengths"].tolist()),
        "scale": found["scale"],
        "noise": found["noise"],
        "warp": found["warp"],
        "columns": columns,
    }
    return made


def _rounded(values: Sequence[float]) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]


def conditions(space: Space) -> list[messages.Activity]:
    """Return when each parameter that is not always active is so, parents before children."""
    return [_activity(space, parameter) for parameter in space.ordered if parameter.condition]


def _activity(space: Space, parameter: Parameter) -> messages.Activity:
    """Return a condition as a table over the cases of its parents.

    A choice has a case for each of its values; a range one for each number of the condition, and one between each two.
    A condition that compares two ranges with each other is none that these cases tell apart.
    """
    condition = parameter.condition
    assert condition is not None
    parents = [space[name] for name in condition.names if name in space]
    cuts = {p.name: [] if isinstance(p.domain, ChoiceDomain) else _cuts(condition.numbers) for p in parents}
    cases = [_cases(p.domain, cuts[p.name]) for p in parents]
    n_cases = 1
    for each in cases:
        n_cases *= len(each)
    ranges = [p for p in parents if not isinstance(p.domain, ChoiceDomain)]
    holds: list[bool] = []
    if n_cases <= _CASES_AT_MOST and len(ranges) < 2:
        holds = [_holds(condition, parents, values) for values in itertools.product(*cases)]
    return {"name": parameter.name, "parents": [{"name": n, "cuts": c} for n, c in cuts.items()], "holds": holds}


def _cuts(numbers: Sequence[float]) -> list[float]:
    return sorted({float(number) for number in numbers})


def _cases(domain: Domain, cuts: Sequence[float]) -> list[Value]:
    """Return a value of each case: below the first cut, at it, between it and the next, ..., above the last."""
    if isinstance(domain, ChoiceDomain):
        return list(domain.choices)
    if not cuts:
        return [domain.low]
    between = [(a + b) / 2 for a, b in itertools.pairwise(cuts)]
    pairs = itertools.zip_longest(cuts, between, fillvalue=cuts[-1] + 1)
    return [cuts[0] - 1, *itertools.chain.from_iterable(pairs)]


def _holds(condition: Any, parents: Sequence[Parameter], values: Sequence[Value]) -> bool:
    try:
        return bool(condition.holds({p.name: value for p, value in zip(parents, values, strict=True)}))
    except ConditionError:
        return False
