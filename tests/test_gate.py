"""Trials that are ended from outside, whatever their code makes of it."""

import gc
import os
import signal
import threading
import time
import weakref

import pytest

from jtune.language.cell import Cell
from jtune.trials.gate import Gate, TimeLimit, Verdict
from jtune.trials.runner import Runner

LATE = Verdict("timed out", "late")


def runner(source, **namespace):
    """A runner of a cell whose objective is ``loss``, or that has none."""
    cell = Cell(source)
    return Runner(cell, cell.template(), {"time": time, **namespace})


def run(source, limit=None, meanwhile=None, **namespace):
    """The outcome of a cell; ``meanwhile`` gets the gate, in another thread, when the cell calls ``began()``."""
    began = threading.Event()
    found = runner(source, began=began.set, **namespace)

    def act():
        began.wait(60)
        meanwhile(found.gate)

    thread = threading.Thread(target=act) if meanwhile else None
    if thread:
        thread.start()
    with found.gate.guarding():
        outcome = found.run({}, limit=limit)
    if thread:
        thread.join()
    return outcome


# Each takes what is raised into it in its own way; none ends by itself in time.
SWALLOWING = [
    "began()\nwhile True:\n    try:\n        time.sleep(0.01)\n    except:\n        pass",
    "began()\nwhile True:\n    try:\n        time.sleep(0.01)\n    except BaseException: continue",
    "def f():\n    while True:\n        try:\n            sum(range(1000))\n        except:\n            pass\nbegan()\nf()",
    "began()\nwhile True:\n    try:\n        try:\n            time.sleep(0.01)\n        except:\n            time.sleep(60)\n    except:\n        pass",
    "began()\nfor _ in range(5):\n    try:\n        time.sleep(60)\n    finally:\n        try:\n            time.sleep(60)\n        except:\n            pass",
    "began()\nwhile True:\n    try:\n        time.sleep(60)\n    except:\n        raise ValueError('in its place') from None",
]


@pytest.mark.parametrize("source", SWALLOWING)
def test_cell_that_swallows_what_ends_it_is_ended_all_the_same(source):
    outcome = run(source, meanwhile=lambda gate: gate.abandon("pruned", "skipped"))
    assert (outcome.state, outcome.reason) == ("pruned", "skipped")


@pytest.mark.parametrize("source", ["await asyncio.sleep(600)", "await asyncio.gather(*[asyncio.sleep(600)] * 3)"])
def test_time_limit_ends_a_cell_that_awaits(source):
    started = time.monotonic()
    assert run(f"import asyncio\n{source}", TimeLimit(0.05, LATE)).state == "timed out"
    assert time.monotonic() - started < 300


@pytest.mark.parametrize("source", SWALLOWING)
def test_time_limit_ends_a_cell_that_swallows(source):
    assert run(source, TimeLimit(0.05, LATE)).state == "timed out"


def test_what_was_decided_counts_where_the_cell_goes_on_to_its_end():
    source = "began()\ntry:\n    time.sleep(60)\nexcept:\n    pass\nloss = 1.0  # tune: minimize"
    outcome = run(source, meanwhile=lambda gate: gate.abandon("timed out", "late"))
    assert (outcome.state, outcome.values) == ("timed out", ())


def test_first_of_two_verdicts_counts():
    def twice(gate):
        gate.abandon("pruned", "skipped")
        gate.abandon("interrupted", "stopped")

    assert run("began()\ntime.sleep(60)", meanwhile=twice).state == "pruned"


def test_close_ends_the_running_trial_and_lets_no_other_start():
    found = runner("began()\nfor _ in range(600):\n    time.sleep(0.1)")
    found.namespace["began"] = lambda: found.gate.close("interrupted", "stopped")
    with found.gate.guarding():
        assert found.run({}).reason == "stopped"
        found.namespace["began"] = lambda: None
        assert found.run({}).reason == "stopped"


@pytest.mark.parametrize("seconds", [0, -1.0])
def test_time_that_is_over_before_the_trial_starts_ends_it(seconds):
    ran = []
    outcome = run("ran.append(1)\ntime.sleep(60)", TimeLimit(seconds, LATE), ran=ran)
    assert (outcome.state, ran) == ("timed out", [])


