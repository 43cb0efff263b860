"""What a parameter may be: a float range, an integer range, or choices.

A domain is the one place that knows a parameter's values: whether a value lies in it, which values a sampler's
proposal stands for, how it is written in the tune language, and its counterpart in Optuna and in scikit-optimize.
Values are plain Python (``int``, ``float``, ``bool``, ``str``, ``None``, tuples), never NumPy scalars.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import optuna
    from typing_extensions import Self

# A literal as the tune language knows it: int, float, bool, str, None, or a tuple of these.
Value: TypeAlias = Any

# Sampled floats keep this many digits: fine enough for any objective, short enough to stand in a cell.
_DIGITS = 6
# Optuna keeps integers, and their distance to the lower bound, as floats, which are exact up to here.
LARGEST_INT = 2**53


@dataclass(frozen=True)
class Range:
    """What domains of numbers between two bounds have in common."""

    low: Any
    high: Any
    log: bool = False

    def snap(self, value: float) -> Any:
        """Return the value of the domain that is nearest to ``value``."""
        raise NotImplementedError

    def coerce(self, value: Value) -> Any:
        """Return a contained ``value`` as this domain writes it."""
        raise NotImplementedError

    def to_optuna(self, value: Value) -> Any:
        """Return ``value`` as Optuna's distribution has it."""
        return self.coerce(value)

    def from_optuna(self, value: Any) -> Any:
        """Return what Optuna's ``value`` stands for."""
        return value

    def narrowed(self, low: float, high: float) -> Self:
        """Return the part of the domain between two numbers; an end at or beyond the domain's own is left as it is."""
        low = self.low if low <= self.low else self.snap(low)
        high = self.high if high >= self.high else self.snap(high)
        return replace(self, low=low, high=max(low, high))

    def fixed(self, value: Value) -> Self:
        """Return the domain of one value of this one only."""
        value = self.coerce(value)
        return replace(self, low=value, high=value)


@dataclass(frozen=True)
class FloatDomain(Range):
    """A range of floats.

    Parameters
    ----------
    low, high : float
        Bounds, both included; equal only where the domain was narrowed to one value.
    log : bool
        Sampled and drawn on a log scale; needs ``low > 0`` and no step.
    step : float or None
        Spacing of a grid that starts at ``low``.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __str__(self) -> str:
        return _range_text(self.low, self.high, self.log, self.step)

    @property
    def size(self) -> int | None:
        """How many values there are; None where they cannot be counted."""
        if self.low == self.high:
            return 1
        return None if self.step is None else _steps(self.low, self.high, self.step) + 1

    def reject(self, value: Value) -> str | None:
        """Return why ``value`` is not in the domain, or None when it is."""
        if not _is_number(value):
            return f"{value!r} is not a number"
        if not self.low <= value <= self.high:
            return f"{value!r} is outside {self.low!r}..{self.high!r}"
        if self.step is not None and not math.isclose(self.snap(value), value, rel_tol=1e-15, abs_tol=1e-9 * self.step):
            return f"{value!r} is not on the grid {_grid_text(self.low, self.step)}"
        return None

    def coerce(self, value: Value) -> float:
        """Return a contained ``value`` as this domain writes it."""
        return float(value)

    def snap(self, value: float) -> float:
        """Return the value of the domain that is nearest to ``value``, in as many digits as matter."""
        value = min(max(float(value), self.low), self.high)
        if self.step is not None:
            count = min(round((value - self.low) / self.step), _steps(self.low, self.high, self.step))
            return float(Decimal(repr(self.low)) + count * Decimal(repr(self.step)))
        if value in (self.low, self.high):
            return value
        magnitude = abs(value) if self.log else self.high - self.low
        rounded = round(value, _DIGITS - 1 - math.floor(math.log10(magnitude)))
        return min(max(rounded, self.low), self.high) + 0.0  # never -0.0

    def sample(self, rng: np.random.Generator) -> float:
        """Draw a value, uniformly on the domain's scale."""
        if self.step is not None:
            count = int(rng.integers(_steps(self.low, self.high, self.step) + 1))
            return self.snap(self.low + count * self.step)
        if self.log:
            return self.snap(math.exp(rng.uniform(math.log(self.low), math.log(self.high))))
        return self.snap(rng.uniform(self.low, self.high))

    def levels(self, n: int) -> list[float]:
        """Return at most ``n`` values spread evenly over the domain (on its scale), ends included if ``n > 1``."""
        if self.step is not None and self.size is not None and self.size <= n:
            return [self.snap(self.low + i * self.step) for i in range(self.size)]
        return _distinct(self.snap(x) for x in _spread(self.low, self.high, self.log, n))

    @cached_property
    def distribution(self) -> optuna.distributions.BaseDistribution:
        """The Optuna distribution."""
        from optuna.distributions import FloatDistribution

        high = self.high if self.step is None else self.snap(self.high)
        return FloatDistribution(self.low, high, log=self.log, step=self.step)

    def dimension(self) -> Any:
        """Return the scikit-optimize dimension (of grid positions where there is a step)."""
        from skopt.space import Integer, Real

        if self.step is not None:
            return Integer(0, _steps(self.low, self.high, self.step), transform="normalize")
        return Real(self.low, self.high, prior="log-uniform" if self.log else "uniform", transform="normalize")

    def to_dimension(self, value: Value) -> float | int:
        """Return ``value`` as :meth:`dimension` has it."""
        return float(value) if self.step is None else round((value - self.low) / self.step)

    def from_dimension(self, value: Any) -> float:
        """Return what scikit-optimize's ``value`` stands for."""
        return self.snap(value if self.step is None else self.low + value * self.step)


