"""Trials that are ended from outside, whatever their code makes of it."""

import gc
import os
import pickle
import signal
import threading
import time
import weakref

import pytest

from jtune.executors.here import Here
from jtune.language.cell import Cell
from jtune.trials.interrupts import TimeLimit, Verdict
from jtune.trials.outcome import State
from jtune.trials.program import Program, Task

LATE = Verdict(State.TIMED_OUT, "late")


def here(source, **namespace):
    """Where a cell runs whose objective is ``loss``, or that has none."""
    return Here(Program.of(Cell(source)), {"time": time, **namespace})


def ran(here, limit=None, judge=None, repeats=1):
    """The outcome of the trial 0 of a cell without tuned literals."""
    here.start(Task(0, (), repeats, limit), judge)
    [(_, outcome)] = here.ended()
    return outcome


def run(source, limit=None, meanwhile=None, **namespace):
    """The outcome of a cell; ``meanwhile`` gets where it runs, in another thread, when the cell calls ``began()``."""
    began = threading.Event()
    found = here(source, began=began.set, **namespace)

    def act():
        began.wait(60)
        meanwhile(found)

    thread = threading.Thread(target=act) if meanwhile else None
    if thread:
        thread.start()
    with found.interrupts.guarding():
        outcome = ran(found, limit)
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
    outcome = run(source, meanwhile=lambda here: here.abandon(0, State.PRUNED, "skipped"))
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
    outcome = run(source, meanwhile=lambda here: here.abandon(0, State.TIMED_OUT, "late"))
    assert (outcome.state, outcome.values) == ("timed out", ())


def test_first_of_two_verdicts_counts():
    def twice(here):
        here.abandon(0, State.PRUNED, "skipped")
        here.abandon(0, State.INTERRUPTED, "stopped")

    assert run("began()\ntime.sleep(60)", meanwhile=twice).state == "pruned"


def test_trial_that_is_given_up_before_it_runs_is_not_run():
    found = here("began.append(1)\nloss = 1.0  # tune: minimize", began=[])
    with found.interrupts.guarding():
        found.start(Task(0, ()))
        found.abandon(0, State.INTERRUPTED, "stopped")
        [(_, outcome)] = found.ended()
    assert (outcome.reason, found.namespace["began"]) == ("stopped", [])


def test_waiting_ends_when_it_is_woken_or_interrupted():
    found = here("")
    with found.interrupts.guarding(found.wake):
        found.wake()
        assert found.ended() == []
        threading.Timer(0.05, os.kill, [os.getpid(), signal.SIGINT]).start()
        assert found.ended() == []
    assert found.interrupts.is_interrupted


def test_trial_in_another_thread_ends_where_it_next_reports():
    found, outcomes = here("for i in range(3):  # tune: report i\n    give_up()"), []
    found.namespace["give_up"] = lambda: found.abandon(0, State.PRUNED, "skipped")
    thread = threading.Thread(target=lambda: outcomes.append(ran(found)))
    thread.start()
    thread.join()
    assert (outcomes[0].state, outcomes[0].curves) == ("pruned", {"i": [0]})


@pytest.mark.parametrize("seconds", [0, -1.0])
def test_time_that_is_over_before_the_trial_starts_ends_it(seconds):
    done = []
    outcome = run("done.append(1)\ntime.sleep(60)", TimeLimit(seconds, LATE), done=done)
    assert (outcome.state, done) == ("timed out", [])


def test_time_limit_is_for_all_repeats_together():
    found = here("n.append(1)\nwhile len(n) == 2:\n    time.sleep(0.01)\nloss = 1  # tune: minimize", n=[])
    with found.interrupts.guarding():
        outcome = ran(found, TimeLimit(0.3, LATE), repeats=3)
    assert (outcome.state, len(found.namespace["n"])) == ("timed out", 2)


def test_trial_that_ends_in_time_is_left_alone_and_so_is_the_next_one():
    found = here("loss = 1.0  # tune: minimize")
    with found.interrupts.guarding():
        for _ in range(200):
            found.abandon(0, State.PRUNED, "between trials")
            assert ran(found, TimeLimit(60, LATE)).state == "complete"
    assert not found.interrupts.is_interrupted


def test_time_limits_that_end_as_the_trial_does_are_no_interrupts():
    found = here("time.sleep(0.002)\nloss = 1.0  # tune: minimize")
    with found.interrupts.guarding():
        states = {ran(found, TimeLimit(0.002, LATE)).state for _ in range(200)}
    assert states <= {"complete", "timed out"}
    assert not found.interrupts.is_interrupted


def test_interrupt_of_the_kernel_counts_where_the_cell_swallows_it():
    source = "began()\nfor _ in range(60):\n    try:\n        time.sleep(1)\n    except KeyboardInterrupt:\n        break\nloss = 1.0  # tune: minimize"
    found = []

    def interrupt(here):
        found.append(here.interrupts)
        os.kill(os.getpid(), signal.SIGINT)

    assert run(source, meanwhile=interrupt).state == "interrupted"
    assert found[0].is_interrupted


def test_interrupt_between_trials_is_kept_for_the_next():
    found = here("1 / 0")
    with found.interrupts.guarding():
        signal.raise_signal(signal.SIGINT)
        outcome = ran(found)
    assert outcome.state == "interrupted"


def test_bookkeeping_is_not_cut_in_half():
    """A judge that is asked while the trial is ended runs to its end, and is not asked again."""
    asked = []

    def judge(step, _value):
        found.abandon(0, State.PRUNED, "skipped")
        deadline = time.monotonic() + 0.2
        while time.monotonic() < deadline:
            asked.append(step)
        return False

    found = here("for i in range(100):  # tune: report i\n    pass\nloss = 1.0  # tune: minimize")
    with found.interrupts.guarding():
        outcome = ran(found, judge=judge)
    assert (outcome.state, outcome.reason, set(asked)) == ("pruned", "skipped", {0})


def test_pruned_cell_that_swallows_is_pruned():
    source = "def train():\n    for i in range(9):  # tune: report i\n        pass\ntry:\n    train()\nexcept:\n    pass\nloss = 1.0  # tune: minimize"
    outcome = ran(here(source), judge=lambda step, _: step == 3)
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

    found = here(f"model = make()\nloss = 1\n{end}  # tune: minimize" if not end.startswith("raise") else f"model = make()\n{end}",
                   make=make, fit=fit)  # fmt: skip
    gc.disable()
    try:
        with found.interrupts.guarding():
            outcome = ran(found, TimeLimit(0.1, LATE))
        assert outcome.state in {"failed", "timed out"}
        assert [ref() for ref in alive] == [None]
    finally:
        gc.enable()


def test_program_pickles_and_runs_the_same():
    source = "n = 2  # tune: 1..9\ndef f():\n    return n * k\nfor i in range(n):  # tune: report i\n    pass\nx = f()"
    program = Program.of(Cell(source, objectives=[("minimize", "x"), ("maximize", "x - n")]))
    copy = pickle.loads(pickle.dumps(program))
    for values in [(2,), (5,)]:
        first, second = (Here(each, {"k": 10}).run(Task(0, values)) for each in (program, copy))
        assert (first.values, first.curves) == (second.values, second.curves)
        assert first.values == (float(values[0] * 10), float(values[0] * 9))
