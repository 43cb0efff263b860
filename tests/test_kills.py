"""Kills of real kernels, at several moments."""

import os
import time

import pytest
from jupyter_client.manager import start_new_kernel

import jtune
import jtune.errors

CELL = (
    "%%tune q -n {n} --sampler random --seed 1\n"
    "import time\na = 1.0  # tune: -3..3\nb = a\ntime.sleep(0.002)\nc = b\nloss = (c - 2) ** 2  # tune: minimize"
)


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    started = []

    def start():
        manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
        started.append((manager, client))
        client.execute_interactive("%load_ext jtune", output_hook=lambda _: None, timeout=60)
        return manager, client

    yield start
    for manager, client in started:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def printed(client, code):
    texts = []

    def hook(message):
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            texts.append(message["content"]["text"])

    reply = client.execute_interactive(code, output_hook=hook, timeout=60)
    return reply["content"], "".join(texts).strip()


def wait_for_trials(tmp_path, n):
    """Wait until the study's file has at least ``n`` finished trials; return how many."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            found = len(jtune.load("q", tmp_path).finished)
        except jtune.errors.JTuneError:
            found = 0
        if found >= n:
            return found
    raise AssertionError(f"no {n} trials in time")


def test_kill_loses_no_finished_trial_and_rerunning_ends_at_n(tmp_path, kernel):
    seen = 0
    for n in (10, 25, 45):
        manager, client = kernel()
        client.execute(CELL.format(n=100_000))
        before = wait_for_trials(tmp_path, n)
        os.kill(manager.provisioner.process.pid, 9)
        manager.provisioner.process.wait()
        seen = len(jtune.load("q", tmp_path).finished)
        assert seen >= before
    _, client = kernel()
    _, said = printed(client, CELL.format(n=seen + 10) + "\n")
    _, said = printed(client, "print(len(q.finished), {t.state for t in q} <= {'complete', 'interrupted'})")
    assert said == f"{seen + 10} True"
