"""The JupyterLab extension as a person meets it: marks, sliders in the text, the Tune button, applying."""

import os
import re
import signal

import pytest
from playwright.sync_api import expect

from .test_panel import LOAD, SLOW, Panel

PLAIN = """scale = 1.0  # tune: 0.1..10 log
kind = "a"  # tune: ["a", "b"]
flag = True  # tune
units = 8  # tune: 2..32 step 2 if kind == "b"
other = 5  # not a mark
loss = (scale - 2) ** 2 + (kind == "b") + flag  # tune: minimize"""
TUNED = "%%tune s -n 25 --sampler random --seed 1 --fresh\n" + PLAIN
EXPLORED = """%%explore wave --fresh
amount = 1.0  # tune: 0..10
print("amount is", amount)"""


class Editor:
    """The text of a cell, with what jtune adds to it."""

    def __init__(self, notebook, i):
        self.notebook, self.i = notebook, i
        self.node = notebook.cell(i).locator(".cm-content")

    def control(self, name):
        return self.node.get_by_label(name, exact=True)

    @property
    def text(self):
        return self.notebook.source(self.i)

    def line(self, start):
        return next(line for line in self.text.split("\n") if line.startswith(start))

    def shown(self):
        expect(self.node.locator("input, select").first).to_be_visible()
        return self

    def drag(self, name, part):
        """Drag a slider from its middle to a part of its width, in many steps."""
        box = self.control(name).bounding_box()
        mouse = self.notebook.page.mouse
        mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        mouse.down()
        mouse.move(box["x"] + part * box["width"], box["y"] + box["height"] / 2, steps=20)
        self.notebook.page.wait_for_timeout(700)  # longer than the half second in which edits are one undo step anyway
        mouse.move(box["x"] + (part + 0.05) * box["width"], box["y"] + box["height"] / 2, steps=5)
        mouse.up()

    def undo(self):
        self.node.click(position={"x": 5, "y": 5})
        self.notebook.page.keyboard.press("Control+z")


def opened(app, *cells, **options):
    notebook = app.open([LOAD, *cells], **options)
    return notebook, [Editor(notebook, i + 1) for i in range(len(cells))]


def command(notebook, name, **arguments):
    """Run a command of the application, as the palette does."""
    code = "([name, args]) => harness.keep('command ' + name, window.jupyterapp.commands.execute(name, args))"
    notebook.evaluate(code, [name, arguments])


@pytest.mark.oldest
def test_dragging_a_slider_changes_the_literal_and_only_it(either):
    notebook, [editor] = opened(either, PLAIN)
    before = editor.shown().text
    notebook.shot("editor")
    editor.drag("scale", 0.8)
    expect(editor.node).not_to_contain_text("scale = 1.0")
    after = editor.text
    assert re.sub(r"^scale = \S+", "scale = 1.0", after) == before
    value = float(re.match(r"scale = (\S+)", after)[1])
    assert 4 < value < 6  # the drag went on to its end, where the slider says 10 ** 0.7
    assert len(re.match(r"scale = (\S+)", after)[1]) <= 5
    editor.undo()
    assert editor.text == before


def test_the_keyboard_moves_a_slider(lab):
    notebook, [editor] = opened(lab, PLAIN)
    slider = editor.shown().control("scale")
    slider.focus()
    notebook.page.keyboard.press("ArrowRight")
    notebook.until(lambda: "scale = 1.0 " not in editor.text)
    expect(slider).to_be_focused()


@pytest.mark.oldest
def test_lists_and_checkboxes_write_their_literals(lab):
    _, [editor] = opened(lab, PLAIN)
    expect(editor.shown().control("units")).to_be_disabled()
    editor.control("kind").select_option(label="'b'")
    expect(editor.control("units")).to_be_enabled()
    editor.control("flag").uncheck()
    assert editor.line("kind") == 'kind = "b"  # tune: ["a", "b"]'
    assert editor.line("flag") == "flag = False  # tune"


