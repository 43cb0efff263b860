"""The chain that the panel hangs on: kernel, server, ipywidgets, anywidget, page and harness."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

SLIDER = """
import ipywidgets
slider = ipywidgets.IntSlider(value=3, min=0, max=9, description="turns")
slider
"""
COUNTER = """
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    _esm = '''
    export default {
        render({ model, el }) {
            const button = document.createElement("button");
            const show = () => { button.textContent = `count ${model.get("count")}`; };
            button.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
            model.on("change:count", show);
            show();
            el.append(button);
        },
    };
    '''
    count = traitlets.Int(0).tag(sync=True)

counter = Counter()
counter
"""


def test_cell_runs(either):
    notebook = either.open(["print(6 * 7)", "import time; time.sleep(0.5)\n'later'"])
    notebook.run(0)
    assert notebook.text(0).strip() == "42"
    notebook.run(1, wait=False)
    assert notebook.is_busy()
    notebook.wait_idle()
    assert notebook.text(1).endswith("'later'")
    assert notebook.source(0) == "print(6 * 7)"
    assert notebook.errors == []


def test_kernel_is_this_python(lab):
    import sys

    notebook = lab.open([])
    assert notebook.kernel_run("import sys; print(sys.executable)").strip() == sys.executable
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        notebook.kernel_run("1 / 0")


def test_widgets_reach_the_kernel_and_come_back(either):
    notebook = either.open([SLIDER, COUNTER])
    notebook.run(0)
    notebook.run(1)
    handle = notebook.output(0).get_by_role("slider")
    expect(handle).to_be_visible()
    # Notebook 7 takes the arrow keys before the focused element has them, unless that very element says this.
    handle.evaluate("handle => { handle.dataset.lmSuppressShortcuts = 'true'; }")
    handle.focus()
    notebook.page.keyboard.press("ArrowRight")
    notebook.page.keyboard.press("ArrowRight")
    notebook.until(lambda: notebook.kernel_run("print(slider.value)") == "5\n")
    notebook.output(1).get_by_role("button", name="count 0").click()
    notebook.until(lambda: notebook.kernel_run("print(counter.count)") == "1\n")
    notebook.kernel_run("counter.count = 7")
    expect(notebook.output(1).get_by_role("button", name="count 7")).to_be_visible()

    notebook.save()
    notebook.reload()
    expect(notebook.output(0).locator(".widget-readout")).to_have_text("5")
    expect(notebook.output(1).get_by_role("button", name="count 7")).to_be_visible()
    assert notebook.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_theme(either, theme):
    notebook = either.open(["1"], theme=theme, width=900, height=600)
    body = notebook.page.locator("body")
    expect(body).to_have_attribute("data-jp-theme-light", str(theme == "light").lower())
    notebook.set_theme(dark=theme == "light")
    expect(body).to_have_attribute("data-jp-theme-light", str(theme == "dark").lower())
    assert notebook.page.viewport_size == {"width": 900, "height": 600}


def test_reload_while_a_cell_runs(lab):
    notebook = lab.open(["print('begun', flush=True)\nwhile not globals().get('stop'):\n    pass"])
    notebook.run(0, wait=False)
    expect(notebook.output(0)).to_have_text(re.compile("begun"))
    notebook.reload(is_busy=True)
    assert notebook.is_busy()


def test_picture_is_kept(lab):
    path = lab.open(["1"]).shot("harness: a picture")
    assert path.name == "harness-a-picture.png"
    assert path.stat().st_size > 1000


def test_the_page_has_no_network(lab):
    notebook = lab.open([])
    asked = notebook.evaluate("fetch('https://example.org/').then(() => 'an answer', () => 'no answer')")
    assert asked == "no answer"