@dataclass(frozen=True)
class IntDomain(Range):
    """A range of integers.

    Parameters
    ----------
    low, high : int
        Bounds, both included; equal only where the domain was narrowed to one value.
    log : bool
        Sampled and drawn on a log scale; needs ``low > 0``.
    step : int
        Spacing of a grid that starts at ``low``.
    """

    low: int
    high: int
    log: bool = False
    step: int = 1

    def __str__(self) -> str:
        return _range_text(self.low, self.high, self.log, None if self.step == 1 else self.step)

    @property
    def size(self) -> int:
        """How many values there are."""
        return (self.high - self.low) // self.step + 1

    def reject(self, value: Value) -> str | None:
        """Return why ``value`` is not in the domain, or None when it is."""
        if not _is_number(value) or int(value) != value:
            return f"{value!r} is not an integer"
        if not self.low <= value <= self.high:
            return f"{value!r} is outside {self.low}..{self.high}"
        if (value - self.low) % self.step:
            return f"{value!r} is not on the grid {_grid_text(self.low, self.step)}"
        return None

    def coerce(self, value: Value) -> int:
        """Return a contained ``value`` as this domain writes it."""
        return int(value)

    def snap(self, value: float) -> int:
        """Return the value of the domain that is nearest to ``value``."""
        value = min(max(value, self.low), self.high)
        # Differences of integers stay exact where those of floats do not.
        whole = math.floor(value)
        below, rest = divmod(whole - self.low, self.step)
        count = below + 1 if 2 * (rest + (value - whole)) > self.step else below
        return self.low + min(count, self.size - 1) * self.step

    def sample(self, rng: np.random.Generator) -> int:
        """Draw a value, uniformly on the domain's scale."""
        if not self.log:
            return self.low + int(rng.integers(self.size)) * self.step
        # Half a step beyond both ends, so that they get their share.
        low, high = max(self.low - self.step / 2, self.low / 2), self.high + self.step / 2
        return self.snap(math.exp(rng.uniform(math.log(low), math.log(high))))

    def levels(self, n: int) -> list[int]:
        """Return at most ``n`` values spread evenly over the domain (on its scale), ends included if ``n > 1``."""
        if self.size <= n:
            return list(range(self.low, self.high + 1, self.step))
        return _distinct(self.snap(x) for x in _spread(self.low, self.high, self.log, n))

    @cached_property
    def distribution(self) -> optuna.distributions.BaseDistribution:
        """The Optuna distribution (on a log scale it has no step: proposals are snapped)."""
        from optuna.distributions import IntDistribution

        high = self.snap(self.high)
        return IntDistribution(self.low, high, log=self.log, step=1 if self.log else self.step)

    def dimension(self) -> Any:
        """Return the scikit-optimize dimension (of grid positions where there is a step)."""
        from skopt.space import Integer

        if self.log:
            # Trees would do without "normalize", but then scikit-optimize 0.10.2 clips log integers to bounds that are
            # not logs, and proposes their upper bound for ever.
            return Integer(self.low, self.snap(self.high), prior="log-uniform", transform="normalize")
        return Integer(0, self.size - 1, transform="normalize")

    def to_dimension(self, value: Value) -> int:
        """Return ``value`` as :meth:`dimension` has it."""
        return int(value) if self.log else (int(value) - self.low) // self.step

    def from_dimension(self, value: Any) -> int:
        """Return what scikit-optimize's ``value`` stands for."""
        return self.snap(value if self.log else self.low + value * self.step)


