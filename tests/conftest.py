"""A real kernel for tests, driven as a notebook drives it."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time

import pytest
from jupyter_client.manager import KernelManager

import jtune
from jtune.errors import JTuneError

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Kernel:
    """A kernel in a folder, with jtune loaded."""

    def __init__(self, folder, **env):
        self.manager = KernelManager(kernel_name="python3")
        # Or each start says on the test's stderr that the connection is not encrypted.
        quiet = ["--IPKernelApp.log_level=40"]
        self.manager.start_kernel(cwd=str(folder), extra_arguments=quiet, env={**os.environ, **env})
        self.client = self.manager.client()
        # Without the heartbeat: the manager knows whether the process lives, and its thread is slow to stop after a kill.
        self.client.start_channels(hb=False)
        self.client.wait_for_ready(timeout=60)
        self.outputs = []
        self.updates = []
        # All comms that were opened, and what came on any in the last run.
        self.opened, self.comms = [], []
        self.reply = {}
        self.run("%load_ext jtune")

    def run(self, code, meanwhile=lambda: None, cell_id=None, typed=""):
        """Run a cell and return what a reader sees of it, as text; `outputs`, `updates`, `comms` and `reply` have messages.

        A notebook says which of its cells it is: `cell_id`. Where the cell asks for input, it is given what is typed.
        """
        self.outputs, self.updates, self.comms = [], [], []
        self.client.session.metadata = {"cellId": cell_id} if cell_id else {}
        other = threading.Thread(target=meanwhile)
        other.start()
        # stop_on_error: else an error may also abort the next request, which then shows nothing.
        message = self.client.execute_interactive(
            code,
            output_hook=self._take,
            stdin_hook=lambda _: self.client.input(typed),
            timeout=120,
            stop_on_error=False,
        )
        other.join()
        self.reply = message["content"]
        return self.text

    @property
    def text(self):
        return "".join(_text(kind, content) for kind, content in self.outputs)

    def _take(self, message):
        kind, content = message["msg_type"], message["content"]
        if kind == "update_display_data":
            shown = content["transient"]["display_id"]
            self.updates.append(content)
            for i, (old_kind, old) in enumerate(self.outputs):
                if old.get("transient", {}).get("display_id") == shown:
                    self.outputs[i] = old_kind, content
        elif kind in {"stream", "display_data", "execute_result", "error"}:
            self.outputs.append((kind, content))
        elif kind.startswith("comm_"):
            self.comms.append(content)
            self.opened += [content] if kind == "comm_open" else []

    def model(self, name):
        """The comm of the widget of this kind that was made last."""
        states = [(content["comm_id"], content["data"].get("state", {})) for content in self.opened]
        return [comm for comm, state in states if state.get("_model_name") == name][-1]

    def signal(self, number):
        # Not the manager's own method: in another thread it opens an event loop that nobody closes.
        os.kill(self.manager.provisioner.process.pid, number)

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def _text(kind, content):
    if kind == "stream":
        return content["text"]
    if kind == "error":
        return _COLOURS.sub("", "\n".join(content["traceback"])) + "\n"
    return content["data"].get("text/plain", "") + "\n"


def _wait_until(condition, timeout_s=60):
    """Wait until a condition holds, and return what it gave; what is waited for has the processor meanwhile."""
    deadline, pause = time.monotonic() + timeout_s, threading.Event()
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        pause.wait(0.01)
    return value


def _open_study(name, folder):
    """Wait until a folder has a study, and open it; it follows its file, so that it need not be loaded again."""

    def study():
        # While its kernel writes the first lines there is none yet.
        with contextlib.suppress(JTuneError):
            return jtune.load(name, folder)
        return None

    return _wait_until(study)


@pytest.fixture(scope="session")
def wait_until():
    """A function that waits until a condition holds."""
    return _wait_until


@pytest.fixture(scope="session")
def open_study():
    """A function that opens the study of a name in a folder as soon as it is there."""
    return _open_study


@pytest.fixture
def start_kernel(tmp_path, monkeypatch):
    """A function that starts a kernel in ``tmp_path``, or in the folder that it is given."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    started = []

    def start(folder=tmp_path, **env):
        started.append(Kernel(folder, **env))
        return started[-1]

    yield start
    for kernel in started:
        kernel.stop()


@pytest.fixture
def kernel(start_kernel):
    """A fresh kernel in ``tmp_path``."""
    return start_kernel()


@pytest.fixture(scope="module")
def shared_kernel(tmp_path_factory):
    """One kernel for the tests of a module; each gives its study a name of its own."""
    folder = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        kernel = Kernel(folder)
        kernel.folder = folder
        yield kernel
        kernel.stop()
