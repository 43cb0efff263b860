"""The magics in real kernels: what a user sees, and what is left behind."""

import ast
import os
import re
import subprocess
import sys
import textwrap

import pytest

import jtune

pytestmark = pytest.mark.oldest

QUADRATIC = """\
%%tune {name} -n {n} --sampler random --seed 1
x = 1.0  # tune: -3..3
print("x is", x)
loss = (x - 2) ** 2  # tune: minimize"""
POINTS = "print([t.params['x'] for t in {name}])"


def quadratic(name, n=12):
    return QUADRATIC.format(name=name, n=n)


# The result


def test_tune_leaves_the_best_bindings_and_plain_values(shared_kernel):
    shared_kernel.run(quadratic("best"))
    said = shared_kernel.run("print(len(best), loss == best.best.value, x == best.best.params['x'], type(x).__name__)")
    assert said == "12 True True float\n"


def test_tune_shows_the_report_and_what_the_best_trial_showed_and_nothing_of_the_others(shared_kernel):
    said = shared_kernel.run(quadratic("shown"))
    report, _, printed = said.partition("x is")
    assert report.startswith("shown: ")
    assert "12 trials" in report
    assert printed.strip() == shared_kernel.run("print(shown.best.params['x'])").strip()


def test_figures_of_the_best_trial_are_shown_and_the_others_are_kept(shared_kernel):
    shared_kernel.run(
        "%%tune figures -n 3 --sampler random\nimport matplotlib.pyplot as plt\nx = 1.0  # tune: -3..3\n"
        "plt.plot([0, x])\nplt.show()\nx  # tune: minimize"
    )
    assert [kind for kind, content in shared_kernel.outputs if "image/png" in content.get("data", {})] == [
        "display_data"
    ]
    said = shared_kernel.run("print([any('image/png' in o.get('data', {}) for o in t.outputs) for t in figures])")
    assert said == "[True, True, True]\n"


def test_an_updated_display_is_kept_once_and_one_of_an_earlier_cell_is_updated_there(shared_kernel):
    shared_kernel.run("from IPython.display import display\nearlier = display('nothing', display_id=True)")
    said = shared_kernel.run(
        "%%tune updated -n 3 --sampler random\nx = 1.0  # tune: -3..3\nhandle = display(0, display_id=True)\n"
        "for step in range(1, 4):\n    handle.update(step)\nearlier.update('done')\nx;  # tune: minimize"
    )
    assert said.endswith("\n3\n")
    updated = {u["transient"]["display_id"]: u["data"]["text/plain"] for u in shared_kernel.updates}
    assert updated[shared_kernel.run("print(earlier.display_id)").strip()] == "'done'"
    assert shared_kernel.run("print([[o['data']['text/plain'] for o in t.outputs] for t in updated])") == (
        "[['3'], ['3'], ['3']]\n"
    )


def test_logs_are_captured_too(shared_kernel):
    shared_kernel.run("import logging\nlogging.basicConfig(force=True)")
    said = shared_kernel.run(
        "%%tune logged -n 5 --sampler random\nx = 1.0  # tune: -3..3\nlogging.warning('x is %s', x)\nx;  # tune: minimize"
    )
    assert said.count("WARNING:root:x is") == 1
    said = shared_kernel.run("print([len(t.outputs) for t in logged]); logging.warning('after')")
    assert sorted(said.splitlines()) == ["WARNING:root:after", "[1, 1, 1, 1, 1]"]


def test_logging_that_a_trial_sets_up_goes_on_afterwards(shared_kernel):
    cell = (
        "import logging, sys\nx = 1.0  # tune: -3..3\nlog = logging.getLogger('own')\nlog.propagate = False\n"
        "log.handlers[:] = [logging.StreamHandler(sys.stdout)]\nlog.warning('x is %s', x)\nx;  # tune: minimize"
    )
    shared_kernel.run(f"%%tune own -n 4 --sampler random\n{cell}")
    assert shared_kernel.run("log.warning('later')") == "later\n"
    # What an earlier study's handler writes belongs to the trial that makes it write.
    shared_kernel.run(
        "%%tune handled -n 3 --sampler random\ny = 1.0  # tune: 0..1\nlog.warning('y')\ny;  # tune: minimize"
    )
    assert shared_kernel.run("print([t.outputs[0]['text'] for t in handled])") == "['y\\n', 'y\\n', 'y\\n']\n"


def test_cell_may_await(shared_kernel):
    shared_kernel.run("import asyncio\nasync def later(v):\n    await asyncio.sleep(0.001)\n    return v * factor")
    cell = (
        "%%tune awaited -n 4 --sampler random\nx = 1.0  # tune: -3..3\nfactor = 2\n"
        "both = await asyncio.gather(later(x), later(-x))\nawait later(x)  # tune: minimize"
    )
    shared_kernel.run(cell)
    said = shared_kernel.run("print(all(t.value == 2 * t.params['x'] for t in awaited), both == [2 * x, -2 * x])")
    assert said == "True True\n"
    assert shared_kernel.run("await asyncio.sleep(0); print(asyncio.current_task() is not None)") == "True\n"


