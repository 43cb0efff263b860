"""What a study shows of itself: as text, as HTML, as a picture."""

import base64
import io
import math
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from jtune.language.cell import Cell
from jtune.storage.definition import Definition, Goal
from jtune.storage.store import Store
from jtune.study import Study
from jtune.text import one_line
from jtune.trials.outcome import Outcome, State
from jtune.views import picture, report, status

SVC = """\
C=1.0  # tune: 1e-3..1e3 log
degree=3  # tune: 1..9
shift=0.1  # tune: -1.0..1.0
kernel='rbf'  # tune: ['rbf', 'poly']
shrinking=True  # tune
"""
X = "x=1.0  # tune: 0.0..2.0\n"
EVIL = "<img src=x onerror=alert(1)>"
EVIL_CELL = f"a='{EVIL}'  # tune: ['{EVIL}', '$x_1$', 'a & b \u6c34']\nx_1=1.0  # tune: 0.0..2.0\n"
FIFTEEN = "".join(
    f"{line}\n"
    for line in (
        "rate=0.01  # tune: 1e-5..1e-1 log",
        "layers=3  # tune: 1..6",
        "units=64  # tune: 16..256 log if layers >= 2",
        "batch_norm=True  # tune",
        "optimizer='adam'  # tune: ['adam', 'sgd', 'rmsprop']",
        "momentum=0.9  # tune: 0.0..0.99 if optimizer == 'sgd'",
        "hidden=(64, 64)  # tune: [(64, 64), (128,), (32, 32, 32)]",
        "clip=None  # tune: [None, 0.5, 1.0]",
        f"activation='f0'  # tune: {[f'f{i}' for i in range(12)]}",
        "warmup=500  # tune: 0..2000 step 100",
        "a_parameter_whose_name_does_not_fit_anywhere=1.0  # tune",
        *(f"p{i}=0.5  # tune: 0.0..1.0" for i in range(4)),
    )
)
MINIMIZE = (("minimize", "loss"),)
FAILED = Outcome(State.FAILED, "ValueError: no\nway")


class Written(Study):
    """A study that the test itself writes."""

    def __init__(self, ledger):
        super().__init__(ledger)
        self.ledger = ledger


def start(folder, cell, objectives=MINIMIZE, name="digits"):
    parsed = Cell(cell + "loss = 0\n")
    goals = tuple(Goal(*objective) for objective in objectives)
    spans = parsed.spans
    definition = Definition(name, parsed.space, goals, parsed.identity, {}, "%%tune\n", parsed.source, spans)
    return Written(Store(name, folder).start(definition))


def add(study, outcome, point=None):
    """Run a trial: the first is the baseline; ``outcome`` is one, or the objectives' values."""
    origin = "baseline" if len(study) == 0 else "sampler"
    if not isinstance(outcome, Outcome):
        outcome = Outcome(State.COMPLETE, values=tuple(map(float, np.atleast_1d(outcome))))
    number = study.ledger.start_trial(origin, study.space.point(point or {}))
    study.ledger.end_trial(number, outcome)
    return study


def searched(folder, cell, objective, n, **kwargs):
    """Return a study of the baseline and ``n - 1`` random points."""
    study = start(folder, cell, **kwargs)
    rng = np.random.default_rng(0)
    with study.ledger.journal.writing():
        for i in range(n):
            point = study.space.baseline if i == 0 else study.space.sample(rng)
            add(study, objective(study.space.complete(point), i), point)
    return study


def lines(study):
    return report.as_text(study).splitlines()


def picture_of(html):
    """Return the embedded picture."""
    found = re.search(r'<img alt="[^"]*" width="880" style="[^"]*" src="data:image/png;base64,([^"]+)">', html)
    return found and Image.open(io.BytesIO(base64.b64decode(found[1])))


