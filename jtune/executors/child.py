"""A process that runs trials one after the other, and nothing else: what it leaks, and how it crashes, is its own.

It is started with the descriptors of a connection and of a payload. Over the connection come tasks, verdicts on what it
reports, and orders to give a trial up; outcomes go back. It ends when the process that started it has ended.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import linecache
import os
import signal
import sys
import threading
from dataclasses import replace
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from jtune.executors.payload import Payload
from jtune.text import one_line, shortened
from jtune.trials.capture import Capture
from jtune.trials.execute import execute
from jtune.trials.interrupts import Interrupts, Leash, Verdict
from jtune.trials.outcome import Outcome, State
from jtune.trials.program import Task

_SET_PARENT_DEATH_SIGNAL = 1  # of Linux's prctl


class Child:
    """Runs the tasks that come over a connection.

    Parameters
    ----------
    connection : Connection
    payload : Payload
    shell : InteractiveShell
        Whose displays are captured.
    """

    def __init__(self, connection: Connection[Any, Any], payload: Payload, shell: Any) -> None:
        self._connection, self._payload, self._shell = connection, payload, shell
        self._capture = Capture(shell)
        self._interrupts = Interrupts()
        self._tasks: SimpleQueue[tuple[Task, bool]] = SimpleQueue()
        self._verdicts: SimpleQueue[bool] = SimpleQueue()
        self._leash: Leash | None = None

    def serve(self) -> None:
        """Run tasks until the connection ends, which ends the process."""
        threading.Thread(target=self._listen, name="jtune-orders", daemon=True).start()
        self._connection.send(("ready",))
        with self._interrupts.guarding():
            while True:
                outcome = self._run(*self._tasks.get())
                self._connection.send(("ended", outcome))

    def _listen(self) -> None:
        try:
            while True:
                kind, *given = self._connection.recv()
                if kind == "run":
                    self._tasks.put((given[0], given[1]))
                elif kind == "verdict":
                    self._verdicts.put(given[0])
                elif self._leash is not None:
                    self._leash.pull(Verdict(*given))
        except (EOFError, OSError):
            os._exit(0)

    def _run(self, task: Task, is_judged: bool) -> Outcome:
        self._leash = Leash(self._interrupts, task.limit)
        try:
            namespace = self._namespace()
        except Exception as error:  # of the user's classes
            why = shortened(one_line(f"{type(error).__name__}: {error}"), 200)
            return Outcome(State.FAILED, f"what the cell reads cannot be made anew in another process: {why}")
        judge = self._judge if is_judged else None
        outcome = execute(self._payload.setting.program, task, namespace, self._leash, self._capture, judge)
        self._leash = None
        namespace.clear()  # functions and their globals hold each other, and all that the cell reads
        # Neither an error nor what the cell bound travels.
        return replace(outcome, bindings=None, error=None)

    def _namespace(self) -> dict[str, Any]:
        """Return the namespace of a trial, which is that of the module ``__main__``."""
        self._shell.user_module = main = self._payload.main()
        self._shell.user_ns = namespace = vars(main)
        namespace.update(__builtins__=builtins, get_ipython=self._shell.get_ipython)
        return namespace

    def _judge(self, step: int, value: float) -> bool:
        self._connection.send(("report", step, value))
        return self._verdicts.get()


def _die_with_parent(parent: int) -> None:
    """End with the process that started this one, also while C code keeps Python from running."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _settle(payload: Payload) -> None:
    """Make this process like the kernel: its modules, its folder, its cell's text for tracebacks."""
    setting = payload.setting
    sys.path[:] = setting.path
    with contextlib.suppress(OSError):
        os.chdir(setting.folder)
    lines = setting.source.splitlines(keepends=True)
    linecache.cache[setting.filename] = (len(setting.source), None, lines, setting.filename)


def _shell() -> Any:
    """Return an IPython of this process, for displays and for a cell that uses its magics."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    return InteractiveShell.instance(config=config)


def main(connection: int, payload: int, parent: int) -> None:
    """Serve until the process that started this one has ended."""
    _die_with_parent(parent)
    read = Payload(payload)
    _settle(read)
    Child(Connection(connection), read, _shell()).serve()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
