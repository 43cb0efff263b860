"""The best trial and the user's own values run again, in pairs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from jtune.confirmation import Confirmation

NOISY = """%%tune {name} -n 25 --seed 1 --no-panel
x = 0.2  # tune: 0..1
score = 1 - {slope} * (x - 0.8) ** 2 + rng.gauss(0, 0.05)  # tune: maximize"""
START = "import random\nrng = random.Random(0)"


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=2, max_size=9), st.sampled_from([1.0, -1.0]))
@settings(deadline=None)
def test_what_pairs_say_is_a_paired_t_test(pairs, sign):
    said = Confirmation.of(3, pairs, sign)
    gains = [sign * (a - b) for a, b in pairs]
    assert said.gain == pytest.approx(sum(gains) / len(gains), abs=1e-12)
    if said.sd > 1e-9:
        expected = stats.ttest_rel(*zip(*pairs, strict=True), alternative="greater" if sign > 0 else "less").pvalue
        assert said.probability == pytest.approx(1 - expected, abs=1e-6)
    assert repr(said).startswith("trial 3: ")


@pytest.mark.parametrize(
    ("pairs", "text"),
    [
        ([(0.97, 0.92), (0.96, 0.93), (0.98, 0.92)], "better than yours: 98.3 % sure, +0.047 ± 0.009 (3 pairs)"),
        ([(0.97, 0.92), (0.91, 0.93)], "not told apart from yours: +0.01 ± 0.03 (2 pairs)"),
        ([(0.97, 0.92), (0.97, 0.92)], "deterministic: the same values again, +0.05 over yours"),
        ([(0.9, 0.92), (0.9, 0.92)], "deterministic: the same values again, -0.02 over yours"),
    ],
)
def test_what_is_said(pairs, text):
    assert repr(Confirmation.of(12, pairs, 1.0)) == f"trial 12: {text}"


def test_a_gain_is_confirmed_and_counts_towards_no_number_of_trials(shared_kernel):
    shared_kernel.run(START)
    shared_kernel.run(NOISY.format(name="clear", slope=1))
    said = shared_kernel.run("""
found = clear.confirm(runs=6)
print(found)
confirming = [trial for trial in clear if trial.origin == "confirm"]
print(len(clear.finished), len(confirming) >= 12, found.is_better, abs(found.gain - 0.36) < 4 * found.sd)
print(clear.best.expected.runs >= 7, repr(clear).splitlines()[1])
""")
    first, second, third = said.strip().splitlines()[-3:]
    assert "better than yours" in first
    assert second == "25 True True True"
    assert third == "True 25 trials are done"
    # The search goes on with as many trials as are missing.
    assert "clear: maximize" in shared_kernel.run(NOISY.format(name="clear", slope=1).replace("-n 25", "-n 27"))
    assert shared_kernel.run("print(len(clear.finished))").strip() == "27"


def test_what_is_no_gain_is_not_told_apart(shared_kernel):
    shared_kernel.run(START)
    shared_kernel.run(NOISY.format(name="flat", slope=0))
    said = shared_kernel.run("print(flat.confirm(runs=4))\nprint(flat.best.expected is not None)")
    assert "not told apart from yours" in said
    assert said.strip().endswith("True")


def test_a_deterministic_cell_gives_the_same_again(shared_kernel):
    shared_kernel.run(NOISY.format(name="exact", slope=1).replace(" + rng.gauss(0, 0.05)", ""))
    assert "deterministic: the same values again, +0.3" in shared_kernel.run("print(exact.confirm(runs=2))")
    assert shared_kernel.run("print(x == exact.best.params['x'])").strip() == "True"


def test_what_cannot_be_confirmed_is_said(shared_kernel):
    shared_kernel.run(NOISY.format(name="exact2", slope=1).replace(" + rng.gauss(0, 0.05)", ""))
    assert "2 pairs at least" in shared_kernel.run("exact2.confirm(runs=1)")
    shared_kernel.run(NOISY.format(name="own", slope=1).replace("-n 25", "-n 1"))
    assert "there is nothing to confirm" in shared_kernel.run("own.confirm()")
