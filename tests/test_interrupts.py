"""Fifty interrupts of a real kernel, at several moments."""

import signal
import time

import jtune
import jtune.errors

CELL = (
    "%%tune q -n 1000000 --sampler random --seed 1\n"
    "import time\na = 1.0  # tune: -3..3\nb = a\ntime.sleep(0.002)\nc = b\nloss = (c - 2) ** 2  # tune: minimize"
)
# What a cut in half would leave: bindings of two trials, or those of none.
CHECK = """
states = [t.state for t in q]
print(a == b == c == q.best.params["a"], loss == q.best.value, "running" in states, states.count("interrupted") <= {n})
"""


def n_trials(folder):
    try:
        return len(jtune.load("q", folder).trials)
    except jtune.errors.JTuneError:  # not there yet
        return 0


def wait_for_more_trials(folder, than):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if n_trials(folder) > than:
            return
    raise AssertionError("no more trials")


def interrupt_after(kernel, folder, n):
    def interrupt():
        wait_for_more_trials(folder, n)
        kernel.signal(signal.SIGINT)

    return interrupt


def test_interrupt_ends_at_a_whole_trial_and_leaves_the_best_bindings(tmp_path, kernel):
    for n in range(1, 51):
        said = kernel.run(CELL, meanwhile=interrupt_after(kernel, tmp_path, n_trials(tmp_path) + n % 7))
        assert kernel.reply["ename"] == "KeyboardInterrupt"
        assert said.endswith("KeyboardInterrupt: q was interrupted; run the cell again to go on\n")
        assert kernel.run(CHECK.format(n=n)) == "True True False True\n"


def test_interrupt_in_a_new_kernel_runs_nothing_more_and_says_whose_variables_are_missing(tmp_path, start_kernel):
    # Both kernels run the same cell, so that the study goes on; only in the second one does a trial last.
    cell = (
        "%%tune q -n {n} --sampler random --seed 1\nimport os, time\nx = 1.0  # tune: -3..3\n"
        'time.sleep(float(os.environ.get("NAP_S", "0")))\nx ** 2  # tune: minimize'
    )
    start_kernel().run(cell.format(n=5))
    best = jtune.load("q", tmp_path).best
    kernel = start_kernel(NAP_S="600")
    said = kernel.run(cell.format(n=9), meanwhile=interrupt_after(kernel, tmp_path, 5))
    assert f"q: the variables of trial {best.number}, the best one, are not in this kernel\n" in said
    assert kernel.run("print('x' in globals(), q[5].state, q.best.number)") == f"False interrupted {best.number}\n"