def test_trial_that_awaits_is_ended_like_any_other(shared_kernel):
    said = shared_kernel.run(
        "%%tune waits -n 3 --trial-timeout 0.2s --sampler grid\nimport asyncio\nx = 1  # tune: [1, 2, 3]\n"
        "await asyncio.sleep(60 if x == 2 else 0)\nx  # tune: minimize"
    )
    assert "Error" not in said
    assert shared_kernel.run("print(sorted((t.params['x'], t.state) for t in waits)[1])") == "(2, 'timed out')\n"


def test_progress_gives_way_to_the_report(shared_kernel):
    said = shared_kernel.run(
        "%%tune slow -n 6 --sampler random\nimport time\nx = 1.0  # tune: -3..3\ntime.sleep(0.15)\nx;  # tune: minimize"
    )
    assert said.startswith("slow: ")
    assert "6/6" not in said
    report, panel = (content["data"] for _, content in shared_kernel.outputs)
    assert "<img" in report["text/html"]
    # Whoever cannot show the panel shows nothing in its place.
    assert panel.pop("text/plain") == ""
    assert set(panel) == {"application/vnd.jupyter.widget-view+json"}


def test_study_without_a_name_is_the_latest(shared_kernel):
    shared_kernel.run("%%tune -n 3 --sampler random\nnameless = 1.0  # tune: -3..3\nnameless  # tune: minimize")
    said = shared_kernel.run("import jtune\nprint(jtune.latest().name, len(jtune.latest()))")
    name, n = said.split()
    assert name.startswith("tune-")
    assert n == "3"
    assert name in shared_kernel.run("%tune")
    assert len(jtune.load(name, shared_kernel.folder)) == 3


def test_tune_line_lists_studies_and_shows_one(shared_kernel):
    shared_kernel.run(quadratic("listed", 3))
    assert "listed" in shared_kernel.run("%tune")
    assert shared_kernel.run("%tune listed").startswith("listed: ")
    assert "did you mean 'listed'" in shared_kernel.run("%tune lister")


def test_source_has_the_best_literals_below_the_magic_line(shared_kernel):
    shared_kernel.run(quadratic("text", 5))
    expected = quadratic("text", 5).replace("x = 1.0", f"x = {shared_kernel.run('print(x)').strip()}")
    assert shared_kernel.run("print(text.source())") == expected + "\n"
    assert shared_kernel.run("print(text.source(0))") == quadratic("text", 5) + "\n"


def test_apply_offers_a_cell(shared_kernel):
    shared_kernel.run(quadratic("applied", 5))
    shared_kernel.run("applied.apply()")
    payload = shared_kernel.reply["payload"][0]
    assert payload["source"] == "set_next_input"
    assert payload["replace"] is False
    assert payload["text"] == shared_kernel.run("print(applied.source())")[:-1]


# Resume and edit


def test_rerun_repeats_no_trial_not_even_the_best(shared_kernel):
    cell = quadratic("again", 5) + "\nopen('counted', 'a').write('.');"
    shared_kernel.run(cell)
    shared_kernel.run("before = again.trials; x = None")
    shared_kernel.run(cell)
    assert shared_kernel.run("print(again.trials == before, x == again.best.params['x'])") == "True True\n"
    assert (shared_kernel.folder / "counted").read_text() == "....."


def test_rerun_in_a_new_kernel_runs_the_best_once_for_its_variables(tmp_path, start_kernel):
    cell = quadratic("q") + "\nopen('runs', 'a').write('.');"
    first = start_kernel()
    first.run(cell)
    points = first.run(POINTS.format(name="q"))
    runs = tmp_path / "runs"
    assert len(runs.read_text()) == 12
    second = start_kernel()
    assert "x is" in second.run(cell)
    assert second.run(POINTS.format(name="q")) == points
    assert second.run("print(x == q.best.params['x'])") == "True\n"
    assert len(runs.read_text()) == 13


def test_resumed_study_is_the_straight_one(shared_kernel):
    shared_kernel.run(quadratic("straight"))
    shared_kernel.run(quadratic("parts", 5))
    shared_kernel.run(quadratic("parts"))
    said = {shared_kernel.run(POINTS.format(name=name)) for name in ("straight", "parts")}
    assert len(said) == 1


def test_seed_gives_the_same_points_in_two_new_kernels(tmp_path, start_kernel):
    cell = (
        '%%tune q -n 16 --seed 3\nx = 1.0  # tune: -3..3\nk = "a"  # tune: ["a", "b", "c"]\n'
        'loss = (x - 1) ** 2 + (k != "b")  # tune: minimize'
    )
    points = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        kernel = start_kernel(tmp_path / name)
        kernel.run(cell)
        points.append(kernel.run("print([t.params for t in q])"))
    assert points[0].count("'x'") == 16
    assert points[0] == points[1]


def test_other_domains_keep_the_trials_that_fit(shared_kernel):
    shared_kernel.run(quadratic("ranges"))
    kept = shared_kernel.run("print(sum(abs(t.params['x']) <= 2 for t in ranges))").strip()
    said = shared_kernel.run(quadratic("ranges").replace("-3..3", "-2..2"))
    assert f"ranges: other domains; {kept} of 12 trials still fit\n" in said
    assert shared_kernel.run("print(len(ranges), max(abs(t.params['x']) for t in ranges) <= 2)") == "12 True\n"


