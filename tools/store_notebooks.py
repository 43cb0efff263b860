"""Run the tutorial notebooks and keep in them what they showed: ``python tools/store_notebooks.py [NAME ...]``.

Each runs in a temporary folder of its own. Left out is what a code host cannot show, or what names the machine.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def run(notebook: nbformat.NotebookNode, folder: str) -> nbformat.NotebookNode:
    """Return the notebook as it is after a run in ``folder``."""
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}})
    # Or the kernel says at its start that the connection, to this very machine, is not encrypted.
    client.extra_arguments = ["--IPKernelApp.log_level=40"]
    client.record_timing = client.store_widget_state = False
    client.coalesce_streams = True
    return client.execute()


def strip(notebook: nbformat.NotebookNode) -> None:
    """Take out the version of Python, and what a cell's metadata hold beside its tags."""
    notebook.metadata.language_info.pop("version", None)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in ("tags",) if key in cell.metadata})


def store(path: Path) -> None:
    """Run a notebook and write it back.

    Raises
    ------
    ValueError
        If an output has the temporary folder in it.
    """
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IPYTHONDIR"] = f"{folder}/.ipython"
        notebook = run(nbformat.read(path, as_version=4), folder)
        took_s = time.monotonic() - start
    strip(notebook)
    if Path(folder).name in nbformat.writes(notebook):
        raise ValueError(f"{path.name}: an output has the temporary folder in it")
    nbformat.write(notebook, path)
    print(f"{path.name}: {took_s:.0f} s, {path.stat().st_size / 1000:.0f} kB")


def main() -> None:
    """Store the notebooks that are named, by their file names or beginnings of them; all by default."""
    wanted = sys.argv[1:] or [""]
    paths = sorted({path for name in wanted for path in NOTEBOOKS.glob(f"{name}*.ipynb")})
    if not paths:
        raise SystemExit(f"no notebook begins with {' or '.join(wanted)}")
    for path in paths:
        store(path)


if __name__ == "__main__":
    main()
