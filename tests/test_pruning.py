"""Whether trials are pruned in the right sense of their curves."""

import optuna
import pytest

from jtune.samplers.pruning import Pruning

STEPS = 8


def median():
    return optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2)


def hyperband():
    return optuna.pruners.HyperbandPruner(min_resource=1, reduction_factor=2)


def study_of(direction, pruner=median):
    return optuna.create_study(study_name="curves", direction=direction, pruner=pruner())


def run(study, pruning, curve, value):
    """One trial; returns at which step it was pruned, or None."""
    pruning.start()
    trial = study.ask()
    for step in range(STEPS):
        trial.report(curve(step), step)
        if pruning.is_hopeless(study._storage.get_trial(trial._trial_id)):
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return step
    study.tell(trial, value)
    return None


def falling(quality):
    """A loss that falls to 1 - quality."""
    return lambda step: (1 - quality) + 1 / (step + 1)


def rising(quality):
    return lambda step: quality - 1 / (step + 1)


# In no order: 0.00, 0.37, 0.74, 0.11 ...
QUALITIES = [37 * i % 100 / 100 for i in range(40)]


@pytest.mark.parametrize("pruner", [median, hyperband])
@pytest.mark.parametrize(
    ("direction", "curve", "value", "sense"),
    [
        ("maximize", rising, lambda q: q, 1),
        ("maximize", falling, lambda q: q, -1),
        ("minimize", falling, lambda q: -q, 1),
        ("minimize", rising, lambda q: -q, -1),
    ],
)
def test_curve_is_taken_in_the_sense_that_the_trials_show(direction, curve, value, sense, pruner):
    study = study_of(direction, pruner)
    pruning = Pruning(study, "val")
    pruned = {q: run(study, pruning, curve(q), value(q)) for q in QUALITIES}
    assert pruning.sense == sense
    assert bool(pruning.note) == (sense < 0)
    if sense < 0:
        other = "minimize" if direction == "maximize" else "maximize"
        assert pruning.note.endswith(f"# tune: report {other} val")
    kept, ended = ([q for q in QUALITIES if (pruned[q] is None) == is_kept] for is_kept in (True, False))
    assert sum(kept) / len(kept) > sum(ended) / len(ended) + 0.2
    assert max(QUALITIES) in kept


@pytest.mark.parametrize("stated", ["minimize", "maximize"])
def test_stated_sense_is_followed_from_the_start(stated):
    pruning = Pruning(study_of("maximize"), "val", stated)
    assert pruning.sense == (1 if stated == "maximize" else -1)
    assert not pruning.note


def test_nothing_is_pruned_where_curves_say_nothing_of_the_objective():
    study = study_of("maximize")
    pruning = Pruning(study, "val")
    values = [0.1, 0.9, 0.9, 0.1, 0.5, 0.5, 0.1, 0.9]
    assert [
        run(study, pruning, rising(q), v) for q, v in zip([0.1, 0.1, 0.9, 0.9, 0.5, 0.1, 0.9, 0.3], values, strict=True)
    ] == [None] * 8
    assert pruning.sense == 0


def test_curves_that_are_no_numbers_are_left_out():
    study = study_of("maximize")
    pruning = Pruning(study, "val")
    for q in QUALITIES[:5]:
        run(study, pruning, rising(q), q)
        run(study, pruning, lambda _: float("nan"), 1 - q)
    assert pruning.sense == 1
