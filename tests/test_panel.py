"""The panel's logic, with widgets that are set from code; tests/browser has the page."""

import threading
from pathlib import Path

import comm
import nbclient
import nbformat
import pytest

from jtune.executors.here import Here
from jtune.explore import Explorer
from jtune.language.cell import Cell
from jtune.language.domains import ChoiceDomain, FloatDomain
from jtune.samplers import make_sampler
from jtune.search import Limits, Search
from jtune.storage.definition import Definition, Goal
from jtune.storage.store import Store
from jtune.study import Study, load
from jtune.trials.program import Program
from jtune.views.panel import Panel, panel_of

pytestmark = pytest.mark.oldest

SOURCE = """
x = 1.0  # tune: -3..3
k = "a"  # tune: ["a", "b"]
w = 0.5  # tune: 0..1 if k == "b"
print("x is", x)
loss = (x - 1) ** 2 + (w if k == "b" else 0)  # tune: minimize
"""
# A cell that waits until the test lets it go on.
WAITING = "x = 1.0  # tune: -3..3\nbegun.set()\ngo.wait(20)\nx  # tune: minimize\n"
STEP = "begun.clear(); go.set()"


class Session:
    """A cell with its panel, as `%%tune` makes them."""

    def __init__(self, folder, source=SOURCE, n=12, sampler="random", name="q", namespace=None):
        cell = Cell(source)
        goals = tuple(Goal(objective.direction, objective.label) for objective in cell.objectives)
        definition = Definition(name, cell.space, goals, cell.identity, {}, "", source, cell.spans)
        store = Store(name, Path(folder))
        ledger = store.newest() or store.start(definition)
        ledger.redefine(definition)
        self.study = Study(ledger)
        points = make_sampler(sampler, cell.space, seed=0, n_trials=n, n_objectives=len(goals) or 1)
        ledger.optuna.sampler = points.optuna
        self.namespace = {} if namespace is None else namespace
        here = Here(Program.of(cell), self.namespace)
        self.panel = panel_of(self.study)
        self.search = Search(ledger, here, here.interrupts, points, Limits(n))
        self.search.listen(self.panel.update)

    def run(self):
        rerun = lambda point: self.search.run_one(point)[0]  # noqa: E731
        self.panel.attach(self.study, self.search, rerun, self.search.go_on)
        self.search.run()
        self.panel.end()
        return self

    def explore(self):
        explorer = Explorer(self.study, self.search, self.search.executor, self.panel)
        explorer.run(self.study.space.baseline)
        return explorer


class PageComm(comm.base_comm.BaseComm):
    """A widget's comm whose other end is the test."""

    def __init__(self, **given):
        self.told = []
        super().__init__(**given)

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        if msg_type == "comm_msg" and data["method"] == "custom":
            self.told.append(data["content"])


@pytest.fixture(autouse=True)
def page(monkeypatch):
    monkeypatch.setattr(comm, "create_comm", PageComm)


def send(widget, **data):
    """Send a widget what a page sends."""
    widget.comm.handle_msg({"content": {"data": data}, "buffers": []})


def ask(panel, **message):
    """Send a panel a message of its page."""
    send(panel.board, method="custom", content=message)


def move(panel, **positions):
    """Move handles as a page does that the user touches."""
    ask(panel, type="move", values=positions)


def hold(panel, name, *, locked=False, low=None, high=None):
    """Hold the search as a page does."""
    ask(panel, type="hold", name=name, locked=locked, low=low, high=high)


def told(panel, kind):
    """The last message of a kind that a panel's page was sent."""
    return [message for message in panel.board.comm.told if message["type"] == kind][-1]


def standing(panel):
    """The point where the handles of a panel stand."""
    return panel.controls.point


def status(panel):
    return panel.board.status


@pytest.fixture
def done(tmp_path):
    return Session(tmp_path).run()


def test_the_head_says_what_came_of_it(done):
    head = status(done.panel)
    assert (head["done"], head["total"], head["phase"]) == (12, 12, "ended")
    assert head["text"] == "12 trials are done"
    assert head["best"].startswith("0 in trial 0")
    assert head["changes"] == [{"label": "loss", "before": "0", "after": "", "gain": "", "is_better": False}]
    assert head["notes"] == []


def test_the_head_says_what_the_best_trial_gained(tmp_path):
    panel = Session(tmp_path, SOURCE.replace("x = 1.0", "x = -2.0")).run().panel
    (change,) = status(panel)["changes"]
    best = panel.study.best.value
    assert (change["label"], change["before"]) == ("loss", "9")
    assert float(change["after"]) == pytest.approx(best, abs=0.05 * (9 - best))
    assert change["gain"] == f"{best - 9:+.2g} over your cell"