def test_a_choice_that_is_added_keeps_the_trials(shared_kernel):
    cell = '%%tune added -n {}\nk = "a"  # tune: {}\nlen(k)  # tune: maximize'
    shared_kernel.run(cell.format(2, '["a", "b"]'))
    assert "2 of 2 trials still fit" in shared_kernel.run(cell.format(3, '["a", "b", "long"]'))
    assert shared_kernel.run("print(added.best.params, len(added))") == "{'k': 'long'} 3\n"


CONDITIONAL = """%%tune {name} -n 8 --sampler random --seed 0
layers = {layers}  # tune: 1..2
second = {second}  # tune: 1..9 if layers == 2
layers + second  # tune: minimize"""


def test_an_edited_literal_of_an_inactive_parameter_drops_the_trials_that_ran_with_the_old_one(shared_kernel):
    shared_kernel.run(CONDITIONAL.format(name="idle", layers=1, second=3))
    kept = shared_kernel.run("print(sum(t.params['layers'] == 2 for t in idle))").strip()
    said = shared_kernel.run(CONDITIONAL.format(name="idle", layers=1, second=7))
    assert f"idle: another literal of second; {kept} of 8 trials still fit\n" in said
    values = "print({t.value for t in idle if t.params['layers'] == 1}, idle.baseline.params)"
    assert shared_kernel.run(values) == "{8.0} {'layers': 1}\n"


def test_applied_literals_of_a_conditional_parameter_drop_no_trial(shared_kernel):
    shared_kernel.run(CONDITIONAL.format(name="written", layers=1, second=3))
    shared_kernel.run("trials = written.trials; tried = next(t for t in trials if t.params['layers'] == 2).params")
    tried = eval(shared_kernel.run("print(tried)"))
    for literals in (tried, {"layers": 1, "second": tried["second"]}):
        shared_kernel.run(CONDITIONAL.format(name="written", **literals))
        assert shared_kernel.run("print(written.generation, written.trials == trials)") == "1 True\n"


def test_other_code_starts_a_new_study_and_says_so(shared_kernel):
    shared_kernel.run(quadratic("coded", 3))
    said = shared_kernel.run(quadratic("coded", 4).replace("- 2", "- 1"))
    assert "coded: the code has changed, a new study is started\n" in said
    assert shared_kernel.run("print(coded.generation, len(coded))") == "2 4\n"


def test_other_inputs_start_a_new_study_and_are_named(shared_kernel):
    shared_kernel.run("target = 2\ndef distance(x): return abs(x - target)")
    cell = "%%tune reading -n 3 --sampler random\nx = 1.0  # tune: -3..3\ndistance(x)  # tune: minimize"
    shared_kernel.run(cell)
    shared_kernel.run("target = 1")
    assert "reading: distance changed, a new study is started\n" in shared_kernel.run(cell)


def test_function_that_reads_what_the_cell_binds_is_no_change(shared_kernel):
    shared_kernel.run("def train(x): return (x - 1) ** 2 * weight")
    cell = "%%tune weighed -n {} --sampler random\nweight = 2\nx = 3  # tune: 1..9\ntrain(x)  # tune: minimize"
    shared_kernel.run(cell.format(2))
    assert "a new study" not in shared_kernel.run(cell.format(3))
    assert shared_kernel.run("print(len(weighed))") == "3\n"


@pytest.mark.parametrize(
    ("then", "why"),
    [
        (r'"2/3.7:\1"', "as Python was 3.7 then, and is {python}"),
        (r'"\1"', "as an older jtune noted it in another way"),
    ],
    ids=["another Python", "jtune 0.1.0"],
)
def test_inputs_that_cannot_be_compared_keep_the_trials_and_are_named(tmp_path, start_kernel, then, why):
    cell = "%%tune older -n {} --sampler random\nx = 1.0  # tune: -3..3\nlosses[0](x)  # tune: minimize"
    # Functions that stand in one line are told by what Python makes of them.
    before = "losses = (lambda x: x + {}), (lambda x: x - 1)"
    kernel = start_kernel()
    kernel.run(before.format(1))
    kernel.run(cell.format(2))
    kernel.stop()
    path = tmp_path / ".jtune" / "older.journal"
    path.write_text(re.sub(r'"2/[0-9.]+:([0-9a-f]{31})."', then.replace(r"\1", r"\g<1>0"), path.read_text()))
    kernel = start_kernel()
    kernel.run(before.format(1))
    python = f"3.{sys.version_info.minor}"
    said = kernel.run(cell.format(3))
    assert f"older: continued; whether losses changed cannot be told, {why.format(python=python)}\n" in said
    assert kernel.run("print(len(older), older.generation)") == "3 1\n"
    # From now on it can be told.
    assert "cannot be told" not in kernel.run(cell.format(3))
    kernel.run(before.format(2))
    assert "older: losses changed, a new study is started\n" in kernel.run(cell.format(3))


