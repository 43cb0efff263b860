"""The panel as a person meets it: in JupyterLab and Notebook 7, in Chromium."""

import csv
import json
import re

import nbformat
import pytest
from playwright.sync_api import expect

LOAD = "%load_ext jtune"
QUICKSTART = """%%tune digits -n 12 --seed 0 --fresh
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

X, y = load_digits(return_X_y=True)
model = make_pipeline(
    MinMaxScaler(),
    SVC(
        C=1.0,             # tune: 1e-3..1e3 log
        gamma=0.01,        # tune: 1e-5..1e1 log
        kernel="rbf",      # tune: ["rbf", "poly", "sigmoid"]
    ),
)
accuracy = cross_val_score(model, X, y, cv=3).mean()   # tune: maximize"""
# Each trial takes a while, so that there is time to press a button in it.
SLOW = """%%tune slow -n {n} --sampler random --seed 1 --fresh
import time
x = 1.0    # tune: -3..3
k = "a"    # tune: ["a", "b"]
time.sleep({seconds})
loss = (x - 1.5) ** 2 + (k == "b")   # tune: minimize"""
DONE = """%%tune q -n 15 --sampler random --seed 1 --fresh
import matplotlib.pyplot as plt
%matplotlib inline
x = 1.0    # tune: -3..3
y = 0.1    # tune: 1e-3..10 log
k = "a"    # tune: ["a", "b"]
print("x is", x)
plt.figure(figsize=(3, 2)); plt.plot([0, x]); plt.show()
loss = (x - 1.5) ** 2 + y + (k == "b")   # tune: minimize"""
EVIL = '<img src=x onerror="window.hacked=1">'
HOSTILE = f"""%%tune evil -n 8 --sampler random --seed 1 --fresh
p = {{'{EVIL}': 1.0}}    # tune: 0..2
k = '{EVIL}'    # tune: ['{EVIL}', '<b>b</b>']
print(k)
p['{EVIL}'];   # tune: minimize"""
EXPLORE = """%%explore wave --fresh
import time
runs = globals().get("runs", 0) + 1
a = 1.0    # tune: 0..10
time.sleep({seconds})
print("a is", a)"""


class Panel:
    """The panel in a cell's output."""

    def __init__(self, notebook, i):
        self.notebook, self.i = notebook, i
        self.node = notebook.output(i).locator(".jtune-panel")
        self.board = self.node.locator(".jtune-board.jtune-live")

    def shown(self):
        expect(self.board).to_be_visible(timeout=30_000)
        return self

    def button(self, name):
        return self.node.get_by_role("button", name=name, exact=True)

    def press(self, name):
        self.button(name).click()

    def choose(self, name):
        """Choose an item of the head's menu."""
        self.press("More actions")
        self.node.get_by_role("menuitem", name=name).click()

    @property
    def state(self):
        return self.node.locator(".jtune-head [role=status]")

    @property
    def next(self):
        """What runs, or what to do next."""
        return self.node.locator(".jtune-next")

    def done(self):
        """How many trials are done, as the head says."""
        return int(re.search(r"(\d+)(/\d+ trials| done)", self.node.locator(".jtune-count").inner_text())[1])

    def row(self, name):
        return self.node.get_by_role("group", name=name, exact=True)

    def slider(self, name):
        return self.node.get_by_role("slider", name=name, exact=True)

    def value(self, name):
        """The value at which a handle stands, as text."""
        return self.row(name).locator(".jtune-now")

    @property
    def prediction(self):
        return self.node.locator(".jtune-prediction")

    def open(self, name):
        """Open what lies below the rows."""
        drawer = self.button(name)
        if drawer.get_attribute("aria-expanded") == "false":
            drawer.click()
        return drawer

    def trial(self, number):
        """A trial's row in the table."""
        self.open("Trials")
        cell = self.node.page.locator("td:first-child", has_text=re.compile(rf"^{number}$"))
        return self.node.locator(".jtune-table tbody tr").filter(has=cell)

    def drawn(self, n):
        """Wait until the rows show n trials, which they only do where they can be seen."""

        def is_drawn():
            self.board.evaluate("e => e.querySelector('.jtune-rows').scrollIntoView({block: 'nearest'})")
            return self.board.get_attribute("data-drawn") == str(n)

        self.notebook.until(is_drawn)


