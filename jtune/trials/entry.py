"""Where the user's code begins, for whoever looks at a stack of frames."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from inspect import CO_COROUTINE
from types import CodeType
from typing import Any


def enter(code: CodeType, namespace: dict[str, Any]) -> Any:
    """Run a cell, or evaluate an expression, in a namespace; return the expression's value.

    A cell that awaits at its top level is a coroutine: it runs to its end in an event loop of its own, because the
    kernel's is busy with the very request that runs the cell.
    """
    value = eval(code, namespace)
    return _completed(value) if code.co_flags & CO_COROUTINE else value


def _completed(coroutine: Coroutine[Any, Any, Any]) -> Any:
    with _no_running_loop():
        return asyncio.run(coroutine)


@contextmanager
def _no_running_loop() -> Iterator[None]:
    """Set the running event loop aside, which does not go on before the block has ended anyway."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        yield
        return
    task = asyncio.current_task()
    if task is not None:
        asyncio.tasks._leave_task(loop, task)
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)
        if task is not None:
            asyncio.tasks._enter_task(loop, task)


def is_entry(code: CodeType) -> bool:
    """Tell whether code is the part of jtune that calls the user's: frames called from there are the running cell's."""
    return code in (enter.__code__, _completed.__code__)
