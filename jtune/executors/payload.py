"""What a program reads, in a file without a name: pickled once for a search, unpickled anew for each trial.

Functions, methods and classes of earlier cells see the values of the trial: all functions of the notebook share one
dict of globals with the trial, that of the module ``__main__``. Arrays lie in the file as they are and are mapped for
each trial privately: a trial that does not change them copies nothing, and what it changes no other trial sees.
"""

from __future__ import annotations

import dis
import io
import mmap
import os
import pickle
import re
import struct
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import IO, Any

import cloudpickle  # type: ignore[import-untyped]

from jtune.errors import UsageError
from jtune.language.names import names_read
from jtune.text import one_line, shortened
from jtune.trials.program import Program

# Those of IPython, of which a worker has its own.
_SHELLS = frozenset({"get_ipython", "exit", "quit", "open", "In", "Out", "_", "__", "___", "_oh", "_ih", "_dh"})
_ALIGNED = 64
_PIECE = 1 << 24
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
        Where the kernel finds modules.
    """

    program: Program
    filename: str
    source: str
    folder: str
    path: tuple[str, ...]


def written(program: Program, source: str, namespace: dict[str, Any]) -> IO[bytes]:
    """Return a file with a program and the values that the program reads from a namespace.

    Raises
    ------
    UsageError
        If a value cannot be pickled; the message names it, says where it is read, and what to do.
    """
    setting = Setting(program, program.template.blank.co_filename, source, os.getcwd(), tuple(sys.path))
    buffers: list[pickle.PickleBuffer] = []
    content = _content(program, namespace, buffers)
    file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the search)
    for part in (cloudpickle.dumps(setting), content):
        file.write(_HEAD.pack(len(part), 0) + part)
    _write_buffers(file, buffers)
    file.flush()
    return file


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a file, from its beginning, in pieces that a message can hold, and an empty one at the end."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for start in range(0, len(content), _PIECE):
            yield content[start : start + _PIECE]
    yield b""


def _content(program: Program, namespace: dict[str, Any], buffers: list[pickle.PickleBuffer]) -> bytes:
    """Return the values that a program reads, pickled, and append the buffers of their arrays."""
    values = _values(program, namespace)
    try:
        return _Pickler(namespace, buffers).pickled(values)
    except Exception:  # whatever a user's __reduce__ raises
        # Functions of earlier cells may read a name that the cell binds anew before it calls them.
        bound = {name: namespace[name] for name in program.binds if name in namespace}
        left_out = [name for name, value in bound.items() if not _is_picklable(value, namespace, bound)]
        buffers.clear()
        try:
            return _Pickler(namespace, buffers, left_out).pickled(values)
        except Exception:
            raise UsageError(_obstacle(program, values, namespace)) from None


def _values(program: Program, namespace: dict[str, Any]) -> dict[str, Any]:
    """Return what a program reads from a namespace."""
    at_end = [name for code in program.at_end.values() for name in names_read(code) if name not in program.binds]
    here = {name: value for name, value in namespace.items() if name not in _SHELLS}
    values = {name: here[name] for name in (*program.reads, *at_end) if name in here}
    # Whether a word is a name is for the magic to say, so it is no mistake if one of these cannot be pickled.
    words = [word for word in _words_of_magics(program.template.blank) if word in here and word not in values]
    return values | {word: here[word] for word in words if _is_picklable(here[word], namespace)}


def _words_of_magics(code: CodeType) -> Iterator[str]:
    """Yield the words of all texts in code that calls IPython's magics, which alone read the names in them."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _words_of_magics(constant)
        elif isinstance(constant, str) and "get_ipython" in code.co_names:
            yield from re.findall(r"[^\W\d]\w*", constant)


class _Globals(dict[str, Any]):
    """The globals of the notebook's functions; unpickled as those of the module ``__main__``."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _globals_of_main, ()


def _globals_of_main() -> dict[str, Any]:
    return vars(sys.modules["__main__"])


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """A pickler for which the functions of a namespace have one dict of globals.

    Parameters
    ----------
    namespace : dict
    buffers : list
        Takes those of arrays.
    left_out : collection of str
        Names whose values functions do without.

    Attributes
    ----------
    readers : dict of str to str
        The names which functions of the namespace read, and a function that does.
    """

    def __init__(
        self, namespace: dict[str, Any], buffers: list[pickle.PickleBuffer], left_out: Collection[str] = ()
    ) -> None:
        self._file = io.BytesIO()
        super().__init__(self._file, 5, buffers.append)
        self.globals_ref[id(namespace)] = _Globals()
        self._namespace, self._left_out = namespace, left_out
        self.readers: dict[str, str] = {}

    def pickled(self, value: Any) -> bytes:
        self.dump(value)
        return self._file.getvalue()

    def reducer_override(self, obj: Any) -> Any:
        reduced = super().reducer_override(obj)
        if isinstance(obj, FunctionType) and obj.__globals__ is self._namespace and isinstance(reduced, tuple):
            values = reduced[2][1]["__globals__"]
            for name in self._left_out:
                values.pop(name, None)
            self.readers.update(dict.fromkeys(values, obj.__name__))
        return reduced


def _is_picklable(value: Any, namespace: dict[str, Any], left_out: Collection[str] = ()) -> bool:
    try:
        _Pickler(namespace, [], left_out).pickled(value)
    except Exception:
        return False
    return True


@dataclass(frozen=True)
class _Culprit:
    """A variable that cannot be pickled, which function reads it, if not the cell, and what pickling it raised."""

    name: str
    reader: str
    error: Exception


def _culprit(name: str, namespace: dict[str, Any], reader: str = "", passed: Collection[str] = ()) -> _Culprit | None:
    """Return which variable is to blame where one cannot be pickled: itself, or one that a function behind it reads."""
    pickler = _Pickler(namespace, [])
    try:
        pickler.pickled(namespace[name])
    except Exception as error:
        passed = {*passed, name}
        for behind, reads_it in pickler.readers.items():
            if behind not in passed and (found := _culprit(behind, namespace, reads_it, passed)):
                return found
        return _Culprit(name, reader, error)
    return None


def _obstacle(program: Program, values: Collection[str], namespace: dict[str, Any]) -> str:
    in_the_kernel = "run the trials in the kernel, without --jobs and --on"
    for each in values:
        if found := _culprit(each, namespace):
            line = _line_of(program.template.blank, each)
            by_cell = f", which the cell reads in line {line}," if line else ""
            where = f", which {found.reader} reads," if found.reader else by_cell
            why = shortened(one_line(f"{type(found.error).__name__}: {found.error}"), 120)
            return (
                f"{found.name}{where} cannot be sent to another process ({why}); "
                f"make {found.name} inside the cell, or {in_the_kernel}"
            )
    return f"what the cell reads cannot be sent to another process; {in_the_kernel}"


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

    def main(self, again: ModuleType | None = None) -> ModuleType:
        """Return a module ``__main__`` that has the values as in the kernel when the search began, and install it.

        Parameters
        ----------
        again : ModuleType, optional
            To be filled anew; by default the module is a new one.

        Raises
        ------
        Exception
            What the user's classes raise where they cannot be unpickled here.
        """
        _, content, *buffers = self._parts(self._mapped())
        new = ModuleType("__main__")
        module = sys.modules["__main__"] = new if again is None else again
        vars(module).update(vars(new))
        # Or a class that is still there would be this trial's too, with all that an earlier one has set on it.
        cloudpickle.cloudpickle._DYNAMIC_CLASS_TRACKER_BY_ID.clear()
        vars(module).update(pickle.loads(content, buffers=buffers))
        return module
