"""Statements that run once: what is taken again, and what says that it cannot be."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jtune
from jtune.errors import CellError
from jtune.executors.here import Here
from jtune.language.cell import Cell
from jtune.trials.outcome import State
from jtune.trials.program import Program, Task


def trials(source, values, namespace=None):
    """The outcomes of trials of one process."""
    here = Here(Program.of(Cell(source)), {} if namespace is None else namespace)
    return [here.run(Task(number, (value,))) for number, value in enumerate(values)]


def marked(source, mark):
    """A cell with and without its marks of what runs once."""
    return source if mark else source.replace("  # tune: once", "")


def texts(outcome):
    return [output.get("text") for output in outcome.outputs]


def test_a_statement_runs_in_the_first_trial_only():
    calls = []
    outcomes = trials(
        "X = load()  # tune: once\nn = 3  # tune: 1..9\nloss = sum(X) * n  # tune: minimize",
        [1, 2, 3],
        {"load": lambda: calls.append("load") or [1.0, 2.0]},
    )
    assert calls == ["load"]
    assert [outcome.values for outcome in outcomes] == [(3.0,), (6.0,), (9.0,)]
    assert [outcome.is_whole for outcome in outcomes] == [True, False, False]
    assert outcomes[-1].bindings.bound["X"] is outcomes[0].bindings.bound["X"]


def test_a_block_shows_the_same_in_its_place():
    source = """\
print("before")
for i in range(2):  # tune: once
    print(i)
    calls.append(i)
print("after", n := 3)  # tune: 1..9
loss = n + i  # tune: minimize
"""
    calls = []
    outcomes = trials(source, [4, 5], {"calls": calls})
    assert calls == [0, 1]
    assert [texts(outcome) for outcome in outcomes] == [["before\n0\n1\nafter 4\n"], ["before\n0\n1\nafter 5\n"]]


@given(
    seed=st.integers(0, 3),
    draws=st.lists(st.sampled_from(["random.random()", "np.random.rand()", "random.seed(1)"]), max_size=3),
    values=st.lists(st.integers(1, 9), min_size=2, max_size=4),
)
@settings(max_examples=30, deadline=None)
def test_a_seeded_cell_gives_the_numbers_that_it_gives_without_the_mark(seed, draws, values):
    source = (
        f"import random\nimport numpy as np\nrandom.seed({seed}); np.random.seed({seed})\nX = 0\n"
        f"X = [{', '.join(draws)}]  # tune: once\nn = 3  # tune: 1..9\n"
        "loss = n + random.random() + np.random.rand()  # tune: minimize\n"
    )
    with_mark, without = (trials(marked(source, each), values) for each in (True, False))
    assert [outcome.values for outcome in with_mark] == [outcome.values for outcome in without]
    assert [outcome.bindings.bound["X"] for outcome in with_mark] == [o.bindings.bound["X"] for o in without]


def test_names_are_bound_anew_also_to_the_object_that_was_there():
    outcomes = trials("n = 3  # tune: 1..9\nk = n\nk = 7  # tune: once\nloss = k + n  # tune: minimize", [7, 8])
    assert [outcome.values for outcome in outcomes] == [(14.0,), (15.0,)]


def test_a_name_that_was_deleted_is_deleted_again():
    source = "del old  # tune: once\nn = 3  # tune: 1..9\nloss = n + ('old' in globals())  # tune: minimize"
    namespace = {"old": 1}
    assert [outcome.values for outcome in trials(source, [1, 2], namespace)] == [(1.0,), (2.0,)]
    assert namespace["old"] == 1


def test_what_the_cell_changes_in_place_runs_in_every_trial():
    calls = []
    outcomes = trials(
        "X = load()  # tune: once\nn = 3  # tune: 1..9\nX.append(n)\nloss = sum(X)  # tune: minimize",
        [1, 2, 3],
        {"load": lambda: calls.append("load") or [1.0]},
    )
    assert [outcome.values for outcome in outcomes] == [(2.0,), (3.0,), (4.0,)]
    assert len(calls) == 3
    said = "line 1 runs in every trial, as the cell changes X in place; have it change a copy"
    assert [outcome.notes for outcome in outcomes] == [(said,), (), ()]


def test_what_is_used_up_is_made_in_every_trial():
    source = """\