def test_the_handles_stand_at_the_best_trial(tmp_path):
    panel = Session(tmp_path, SOURCE.replace("x = 1.0", "x = -2.9")).run().panel
    assert standing(panel) == panel.study.best.params
    assert panel.study.best.number > 0


def test_a_moved_handle_runs_nothing_and_all_pages_are_told(done):
    panel = done.panel
    move(panel, x=-2.5)
    assert standing(panel)["x"] == -2.5
    cursor = told(panel, "cursor")
    assert (cursor["params"][0], cursor["taken"]) == (-2.5, 1)
    assert len(done.study) == 12


def test_an_inactive_parameter_is_told(done):
    panel = done.panel
    panel.move({"k": "a"})
    assert told(panel, "cursor")["active"] == [True, True, False]
    move(panel, k=1)
    assert told(panel, "cursor")["active"] == [True, True, True]


def test_the_page_gets_what_it_predicts_from_and_a_verdict_on_each_parameter(done):
    message = told(done.panel, "effects")
    assert [columns["name"] for columns in message["posterior"]["columns"]] == ["x", "k", "w"]
    assert {verdict["name"] for verdict in message["verdicts"]} == {"x", "k", "w"}
    assert message["reason"] == ""


def test_more_trials_can_be_run_when_the_search_has_ended(done):
    panel = done.panel
    ask(panel, type="more", trials=5)
    assert len(done.study) == 17
    assert status(panel)["text"] == "17 trials are done"
    assert [trial.number for trial in done.study] == list(range(17))


def test_the_cell_with_the_values_of_the_handles_can_be_had(done):
    panel = done.panel
    move(panel, x=-2.5, k=1, w=0.25)
    ask(panel, type="apply", number=None)
    source = told(panel, "source")
    assert source["number"] is None
    assert source["literals"] == [("x", "1.0", "-2.5"), ("k", '"a"', '"b"'), ("w", "0.5", "0.25")]
    assert "x = -2.5  # tune" in source["text"]
    ask(panel, type="apply", number=7)
    assert told(panel, "source")["text"] == done.study.source(7)


def test_run_these_adds_a_manual_trial_that_the_sampler_knows(done):
    panel = done.panel
    move(panel, x=-2.25)
    ask(panel, type="run")
    trial = done.study[-1]
    assert (trial.number, trial.origin, trial.params["x"]) == (12, "manual", -2.25)
    assert panel.output.outputs == tuple(trial.outputs)
    assert status(panel)["done"] == 13


def test_a_search_does_not_repeat_what_run_these_ran(tmp_path):
    session = Session(tmp_path, "n = 1  # tune: 1..4\nn  # tune: minimize\n", n=1).run()
    move(session.panel, n=3)
    ask(session.panel, type="run")
    session.search.limits = Limits(9)
    session.search.run()
    assert session.study.ending == "all points have been tried"
    assert sorted(trial.params["n"] for trial in session.study) == [1, 2, 3, 4]


def test_run_these_picks_a_trial_that_ran_with_the_same_values(done):
    panel = done.panel
    ask(panel, type="pick", number=5)
    ask(panel, type="run")
    assert len(done.study) == 12
    assert status(panel)["notes"] == ["trial 5 ran with these values"]


def test_a_picked_trial_shows_what_it_printed_and_moves_the_sliders(done):
    panel, trial = done.panel, done.study[7]
    ask(panel, type="pick", number=7)
    assert panel.output.outputs == tuple(trial.outputs)
    assert standing(panel) == trial.params
    ask(panel, type="pick", number=None)
    assert panel.output.outputs == ()
    assert standing(panel) == done.study.best.params


def test_a_message_that_makes_no_sense_is_said_and_harms_nothing(done):
    ask(done.panel, type="pair", a="x", b="nothing")
    ask(done.panel, type="none")
    assert status(done.panel)["notes"] == []
    ask(done.panel)
    assert "this failed in the panel" in status(done.panel)["notes"][0]
    ask(done.panel, type="pick", number=99)
    assert "none of them is number 99" in status(done.panel)["notes"][0]


def test_locks_and_ranges_are_obeyed_by_the_next_trials(tmp_path):
    session = Session(tmp_path, n=40)
    panel = session.panel
    hold(panel, "k", locked=True)
    hold(panel, "x", low=-3.0, high=-1.0)
    session.run()
    later = session.study.trials[1:]
    assert len(later) == 39
    assert all(trial.params["k"] == "a" and trial.params["x"] <= -1.0 for trial in later)
    narrowed = told(panel, "narrowed")
    assert (narrowed["ranges"], narrowed["locked"]) == ({"x": (-3.0, -1.0)}, ["k"])


