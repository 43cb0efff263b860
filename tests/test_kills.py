"""Kills of real kernels, at several moments."""

import functools
import signal

import pytest

import jtune

CELL = (
    "%%tune q -n {n} {options} --sampler random --seed 1\n"
    "import time\na = 1.0  # tune: -3..3\nb = a\ntime.sleep(0.002)\nc = b\nloss = (c - 2) ** 2  # tune: minimize"
)


def finished(study, n):
    """The finished trials of a study, once there are ``n``."""
    found = study.finished
    return found if len(found) >= n else []


# What is killed is the writer of a file; a panel makes each kernel slower to start.
@pytest.mark.parametrize(("options", "n_kills"), [("--no-panel", 20), ("", 3)], ids=["report", "panel"])
def test_kill_loses_no_finished_trial_and_rerunning_ends_at_n(
    tmp_path, start_kernel, open_study, wait_until, options, n_kills
):
    seen = []
    for i in range(n_kills):
        kernel = start_kernel()
        kernel.client.execute(CELL.format(n=100_000, options=options))
        before = wait_until(functools.partial(finished, open_study("q", tmp_path), len(seen) + 1 + i))
        kernel.signal(signal.SIGKILL)
        kernel.manager.provisioner.process.wait()
        study = jtune.load("q", tmp_path)
        seen = study.finished
        assert seen[: len(before)] == before
        # Nobody writes any more, so nothing runs.
        assert {trial.state for trial in study} <= {"complete", "interrupted"}
    kernel = start_kernel()
    kernel.run(CELL.format(n=len(seen) + 10, options=options))
    said = kernel.run("print(len(q.finished), {t.state for t in q} <= {'complete', 'interrupted'})")
    assert said == f"{len(seen) + 10} True\n"
    assert jtune.load("q", tmp_path).finished[: len(seen)] == seen
