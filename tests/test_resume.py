"""Which trials a cell goes on with, and what it leaves in the namespace, in a real kernel."""

import jtune

CELL = """\
%%tune {name} -n 5 --sampler random --seed 1 --no-panel
x = 1.0  # tune: -3..3
open("runs_{name}", "a").write(".")
loss = (x - 2) ** 2  # tune: minimize"""


def runs(kernel, name):
    return len((kernel.folder / f"runs_{name}").read_text())


def test_typo_that_is_mended_costs_nothing(shared_kernel):
    cell = CELL.format(name="typo")
    shared_kernel.run(cell)
    assert "NameError" in shared_kernel.run(cell.replace("x - 2", "y - 2"))
    assert shared_kernel.run("print(typo.generation, len(typo), typo.best is not None)") == "1 5 True\n"
    assert jtune.load("typo", shared_kernel.folder).generation == 1
    assert "changed" not in shared_kernel.run(cell)
    assert runs(shared_kernel, "typo") == 6  # the broken baseline's too


def test_interrupted_first_trial_of_an_edited_cell_leaves_the_study_as_it_was(shared_kernel):
    cell = CELL.format(name="cut")
    shared_kernel.run(cell)
    said = shared_kernel.run(cell.replace("loss =", "raise KeyboardInterrupt\nloss ="))
    assert "KeyboardInterrupt" in said
    assert shared_kernel.run("print(cut.generation, len(cut))") == "1 5\n"
    assert jtune.load("cut", shared_kernel.folder).generation == 1


def test_edit_that_is_taken_back_finds_its_trials_again(shared_kernel):
    cell = CELL.format(name="back")
    shared_kernel.run(cell)
    shared_kernel.run(cell.replace("- 2", "- 1"))
    assert jtune.load("back", shared_kernel.folder).generation == 2
    assert "back: the cell is that of generation 1, which goes on\n" in shared_kernel.run(cell)
    assert shared_kernel.run("print(back.generation, len(back))") == "1 5\n"
    assert jtune.load("back", shared_kernel.folder).generation == 1
    shared_kernel.run(cell.replace("- 2", "- 1"))
    assert jtune.load("back", shared_kernel.folder).generation == 2


def test_two_cells_of_one_name_keep_their_trials_and_are_told(shared_kernel):
    cells = [CELL.format(name="twins"), CELL.format(name="twins").replace("- 2", "- 1")]
    shared_kernel.run(cells[0], cell_id="first")
    said = shared_kernel.run(cells[1], cell_id="second")
    assert "another cell has a study of this name, with 5 trials; both are kept" in said
    before = runs(shared_kernel, "twins")
    for cell, cell_id in zip(cells, ("first", "second"), strict=True):
        shared_kernel.run(cell, cell_id=cell_id)
        assert shared_kernel.run("print(len(twins))") == "5\n"
    # Their best variables only: the other cell has rebound them.
    assert runs(shared_kernel, "twins") <= before + 2


def test_literal_that_is_typed_into_a_finished_cell_is_tried(shared_kernel):
    shared_kernel.run(CELL.format(name="typed_late"))
    shared_kernel.run(CELL.format(name="typed_late").replace("1.0", "2.0"))
    said = shared_kernel.run(
        "print(len(typed_late), typed_late[5].params, typed_late[5].origin, typed_late.best.number)"
    )
    assert said == "6 {'x': 2.0} manual 5\n"


TWO = """\
%%tune {name} -n {n} --sampler random --seed 1 --no-panel
a = 1  # tune: 0..2
b = 2  # tune: 0..9
a + b  # tune: minimize"""


def test_mark_that_is_taken_away_keeps_the_trials_at_its_literal(shared_kernel):
    shared_kernel.run(TWO.format(name="fixed", n=12))
    n = int(shared_kernel.run("print(sum(t.params['b'] == 2 for t in fixed))"))
    said = shared_kernel.run(TWO.format(name="fixed", n=12).replace("2  # tune: 0..9", "2"))
    assert f"fixed: other marks; {n} of 12 trials still fit\n" in said
    assert shared_kernel.run("print(all(t.value == t.params['a'] + 2 for t in fixed), list(fixed.parameters))") == (
        "True ['a']\n"
    )


def test_mark_that_is_added_keeps_all_trials(shared_kernel):
    shared_kernel.run(TWO.format(name="freed", n=3).replace("2  # tune: 0..9", "2"))
    assert "freed: other marks; 3 of 3 trials still fit\n" in shared_kernel.run(TWO.format(name="freed", n=6))
    assert (
        shared_kernel.run("print(all(t.value == t.params['a'] + t.params['b'] for t in freed), len(freed))")
        == "True 6\n"
    )


# What is left behind


IN_PLACE = """\
%%tune {name} -n {n} --sampler random --seed 1 --no-panel
cfg["lr"] = 1.0  # tune: 0..3
loss = (cfg["lr"] - 2) ** 2  # tune: minimize"""


