import json
import threading

import pytest
from test_search import SOURCE, search

from jtune.search import Limits
from jtune.views import feed

TWO = """
x = 0.3  # tune: 0..1
x  # tune: minimize
(1 - x) ** 2  # tune: minimize
"""
CURVES = """
n = 300  # tune: 100..400
loss = 1.0
for i in range(n):  # tune: report loss, 1 / (i - 1) if i != 1 else float("nan")
    loss = 1 / (i + 1)
loss  # tune: minimize
"""


def fail(error):
    raise error


def sent_by(study, start=0):
    """What a page that has just opened gets."""
    messages = []
    feed.Feed(study, messages.append, lambda: None, fail).resend(start)
    return messages


def test_rows_say_what_the_trials_are(tmp_path):
    _, study = search(tmp_path, Limits(12))
    (message,) = json.loads(json.dumps(sent_by(study)))
    assert message["start"] == 0
    assert [row["number"] for row in message["rows"]] == list(range(12))
    for row, trial in zip(message["rows"], study, strict=True):
        x, n, k, w = row["params"]
        assert (x, n, ["a", "b"][k], w) == (
            trial.params["x"],
            trial.params["n"],
            trial.params["k"],
            trial.params.get("w"),
        )
        assert (row["values"], row["state"], row["origin"]) == ([trial.value], trial.state, trial.origin)
    assert (message["best"], message["baseline"]) == (study.best.number, 0)


def test_a_page_that_missed_some_gets_the_rest(tmp_path):
    _, study = search(tmp_path, Limits(12))
    (message,) = sent_by(study, start=9)
    assert (message["start"], len(message["rows"])) == (9, 3)
    (empty,) = sent_by(study, start=12)
    assert (empty["start"], empty["rows"]) == (12, [])


def test_many_trials_go_in_several_messages(tmp_path):
    _, study = search(tmp_path, Limits(1100))
    messages = sent_by(study)
    assert [(m["start"], len(m["rows"])) for m in messages] == [(0, 500), (500, 500), (1000, 100)]


@pytest.mark.parametrize("source", [SOURCE, TWO])
def test_standing_is_kept_up_to_date(tmp_path, source):
    _, empty = search(tmp_path, Limits(1), source, name="one")
    _, study = search(tmp_path, Limits(40), source)
    standing = feed.Feed(empty, None, None, None).standing
    for trial in study.trials[1:]:
        standing.add(trial)
    assert feed.standing_message(standing) == {
        "best": study.best.number,
        "baseline": study.baseline.number,
        "front": [trial.number for trial in study.front],
    }


def test_curves_are_thinned_and_keep_their_ends(tmp_path):
    _, study = search(tmp_path, Limits(2), CURVES)
    row = json.loads(json.dumps(feed.row(study.space, study[0]), allow_nan=False))
    curve, other = row["curves"].values()
    assert len(curve) == 60
    assert (curve[0], curve[-1]) == ([0, 1.0], [299, 1 / 300])
    assert len(other) == 60


def test_a_curve_with_nan_is_json(tmp_path):
    short = CURVES.replace("300", "5").replace("100..400", "2..8")
    _, study = search(tmp_path, Limits(1), short)
    row = json.loads(json.dumps(feed.row(study.space, study[0]), allow_nan=False))
    assert [value for _, value in list(row["curves"].values())[1]][1] is None


def test_effects_and_pairs_are_in_the_pages_units(tmp_path):
    _, study = search(tmp_path, Limits(30))
    effects, reason = feed.surrogate_of(study)
    told = json.loads(json.dumps(feed.effects_of(study.space, effects)))
    shares = [effect["importance"] for effect in told]
    assert shares == sorted(shares, reverse=True)
    assert {effect["name"]: effect["x"] for effect in told}["k"] == [0, 1]
    pair = feed.pair_message(study.space, effects, reason, "k", "x")
    assert pair["x"] == [0, 1]
    assert (len(pair["mean"]), len(pair["mean"][0])) == (2, len(pair["y"]))


def test_without_a_surrogate_the_reason_is_told(tmp_path):
    _, study = search(tmp_path, Limits(2))
    effects, reason = feed.surrogate_of(study)
    assert effects is None
    message = feed.effects_message(study, effects, reason, study.best)
    assert "3 distinct points" in message["reason"]
    assert (message["posterior"], message["verdicts"]) == (None, [])
    assert feed.effects_of(study.space, effects) == []


def test_source_has_each_literal_before_and_after(tmp_path):
    _, study = search(tmp_path, Limits(2))
    message = feed.source(study, study[1])
    assert message["text"] == study.source(1)
    assert [name for name, _, _ in message["literals"]] == list(study[1].params)
    assert all(before in study.source(0) and after in study.source(1) for _, before, after in message["literals"])


def test_trials_arrive_in_order_and_once_whoever_sends(tmp_path):
    _, study = search(tmp_path, Limits(300))
    messages = []
    _, empty = search(tmp_path, Limits(1), name="empty")
    made = feed.Feed(empty, messages.append, lambda: None, fail)
    made.start()
    other = threading.Thread(target=lambda: [made.flush() for _ in range(50)])
    other.start()
    for trial in study:
        made.add(trial)
    other.join()
    made.stop()
    assert [row["number"] for message in messages for row in message["rows"]] == list(range(300))
    assert [message["start"] for message in messages] == [message["rows"][0]["number"] for message in messages]


def test_the_feed_goes_on_after_an_error_which_is_told(tmp_path):
    _, study = search(tmp_path, Limits(12))
    _, empty = search(tmp_path, Limits(1), name="empty")
    sent, told, has_failed, has_sent = [], [], threading.Event(), threading.Event()

    def send(message):
        if not has_failed.is_set():
            raise OSError("the line is down")
        sent.append(message)
        has_sent.set()

    def on_error(error):
        told.append(str(error))
        has_failed.set()

    made = feed.Feed(empty, send, lambda: None, on_error)
    made.start()
    made.add(study[0])
    assert has_failed.wait(10)
    made.add(study[1])
    assert has_sent.wait(10)
    made.stop()
    # The page sees that one is missing, and asks for it.
    assert [message["start"] for message in sent] == [1]
    assert told == ["the line is down"]
