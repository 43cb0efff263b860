"""The magics in real kernels."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

QUADRATIC = '%%tune q -n 12 --sampler random --seed 1\nx = 1.0  # tune: -3..3\nprint("noise")\nloss = (x - 2) ** 2  # tune: minimize'


def run(folder: Path, *cells: str, allow_errors: bool = False) -> list[str]:
    """Run cells in a fresh kernel; return each one's text."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in ("%load_ext jtune", *cells)])
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
    client.allow_errors = allow_errors
    client.execute(env={**os.environ, "IPYTHONDIR": str(folder / "ipython")})
    return ["\n".join(_text(output) for output in cell.outputs) for cell in notebook.cells[1:]]


def _text(output):
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}\n" + "\n".join(output.traceback)
    return output.data.get("text/plain", "")


def test_tune_leaves_the_best_bindings_and_shows_the_report(tmp_path):
    report, printed = run(
        tmp_path, QUADRATIC, "print(len(q), loss == q.best.value, x == q.best.params['x'], type(x).__name__)"
    )
    assert "12 trials" in report
    assert "noise" not in report
    assert printed == "12 True True float\n"


def test_tune_repeats_no_trial_when_the_notebook_is_run_again(tmp_path):
    show = "print([t.params['x'] for t in q])"
    first = run(tmp_path, QUADRATIC, show)
    again = run(tmp_path, QUADRATIC, show + "\nassert x == q.best.params['x']")
    assert first[1] == again[1]


def test_tune_resumed_equals_straight_run(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    show = "print([t.params['x'] for t in q])"
    straight = run(tmp_path / "a", QUADRATIC, show)[1]
    run(tmp_path / "b", QUADRATIC.replace("-n 12", "-n 5"))
    assert run(tmp_path / "b", QUADRATIC, show)[1] == straight


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%tune q\nx = 3  # tune: 5..4\ny = x  # tune: minimize", "LOW must be below HIGH"),
        ("%%tune q\nx = 3  # tune: 1..9", "no objective"),
        ("%%tune q\nx = 3\ny = x  # tune: minimize", "nothing to tune"),
        ("%%tune q --sampler rando\nx = 3  # tune: 1..9\ny = x  # tune: minimize", "did you mean"),
        ("%%tune q\nx = 3  # tune: 1..9\nq = x  # tune: minimize", "the cell assigns q itself"),
        ("%%tune q --timeout soon\nx = 3  # tune: 1..9\ny = x  # tune: minimize", "is not a duration"),
    ],
)
def test_tune_says_in_one_line_what_is_wrong(tmp_path, cell, says):
    text, ran = run(tmp_path, cell, "print('x' in globals())", allow_errors=True)
    assert says in text
    assert "Traceback" not in text
    assert ran == "False\n"


def test_baseline_that_raises_shows_the_users_error_and_ends(tmp_path):
    text, x = run(
        tmp_path,
        "%%tune q\nx = 3  # tune: 1..9\n1 / 0\ny = x  # tune: minimize",
        "print('x' in globals())",
        allow_errors=True,
    )
    assert "ZeroDivisionError" in text
    assert "runner.py" not in text
    assert x == "False\n"


def test_finite_space_ends_the_study(tmp_path):
    report, n = run(tmp_path, "%%tune q\nx = True  # tune\ny = x + 0  # tune: maximize", "print(len(q))")
    assert "all points have been tried" in report
    assert n == "2\n"


def test_failed_trials_are_recorded_and_the_search_goes_on(tmp_path):
    cell = "%%tune q -n 20 --sampler random --seed 3\nx = 1.0  # tune: -3..3\ny = x ** 0.5  # tune: minimize"
    counts = run(tmp_path, cell, "print(len(q), sorted({t.state for t in q}), q[0].state)")[1]
    assert counts == "20 ['complete', 'failed'] complete\n"


def test_names_changed_in_place_are_named_once(tmp_path):
    cell = "%%tune q -n 4 --sampler random\nx = 1.0  # tune: -3..3\nlog.append(x)\ny = x  # tune: minimize"
    _, report = run(tmp_path, "log = []", cell)
    assert report.count("the cell changes log in place") == 1


def test_progress_is_updated_in_place_and_gives_way_to_the_report(tmp_path):
    cell = "%%tune q -n 6 --sampler random\nimport time\nx = 1.0  # tune: -3..3\ntime.sleep(0.15)\nx  # tune: minimize"
    (report,) = run(tmp_path, cell)
    assert report.startswith("q: 6 trials, minimize x")
