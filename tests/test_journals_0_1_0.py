"""Studies that jtune 0.1.0 wrote are read and continued."""

import json
import shutil
from pathlib import Path

import pytest

import jtune
from jtune.views import report

WRITTEN = Path(__file__).parent / "data" / "journals_0_1_0"
EXPECTED = json.loads((WRITTEN / "expected.json").read_text("utf-8"))
STUDIES = EXPECTED["studies"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return with_studies(tmp_path_factory.mktemp("written"))


def with_studies(folder):
    (folder / ".jtune").mkdir(exist_ok=True)
    for path in WRITTEN.glob("*.journal"):
        shutil.copy(path, folder / ".jtune")
    return folder


def described(trial):
    return {
        "params": {name: repr(value) for name, value in trial.params.items()},
        "values": list(trial.values),
        "state": trial.state,
        "reason": trial.reason,
        "origin": trial.origin,
        "curves": {label: list(curve) for label, curve in trial.curves.items()},
        "repeats": [list(run) for run in trial.repeats],
    }


def number(trial):
    return None if trial is None else trial.number


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_of_0_1_0_says_what_it_said_then(name, folder):
    study, expected = jtune.load(name, folder), STUDIES[name]
    assert [described(trial) for trial in study] == expected["trials"]
    assert (number(study.baseline), number(study.best)) == (expected["baseline"], expected["best"])
    assert [trial.number for trial in study.front] == expected["front"]
    assert {name: str(domain) for name, domain in study.parameters.items()} == expected["parameters"]
    assert (study.generation, study.ending) == (expected["generation"], expected["ending"])
    assert study.source() == expected["source"]
    assert report.as_text(study).splitlines()[:3] == expected["report"]


def test_outputs_and_tracebacks_of_0_1_0_are_kept(folder):
    stream, drawing, shown = jtune.load("plain", folder)[0].outputs
    assert stream == {"output_type": "stream", "name": "stdout", "text": "rate is 1.0\n"}
    assert drawing["data"] == {"image/svg+xml": "<svg/>", "text/plain": "a drawing"}
    assert shown["output_type"] == "execute_result"
    failed = next(trial for trial in jtune.load("troubles", folder) if trial.traceback)
    assert failed.traceback.endswith(f"ValueError: x is {failed.params['x']},\nwhich is too low\n")


def test_a_condition_of_0_1_0_may_calculate(tmp_path):
    path = with_studies(tmp_path) / ".jtune" / "choices.journal"
    path.write_text(path.read_text("utf-8").replace("layers >= 2", "layers * 2 - 1 > 1"), "utf-8")
    study = jtune.load("choices", tmp_path)
    assert study.space["units"].condition.text == "layers * 2 - 1 > 1"
    assert [described(trial) for trial in study] == STUDIES["choices"]["trials"]
    assert "units" not in study.space.point({"layers": 1})


def test_the_cells_of_0_1_0_continue_their_studies_without_a_new_trial(tmp_path, start_kernel):
    with_studies(tmp_path)
    kernel = start_kernel()
    kernel.run(EXPECTED["before"])
    for name, expected in STUDIES.items():
        # The first cell of "troubles" wants no more trials than there are, the second one does.
        cell = expected["cells"][0 if name == "troubles" else -1]
        said = kernel.run(cell)
        assert "a new study is started" not in said
        study = jtune.load(name, tmp_path)
        assert study.generation == expected["generation"], said
        assert [described(trial) for trial in study] == expected["trials"], said


def test_a_study_of_0_1_0_goes_on(tmp_path, start_kernel):
    with_studies(tmp_path)
    kernel = start_kernel()
    kernel.run(EXPECTED["before"])
    kernel.run(STUDIES["plain"]["cells"][0].replace("-n 8", "-n 10"))
    study, old = jtune.load("plain", tmp_path), STUDIES["plain"]["trials"]
    assert [described(trial) for trial in study][: len(old)] == old
    assert len(study) == 10
    assert study.generation == 1