def test_mistakes_are_underlined_while_typing_and_go(lab):
    notebook, [editor, prose] = opened(lab, PLAIN.replace("0.1..10 log", "10..0.1 log"), "x = 1  # tune this later")
    mistake = editor.node.locator(".jtune-problem")
    expect(mistake).not_to_have_count(0)
    mistake.first.hover()
    expect(notebook.page.locator(".cm-tooltip")).to_contain_text("LOW must be below HIGH; write 0.1..10 log")
    notebook.shot("lint")
    expect(prose.node.locator(".jtune-problem")).to_have_count(0)
    editor.node.click(position={"x": 5, "y": 5})
    notebook.page.keyboard.press("Control+a")
    notebook.page.keyboard.insert_text(PLAIN)
    expect(mistake).to_have_count(0)


def test_a_statement_that_cannot_run_once_is_underlined(lab):
    cell = "n = 8  # tune: 2..32\ndata = load(n)  # tune: once\nrest = load()  # tune: once\nloss = n  # tune: minimize"
    notebook, [editor] = opened(lab, cell)
    mistake = editor.node.locator(".jtune-problem")
    expect(mistake).to_have_text("once")
    mistake.hover()
    expect(notebook.page.locator(".cm-tooltip")).to_contain_text("it reads n, which depends on what line 1 tunes")
    notebook.shot("once")


@pytest.mark.oldest
def test_the_tune_button_runs_a_plain_cell(either):
    notebook, [editor, plain] = opened(either, PLAIN, "x = 1")
    notebook.run(0)
    editor.shown().node.click(position={"x": 5, "y": 5})
    button = notebook.cell(1).get_by_role("button", name=re.compile("^Tune cell"))
    button.click()
    panel = Panel(notebook, 1).shown()
    expect(panel.state).to_have_text("30 trials are done", timeout=60_000)
    assert editor.text == PLAIN
    plain.node.click(position={"x": 5, "y": 5})
    expect(notebook.cell(2).get_by_role("button", name=re.compile("^Tune cell"))).to_be_hidden()


def test_a_kernel_without_jtune_is_asked_once(lab):
    notebook, [editor] = opened(lab, PLAIN)
    editor.shown().node.click(position={"x": 5, "y": 5})
    notebook.cell(1).get_by_role("button", name=re.compile("^Tune cell")).click()
    dialog = notebook.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Load jtune?")
    dialog.get_by_role("button", name="Load").click()
    expect(Panel(notebook, 1).shown().state).to_have_text("30 trials are done", timeout=60_000)
    assert notebook.errors == []


def test_apply_best_writes_the_literals_into_the_cell(either):
    notebook, [editor] = opened(either, TUNED)
    notebook.run(0)
    notebook.run(1)
    panel = Panel(notebook, 1).shown()
    panel.press("Apply best")
    best = notebook.kernel_run("print(s.source(), end='')")
    notebook.until(lambda: editor.text == best)
    notebook.shot("applied")
    assert best != TUNED
    editor.undo()
    assert editor.text == TUNED


def test_what_was_applied_can_be_taken_back(lab):
    notebook, [editor] = opened(lab, TUNED)
    notebook.run(0)
    notebook.run(1)
    panel = Panel(notebook, 1).shown()
    panel.press("Apply best")
    best = notebook.kernel_run("print(s.source(), end='')")
    notebook.until(lambda: editor.text == best)
    panel.press("Applied · Undo")
    notebook.until(lambda: editor.text == TUNED)
    expect(panel.button("Apply best")).to_be_visible()
    # What the handles say can be written too.
    panel.slider("scale").press("Home")
    panel.press("Apply these")
    notebook.until(lambda: editor.line("scale") == "scale = 0.1  # tune: 0.1..10 log")
    notebook.shot("applied-these")


def test_apply_from_code_writes_into_the_cell(lab):
    notebook, [editor, _] = opened(lab, TUNED, "s.apply()")
    notebook.run(0)
    notebook.run(1)
    notebook.run(2)
    best = notebook.kernel_run("print(s.source(), end='')")
    notebook.until(lambda: editor.text == best)


