"""What ``%load_ext jtune`` adds to a kernel's start, next to ``import optuna``.

Each is the median of fresh processes, which have IPython loaded as a kernel has; order alternates.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

N = 9
SCRIPT = """
import time
from IPython.core.interactiveshell import InteractiveShell
import ipykernel.zmqshell
shell = InteractiveShell.instance()
start = time.perf_counter()
{statement}
print(1e3 * (time.perf_counter() - start))
"""
STATEMENTS = {
    "%load_ext jtune": "shell.run_line_magic('load_ext', 'jtune')",
    "import optuna": "import optuna",
    "import optuna, skopt": "import optuna, skopt",
}


def load_ms(statement: str) -> float:
    code = SCRIPT.format(statement=statement)
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(N):
        for name, statement in STATEMENTS.items():
            times[name].append(load_ms(statement))
    medians = {name: statistics.median(of) for name, of in times.items()}
    ours = medians["%load_ext jtune"]
    for name, ms in medians.items():
        print(f"{name:<22} {ms:7.0f} ms   {ms / ours:5.1f} x")


if __name__ == "__main__":
    main()