def opened(app, cell, *others, wait=True, **options):
    """A notebook with the cell run, or running, and its panel."""
    # Tall, for charts are only drawn where they can be seen.
    notebook = app.open([LOAD, cell, *others], **{"height": 1800, **options})
    notebook.run(0)
    notebook.run(1, wait=wait)
    return notebook, Panel(notebook, 1).shown()


def opened_without_cell(app, cell):
    """A notebook with the panel of a cell of which the kernel is not told which one it is, as by other applications."""
    name = cell.split()[1]
    notebook = app.open([LOAD, f"%tune {name}"], height=1800)
    notebook.run(0)
    notebook.kernel_run(f"get_ipython().run_cell({cell!r})")
    notebook.run(1)
    return notebook, Panel(notebook, 1).shown()


def test_rows_fill_while_the_quickstart_runs(either):
    notebook, panel = opened(either, QUICKSTART, wait=False)
    height = panel.node.bounding_box()["height"]
    notebook.until(lambda: int(panel.board.get_attribute("data-rows") or 0) >= 3, timeout_s=60)
    assert notebook.is_busy()
    # The history and three rows.
    assert panel.node.locator("canvas").count() == 4
    notebook.shot("quickstart-running")
    notebook.wait_idle()
    panel.drawn(12)
    expect(panel.state).to_have_text("12 trials are done")
    expect(panel.next).to_have_text(re.compile("^Next: "))
    # What the head says is what the kernel has.
    told = notebook.kernel_run("print(digits.baseline.value, digits.best.value)").split()
    texts = [panel.node.locator(f".jtune-value-{which}").inner_text() for which in ("before", "after")]
    assert [float(text) for text in texts] == pytest.approx([float(each) for each in told], abs=1e-3)
    # Nothing has jumped, and all of it is seen at once.
    assert panel.node.bounding_box()["height"] == height < 420
    notebook.shot("quickstart-done")
    assert notebook.errors == []


def test_pause_and_resume_while_the_cell_runs(either):
    notebook, panel = opened(either, SLOW.format(n=20, seconds=0.3), wait=False)
    panel.press("Pause")
    expect(panel.state).to_have_text("paused")
    held = panel.done()
    notebook.shot("paused")
    # A trial's time and more; nothing is waited for, so nothing else can be.
    notebook.page.wait_for_timeout(800)
    assert panel.done() == held < 20
    assert notebook.is_busy()
    panel.press("Resume")
    notebook.wait_idle()
    assert panel.done() == 20
    assert notebook.errors == []


def test_stop_while_the_cell_runs(either):
    notebook, panel = opened(either, SLOW.format(n=500, seconds=0.2), wait=False)
    notebook.until(lambda: panel.done() >= 2)
    panel.press("Stop")
    notebook.wait_idle(10)
    expect(panel.state).to_have_text("stopped by hand")
    expect(panel.button("Stop")).to_have_count(0)
    expect(panel.button("Apply best")).to_be_visible()
    # The cell ends normally: the variables of the best trial are there.
    assert notebook.kernel_run("print(x == slow.best.params['x'])").strip() == "True"
    assert notebook.errors == []


def test_skip_gives_up_the_trial_that_runs(lab):
    notebook, panel = opened(lab, SLOW.format(n=3, seconds="30 if x == 1.0 else 0"), wait=False)
    expect(panel.next).to_have_text("running trial 0")
    panel.choose("Skip this trial")
    notebook.wait_idle(10)
    assert notebook.kernel_run("print([t.state for t in slow])").strip() == "['pruned', 'complete', 'complete']"
    assert panel.done() == 3