def test_literals_that_were_edited_since_are_left_alone_and_named(lab):
    notebook, [editor] = opened(lab, TUNED)
    notebook.run(0)
    notebook.run(1)
    panel = Panel(notebook, 1).shown()
    edited = TUNED.replace("scale = 1.0", "scale = 3.0").replace("other = 5", "other = 6")
    notebook.evaluate("text => harness.panel().content.widgets[1].model.sharedModel.setSource(text)", edited)
    panel.press("Apply best")
    expect(notebook.page.get_by_text("Not written, as the cell has changed there since it ran: scale.")).to_be_visible()
    assert editor.line("scale") == "scale = 3.0  # tune: 0.1..10 log"
    assert editor.line("other") == "other = 6  # not a mark"


def test_apply_never_writes_into_another_cell(lab):
    notebook, [_] = opened(lab, TUNED)
    notebook.run(0)
    notebook.run(1)
    Panel(notebook, 1).shown()
    ran = notebook.evaluate("harness.panel().content.widgets[1].model.id")
    # The duplicate stands below, then above the cell that ran.
    notebook.evaluate("() => { harness.panel().content.activeCellIndex = 1; }")
    command(notebook, "notebook:duplicate-below")
    notebook.until(lambda: notebook.evaluate("harness.panel().content.widgets.length") == 3)
    command(notebook, "notebook:move-cell-up")
    notebook.until(lambda: notebook.evaluate("harness.panel().content.widgets[2].model.id") == ran)
    Panel(notebook, 2).shown().press("Apply best")
    best = notebook.kernel_run("print(s.source(), end='')")
    notebook.until(lambda: notebook.source(2) == best)
    assert notebook.source(1) == TUNED
    # Where the cell is gone, nothing is written.
    notebook.evaluate("() => { harness.panel().content.activeCellIndex = 2; }")
    command(notebook, "notebook:delete-cell")
    notebook.until(lambda: notebook.evaluate("harness.panel().content.widgets.length") == 2)
    panel = Panel(notebook, 1).shown()
    panel.press("Apply best")
    expect(panel.node.locator(".jtune-source pre")).to_be_visible()
    assert notebook.source(1) == TUNED


def test_an_in_line_slider_reruns_an_explored_cell(lab):
    notebook, [editor] = opened(lab, EXPLORED)
    notebook.run(0)
    notebook.run(1)
    panel = Panel(notebook, 1).shown()
    expect(panel.node.locator(".jtune-output")).to_contain_text("amount is 1.0")
    editor.drag("amount", 0.7)
    value = float(re.search(r"amount = (\S+)", editor.text)[1])
    assert value > 4
    expect(panel.node.locator(".jtune-output")).to_contain_text(f"amount is {value}")
    notebook.shot("explored")


def test_after_a_study_a_literal_tells_its_effect(lab):
    notebook, [editor] = opened(lab, TUNED)
    notebook.run(0)
    notebook.run(1)
    Panel(notebook, 1).shown()
    editor.node.locator(".jtune-literal").first.hover()
    tip = notebook.page.locator(".cm-tooltip")
    expect(tip).to_contain_text("%")
    expect(tip.locator("svg")).to_be_visible()
    notebook.shot("hover")


@pytest.mark.oldest
def test_completion_offers_to_run_a_statement_once(lab):
    notebook, [editor] = opened(lab, "data = load()  # tune: ")
    editor.node.click()
    notebook.page.keyboard.press("End")
    notebook.page.keyboard.press("Tab")
    expect(notebook.page.locator(".jp-Completer")).to_contain_text("once")


def test_completion_offers_forms_that_fit(lab):
    notebook, [editor] = opened(lab, "n = 8  # tune: ")
    editor.node.click()
    notebook.page.keyboard.press("End")
    notebook.page.keyboard.press("Tab")
    expect(notebook.page.locator(".jp-Completer")).to_contain_text("2..32 log")


