"""What is written of trials, and read back."""

import json
import math
import tempfile
from itertools import count
from pathlib import Path

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.storages.journal import JournalFileBackend

from jtune.language.cell import Cell
from jtune.samplers import NAMES, SpaceExhausted, make_sampler
from jtune.storage.definition import Definition, Goal
from jtune.storage.record import ended, started
from jtune.storage.store import Store
from jtune.trials.outcome import Outcome, State

CELL = """\
x = 1  # tune: 0.5..3
n = 16  # tune: 8..512 log
k = None  # tune: [None, (1, 2), "a", True]
w = 0.25  # tune: 0..1 step 0.25 if k == "a"
"""
texts = st.text(max_size=9)
numbers = st.floats(allow_nan=False)
names = count()


def ledger_of(folder, cell=CELL):
    parsed = Cell(f"{cell}loss = 0\n")
    name = f"q{next(names)}"
    definition = Definition(
        name, parsed.space, (Goal("minimize", "loss"),), parsed.identity, {}, "", parsed.source, parsed.spans
    )
    return Store(name, Path(folder)).start(definition)


def read_anew(ledger):
    """The trials as another process reads them."""
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(ledger.journal.path)))
    study = optuna.load_study(study_name=ledger.optuna.study_name, storage=storage)
    return type(ledger)(study, ledger.journal).trials


@st.composite
def outcomes(draw):
    state = draw(st.sampled_from([state for state in State if state != State.RUNNING]))
    is_complete = state == State.COMPLETE
    return Outcome(
        state,
        "" if is_complete else draw(texts),
        (draw(numbers),) if is_complete else (),
        draw(st.floats(0, 1e6)),
        draw(st.dictionaries(texts, st.lists(numbers, max_size=4), max_size=2)),
        draw(
            st.lists(st.fixed_dictionaries({"output_type": texts, "data": st.dictionaries(texts, texts)}), max_size=2)
        ),
        draw(texts),
        tuple((draw(numbers),) for _ in range(draw(st.integers(0, 3)))) if is_complete else (),
    )


@given(
    st.lists(outcomes(), min_size=1, max_size=4), st.sampled_from(["baseline", "sampler", "manual"]), st.integers(0, 99)
)
@settings(deadline=None, max_examples=60)
def test_what_is_read_is_what_was_written(ends, origin, seed):
    with tempfile.TemporaryDirectory() as folder:
        ledger = ledger_of(folder)
        sampler = make_sampler("random", ledger.space, seed=seed)
        written = []
        for i, outcome in enumerate(ends):
            point = sampler.propose(ledger.optuna, i)
            assert ledger.start_trial(origin, point) == i
            written.append(ended(started(i, point, origin), outcome))
            assert ledger.end_trial(i, outcome) == written[-1]
        assert ledger.trials == read_anew(ledger) == written
        # Taken over by another generation, they are the same.
        ledger.adopt(written)
        assert [described(trial) for trial in ledger.trials[len(ends) :]] == [described(trial) for trial in written]


def described(trial):
    return {name: getattr(trial, name) for name in type(trial).__slots__ if name != "number"}


def test_a_trial_is_one_line_until_it_ends(tmp_path):
    ledger = ledger_of(tmp_path)
    with ledger.journal.writing():
        before = len(ledger.journal.path.read_bytes().splitlines())
        ledger.start_trial("manual", {"x": 1, "n": 16, "k": (1, 2)})
        lines = ledger.journal.path.read_bytes().splitlines()[before:]
        assert len(lines) == 1
        assert json.loads(lines[0])["params"] == {"x": 1.0, "n": 16.0, "k": 1}
        assert [(trial.state, trial.origin, trial.params) for trial in ledger.trials] == [
            ("running", "manual", {"x": 1, "n": 16, "k": (1, 2)})
        ]


def sampled_ledger(folder, name):
    """A new study, and a sampler for it."""
    ledger = ledger_of(folder)
    sampler = make_sampler(name, ledger.space, seed=0, n_trials=13)
    ledger.optuna.sampler = sampler.optuna
    return ledger, sampler


@pytest.mark.parametrize("name", NAMES)
def test_a_sampler_is_asked_for_trials(tmp_path, name):
    ledger, sampler = sampled_ledger(tmp_path, name)
    with ledger.journal.writing():
        for i in range(13):
            number, point = ledger.ask(sampler)
            assert number == i
            assert ledger.trials[i].params == point
            assert ledger.space.accepts(point)
            ledger.end_trial(number, Outcome(State.COMPLETE, values=(float(point["x"]),)))
    assert [trial.params for trial in read_anew(ledger)] == [trial.params for trial in ledger.trials]


@pytest.mark.parametrize("name", NAMES)
def test_a_trial_keeps_which_trials_its_proposal_had_not_seen(tmp_path, name):
    ledger, sampler = sampled_ledger(tmp_path, name)
    with ledger.journal.writing():
        for _ in range(3):
            ledger.ask(sampler)
        ledger.end_trial(1, Outcome(State.COMPLETE, values=(1.0,)))
        number, _ = ledger.ask(sampler)
        expected = [(), (0,), (0, 1), (0, 2)] if name not in ("random", "grid") else [()] * 4
        assert [trial.unseen for trial in ledger.trials] == expected
        ledger.end_trial(number, Outcome(State.COMPLETE, values=(2.0,)))
    assert [trial.unseen for trial in read_anew(ledger)] == expected


@pytest.mark.parametrize("name", ["random", "tpe"])
def test_a_sampler_without_a_point_left_leaves_no_trial_running(tmp_path, name):
    ledger = ledger_of(tmp_path, "x = 1  # tune: [1, 2]\n")
    sampler = make_sampler(name, ledger.space, seed=0)
    with ledger.journal.writing():
        for _ in range(2):
            number, _ = ledger.ask(sampler)
            ledger.end_trial(number, Outcome(State.COMPLETE, values=(0.0,)))
        with pytest.raises(SpaceExhausted):
            ledger.ask(sampler)
        assert [trial.state for trial in ledger.trials if trial.state != "interrupted"] == ["complete"] * 2


def test_trials_that_another_tool_adds_are_taken_in(tmp_path):
    ledger = ledger_of(tmp_path)
    with ledger.journal.writing():
        ledger.start_trial("baseline", ledger.space.baseline)
        asked = ledger.optuna.ask()
        assert ledger.start_trial("sampler", {"x": 2.0, "n": 8, "k": True}) == 2
        ledger.optuna.tell(asked, 0.5)
        ledger.end_trial(2, Outcome(State.PRUNED, "skipped by hand", curves={"loss": [3.0, math.nan]}))
        ledger.end_trial(0, Outcome(State.COMPLETE, values=(1.0,)))
    assert [(trial.number, trial.state, trial.params) for trial in ledger.trials] == [
        (0, "complete", {"x": 1, "n": 16, "k": None}),
        (1, "complete", {}),
        (2, "pruned", {"x": 2.0, "n": 8, "k": True}),
    ]
    assert ledger.best.number == 1
    assert ledger.optuna.trials[2].value == 3.0
