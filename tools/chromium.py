"""Print the path of a Chromium that starts; with ``--install``, get one where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


def find() -> str | None:
    """Return the path of the machine's Chromium, else of Playwright's, else None."""
    return next(filter(_starts, map(shutil.which, NAMES)), None) or next(filter(_starts, [_playwrights()]), None)


def install() -> None:
    """Install the distribution's Chromium, which brings its libraries, or Playwright's."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "--quiet=2", *command], env=quiet, check=False, stdout=sys.stderr)
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False, stdout=sys.stderr)


def _starts(path: str | None) -> bool:
    """Whether it says its version: Ubuntu's chromium-browser may be a script that only asks for a snap."""
    if not path or not os.access(path, os.X_OK):
        return False
    return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0


def _playwrights() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def main() -> None:
    """Print the path, or say what is missing."""
    path = find()
    if path is None and "--install" in sys.argv[1:]:
        install()
        path = find()
    if path is None:
        sys.exit("No Chromium starts on this machine. Get one: python tools/chromium.py --install")
    print(path)


if __name__ == "__main__":
    main()
