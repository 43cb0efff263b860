"""A process that runs trials one after the other and nothing else: leaks and crashes of trials end with this process.

The process gets the descriptors of a connection and of a payload. Over the connection come tasks, verdicts on reported
values, and orders to give a trial up; outcomes go back. The process ends with the one that started it.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import faulthandler
import linecache
import os
import resource
import signal
import sys
import threading
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import ModuleType
from typing import Any, NoReturn

from jtune.executors.payload import Payload
from jtune.text import memory, one_line, shortened
from jtune.trials.capture import Capture
from jtune.trials.execute import execute
from jtune.trials.interrupts import Interrupts, Leash, Verdict
from jtune.trials.once import Kept
from jtune.trials.outcome import Outcome, Output, State
from jtune.trials.program import Task
from jtune.trials.randomness import Chance

_SET_PARENT_DEATH_SIGNAL = 1  # of Linux's prctl
_PRINTED_AT_MOST = 20_000
_C = ctypes.CDLL(None)
_WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class _Trial:
    """The trial that runs."""

    number: int
    leash: Leash
    verdicts: SimpleQueue[bool] = field(default_factory=SimpleQueue)


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
        self._capture, self._chance = Capture(shell), Chance()
        self._kept = Kept(payload.setting.program)
        self._main: ModuleType | None = None
        self._interrupts = Interrupts()
        self._tasks: SimpleQueue[tuple[Task, bool]] = SimpleQueue()
        self._trial: _Trial | None = None

    def serve(self) -> None:
        """Run tasks until the connection ends, which ends the process."""
        os.register_at_fork(after_in_child=self._leave)
        threading.Thread(target=self._listen, name="jtune-orders", daemon=True).start()
        self._connection.send(("ready",))
        with self._interrupts.guarding():
            while True:
                outcome = self._run(*self._tasks.get())
                self._connection.send(("ended", outcome))

    def _leave(self) -> None:
        """Give up the part of a child, in a process that a trial has forked."""
        self._connection.close()  # its end tells that the child has ended
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                kind, number, *given = self._connection.recv()
                trial = self._trial
                if kind == "run":
                    self._tasks.put((given[0], given[1]))
                elif trial is None or number != trial.number:
                    pass  # it has just ended
                elif kind == "verdict":
                    trial.verdicts.put(given[0])
                else:
                    trial.leash.pull(Verdict(*given))
        os.killpg(0, signal.SIGTERM)  # this process and all that trials have started
        os._exit(0)

    def _run(self, task: Task, is_judged: bool) -> Outcome:
        self._trial = trial = _Trial(task.number, Leash(self._interrupts, task.limit))
        try:
            namespace = self._namespace()
        except Exception as error:  # of the user's classes
            why = shortened(one_line(f"{type(error).__name__}: {error}"), 200)
            return Outcome(State.FAILED, f"what the cell reads cannot be made anew in another process: {why}")

        def judge(step: int, value: float) -> bool:
            self._connection.send(("report", step, value))
            return trial.verdicts.get()

        program = self._payload.setting.program
        with self._chance.watching() as drawn:
            ask = judge if is_judged else None
            outcome = execute(program, task, namespace, trial.leash, self._capture, ask, self._kept)
        self._trial = None
        namespace.clear()  # functions and their globals hold each other, and all that the cell reads
        for output in outcome.outputs:
            output.get("data", {}).pop(_WIDGET, None)  # a page would look for its model in the kernel
        # Neither an error nor what the cell bound travels.
        outputs, reason = [*outcome.outputs, *_printed()], outcome.reason
        if outcome.lacked_memory:
            reason += f"; used {memory(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)}"
        return replace(outcome, reason=reason, outputs=outputs, bindings=None, error=None, drawn=tuple(drawn))

    def _namespace(self) -> dict[str, Any]:
        """Return the namespace of a trial, which is that of the module ``__main__``."""
        # Functions among what is kept read their globals in the module of the trial that made them.
        again = self._main if self._payload.setting.program.once else None
        self._shell.user_module = self._main = main = self._payload.main(again)
        self._shell.user_ns = namespace = vars(main)
        namespace.update(__builtins__=builtins, get_ipython=self._shell.get_ipython)
        return namespace


def _printed() -> list[Output]:
    """Return and clear what C code and other processes printed past Python; its place among the prints is unknown."""
    _C.fflush(None)
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()
    if not os.fstat(1).st_size:
        return []
    text = os.pread(1, _PRINTED_AT_MOST, 0).decode(errors="replace")
    os.ftruncate(1, 0)
    os.lseek(1, 0, os.SEEK_SET)
    return [{"output_type": "stream", "name": "stdout", "text": text}]


def _die_with_parent(parent: int) -> None:
    """End with the process that started this one, also while C code keeps Python from running."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            _C.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _settle(payload: Payload) -> None:
    """Give this process what the kernel has: modules, folder, figures, and the cell's text for tracebacks."""
    setting = payload.setting
    # Elsewhere than on the kernel's machine, some of its folders may not be there.
    sys.path[:] = [*setting.path, *(folder for folder in sys.path if folder not in setting.path)]
    with contextlib.suppress(OSError):
        os.chdir(setting.folder)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    lines = setting.source.splitlines(keepends=True)
    linecache.cache[setting.filename] = (len(setting.source), None, lines, setting.filename)
    builtins.input = _ask_nobody


def _ask_nobody(_prompt: object = "") -> NoReturn:
    raise RuntimeError(
        "input() has nobody to ask: this trial runs in a process of its own; "
        "run the trials in the kernel, without --jobs and --on"
    )


def _shell() -> Any:
    """Return an IPython of this process, for displays and for a cell that uses its magics."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def enable_gui(self, gui: str | None = None) -> None:
            """Do nothing: ``%matplotlib`` asks for an event loop, and nobody looks at windows of a worker."""

    config = Config()
    config.HistoryManager.enabled = False
    return Shell.instance(config=config)


def main(connection: int, payload: int, parent: int) -> None:
    """Serve until the process that started this one has ended.

    Parameters
    ----------
    connection, payload : int
        Descriptors; standard output and error are one file.
    parent : int
        The process that started this one.
    """
    _die_with_parent(parent)
    faulthandler.enable(2)
    for descriptor in (connection, payload):
        os.set_inheritable(descriptor, False)
    read = Payload(payload)
    _settle(read)
    Child(Connection(connection), read, _shell()).serve()
