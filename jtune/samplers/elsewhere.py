"""Where to look when a search keeps to one choice and gains nothing: at another choice, by what is good there.

A surrogate takes from one choice to the next what they have in common. Where that is less than it thinks (one kernel
wants large scales, the other small ones) the first choice with a good trial keeps all others away for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jtune.surrogate.acquisition import Cube

    Array: TypeAlias = NDArray[np.float64]

# After so many trials without gain, every so many one looks elsewhere.
_PATIENCE, _EVERY = 6, 3
# Which share of the last trials has the best trial's choice where a search keeps to it.
_KEEPS = 0.5


def elsewhere(cube: Cube, x: Array, losses: Array, rng: np.random.Generator) -> tuple[Cube, NDArray[np.intp]] | None:
    """Return the part of the cube to search now, if it is time to leave the best choice.

    Parameters
    ----------
    cube : Cube
    x : ndarray, shape (n, d)
        Points of the trials, in their order.
    losses : ndarray, shape (n,)
    rng : numpy.random.Generator

    Returns
    -------
    Cube
        With one choice held at another value than that of the best trial, more often at one that has good trials.
    ndarray of int, shape (k,)
        The trials with that value, k > 0.
    """
    best = int(losses.argmin())
    waited = len(losses) - 1 - best - _PATIENCE
    if waited < 0 or waited % _EVERY:
        return None
    others = []
    for columns, values in cube.free_choices:
        is_kept = _is_at(x[-_PATIENCE:, columns], x[best, columns]).mean() >= _KEEPS
        for value in values if is_kept else ():
            own = np.flatnonzero(_is_at(x[:, columns], value))
            if len(own) and best not in own:
                others.append((float(losses[own].min()), cube.holding(columns, value), own))
    if not others:
        return None
    others.sort(key=lambda other: other[0])
    weights = 1 / np.arange(1, len(others) + 1)
    _, part, own = others[rng.choice(len(others), p=weights / weights.sum())]
    return part, own


def _is_at(rows: Array, value: Array) -> NDArray[np.bool_]:
    return np.asarray(np.abs(rows - value).max(axis=1) < 1e-9)