import io
with io.StringIO("1 2 3") as file:  # tune: once
    text = file.read()
lines = iter(text.split())  # tune: once
n = 3  # tune: 1..9
loss = int(next(lines)) * n + file.closed  # tune: minimize
"""
    outcomes = trials(source, [1, 2, 3])
    assert [outcome.values for outcome in outcomes] == [(2.0,), (3.0,), (4.0,)]
    assert outcomes[0].notes == ("line 4 runs in every trial, as lines can be read only once; make a list of it",)


def test_an_error_is_the_users_and_the_statement_runs_again():
    calls = []

    def load():
        calls.append("load")
        if len(calls) == 1:
            raise OSError("the disk is away")
        return 1

    source = "\nX = load()  # tune: once\nn = 3  # tune: 1..9\nloss = X * n  # tune: minimize"
    outcomes = trials(source, [1, 2, 3], {"load": load})
    assert [outcome.state for outcome in outcomes] == [State.FAILED, State.COMPLETE, State.COMPLETE]
    assert 'File "<cell>", line 2' in outcomes[0].traceback
    assert len(calls) == 2


def test_a_whole_trial_runs_it_too():
    calls = []
    here = Here(
        Program.of(Cell("X = load()  # tune: once\nn = 3  # tune: 1..9\nloss = X * n  # tune: minimize")),
        {"load": lambda: calls.append("load") or 1},
    )
    for is_whole in (False, False, True, False):
        here.run(Task(0, (2,), is_whole=is_whole))
    assert len(calls) == 2


def test_the_cell_runs_without_trials():
    source = "X = random.random()  # tune: once\nn = 3  # tune: 1..9\nloss = X * n  # tune: minimize"
    namespace = {"random": random}
    exec(Cell(source).template().fill([2]), namespace)
    assert namespace["loss"] == 2 * namespace["X"]


def test_an_objective_of_the_magic_line_does_not_run_once():
    with pytest.raises(CellError, match="this cannot run once: it is the objective"):
        Cell("n = 3  # tune: 1..9\nf()  # tune: once", objectives=[("minimize", "")])


def test_what_functions_of_earlier_cells_read_counts():
    cell = Cell("n = 3  # tune: 1..9\nX = load()  # tune: once\nloss = X  # tune: minimize")
    reads = {"load": ("inner",), "inner": ("n",)}
    cell.check_once(lambda name: ())
    with pytest.raises(CellError, match=r"it reads n .by way of inner., which depends on what line 1 tunes"):
        cell.check_once(lambda name: reads.get(name, ()))


CELL = """\
%%tune {name} -n 6 --no-panel --sampler random --seed 1 {options}
X = load()  # tune: once
n = 3.0  # tune: 1..9
{then}
loss = sum(X) * n  # tune: minimize
"""
LOAD = """\
import os
def load():
    with open("loads", "a") as file:
        file.write(f"{os.getpid()}\\n")
    print("loading")
    return [1.0, 2.0]
"""


def tune(kernel, name, then="pass", options=""):
    """What is shown of a search, the processes that loaded, and the study."""
    loads = kernel.folder / "loads"
    loads.unlink(missing_ok=True)
    kernel.run(LOAD)
    said = kernel.run(CELL.format(name=name, then=then, options=options))
    return said, loads.read_text().split(), jtune.load(name, kernel.folder)


def test_the_best_trial_runs_whole_at_the_end(shared_kernel):
    said, loads, study = tune(shared_kernel, "whole")
    assert len(loads) == 2  # in the first trial, and with the best one at the end
    assert [trial.outputs[0]["text"] for trial in study] == ["loading\n"] * 6
    assert "was run again" not in said
    assert float(shared_kernel.run("print(loss)")) == study.best.value


def test_a_trial_that_differs_when_it_runs_whole_is_told(shared_kernel):
    said, _, study = tune(shared_kernel, "differs", then="import os; X = [os.path.getsize('loads')]")
    best = study.best
    now = f"it gives {2 * best.value:.6g} now, {best.value:.6g} before"
    assert f"trial {best.number}, the best one, was run again whole, as line 2 ran once: {now}" in said


def test_what_is_changed_in_place_is_told(shared_kernel):
    said, loads, _ = tune(shared_kernel, "changed", then="X.append(n)")
    assert said.count("line 2 runs in every trial, as the cell changes X in place; have it change a copy") == 1
    assert len(loads) == 6


def test_a_function_of_an_earlier_cell_that_reads_what_is_tuned_is_a_mistake(shared_kernel):
    shared_kernel.run("def load():\n    return [n]")
    said = shared_kernel.run(
        CELL.format(name="mistake", then="pass", options="").replace("X = load", "y = 1\nX = load")
    )
    assert "line 3: X = load()  # tune: once" in said
    assert "^ this cannot run once: it reads n (by way of load), which line 4 binds later" in said


def test_what_could_run_once_is_named(shared_kernel):
    cell = """\
