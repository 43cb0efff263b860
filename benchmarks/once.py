"""What ``# tune: once`` saves, and what it costs: a cell whose loading takes ten times as long as its fit.

A real kernel runs ``%%tune`` with and without the mark, in turn. Printed are trials per minute from the second trial
on, and the time that a trial takes beyond that of a cell which does next to nothing, with the mark and without.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from itertools import pairwise
from pathlib import Path

from jupyter_client.manager import KernelManager

import jtune

SLOW = """\
import time
import numpy as np
def load():
    time.sleep({load})
    return np.random.rand(100_000, 10)
def fit(data, rate):
    time.sleep({fit})
    return float(data[:100].sum()) * rate
"""
CELL = """\
{head}
data = {data}{mark}
rate = 0.5  # tune: 0..1
loss = {loss}  # tune: minimize
"""


class Kernel:
    """A real one, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._n = folder, 0
        self._manager = KernelManager()
        env = {**os.environ, "IPYTHONDIR": str(folder / "ipython")}
        self._manager.start_kernel(cwd=str(folder), env=env, extra_arguments=["--IPKernelApp.log_level=40"])
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)
        self.run("%load_ext jtune")

    def run(self, code: str) -> None:
        self._client.execute_interactive(code, timeout=600, output_hook=lambda _: None)

    def trial_s(self, data: str, loss: str, n: int, *, is_marked: bool) -> float:
        """Return the median time from one trial's start to the next one's, without the first."""
        self._n += 1
        head = f"%%tune bench{self._n} -n {n} --sampler random --seed 0 --no-panel"
        self.run(CELL.format(head=head, data=data, loss=loss, mark="  # tune: once" if is_marked else ""))
        trials = jtune.load(f"bench{self._n}", self._folder).optuna.get_trials(deepcopy=False)
        starts = [trial.datetime_start.timestamp() for trial in trials[1:]]
        return statistics.median(after - before for before, after in pairwise(starts))

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--load", type=float, default=0.2, help="seconds of loading; the fit takes a tenth")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        kernel = Kernel(Path(name))
        kernel.run(SLOW.format(load=options.load, fit=options.load / 10))
        times: dict[tuple[str, bool], list[float]] = {}
        for _ in range(options.repeats):
            for is_marked in (False, True):
                slow = kernel.trial_s("load()", "fit(data, rate)", 12, is_marked=is_marked)
                empty = kernel.trial_s("[1.0, 2.0]", "data[0] * rate", 1000, is_marked=is_marked)
                times.setdefault(("slow", is_marked), []).append(slow)
                times.setdefault(("empty", is_marked), []).append(empty)
        kernel.close()
    without, marked = (60 / statistics.median(times["slow", each]) for each in (False, True))
    plain, kept = (1e3 * statistics.median(times["empty", each]) for each in (False, True))
    print(f"trials a minute without the mark   {without:8.0f}")
    print(f"trials a minute with it            {marked:8.0f}   ratio {marked / without:.1f}")
    print(f"a trial of next to nothing         {plain:8.3f} ms")
    print(f"the same with the mark             {kept:8.3f} ms   {kept - plain:+.3f} ms")


if __name__ == "__main__":
    main()