def test_fresh_starts_anew_and_keeps_the_old_generation(shared_kernel):
    shared_kernel.run(quadratic("anew", 3))
    shared_kernel.run(quadratic("anew --fresh", 4))
    said = shared_kernel.run(
        "import optuna\nprint(anew.generation, [s.study_name for s in "
        "optuna.get_all_study_summaries(anew.optuna._storage)])"
    )
    assert said == "2 ['anew', 'anew.2']\n"


def test_a_literal_that_the_user_typed_is_tried_next(shared_kernel):
    shared_kernel.run(quadratic("typed", 3))
    shared_kernel.run(quadratic("typed", 5).replace("1.0", "1.75"))
    said = shared_kernel.run("print(typed[3].params, typed[3].origin, typed.baseline.number, len(typed))")
    assert said == "{'x': 1.75} manual 0 5\n"
    assert "x = 1.0 " not in shared_kernel.run("print(typed.source(3))")


def test_unknown_content_is_named_when_the_study_goes_on(shared_kernel):
    shared_kernel.run("stream = (i for i in range(3))")
    cell = "%%tune untold -n {} --sampler random\nx = 1.0  # tune: -3..3\nstream; x  # tune: minimize"
    shared_kernel.run(cell.format(2))
    assert "untold: continued; whether stream changed cannot be told\n" in shared_kernel.run(cell.format(3))


# Mistakes


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%tune q\nbad = 3  # tune: 5..4\ny = bad  # tune: minimize", "LOW must be below HIGH"),
        ("%%tune q\nbad = 3  # tune: 1..9", "no objective"),
        ("%%tune q\nbad = 3\ny = bad  # tune: minimize", "nothing to tune"),
        ("%%tune q --sampler rando\nbad = 3  # tune: 1..9\ny = bad  # tune: minimize", "did you mean 'random'"),
        ("%%tune q --pruner medium\nfor i in [1]:  # tune: report i\n    bad = 3  # tune: 1..9\nbad  # tune: minimize",
         "did you mean 'median'"),
        ("%%tune q\nbad = 3  # tune: 1..9\nq = bad  # tune: minimize", "the cell assigns q itself"),
        ("q = 1\n", ""),
        ("%%tune q\nbad = 3  # tune: 1..9\nbad + q  # tune: minimize", "the cell reads q from outside"),
        ("del q\n", ""),
        ("%%tune q --timeout soon\nbad = 3  # tune: 1..9\ny = bad  # tune: minimize", "is not a duration"),
        ("%%tune q --replicate 2\nbad = 3  # tune: 1..9\ny = bad  # tune: minimize", "--replicate 2 is no share"),
        ("%%tune q -n 0\nbad = 3  # tune: 1..9\ny = bad  # tune: minimize", "-n counts from 1"),
        ("%%tune class\nbad = 3  # tune: 1..9\ny = bad  # tune: minimize", "write letters, digits and _ only"),
        ("%%tune q --minimize 'a +'\nbad = 3  # tune: 1..9", "not a Python expression"),
        ("%%tune q --minimize bad\nbad = 3  # tune: 1..9\ny = bad  # tune: minimize", "already marks an objective"),
        ("%%tune q --minimize bad --minimize bad\nbad = 3  # tune: 1..9", "the objective bad stands twice"),
        ("%%tune q --minimize a*2 --maximize 'a * 2'\na = 3  # tune: 1..9", "the objective a * 2 stands twice"),
        ("%%tune q --minimize --maximize\nbad = 3  # tune: 1..9\nbad", "the objective bad stands twice"),
        ("%%tune q\n%%time\nbad = 3  # tune: 1..9", "a cell takes one cell magic"),
        ("%%tune q --nonsense\nbad = 3  # tune: 1..9", "unrecognized arguments: --nonsense"),
        ("%%tune q\nbad = 3  # tune: 1..9\nbad  # tune: minimize\nreturn bad", "line 4: return bad\n        ^ SyntaxError: 'return' outside function"),
        ("%%tune q\nbad = 3  # tune: 1..9\nx = (\nbad  # tune: minimize", "line 3: x = (\n            ^ SyntaxError: '(' was never closed"),
    ],
)  # fmt: skip
def test_tune_says_what_is_wrong_before_anything_runs(shared_kernel, cell, says):
    text = shared_kernel.run(cell)
    assert says in text
    assert "Traceback" not in text
    assert shared_kernel.run("print('bad' in globals())") == "False\n"
    assert not (shared_kernel.folder / ".jtune" / "q.journal").exists()


def test_all_mistakes_are_shown_at_once_with_a_caret(shared_kernel):
    text = shared_kernel.run("%%tune q\na = 3  # tune: 5..4\nb = 'x'  # tune: 1..2\na  # tune: minimize")
    assert text.count("^") == 2
    assert "line 2: " in text
    assert "line 3: " in text


def test_baseline_that_raises_shows_the_users_error_and_runs_no_more(shared_kernel):
    text = shared_kernel.run(
        "%%tune broken\nx = 3  # tune: 1..9\ndef half(v):\n    return v / 0\ny = half(x)  # tune: minimize"
    )
    assert "ZeroDivisionError" in text
    assert "----> 5 y = half(x)" in text
    assert "runner.py" not in text
    assert len(jtune.load("broken", shared_kernel.folder)) == 1