def test_each_trial_that_runs_beside_others_has_a_lane_and_can_be_skipped(lab):
    cell = SLOW.format(n=4, seconds="0 if x == 1.0 else 600").replace("--fresh", "--fresh --jobs 2")
    notebook, panel = opened(lab, cell, wait=False)
    lanes = panel.node.get_by_role("list", name="running trials").get_by_role("listitem")
    expect(lanes).to_have_count(2)
    expect(lanes.nth(1)).to_contain_text(re.compile(r"^2\d+ s"), timeout=30_000)
    assert re.fullmatch(r"x = -?\d[\d.]*, k = '[ab]'", lanes.nth(1).get_attribute("title"))
    jobs = panel.node.get_by_label("jobs")
    jobs.fill("3")
    jobs.press("Enter")
    expect(lanes.nth(2)).to_contain_text(re.compile(r"^3\d+ s"), timeout=30_000)
    notebook.shot("lanes")
    for number in (2, 1, 3):
        panel.node.get_by_role("button", name=re.compile(rf"^Skip trial {number}:")).press("Enter")
    notebook.wait_idle(30)
    expect(lanes.first).to_be_hidden()
    states = notebook.kernel_run("print([str(t.state) for t in slow], slow.ending)")
    assert states.strip() == "['complete', 'pruned', 'pruned', 'pruned'] 4 trials are done"
    assert notebook.errors == []


def test_a_picked_trial_shows_its_values_its_prints_and_its_figure(either):
    notebook, panel = opened(either, DONE)
    panel.drawn(15)
    panel.trial(7).click()
    expect(panel.board).to_have_attribute("data-selected", "7")
    x = json.loads(notebook.kernel_run("print(q[7].params['x'])"))
    output = panel.node.locator(".jtune-output")
    expect(output).to_contain_text(f"x is {x}")
    expect(output.locator("img")).to_be_visible()
    expect(panel.node.locator(".jtune-detail")).to_contain_text("Trial 7")
    # The sliders follow.
    assert notebook.until(lambda: float(panel.slider("x").get_attribute("aria-valuetext") or "nan")) == pytest.approx(
        x, abs=0.02
    )
    panel.node.locator(".jtune-detail").scroll_into_view_if_needed()
    notebook.shot("picked")
    assert notebook.errors == []


def test_a_moved_handle_redraws_all_rows_and_runs_nothing(lab):
    notebook, panel = opened(lab, DONE)
    panel.drawn(15)
    pictures = "e => [...e.querySelectorAll('.jtune-row canvas')].map((each) => each.toDataURL())"
    before, told = panel.board.evaluate(pictures), panel.prediction.inner_text()
    assert told.startswith("measured loss: ")
    # Without the kernel, which is busy.
    busy = "import time\\ntry: time.sleep(120)\\nexcept KeyboardInterrupt: pass"
    notebook.evaluate(f"() => {{ harness.kernel().requestExecute({{code: '{busy}'}}); }}")
    notebook.until(lambda: notebook.evaluate("harness.kernel().status") == "busy")
    panel.slider("x").press("PageDown")
    panel.slider("x").press("PageDown")
    expect(panel.prediction).to_contain_text("predicted loss: ")
    notebook.until(
        lambda: all(a != b for a, b in zip(before, panel.board.evaluate(pictures), strict=True)), timeout_s=2
    )
    assert notebook.evaluate("harness.kernel().status") == "busy"
    notebook.evaluate("harness.kernel().interrupt()")
    assert notebook.kernel_run("print(len(q))").strip() == "15"
    notebook.shot("moved")


def test_run_these_adds_a_trial_and_picks_it(either):
    notebook, panel = opened(either, DONE)
    panel.slider("x").press("Home")
    expect(panel.value("x")).to_have_text("-3")
    panel.press("Run these")
    panel.drawn(16)
    expect(panel.board).to_have_attribute("data-selected", "15")
    said = notebook.kernel_run("print(q[15].origin, q[15].params['x'])").split()
    assert said == ["manual", "-3.0"]
    expect(panel.node.locator(".jtune-output")).to_contain_text("x is -3.0")
    expect(panel.button("Apply trial 15")).to_be_visible()
    assert notebook.errors == []


def test_more_trials_are_run_when_the_cell_has_ended(lab):
    notebook, panel = opened(lab, SLOW.format(n=4, seconds=0.1))
    panel.drawn(4)
    panel.press("+20 trials")
    expect(panel.button("Stop")).to_be_visible()
    notebook.until(lambda: panel.done() == 24, timeout_s=30)
    expect(panel.state).to_have_text("24 trials are done")
    assert notebook.kernel_run("print(len(slow), x == slow.best.params['x'])").split() == ["24", "True"]
    assert notebook.errors == []


