"""Run the quickstart notebook headless, in a temporary copy, and print its result."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

import jtune

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "01_quickstart.ipynb"


def main() -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(NOTEBOOK, folder)
        notebook = nbformat.read(copy, as_version=4)
        start = time.monotonic()
        NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
        took_s = time.monotonic() - start
        study = jtune.load("digits", folder)
        print(study)
        print(f"\n{len(study)} trials in {took_s:.0f} seconds, the start of the kernel included")


if __name__ == "__main__":
    main()
