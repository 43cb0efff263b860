"""jtune: say in a comment which numbers of a cell may move; ``%%tune`` finds better ones."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jtune import samplers
    from jtune.study import Study, latest, load, studies

__version__ = "0.1.0"
__all__ = ["Study", "__version__", "latest", "load", "load_ipython_extension", "samplers", "studies"]


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
    # Optuna loads with the first study, not with `import jtune`.
    if name in {"Study", "latest", "load", "studies"}:
        with loading():
            return getattr(importlib.import_module("jtune.study"), name)
    if name == "samplers":
        with loading():
            return importlib.import_module("jtune.samplers")
    raise AttributeError(f"module 'jtune' has no attribute {name!r}")
