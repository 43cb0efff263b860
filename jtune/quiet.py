"""What the libraries that jtune calls warn of and log, kept out of the user's cell: in the calling thread, in no other.

The filters of :mod:`warnings` and the switches of a logger are the whole process's. Changed for a while, as
``warnings.catch_warnings`` does, they also lose what the user's code says meanwhile in another thread. So filters that
ask for the thread are put in once, and stay.
"""

from __future__ import annotations

import copyreg
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

Action: TypeAlias = Literal["ignore", "error"]


class _Here(threading.local):
    action: Action | None = None


_here = _Here()


class _CategoryHere(type):
    """A category of warnings that has all of them in a thread that asked for its action, and none in the others."""

    action: Action

    def __subclasscheck__(cls, _category: type) -> bool:
        return _here.action == cls.action


class _IgnoredHere(Warning, metaclass=_CategoryHere):
    action = "ignore"


class _ErrorHere(Warning, metaclass=_CategoryHere):
    action = "error"


def _without_jtune(category: type) -> tuple[type, tuple[Any, ...]]:
    return type, (category.__name__, (Warning,), {})


# joblib's workers are sent the filters, and may have no jtune: there it is a category without warnings.
copyreg.pickle(_CategoryHere, _without_jtune)


@contextmanager
def quiet(action: Action = "ignore") -> Iterator[None]:
    """Ignore this thread's warnings in the block, or make errors of them; loggers with :func:`is_heard` say nothing."""
    for category in (_IgnoredHere, _ErrorHere):
        # In front of what the user or a library has put in since.
        if not any(entry[2] is category for entry in warnings.filters[:2]):
            warnings.simplefilter(category.action, category)
    before, _here.action = _here.action, action
    try:
        yield
    finally:
        _here.action = before


def is_heard(_record: logging.LogRecord) -> bool:
    """Filter of a logger: tell whether the thread that logs is in no block of :func:`quiet`."""
    return _here.action is None