class Page(HTMLParser):
    """The tags, attributes and text of a page as a browser reads them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text, self.rows = [], [], "", []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert tag in self.tags

    def handle_data(self, data):
        if self.tags[-1] == "style":
            return
        self.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_text_shows_what_changed_and_in_which_domain(tmp_path):
    study = add(start(tmp_path, SVC, [("maximize", "accuracy")]), 0.8)
    add(study, 0.96, {"C": 12.0, "degree": 5, "shift": 0.4, "kernel": "poly"})
    study.ledger.end("the time is up")
    assert report.as_text(study) == (
        "digits: maximize accuracy\n"
        "2 trials; ended: the time is up\n"
        "best 0.96 in trial 1, 0.16 (20 %) higher than the baseline's 0.8\n"
        "\n"
        "parameter  baseline    best  change       domain\n"
        "C               1.0    12.0  x 12         0.001..1000.0 log\n"
        "degree            3       5  +2           1..9\n"
        "shift           0.1     0.4  +0.3         -1.0..1.0\n"
        "kernel        'rbf'  'poly'  rbf -> poly  ['rbf', 'poly']\n"
        "shrinking      True    True  =            [False, True]\n"
        "too few trials for importance: it takes 3 complete ones with different values"
    )


def test_text_shows_the_importance_in_percent(tmp_path):
    study = start(tmp_path, X)
    for x in (1.0, 0.2, 1.8, 1.5):
        add(study, (x - 1.7) ** 2, {"x": x})
    head, row, note = lines(study)[-3:]
    assert head.split() == ["parameter", "baseline", "best", "change", "cost", "importance", "domain"]
    assert re.fullmatch(r"x +1\.0 +1\.8 +\+0\.8 +0\.\d+ ± 0\.\d+ +\d+ %  0\.0\.\.2\.0", row)
    # Put back, x = 1.0 gives (1.0 - 1.7) ** 2, and not (1.8 - 1.7) ** 2.
    cost = study.effects.cost("x")
    assert abs(cost.mean - 0.48) < 2 * cost.sd
    assert note.startswith("cost: what the best loses with your value put back; importance: ")


@pytest.mark.parametrize(
    ("direction", "baseline", "best", "said"),
    [
        ("minimize", 0.5, 0.4, "best 0.4 in trial 1, 0.1 (20 %) lower than the baseline's 0.5"),
        ("maximize", 0.5, 0.6, "best 0.6 in trial 1, 0.1 (20 %) higher than the baseline's 0.5"),
        ("minimize", -2.0, -3.0, "best -3 in trial 1, 1 (50 %) lower than the baseline's -2"),
        ("maximize", -2.0, -1.9, "best -1.9 in trial 1, 0.1 (5.0 %) higher than the baseline's -2"),
        ("maximize", 0.0, 3.0, "best 3 in trial 1, 3 higher than the baseline's 0"),
        ("maximize", 0.001, 3.0, "best 3 in trial 1, 3 higher than the baseline's 0.001"),
        ("minimize", 0.5, 0.6, "baseline 0.5, which is the best"),
    ],
)
def test_text_compares_best_and_baseline(tmp_path, direction, baseline, best, said):
    study = add(add(start(tmp_path, X, [(direction, "y")]), baseline), best, {"x": 1.5})
    assert lines(study)[2] == said


def test_text_counts_what_became_of_the_trials(tmp_path):
    study = start(tmp_path, X)
    for i, state in enumerate(("complete", "failed", "failed", "pruned", "timed out", "interrupted")):
        add(study, Outcome(State(state), values=(1.0,) if state == "complete" else ()), {"x": 1.0 + i / 10})
    study.ledger.end("5 trials are done")
    with study.ledger.journal.writing():
        study.ledger.start_trial("sampler", {"x": 0.3})
        assert lines(study)[1] == "5 trials are done (2 failed, 1 pruned, 1 timed out), 1 interrupted, 1 running"
    assert lines(study)[2] == "baseline 1, no other complete trial"


def test_text_without_trials_shows_the_literals(tmp_path):
    study = start(tmp_path, "x=1.0  # tune\n")
    assert report.as_text(study) == (
        "digits: minimize loss\n"
        "no trials yet\n"
        "\n"
        "parameter  literal  domain\n"
        "x              1.0  0.1..10.0 log\n"
        "too few trials for importance: it takes 3 complete ones with different values"
    )
    assert status.summary(study) == "digits: no trials yet"
    assert "<img" not in report.as_html(study)


def test_text_where_all_failed(tmp_path):
    study = add(start(tmp_path, X), FAILED)
    study.ledger.end("the baseline failed")
    assert lines(study)[1:6] == [
        "1 trial (1 failed); ended: the baseline failed",
        "no complete trial; the baseline failed: ValueError: no way",
        "",
        "parameter  baseline  domain",
        "x               1.0  0.0..2.0",
    ]
    assert "<img" not in report.as_html(study)


def test_text_where_only_the_baseline_failed(tmp_path):
    study = add(add(start(tmp_path, X), FAILED), 0.5, {"x": 0.5})
    assert lines(study)[2] == "best 0.5 in trial 1; the baseline failed: ValueError: no way"


@pytest.mark.parametrize(
    ("baseline", "best", "row"),
    [
        (1, 3, ["units", "-", "32", "active"]),
        (3, 1, ["units", "64", "-", "inactive"]),
        (3, 4, ["units", "64", "32", "x", "0.5"]),
    ],
)
def test_text_says_where_a_parameter_is_inactive(tmp_path, baseline, best, row):
    cell = f"layers={baseline}  # tune: 1..6\nunits=64  # tune: 16..256 log if layers >= 2\n"
    study = add(add(start(tmp_path, cell), 2.0), 1.0, {"layers": best, "units": 32})
    assert lines(study)[6].split()[: len(row)] == row
    assert lines(study)[6].endswith("16..256 log if layers >= 2")


def test_text_of_fifteen_parameters_is_a_table(tmp_path):
    study = searched(tmp_path, FIFTEEN, lambda p, i: math.log10(p["rate"]) ** 2, 12)
    told, *_ = [line for line in lines(study) if line.startswith("next: ")]
    table = lines(study)[lines(study).index(told) + 2 : -1]
    assert len(table) == 16
    assert len({line.index(column) for line, column in zip(table[:2], ("domain", "1e-05"), strict=True)}) == 1
    assert max(map(len, table)) <= 120
    assert [line.split()[0] for line in table[1:3]] == ["rate", "layers"]


def test_the_report_says_what_is_next_and_where_trials_fail_as_the_panel_does(tmp_path):
    study = start(tmp_path, X)
    for x, loss in ((1.0, 3.0), (0.5, 3.0), (1.2, 3.0)):
        add(study, loss, {"x": x})
    for x in (1.7, 1.8, 1.9):
        add(study, FAILED, {"x": x})
    text = report.as_text(study)
    assert "\n3 failed: x ≥ 1.7\nnext: loss is 3 in all 3 trials; it does not depend on what is tuned\n" in text
    assert "next: loss is 3 in all 3 trials" in report.as_html(study)


def test_text_shows_the_front_of_several_objectives(tmp_path):
    study = start(tmp_path, X, [("minimize", "loss"), ("maximize", "speed")])
    for x, loss, speed in ((1.0, 3, 3), (0.5, 1, 1), (1.5, 2, 2), (0.2, 4, 1)):
        add(study, (loss, speed), {"x": x})
    text = report.as_text(study)
    assert text.startswith(
        "digits: minimize loss, maximize speed\n4 trials\n"
        "best loss 1 in trial 1, 2 (67 %) lower than the baseline's 3\n"
    )
    assert text.endswith(
        "\n"
        "the Pareto front has 3 trials\n"
        "trial  loss  speed    x\n"
        "    1     1      1  0.5\n"
        "    2     2      2  1.5\n"
        "    0     3      3  1.0"
    )
    assert Page(report.as_html(study)).rows[-3:] == [
        ["1", "1", "1", "0.5"],
        ["2", "2", "2", "1.5"],
        ["0", "3", "3", "1.0"],
    ]


def test_text_of_a_long_front_shows_both_ends(tmp_path):
    objectives = [("minimize", "a"), ("minimize", "b")]
    study = searched(tmp_path, FIFTEEN, lambda p, i: (i, -i), 30, objectives=objectives)
    front = report.as_text(study).split("\n\n")[-1].splitlines()
    assert front[0] == "the Pareto front has 30 trials; 10 of them, 20 more lie between"
    assert [line.split()[0] for line in (front[2], front[11])] == ["0", "29"]
    assert re.fullmatch(r"\d+ parameters left out here", front[12])
    assert max(map(len, front)) <= 100


def test_summary_is_one_line(tmp_path):
    study = add(add(start(tmp_path, X, [("maximize", "a\nb")]), 0.5), 0.6, {"x": 1.5})
    study.ledger.end("the target is reached")
    assert status.summary(study) == (
        "digits: 2 trials; ended: the target is reached; best 0.6 in trial 1, 0.1 (20 %) higher than the baseline's 0.5"
    )
    assert lines(study)[0] == "digits: maximize a b"


def test_html_says_what_the_text_says(tmp_path):
    study = add(add(start(tmp_path, SVC), 0.9), 0.8, {"C": 12.0, "kernel": "poly"})
    page = Page(report.as_html(study))
    assert page.rows[0] == ["parameter", "baseline", "best", "change", "domain"]
    assert page.rows[1] == ["C", "1.0", "12.0", "× 12", "0.001..1000.0 log"]
    assert page.rows[4] == ["kernel", "'rbf'", "'poly'", "rbf → poly", "['rbf', 'poly']"]
    assert "best 0.8 in trial 1, 0.1 (11 %) lower than the baseline's 0.9" in page.text


def test_html_needs_no_script_and_nothing_from_outside(tmp_path):
    html = report.as_html(searched(tmp_path, SVC, lambda p, i: p["shift"], 8))
    page = Page(html)
    assert set(page.tags) <= {"div", "p", "br", "strong", "table", "thead", "tbody", "tr", "th", "td", "img", "style"}
    assert {name for name, _ in page.attributes} == {"class", "style", "alt", "width", "src"}
    assert "url" not in html.partition("<style>")[2]
    assert [value[:22] for name, value in page.attributes if name == "src"] == ["data:image/png;base64,"]
    assert "color" not in re.sub(r'src="[^"]*"', "", html)


@pytest.mark.parametrize("label", [EVIL, "$l_1$", '" onload="alert(1)', "a\n<script>"])
def test_html_shows_the_users_text_as_text(tmp_path, label):
    study = searched(
        tmp_path,
        EVIL_CELL,
        lambda p, i: p["x_1"] + i,
        6,
        objectives=[("minimize", label)],
        name='<b>"x"</b>'.replace("/", ""),
    )
    html = report.as_html(study)
    page = Page(html)
    assert page.tags.count("img") == 1
    assert not {"b", "script"} & set(page.tags)
    assert not {name for name, _ in page.attributes} & {"onerror", "onload"}
    assert page.rows[1][-1] == f"['{EVIL}', '$x_1$', 'a & b \u6c34']"
    assert one_line(label) in page.text
    assert one_line(label) in dict(page.attributes)["alt"]
    assert picture_of(html) is not None


@pytest.mark.parametrize(
    ("cell", "objectives"),
    [
        (X, MINIMIZE),
        (SVC, MINIMIZE),
        (SVC, [("maximize", "accuracy")]),
        (FIFTEEN, MINIMIZE),
        ("".join(f"p{i}=0.5  # tune: 0.0..1.0\n" for i in range(21)), MINIMIZE),
        (X, [("minimize", "a"), ("maximize", "b")]),
        (SVC, [("minimize", "a"), ("maximize", "b"), ("minimize", "c")]),
    ],
)
def test_picture_is_drawn_at_twice_its_width(tmp_path, cell, objectives):
    def values(point, i):
        return FAILED if i % 7 == 3 else [(-1) ** k * i % 5 for k in range(len(objectives))]

    image = picture_of(report.as_html(searched(tmp_path, cell, values, 20, objectives=objectives)))
    assert image.format == "PNG"
    assert image.width == 2 * picture.WIDTH_PX
    assert 400 <= image.height <= 2000
    corner = image.convert("RGBA").getpixel((image.width - 1, image.height - 1))
    assert corner[3] == 0, "the page's own background shines through"


def test_picture_of_several_objectives_says_which_one_it_shows_along_the_parameters(tmp_path):
    goals = [("minimize", "loss"), ("maximize", "speed")]
    study = searched(tmp_path, X, lambda p, i: [p["x"], -p["x"]], 12, objectives=goals)
    assert picture.describe(study) == "digits: loss against speed, and loss along x"
    assert repr(study.effects_of("speed")) == "Effects of x on speed, from 12 trials"


@pytest.mark.parametrize(
    "objective",
    [
        lambda p, i: 0.0,
        lambda p, i: 1e12 if i == 0 else p["x"],
        lambda p, i: 1e-12 * p["x"],
        lambda p, i: 1 + 1e-9 * p["x"],
        lambda p, i: -1e9 if i == 3 else p["x"],
    ],
)
def test_picture_of_values_of_any_size(tmp_path, objective):
    assert picture_of(report.as_html(searched(tmp_path, X, objective, 12))) is not None


def test_picture_clips_one_huge_loss_only(tmp_path):
    study = searched(tmp_path, X, lambda p, i: 1e6 if i == 7 else p["x"], 20)
    shown = picture.view_of(study).range
    values = [trial.value for trial in study.trials if trial.number != 7]
    assert shown.low < min(values)
    assert max(values) < shown.high < 3
    assert all(shown.holds(value) for value in values)


def test_picture_clips_nothing_without_outliers(tmp_path):
    study = searched(tmp_path, X, lambda p, i: p["x"] ** 2, 40)
    shown = picture.view_of(study).range
    assert all(shown.holds(trial.value) for trial in study.trials)


def test_picture_is_the_same_for_the_same_study(tmp_path):
    study = searched(tmp_path, SVC, lambda p, i: p["shift"], 10)
    assert picture.draw(study) == picture.draw(study)


def test_picture_orders_charts_by_importance_and_says_what_is_left_out(tmp_path):
    cell = "".join(f"p{i}=0.5  # tune: 0.0..1.0\n" for i in range(21))
    view = picture.view_of(searched(tmp_path, cell, lambda p, i: p["p20"], 20))
    assert view.names[0] == "p20"
    assert len(view.names) == 16
    assert picture.note_of(view) == "the 16 most important parameters, 5 more are left out"


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (210.0, 430.0, ["250", "300", "350", "400"]),
        (-1e7, 1e7, ["-1e7", "-5e6", "0", "5e6", "1e7"]),
        (0.9876499, 0.9876701, ["0.98765", "0.987655", "0.98766", "0.987665", "0.98767"]),
    ],
)
def test_picture_labels_round_numbers(low, high, labels):
    assert picture.ticks(picture.Range(low, high), 5)[1] == labels


def test_table_remains_where_drawing_fails(tmp_path):
    # The axis' length itself is beyond the largest float.
    study = searched(tmp_path, X, lambda p, i: 1.7e308 * (p["x"] - 1), 12)
    html = report.as_html(study)
    assert "<table" in html
    assert "no picture: ValueError" in html


def test_picture_leaves_matplotlib_as_it_was(tmp_path):
    study = searched(tmp_path, SVC, lambda p, i: p["shift"], 6)
    add(study, 0.5, {"shift": 0.25})
    script = f"""
import sys, warnings
warnings.simplefilter("error")
import matplotlib
from jtune.study import load
matplotlib.use("svg")
matplotlib.rcParams["font.size"] = 33
matplotlib.rcParams["text.usetex"] = True
before = dict(matplotlib.rcParams)
study = load("digits", {str(tmp_path)!r})
assert "data:image/png" in study._repr_html_()
assert dict(matplotlib.rcParams) == before
assert matplotlib.get_backend() == "svg"
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_import_is_light():
    script = "import sys, jtune.views.report, jtune.views.picture; assert not {'matplotlib', 'PIL', 'sklearn'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_picture_of_many_trials_is_small(tmp_path):
    study = searched(tmp_path, SVC, lambda p, i: FAILED if i % 9 == 5 else p["shift"] ** 2, 2000)
    assert len(picture.draw(study)) < 100_000
    assert picture.note_of(picture.view_of(study)) == "one dot in 5 complete trials"
