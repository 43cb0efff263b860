"""Interrupts of a real kernel, at 50 moments."""

import time

import pytest
from jupyter_client.manager import start_new_kernel

import jtune
import jtune.errors

CELL = (
    "%%tune q -n 1000000 --sampler random --seed 1\n"
    "import time\na = 1.0  # tune: -3..3\nb = a\ntime.sleep(0.002)\nc = b\nloss = (c - 2) ** 2  # tune: minimize"
)
# What a cut in half would leave: bindings of two trials, or those of none.
CHECK = """
running = [t.state for t in q if t.state == "running"]
interrupted = [t.number for t in q if t.state == "interrupted"]
print(a == b == c == q.best.params["a"], loss == q.best.value, running, len(interrupted) <= {n})
"""


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    client.execute_interactive("%load_ext jtune", output_hook=lambda _: None, timeout=60)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


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


def test_interrupt_ends_at_a_whole_trial_and_leaves_the_best_bindings(tmp_path, kernel):
    manager, client = kernel
    for n in range(1, 51):
        before = n_trials(tmp_path)
        # Else the kernel may also abort the next request, which then prints nothing.
        message = client.execute(CELL, stop_on_error=False)
        wait_for_more_trials(tmp_path, before + n % 7)
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=60)
        while reply["parent_header"]["msg_id"] != message:
            reply = client.get_shell_msg(timeout=60)
        assert (reply["content"]["status"], reply["content"].get("ename")) == ("error", "KeyboardInterrupt")
        texts = []
        client.execute_interactive(
            CHECK.format(n=n), timeout=60, output_hook=lambda m, to=texts: to.append(m["content"].get("text"))
        )
        assert [text for text in texts if text] == ["True True [] True\n"], (n, texts)
