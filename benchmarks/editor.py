"""What the extension costs in the editor of a real JupyterLab: with it, and with it disabled; goals are in brackets.

A cell of 1000 lines has 100 marks. Times are of the page's own script and layout, medians.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser.notebook import Notebook, Notebooks  # noqa: E402
from panel import lab, say  # noqa: E402

MARKED = "\n".join(
    f"value_{i} = 1.0  # tune: 0.1..10 log" if i % 10 == 0 else f"other_{i} = [{i}, {i + 1}]  # some words"
    for i in range(1000)
)
OPENS = 7
# In bursts, as people type: the extension reads the cell anew when a burst is over.
TYPE = """async () => {
  const { editor: view } = harness.panel().content.widgets[1].editor;
  const times = [];
  for (let burst = 0; burst < 12; burst++) {
    for (let i = 0; i < 10; i++) {
      const at = view.state.doc.line(15).to;
      const begin = performance.now();
      view.dispatch({ changes: { from: at, insert: 'x' }, selection: { anchor: at + 1 }, userEvent: 'input.type' });
      view.contentDOM.getBoundingClientRect();
      times.push(performance.now() - begin);
      await new Promise(resolve => setTimeout(resolve, 30));
    }
    await new Promise(resolve => setTimeout(resolve, 250));
  }
  return times;
}"""
DRAG = """async () => {
  const slider = document.querySelector('.cm-content input[type=range]');
  const times = [];
  slider.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
  for (let i = 0; i < 100; i++) {
    const begin = performance.now();
    slider.value = String(200 + 6 * i);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    slider.getBoundingClientRect();
    times.push(performance.now() - begin);
    await new Promise(requestAnimationFrame);
  }
  slider.dispatchEvent(new Event('change', { bubbles: true }));
  return times;
}"""
OPEN = """async path => {
  const begin = performance.now();
  const widget = await jupyterapp.commands.execute('docmanager:open', { path });
  await widget.context.ready;
  await widget.revealed;
  await new Promise(requestAnimationFrame);
  const took = performance.now() - begin;
  widget.dispose();
  return took;
}"""


def disable(notebooks: Notebooks, is_disabled: bool) -> None:
    """Let pages that are loaded from now on have the extension, or not."""
    config = notebooks.server.folder.parent / "config" / "labconfig" / "page_config.json"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps({"disabledExtensions": {"jtune": is_disabled}}), encoding="utf-8")


def opened(notebooks: Notebooks, is_disabled: bool) -> Notebook:
    disable(notebooks, is_disabled)
    notebook = notebooks.open(["%load_ext jtune", MARKED], height=1200)
    controls = ".cm-content input[type=range]"
    if is_disabled:
        notebook.page.wait_for_timeout(2000)
        assert notebook.page.locator(controls).count() == 0
    else:
        notebook.page.wait_for_selector(controls)
    return notebook


def open_ms(notebooks: Notebooks, is_disabled: bool) -> list[float]:
    notebook = opened(notebooks, is_disabled)
    cells = [f"value_{i} = 1.0  # tune: 0.1..10 log\nprint(value_{i})" for i in range(200)]
    notebooks._write("many.ipynb", cells)
    return [notebook.awaited("(" + OPEN + ")('many.ipynb')") for _ in range(OPENS)]


def main() -> None:
    with lab() as notebooks:
        without = statistics.median(opened(notebooks, True).awaited(f"({TYPE})()"))
        notebook = opened(notebooks, False)
        with_it = statistics.median(notebook.awaited(f"({TYPE})()"))
        say("a keystroke, more than without", with_it - without, goal=4, more=f"{with_it:.1f} against {without:.1f} ms")
        drags = notebook.awaited(f"({DRAG})()")
        say("dragging, script and layout a frame", statistics.median(drags), goal=16, more=f"worst {max(drags):.0f}")
        with_ms, without_ms = (statistics.median(open_ms(notebooks, is_disabled)) for is_disabled in (False, True))
        more = f"{with_ms:.0f} against {without_ms:.0f} ms"
        say("opening 200 cells, more than without", with_ms - without_ms, goal=50, more=more)


if __name__ == "__main__":
    main()
