"""A notebook that is open in a browser, driven as a user drives it."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import nbformat
from playwright.sync_api import Browser, Locator, Page

from .server import Server

SCRIPT = Path(__file__).with_name("page.js")
SCREENSHOTS = Path(__file__).parent.parent / "screenshots"
# Notebook 7.6 says so at each start: it asks for a setting's schema before that is loaded.
NOT_OURS = "Cannot read properties of undefined (reading 'schema')"
T = TypeVar("T")
_numbers = itertools.count(1)


class Notebooks:
    """Opens notebooks in one application, and closes them at the end of a test."""

    def __init__(self, server: Server, browser: Browser):
        self.server = server
        self._browser = browser
        self.opened: list[Notebook] = []

    def open(
        self,
        cells: list[str],
        *,
        theme="light",
        width=1600,
        height=1000,
        name: str | None = None,
        kernel: str = "python3",
    ) -> Notebook:
        """Open a new notebook with these code cells; it is ready to run them.

        Parameters
        ----------
        cells : list of str
        theme : {"light", "dark"}
        width, height : int
            Of the page, in pixels.
        name : str, optional
            The file's name without its ending.
        kernel : str
            The name of its kernel.
        """
        file = f"{name or f'test{next(_numbers)}'}.ipynb"
        self._write(file, cells, kernel)
        # The kernel starts while the page is loading.
        self.server.start_session(file, kernel)
        return self._load(file, color_scheme=theme, viewport={"width": width, "height": height})

    def open_again(self, notebook: Notebook) -> Notebook:
        """Open the file of a notebook in another browser, with the same kernel."""
        return self._load(notebook.file)

    def _load(self, file: str, **options) -> Notebook:
        notebook = Notebook(self._browser.new_context(**options).new_page(), self._address(file), file)
        self.opened.append(notebook)
        notebook.load()
        return notebook

    def close(self):
        """Close the pages, then end their kernels."""
        for notebook in self.opened:
            notebook.page.context.close()
        self.opened = []
        self.server.delete_kernels()

    def _write(self, file: str, cells: list[str], kernel: str = "python3"):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata.kernelspec = {"name": kernel, "display_name": kernel}
        nbformat.write(notebook, self.server.folder / file)

    def _address(self, file: str) -> str:
        if self.server.app == "notebook7":
            return f"{self.server.url}/notebooks/{quote(file)}"
        # A workspace of its own, or JupyterLab opens the notebooks of the tests before as well.
        return f"{self.server.url}/lab/workspaces/{next(_numbers)}/tree/{quote(file)}"


class Notebook:
    """An open notebook.

    Attributes
    ----------
    page : playwright.sync_api.Page
    file : str
        Its name in the server's folder.
    errors : list of str
        What the page wrote to the console as errors and what no script caught, but for `NOT_OURS`.
    """

    def __init__(self, page: Page, address: str, file: str):
        self.page, self.file = page, file
        self.errors: list[str] = []
        self._address = address
        page.set_default_timeout(30_000)
        page.add_init_script(path=SCRIPT)
        page.on("console", lambda said: self._note(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        # Else "leave the page?" stops a reload of a notebook that is not saved.
        page.on("dialog", lambda dialog: dialog.accept())

    def _note(self, error: str):
        if not error.startswith(NOT_OURS):
            self.errors.append(error)

    def load(self):
        """Load the page, and wait until its kernel answers."""
        self.page.goto(self._address)
        self._wait_loaded(is_busy=False)

    def reload(self, is_busy: bool = False):
        """Load the page again; with ``is_busy``, the kernel may still be in a cell."""
        self.page.reload()
        self._wait_loaded(is_busy)

    def _wait_loaded(self, is_busy: bool):
        self.page.wait_for_function("window.harness.kernel()")
        self.awaited("harness.ready()")
        self.page.wait_for_function("harness.isConnected()")
        if not is_busy:
            self.awaited("harness.answering()")
            self.wait_idle()

    def run(self, i: int, wait: bool = True, timeout_s: float = 60):
        """Run cell ``i``, counted from 0; without ``wait``, return at once."""
        name = f"cell {i}, run {next(_numbers)}"
        self.page.evaluate("([i, name]) => harness.keep(name, harness.runCell(i), true)", [i, name])
        if wait:
            self.wait_idle(timeout_s)

    def wait_idle(self, timeout_s: float = 60):
        """Wait until all cells that `run` started are done, and the kernel is idle."""
        self.page.wait_for_function("!harness.isBusy()", timeout=timeout_s * 1000)

    def is_busy(self) -> bool:
        """Whether a cell that `run` started is not done, or the kernel says that it is busy."""
        return self.page.evaluate("harness.isBusy()")

    def kernel_run(self, code: str, timeout_s: float = 30) -> str:
        """Run code in this notebook's kernel, without a cell, and return what it printed."""
        return self.awaited("harness.runInKernel(argument)", code, timeout_s)

    def cell(self, i: int) -> Locator:
        return self.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{i}']")

    def output(self, i: int) -> Locator:
        """The output area of cell ``i``."""
        return self.cell(i).locator(".jp-Cell-outputArea")

    def text(self, i: int) -> str:
        """The visible text of cell ``i``'s output, or ""."""
        return "\n".join(self.output(i).all_inner_texts())

    def source(self, i: int) -> str:
        """The text in the editor of cell ``i``."""
        return self.evaluate("i => harness.panel().content.widgets[i].model.sharedModel.getSource()", i)

    def restart(self):
        """Restart the kernel, as the user does who then sees what is left."""
        self.awaited("harness.panel().sessionContext.session.kernel.restart()")

    def save(self):
        """Write the notebook's file, with its outputs."""
        self.awaited("harness.panel().context.save()")

    def set_theme(self, dark: bool):
        """Change the application's theme, as the user's system would."""
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.page.wait_for_function("is => document.body.dataset.jpThemeLight === is", arg=str(not dark).lower())

    def shot(self, name: str) -> Path:
        """Keep a picture of the page in the git-ignored ``tests/screenshots``."""
        path = SCREENSHOTS / (re.sub(r"[^\w.-]+", "-", name) + ".png")
        self.page.screenshot(path=path)
        return path

    def until(self, condition: Callable[[], T], timeout_s: float = 15) -> T:
        """Call ``condition`` until it is true, and return what it returned: for the kernel's state, and for files."""
        deadline = time.monotonic() + timeout_s
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"still not true after {timeout_s} s")
            self.page.wait_for_timeout(50)  # not time.sleep, which would keep the page's events waiting
        return value

    def evaluate(self, code: str, argument=None):
        """The value of a JavaScript expression or function; it has no time limit, so it must not wait."""
        return self.page.evaluate(code, argument)

    def awaited(self, promise: str, argument=None, timeout_s: float = 30):
        """Wait for a promise, a JavaScript expression over ``argument``, and return its value."""
        name = f"promise {next(_numbers)}"
        self.page.evaluate(f"([name, argument]) => harness.keep(name, {promise})", [name, argument])
        self.page.wait_for_function("name => harness.promises[name].isDone", arg=name, timeout=timeout_s * 1000)
        kept = self.page.evaluate("name => harness.promises[name]", name)
        if kept["error"] is not None:
            raise RuntimeError(kept["error"])
        return kept["value"]