def test_baseline_that_failed_is_run_again_when_the_study_goes_on(shared_kernel, tmp_path):
    cell = (
        f"%%tune mended -n 3 --sampler random\nx = 1.0  # tune: 0..9\nopen({str(tmp_path / 'data')!r})\n"
        "x  # tune: minimize"
    )
    assert "FileNotFoundError" in shared_kernel.run(cell)
    (tmp_path / "data").touch()
    shared_kernel.run(cell)
    said = shared_kernel.run("print([(t.state, t.origin) for t in mended], mended.baseline.number)")
    assert said == "[('failed', 'baseline'), ('complete', 'baseline'), ('complete', 'sampler')] 1\n"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("'text'", "y is not a number: 'text'"),
        ("[1, 2]", "y is not a number: [1, 2]"),
        ("1j", "y is not a number: 1j"),
        ("None", "y is not a number: None"),
        ("__import__('numpy').arange(2)", "y is no single number: array([0, 1])"),
    ],
)
def test_baseline_without_a_number_says_what_it_gave(shared_kernel, value, says):
    cell = f"%%tune values --fresh\nx = 3  # tune: 1..9\ny = {value}  # tune: minimize"
    assert shared_kernel.run(cell).endswith(f"UsageError: the cell's own values give no objective: {says}\n")


@pytest.mark.parametrize("value", ["x", "np.float32(x)", "np.array(x)", "np.array([[x]])", "True", "Scalar(x)"])
def test_objective_may_be_any_scalar(shared_kernel, value):
    shared_kernel.run("import numpy as np\nclass Scalar:\n    def __init__(s, v): s.v = v\n    def item(s): return s.v")
    shared_kernel.run(f"%%tune scalars --fresh -n 1\nx = 1  # tune: 0..9\n{value}  # tune: minimize")
    assert shared_kernel.run("print(scalars.best.value, type(scalars.best.value).__name__)") == "1.0 float\n"


# Trials


def test_nan_and_errors_are_failed_trials_with_a_reason(shared_kernel):
    shared_kernel.run(
        "%%tune failing -n 20 --sampler random --seed 3\nx = -1.0  # tune: -3..3\n"
        "y = float('nan') if x < 0 else x if x > 1.5 else 1 / 0  # tune: minimize"
    )
    said = shared_kernel.run("print(len(failing), sorted({t.reason for t in failing}), failing.baseline.state)")
    assert said == "20 ['', 'ZeroDivisionError: division by zero', 'y is nan'] failed\n"
    said = shared_kernel.run("print(next(t.traceback for t in failing if 'Zero' in t.reason))")
    assert "runner.py" not in said


def test_ten_failures_in_a_row_end_the_search(shared_kernel):
    said = shared_kernel.run("%%tune hopeless\nx = 1.0  # tune: -3..3\nfloat('inf') * x ** 2  # tune: minimize")
    assert "10 trials in a row failed" in said
    assert shared_kernel.run("print(len(hopeless))") == "10\n"


def test_finite_space_ends_the_study(shared_kernel):
    said = shared_kernel.run("%%tune finite\nx = True  # tune\nz = 2  # tune: 1..3\ny = x + z  # tune: maximize")
    assert "all points have been tried" in said
    assert shared_kernel.run("print(len(finite), finite.best.params)") == "6 {'x': True, 'z': 3}\n"


def test_names_changed_in_place_are_named_once(shared_kernel):
    shared_kernel.run("log = []")
    said = shared_kernel.run(
        "%%tune grows -n 4 --sampler random\nx = 1.0  # tune: -3..3\nlog.append(x)\nx  # tune: minimize"
    )
    assert said.count("grows: the cell changes log in place") == 1


def test_conditions_decide_what_a_point_has(shared_kernel):
    shared_kernel.run(
        "%%tune layered -n 12 --sampler random --seed 0\nlayers = 1  # tune: 1..3\n"
        "width = 16  # tune: 8..64 log if layers >= 2\nlayers * width  # tune: maximize"
    )
    said = shared_kernel.run("print(all(('width' in t.params) == (t.params['layers'] >= 2) for t in layered))")
    assert said == "True\n"


def test_several_objectives_have_a_front(shared_kernel):
    said = shared_kernel.run(
        "%%tune two -n 15 --seed 0\nx = 1.0  # tune: 0..3\na = x ** 2  # tune: minimize\nb = (x - 2) ** 2  # tune: minimize"
    )
    assert said.startswith("two: ")
    said = shared_kernel.run("print(type(two.optuna.sampler).__name__, len(two.front) > 1, len(two.best.values))")
    assert said == "SkoptSampler True 2\n"


def test_repeats_average_within_a_trial(shared_kernel):
    shared_kernel.run("import itertools\ncounter = itertools.count()")
    shared_kernel.run(
        "%%tune mean -n 3 --repeats 4 --sampler random\nx = 1.0  # tune: 0..3\nnext(counter)  # tune: minimize"
    )
    said = shared_kernel.run("print(len(mean), [t.value for t in mean], mean[0].repeats)")
    assert said == "3 [1.5, 5.5, 9.5] ((0.0,), (1.0,), (2.0,), (3.0,))\n"


