"""Twenty kills of real kernels, at several moments."""

import signal
import time

import jtune
import jtune.errors

CELL = (
    "%%tune q -n {n} --sampler random --seed 1\n"
    "import time\na = 1.0  # tune: -3..3\nb = a\ntime.sleep(0.002)\nc = b\nloss = (c - 2) ** 2  # tune: minimize"
)


def wait_for_trials(folder, n):
    """Wait until the study's file has at least ``n`` finished trials; return them."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            found = jtune.load("q", folder).finished
        except jtune.errors.JTuneError:
            found = []
        if len(found) >= n:
            return found
    raise AssertionError(f"no {n} trials in time")


def test_kill_loses_no_finished_trial_and_rerunning_ends_at_n(tmp_path, start_kernel):
    seen = []
    for i in range(20):
        kernel = start_kernel()
        kernel.client.execute(CELL.format(n=100_000))
        before = wait_for_trials(tmp_path, len(seen) + 1 + i)
        kernel.signal(signal.SIGKILL)
        kernel.manager.provisioner.process.wait()
        seen = jtune.load("q", tmp_path).finished
        assert seen[: len(before)] == before
    kernel = start_kernel()
    kernel.run(CELL.format(n=len(seen) + 10))
    said = kernel.run("print(len(q.finished), {t.state for t in q} <= {'complete', 'interrupted'})")
    assert said == f"{len(seen) + 10} True\n"
    assert jtune.load("q", tmp_path).finished[: len(seen)] == seen