def test_a_lock_that_is_taken_off_frees_the_search(tmp_path):
    session = Session(tmp_path, n=5)
    hold(session.panel, "k", locked=True)
    session.run()
    hold(session.panel, "k")
    assert session.panel.controls["k"].allowed == ChoiceDomain(("a", "b"))
    again = Session(tmp_path, n=40).run()
    assert {trial.params["k"] for trial in again.study.trials[5:]} == {"a", "b"}


class Stepping:
    """A session whose cell waits in each trial for the test, in a thread of its own."""

    def __init__(self, folder, n=5):
        self.begun, self.go = threading.Event(), threading.Event()
        self.session = Session(folder, WAITING, n, namespace={"begun": self.begun, "go": self.go})
        self.thread = threading.Thread(target=self.session.run)
        self.thread.start()
        assert self.begun.wait(20)

    def step(self):
        self.begun.clear()
        self.go.set()

    def end(self):
        self.go.set()
        self.thread.join(20)
        assert not self.thread.is_alive()
        return [(trial.number, trial.origin, trial.state) for trial in self.session.study]


def test_pause_holds_the_next_trial_and_a_manual_one_still_runs(tmp_path, wait_until):
    stepping = Stepping(tmp_path)
    panel, search = stepping.session.panel, stepping.session.search
    ask(panel, type="pause")
    assert status(panel)["text"] == "pauses after trial 0"
    move(panel, x=2.5)
    ask(panel, type="run")
    stepping.go.set()
    wait_until(lambda: len(stepping.session.study.finished) == 2)
    assert search.is_paused
    assert stepping.session.study[1].origin == "manual"
    assert status(panel)["phase"] == "paused"
    ask(panel, type="resume")
    assert len(stepping.end()) == 5
    assert status(panel)["phase"] == "ended"


def test_stop_ends_the_search(tmp_path):
    stepping = Stepping(tmp_path)
    ask(stepping.session.panel, type="stop")
    trials = stepping.end()
    assert len(trials) <= 2
    assert stepping.session.study.ending == "stopped by hand"
    assert status(stepping.session.panel)["text"] == "stopped by hand"


def test_a_study_has_one_panel_until_its_space_changes(tmp_path, done):
    assert panel_of(done.study) is done.panel
    assert panel_of(load("q", tmp_path)) is done.panel
    wider = Session(tmp_path, SOURCE.replace("-3..3", "-9..9"))
    assert wider.panel is not done.panel
    assert wider.panel.controls["x"].allowed == FloatDomain(-9.0, 9.0)


def test_a_loaded_study_is_shown_and_says_how_to_run_it(tmp_path):
    Session(tmp_path, name="other").run()
    panel = Panel(load("other", tmp_path))
    assert status(panel)["done"] == 12
    assert not status(panel)["can_run"]
    ask(panel, type="resync", start=0)
    assert told(panel, "effects")["posterior"]
    for kind in ({"type": "run"}, {"type": "more", "trials": 3}):
        ask(panel, **kind)
        assert status(panel)["notes"] == ["this kernel has not run the cell; run it first"]


def test_explore_runs_the_cell_and_leaves_its_variables(tmp_path):
    session = Session(tmp_path, "x = 1.0  # tune: -3..3\ny = 2 * x\nprint(y)\n")
    session.explore()
    panel = session.panel
    assert session.namespace["y"] == 2.0
    move(panel, x=1.5)
    assert session.namespace["y"] == 3.0
    assert panel.output.outputs[0]["text"] == "3.0\n"
    assert [trial.origin for trial in session.study] == ["baseline", "manual"]
    assert session.study.best is None
    # Back where it was: run again, but no second trial.
    move(panel, x=1.0)
    assert session.namespace["y"] == 2.0
    assert len(session.study) == 2


def test_explore_shows_an_error_and_keeps_the_last_variables(tmp_path):
    session = Session(tmp_path, "x = 1.0  # tune: -3..3\ny = 1 / (x - 2)\n")
    session.explore()
    move(session.panel, x=2.0)
    (error,) = session.panel.output.outputs
    assert (error["output_type"], error["ename"]) == ("error", "ZeroDivisionError")
    assert session.namespace["y"] == -1.0
    assert "failed" in status(session.panel)["text"]


def test_tune_goes_on_from_what_was_explored(tmp_path):
    session = Session(tmp_path)
    session.explore()
    move(session.panel, x=2.0)
    tuned = Session(tmp_path, n=6).run()
    assert [trial.origin for trial in tuned.study][:3] == ["baseline", "manual", "sampler"]
    assert len(tuned.study) == 6