def test_objectives_of_the_magic_line_are_in_the_order_in_which_they_are_typed(shared_kernel):
    shared_kernel.run(
        "%%tune typed -n 5 --sampler random --maximize acc --minimize sec\nx = 1  # tune: 1..9\nacc, sec = -x, x"
    )
    said = shared_kernel.run("print([(goal.direction, goal.label) for goal in typed.objectives], typed.best.values)")
    best = shared_kernel.run("print(min(t.params['x'] for t in typed))").strip()
    assert said == f"[('maximize', 'acc'), ('minimize', 'sec')] (-{best}.0, {best}.0)\n"


def test_an_objective_of_the_magic_line_may_end_in_a_quote(shared_kernel):
    shared_kernel.run(
        "%%tune quoted -n 2 --minimize \"len('a' if k == 'a' else 'bb') if k else 'b'\"\nk = 'a'  # tune: ['a', 'c']"
    )
    assert shared_kernel.run("print([t.value for t in quoted])") == "[1.0, 2.0]\n"


def test_a_condition_that_fails_in_the_middle_of_a_search_is_a_mistake_of_the_mark(shared_kernel):
    said = shared_kernel.run(
        "%%tune failing -n 64 --sampler random --seed 1\na = 2  # tune: 1..6\nb = 7  # tune: 5..12\nk = 'x'  # tune: ['x', 'y']\n"
        "c = 2  # tune: 1..3 if a == b and k > 1\na  # tune: minimize"
    )
    # What there is, then what is wrong and where, and nothing after it.
    *before, error, line, caret = said.rstrip("\n").split("\n")
    assert re.search(r"^failing: \d+ trials; best 1 in trial \d+, ", "\n".join(before), re.MULTILINE)
    assert (error, line) == ("ConditionError: the search ends", "line 5: c = 2  # tune: 1..3 if a == b and k > 1")
    expected = r"the condition fails where a = ([56]), b = \1, k = '[xy]': values of different kinds have no order; compare by == or !="
    assert re.fullmatch(rf"\^ {expected}", caret.strip())
    assert caret.index("^") == line.index("a == b")
    assert "Traceback" not in said
    assert "jtune/" not in said
    assert shared_kernel.run("print(0 < len(failing) < 64, failing.best is not None)") == "True True\n"


LATE = """a = 2  # tune: 1..6
b = 12  # tune: 5..12
k = 'x'  # tune: ['x', 'y']
c = 2  # tune: 1..3 if a == b and k > 1
a  # tune: minimize"""


@pytest.mark.parametrize("study", ["late", "jtune.load('late')"])
def test_a_condition_that_fails_elsewhere_names_its_line_as_well(shared_kernel, study):
    shared_kernel.run("import jtune")
    shared_kernel.run("%%tune late -n 8 --sampler grid --fresh\n" + LATE)
    said = shared_kernel.run(f"{study}.predict({{'a': 5, 'b': 5}})")
    error, line, caret = said.rstrip("\n").split("\n")[-3:]
    assert error == "ConditionError"
    assert re.fullmatch(r"line 5: c = 2  # tune: 1\.\.3 if a == b and k > 1", line)
    assert caret.strip().startswith("^ the condition fails where a = ")
    assert caret.index("^") == line.index("a == b")


def test_the_baseline_runs_the_literals_as_they_are_typed(shared_kernel):
    cell = "%%tune literal -n 3 --sampler random\nx = 1  # tune: 0.5..3\nisinstance(x, int)  # tune: maximize"
    shared_kernel.run(cell)
    said = shared_kernel.run("print([t.value for t in literal], literal[0].params, type(x).__name__)")
    assert said == "[1.0, 0.0, 0.0] {'x': 1} int\n"
    assert shared_kernel.run("print(literal.source(0))") == cell + "\n"


def test_each_of_several_loops_has_curves_of_its_own(shared_kernel):
    shared_kernel.run(
        "%%tune phases -n 3 --sampler random --pruner none\nx = 1  # tune: 1..9\n"
        "for i in range(2):  # tune: report i, x\n    pass\n"
        "for i in range(3):  # tune: report i\n    pass\n"
        "i + x  # tune: minimize"
    )
    assert shared_kernel.run("print(phases[0].curves)") == (
        "{'i': [0.0, 1.0], 'x': [1.0, 1.0], 'i (loop 2)': [0.0, 1.0, 2.0]}\n"
    )


def test_reports_are_curves_and_prune(shared_kernel):
    shared_kernel.run(
        "%%tune curves -n 25 --sampler random --seed 2\nx = 1.0  # tune: 0..3\n"
        "for step in range(12):  # tune: report err, step\n    err = x + 1 / (step + 1)\nerr  # tune: minimize"
    )
    said = shared_kernel.run(
        "print({t.state for t in curves} == {'complete', 'pruned'}, list(curves[0].curves), len(curves[0].curves['err']),\n"
        "      next(t.reason for t in curves if t.state == 'pruned').startswith('err = '))"
    )
    assert said == "True ['err', 'step'] 12 True\n"


