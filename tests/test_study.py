"""A study as the user holds it."""

import re
from pathlib import Path

import jtune
from jtune.language.cell import Cell
from jtune.storage.definition import Definition, Goal
from jtune.storage.store import Store

DESIGN = (Path(__file__).parent.parent / "docs" / "design.md").read_text("utf-8")
CELL = (
    "%%tune {name} -n {n} --sampler random --seed 1\n"
    "x = 1.0  # tune: -3..3\ny = 2  # tune: 1..9\nloss = (x - 2) ** 2 + y  # tune: minimize"
)


def test_tab_offers_the_packages_names(shared_kernel):
    said = shared_kernel.run("import jtune\nprint(*dir(jtune))")
    assert {"Study", "latest", "load", "samplers", "studies"} <= set(said.split())


def test_one_trial_is_called_one(shared_kernel):
    said = shared_kernel.run(CELL.format(name="single", n=1))
    assert "1 trial is done\n" in said
    assert "1 trials" not in said + shared_kernel.run("%tune")


def test_predictions_are_of_the_objective_that_is_asked_for(shared_kernel):
    said = shared_kernel.run(
        "%%tune several -n 12 --seed 1\nx = 1.0  # tune: -3..3\ny = 1.0  # tune: -3..3\n"
        "a = 10 * x  # tune: minimize\nb = 10 * y  # tune: maximize"
    )
    assert "importance for a" in said
    said = shared_kernel.run(
        "def first(shares): return next(iter(shares))\n"
        "print(first(several.importance()), first(several.importance(objective='b')), first(several.importance(objective=1)),\n"
        "      round(several.predict({'x': 2.0, 'y': -1.0})[0] / 10), round(several.predict({'x': 2.0, 'y': -1.0}, objective='b')[0] / 10),\n"
        "      several.effects_of(1) is several.effects_of('b'))"
    )
    assert said.split()[:5] == ["x", "y", "y", "2", "-1"]
    assert said.split()[-1] == "True"
    assert shared_kernel.run("several.importance(objective='c')") == (
        "StudyError: several has no objective 'c', only 'a' (0), 'b' (1)\n"
    )


def test_a_trial_hands_out_copies(shared_kernel):
    shared_kernel.run(
        "%%tune copied -n 2 --sampler random\nx = 1.0  # tune: 0..1\nprint('shown')\n"
        "for i in range(3):  # tune: report i\n    pass\nx;  # tune: minimize"
    )
    said = shared_kernel.run(
        "t = copied[0]; before = repr((t.params, t.curves, t.outputs))\n"
        "t.curves['i'].append(9); t.curves.clear(); t.params['x'] = 9; t.outputs[0]['text'] = ''; t.outputs.clear()\n"
        "print(repr((copied[0].params, copied[0].curves, copied[0].outputs)) == before, copied.optuna.trials[0].params)"
    )
    assert said == "True {'x': 1.0}\n"


def test_a_study_without_trials_counts_as_true(tmp_path):
    cell = Cell("x = 1.0  # tune: 0..1\nx  # tune: minimize\n")
    goals = (Goal("minimize", "x"),)
    Store("q", tmp_path).start(Definition("q", cell.space, goals, cell.identity, {}, "", cell.source, cell.spans))
    study = jtune.load("q", tmp_path)
    assert (bool(study), len(study), study.trials, study.best, study.front) == (True, 0, [], None, [])


def test_tab_offers_what_the_design_names_and_no_more(shared_kernel):
    named = set(re.findall(r"^digits\.(\w+)|, digits\.(\w+)", DESIGN.split("## 6.")[1].split("## 7.")[0], re.M))
    named = {first or second for first, second in named}
    shared_kernel.run(CELL.format(name="completed", n=2))
    request = shared_kernel.client.complete("completed.", reply=True, timeout=60)
    offered = {match.rpartition(".")[2] for match in request["content"]["matches"]}
    assert offered == named
    public = shared_kernel.run("print(*(name for name in dir(completed) if not name.startswith('_')))")
    assert set(public.split()) == named
