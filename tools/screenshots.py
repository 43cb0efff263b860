"""The README's pictures, taken in a real JupyterLab: ``make screenshots``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests")]

from browser.test_panel import LOAD, Panel  # noqa: E402
from panel import lab  # noqa: E402

FOLDER = ROOT / "docs" / "images"
TUNED = re.search(r"^```python\n(%%tune .*?)\n```", (ROOT / "README.md").read_text("utf-8"), re.S | re.M)


def main() -> None:
    """Run the quickstart, and take a picture of its cell and panel, in both themes."""
    FOLDER.mkdir(exist_ok=True)
    if TUNED is None:
        sys.exit("README.md has no cell that begins with %%tune")
    with lab() as notebooks:
        for theme in ("light", "dark"):
            notebook = notebooks.open([LOAD, TUNED[1]], theme=theme, width=1180, height=1900)
            notebook.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
            notebook.run(0)
            notebook.run(1)
            panel = Panel(notebook, 1).shown()
            panel.drawn(40)
            # The pointer is nowhere, and the charts have come to rest.
            notebook.page.mouse.move(0, 0)
            notebook.page.wait_for_timeout(1500)
            notebook.cell(1).screenshot(path=FOLDER / f"panel-{theme}.png")


if __name__ == "__main__":
    main()
