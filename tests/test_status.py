"""What is said of a study's state: the same in every view."""

import json
from pathlib import Path

import pytest
from test_search import SOURCE, search

from jtune.search import Limits
from jtune.text import duration
from jtune.views import report, status

DURATIONS = json.loads((Path(__file__).parent / "data" / "durations.json").read_text("utf-8"))
TWO = "x = 0.3  # tune: 0..1\nx  # tune: minimize\n(1 - x) ** 2  # tune: maximize\n"


@pytest.mark.parametrize(("seconds", "text"), DURATIONS)
def test_durations_are_as_people_say_them(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(("source", "of"), [(SOURCE, ""), (TWO, "x ")])
def test_views_say_the_same_of_a_study(tmp_path, source, of):
    done, study = search(tmp_path, Limits(12), source)
    state = status.state(study, study, done, is_counted=True)
    assert (state["done"], state["total"], state["count"]) == (12, 12, "12/12 trials")
    assert (state["phase"], state["text"]) == ("ended", "12 trials are done")
    assert state["best"] == f"{of}{study.best.value:.6g} in trial {study.best.number}"
    assert status.progress(done) == f"12/12 trials, best {state['best']}"
    line = report.as_text(study).splitlines()[2]
    assert line == f"best {state['best']}, {state['gain']} than the baseline's {state['baseline']}"
    assert status.summary(study) == f"q: 12 trials are done; {line}"


def test_a_study_at_rest_is_said_alike(tmp_path):
    _, study = search(tmp_path, Limits(9, target=1e9))
    state = status.state(study, study, None, is_counted=False)
    assert (state["count"], state["phase"], state["text"]) == ("1 trial", "ended", "ended: the target is reached")
    assert status.trials(study) == "1 trial; ended: the target is reached"
    assert (state["best"], state["baseline"], state["gain"]) == ("2 in trial 0", "2", "")