def test_trial_timeout_is_a_state_and_timeout_ends_the_search(shared_kernel):
    shared_kernel.run(
        "%%tune timed -n 4 --trial-timeout 0.2s --sampler grid\nimport time\nx = 1  # tune: [1, 2, 3, 4]\n"
        "if x == 3: time.sleep(30)\nx  # tune: minimize"
    )
    assert shared_kernel.run("print([t.state for t in timed if t.params['x'] == 3])") == "['timed out']\n"
    said = shared_kernel.run(
        "%%tune ended -n 500 --timeout 0.5s --sampler random\nimport time\nx = 1.0  # tune: 0..1\ntime.sleep(0.05)\n"
        "x  # tune: minimize"
    )
    assert "the time is up" in said


def test_target_and_patience_end_the_search(shared_kernel):
    assert "the target is reached" in shared_kernel.run(quadratic("aimed --target 0.5", 500))
    assert "no better trial in 7" in shared_kernel.run(quadratic("patient --patience 7", 500))


def test_objective_on_the_magic_line(shared_kernel):
    shared_kernel.run("%%tune lined -n 3 --maximize 'x * 2'\nx = 1  # tune: 0..9\n'other'")
    assert shared_kernel.run("print(lined.objectives, lined.baseline.value)").endswith("label='x * 2'),) 2.0\n")
    shared_kernel.run("%%tune last -n 3 --maximize\nx = 1  # tune: 0..9\nx * 3")
    assert shared_kernel.run("print(last.baseline.value)") == "3.0\n"


@pytest.mark.parametrize(
    ("setup", "name", "said"),
    [
        ("df = [1, 2]", "df", "df is a variable already, of type list; give the study another NAME, or del df first"),
        ("", "list", "list is a builtin; give the study another NAME, for example list_study"),
    ],
)
@pytest.mark.parametrize("magic", ["%%tune", "%%explore"])
def test_name_of_something_else_is_a_usage_error_before_anything_runs(shared_kernel, setup, name, said, magic):
    shared_kernel.run(setup)
    assert shared_kernel.run(f"{magic} {name}\nprint('ran')\nx = 1.0  # tune: 0..1\nx  # tune: minimize") == (
        f"UsageError: {said}\n"
    )
    assert shared_kernel.run("print(type(list).__name__, globals().get('df'))").startswith("type ")


def test_name_of_a_study_may_be_taken_again(shared_kernel):
    shared_kernel.run(quadratic("again_and_again", 2))
    shared_kernel.run("another_name = again_and_again")
    assert "2 trials" in shared_kernel.run(quadratic("another_name", 2))


def test_explore_has_no_limits_of_a_search(shared_kernel):
    shared_kernel.run("%config JTune.timeout = '1s'\n%config JTune.repeats = 3\n%config JTune.trial_timeout = '1s'")
    try:
        said = shared_kernel.run(
            "%%explore unlimited\nimport time\nx = 1.0  # tune: 0..3\ntime.sleep(1.2)\nprint('ran')"
        )
    finally:
        shared_kernel.run("%config JTune.timeout = ''\n%config JTune.repeats = 1\n%config JTune.trial_timeout = ''")
    assert said.count("ran\n") == 1
    assert "KeyboardInterrupt" not in said
    assert shared_kernel.run("print(unlimited[0].state, unlimited[0].repeats)") == "complete ()\n"


def test_config_sets_every_default(shared_kernel):
    assert "JTune.patience" in shared_kernel.run("%config JTune")
    shared_kernel.run(
        "%config JTune.n = 4\n%config JTune.sampler = 'qmc'\n%config JTune.minimize = 'z'\n%config JTune.seed = 5"
    )
    try:
        shared_kernel.run("%%tune configured\nx = 1.0  # tune: 0..9\nz = x")
        said = shared_kernel.run("print(len(configured), type(configured.optuna.sampler).__name__)")
        assert said == "4 QMCSampler\n"
        shared_kernel.run("%%tune configured -n 5 --sampler random\nx = 1.0  # tune: 0..9\nz = x")
        assert shared_kernel.run("print(len(configured))") == "5\n"
    finally:
        shared_kernel.run(
            "%config JTune.n = 30\n%config JTune.sampler = 'gp'\n%config JTune.minimize = ''\n%config JTune.seed = None"
        )


def test_help_names_every_option(shared_kernel):
    shared_kernel.run("%%tune?")
    text = shared_kernel.reply["payload"][0]["data"]["text/plain"]
    for option in ("NAME", "--minimize", "--sampler", "--trial-timeout", "--repeats", "--fresh", "# tune: maximize"):
        assert option in text


def test_cell_with_magics_commands_and_functions(shared_kernel):
    shared_kernel.run(
        "%%tune mixed -n 3 --sampler random\n%matplotlib inline\nout = !echo äöü\nimport functools\n"
        "@functools.cache\ndef f(v, scale=2.0):  # tune scale: 1..4\n    return v * scale\n"
        "x = 1.0  # tune: 0..3\nf(x)  # tune: minimize"
    )
    assert shared_kernel.run("print(out, list(mixed.parameters), f(1.0) == mixed.best.params['scale'])") == (
        "['äöü'] ['scale', 'x'] True\n"
    )


# Files


