"""jtune: say in a comment which numbers of a cell may move; ``%%tune`` finds better ones."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jtune.study import Study, latest, load, studies

__version__ = "0.1.0"
__all__ = ["Study", "__version__", "latest", "load", "load_ipython_extension", "studies"]


def load_ipython_extension(shell: Any) -> None:
    """Register ``%%tune`` and ``%tune`` with a shell: what ``%load_ext jtune`` calls."""
    from jtune.magic import load

    load(shell)


def __getattr__(name: str) -> Any:
    # Optuna loads with the first study, not with `import jtune`.
    if name in {"Study", "latest", "load", "studies"}:
        return getattr(importlib.import_module("jtune.study"), name)
    raise AttributeError(f"module 'jtune' has no attribute {name!r}")