def test_locks_and_ranges_are_obeyed_while_it_runs(lab):
    notebook, panel = opened(lab, SLOW.format(n=30, seconds=0.2), wait=False)
    panel.press("Pause")
    expect(panel.state).to_have_text("paused")
    held = panel.done()
    panel.row("k").hover()
    panel.button("hold k where it is").click()
    upper = panel.slider("search x only up to here")
    for _ in range(8):
        upper.press("PageDown")
    high = notebook.until(lambda: float(upper.get_attribute("aria-valuetext")))
    assert high < 3
    locked = panel.slider("k").get_attribute("aria-valuetext")
    notebook.shot("locked-and-narrowed")
    panel.press("Resume")
    notebook.wait_idle()
    later = json.loads(notebook.kernel_run(f"import json; print(json.dumps([t.params for t in slow][{held}:]))"))
    assert len(later) == 30 - held
    assert {point["k"] for point in later} == {locked}
    assert max(point["x"] for point in later) <= high


def test_reload_second_view_and_the_magic_show_the_whole_study(either):
    notebook, panel = opened(either, DONE, "%tune q", "q.show()")
    notebook.run(2)
    notebook.run(3)
    for i in (2, 3):
        Panel(notebook, i).shown().drawn(15)
    notebook.save()
    notebook.reload()
    for i in (2, 1):
        shown = Panel(notebook, i).shown()
        shown.drawn(15)
        expect(shown.state).to_have_text("15 trials are done")
    # And it is alive.
    panel.slider("x").press("Home")
    panel.press("Run these")
    panel.drawn(16)


def test_a_reload_while_the_cell_runs_loses_nothing(lab):
    notebook, panel = opened(lab, SLOW.format(n=30, seconds=0.15), wait=False)
    notebook.until(lambda: panel.done() >= 3)
    notebook.save()
    notebook.reload(is_busy=True)
    # A kernel in a cell does not tell a new page that it has subshells, so the page is live again when the cell ends.
    panel.shown().drawn(30)
    expect(panel.state).to_have_text("30 trials are done")


def test_a_saved_notebook_without_its_kernel_shows_the_report(either):
    notebook, panel = opened(either, DONE)
    report = notebook.output(1).locator(".jtune-report")
    expect(report).to_be_hidden()
    notebook.save()
    # As after a restart: the kernel knows of no widget.
    notebook.kernel_run(
        "from jtune.desk import desk\nfrom jtune.views.panels import Panels\nfor panel in desk.the(Panels).all: panel.close()"
    )
    expect(panel.node).to_have_count(0)
    notebook.reload()
    expect(report).to_be_visible()
    expect(report).to_contain_text("15 trials are done")
    expect(notebook.output(1).get_by_text("Error displaying widget")).to_be_hidden()
    notebook.shot("without-kernel")


def test_a_saved_panel_has_no_script_and_is_not_shown_without_its_kernel(lab):
    with lab.server.settings("@jupyter-widgets/jupyterlab-manager:plugin", saveState=True):
        notebook, _ = opened(lab, DONE)
        notebook.save()
        saved = nbformat.read(lab.server.folder / notebook.file, nbformat.NO_CONVERT)
        states = [
            model.state for model in saved.metadata.widgets["application/vnd.jupyter.widget-state+json"].state.values()
        ]
        modules = [state["_esm"] for state in states if "_esm" in state]
        assert modules == ["export default {}"]
        # As after a restart: the kernel knows of no widget.
        notebook.kernel_run("import ipywidgets\nipywidgets.Widget.close_all()")
        notebook.reload()
        report = notebook.output(1).locator(".jtune-report")
        expect(report).to_contain_text("15 trials are done")
        expect(report).to_be_visible()
        # It is there, as models without a kernel, and takes no room.
        panel = notebook.output(1).locator(".jtune-panel")
        expect(panel).to_have_count(1)
        expect(panel).to_be_hidden()
        expect(notebook.output(1).get_by_text("Error displaying widget")).to_be_hidden()
        notebook.shot("saved-states")
        assert notebook.errors == []


