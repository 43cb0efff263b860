"""The append-only file of a study, in Optuna's journal format: one JSON object a line.

Why not Optuna's own ``JournalFileBackend``: it takes a lock and calls ``fsync`` for every line, which outlasts many a
trial. Here one process is the writer for as long as a search lasts, so that a line costs one ``write``; what has been
written survives the death of the process (``kill -9``), though not a power cut.

Files
-----
``NAME.journal``
    The lines. A line counts from the moment that its newline is there; bytes after the last newline are a *torn line*,
    left by a process that died or a disk that was full. Readers pass over it, the next writer cuts it off.
``NAME.journal.writer``
    Carries the writer's lock, and the text ``process PID on HOST``. Never removed; the operating system drops the lock
    with the process. It cannot be called ``NAME.journal.lock``: that is the name of Optuna's own lock, whose presence
    alone makes ``JournalFileBackend`` (and so its dashboard) wait 30 s before it writes.

Every `Journal` of one path in one process is a handle on the same `_SharedFile`: they see each other's lines at once,
in memory too, and hold the writer's lock together.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import re
import sys
import threading
import time
import warnings
import weakref
from array import array
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from io import FileIO
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend, JournalFileOpenLock

from jtune.errors import JournalCorruptError, JournalLockedError

FOLDER = ".jtune"
"""The folder of the studies, beside the notebook."""

_SUFFIX = ".journal"
# How much is read at once: a long study is never in memory as a whole.
_BLOCK_BYTES = 1 << 20
# How often, and after what time, the writer's lock is asked for again.
_TRIES, _TRY_S = 20, 0.01
# What file systems without locks answer: going on without is better than no study.
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}

_encode = json.JSONEncoder(separators=(",", ":")).encode


def warn_it(message: str) -> None:
    """Show ``message`` as a ``UserWarning``."""
    warnings.warn(message, UserWarning, stacklevel=2)


def study_files(folder: Path) -> list[Path]:
    """The journals in ``folder``, the newest change first.

    Parameters
    ----------
    folder : Path
        Need not be there.

    Returns
    -------
    list of Path
    """
    changed_ns: dict[Path, int] = {}
    for path in folder.glob(f"*{_SUFFIX}"):
        # Another process may remove a file between the listing and here.
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                changed_ns[path] = path.stat().st_mtime_ns
    return sorted(changed_ns, key=lambda path: (-changed_ns[path], path.name))


class Journal(BaseJournalBackend):
    """A study's file, for ``optuna.storages.JournalStorage``.

    Any number of processes read; one writes. Reading makes no file and no folder, and waits for no lock. Lines that
    another process appended, be it through a `Journal` or Optuna's ``JournalFileBackend``, are delivered in file order.

    A pickled journal is its path: it opens the file anew, with the default ``on_memory``.

    Parameters
    ----------
    path : Path
        The file; it need not be there. A relative one is taken from the folder that is current now.
    on_memory : callable
        Told, once, in one sentence, when the file cannot be written (a read-only folder, a full disk, a removed file)
        and the journal goes on in memory. A later `writing` tries the file again, and then saves what was in memory.

    Attributes
    ----------
    path : Path
        The file, absolute, symbolic links followed.

    Notes
    -----
    A line that ends in a newline must be a JSON object with a whole number ``op_code``, wherever it stands. As the
    newline is written last, a last line with a newline that breaks this rule is no torn line: it is reported like any
    other broken line, never cut off.
    """

    def __init__(self, path: Path, on_memory: Callable[[str], None] = warn_it) -> None:
        self.path = Path(path).resolve()
        self._on_memory = on_memory
        self._file = _shared_file(self.path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    def __reduce__(self) -> tuple[type[Journal], tuple[Path]]:
        return type(self), (self.path,)

    @property
    def in_memory(self) -> bool:
        """Whether the file could not be written, so that what came after lives in memory only."""
        return self._file.in_memory

    @property
    def is_written(self) -> bool:
        """Whether a process is the writer now; True as well where the file system has no locks to tell."""
        return self._file.is_written()

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """Read the logs from one number on.

        Parameters
        ----------
        log_number_from : int
            Number of the first log wanted, from 0.

        Yields
        ------
        dict
            A log, freshly parsed.

        Raises
        ------
        JournalCorruptError
            At a line that is no log, or when the file has lost lines that were read before.
        """
        return self._file.logs(log_number_from)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append logs, and return when the operating system has them.

        Outside of `writing` the writer's lock is taken for these logs only.

        Parameters
        ----------
        logs : list of dict
            What ``json.dumps`` takes, each with a whole number ``op_code``.

        Raises
        ------
        JournalLockedError
            If another process is the writer; nothing is written.
        TypeError, ValueError
            If a log cannot be written as JSON; nothing is written.
        """
        if logs:
            data = "".join([_encode(log) + "\n" for log in logs]).encode()
            self._tell(self._file.append(data))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the writer for as long as the block lasts; blocks may be nested, also by other journals of this file.

        Makes the folder. Threads and journals of this process do not exclude each other, only other processes.

        Yields
        ------
        None

        Raises
        ------
        JournalLockedError
            If another process is the writer.
        """
        message = self._file.enter()
        try:
            self._tell(message)
            yield
        finally:
            self._file.leave()

    def _tell(self, message: str | None) -> None:
        """Pass on a message; last of all, because a callback may raise (a warning as an error)."""
        if message is not None:
            self._on_memory(message)


class _SharedFile:
    """What this process knows of one journal, and its right to write it.

    The lines are one run of bytes: those on disk, and after them, once writing failed, those in ``_tail``. While the
    disk works, ``_tail`` is merely a copy of the last bytes appended, so that reading them back asks the disk for
    nothing but its size. The size is what every step is based on: a step cut short by a KeyboardInterrupt is found and
    finished by the next one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.in_memory = False
        # Line i is the bytes _bounds[i]:_bounds[i + 1].
        self._bounds = array("Q", [0])
        self._tail_start = 0
        self._tail = bytearray()
        # The file at this path is no longer the one that was read.
        self._is_lost = False
        self._mutex = threading.RLock()
        self._lock = _WriterLock(path)
        self._holders = 0
        self._handle: FileIO | None = None

    def enter(self) -> str | None:
        """Take the writer's lock, or share it; returns what to tell the user, if anything."""
        with self._mutex:
            message = None
            if not self._holders and not self._is_lost:
                message = self._start()
            self._holders += 1
            return message

    def leave(self) -> None:
        with self._mutex:
            # It is 0 already in a child that was forked inside of the block.
            self._holders = max(0, self._holders - 1)
            if not self._holders:
                self._stop()

    def is_written(self) -> bool:
        with self._mutex:
            return self._holders > 0 or self._lock.is_taken()

    def append(self, data: bytes) -> str | None:
        """Append whole lines; returns what to tell the user, if anything."""
        with self._mutex:
            message = self.enter()
            try:
                return self._append(data) or message
            finally:
                self.leave()

    def logs(self, number: int) -> Iterator[dict[str, Any]]:
        with self._mutex:
            self._scan(self._size())
            stop = len(self._bounds) - 1
        while number < stop:
            for line in self._block(number, stop):
                number += 1
                yield self._parse(line, number)

    def replace_if_stale(self) -> bool:
        """Give up a file that was removed or cut short, unless it is being written; returns whether it was."""
        with self._mutex:
            on_disk = self._tail_start if self.in_memory else self._end
            if not self._holders and self._disk_size() < on_disk:
                self._is_lost = True
            return self._is_lost

    def forget_parent(self) -> None:
        """In a forked child: the lock, the open file's position and the mutex are the parent's."""
        self._mutex = threading.RLock()
        self._holders = 0
        self._lock.forget()
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    @property
    def _end(self) -> int:
        """Where the last known line ends, in bytes."""
        return self._bounds[-1]

    def _start(self) -> str | None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            if self.in_memory:
                self._save_memory()
        except OSError as error:
            return self._go_on_in_memory(error)
        return None

    def _stop(self) -> None:
        try:
            if self._handle is not None:
                self._handle.close()
        finally:
            self._handle = None
            self._lock.release()

    def _append(self, data: bytes) -> str | None:
        message = None
        if not self.in_memory:
            written, error = self._append_to_disk(data)
            if error is None:
                return None
            message = self._go_on_in_memory(error)
            data = data[written:]
        self._tail += data
        self._scan(self._size())
        return message

    def _append_to_disk(self, data: bytes) -> tuple[int, OSError | None]:
        """Return how many bytes the disk has taken, in whole lines, and why not all."""
        try:
            handle = self._prepare()
        except OSError as error:
            return 0, error
        start = self._end
        written, failure = _write_lines(handle, start, data)
        # Elsewhere when Optuna's backend, which knows nothing of our lock, slipped in: then the next scan reads both.
        if failure is None and handle.tell() == start + written:
            self._tail_start, self._tail = start, bytearray(data)
            self._scan(start + written)
        return written, failure

    def _prepare(self) -> FileIO:
        """Return the file, open for appending, with every line known and no torn one."""
        size = self._disk_size()
        if self._is_lost or size < self._end:
            self._is_lost = True
            raise OSError(errno.ESTALE, "it was removed or cut short since it was read")
        handle = self._open_handle()
        if size != self._end:
            # Optuna's backend appended, or somebody died.
            self._scan(size)
        if size != self._end:
            self._cut_torn_line(handle)
        return handle

    def _open_handle(self) -> FileIO:
        if self._handle is None:
            self._handle = FileIO(self.path, "a+")
        return self._handle

    def _cut_torn_line(self, handle: FileIO) -> None:
        # It may as well be a line that Optuna's backend is writing at this moment: its lock tells.
        lock = JournalFileOpenLock(str(self.path))
        lock.acquire()
        try:
            self._scan(self._disk_size())
            handle.truncate(self._end)
        finally:
            lock.release()

    def _go_on_in_memory(self, error: OSError) -> str | None:
        if self.in_memory:
            return None
        with contextlib.suppress(OSError):
            # Lines that another process wrote come before ours, as they do on disk.
            self._scan(self._size())
        self._tail_start, self._tail = self._end, bytearray()
        self.in_memory = True
        return (
            f"{self.path} cannot be written ({error.strerror or error}), so the study goes on "
            "in memory, and what is not in that file will be lost with the kernel"
        )

    def _save_memory(self) -> None:
        """Append to the file what is in memory, as far as the disk takes it."""
        handle = self._open_handle()
        if self._disk_size() != self._tail_start:
            # Another process went on from there: both continue log number so-and-so, and cannot be joined.
            return
        written, error = _write_lines(handle, self._tail_start, bytes(self._tail))
        if error is None:
            self.in_memory = False
        else:
            self._tail_start, self._tail = self._tail_start + written, self._tail[written:]

    def _size(self) -> int:
        """Bytes of the journal as it is now, a torn line included."""
        return self._tail_start + len(self._tail) if self.in_memory else self._disk_size()

    def _disk_size(self) -> int:
        handle = self._handle
        try:
            stat = os.stat(self.path) if handle is None else os.fstat(handle.fileno())
        except (FileNotFoundError, NotADirectoryError):
            return 0
        # Some file systems count no links: those are asked again.
        if stat.st_nlink == 0 and not self._is_at_path(stat):
            return 0
        return stat.st_size

    def _is_at_path(self, stat: os.stat_result) -> bool:
        try:
            return os.path.samestat(stat, os.stat(self.path))
        except OSError:
            return False

    def _scan(self, size: int) -> None:
        """Find the lines between the last known one and ``size``; none in a file that was removed or cut short."""
        start = self._end
        while start < size:
            block = self._read(start, min(size, start + _BLOCK_BYTES))
            if not block:
                # Another writer has cut off a torn line meanwhile.
                return
            self._bounds.extend(start + newline.end() for newline in re.finditer(b"\n", block))
            start += len(block)

    def _block(self, number: int, stop: int) -> list[bytes]:
        """Return some of the lines from ``number`` on, at least one, none from ``stop`` on."""
        with self._mutex:
            bounds = self._bounds
            first, last = number, number + 1
            while last < stop and bounds[last + 1] - bounds[first] <= _BLOCK_BYTES:
                last += 1
            data = self._read(bounds[first], bounds[last])
            if len(data) < bounds[last] - bounds[first]:
                reason = "the file was removed or cut short since this line was read"
                raise JournalCorruptError(str(self.path), number + 1, reason)
        return data.split(b"\n")[:-1]

    def _read(self, start: int, stop: int) -> bytes:
        """Return the bytes ``start:stop``; fewer when the disk has no more."""
        at = self._tail_start
        if at <= start and stop <= at + len(self._tail):
            return bytes(self._tail[start - at : stop - at])
        if self.in_memory and stop > at:
            return self._read_disk(start, at) + self._tail[: stop - at]
        return self._read_disk(start, stop)

    def _read_disk(self, start: int, stop: int) -> bytes:
        if self._is_lost and self._handle is None:
            # What is at the path now is another file.
            return b""
        opened: AbstractContextManager[FileIO]
        opened = FileIO(self.path, "r") if self._handle is None else nullcontext(self._handle)
        blocks: list[bytes] = []
        with opened as handle:
            handle.seek(start)
            while start < stop and (block := handle.read(stop - start)):
                blocks.append(block)
                start += len(block)
        return b"".join(blocks)

    def _parse(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            log = json.loads(line.decode())
        except json.JSONDecodeError as error:
            reason = f"not valid JSON, {error.msg} at column {error.colno}"
        except UnicodeDecodeError as error:
            reason = f"not valid UTF-8 at byte {error.start + 1}"
        except (ValueError, RecursionError) as error:
            reason = f"not readable JSON, {error}"
        else:
            if isinstance(log, dict) and type(log.get("op_code")) is int:
                _intern_names(log)
                return log
            reason = 'not a log: expected a JSON object with a whole number "op_code"'
        raise JournalCorruptError(str(self.path), number, reason)


def _intern_names(log: dict[str, Any]) -> None:
    """Have one string for each name that many trials carry: Optuna keeps a parsed log's parts for good."""
    if isinstance(name := log.get("param_name"), str):
        log["param_name"] = sys.intern(name)
    if isinstance(attributes := log.get("user_attr"), dict):
        log["user_attr"] = {
            sys.intern(key): {sys.intern(k): v for k, v in value.items()} if isinstance(value, dict) else value
            for key, value in attributes.items()
        }


def _write_lines(handle: FileIO, start: int, data: bytes) -> tuple[int, OSError | None]:
    """Append ``data`` to a file of ``start`` bytes; returns the bytes kept, in whole lines, and why not all."""
    written = 0
    try:
        while written < len(data):
            # A nearly full disk takes a part, and complains only about the rest.
            written += handle.write(data[written:]) or 0
    except OSError as error:
        # Whole lines stay: readers may have seen them.
        kept = data.rfind(b"\n", 0, written) + 1
        with contextlib.suppress(OSError):
            handle.truncate(start + kept)
        return kept, error
    return written, None


class _WriterLock:
    """The right of one process to write a journal."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._path = journal.with_name(f"{journal.name}.writer")
        self._handle: FileIO | None = None

    def acquire(self) -> None:
        """Take the lock, if this process does not have it yet.

        Raises
        ------
        JournalLockedError
            If another process has it.
        OSError
            If its file cannot be made.
        """
        if self._handle is not None:
            return
        handle = FileIO(self._path, "a+")
        try:
            self._claim(handle)
        except BaseException:
            handle.close()
            raise
        self._handle = handle

    def release(self) -> None:
        """Give the lock back, if this process has it."""
        if self._handle is None:
            return
        handle, self._handle = self._handle, None
        with handle, contextlib.suppress(OSError):
            handle.truncate(0)
            _unlock(handle)

    def is_taken(self) -> bool:
        """Tell whether a process has the lock; where it cannot be asked for, one may have it."""
        try:
            with FileIO(self._path, "r") as handle:
                # Who gives the lock back empties the file; who was killed does not.
                if not handle.read(1):
                    return False
                _lock(handle)
                _unlock(handle)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False

    def forget(self) -> None:
        """Close the file but do not unlock it: after a fork it is one lock, and the parent's."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def _claim(self, handle: FileIO) -> None:
        try:
            _lock_patiently(handle)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read(1000).decode(errors="replace").strip()
            raise JournalLockedError(str(self._journal), holder or "another process") from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        # The text only serves the message above: no room for it is no reason to stop.
        with contextlib.suppress(OSError):
            handle.truncate(0)
            handle.write(f"process {os.getpid()} on {platform.node()}".encode())


if sys.platform == "win32":
    import msvcrt

    # Windows keeps others from reading locked bytes, so the lock lies far behind the text.
    _LOCKED_BYTE = 1 << 30

    def _lock(handle: FileIO) -> None:
        handle.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from None

    def _unlock(handle: FileIO) -> None:
        handle.seek(_LOCKED_BYTE)
        msvcrt.locking(handle.fileno(), msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(handle: FileIO) -> None:
        fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(handle: FileIO) -> None:
        fcntl.flock(handle.fileno(), fcntl.LOCK_UN)


def _lock_patiently(handle: FileIO) -> None:
    """Take the lock, also where a reader has it for the moment in which it asks whether there is a writer."""
    for _ in range(_TRIES - 1):
        with contextlib.suppress(BlockingIOError):
            return _lock(handle)
        time.sleep(_TRY_S)
    return _lock(handle)


_files: weakref.WeakValueDictionary[Path, _SharedFile] = weakref.WeakValueDictionary()
_files_mutex = threading.Lock()


def _shared_file(path: Path) -> _SharedFile:
    """Return this process's one view of the file at ``path``, a new one when that file was removed."""
    with _files_mutex:
        file = _files.get(path)
        if file is None or file.replace_if_stale():
            file = _files[path] = _SharedFile(path)
        return file


def _forget_parent() -> None:
    global _files_mutex  # noqa: PLW0603  (a thread of the parent may have held it)
    _files_mutex = threading.Lock()
    for file in _files.values():
        file.forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)