%%tune advice -n 50 --timeout 2s --no-panel --sampler random --seed 1 {options}
from __future__ import annotations
import time
n = 3.0  # tune: 1..9
def slow(x):
    time.sleep(0.15)
    return x
X = slow(1){mark}
with open("somewhere", "w"):
    slow(1)
    y = 1
y += slow(0) if n < 0 else 0
k = slow(n) * 0
loss = X * n + k + y  # tune: minimize
"""
    said = shared_kernel.run(cell.format(options="", mark=""))
    assert "of a trial go to line 8 and lines 9-11, whatever" in said
    assert said.count("mark them # tune: once") == 1
    said = shared_kernel.run(cell.format(options="--fresh", mark="  # tune: once"))
    assert "of a trial go to lines 9-11, whatever the tuned literals are; mark it # tune: once" in said
    said = shared_kernel.run(cell.format(options="--fresh -n 2", mark=""))
    assert "go to line" not in said


def test_figures_are_shown_again_in_their_place(shared_kernel):
    cell = """\
%%tune figures -n 3 --no-panel --sampler random --seed 1
import matplotlib.pyplot as plt
print("first")
early = plt.figure()
with open("drawn", "a") as file:  # tune: once
    plt.figure(figsize=(1, 1))
    file.write("drawn ")
print("last")
n = 9.0  # tune: 1..9
loss = n * len(plt.get_fignums())  # tune: minimize
"""
    shared_kernel.run(cell)
    study = jtune.load("figures", shared_kernel.folder)
    for trial in study:
        shown = [output.get("text") or output["data"]["text/plain"] for output in trial.outputs]
        assert [text.split(" Axes")[0] for text in shown] == [
            "first\n",
            "<Figure size 100x100 with 0",
            "last\n",
            "<Figure size 640x480 with 0",
        ]
        assert trial.value == trial.params["n"]
    assert (shared_kernel.folder / "drawn").read_text().split() == ["drawn"] * 2


def test_each_worker_process_keeps_its_own(shared_kernel):
    _, loads, study = tune(shared_kernel, "jobs", options="--jobs 2")
    assert len(study.complete) == 6
    # The baseline and the best trial run in the kernel.
    assert len(set(loads)) == 3
    assert len(loads) <= 4


def test_functions_that_a_worker_keeps_find_their_globals(shared_kernel):
    cell = """\
%%tune functions -n 6 --no-panel --sampler random --seed 1 --jobs 1
def double():  # tune: once
    return 2 * scale
n = 3.0  # tune: 1..9
loss = double() * n  # tune: minimize
"""
    shared_kernel.run("scale = 0.5")
    shared_kernel.run(cell)
    study = jtune.load("functions", shared_kernel.folder)
    assert [trial.value for trial in study] == [trial.params["n"] for trial in study]


def test_a_worker_tells_what_it_sees_changed_in_place(shared_kernel):
    said, _, study = tune(shared_kernel, "seen", then="if n < 3: X.append(1.0)", options="--jobs 1")
    assert said.count("line 2 runs in every trial, as the cell changes X in place; have it change a copy") == 1
    small = [trial for trial in study if trial.params["n"] < 3]
    assert [trial.value for trial in small] == [4 * trial.params["n"] for trial in small]
    assert len(small) > 0