def test_what_trials_change_in_place_is_the_best_trials_at_the_end_and_no_change_of_inputs(shared_kernel):
    shared_kernel.run("cfg = {'lr': 0.0}")
    said = shared_kernel.run(IN_PLACE.format(name="in_place", n=8))
    assert said.count("in_place: the cell changes cfg in place") == 1
    check = "print(cfg['lr'] == in_place.best.params['lr'], loss == in_place.best.value, len(in_place), in_place.generation)"
    assert shared_kernel.run(check) == "True True 8 1\n"
    assert "cfg changed" not in shared_kernel.run(IN_PLACE.format(name="in_place", n=12))
    assert shared_kernel.run(check) == "True True 12 1\n"
    shared_kernel.run("cfg['other'] = 1")
    assert "in_place: cfg changed, a new study is started\n" in shared_kernel.run(
        IN_PLACE.format(name="in_place", n=12)
    )


def test_value_that_does_not_repeat_is_told(shared_kernel):
    shared_kernel.run("seen = []")
    said = shared_kernel.run(
        "%%tune drifts -n 3 --sampler random --no-panel\nx = 1.0  # tune: 0..1\nseen.append(x)\nlen(seen)  # tune: minimize"
    )
    assert (
        "drifts: trial 0, the best one, was run again because the cell changes seen in place: it gives 4 now, 1 before"
        in said
    )


def test_best_objects_are_freed_when_the_user_deletes_them(shared_kernel):
    shared_kernel.run("import gc, weakref\nclass Model: pass\nalive = []")
    cell = (
        "%%tune freeing -n 4 --sampler random --no-panel\nx = 1.0  # tune: 0..1\nmodel = Model()\nmodels = [Model()]\n"
        "alive.extend(map(weakref.ref, (model, *models)))\nx  # tune: minimize"
    )
    # What is outside of the study: the list that the cell fills.
    shared_kernel.run(cell)
    assert shared_kernel.run("gc.collect(); print(len([r for r in alive if r()]))").endswith("2\n")
    assert shared_kernel.run("del model; gc.collect(); print(len([r for r in alive if r()]))").endswith("1\n")
    shared_kernel.run("del models")
    assert shared_kernel.run("gc.collect(); print(len([r for r in alive if r()]))").endswith("0\n")
    assert shared_kernel.run("'model' in globals()") == "False\n"
    shared_kernel.run(cell)
    assert shared_kernel.run("type(model).__name__, type(models[0]).__name__") == "('Model', 'Model')\n"


def test_nothing_is_kept_of_a_study_that_is_deleted(shared_kernel):
    shared_kernel.run("import gc, jtune, weakref\nclass Model: pass")
    cell = "%%tune dropped -n 2 --sampler random --no-panel\nx = 1.0  # tune: 0..1\nmodels = [Model()]\nx  # tune: minimize"
    shared_kernel.run(cell)
    said = shared_kernel.run(
        "seen = weakref.ref(models[0])\njtune.delete('dropped')\ndel models; gc.collect(); print(seen())"
    )
    assert said == "None\n"
    assert "2 trials are done" in shared_kernel.run(cell)
    assert jtune.load("dropped", shared_kernel.folder).generation == 1


def test_broken_baseline_shows_what_it_printed_before_its_error(shared_kernel):
    said = shared_kernel.run(
        "%%tune said --no-panel\nx = 1.0  # tune: 0..1\nprint('so far')\n1 / 0\nx  # tune: minimize"
    )
    assert said.index("so far") < said.index("ZeroDivisionError")


# What is said of the cell


CHANCE = "%%tune {name} -n 4 --sampler random --no-panel {options}\nimport numpy as np\n{seed}\nx = 1.0  # tune: 0..1\nx + np.random.rand()  # tune: minimize"


def test_global_random_generator_is_told_unless_it_is_seeded_or_averaged(shared_kernel):
    told = "the cell draws from the global generator of numpy.random"
    said = shared_kernel.run(CHANCE.format(name="chance", options="", seed=""))
    assert told in said
    assert "when its literals run once more they give" in said
    assert told not in shared_kernel.run(CHANCE.format(name="seeded", options="", seed="np.random.seed(3)"))
    assert told not in shared_kernel.run(CHANCE.format(name="meant", options="--repeats 2", seed=""))


DRAWS = """\
%%tune drawn -n 4 --sampler random --no-panel
import numpy as np
np.random.rand()
x = 1.0  # tune: 0..1
x  # tune: minimize"""


def test_a_cell_that_draws_and_gives_the_same_value_all_the_same_is_told_nothing(shared_kernel):
    assert "draws from" not in shared_kernel.run(DRAWS)


OPPOSED = """\
%%tune {name} -n 16 --sampler random --seed 2 --no-panel
x = 0.5  # tune: 0..1
for step in range(6):  # tune: report {sense}val_loss
    val_loss = 1 - x + 1 / (step + 1)
acc = x  # tune: maximize"""


def test_pruner_takes_a_falling_curve_of_a_rising_objective_the_other_way(shared_kernel):
    said = shared_kernel.run(OPPOSED.format(name="opposed", sense=""))
    assert said.count("opposed: trials with a lower val_loss have the better objective") == 1
    assert "# tune: report minimize val_loss" in said
    check = (
        "print(max(t.params['x'] for t in {n}) == {n}.best.params['x'], any(t.state == 'pruned' for t in {n}),"
        "min(t.params['x'] for t in {n} if t.state == 'complete') <= max(t.params['x'] for t in {n} if t.state == 'pruned'))"
    )
    assert shared_kernel.run(check.format(n="opposed")).startswith("True True")
    assert "val_loss have" not in shared_kernel.run(OPPOSED.format(name="outright", sense="minimize "))
    assert shared_kernel.run(check.format(n="outright")).startswith("True True")
