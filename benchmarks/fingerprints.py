"""Fingerprints of a cell's usual inputs, next to ``joblib.hash`` of the same values, which scikit-learn's cache uses.

Printed are medians in milliseconds. The last column is what ``pandas.util.hash_pandas_object`` takes for a frame: it
tells rows only, neither dtypes nor names, and 1 as "1" where a column holds both.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable

import joblib
import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.ensemble import RandomForestClassifier

from jtune.trials.fingerprint import fingerprint

N = 5


def values() -> dict[str, object]:
    rng = np.random.default_rng(0)
    words = [f"{number:.6f}" for number in rng.random(300_000)]
    columns = {"x": rng.random(300_000), "n": rng.integers(9, size=300_000), "word": words}
    points = rng.random((2000, 20))
    return {
        "array of 64 MB": rng.random(8_000_000),
        "array of 64 MB, transposed": rng.random((4000, 2000)).T,
        "frame of 300,000 rows": pd.DataFrame(columns),
        "sparse, 2 million entries": scipy.sparse.random(4000, 5000, 0.1, "csr", rng=rng),
        "list of 1 million floats": rng.random(1_000_000).tolist(),
        "set of 300,000 strings": set(words),
        "100,000 small lists": [[number, "a"] for number in range(100_000)],
        "random forest of 100 trees": RandomForestClassifier(random_state=0).fit(points, points[:, 0] > 0.5),
    }


def median_ms(hash_of: Callable[[object], object], value: object) -> float:
    times = []
    for _ in range(N):
        start = time.perf_counter()
        hash_of(value)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def main() -> None:
    warnings.simplefilter("ignore")
    for name, value in values().items():
        assert fingerprint(value) is not None, name
        ours, joblibs = median_ms(fingerprint, value), median_ms(joblib.hash, value)
        line = f"{name:<28} {ours:8.1f} ms   joblib.hash {joblibs:8.1f} ms   ratio {ours / joblibs:5.2f}"
        if isinstance(value, pd.DataFrame):
            line += f"   hash_pandas_object {median_ms(pd.util.hash_pandas_object, value):8.1f} ms"
        print(line)


if __name__ == "__main__":
    main()