def test_marks_are_written_and_removed_by_command(lab):
    notebook, [editor] = opened(lab, "n = 8\nloss = n")
    editor.node.locator(".cm-line").first.click()
    notebook.page.keyboard.press("End")
    command(notebook, "jtune:mark-literal")
    notebook.until(lambda: re.match(r"n = 8  # tune: 2\.\.32\n", editor.text))
    command(notebook, "jtune:remove-marks")
    notebook.until(lambda: editor.text == "n = 8\nloss = n")


def test_the_side_bar_lists_shows_and_deletes_studies(lab):
    notebook, _ = opened(lab, TUNED)
    notebook.run(0)
    notebook.run(1)
    notebook.evaluate("window.jupyterapp.shell.activateById('jtune-studies')")
    bar = notebook.page.locator("#jtune-studies")
    expect(bar).to_contain_text("25 trials are done")
    notebook.shot("studies")
    bar.get_by_role("button", name="s", exact=True).click()
    expect(notebook.page.locator(".jtune-viewer .jtune-board.jtune-live")).to_be_visible(timeout=30_000)
    notebook.shot("viewer")
    bar.get_by_role("button", name="More of s", exact=True).click()
    notebook.page.get_by_role("menuitem", name="Delete").click()
    notebook.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(bar.get_by_role("button", name="More of s", exact=True)).to_have_count(0)
    assert not (lab.server.folder / ".jtune" / "s.journal").exists()


def test_a_restarted_kernel_is_greeted_again(lab):
    notebook, [editor, _] = opened(lab, TUNED, "s.apply()")
    notebook.run(0)
    notebook.run(1)
    notebook.awaited("harness.panel().sessionContext.restartKernel()")
    notebook.awaited("harness.answering()")
    notebook.run(0)
    notebook.run(1)
    notebook.run(2)
    best = notebook.kernel_run("print(s.source(), end='')")
    notebook.until(lambda: editor.text == best)


ECHO = """from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Echo(Kernel):
    implementation, implementation_version, banner = "echo", "1", "says it again"
    language_info = {"name": "echo", "mimetype": "text/x-r", "file_extension": ".R"}

    async def do_execute(self, code, silent, *_, **__):
        if not silent:
            self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": code})
        return {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}

IPKernelApp.launch_instance(kernel_class=Echo)
"""


def test_a_notebook_of_another_language_is_left_alone(lab):
    lab.server.add_kernel("echo", "echo", ECHO)
    notebook, [editor] = opened(lab, PLAIN, kernel="echo")
    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("not a mark")
    expect(editor.node.locator("input, select, .jtune-literal")).to_have_count(0)
    command(notebook, "jtune:mark-literal")
    expect(notebook.cell(1).get_by_role("button", name=re.compile("^Tune cell"))).to_be_hidden()
    assert editor.text == PLAIN
    assert notebook.errors == []


def test_the_side_bar_follows_a_search_and_a_command_stops_it(lab):
    notebook, _ = opened(lab, SLOW.format(n=200, seconds=0.1))
    notebook.run(0)
    notebook.run(1, wait=False)
    panel = Panel(notebook, 1).shown()
    notebook.evaluate("window.jupyterapp.shell.activateById('jtune-studies')")
    bar = notebook.page.locator("#jtune-studies")
    expect(bar.get_by_label("progress of slow")).to_be_visible()
    expect(bar).to_contain_text("running trial")
    command(notebook, "jtune:stop")
    expect(panel.state).to_have_text("stopped by hand")
    notebook.wait_idle()
    expect(bar).to_contain_text("stopped by hand")
    assert int(notebook.kernel_run("print(len(slow))")) < 200


