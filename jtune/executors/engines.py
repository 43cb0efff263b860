"""What ``--jobs``, ``--on`` and ``--gpus`` mean: an engine that takes calls, and how many trials it runs at a time."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from jtune.errors import UsageError

# Threads that wait for a process cost nothing; what counts is how many trials are started.
_THREADS = 256
# The last is for joblib, of which scikit-learn's n_jobs=-1 asks how many cores there are.
_LIMITS = (
    *(f"{library}_THREADS" for library in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM", "NUMEXPR_NUM")),
    "LOKY_MAX_CPU_COUNT",
)


@dataclass(frozen=True)
class Engine:
    """Where trials are sent.

    Parameters
    ----------
    executor : concurrent.futures.Executor
    jobs : int
        How many trials run at a time.
    is_local : bool
        Whether the executor was made for this search, and ends with the search.
    environment : dict of str to str
        For the processes in which trials run, set before they import anything.
    tokens : tuple of str
        A device for each of these processes.
    place : callable
        Takes bytes and returns what a call passes in their place; by default the bytes themselves.
    """

    executor: Executor
    jobs: int
    is_local: bool
    environment: Mapping[str, str] = field(default_factory=dict)
    tokens: tuple[str, ...] = ()
    place: Callable[[bytes], Any] = lambda content: content


def local(jobs: int | None, has_gpus: bool) -> Engine:
    """Return an engine of processes on this machine.

    Parameters
    ----------
    jobs : int or None
        How many trials run at a time; None for as many as there are free cores, or GPUs.
    has_gpus : bool
        Whether each process has a GPU of its own.

    Raises
    ------
    UsageError
        If there are fewer GPUs than jobs.
    """
    tokens = gpus() if has_gpus else ()
    jobs = jobs or len(tokens) or free_cores()
    if has_gpus and jobs > len(tokens):
        there = "there is no GPU" if not tokens else f"of the GPUs there are {len(tokens)}"
        raise UsageError(f"--gpus gives each of {jobs} jobs a GPU of its own, and {there}; write --jobs {len(tokens)}")
    threads = str(max(1, cores() // jobs))
    return Engine(ThreadPoolExecutor(_THREADS, "jtune-worker"), jobs, True, dict.fromkeys(_LIMITS, threads), tokens)


def of_client(client: Any, name: str, jobs: int | None) -> Engine:
    """Return the engine for the client or executor that a variable of the user's holds.

    Parameters
    ----------
    client : object
        A Dask client, an ipyparallel client or view, or an executor of processes.
    name : str
        Of the variable.
    jobs : int or None
        How many trials run at a time; None for as many as there are workers.

    Raises
    ------
    UsageError
        If the variable holds none of these.
    """
    if isinstance(client, ThreadPoolExecutor):
        raise UsageError(
            f"{name} runs threads, and trials in threads would change each other's variables; write --jobs J, or give "
            "an executor of processes"
        )
    module = type(client).__module__.partition(".")[0]
    if module == "distributed" and hasattr(client, "get_executor"):
        engine = _engine(client.get_executor(pure=False), sum(client.nthreads().values()), name, jobs)
        return replace(engine, place=partial(client.scatter, hash=False))
    if module == "ipyparallel" and hasattr(client, "load_balanced_view"):
        return _engine(client.executor(), len(client.ids), name, jobs)
    if module == "ipyparallel" and hasattr(client, "targets"):
        # Not the view's own executor: that of a direct view makes each call on all its engines.
        view = client.client.load_balanced_view(client.targets)
        return _engine(view.executor, len(view), name, jobs)
    if isinstance(client, Executor):
        return _engine(client, getattr(client, "_max_workers", None) or cores(), name, jobs)
    raise UsageError(
        f"{name} is of type {type(client).__name__}; --on takes a dask.distributed.Client, an ipyparallel client "
        "or view, or a concurrent.futures.Executor of processes"
    )


def _engine(executor: Executor, workers: int, name: str, jobs: int | None) -> Engine:
    if not workers and not jobs:
        raise UsageError(f"{name} has no workers yet; wait for them, or say with --jobs how many trials run at a time")
    return Engine(executor, jobs or workers, False)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_cores() -> int:
    """Return how many cores have nothing to do; at least 1."""
    busy = round(os.getloadavg()[0]) if hasattr(os, "getloadavg") else 0
    return max(1, cores() - busy)


def gpus() -> tuple[str, ...]:
    """Return the GPUs that this process may use, as CUDA calls them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return tuple(filter(None, (token.strip() for token in visible.split(","))))
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    listed = subprocess.run([program, "-L"], capture_output=True, text=True, check=False).stdout
    return tuple(str(i) for i, _ in enumerate(line for line in listed.splitlines() if line.startswith("GPU ")))
