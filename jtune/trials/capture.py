"""What a running cell prints and displays, taken in nbformat's form and bounded."""

from __future__ import annotations

import base64
import io
import sys
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jtune.trials.outcome import Output

_TEXT_AT_MOST = 20_000
_BUNDLES_AT_MOST = 512_000


@dataclass(frozen=True)
class Shown:
    """What a part of a cell has shown: each call of the sink's that showed it."""

    calls: tuple[tuple[str, tuple[Any, ...]], ...]


class Capture:
    """Takes what a trial prints and displays, up to a bound.

    What stands in for ``sys.stdout`` and ``sys.stderr`` may outlive the trial, in the handler of a logger that the cell
    set up: between trials it writes to the real stream.

    Parameters
    ----------
    shell : InteractiveShell or None
        Whose publisher and display hook are replaced meanwhile.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._streams = _Stream("stdout"), _Stream("stderr")
        self._sink = _Sink()
        self._figures: list[int] = []

    def record(self) -> None:
        """Note what is shown from now on."""
        self._figures = _open_figures()
        self._sink.tape = []

    def recorded(self) -> Shown:
        """Return what was shown since; figures that were opened since are shown now, as at the end of a cell."""
        _flush_figures(but=self._figures)
        tape, self._sink.tape = self._sink.tape, None
        return Shown(tuple(tape or ()))

    def show(self, shown: Shown) -> None:
        """Show it again."""
        for name, arguments in shown.calls:
            getattr(self._sink, name)(*arguments)

    @contextmanager
    def capturing(self) -> Iterator[list[Output]]:
        """Collect outputs, in nbformat's form, in the list that the block is given."""
        self._sink = sink = _Sink()
        shell = self._shell
        kept = (sys.stdout, sys.stderr, sys.displayhook)
        publisher = shell.display_pub if shell is not None else None
        sys.stdout, sys.stderr = self._streams
        if shell is not None:
            shell.display_pub = _Publisher(sink, publisher)
            sys.displayhook = lambda value: _display_value(sink, shell, value)
        try:
            with (
                self._streams[0].into(sink, kept[0]),
                self._streams[1].into(sink, kept[1]),
                _without_hooks_of_other_threads(shell),
            ):
                yield sink.outputs
                _flush_figures()
        finally:
            sys.stdout, sys.stderr, sys.displayhook = kept
            if shell is not None:
                shell.display_pub = publisher


@contextmanager
def _without_hooks_of_other_threads(shell: Any) -> Iterator[None]:
    """Let IPython's hooks be fired by this thread only.

    ipykernel fires them after each message of a widget, in a thread of its own while a cell runs; matplotlib's hook
    would show and close the figures that the trial is drawing.
    """
    if shell is None:
        yield
        return
    events, own = shell.events, threading.get_ident()
    fire = events.trigger

    def trigger(event: str, *args: Any, **kwargs: Any) -> None:
        if threading.get_ident() == own:
            fire(event, *args, **kwargs)

    events.trigger = trigger
    try:
        yield
    finally:
        del events.trigger


class _Stream(io.TextIOBase):
    """Stands in for a text stream: writes into a sink while there is one, else to the real stream."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._sink: _Sink | None = None
        self._real: Any = None

    @contextmanager
    def into(self, sink: _Sink, real: Any) -> Iterator[None]:
        """Write into a sink meanwhile, also what is written to the real stream.

        Logging handlers hold the stream that was there when they were made. A terminal's stream cannot be diverted;
        there what they write is shown at once.
        """
        is_kernels = hasattr(real, "pub_thread")
        self._sink, self._real = sink, real
        if is_kernels:
            real.write = self.write
        try:
            yield
        finally:
            self._sink = None
            if is_kernels:
                del real.write

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        sink = self._sink
        if sink is None:
            return int(self._real.write(text) or len(text))
        if text:
            sink.write(self.name, text)
        return len(text)

    def flush(self) -> None:
        if self._sink is None and self._real is not None:
            self._real.flush()

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        """Do nothing: the next trial writes to this stream too."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        return "replace"