def test_a_handle_moved_while_a_better_trial_arrives_stays_where_the_user_put_it(tmp_path):
    session = Session(tmp_path, SOURCE.replace("x = 1.0", "x = -2.9"), n=30)
    panel = session.panel
    users = []

    def touch_at_once(_change):
        """Begin when the panel is just about to show a trial; wait for it, but not for ever: it may have to wait."""
        if not users:
            users.append(threading.Thread(target=move, args=(panel,), kwargs={"x": 2.25}))
            users[0].start()
            users[0].join(0.5)

    panel.board.observe(touch_at_once, "status")
    session.run()
    users[0].join()
    assert standing(panel)["x"] == 2.25
    assert panel.study.best.params["x"] != 2.25


class Namespace(dict):
    """A namespace that can be made to refuse."""

    is_broken = False

    def update(self, *args, **kwargs):
        if self.is_broken:
            raise RuntimeError("no room")
        super().update(*args, **kwargs)


def test_explore_goes_on_after_an_error_of_its_own(tmp_path):
    session = Session(tmp_path, "x = 1.0  # tune: -3..3\ny = 2 * x\n", namespace=Namespace())
    session.explore()
    session.namespace.is_broken = True
    move(session.panel, x=2.0)
    (note,) = status(session.panel)["notes"]
    assert "RuntimeError: no room" in note
    session.namespace.is_broken = False
    move(session.panel, x=1.5)
    assert session.namespace["y"] == 3.0
    assert status(session.panel)["notes"] == []


def test_a_panel_that_fails_ends_no_search(tmp_path):
    session = Session(tmp_path, n=20)

    def fail(_change):
        raise RuntimeError("a listener of the user's")

    session.panel.board.observe(fail, "status")
    session.run()
    assert len(session.study) == 20
    assert status(session.panel)["phase"] == "ended"
    assert [note for note in status(session.panel)["notes"] if "a listener of the user's" in note]


@pytest.fixture
def executed(tmp_path, monkeypatch):
    """A function that runs cells as a program does, and returns the notebook."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))

    def execute(*cells):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        client = nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}})
        return client.execute()

    return execute


def test_a_program_that_runs_a_notebook_gets_the_report_alone(executed):
    cell = "%%tune own -n 2 --sampler random {}\nx = 1.0  # tune: -3..3\nx ** 2;  # tune: minimize"
    notebook = executed("%load_ext jtune", cell.format(""), "own.show()")
    assert "widgets" not in notebook.metadata
    for shown in notebook.cells[1:]:
        [output] = shown.outputs
        assert "2 trials are done" in output["data"]["text/html"]
    # Unless the user wants it, as for a program that shows the notebook to others.
    for cells in [[cell.format("--panel")], ["%config JTune.panel = True", cell.format("")]]:
        notebook = executed("%load_ext jtune", *cells)
        assert "application/vnd.jupyter.widget-view+json" in notebook.cells[-1].outputs[1]["data"]


def test_the_users_warnings_are_shown_while_the_panel_asks_its_surrogate(shared_kernel):
    shared_kernel.run(
        "%%tune warned -n 30 --seed 1\nimport time, warnings\nx = 1.0  # tune: -3..3\n"
        "for i in range(10):\n    warnings.warn(f'{x} {i}')\n    time.sleep(0.01)\nx ** 2  # tune: minimize"
    )
    said = shared_kernel.run("print({str(t.outputs).count('UserWarning: ') for t in warned}, len(warned))")
    assert said == "{10} 30\n"
    shared_kernel.run("del warned")


def test_panels_go_with_their_studies(shared_kernel):
    cell = "%%tune {} -n 2 --sampler random\nx = 1.0  # tune: -3..3\nx ** 2  # tune: minimize"
    names = "from jtune.desk import desk; from jtune.views.panels import Panels; print([p.study.name for p in desk.the(Panels).all])"
    for name in ("kept", "rebound", "deleted", "aliased"):
        shared_kernel.run(cell.format(name))
    assert shared_kernel.run(names).strip() == "['kept', 'rebound', 'deleted', 'aliased']"
    shared_kernel.run("other = aliased; aliased = rebound = 3; del deleted")
    assert shared_kernel.run(names).strip() == "['kept', 'aliased']"
    shared_kernel.run("import jtune; jtune.load('deleted').show()")
    assert shared_kernel.run(names).strip() == "['kept', 'aliased', 'deleted']"


def test_with_several_objectives_the_hover_names_the_one_whose_effects_it_shows(tmp_path):
    source = "x = 1.0  # tune: -3..3\na = x ** 2  # tune: maximize\nb = x  # tune: minimize\n"
    panel = Session(tmp_path, source).run().panel
    assert panel.summary()["summary"]["goal"] == "maximize a"
    assert [change["label"] for change in status(panel)["changes"]] == ["a", "b"]