def test_time_limit_is_for_all_repeats_together():
    found = runner("n.append(1)\nwhile len(n) == 2:\n    time.sleep(0.01)\nloss = 1  # tune: minimize", n=[])
    with found.gate.guarding():
        outcome = found.run({}, repeats=3, limit=TimeLimit(0.3, LATE))
    assert (outcome.state, len(found.namespace["n"])) == ("timed out", 2)


def test_trial_that_ends_in_time_is_left_alone_and_so_is_the_next_one():
    found = runner("loss = 1.0  # tune: minimize")
    with found.gate.guarding():
        for _ in range(200):
            found.gate.abandon("pruned", "between trials")
            assert found.run({}, limit=TimeLimit(60, LATE)).state == "complete"
    assert not found.gate.is_interrupted


def test_time_limits_that_end_as_the_trial_does_are_no_interrupts():
    found = runner("time.sleep(0.002)\nloss = 1.0  # tune: minimize")
    with found.gate.guarding():
        states = {found.run({}, limit=TimeLimit(0.002, LATE)).state for _ in range(200)}
    assert states <= {"complete", "timed out"}
    assert not found.gate.is_interrupted


def test_interrupt_of_the_kernel_counts_where_the_cell_swallows_it():
    source = "began()\nfor _ in range(60):\n    try:\n        time.sleep(1)\n    except KeyboardInterrupt:\n        break\nloss = 1.0  # tune: minimize"
    found = []

    def interrupt(gate):
        found.append(gate)
        os.kill(os.getpid(), signal.SIGINT)

    assert run(source, meanwhile=interrupt).state == "interrupted"
    assert found[0].is_interrupted


def test_interrupt_between_trials_is_kept_for_the_next():
    gate = Gate()
    with gate.guarding():
        signal.raise_signal(signal.SIGINT)
        assert gate.is_closed
        cell = Cell("ran.append(1)")
        outcome = Runner(cell, cell.template(), {"ran": []}, gate=gate).run({})
    assert outcome.state == "interrupted"


def test_bookkeeping_is_not_cut_in_half():
    """A judge that is asked while the trial is ended runs to its end, and is not asked again."""
    asked = []

    def judge(step, _value):
        found.gate.abandon("pruned", "skipped")
        deadline = time.monotonic() + 0.2
        while time.monotonic() < deadline:
            asked.append(step)
        return False

    cell = Cell("for i in range(100):  # tune: report i\n    pass\nloss = 1.0  # tune: minimize")
    found = Runner(cell, cell.template(), {})
    with found.gate.guarding():
        outcome = found.run({}, judge)
    assert (outcome.state, outcome.reason, set(asked)) == ("pruned", "skipped", {0})


def test_pruned_cell_that_swallows_is_pruned():
    source = "def train():\n    for i in range(9):  # tune: report i\n        pass\ntry:\n    train()\nexcept:\n    pass\nloss = 1.0  # tune: minimize"
    cell = Cell(source)
    found = Runner(cell, cell.template(), {})
    outcome = found.run({}, lambda step, _: step == 3)
    assert (outcome.state, outcome.curves) == ("pruned", {"i": [0, 1, 2, 3]})


class Model:
    """What a user would not have pile up."""


@pytest.mark.parametrize(
    "end", ["raise ValueError", "float('nan')", "'text'", "1 / 0", "time.sleep(60)", "fit(model)"], ids=str
)
def test_objects_of_a_trial_that_is_not_complete_are_freed_at_its_end(end):
    alive = []

    def make():
        model = Model()
        alive.append(weakref.ref(model))
        return model

    def fit(model):
        try:
            raise KeyError(model)
        except KeyError as error:
            raise ValueError("behind it another one") from error

    found = runner(f"model = make()\nloss = 1\n{end}  # tune: minimize" if not end.startswith("raise") else f"model = make()\n{end}",
                   make=make, fit=fit)  # fmt: skip
    gc.disable()
    try:
        with found.gate.guarding():
            outcome = found.run({}, limit=TimeLimit(0.1, LATE))
        assert outcome.state in {"failed", "timed out"}
        assert [ref() for ref in alive] == [None]
    finally:
        gc.enable()