def test_settings_turn_controls_and_marks_off(lab):
    with lab.server.settings("jtune:plugin", controls=False):
        _, [editor] = opened(lab, PLAIN)
        expect(editor.node.locator(".jtune-literal")).not_to_have_count(0)
        expect(editor.node.locator("input, select")).to_have_count(0)
    with lab.server.settings("jtune:plugin", marks=False):
        _, [editor] = opened(lab, PLAIN)
        expect(editor.node.locator("input").first).to_be_visible()
        expect(editor.node.locator(".jtune-literal")).to_have_count(0)


def test_of_several_notebooks_each_has_its_own_studies(lab):
    first, _ = opened(lab, TUNED)
    second, _ = opened(lab, TUNED.replace("%%tune s", "%%tune s2").replace("scale = 1.0", "scale = 1.5"), "s2.apply()")
    for notebook in (first, second):
        notebook.run(0)
        notebook.run(1)
    second.run(2)
    best = second.kernel_run("print(s2.source(), end='')")
    second.until(lambda: second.source(1) == best)
    assert first.source(1) == TUNED


FIGURES = """%%explore wave --fresh
import matplotlib.pyplot as plt
import numpy as np

t = np.linspace(0, 1, 500)
frequency = 3.0  # tune: 1..20
decay = 2.0      # tune: 0..10
plt.plot(t, np.exp(-decay * t) * np.sin(2 * np.pi * frequency * t))
plt.title(f"{frequency} {decay}")
plt.show()
print("frequency is", frequency)"""


def test_each_move_of_an_in_line_slider_reruns_a_cell_that_draws(either):
    notebook, [editor] = opened(either, FIGURES)
    notebook.run(0)
    notebook.run(1)
    panel = Panel(notebook, 1).shown()
    slider = editor.shown().control("frequency")
    for _ in range(8):
        before = editor.line("frequency")
        slider.focus()
        notebook.page.keyboard.press("ArrowRight")
        notebook.until(lambda before=before: editor.line("frequency") != before)
        value = float(re.match(r"frequency = (\S+)", editor.line("frequency"))[1])
        expect(panel.node.locator(".jtune-output")).to_contain_text(f"frequency is {value}")
        expect(notebook.output(1).locator("img:visible")).to_have_count(1)
    notebook.shot("explored-figure")
    assert notebook.errors == []


def test_an_explored_cell_that_was_edited_since_runs_only_when_the_user_says_so(lab):
    notebook, [editor] = opened(lab, EXPLORED)
    notebook.run(0)
    notebook.run(1)
    panel = Panel(notebook, 1).shown()
    output = panel.node.locator(".jtune-output")
    expect(output).to_contain_text("amount is 1.0")
    edited = EXPLORED.replace("amount is", "twice is").replace(", amount)", ", 2 * amount)")
    notebook.evaluate("text => harness.panel().content.widgets[1].model.sharedModel.setSource(text)", edited)
    editor.shown().control("amount").focus()
    notebook.page.keyboard.press("ArrowRight")
    notice = notebook.page.get_by_role("alert").filter(has_text="The cell was edited since it ran.")
    expect(notice).to_have_count(1)
    notebook.page.keyboard.press("ArrowRight")
    expect(notice).to_have_count(1)
    notebook.shot("edited-since")
    assert notebook.kernel_run("print(amount, len(wave))") == "1.0 1\n"
    notice.get_by_role("button", name="Run").click()
    value = float(re.search(r"amount = (\S+)", editor.text)[1])
    expect(output).to_contain_text(f"twice is {2 * value}")
    editor.control("amount").focus()
    notebook.page.keyboard.press("ArrowRight")
    notebook.until(lambda: f"amount = {value} " not in editor.text)
    value = float(re.search(r"amount = (\S+)", editor.text)[1])
    expect(output).to_contain_text(f"twice is {2 * value}")


def best_of(notebook, name):
    return notebook.kernel_run(f"print({name}.source(), end='')")


def write(notebook, i, text):
    """Replace the text of a cell."""
    code = "([i, text]) => harness.panel().content.widgets[i].model.sharedModel.setSource(text)"
    notebook.evaluate(code, [i, text])