def test_second_writer_is_named_and_loses_nothing(tmp_path, start_kernel, wait_until):
    first, second = start_kernel(), start_kernel()
    first.client.execute(
        "%%tune q -n 2 --sampler random\nimport os, time\nx = 1.0  # tune: 0..3\nopen('began', 'w').close()\n"
        "while not os.path.exists('end'): time.sleep(0.01)\nx  # tune: minimize"
    )
    wait_until((tmp_path / "began").exists)
    said = second.run(quadratic("q", 5))
    (tmp_path / "end").touch()
    assert f"q.journal is being written by process {first.manager.provisioner.process.pid} on " in said
    assert "give this study another NAME" in said
    assert first.run("print(len(q))").endswith("2\n")


def test_folder_that_cannot_be_written_is_one_warning_and_the_study_goes_on(tmp_path, start_kernel):
    (tmp_path / ".jtune").write_text("a file where the folder should be")
    kernel = start_kernel()
    said = kernel.run(quadratic("q"))
    assert said.count("Warning") == 1
    assert kernel.run("print(len(q), x == q.best.params['x'])") == "12 True\n"


def test_study_is_readable_elsewhere_while_it_runs(tmp_path, start_kernel, wait_until):
    seen = []

    def meanwhile():
        wait_until((tmp_path / "third").exists)
        seen.append(len(jtune.load("q", tmp_path).finished))
        (tmp_path / "end").touch()

    start_kernel().run(
        "%%tune q -n 3 --sampler random\nimport os, time\nx = 1.0  # tune: 0..3\nn = 0\nif os.path.exists('second'):\n"
        "    open('third', 'w').close()\n    while not os.path.exists('end'): time.sleep(0.01)\n"
        "elif os.path.exists('first'): open('second', 'w').close()\nelse: open('first', 'w').close()\nx  # tune: minimize",
        meanwhile,
    )
    assert seen == [2]


def test_opened_by_optunas_own_backend(shared_kernel):
    import optuna

    shared_kernel.run(quadratic("theirs", 4))
    path = shared_kernel.folder / ".jtune" / "theirs.journal"
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    study = optuna.load_study(study_name="theirs", storage=storage)
    assert len(study.trials) == 4
    assert study.best_value == jtune.load("theirs", shared_kernel.folder).best.value


# Without a notebook


def terminal(folder, *cells):
    """What IPython prints for cells that are fed to it as a file, as in a log."""
    script = folder / "script.ipy"
    blocks = "\n".join(f"get_ipython().run_cell({cell!r})" for cell in ("%load_ext jtune", *cells))
    script.write_text(blocks, encoding="utf-8")
    env = {**os.environ, "IPYTHONDIR": str(folder / "ipython"), "TERM": "dumb"}
    command = [sys.executable, "-m", "IPython", "--colors=NoColor", "--quick", str(script)]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


def test_log_has_the_report_and_the_output_and_no_carriage_returns(tmp_path):
    said = terminal(tmp_path, quadratic("q"))
    assert "q: " in said
    assert "12 trials" in said
    assert "parameter" in said
    assert said.count("x is") == 1
    assert "\r" not in said


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_terminal_has_one_line_that_is_updated_and_then_the_report(tmp_path):
    import pexpect

    (tmp_path / "cell").write_text(
        "%%tune q -n 4 --sampler random\nimport time\nx = 1.0  # tune: -3..3\ntime.sleep(0.3)\nprint('hello')\n"
        "loss = x  # tune: minimize\n"
    )
    env = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "TERM": "dumb"}
    command = ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"]
    shell = pexpect.spawn(sys.executable, command, cwd=str(tmp_path), env=env, encoding="utf-8", timeout=60, echo=False)
    shell.expect(r"In \[1\]: ")
    shell.sendline("%load_ext jtune")
    shell.expect(r"In \[2\]: ")
    shell.sendline("get_ipython().run_cell(open('cell').read());")
    shell.expect(r"In \[3\]: ")
    said = shell.before
    shell.sendeof()
    shell.close(force=True)
    live, _, rest = said.partition("hello\r\n")
    assert "q: 0/4 trials" in live
    assert "q: 4/4 trials" in live
    assert live.count("\n") == 0
    assert rest.startswith("q: minimize loss\r\n4 trials are done")


def loaded_by(statement, heavy):
    """Which heavy modules a statement loads into a new process, by which ``shell`` is IPython."""
    code = textwrap.dedent(
        f"""
        import sys
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        before = set(sys.modules)
        {statement}
        print([name for name in {heavy} if name in sys.modules and name not in before])
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return ast.literal_eval(done.stdout.splitlines()[-1])


def test_import_is_light():
    heavy = ["optuna", "skopt", "sklearn", "scipy", "matplotlib", "ipywidgets", "pandas", "numpy"]
    assert loaded_by("shell.run_line_magic('load_ext', 'jtune')", heavy) == []


def test_the_default_sampler_does_without_scikit_learn(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cell = "x = 1.0  # tune: -3..3\nx ** 2  # tune: minimize"
    statement = f"import jtune; jtune.load_ipython_extension(shell); shell.run_cell_magic('tune', 'q -n 13', {cell!r})"
    assert loaded_by(statement, ["optuna", "skopt", "sklearn", "pandas"]) == ["optuna"]
    assert len(jtune.load("q")) == 13