def test_names_and_values_are_text(lab):
    notebook, panel = opened_without_cell(lab, HOSTILE)
    panel.drawn(8)
    expect(panel.node.locator(".jtune-rows")).to_contain_text(EVIL)
    for name in ("History", "Pairs", "Trials"):
        panel.open(name)
        panel.drawn(8)
    panel.trial(3).click()
    expect(panel.node.locator(".jtune-detail")).to_contain_text("<img src=x")
    # Tooltips, too.
    box = panel.node.locator("canvas").first.bounding_box()
    for part in (0.2, 0.4, 0.6, 0.8):
        notebook.page.mouse.move(box["x"] + part * box["width"], box["y"] + box["height"] / 2, steps=5)
    panel.press("Apply best")
    expect(panel.node.locator(".jtune-source")).to_contain_text(EVIL)
    notebook.shot("hostile")
    assert notebook.evaluate("window.hacked") is None
    assert panel.node.locator("img[src=x]").count() == 0


def test_apply_best_shows_the_text_where_the_cell_is_not_known(lab):
    notebook, panel = opened_without_cell(lab, DONE)
    panel.press("Apply best")
    shown = panel.node.locator(".jtune-source pre")
    expect(shown).to_be_visible()
    best = notebook.kernel_run("print(q.source(), end='')")
    assert shown.inner_text().strip() == best.strip()
    notebook.shot("apply")
    panel.node.locator(".jtune-source").get_by_role("button", name="Close").click()
    expect(shown).to_have_count(0)


@pytest.mark.parametrize("seconds", [0, 0.4])
def test_explore_runs_the_last_value_of_a_fast_drag_and_not_the_backlog(lab, seconds):
    notebook, panel = opened(lab, EXPLORE.format(seconds=seconds))
    output = panel.node.locator(".jtune-output")
    expect(output).to_contain_text("a is 1.0")
    handle = panel.slider("a")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    mouse = notebook.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    for step in range(60):
        mouse.move(box["x"] + 5 * step, box["y"] + 5)
    mouse.up()
    readout = panel.value("a")
    expect(readout).not_to_have_text("1")
    expect(output).to_contain_text(f"a is {float(readout.inner_text())}")
    value, runs, trials = notebook.kernel_run("print(a, runs, len(wave))").split()
    assert float(value) == float(readout.inner_text())
    assert int(runs) == int(trials) >= 2
    if seconds:
        # Where a run takes long, only the release counts.
        assert int(runs) <= 3
    notebook.shot(f"explore-{seconds}")
    assert notebook.errors == []


def test_a_trial_can_be_picked_by_keyboard(lab):
    notebook, panel = opened(lab, DONE)
    panel.trial(0).focus()
    notebook.page.keyboard.press("ArrowDown")
    notebook.page.keyboard.press("ArrowDown")
    notebook.page.keyboard.press("Enter")
    expect(panel.board).to_have_attribute("data-selected", "2")
    notebook.page.keyboard.press("Escape")
    expect(panel.board).not_to_have_attribute("data-selected", "2")


@pytest.mark.parametrize("width", [900, 1600])
def test_dark_theme(lab, width):
    notebook, panel = opened(lab, DONE, theme="dark", width=width, height=1400)
    panel.drawn(15)
    colour = panel.node.locator(".jtune-head").evaluate("e => getComputedStyle(e).color")
    assert min(int(part) for part in re.findall(r"\d+", colour)[:3]) > 150
    notebook.shot(f"dark-{width}")
    # No part is wider than the panel.
    assert panel.node.evaluate("e => e.scrollWidth - e.clientWidth") <= 0