class _Sink:
    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self._text_left = _TEXT_AT_MOST
        self._bundles_left = _BUNDLES_AT_MOST
        self._clears_next = False
        self._by_display_id: dict[str, list[Output]] = {}
        self.tape: list[tuple[str, tuple[Any, ...]]] | None = None

    def _note(self, name: str, *arguments: Any) -> None:
        if self.tape is not None:
            self.tape.append((name, arguments))

    def write(self, stream: str, text: str) -> None:
        self._clear_if_asked()
        if self._text_left <= 0:
            return
        self._note("write", stream, text[: self._text_left + 1])
        if len(text) > self._text_left:
            text = text[: self._text_left] + "\n... (cut off)\n"
        self._text_left -= len(text)
        last = self.outputs[-1] if self.outputs else None
        if last is not None and last.get("name") == stream:
            last["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": stream, "text": text})

    def add(
        self, kind: str, data: Mapping[str, Any], metadata: Mapping[str, Any] | None, display_id: str | None = None
    ) -> None:
        self._clear_if_asked()
        self._note("add", kind, data, metadata, display_id)
        output = {"output_type": kind, "data": self._bounded(data), "metadata": dict(metadata or {})}
        self.outputs.append(output)
        if display_id is not None:
            self._by_display_id.setdefault(display_id, []).append(output)

    def update(self, display_id: str | None, data: Mapping[str, Any], metadata: Mapping[str, Any] | None) -> bool:
        """Replace what was displayed under an id; return whether anything was."""
        outputs = self._by_display_id.get(display_id or "", [])
        if outputs:
            self._note("update", display_id, data, metadata)
        for output in outputs:
            self._bundles_left += _size(output["data"])
            output.update(data=self._bounded(data), metadata=dict(metadata or {}))
        return bool(outputs)

    def _bounded(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return a MIME bundle that the trial keeps, its text alone where there is no room for more."""
        bundle = {mime: _as_text(content) for mime, content in data.items()}
        if _size(bundle) > self._bundles_left:
            bundle = {"text/plain": str(bundle.get("text/plain", ""))[:1000] + " (too large to keep)"}
        self._bundles_left -= _size(bundle)
        return bundle

    def clear(self, wait: bool) -> None:
        self._clears_next = True
        if not wait:
            self._clear_if_asked()

    def _clear_if_asked(self) -> None:
        if self._clears_next:
            self._clears_next = False
            if self.tape is not None:
                self.tape[:] = [("clear", (False,))]
            self.outputs.clear()
            self._by_display_id.clear()
            self._text_left = _TEXT_AT_MOST
            self._bundles_left = _BUNDLES_AT_MOST


def _size(bundle: Mapping[str, Any]) -> int:
    return sum(len(str(content)) for content in bundle.values())


def _as_text(content: Any) -> Any:
    return base64.b64encode(content).decode("ascii") if isinstance(content, bytes) else content


class _Publisher:
    """Stands in for the shell's display publisher."""

    def __init__(self, sink: _Sink, real: Any) -> None:
        self._sink = sink
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def publish(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        *,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **others: Any,
    ) -> None:
        display_id = (transient or {}).get("display_id")
        if not update:
            self._sink.add("display_data", data, metadata, display_id)
        elif not self._sink.update(display_id, data, metadata):
            # It was displayed by an earlier cell: what is there changes, as it does without jtune.
            self._real.publish(data, metadata, transient=transient, update=True, **others)

    def clear_output(self, wait: bool = False) -> None:
        self._sink.clear(wait)


def _display_value(sink: _Sink, shell: Any, value: object) -> None:
    """Show a last expression as the notebook does, but keep it out of ``Out`` and ``_``."""
    if value is not None:
        data, metadata = shell.display_formatter.format(value)
        if data:
            sink.add("execute_result", data, metadata)


def _open_figures() -> list[int]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return list(pyplot.get_fignums()) if pyplot is not None else []


def _flush_figures(but: Collection[int] = ()) -> None:
    """Show and close the figures that the trial left open, where the inline backend would do so after the cell."""
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    pyplot, figures = sys.modules.get("matplotlib.pyplot"), [each for each in _open_figures() if each not in but]
    if pyplot is None or inline is None or not figures or "inline" not in pyplot.get_backend():
        return
    if not but:
        inline.flush_figures()
        return
    for each in figures:
        inline.display(pyplot.figure(each))
        pyplot.close(each)
