"""A real JupyterLab or Notebook 7 in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

# What would reach for the network, ask the user something or save behind a test's back.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # A page's theme is then its browser's colour scheme: nothing of it is stored in the server.
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False, "renameUntitledFileOnSave": False},
}
FLAGS = [
    "--no-browser",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--ServerApp.allow_root=True",
    "--ServerApp.disable_check_xsrf=True",
    "--ServerApp.log_level=30",
    "--IdentityProvider.token=",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
]
APPS = {
    "lab": ["jupyterlab", "--LabApp.expose_app_in_browser=True"],
    "notebook7": ["notebook", "--JupyterNotebookApp.expose_app_in_browser=True"],
}
# This very machine is never behind a proxy.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server:
    """A server, from its start to its end.

    Parameters
    ----------
    app : {"lab", "notebook7"}
    folder : pathlib.Path
        Made by the caller; notebooks go to its sub-folder ``notebooks``, all else beside it.
    """

    def __init__(self, app: str, folder: Path):
        self.app = app
        self.folder = folder / "notebooks"
        self.folder.mkdir()
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._write_settings(folder / "config")
        self._log = folder / "server.log"
        module, *flags = APPS[app]
        flags += [*FLAGS, f"--ServerApp.port={self.port}", f"--ServerApp.root_dir={self.folder}"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *flags],
                cwd=self.folder,
                env=_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait(self, timeout_s: float = 90):
        """Return when the server answers."""
        until = time.monotonic() + timeout_s
        while True:
            try:
                return self.ask("GET", "api")
            except urllib.error.URLError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{self.app} does not start:\n{self._log.read_text()}") from None
                time.sleep(0.05)

    def ask(self, method: str, path: str, body=None):
        """One request of the REST API, and its answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data, method=method)
        with _OPENER.open(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def start_session(self, name: str, kernel: str = "python3") -> str:
        """Start the kernel of a notebook, and return the session's id: a page that is loading will find it."""
        body = {"path": name, "name": name, "type": "notebook", "kernel": {"name": kernel}}
        return self.ask("POST", "api/sessions", body)["id"]

    def add_kernel(self, name: str, language: str, script: str):
        """Add a kernel that a script of Python's is."""
        folder = self.folder.parent / "data" / "kernels" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "kernel.py").write_text(script, "utf-8")
        argv = [sys.executable, str(folder / "kernel.py"), "-f", "{connection_file}"]
        spec = {"argv": argv, "display_name": name, "language": language}
        (folder / "kernel.json").write_text(json.dumps(spec), "utf-8")

    @contextlib.contextmanager
    def settings(self, plugin: str, **values):
        """Have other settings of a plugin for pages that are opened meanwhile."""
        self._put_settings(plugin, values)
        try:
            yield
        finally:
            self._put_settings(plugin, {})

    def _put_settings(self, plugin: str, values: dict):
        self.ask("PUT", f"lab/api/settings/{plugin}", {"raw": json.dumps(values)})

    def delete_kernels(self):
        """End all kernels: one that is stuck in a cell would outlive the server."""
        for kernel in self.ask("GET", "api/kernels"):
            self.ask("DELETE", f"api/kernels/{kernel['id']}")

    def stop(self):
        """End the kernels, then the server."""
        if self._process.poll() is None:
            self.delete_kernels()
            self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _write_settings(self, config: Path):
        path = config / "labconfig" / "default_setting_overrides.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(SETTINGS), "utf-8")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _environment(folder: Path) -> dict[str, str]:
    """The user's environment, without the user's Jupyter and IPython."""
    names = ["CONFIG", "DATA", "RUNTIME"]
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in names}
    own |= {f"JUPYTERLAB_{name}_DIR": str(folder / name.lower()) for name in ["SETTINGS", "WORKSPACES"]}
    others = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    # The kernels of this very Python, whatever kernels the user has.
    return {**others, **own, "IPYTHONDIR": str(folder / "ipython"), "JUPYTER_PREFER_ENV_PATH": "1"}