def test_the_picture_and_the_trials_can_be_saved(lab):
    notebook, panel = opened(lab, DONE)
    panel.drawn(15)
    saved = {}
    for item in ("Picture (SVG)", "Trials (CSV)"):
        panel.press("Save")
        with notebook.page.expect_download() as download:
            panel.node.get_by_role("menuitem", name=item).click()
        saved[download.value.suggested_filename] = download.value.path().read_text()
    assert set(saved) == {"q.svg", "q.csv"}
    assert saved["q.svg"].startswith("<svg")
    # Three rows: their axes, slices, bands, and a dot or a tick for each trial.
    assert saved["q.svg"].count("<path") + saved["q.svg"].count("<circle") > 45
    header, *rows = csv.reader(saved["q.csv"].splitlines())
    assert header == ["trial", "state", "loss", "x", "y", "k", "seconds", "origin"]
    # In full precision.
    told = json.loads(notebook.kernel_run("import json; print(json.dumps([[t.value, t.params['x']] for t in q]))"))
    assert [[float(row[2]), float(row[3])] for row in rows] == told


def test_a_brush_on_parallel_coordinates_filters_the_table(lab):
    notebook, panel = opened(lab, DONE)
    panel.open("Trials")
    panel.drawn(15)
    picture = panel.node.get_by_role("img", name=re.compile("^Parallel"))
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    mouse = notebook.page.mouse
    # Down the left half of the first axis: the larger values of x.
    mouse.move(box["x"] + 44, box["y"] + 40)
    mouse.down()
    mouse.move(box["x"] + 44, box["y"] + box["height"] / 2, steps=8)
    mouse.up()
    chip = panel.node.locator(".jtune-chip")
    expect(chip).to_contain_text("of 15 trials shown")
    few = int(chip.inner_text().split()[0])
    assert 0 < few < 15
    rows = panel.node.locator("tr[data-trial]")
    expect(rows).to_have_count(few)
    notebook.shot("brushed")
    assert all(float(row.locator("td").nth(3).inner_text().replace("−", "-")) > -1 for row in rows.all())
    chip.get_by_role("button", name="clear").click()
    expect(panel.node.get_by_role("grid", name="Trials")).to_have_attribute("aria-rowcount", "16")


def test_the_table_sorts(lab):
    _, panel = opened(lab, DONE)
    panel.open("Trials")
    panel.node.get_by_role("columnheader", name="loss").get_by_role("button").click()
    first = panel.node.locator("tr[data-trial]").first
    expect(first).to_have_class("jtune-best")
    panel.node.get_by_role("columnheader", name="loss").get_by_role("button").click()
    expect(first).not_to_have_class("jtune-best")


def test_every_control_has_a_name(lab):
    _, panel = opened(lab, DONE)
    for role, name in [
        ("slider", "x"),
        ("slider", "y"),
        ("slider", "k"),
        ("group", "k"),
        ("button", "hold y where it is"),
        ("slider", "search x only from here"),
        ("button", "More actions"),
        ("progressbar", "progress"),
    ]:
        expect(panel.node.get_by_role(role, name=name, exact=True)).to_have_count(1)
    lock = panel.node.get_by_role("button", name="hold x where it is")
    expect(lock).to_have_attribute("aria-pressed", "false")
    lock.press("Enter")
    expect(lock).to_have_attribute("aria-pressed", "true")


def test_the_page_may_be_narrow(lab):
    notebook, panel = opened(lab, DONE, width=700)
    assert panel.node.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    notebook.shot("narrow")


def frames(page, at_least):
    """A list that grows by the size of each large message from the server."""
    sizes = []

    def take(payload):
        if len(payload) >= at_least:
            sizes.append(len(payload))

    page.on("websocket", lambda socket: socket.on("framereceived", take))
    return sizes


def test_the_script_comes_once_to_a_page(either):
    notebook = either.open([LOAD, *(SLOW.format(n=2, seconds=0).replace("slow", name) for name in ("one", "two"))])
    # The socket that is open already was there before anybody could listen.
    scripts = frames(notebook.page, 30_000)
    notebook.reload()
    notebook.run(0)
    notebook.run(1)
    panel = Panel(notebook, 1).shown()
    # A slow page may have asked while it was sent the script unasked.
    n = len(scripts)
    assert n in {1, 2}
    notebook.run(2)
    Panel(notebook, 2).shown()
    assert len(scripts) == n
    # The large charts have a script of their own, which comes when one of them is to be seen.
    panel.open("History")
    expect(panel.node.locator(".jtune-history canvas")).to_be_visible()
    expect(panel.node.get_by_label(re.compile(r"^History: \d+ trials, best \S+ in trial \d+$"))).to_be_visible()
    assert len(scripts) == n + 1
    assert max(scripts[:n]) < 60_000 < scripts[n]
    notebook.save()
    notebook.reload()
    for i in (1, 2):
        Panel(notebook, i).shown()
    # Of two widgets one asks, but for a slow page.
    assert len(scripts) - n - 1 in {1, 2}


