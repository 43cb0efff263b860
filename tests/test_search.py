"""Searches of cells without a kernel: resuming, the cell's own literals, the order of files and trials."""

import itertools
import tempfile
import threading
from pathlib import Path

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jtune
from jtune.errors import StudyError
from jtune.executors.here import Here
from jtune.language.cell import Cell
from jtune.samplers import PointSampler, make_sampler
from jtune.samplers.adapter import OptunaProposer
from jtune.search import Limits, Search
from jtune.storage.definition import Definition, Goal
from jtune.storage.ending import Ending
from jtune.storage.store import Store
from jtune.study import Study
from jtune.trials.program import Program

SOURCE = """\
x = 1.0  # tune: -3..3
n = 2  # tune: 1..8 log
k = "a"  # tune: ["a", "b"]
w = 0.5  # tune: 0..1 if k == "b"
loss = (x - 1) ** 2 + n + (w if k == "b" else 0)  # tune: minimize
"""


def search(
    folder,
    limits,
    source=SOURCE,
    name="q",
    sampler="random",
    seed=0,
    namespace=None,
    meanwhile=None,
    objectives=(),
    replicate=0.3,
):
    """One search, as a kernel would run it; returns it and its study. ``meanwhile`` gets it in another thread."""
    cell = Cell(source, objectives=objectives)
    goals = tuple(Goal(objective.direction, objective.label) for objective in cell.objectives)
    definition = Definition(name, cell.space, goals, cell.identity, {}, "", source, cell.spans)
    store = Store(name, Path(folder))
    ledger = store.newest() or store.start(definition)
    ledger.redefine(definition)
    points = make_sampler(
        sampler, cell.space, seed=seed, n_trials=limits.n, n_objectives=len(goals), replicate=replicate
    )
    ledger.optuna.sampler = points.optuna
    here = Here(Program.of(cell), {} if namespace is None else namespace)
    found = Search(ledger, here, here.interrupts, points, limits)
    other = threading.Thread(target=meanwhile or (lambda _: None), args=(found,))
    other.start()
    found.run()
    other.join()
    return found, Study(ledger)


def described(study):
    return [(t.number, t.params, t.values, t.state, t.origin, t.reason) for t in study]