def test_two_views_of_a_notebook_write_once_and_either_may_be_closed(lab):
    notebook, [editor, _] = opened(lab, TUNED, "s.apply()")
    notebook.run(0)
    notebook.run(1)
    first = notebook.evaluate("harness.panel().id")
    command(notebook, "docmanager:clone")
    views = "[...window.jupyterapp.shell.widgets('main')].filter(({ context }) => context?.sessionContext)"
    notebook.until(lambda: notebook.evaluate(f"{views}.length") == 2)
    best = best_of(notebook, "s")
    notebook.page.locator(".jtune-panel:visible").first.get_by_role("button", name="Apply best").click()
    notebook.until(lambda: editor.text == best)
    notebook.shot("two-views")
    write(notebook, 1, TUNED)
    notebook.run(2)
    notebook.until(lambda: editor.text == best)
    # The one that opened the line to the kernel goes.
    notebook.evaluate(f"id => {views}.find((view) => view.id === id).dispose()", first)
    write(notebook, 1, TUNED)
    notebook.run(2)
    notebook.until(lambda: editor.text == best)
    notebook.evaluate("window.jupyterapp.shell.activateById('jtune-studies')")
    expect(notebook.page.locator("#jtune-studies")).to_contain_text("25 trials are done")
    assert notebook.errors == []


def test_of_two_pages_the_one_that_asks_writes(lab):
    notebook, [editor, _] = opened(lab, TUNED, "s.apply()")
    notebook.run(0)
    notebook.run(1)
    notebook.save()
    other = lab.open_again(notebook)
    best = best_of(notebook, "s")
    Panel(other, 1).shown()
    Panel(notebook, 1).shown().press("Apply best")
    notebook.until(lambda: editor.text == best)
    other.run(2)
    other.until(lambda: other.source(1) == best)
    write(other, 1, TUNED)
    write(notebook, 1, TUNED)
    notebook.run(2)
    notebook.until(lambda: editor.text == best)
    assert other.source(1) == TUNED
    expect(Panel(other, 1).node.locator(".jtune-source pre")).to_have_count(0)


def test_apply_from_the_studys_own_tab_and_from_the_side_bar(either):
    notebook, [editor] = opened(either, TUNED)
    notebook.run(0)
    notebook.run(1)
    best = best_of(notebook, "s")
    notebook.evaluate("window.jupyterapp.shell.activateById('jtune-studies')")
    bar = notebook.page.locator("#jtune-studies")
    bar.get_by_role("button", name="More of s", exact=True).click()
    notebook.page.get_by_role("menuitem", name="Apply best").click()
    notebook.until(lambda: editor.text == best)
    write(notebook, 1, TUNED)
    bar.get_by_role("button", name="s", exact=True).click()
    tab = notebook.page.locator(".jtune-viewer")
    expect(tab.locator(".jtune-board.jtune-live")).to_be_visible(timeout=30_000)
    tab.get_by_role("button", name="Apply best").click()
    notebook.until(lambda: editor.text == best)
    expect(tab.locator(".jtune-source pre")).to_have_count(0)
    notebook.shot("own-tab")
    assert notebook.errors == []


def test_of_two_studies_of_a_cell_the_one_that_is_meant_is_applied(lab):
    first = TUNED.replace("%%tune s", "%%tune a")
    second = first.replace("%%tune a", "%%tune b").replace("--seed 1", "--seed 2")
    notebook, [editor] = opened(lab, first)
    notebook.run(0)
    notebook.run(1)
    write(notebook, 1, second)
    notebook.run(1)
    bests = {name: best_of(notebook, name) for name in "ab"}
    assert bests["a"].partition("\n")[2] != bests["b"].partition("\n")[2]
    for name, text in ("b", second), ("a", first):
        write(notebook, 1, text)
        notebook.evaluate("() => { harness.panel().content.activeCellIndex = 1; }")
        command(notebook, "jtune:apply-best")
        notebook.until(lambda name=name: editor.text == bests[name])
    # Where the cell names none, the one that ran last.
    write(notebook, 1, PLAIN)
    command(notebook, "jtune:apply-best")
    notebook.until(lambda: editor.text == bests["b"].partition("\n")[2])