def test_a_page_that_is_not_heard_while_the_cell_runs_sees_all_of_it(lab):
    notebook = lab.open([LOAD, SLOW.format(n=30, seconds=0.2)], height=1800)
    notebook.run(0)
    # As of an older kernel, or a page that is not JupyterLab.
    notebook.evaluate("harness.kernel().commsOverSubshells = 'disabled'")
    notebook.run(1, wait=False)
    panel = Panel(notebook, 1).shown()
    notebook.until(lambda: int(panel.board.get_attribute("data-rows") or 0) >= 8)
    assert notebook.is_busy()
    assert panel.done() < 30
    notebook.wait_idle()
    panel.drawn(30)
    assert notebook.errors == []


def colours_of(panel):
    """The colours of the first row's canvas that are more than a few pixels, as "#rrggbb"."""
    return panel.node.locator(".jtune-row canvas").first.evaluate(
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const counts = new Map();
            for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3] < 255) continue;
                const colour = "#" + [0, 1, 2].map((j) => data[i + j].toString(16).padStart(2, "0")).join("");
                counts.set(colour, (counts.get(colour) ?? 0) + 1);
            }
            return [...counts].filter(([, n]) => n > 5).map(([colour]) => colour);
        }"""
    )


@pytest.mark.parametrize("is_dark", [False, True])
def test_charts_have_the_page_s_colours_from_the_first(lab, is_dark):
    """Also where the system's colours are others."""
    theme = {"adaptive-theme": False, "theme": "JupyterLab Dark" if is_dark else "JupyterLab Light"}
    with lab.server.settings("@jupyterlab/apputils-extension:themes", **theme):
        notebook, panel = opened(lab, DONE, "q.show()", theme="light" if is_dark else "dark")
        expect(notebook.page.locator("body")).to_have_attribute("data-jp-theme-light", str(not is_dark).lower())
        notebook.run(2)
        for shown in (panel, Panel(notebook, 2).shown()):
            shown.drawn(15)
            notebook.shot(f"theme-of-the-page-{'dark' if is_dark else 'light'}-{shown.i}")
            # The best trial's sign.
            colours = colours_of(shown)
            assert ("#f2b134" in colours, "#d98200" in colours) == (is_dark, not is_dark)


RUNNING_OUT = "%%tune left -n 500 --sampler random --fresh\nimport time\nx = 1.0  # tune: -3..3\ntime.sleep(0.2)\nx ** 2  # tune: minimize"


def test_a_restarted_kernel_leaves_the_report(either):
    notebook, panel = opened(either, DONE, RUNNING_OUT)
    notebook.run(2, wait=False)
    other = Panel(notebook, 2).shown()
    notebook.until(lambda: other.done() >= 2)
    notebook.restart()
    for shown in (panel, other):
        expect(shown.node).to_be_hidden()
    expect(notebook.output(1).locator(".jtune-report")).to_contain_text("15 trials are done")
    expect(notebook.output(2)).to_contain_text(re.compile(r"left: \d+/500 trials"))
    notebook.shot("restarted")


BROKEN = """%%tune broken -n 5 --fresh
x = 1.0  # tune: -3..3
print("begun")
x / (x - 1)  # tune: minimize"""


def test_a_broken_cell_shows_its_error_and_no_charts(either):
    notebook = either.open([LOAD, BROKEN])
    notebook.run(0)
    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("ZeroDivisionError")
    expect(notebook.output(1).locator(".jtune-panel")).to_have_count(0)
    notebook.shot("broken-baseline")
    notebook.evaluate(
        "() => harness.panel().content.widgets[1].model.sharedModel.setSource("
        + json.dumps(BROKEN.replace("1.0", "2.0"))
        + ")"
    )
    notebook.run(1)
    Panel(notebook, 1).shown().drawn(5)
