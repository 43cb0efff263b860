"""Every combination of a few levels of each parameter, in random order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jtune.language.domains import ChoiceDomain
from jtune.language.space import Point, Space
from jtune.samplers.points import LAST_TRIES, PointSampler, SpaceExhausted

if TYPE_CHECKING:
    from optuna.study import Study


_GRID_ENUMERATED_AT_MOST = 20_000


class GridSampler(PointSampler):
    """A full factorial in an order that is random with the seed, so that a part of it is spread out."""

    def __init__(self, space: Space, seed: int, n_trials: int) -> None:
        super().__init__(space, seed=seed)
        self._n_trials = n_trials
        size = self._lay_out(space)
        self.note = f"grid: {_levels_text(space, self._axes)}: {size} points"
        if size > n_trials:
            self.note += f", of which {n_trials} at random"

    def _lay_out(self, space: Space) -> int:
        """Lay the grid over a space and return its size."""
        levels = _grid_levels(space, self._n_trials)
        self._axes = {p.name: p.domain.levels(levels) for p in space}
        self._points: list[Point] | None = None
        self._start = 0  # all points before this one have been seen
        size = math.prod(map(len, self._axes.values()))
        if size <= _GRID_ENUMERATED_AT_MOST:
            points = space.grid(levels)
            self._points = [points[i] for i in np.random.default_rng(self.seed).permutation(len(points))]
            size = len(points)
        return size

    def narrow(self, space: Space) -> None:
        super().narrow(space)
        self._lay_out(space)

    @property
    def is_exhausted(self) -> bool:
        """Whether every point of the grid has been seen."""
        return self._has_seen(self._points)

    def forget(self, point: Mapping[str, Any]) -> None:
        super().forget(point)
        self._start = 0

    def propose(self, study: Study, number: int) -> Point:
        try:
            return super().propose(study, number)
        except SpaceExhausted:
            raise SpaceExhausted("all points of the grid have been tried") from None

    def _proposals(self, study: Study, number: int) -> Iterator[Point]:
        if self._points is not None:
            for i in range(self._start, len(self._points)):
                self._start = i
                yield self._points[i]
            return
        rng = np.random.default_rng((self.seed, number))
        for _ in range(LAST_TRIES):
            yield self._within.point({n: v[rng.integers(len(v))] for n, v in self._axes.items()})


def _grid_levels(space: Space, n_trials: int) -> int:
    """Return the most levels per range whose grid has no more points than there are trials; 2 at least."""
    low, high = 2, max(2, n_trials)
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(space, middle, n_trials):
            low = middle
        else:
            high = middle - 1
    return low


def _fits(space: Space, levels: int, n_trials: int) -> bool:
    """Tell whether a grid has at most ``n_trials`` points; written down only where products do not say."""
    sizes = {p.name: len(p.domain.levels(levels)) for p in space}
    if math.prod(sizes.values()) <= n_trials:
        return True
    if math.prod(sizes[p.name] for p in space if p.condition is None) > n_trials:
        return False
    return math.prod(sizes.values()) <= _GRID_ENUMERATED_AT_MOST and len(space.grid(levels)) <= n_trials


def _levels_text(space: Space, axes: Mapping[str, Sequence[Any]]) -> str:
    """Return such as ``4 levels each for C, gamma; 3 choices for kernel``."""
    groups: dict[tuple[str, int], list[str]] = {}
    for name, values in axes.items():
        kind = "choice" if isinstance(space[name].domain, ChoiceDomain) else "level"
        groups.setdefault((kind, len(values)), []).append(name)
    return "; ".join(
        f"{n} {kind}{'' if n == 1 else 's'}{' each' if len(names) > 1 else ''} for {', '.join(names)}"
        for (kind, n), names in groups.items()
    )