def test_a_kernel_that_dies_in_a_search_leaves_nothing_that_seems_to_run(lab):
    notebook, _ = opened(lab, SLOW.format(n=200, seconds=0.1))
    notebook.run(0)
    pid = int(notebook.kernel_run("import os; print(os.getpid())"))
    notebook.run(1, wait=False)
    panel = Panel(notebook, 1).shown()
    notebook.evaluate("window.jupyterapp.shell.activateById('jtune-studies')")
    bar = notebook.page.locator("#jtune-studies")
    expect(bar.get_by_label("progress of slow")).to_be_visible()
    notebook.until(lambda: panel.done() >= 2)
    os.kill(pid, signal.SIGKILL)
    expect(bar.get_by_label("progress of slow")).to_have_count(0, timeout=30_000)
    dismiss = notebook.page.get_by_role("dialog").get_by_role("button", name="Ok")
    dismiss.click()
    notebook.shot("kernel-died")
    notebook.until(lambda: not notebook.is_busy(), timeout_s=30)
    notebook.run(0)
    bar.get_by_role("button", name="Refresh").click()
    expect(bar.locator("li", has_text="slow")).to_contain_text("trials")
    expect(bar.get_by_label("progress of slow")).to_have_count(0)
    notebook.shot("kernel-died-reloaded")


def scroll(notebook, distance):
    """Turn the wheel over the notebook."""
    notebook.page.locator(".jp-WindowedPanel-outer").hover(position={"x": 300, "y": 300})
    notebook.page.mouse.wheel(0, distance)


def test_a_cell_that_is_scrolled_out_and_back_has_all_that_it_had(lab):
    """In the way of showing a notebook that takes cells out of the page: JupyterLab's default before 4.5."""
    fill = "# a line\n" * 12
    with lab.server.settings("@jupyterlab/notebook-extension:tracker", windowingMode="full"):
        notebook, [editor, *_] = opened(lab, TUNED, *[fill] * 30, TUNED.replace("%%tune s", "%%tune s2"))
    literals, controls, marks = (
        editor.node.locator(kind) for kind in (".jtune-literal", "input, select", "[class*=jtune-importance]")
    )
    notebook.run(0)
    notebook.run(1)
    for shown in literals, controls, marks:
        expect(shown).to_have_count(4)
    # What the kernel says meanwhile reaches the cell as well.
    notebook.run(32)
    scroll(notebook, 1e6)
    Panel(notebook, 32).shown()
    expect(editor.node).to_have_count(0)
    # JupyterLab 4.5 holds the notebook at its active cell in this way of showing it.
    notebook.evaluate("harness.panel().content.activeCellIndex = 1")
    scroll(notebook, -1e6)
    for shown in literals, controls, marks:
        expect(shown).to_have_count(4)
    notebook.shot("scrolled-back")
    editor.control("scale").focus()
    notebook.page.keyboard.press("ArrowRight")
    notebook.until(lambda: "scale = 1.0 " not in editor.text)
    assert notebook.errors == []


def test_a_notebook_that_changes_kernels_follows_the_present_one(lab):
    notebook, [editor, _] = opened(lab, TUNED, "s.apply()")
    notebook.run(0)
    notebook.run(1)
    first = notebook.evaluate("harness.kernel().id")
    notebook.awaited("harness.panel().sessionContext.changeKernel({name: 'python3'})")
    notebook.awaited("harness.answering()")
    assert notebook.evaluate("harness.kernel().id") != first
    notebook.run(0)
    notebook.run(1)
    notebook.run(2)
    best = best_of(notebook, "s")
    notebook.until(lambda: editor.text == best)
    notebook.evaluate("window.jupyterapp.shell.activateById('jtune-studies')")
    expect(notebook.page.locator("#jtune-studies li")).not_to_have_count(0)
    assert notebook.errors == []
