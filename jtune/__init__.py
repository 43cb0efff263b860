"""jtune: say in a comment which numbers of a cell may move; ``%%tune`` finds better ones."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jtune import samplers
    from jtune.confirmation import Confirmation
    from jtune.language.conditions import Condition
    from jtune.language.domains import ChoiceDomain, FloatDomain, IntDomain
    from jtune.language.space import Parameter, Space
    from jtune.storage.definition import Goal
    from jtune.storage.ranking import Noise
    from jtune.storage.record import Expected, Trial
    from jtune.study import Study, delete, latest, load, studies
    from jtune.surrogate.effects import Effect, Effects, Estimate, Pair, ParameterEffect, Share

__version__ = "0.1.0"
__all__ = [
    "ChoiceDomain", "Condition", "Confirmation", "Effect", "Effects", "Estimate", "Expected", "FloatDomain", "Goal",
    "IntDomain", "Noise", "Pair", "Parameter", "ParameterEffect", "Share", "Space", "Study", "Trial", "__version__",
    "delete", "latest", "load", "load_ipython_extension", "samplers", "studies",
]  # fmt: skip

# Optuna loads with the first of these names, not with `import jtune`.
_MODULES = {
    "confirmation": ("Confirmation",),
    "language.conditions": ("Condition",),
    "language.domains": ("ChoiceDomain", "FloatDomain", "IntDomain"),
    "language.space": ("Parameter", "Space"),
    "storage.definition": ("Goal",),
    "storage.ranking": ("Noise",),
    "storage.record": ("Expected", "Trial"),
    "study": ("Study", "delete", "latest", "load", "studies"),
    "surrogate.effects": ("Effect", "Effects", "Estimate", "Pair", "ParameterEffect", "Share"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def load_ipython_extension(shell: Any) -> None:
    """Register ``%%tune`` and ``%tune`` with a shell: what ``%load_ext jtune`` calls."""
    from jtune.magic import load

    load(shell)


@contextmanager
def loading() -> Iterator[None]:
    """Import what needs Optuna, whose progress bar warns in a kernel without ipywidgets, where nobody asked for one."""
    from jtune.quiet import quiet

    with quiet():
        yield


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        with loading():
            return getattr(importlib.import_module(f"jtune.{_MODULE_OF[name]}"), name)
    if name == "samplers":
        with loading():
            return importlib.import_module("jtune.samplers")
    raise AttributeError(f"module 'jtune' has no attribute {name!r}")