@given(parts=st.lists(st.integers(1, 8), min_size=1, max_size=5), seed=st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_resumed_is_straight(parts, seed):
    budgets = list(itertools.accumulate(parts))
    with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b:
        for n in budgets:
            _, resumed = search(a, Limits(n), seed=seed)
        _, straight = search(b, Limits(budgets[-1]), seed=seed)
        assert described(resumed) == described(straight)
        # What another process reads is what this one holds.
        assert described(jtune.load("q", a)) == described(resumed)


def test_first_trial_is_the_cells_own_point_without_inactive_parameters(tmp_path):
    _, study = search(tmp_path, Limits(3))
    assert study[0].params == {"x": 1.0, "n": 2, "k": "a"}
    assert study[0].origin == "baseline"
    assert study.baseline == study[0]


def test_points_are_unique_until_the_space_is_exhausted(tmp_path):
    source = "x = True  # tune\nn = 1  # tune: 1..3 if x\nn * x  # tune: minimize"
    for sampler in ("random", "grid", "qmc"):
        found, study = search(tmp_path, Limits(50), source, name=sampler, sampler=sampler)
        assert len({tuple(t.params.items()) for t in study}) == len(study) == 4
        assert study.ending == "all points have been tried"
        assert found.take_best() is not None


def test_typed_literals_are_tried_once(tmp_path):
    search(tmp_path, Limits(2))
    edited = SOURCE.replace("x = 1.0", "x = 2.5")
    search(tmp_path, Limits(4), edited)
    _, study = search(tmp_path, Limits(6), edited)
    assert [t.number for t in study if t.origin == "manual"] == [2]
    assert study[2].params["x"] == 2.5
    assert study.source(2) == edited


def test_nan_baseline_is_not_run_again_when_the_study_goes_on(tmp_path):
    source = 'x = -1.0  # tune: -3..3\nfloat("nan") if x < 0 else x  # tune: minimize'
    for n in (3, 5, 7):
        _, study = search(tmp_path, Limits(n), source)
    assert [t.number for t in study if t.origin == "baseline"] == [0]
    assert len({t.params["x"] for t in study}) == len(study) == 7


def test_best_outcome_is_that_of_the_best_trial(tmp_path):
    namespace = {"kept": 1}
    found, study = search(tmp_path, Limits(20), namespace=namespace)
    best = found.take_best()
    assert best.values == study.best.values
    assert best.bindings.bound["x"] == study.best.params["x"]
    assert found.take_best() is None
    assert {name for name in namespace if name != "__builtins__"} == {"kept"}
    again, _ = search(tmp_path, Limits(20))
    assert again.take_best() is None
    assert again.n_run == 0


def test_best_of_several_objectives_decides_equal_first_ones_by_the_second(tmp_path):
    source = "x = 1  # tune: 0..9\ny = 0 * x  # tune: minimize\nz = x  # tune: minimize"
    found, study = search(tmp_path, Limits(10), source, sampler="grid")
    assert study.best.params == {"x": 0}
    assert found.take_best().values == study.best.values
    assert study.front == [study.best]


def test_timed_out_trials_count(tmp_path):
    source = "import time\nx = 0  # tune: [0, 1, 2]\nif x == 1: time.sleep(30)\nx  # tune: minimize"
    _, study = search(tmp_path, Limits(3, trial_timeout_s=0.2), source, sampler="grid")
    assert {trial.params["x"]: trial.state for trial in study} == {0: "complete", 1: "timed out", 2: "complete"}
    assert (study.ending, len(study.finished)) == ("3 trials are done", 3)


def test_interrupted_trials_do_not_count_and_end_the_search(tmp_path):
    source = "x = 0  # tune: [0, 1]\nif x: raise KeyboardInterrupt\nx  # tune: minimize"
    for n_interrupted in (1, 2):
        _, study = search(tmp_path, Limits(3), source, sampler="grid")
        assert [trial.state for trial in study] == ["complete", *["interrupted"] * n_interrupted]
        assert (study.ending, len(study.finished)) == ("interrupted", 1)


@given(values=st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_front_is_what_no_other_trial_dominates(values):
    with tempfile.TemporaryDirectory() as folder:
        source = (
            "x = 0  # tune: 0..29\na, b, c = values[x]\na  # tune: minimize\nb  # tune: maximize\nc  # tune: minimize"
        )
        padded = [*values, *[(9, -9, 9)] * (30 - len(values))]
        _, study = search(folder, Limits(30), source, namespace={"values": padded})
    losses = {trial.number: (trial.values[0], -trial.values[1], trial.values[2]) for trial in study}
    dominated = {
        i for i, j in itertools.permutations(losses, 2)
        if losses[i] != losses[j] and all(x >= y for x, y in zip(losses[i], losses[j], strict=True))
    }  # fmt: skip
    assert [trial.number for trial in study.front] == sorted(losses.keys() - dominated)
    assert study.best in study.front


def test_study_that_was_never_defined_is_passed_over(tmp_path):
    """A kernel that is killed between making a study and saying what it is of."""
    import optuna

    store = Store("q", tmp_path)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with store.journal.writing():
        optuna.create_study(study_name="q", storage=store.storage)
    with pytest.raises(StudyError, match="holds no study of jtune's"):
        jtune.load("q", tmp_path)
    _, study = search(tmp_path, Limits(3))
    assert (study.generation, len(jtune.load("q", tmp_path))) == (2, 3)


def test_load_says_what_there_is(tmp_path):
    search(tmp_path, Limits(1), name="digits")
    with pytest.raises(StudyError, match="there are digits; did you mean 'digits'"):
        jtune.load("digit", tmp_path)
    assert [study.name for study in jtune.studies(tmp_path)] == ["digits"]


def test_trials_by_number(tmp_path):
    _, study = search(tmp_path, Limits(5))
    assert [study[i] for i in range(5)] == list(study) == study.trials
    assert study[-1].number == 4
    with pytest.raises(StudyError, match="q has 5 trials, none of them is number 5"):
        study[5]


def test_effects_predictions_and_importance_are_of_the_objectives_scale(tmp_path):
    _, study = search(tmp_path, Limits(40))
    effect = study.effect("n")
    assert effect.mean[-1] > effect.mean[0]
    mean, sd = study.predict({"n": 8})
    assert mean > study.best.value
    assert sd >= 0
    assert 0.8 < sum(study.importance().values()) <= 1
    with pytest.raises(StudyError, match="no parameter 'm'"):
        study.effect("m")
    with pytest.raises(StudyError, match="n: "):
        study.predict({"n": 99})


def test_study_works_in_optunas_own_plots_and_importance(tmp_path):
    import optuna

    _, study = search(tmp_path, Limits(12))
    assert study.optuna.best_value == study.best.value
    assert [t.number for t in study.optuna.trials] == list(range(12))
    assert optuna.importance.get_param_importances(study.optuna, params=["x", "n"])


# A cell whose first trial takes for ever.
HANGING = """
import time
x = 1.0  # tune: -3..3
begun.set()
if x == 1.0:
    time.sleep(60)
x  # tune: minimize
"""


def test_skip_gives_the_running_trial_up_and_goes_on(tmp_path):
    begun = threading.Event()
    _, study = search(
        tmp_path, Limits(3), HANGING, namespace={"begun": begun}, meanwhile=lambda s: begun.wait(20) and s.skip()
    )
    assert [trial.state for trial in study] == ["pruned", "complete", "complete"]
    assert study[0].reason == "skipped by hand"


def test_stop_gives_the_running_trial_up_and_ends(tmp_path):
    begun = threading.Event()
    found, study = search(
        tmp_path, Limits(3), HANGING, namespace={"begun": begun}, meanwhile=lambda s: begun.wait(20) and s.stop()
    )
    assert [(trial.state, trial.reason) for trial in study] == [("interrupted", "stopped by hand")]
    assert study.ending == "stopped by hand"
    assert not found.executor.interrupts.is_interrupted
    # What is asked for by hand afterwards is run.
    trial, outcome = found.run_one({"x": 2.0})
    assert (trial.number, trial.origin, trial.value, outcome.values) == (1, "manual", 2.0, (2.0,))


def test_a_pause_holds_the_search_until_it_is_resumed(tmp_path, wait_until):
    begun, seen = threading.Event(), []

    def meanwhile(found):
        begun.wait(20)
        found.pause()
        found.skip()
        wait_until(lambda: found.ledger[0].state != "running")
        found.run_next({"x": 2.5})
        wait_until(lambda: len(found.ledger.finished) == 2)
        seen.append([trial.origin for trial in found.ledger.trials])
        found.resume()

    _, study = search(tmp_path, Limits(4), HANGING, namespace={"begun": begun}, meanwhile=meanwhile)
    assert seen == [["baseline", "manual"]]
    assert [trial.origin for trial in study] == ["baseline", "manual", "sampler", "sampler"]


def test_a_stop_while_paused_ends_the_search(tmp_path):
    found, study = search(tmp_path, Limits(2), "x = 1.0  # tune: -3..3\nx  # tune: minimize\n")
    again = Search(found.ledger, found.executor, found.executor.interrupts, found.sampler, Limits(9))
    again.pause()
    other = threading.Timer(0.05, again.stop)
    other.start()
    again.run()
    other.join()
    assert len(study) == 2
    assert study.ending == "stopped by hand"


# Objectives


def values(folder, source, namespace=None, **kwargs):
    _, study = search(folder, Limits(8), source, namespace=namespace, **kwargs)
    return [(trial.params["x"], trial.value, trial.reason) for trial in study]


STALE = """\
x = 1.0  # tune: -5..5
if x < 0:
    raise_or_skip = None
else:
    loss = x  # tune: minimize
"""


def test_objective_that_is_not_reached_is_a_failure_whatever_an_earlier_run_left(tmp_path):
    found = values(tmp_path, STALE, {"loss": -9.0})
    assert {reason for x, _, reason in found if x < 0} == {"loss was not reached"}
    assert all(value == x for x, value, reason in found if not reason)


def test_objective_of_the_magic_line_that_is_not_bound_is_a_failure(tmp_path):
    source = "x = 1.0  # tune: -5..5\nif x >= 0:\n    loss = x\n"
    found = values(tmp_path, source, {"loss": -9.0}, objectives=[("minimize", "loss")])
    assert {reason for x, _, reason in found if x < 0} == {"loss was not reached"}
    assert all(value == x for x, value, reason in found if not reason)


def test_objective_is_the_value_at_its_line(tmp_path):
    source = "x = 1.0  # tune: -5..5\nscore = [x]\nscore = score[0]  # tune: maximize\nscore = -100.0\n"
    assert all(value == x for x, value, _ in values(tmp_path, source))


def test_objective_that_changes_in_place_afterwards_is_the_value_at_its_line(tmp_path):
    source = "import numpy as np\nx = 1.0  # tune: -5..5\nscore = np.array([x])  # tune: maximize\nscore += 7\n"
    assert all(value == x for x, value, _ in values(tmp_path, source))


def test_objective_of_the_magic_line_may_be_a_name_that_the_cell_reads_first(tmp_path):
    namespace = {"total": 10.0}
    found = values(
        tmp_path, "x = 1.0  # tune: -5..5\ntotal = total + x\n", namespace, objectives=[("minimize", "total")]
    )
    assert all(value == 10 + x for x, value, _ in found)
    assert namespace == {"total": 10.0}


# What fails around the cell


def test_sampler_that_fails_is_replaced_by_uniform_draws_and_named_once(tmp_path, capsys):
    class Failing(optuna.samplers.BaseSampler):
        def infer_relative_search_space(self, study, trial):
            return {}

        def sample_relative(self, study, trial, search_space):
            raise RuntimeError("no idea")

        def sample_independent(self, study, trial, param_name, param_distribution):
            raise RuntimeError("no idea")

    found, study = search(tmp_path, Limits(1))
    sampler = PointSampler(study.space, OptunaProposer(study.space, Failing(), 1), seed=1)
    Search(found.ledger, found.executor, found.executor.interrupts, sampler, Limits(6)).run()
    assert [trial.state for trial in study] == ["complete"] * 6
    assert capsys.readouterr().out == "the sampler failed, points are drawn uniformly: RuntimeError: no idea\n"


def test_why_a_search_ended_is_forgotten_when_another_one_starts(tmp_path):
    _, study = search(tmp_path, Limits(2))
    seen = [study.ending]
    again, _ = search(tmp_path, Limits(2))
    seen.append(study.ending)
    again.limits = Limits(4)
    again.listen(lambda trial: trial and seen.append(study.ending))
    again.run()
    assert [*seen, study.ending] == ["2 trials are done", "2 trials are done", "", "", "4 trials are done"]


def test_sampler_of_optuna_is_told_of_trials_as_by_optuna(tmp_path):
    class Listening(optuna.samplers.RandomSampler):
        heard = ()

        def before_trial(self, study, trial):
            self.heard += (("before", trial.number, trial.state),)

        def after_trial(self, study, trial, state, values):
            self.heard += (("after", trial.number, state, values),)

    found, study = search(tmp_path, Limits(1), "x = 1.0  # tune: 0..2\nx  # tune: minimize")
    listening = Listening(0)
    sampler = PointSampler(study.space, OptunaProposer(study.space, listening, 0), 0)
    found.ledger.optuna.sampler = sampler.optuna
    Search(found.ledger, found.executor, found.executor.interrupts, sampler, Limits(2)).run()
    state = optuna.trial.TrialState
    assert listening.heard == (("before", 1, state.RUNNING), ("after", 1, state.COMPLETE, [study[1].value]))


def test_listener_that_fails_is_left_out_and_named_once(tmp_path, capsys):
    found, study = search(tmp_path, Limits(1))
    again = Search(found.ledger, found.executor, found.executor.interrupts, found.sampler, Limits(5))
    told = []
    again.listen(lambda trial: 1 / 0)
    again.listen(told.append)
    again.run()
    assert len(study) == 5
    assert [trial.number for trial in told if trial is not None] == [1, 2, 3, 4]
    assert capsys.readouterr().out.count("ZeroDivisionError") == 1


def test_time_limit_is_of_the_search_and_not_of_a_trial_that_is_asked_for_later(tmp_path):
    found, study = search(tmp_path, Limits(9, timeout_s=1e-9))
    assert (len(study), study.ending) == (0, "the time is up")
    trial, _ = found.run_one(study.space.baseline)
    assert trial.state == "complete"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("30 trials are done", Ending.DONE),
        ("1 trial is done", Ending.DONE),
        ("no better trial in 5", Ending.NO_GAIN),
        ("all 64 points of the search space have been tried", Ending.EXHAUSTED),
        ("10 trials in a row failed", Ending.FAILURES),
        ("stopped by hand", Ending.STOPPED),
        ("something of a later version", None),
    ],
)
def test_kind_of_an_ending_is_told_by_its_text(text, kind):
    assert Ending.of(text) is kind
