"""Whether a cell's values vary by chance: it draws from a global random generator that it does not seed."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import CodeType
from typing import Any

# How to seed each generator.
_SEEDS = {"random": "random.seed(0)", "numpy.random": "np.random.seed(0)", "torch": "torch.manual_seed(0)"}


class Chance:
    """Sees which global generators the second trial of a process draws from: by then the cell is set up."""

    def __init__(self) -> None:
        self._n = 0

    @contextmanager
    def watching(self) -> Iterator[list[str]]:
        """Watch a trial; the list has the generators when that has ended."""
        self._n += 1
        drawn: list[str] = []
        before = generator_states() if self._n == 2 else {}
        yield drawn
        drawn += drawn_from(before, generator_states()) if before else []


def generator_states() -> dict[str, Any]:
    """Return the states of the global random generators whose modules are loaded, by module."""
    states: dict[str, Any] = {"random": random.getstate()}
    if "numpy.random" in sys.modules:
        kind, keys, *rest = sys.modules["numpy.random"].get_state()
        states["numpy.random"] = (kind, keys.tobytes(), *rest)
    if "torch" in sys.modules:
        states["torch"] = bytes(sys.modules["torch"].get_rng_state().numpy())
    return states


def put_back(states: Mapping[str, Any]) -> None:
    """Put generators back into states of :func:`generator_states`."""
    for name, state in states.items():
        if name == "random":
            random.setstate(state)
        elif name == "numpy.random":
            kind, keys, *rest = state
            numpy = sys.modules["numpy"]
            sys.modules[name].set_state((kind, numpy.frombuffer(keys, numpy.uint32), *rest))
        else:
            torch = sys.modules[name]
            torch.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))


def drawn_from(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the generators that were drawn from, or seeded, between two of :func:`generator_states`."""
    return [name for name, state in after.items() if name in before and before[name] != state]


def mentions_seed(code: CodeType) -> bool:
    """Tell whether code, or code nested in it, uses a name such as ``seed`` or ``manual_seed``."""
    nested = [const for const in code.co_consts if isinstance(const, CodeType)]
    return any("seed" in name.lower() for name in code.co_names) or any(map(mentions_seed, nested))


def advice(generators: list[str]) -> str:
    """Return what to say of a cell that draws from global generators."""
    seeds = "; ".join(_SEEDS[name] for name in generators)
    names = " and ".join(generators)
    return (
        f"the cell draws from the global generator of {names}, so equal literals can give unequal values; "
        f"seed it in the cell ({seeds}), or average with --repeats 3"
    )
