"""Seeds that NumPy's random states take."""

from __future__ import annotations

import secrets

# What numpy.random.RandomState, behind Optuna and scikit-optimize, takes as a seed.
SEEDS = 2**32


def fresh_seed() -> int:
    """Return a seed that nobody chose."""
    return secrets.randbelow(SEEDS)
