"""Which trials a surrogate learns most from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


def best_and_recent(losses: Sequence[float], limit: int) -> list[int]:
    """Return the positions of at most ``limit`` observations that a surrogate learns most from.

    Half are the best, which carry the shape around the optimum; the other half are the most recent, which hold what a
    sampler has just learnt elsewhere (without them it would propose there again).

    Parameters
    ----------
    losses : sequence of float
        In order of time; lower is better.
    limit : int
        How many to keep; positive.

    Returns
    -------
    list of int
        Ascending.
    """
    if len(losses) <= limit:
        return list(range(len(losses)))
    recent = range(len(losses) - limit // 2, len(losses))
    older = sorted(range(recent.start), key=lambda i: losses[i])
    return sorted([*older[: limit - len(recent)], *recent])
