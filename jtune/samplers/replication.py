"""Which trial to run once more, where trials are noisy: of many, the one with the best value is the luckiest.

The leader is run again until it holds what it promised, or another one leads. What the numbers below are, and what else
was tried, docs/optimizer.md says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]

# What repeated runs are apart by less than this, a variance of 1, are apart by rounding.
_ROUNDING = 1e-12
# Before anything ran twice, a surrogate that sees less noise than this (a variance, of 1) is believed.
_LEAST_NOISE = 0.01
# As many runs are wanted of a leader, and one more for each so many trials.
_RUNS, _TRIALS_PER_RUN = 2, 12
# A prediction counts as so many runs, and the surrogate's noise as so many repeated ones.
_PREDICTED_AS, _NOISE_AS = 1, 2
# The leader stands out, where it is ahead of the one at this place by more than two standard deviations of the noise.
_RIVAL, _STANDS_OUT = 4, 2.0


def leader_to_repeat(x: Array, z: Array, predicted: Array, noise: float, share: float) -> int | None:
    """Return the first trial of the point to run once more, if there is one.

    Parameters
    ----------
    x : ndarray, shape (n, d)
        Points of the complete trials.
    z : ndarray, shape (n,)
        Their losses, as a surrogate has them: variance 1.
    predicted : ndarray, shape (n,)
        What the surrogate expects there.
    noise : float
        The variance of the noise, as the surrogate sees it.
    share : float
        Of all trials, how many may be repeated runs at most; in [0, 1].

    Returns
    -------
    int or None
        A position in ``z``. None where the objective is deterministic (a repeated run gave the same), where one leader
        stands out or is known well enough, and where the share is used up.
    """
    _, first, group, runs = np.unique(x, axis=0, return_index=True, return_inverse=True, return_counts=True)
    group = group.ravel()  # NumPy 2.0 has it in two dimensions
    n, n_repeated = len(z), len(z) - len(first)
    mean = np.bincount(group, z) / runs
    off = float(((z - mean[group]) ** 2).sum())
    is_noisy = off > _ROUNDING if n_repeated else noise > _LEAST_NOISE
    if not is_noisy or n_repeated + 1 > share * (n + 1):
        return None
    expected = (runs * mean + _PREDICTED_AS * predicted[first]) / (runs + _PREDICTED_AS)
    order = np.argsort(expected, kind="stable")
    leader, rival = order[0], order[min(_RIVAL, len(order) - 1)]
    sd = np.sqrt((_NOISE_AS * noise + off) / (_NOISE_AS + n_repeated))
    is_known = runs[leader] >= _RUNS + n // _TRIALS_PER_RUN
    return None if is_known or expected[rival] - expected[leader] > _STANDS_OUT * sd else int(first[leader])
