"""Memory that a long search keeps: 5000 trials of a cell that makes an 8 MB array.

In a process of its own, with a shell: what displays, the capture and the journal keep counts too.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile

N, WARM_UP = 5000, 200
ARRAY_MB = 8
CELL = """\
%%tune memory -n {n} --sampler random --seed 0
import numpy as np
x = 0.5  # tune: 0..1
array = np.full(1_000_000, x)
loss = float(array[0])  # tune: minimize"""


def resident_mb() -> float:
    import psutil

    return psutil.Process().memory_info().rss / 1e6


def run(n: int) -> float:
    """Bring the study to ``n`` trials and return the memory after them."""
    from IPython.core.interactiveshell import InteractiveShell

    with contextlib.redirect_stdout(io.StringIO()):
        InteractiveShell.instance().run_cell(CELL.format(n=n)).raise_error()
    return resident_mb()


def measure() -> None:
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.instance().run_line_magic("load_ext", "jtune")
    before = run(WARM_UP)
    print(f"after {WARM_UP:4} trials {before:6.0f} MB")
    for n in range(WARM_UP + 1200, N + 1, 1200):
        after = run(n)
        print(f"after {n:4} trials {after:6.0f} MB, {(after - before) / ARRAY_MB:+.2f} arrays")


def main() -> None:
    if "--child" in sys.argv:
        measure()
        return
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "IPYTHONDIR": folder}
        subprocess.run([sys.executable, os.path.abspath(__file__), "--child"], cwd=folder, env=env, check=True)


if __name__ == "__main__":
    main()
