"""Memory that a long search keeps: 3000 trials of a cell that makes an 8 MB array, in a real kernel.

Of one cell all trials are complete; another one's fail or are pruned, two of three, which leaves an error and its
frames. The kernel is watched from outside, the warm-up left out. What a trial itself leaves (its record) is part of
the sum.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from statistics import median

import psutil
from jupyter_client.manager import KernelManager

import jtune
import jtune.errors

N, WARM_UP = 3000, 500
ARRAY_MB = 8
COMPLETE = f"""\
%%tune memory -n {N} --sampler random --seed 0
import numpy as np
x = 0.5  # tune: 0..1
array = np.full(1_000_000, x)
loss = float(array[0])  # tune: minimize"""
ENDED_EARLY = f"""\
%%tune memory -n {N} --sampler random --seed 0
import numpy as np
x = 0.5  # tune: 0..1
def train(array):
    for step in range(4):  # tune: report minimize loss
        loss = float(array[step])
    if loss > 0.66:
        raise ValueError(f"{{loss}} is too large")
    return loss
result = train(np.full(1_000_000, x))  # tune: minimize"""


def watch(folder: Path, pid: int, seen: list[tuple[int, float]], done: threading.Event) -> None:
    """Note the number of trials and the resident megabytes of a process, until ``done``."""
    kernel = psutil.Process(pid)
    study = None
    while not done.wait(0.05):
        try:
            study = study or jtune.load("memory", folder)
        except jtune.errors.JTuneError:  # not there yet
            continue
        seen.append((len(study), kernel.memory_info().rss / 1e6))


def measure(cell: str) -> None:
    """Run a cell in a kernel of its own, and print what its search keeps."""
    seen: list[tuple[int, float]] = []
    done = threading.Event()
    with tempfile.TemporaryDirectory() as name:
        manager = KernelManager()
        env = {**os.environ, "IPYTHONDIR": name}
        manager.start_kernel(cwd=name, env=env, extra_arguments=["--IPKernelApp.log_level=40"])
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        client.execute_interactive("%load_ext jtune", timeout=60)
        pid = manager.provisioner.process.pid
        watcher = threading.Thread(target=watch, args=(Path(name), pid, seen, done))
        watcher.start()
        start = time.monotonic()
        client.execute_interactive(cell, timeout=600, output_hook=lambda _: None)
        took_s = time.monotonic() - start
        done.set()
        watcher.join()
        states = Counter(trial.state for trial in jtune.load("memory", name))
        after = psutil.Process(pid).memory_info().rss / 1e6
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    during = [mb for n, mb in seen if WARM_UP <= n < N]
    # Medians: at any one moment the array of the running trial is there or not.
    first, last = median(during[:10]), median(during[-10:])
    print(", ".join(f"{n} {state}" for state, n in states.items()))
    print(f"  from trial {WARM_UP} {first:.0f} MB, at most {max(during):.0f} MB, to trial {N} {last:.0f} MB")
    print(f"  grown by {last - first:.1f} MB, {(last - first) / ARRAY_MB:.2f} arrays, in {took_s:.0f} s")
    print(f"  with the report, its surrogate and picture: {after:.0f} MB")


def main() -> None:
    for cell in (COMPLETE, ENDED_EARLY):
        measure(cell)


if __name__ == "__main__":
    main()
