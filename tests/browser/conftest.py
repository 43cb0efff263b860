"""A browser, and a real JupyterLab and a real Notebook 7 for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from .notebook import Notebooks
from .server import Server

FIND_CHROMIUM = Path(__file__).parent.parent.parent / "tools" / "chromium.py"
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
    # A page that asks for anything but its own server is told that there is no such host.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-proxy-server",
]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep a picture of each page that is open when a test fails, and say what its console said."""
    report = yield
    if call.when == "call" and report.failed:
        for name, value in item.funcargs.items():
            if isinstance(value, Notebooks):
                _show_failure(report, f"failed-{item.name}-{name}", value)
    return report


def _show_failure(report, name, notebooks):
    for i, notebook in enumerate(notebooks.opened):
        errors = "\n".join(notebook.errors) or "nothing"
        report.sections.append((f"page {i}", f"{notebook.shot(f'{name}-{i}')}\nerrors in the console: {errors}"))


@pytest.fixture(scope="package")
def browser():
    """One Chromium for all tests; without one they fail."""
    found = subprocess.run([sys.executable, FIND_CHROMIUM], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.fail(found.stderr, pytrace=False)
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.stdout.strip(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def servers(tmp_path_factory):
    """A function that returns the server of an application; it starts at the first call, and stays."""
    started = {}

    def get(app):
        if app not in started:
            started[app] = Server(app, tmp_path_factory.mktemp(app))
            started[app].wait()
        return started[app]

    yield get
    for server in started.values():
        server.stop()


@pytest.fixture
def lab(servers, browser):
    """Opens notebooks in JupyterLab."""
    yield from _notebooks(servers("lab"), browser)


@pytest.fixture
def notebook7(servers, browser):
    """Opens notebooks in Notebook 7."""
    yield from _notebooks(servers("notebook7"), browser)


@pytest.fixture(params=["lab", "notebook7"])
def either(request, servers, browser):
    """Opens notebooks in JupyterLab, then in Notebook 7: the test runs twice."""
    yield from _notebooks(servers(request.param), browser)


def _notebooks(server, browser):
    notebooks = Notebooks(server, browser)
    yield notebooks
    notebooks.close()
