"""Fifty interrupts of a real kernel, at several moments."""

import signal

import pytest

import jtune

pytestmark = pytest.mark.oldest

CELL = (
    "%%tune q -n 1000000 --sampler random --seed 1\n"
    "import time\na = 1.0  # tune: -3..3\nb = a\ntime.sleep(0.002)\nc = b\nloss = (c - 2) ** 2  # tune: minimize"
)
# What a cut in half would leave: bindings of two trials, or those of none.
CHECK = """
states = [t.state for t in q]
print(a == b == c == q.best.params["a"], loss == q.best.value, "running" in states, states.count("interrupted") <= {n})
"""


@pytest.fixture
def interrupt_after(tmp_path, open_study, wait_until):
    """What interrupts a kernel as soon as its study has more than some trials."""

    def interrupt_after(kernel, n):
        def interrupt():
            study = open_study("q", tmp_path)
            wait_until(lambda: len(study) > n)
            kernel.signal(signal.SIGINT)

        return interrupt

    return interrupt_after


def test_interrupt_ends_at_a_whole_trial_and_leaves_the_best_bindings(tmp_path, kernel, interrupt_after):
    n_trials = 0
    for n in range(1, 51):
        said = kernel.run(CELL, meanwhile=interrupt_after(kernel, n_trials + n % 7))
        n_trials = len(jtune.load("q", tmp_path))
        assert kernel.reply["ename"] == "KeyboardInterrupt"
        assert said.endswith("KeyboardInterrupt: q was interrupted; run the cell again to go on\n")
        assert kernel.run(CHECK.format(n=n)) == "True True False True\n"


def test_interrupt_in_a_new_kernel_runs_nothing_more_and_says_whose_variables_are_missing(
    tmp_path, start_kernel, interrupt_after
):
    # Both kernels run the same cell, so that the study goes on; only in the second one does a trial last.
    cell = (
        "%%tune q -n {n} --sampler random --seed 1\nimport os, time\nx = 1.0  # tune: -3..3\n"
        'time.sleep(float(os.environ.get("NAP_S", "0")))\nx ** 2  # tune: minimize'
    )
    start_kernel().run(cell.format(n=5))
    best = jtune.load("q", tmp_path).best
    kernel = start_kernel(NAP_S="600")
    said = kernel.run(cell.format(n=9), meanwhile=interrupt_after(kernel, 5))
    assert f"q: the variables of trial {best.number}, the best one, are not in this kernel\n" in said
    assert kernel.run("print('x' in globals(), q[5].state, q.best.number)") == f"False interrupted {best.number}\n"
