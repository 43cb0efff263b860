"""Run the quickstart notebook headless, in a temporary copy, and print its result."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

import jtune

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "01_quickstart.ipynb"


def run(folder: str) -> None:
    """Run the notebook in ``folder``, where its study is left."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}})
    # Or the kernel says at its start that the connection, to this very machine, is not encrypted.
    client.extra_arguments = ["--IPKernelApp.log_level=40"]
    client.record_timing = False
    client.execute()


def main() -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        run(folder)
        took_s = time.monotonic() - start
        study = jtune.load("digits", folder)
        print(study)
        print(f"\n{len(study)} trials in {took_s:.0f} seconds, the start of the kernel included")


if __name__ == "__main__":
    main()
