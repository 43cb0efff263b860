"""Where trials run, without a kernel: what a worker makes of a call, and what is left when a search has ended."""

import socket
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace

import psutil
import pytest

from jtune.executors import keeper
from jtune.executors.calls import Link, Reception
from jtune.executors.engines import Engine, local
from jtune.executors.futures import Futures
from jtune.executors.here import Here
from jtune.executors.keeper import Lost, Unreachable
from jtune.executors.payload import pieces, written
from jtune.language.cell import Cell
from jtune.trials.interrupts import TimeLimit, Verdict
from jtune.trials.outcome import State
from jtune.trials.program import Program, Task

CELL = (
    "x = 1.0  # tune: -3..3\nfor i in range(3):  # tune: report x * i\n    pass\n"
    "if x > 2: sum(range(10**12))\nloss = x + given  # tune: minimize"
)
LIMIT = TimeLimit(1.0, Verdict(State.TIMED_OUT, "too long"))
PROGRAM = Program.of(Cell(CELL))
NAMESPACE = {"given": 1}


@pytest.fixture
def payload():
    with written(PROGRAM, CELL, NAMESPACE) as file:
        yield file


@pytest.fixture
def far(payload):
    """A link to a kernel that cannot be reached, and what it would have given."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = closed.getsockname()
    link = Link("far", address, b"key", idle_s=0.5)
    yield link, b"".join(pieces(payload))
    keeper.close(link)


def open_executor(engine):
    return Futures(Here(PROGRAM, dict(NAMESPACE)), written(PROGRAM, CELL, NAMESPACE), engine)


def run(executor, *tasks):
    """The outcomes of tasks, and how much each of their curves has."""
    for task in tasks:
        executor.start(task, lambda step, value: False)
    ended = {}
    while len(ended) < len(tasks):
        ended.update(executor.ended())
    return [ended[task.number] for task in tasks]


def children():
    found = []
    for process in psutil.Process().children():
        if process.status() != psutil.STATUS_ZOMBIE and any("jtune.executors" in part for part in process.cmdline()):
            found.append(process)
    return found


def test_a_worker_that_cannot_reach_the_kernel_says_so(far):
    assert keeper.run(far[0], Task(1, (1.0,)), True) == Unreachable()


def test_whoever_else_listens_at_the_kernel_s_address_is_not_taken_for_it(payload):
    others = Reception(payload)
    link = Link("other", others.address, b"another key")
    assert keeper.run(link, Task(1, (1.0,)), True) == Unreachable()
    others.close()


def test_a_trial_runs_without_the_kernel_where_the_engine_has_what_it_reads(far, wait_until):
    link, content = far
    done, late = (keeper.run(link, Task(1, (x,), limit=LIMIT), True, content) for x in (0.5, 2.5))
    assert (done.state, done.values, done.curves) == (State.COMPLETE, (1.5,), {"x * i": [0.0, 0.5, 1.0]})
    assert (late.state, late.reason) == (State.TIMED_OUT, "too long")
    # Nobody can tell it that the search has ended.
    wait_until(lambda: not children())


def test_another_version_of_python_is_named(far):
    lost = keeper.run(replace(far[0], python=(3, 1)), Task(1, (1.0,)), False)
    assert isinstance(lost, Lost)
    assert "the kernel Python 3.1; code of one does not run in the other" in lost.reason


class Far(Executor):
    """An engine whose workers cannot reach the kernel."""

    def __init__(self, link):
        self.link, self.threads = link, ThreadPoolExecutor(2)

    def submit(self, function, link, *given):
        return self.threads.submit(function, replace(link, address=self.link.address, idle_s=0.5), *given)


def test_what_the_cell_reads_travels_by_the_engine_where_workers_cannot_reach_the_kernel(far):
    placed = []
    engine = Engine(Far(far[0]), 2, False, place=lambda content: placed.append(content) or content)
    executor = open_executor(engine)
    assert executor.note == ""
    outcomes = run(executor, *[Task(number, (number / 10,)) for number in range(4)])
    assert [outcome.values[0] for outcome in outcomes] == [1 + number / 10 for number in range(4)]
    assert all(len(outcome.curves["x * i"]) == 3 for outcome in outcomes)
    assert executor.note.startswith("the workers cannot reach this kernel")
    assert len(placed) == 1
    executor.close()
    engine.executor.threads.shutdown()


class Silent(Executor):
    """An engine of which nothing is heard any more."""

    def submit(self, *_):
        return Future()


def test_a_trial_that_is_given_up_ends_also_where_its_engine_is_silent():
    executor = open_executor(Engine(Silent(), 1, False))
    executor.start(Task(1, (1.0,)))
    executor.abandon(1, State.INTERRUPTED, "stopped")
    [(number, outcome)] = executor.ended(60)
    assert (number, outcome.state, outcome.reason) == (1, State.INTERRUPTED, "stopped")
    assert executor.free == 1
    executor.close()


def test_an_order_for_a_trial_that_has_ended_does_not_reach_the_next_one(payload):
    kernel = Reception(payload)
    link = Link("orders", kernel.address, kernel.key)
    worker = ThreadPoolExecutor(1)
    first = worker.submit(keeper.run, link, Task(1, (1.0,)), False)
    while not (lines := kernel.heard(60)):
        pass
    assert lines[0].recv() == ("begin", 1)
    assert first.result().state == State.COMPLETE
    lines[0].send(("abandon", 1, State.PRUNED, "skipped"))
    lines[0].send(("verdict", 1, True))
    assert worker.submit(keeper.run, link, Task(2, (1.0,)), False).result().state == State.COMPLETE
    kernel.close()
    worker.shutdown()


def test_the_curve_of_a_trial_that_had_to_be_killed_is_kept():
    executor = open_executor(local(1, False))
    [outcome] = run(executor, Task(1, (2.5,), limit=LIMIT))
    assert (outcome.state, outcome.curves) == (State.TIMED_OUT, {"x * i": [0.0, 2.5, 5.0]})
    executor.close()


def test_nothing_is_left_of_a_search_that_has_ended(wait_until):
    def search():
        executor = open_executor(local(2, False))
        run(executor, *[Task(number, (1.0,)) for number in range(2)])
        executor.close()
        wait_until(lambda: not children())
        # Threads that wait for a child end when that has.
        wait_until(lambda: not [each for each in threading.enumerate() if each.name.startswith("jtune")])
        return psutil.Process().num_fds()

    search()
    assert search() == search()
