"""The connections of a search's workers to its kernel: each worker on this machine calls the kernel, with a key."""

from __future__ import annotations

import contextlib
import secrets
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from queue import Empty, SimpleQueue
from selectors import EVENT_READ, DefaultSelector
from typing import IO, Any, TypeAlias

from jtune.executors.payload import pieces

# Whoever else may listen at the kernel's address on another machine need not say anything.
_PATIENCE_S = 5.0
Line: TypeAlias = "Connection[Any, Any]"


@dataclass(frozen=True)
class Link:
    """What a worker needs to call the kernel of a search.

    Parameters
    ----------
    search : str
        Tells searches apart.
    address : tuple of (str, int)
    key : bytes
        Of the kernel's reception.
    environment : dict of str to str
        For the children, set before they import anything.
    tokens : tuple of str
        One for each child that runs at a time, in the variable ``token_name``; none by default.
    idle_s : float
        Seconds without a trial after which a worker that cannot reach the kernel takes the search for ended.
    python : tuple of int
        The kernel's version of Python, the only one that understands its compiled code.
    """

    search: str
    address: tuple[str, int]
    key: bytes
    environment: Mapping[str, str] = field(default_factory=dict)
    tokens: tuple[str, ...] = ()
    token_name: str = "CUDA_VISIBLE_DEVICES"
    idle_s: float = 60.0
    python: tuple[int, ...] = sys.version_info[:2]

    def connect(self, *, wants_payload: bool) -> Line:
        """Call the kernel.

        Raises
        ------
        OSError
            If the kernel does not answer: the search has ended, or this machine cannot reach the kernel.
        """
        call = socket.create_connection(self.address, _PATIENCE_S)
        call.settimeout(None)
        line = _line(call)
        try:
            if not line.poll(_PATIENCE_S):
                raise TimeoutError("whoever listens there says nothing")
            answer_challenge(line, self.key)
            deliver_challenge(line, self.key)
            line.send(wants_payload)
        except (EOFError, AssertionError, AuthenticationError, OSError) as error:
            line.close()
            raise ConnectionRefusedError(f"no kernel of this search: {error}") from None
        return line


class Reception:
    """Takes the calls of a kernel's workers, and reads what they send in one thread.

    Parameters
    ----------
    payload : file
        Sent to each worker that asks for it.

    Attributes
    ----------
    address : tuple of (str, int)
    key : bytes
    """

    def __init__(self, payload: IO[bytes]) -> None:
        self.key = secrets.token_bytes(32)
        self._payload = payload
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address: tuple[str, int] = self._socket.getsockname()
        self._bell = _Bell()
        self._called: SimpleQueue[Line] = SimpleQueue()
        self._lines = DefaultSelector()
        self._lines.register(self._bell.heard, EVENT_READ)
        self._is_closed = False
        threading.Thread(target=self._accept, name="jtune-reception", daemon=True).start()

    def heard(self, wait_s: float | None) -> list[Line]:
        """Wait until workers have sent something, or have gone; return their lines, or none after :meth:`wake`."""
        ready = [key.fileobj for key, _ in self._lines.select(wait_s)]
        if self._bell.heard in ready:
            self._bell.hear()
            ready.remove(self._bell.heard)
        with contextlib.suppress(Empty):
            while True:
                self._lines.register(self._called.get_nowait(), EVENT_READ)
        return ready  # type: ignore[return-value]

    def wake(self) -> None:
        """Have :meth:`heard` return; may be called in any thread and in a signal's handler."""
        self._bell.ring()

    def hang_up(self, line: Line) -> None:
        """Stop reading a line."""
        self._lines.unregister(line)
        line.close()

    def close(self) -> None:
        """Tell all workers that the search has ended."""
        self._is_closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # on Linux, a thread that accepts would not hear of a mere close
        self._socket.close()
        self.heard(0)
        for key in list(self._lines.get_map().values()):
            if key.fileobj is not self._bell.heard:
                _end(key.fileobj)  # type: ignore[arg-type]
        self._lines.close()
        self._bell.close()

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                line = _line(self._socket.accept()[0])
            except OSError:  # it was closed; or this process has too many open files, some of which may be closed soon
                time.sleep(0.01)
                continue
            threading.Thread(target=self._answer, args=(line,), name="jtune-call", daemon=True).start()

    def _answer(self, line: Line) -> None:
        try:
            deliver_challenge(line, self.key)
            answer_challenge(line, self.key)
            if line.recv():
                for piece in pieces(self._payload):
                    line.send_bytes(piece)
        except Exception:  # whoever called has gone, or does not know the key
            line.close()
            return
        self._called.put(line)
        self._bell.ring()
        if self._is_closed:
            _end(line)


def _line(call: socket.socket) -> Line:
    # Or what a trial reports would wait 40 ms for an acknowledgement of what was said before.
    call.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
    return Connection(call.detach())


def _end(line: Line) -> None:
    """Send on a line that the search has ended: a process that was forked meanwhile may keep a closed line open."""
    with contextlib.suppress(OSError):
        line.send(("end", None))
        line.close()


class _Bell:
    """Wakes a thread that waits; may be rung in any thread and in a signal's handler."""

    def __init__(self) -> None:
        self.heard, self._rung = socket.socketpair()
        for end in (self.heard, self._rung):
            end.setblocking(False)

    def ring(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):  # it is ringing already, or nobody is to be woken any more
            self._rung.send(b"!")

    def hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self.heard.recv(4096)

    def close(self) -> None:
        self.heard.close()
        self._rung.close()