@dataclass(frozen=True)
class ChoiceDomain:
    """A list of literals.

    Parameters
    ----------
    choices : tuple
        In the order of the cell; no two of them equal.
    """

    choices: tuple[Value, ...]

    def __str__(self) -> str:
        return f"[{', '.join(repr(choice) for choice in self.choices)}]"

    @property
    def size(self) -> int:
        """How many values there are."""
        return len(self.choices)

    @property
    def numbers(self) -> list[Value]:
        """The choices that are numbers, ascending: their order counts, that of others does not."""
        return sorted(choice for choice in self.choices if _is_number(choice))

    def index(self, value: Value) -> int | None:
        """Return the position of ``value``, or None."""
        for i, choice in enumerate(self.choices):
            if is_same(choice, value):
                return i
        return None

    def reject(self, value: Value) -> str | None:
        """Return why ``value`` is not in the domain, or None when it is."""
        return f"{value!r} is not one of {self}" if self.index(value) is None else None

    def coerce(self, value: Value) -> Value:
        """Return a contained ``value`` as this domain writes it."""
        return self.choices[self.index(value) or 0]

    def fixed(self, value: Value) -> ChoiceDomain:
        """Return the domain of one choice of this one only."""
        return ChoiceDomain((self.coerce(value),))

    def snap(self, value: Value) -> Value:
        """Return the choice that equals ``value``; others are returned as they are, having no neighbours."""
        index = self.index(value)
        return value if index is None else self.choices[index]

    def sample(self, rng: np.random.Generator) -> Value:
        """Draw a choice, uniformly."""
        return self.choices[int(rng.integers(len(self.choices)))]

    def levels(self, n: int) -> list[Value]:
        """Return all choices, whatever ``n``."""
        return list(self.choices)

    @staticmethod
    def stored(value: Value) -> Value:
        """Return ``value`` as files and Optuna have it: a tuple by its text, as JSON has none."""
        return repr(value) if isinstance(value, tuple) else value

    def to_optuna(self, value: Value) -> Value:
        """Return ``value`` as Optuna's distribution has it."""
        return self.stored(value)

    def from_optuna(self, value: Any) -> Value:
        """Return what Optuna's ``value`` stands for; what is none of the choices, as it is."""
        return next((c for c in self.choices if is_same(self.to_optuna(c), value)), value)

    @cached_property
    def distribution(self) -> optuna.distributions.BaseDistribution:
        """The Optuna distribution."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution([self.to_optuna(choice) for choice in self.choices])

    def dimension(self) -> Any:
        """Return the scikit-optimize dimension, of positions (its arrays cannot hold mixed types)."""
        from skopt.space import Categorical

        return Categorical([str(i) for i in range(len(self.choices))], transform="onehot")

    def to_dimension(self, value: Value) -> str:
        """Return ``value`` as :meth:`dimension` has it."""
        return str(self.index(value))

    def from_dimension(self, value: Any) -> Value:
        """Return what scikit-optimize's ``value`` stands for."""
        return self.choices[int(value)]


Domain: TypeAlias = FloatDomain | IntDomain | ChoiceDomain


def domain_of(distribution: optuna.distributions.BaseDistribution) -> Domain:
    """Return the domain of the values of an Optuna distribution.

    Raises
    ------
    ValueError
        If it is of a kind that Optuna itself does not have.
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(distribution, CategoricalDistribution):
        return ChoiceDomain(tuple(distribution.choices))
    if isinstance(distribution, FloatDistribution):
        return FloatDomain(distribution.low, distribution.high, distribution.log, distribution.step)
    if isinstance(distribution, IntDistribution):
        return IntDomain(distribution.low, distribution.high, distribution.log, distribution.step)
    raise ValueError(f"{distribution!r} is not a distribution that can be searched")


def infer(literal: Value) -> Domain | None:
    """Return the domain that a bare ``# tune`` gives a literal, or None where it must be written.

    Booleans give both values, an int n >= 1 gives max(1, n//4)..4n, a float x > 0 gives x/10..10x log.
    """
    if isinstance(literal, bool):
        return ChoiceDomain((False, True))
    if isinstance(literal, int) and 1 <= literal <= LARGEST_INT // 4:
        return IntDomain(max(1, literal // 4), 4 * literal)
    if isinstance(literal, float) and literal > 0:
        # Through decimals: 0.3 * 10 is 3.0 there, and the range reads as a person would write it.
        exact = Decimal(repr(literal))
        low, high = float(exact / 10), float(exact * 10)
        return FloatDomain(low, high, log=True) if low * high > 0 and high < math.inf else None
    return None


def is_same(a: Value, b: Value) -> bool:
    """Tell whether two literals are the same value; ``True`` is not ``1`` here, ``1`` is ``1.0``."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(is_same, a, b))
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _is_number(value: Value) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _steps(low: float, high: float, step: float) -> int:
    """Return how many whole steps lie between the bounds, exactly as they are written."""
    return int((Decimal(repr(high)) - Decimal(repr(low))) / Decimal(repr(step)))


def _range_text(low: float, high: float, log: bool, step: float | None) -> str:
    return f"{low!r}..{high!r}{' log' if log else ''}{'' if step is None else f' step {step!r}'}"


def _grid_text(low: float, step: float) -> str:
    first = [type(low)(Decimal(repr(low)) + i * Decimal(repr(step))) for i in range(3)]
    return f"{', '.join(repr(x) for x in first)}, ..."


def _spread(low: float, high: float, log: bool, n: int) -> list[float]:
    """Return ``n`` evenly spaced numbers, the bounds themselves among them; the middle where ``n`` is 1."""
    parts = [i / (n - 1) for i in range(1, n - 1)] if n > 1 else [0.5]
    if log:
        # In logarithms: the ratio of two floats need not be one.
        inner = [math.exp((1 - part) * math.log(low) + part * math.log(high)) for part in parts]
    else:
        inner = [low + (high - low) * part for part in parts]
    return [low, *inner, high] if n > 1 else inner


def _distinct(values: Any) -> list[Any]:
    return list(dict.fromkeys(values))
