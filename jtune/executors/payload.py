"""What a program reads, in a file without a name: pickled once for a search, unpickled anew for each trial.

Functions, methods and classes of earlier cells see the values of the trial: all functions of the notebook share one
dict of globals with the trial, which is what the file holds. Arrays lie in the file as they are and are mapped for each
trial privately: a trial that does not change them copies nothing, and what it changes no other trial sees.
"""

from __future__ import annotations

import dis
import io
import mmap
import os
import pickle
import struct
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import IO, Any

import cloudpickle  # type: ignore[import-untyped]

from jtune.errors import UsageError
from jtune.text import one_line, shortened
from jtune.trials.program import Program

# Those of IPython, of which a worker has its own.
_SHELLS = frozenset({"get_ipython", "exit", "quit", "open", "In", "Out", "_", "__", "___", "_oh", "_ih", "_dh"})
_ALIGNED = 64
_HEAD = struct.Struct("<QQ")


@dataclass(frozen=True)
class Setting:
    """What a worker needs beside the values that the cell reads.

    Parameters
    ----------
    program : Program
    filename, source : str
        Of the cell, for tracebacks.
    folder : str
        The kernel's current one.
    path : tuple of str
        Where it finds modules.
    """

    program: Program
    filename: str
    source: str
    folder: str
    path: tuple[str, ...]


def written(program: Program, source: str, namespace: dict[str, Any]) -> IO[bytes]:
    """Return a file that has a program and what it reads from a namespace.

    Raises
    ------
    UsageError
        If something of it cannot be pickled: names it, where it is read, and what to do.
    """
    setting = Setting(program, program.template.blank.co_filename, source, os.getcwd(), tuple(sys.path))
    values = {name: namespace[name] for name in program.reads if name in namespace and name not in _SHELLS}
    buffers: list[pickle.PickleBuffer] = []
    try:
        content = _pickled(values, namespace, buffers)
    except Exception:  # whatever a user's __reduce__ raises
        raise UsageError(_obstacle(program, values, namespace)) from None
    file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the search)
    for part in (cloudpickle.dumps(setting), content):
        file.write(_HEAD.pack(len(part), 0) + part)
    _write_buffers(file, buffers)
    file.flush()
    return file


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """A pickler for which the functions of a namespace have one dict of globals."""

    def __init__(self, file: IO[bytes], namespace: dict[str, Any], shared: dict[str, Any], *others: Any) -> None:
        super().__init__(file, 5, *others)
        self.globals_ref[id(namespace)] = shared


def _pickled(values: Mapping[str, Any], namespace: dict[str, Any], buffers: list[pickle.PickleBuffer]) -> bytes:
    content, shared = io.BytesIO(), dict[str, Any]()
    _Pickler(content, namespace, shared, buffers.append).dump((shared, dict(values)))
    return content.getvalue()


def _obstacle(program: Program, values: Mapping[str, Any], namespace: dict[str, Any]) -> str:
    for name, value in values.items():
        try:
            _pickled({name: value}, namespace, [])
        except Exception as error:
            line = _line_of(program.template.blank, name)
            where = f", which the cell reads in line {line}," if line else ""
            why = shortened(one_line(f"{type(error).__name__}: {error}"), 120)
            return (
                f"{name}{where} cannot be sent to another process ({why}); "
                f"make {name} inside the cell, or run the trials in the kernel, without --jobs and --on"
            )
    return (
        "what the cell reads cannot be sent to another process; run the trials in the kernel, without --jobs and --on"
    )


def _line_of(code: CodeType, name: str) -> int | None:
    """Return the first line in which code, or code nested in it, reads a name."""
    line = None
    for step in dis.get_instructions(code):
        # From Python 3.13 on `starts_line` is a flag.
        line = getattr(step, "line_number", step.starts_line) or line
        if step.argval == name and step.opname.startswith("LOAD"):
            return line
        if isinstance(step.argval, CodeType) and (found := _line_of(step.argval, name)):
            return found
    return None


def _write_buffers(file: IO[bytes], buffers: list[pickle.PickleBuffer]) -> None:
    """Write a table of the buffers' places, then the buffers, each where a processor likes them to begin."""
    views = [buffer.raw() for buffer in buffers]
    start = file.tell() + _HEAD.size * (1 + len(views))
    table = [_HEAD.pack(len(views), 0)]
    for view in views:
        start = -(-start // _ALIGNED) * _ALIGNED
        table.append(_HEAD.pack(start, view.nbytes))
        start += view.nbytes
    file.write(b"".join(table))
    for view, entry in zip(views, table[1:], strict=True):
        file.seek(_HEAD.unpack(entry)[0])
        file.write(view)


class Payload:
    """The file of :func:`written`, read.

    Parameters
    ----------
    descriptor : int
        Of the open file.

    Attributes
    ----------
    setting : Setting
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        parts = self._parts(self._mapped())
        self.setting: Setting = pickle.loads(next(parts))

    def _mapped(self) -> memoryview:
        """Map the file anew: what is written into this map stays in it."""
        return memoryview(mmap.mmap(self._descriptor, 0, access=mmap.ACCESS_COPY))

    @staticmethod
    def _parts(view: memoryview) -> Iterator[memoryview]:
        """Yield the two pickles, then the buffers."""
        start = 0
        for _ in range(2):
            length, _ = _HEAD.unpack_from(view, start)
            start += _HEAD.size + length
            yield view[start - length : start]
        number, _ = _HEAD.unpack_from(view, start)
        for i in range(1, number + 1):
            begin, length = _HEAD.unpack_from(view, start + i * _HEAD.size)
            yield view[begin : begin + length]

    def namespace(self) -> dict[str, Any]:
        """Return the values that the cell reads, as in the kernel when the search began; nothing else has them."""
        _, content, *buffers = self._parts(self._mapped())
        shared: dict[str, Any]
        shared, values = pickle.loads(content, buffers=buffers)
        shared.update(values)
        return shared
