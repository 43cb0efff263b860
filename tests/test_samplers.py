"""Proposals: Optuna's own contract suites, and what a tuned cell needs beyond them."""

import math
import pickle
import subprocess
import sys

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.study import StudyDirection
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    MultiObjectiveSamplerTestCase,
    RelativeSamplerTestCase,
    SingleOnlySamplerTestCase,
)
from optuna.trial import TrialState

from jtune.errors import UsageError
from jtune.language.conditions import Condition
from jtune.language.domains import ChoiceDomain, FloatDomain, IntDomain, domain_of, is_same
from jtune.language.space import Parameter, Space
from jtune.quiet import quiet
from jtune.samplers import (
    NAMES,
    PointSampler,
    SkoptSampler,
    SpaceExhausted,
    make_pruner,
    make_sampler,
)
from jtune.samplers.adapter import OptunaProposer
from jtune.samplers.history import Historian, History, losses_told, reported_values
from jtune.samplers.models import GpModel, SkoptModel
from jtune.surrogate.gp import calm
from jtune.surrogate.selection import best_and_recent

pytestmark = pytest.mark.oldest

SURROGATES = ("gp", "skopt", "forest")
PLAIN = {bool, int, float, str, type(None), tuple}


@pytest.fixture(autouse=True)
def _quiet_optuna():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


def space(**domains):
    """A space; a value is a domain, a list of choices, or a pair of one of them and a condition."""
    parameters = []
    for name, given_as in domains.items():
        domain, condition = given_as if isinstance(given_as, tuple) else (given_as, None)
        domain = ChoiceDomain(tuple(domain)) if isinstance(domain, list) else domain
        literal = domain.levels(1)[0]
        parameters.append(Parameter(name, domain, literal, condition and Condition(condition)))
    return Space(parameters)


MIXED = space(
    shape=[(8,), (8, 8), None],
    rate=FloatDomain(1e-4, 1.0, log=True),
    units=(IntDomain(8, 200, log=True, step=4), "shape != (8,)"),
    drop=(FloatDomain(0.0, 0.5, step=0.05), "units > 50"),
    flag=[True, False],
    depth=IntDomain(1, 9, step=2),
)
TINY = space(a=[1, 2.5, "x"], b=IntDomain(0, 3))
CONDITIONAL = space(a=["x", "y", "z"], b=(IntDomain(1, 4), "a == 'x'"), c=([True, False], "b > 2"))
PLANE = space(x=FloatDomain(-5.0, 5.0), y=FloatDomain(-5.0, 5.0))


class Given(optuna.samplers.BaseSampler):
    """Gives trials the values that were chosen for them."""

    values: dict = {}  # noqa: RUF012 (one study at a time)

    def infer_relative_search_space(self, study, trial):
        return {}

    def sample_relative(self, study, trial, search_space):
        return {}

    def sample_independent(self, study, trial, param_name, param_distribution):
        return self.values[param_name]


def ask(study, sampler):
    """Start a trial where a sampler wants it, and return it and its point."""
    study.sampler, space = Given(), sampler.space
    trial = study.ask()
    point = sampler.propose(study, trial.number)
    study.sampler.values = {n: space[n].domain.to_optuna(value) for n, value in point.items()}
    for name in point:
        suggest(trial, name, space)
    return trial, point


def suggest(trial, name, space):
    distribution = space[name].domain.distribution
    if isinstance(distribution, CategoricalDistribution):
        return trial.suggest_categorical(name, distribution.choices)
    method = trial.suggest_float if isinstance(distribution, FloatDistribution) else trial.suggest_int
    return method(name, distribution.low, distribution.high, log=distribution.log, step=distribution.step)


def run(sampler, n, objective=lambda point: 0.0, study=None, **create):
    """Run trials and return the study and the points; an objective that raises or gives None is a failed trial."""
    study = study or optuna.create_study(**create)
    points = []
    for _ in range(n):
        trial, point = ask(study, sampler)
        points.append(point)
        try:
            value = objective(point)
        except ZeroDivisionError:
            value = None
        study.tell(trial, value, state=TrialState.FAIL if value is None else None)
    return study, points


def bowl(point):
    return (point["x"] - 1.3) ** 2 + (point["y"] + 2.1) ** 2


def distinct(points):
    return len({Space.key(point) for point in points})


def score(point):
    """Some objective for any space."""
    return float(sum(v for v in point.values() if isinstance(v, (int, float))))


# Optuna's contract


class TestSkoptSamplerBasics(BasicSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self):
        return lambda: SkoptSampler(seed=0, n_startup_trials=6)


class TestSkoptSamplerFromTheFirstTrial(RelativeSamplerTestCase):
    @pytest.fixture
    def sampler(self):
        return lambda: SkoptSampler(seed=0, n_startup_trials=0)


class TestForestBasics(BasicSamplerTestCase, SingleOnlySamplerTestCase):
    @pytest.fixture
    def sampler(self):
        return lambda: SkoptSampler(seed=0, surrogate="forest", n_startup_trials=9)


# Every sampler by its name


@pytest.mark.parametrize("name", NAMES)
def test_points_are_new_valid_and_plain(name):
    sampler = make_sampler(name, MIXED, seed=1, n_trials=14)
    study, points = run(sampler, 14, score)
    assert all(MIXED.accepts(point) for point in points)
    assert {type(value) for point in points for value in point.values()} <= PLAIN
    assert distinct(points) == len(points)
    assert [t.state for t in study.trials] == [TrialState.COMPLETE] * 14
    for trial, point in zip(study.trials, points, strict=True):
        assert {n: MIXED[n].domain.from_optuna(v) for n, v in trial.params.items()} == point


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("finite", "size"), [(TINY, 12), (CONDITIONAL, 2 + 2 + 2 * 2)])
def test_a_finite_space_is_used_up_exactly(name, finite, size):
    sampler = make_sampler(name, finite, seed=0, n_trials=size)
    study, points = run(sampler, size - 1, score)
    assert not sampler.is_exhausted
    points += run(sampler, 1, score, study)[1]
    assert distinct(points) == size
    assert sampler.is_exhausted
    with pytest.raises(SpaceExhausted):
        ask(study, sampler)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_points(name):
    n = 12 if name in SURROGATES else 20
    first, again, other = (run(make_sampler(name, MIXED, seed=s, n_trials=n), n, score)[1] for s in (3, 3, 4))
    assert first == again
    assert first != other


@pytest.mark.parametrize("name", NAMES)
def test_a_space_of_one_parameter(name):
    sampler = make_sampler(name, space(x=FloatDomain(0.0, 1.0)), seed=0, n_trials=13)
    _, points = run(sampler, 13, lambda p: (p["x"] - 0.3) ** 2)
    assert distinct(points) == 13


@pytest.mark.parametrize("name", NAMES)
def test_domains_of_one_value(name):
    single = space(a=["only"], b=IntDomain(3, 5, step=4), c=FloatDomain(0.5, 0.6, step=1.0), x=IntDomain(0, 40))
    _, points = run(make_sampler(name, single, seed=0, n_trials=13), 13, score)
    assert all((p["a"], p["b"], p["c"]) == ("only", 3, 0.5) for p in points)
    assert distinct(points) == 13
    nothing = make_sampler(name, space(a=["only"]), seed=0)
    study, points = run(nothing, 1)
    assert points == [{"a": "only"}]
    with pytest.raises(SpaceExhausted):
        ask(study, nothing)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("skopt", "forest", "cmaes")])
def test_several_objectives(name):
    sampler = make_sampler(name, MIXED, seed=0, n_trials=40, n_objectives=2)
    study = optuna.create_study(directions=["minimize", "maximize"])
    points = []
    for _ in range(40):
        trial, point = ask(study, sampler)
        points.append(point)
        study.tell(trial, [score(point), point["rate"]])
    assert distinct(points) == 40
    assert all(MIXED.accepts(point) for point in points)


@pytest.mark.parametrize("name", ["skopt", "forest", "cmaes"])
def test_samplers_of_one_objective_name_the_others(name):
    with pytest.raises(
        UsageError, match=r"takes one objective, here are 2; these take several: gp, tpe, random, grid, qmc, nsga2"
    ):
        make_sampler(name, MIXED, n_objectives=2)


def test_an_unknown_sampler_is_a_usage_error():
    with pytest.raises(UsageError, match=r"'rnadom' is not a sampler; did you mean 'random'\? there are gp, skopt"):
        make_sampler("rnadom", MIXED)
    with pytest.raises(UsageError, match="seed -1 is outside"):
        make_sampler("random", MIXED, seed=-1)


def test_without_a_seed_the_one_taken_is_told():
    first, second = make_sampler("random", MIXED), make_sampler("random", MIXED)
    assert first.seed != second.seed
    assert run(make_sampler("random", MIXED, seed=first.seed), 5)[1] == run(first, 5)[1]


# Whole points


@pytest.mark.parametrize("name", ["random", "grid"])
def test_a_resumed_study_equals_a_straight_one(name):
    _, straight = run(make_sampler(name, MIXED, seed=5, n_trials=24), 24)
    study, points = run(make_sampler(name, MIXED, seed=5, n_trials=24), 10)
    resumed = make_sampler(name, MIXED, seed=5, n_trials=24)
    for point in points:
        resumed.remember(point)
    assert points + run(resumed, 14, study=study)[1] == straight


@pytest.mark.parametrize("name", ["random", "grid", "tpe"])
def test_remembered_points_are_not_proposed_and_forgotten_ones_are(name):
    sampler = make_sampler(name, TINY, seed=0, n_trials=12)
    for point in TINY.all_points[:-1]:
        sampler.remember(point)
    study, points = run(sampler, 1)
    assert points == [TINY.all_points[-1]]
    sampler.forget(TINY.all_points[3])
    assert not sampler.is_exhausted
    assert run(sampler, 1, study=study)[1] == [TINY.all_points[3]]
    assert sampler.is_exhausted


def test_a_stubborn_inner_sampler_is_overruled():
    class Stubborn(optuna.samplers.BaseSampler):
        def infer_relative_search_space(self, study, trial):
            return {}

        def sample_relative(self, study, trial, search_space):
            return {"a": "y", "c": True}

        def sample_independent(self, study, trial, param_name, param_distribution):
            raise AssertionError(f"{param_name} is inactive or given")

    _, points = run(PointSampler(CONDITIONAL, OptunaProposer(CONDITIONAL, Stubborn(), 0), 0), 8)
    assert points[0] == {"a": "y"}
    assert distinct(points) == 8


def test_a_space_of_few_floats_ends_though_it_cannot_be_counted():
    narrow = space(x=FloatDomain(1.0, 1.00001, log=True))
    sampler = PointSampler(narrow, None, 0)
    study, points = run(sampler, 2)
    assert distinct(points) == 2
    with pytest.raises(SpaceExhausted):
        ask(study, sampler)


@pytest.mark.parametrize(
    "domain",
    [
        FloatDomain(-3.0, 1e6),
        FloatDomain(1e-8, 1e3, log=True),
        FloatDomain(0.0, 1.0, step=0.1),
        FloatDomain(-0.3, 4.05, step=0.7),
        FloatDomain(0.0, 1.0, step=1e-9),
        IntDomain(-7, 2**53 - 8),
        IntDomain(3, 100, step=9),
        IntDomain(1, 2**40, log=True),
        IntDomain(5, 1000, log=True, step=3),
        ChoiceDomain(((), (1, (2, "a")), None, True, 2, 0.5, "rbf")),
    ],
    ids=str,
)
def test_optuna_takes_the_values_as_they_are(domain):
    one = Space([Parameter("SVC.C", domain, domain.levels(1)[0])])
    sampler = PointSampler(one, None, 0)
    study = optuna.create_study()
    for _ in range(5):
        trial, point = ask(study, sampler)
        value = trial.params["SVC.C"]
        assert one.accepts(point)
        study.tell(trial, 0.0)
        assert study.trials[-1].params["SVC.C"] == value
        assert is_same(domain.from_optuna(value), point["SVC.C"])


def test_the_inner_sampler_is_told_of_trials():
    class Listening(optuna.samplers.RandomSampler):
        heard = ()

        def before_trial(self, study, trial):
            self.heard += ("before",)

        def after_trial(self, study, trial, state, values):
            self.heard += (state, values)

        def reseed_rng(self):
            self.heard += ("reseed",)

    inner = Listening(0)
    run(PointSampler(TINY, OptunaProposer(TINY, inner, 0), 0), 1)
    assert inner.heard == ("before",)


def test_optuna_can_drive_it_too():
    study = optuna.create_study(sampler=make_sampler("random", PLANE, seed=0).optuna)
    study.optimize(lambda trial: bowl({n: suggest(trial, n, PLANE) for n in "xy"}) + trial.suggest_int("z", 0, 1), 5)
    assert all(PLANE.accepts({n: t.params[n] for n in "xy"}) for t in study.trials)


@st.composite
def spaces(draw):
    number = st.integers(-1000, 1000).map(lambda n: n / 10)
    domain = st.one_of(
        st.builds(lambda low, width: FloatDomain(low, low + width), number, st.floats(0.01, 1e6)),
        st.builds(lambda low, ratio: FloatDomain(low, low * ratio, log=True), st.floats(1e-9, 10), st.floats(1.5, 1e9)),
        st.builds(lambda low, n, step: FloatDomain(low, low + n * step, step=step), number, st.integers(1, 9), st.just(0.25)),
        st.builds(lambda low, n, step: IntDomain(low, low + n, step=step), *[st.integers(-50, 50), st.integers(1, 30), st.integers(1, 7)]),
        st.builds(lambda low, n, step: IntDomain(low, low + n, True, step), *[st.integers(1, 50), st.integers(1, 5000), st.integers(1, 7)]),
        st.lists(st.none() | st.integers(-3, 3) | st.text(max_size=2) | st.tuples(st.integers(0, 9)), min_size=1, max_size=4, unique=True).map(
            lambda choices: ChoiceDomain(tuple(choices))
        ),
    )  # fmt: skip
    domains = draw(st.lists(domain, min_size=1, max_size=4))
    rows = {f"p{i}": d for i, d in enumerate(domains)}
    last = f"p{len(rows) - 1}"
    if len(rows) > 1 and draw(st.booleans()):
        first = rows["p0"]
        literal = first.levels(1)[0]
        rows[last] = rows[last], f"p0 == {literal!r}"
    return space(**rows)


@given(spaces(), st.sampled_from([n for n in NAMES if n not in SURROGATES]), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=150)
def test_any_space(any_space, name, seed):
    sampler = make_sampler(name, any_space, seed=seed, n_trials=12)
    study = optuna.create_study()
    points = []
    for i in range(12):
        try:
            trial, point = ask(study, sampler)
        except SpaceExhausted:
            assert sampler.is_exhausted or any_space.all_points is None
            break
        points.append(point)
        study.tell(trial, float(i % 5))
    assert all(any_space.accepts(point) for point in points)
    assert {type(value) for point in points for value in point.values()} <= PLAIN
    assert distinct(points) == len(points)


@given(spaces(), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=150)
def test_values_pass_through_scikit_optimize_unchanged(any_space, seed):
    point = any_space.complete(any_space.sample(np.random.default_rng(seed)))
    for name, own in any_space.modelled(any_space).items():
        # Optuna may have choices by their text, and has no steps on a log scale.
        for domain, value in ((own, point[name]), (domain_of(own.distribution), own.to_optuna(point[name]))):
            dimension, x = domain.dimension(), domain.to_dimension(value)
            assert x in dimension
            assert is_same(domain.from_dimension(x), value)
            unit_x = np.asarray(dimension.transform([x]), float).reshape(1, -1)
            assert ((unit_x >= -1e-9) & (unit_x <= 1 + 1e-9)).all()
            back = dimension.inverse_transform(unit_x if unit_x.shape[1] > 1 else unit_x[0])[0]
            if isinstance(value, float):
                assert domain.from_dimension(back) == pytest.approx(value, rel=1e-5)
            else:
                assert is_same(domain.from_dimension(back), value)


# The grid


@pytest.mark.parametrize(
    ("rows", "n_trials", "note"),
    [
        (
            {"C": FloatDomain(1e-3, 1e3, log=True), "gamma": FloatDomain(0.0, 1.0), "kernel": ["a", "b", "c"]},
            50,
            "grid: 4 levels each for C, gamma; 3 choices for kernel: 48 points",
        ),
        ({"x": FloatDomain(0.0, 1.0)}, 7, "grid: 7 levels for x: 7 points"),
        (
            {"x": FloatDomain(0.0, 1.0), "n": IntDomain(1, 3), "s": FloatDomain(0.0, 0.5, step=0.5)},
            30,
            "grid: 5 levels for x; 3 levels for n; 2 levels for s: 30 points",
        ),
        ({"a": ["only"], "b": [1, 2]}, 9, "grid: 1 choice for a; 2 choices for b: 2 points"),
        (
            {c: FloatDomain(0.0, 1.0) for c in "uvw"},
            5,
            "grid: 2 levels each for u, v, w: 8 points, of which 5 at random",
        ),
        ({"a": ["x", "y"], "b": (FloatDomain(0.0, 1.0), "a == 'x'")}, 9, "grid: 2 choices for a; 8 levels for b: 9 points"),
    ],
)  # fmt: skip
def test_grid_takes_as_many_levels_as_there_are_trials(rows, n_trials, note):
    sampler = make_sampler("grid", space(**rows), seed=0, n_trials=n_trials)
    assert sampler.note == note
    run(sampler, min(n_trials, int(note.split(": ")[-1].split()[0])))


def test_grid_visits_each_of_its_points_once_in_random_order():
    grid_space = space(x=FloatDomain(0.0, 1.0), y=FloatDomain(0.0, 1.0))
    orders = [run(make_sampler("grid", grid_space, seed=s, n_trials=9), 9)[1] for s in (0, 1)]
    expected = [{"x": x, "y": y} for x in (0.0, 0.5, 1.0) for y in (0.0, 0.5, 1.0)]
    key = Space.key
    assert [sorted(points, key=key) for points in orders] == [expected, expected]
    assert orders[0] != orders[1]
    assert expected not in orders


def test_grid_without_points_left_though_the_space_has_some():
    sampler = make_sampler("grid", PLANE, seed=0, n_trials=4)
    study, _ = run(sampler, 4)
    assert sampler.is_exhausted
    with pytest.raises(SpaceExhausted, match="grid"):
        ask(study, sampler)


def test_grid_too_large_to_write_down():
    many = space(**{f"p{i}": FloatDomain(0.0, 1.0) for i in range(60)})
    sampler = make_sampler("grid", many, seed=0, n_trials=20)
    _, points = run(sampler, 20)
    assert not sampler.is_exhausted
    assert distinct(points) == 20
    assert {value for point in points for value in point.values()} == {0.0, 1.0}


# Optuna's samplers on conditional spaces


def test_cmaes_keeps_evolving_where_parameters_turn_inactive():
    sampler = make_sampler("cmaes", space(kind=["a", "b"], x=FloatDomain(-5.0, 5.0), y=FloatDomain(-5.0, 5.0), z=(FloatDomain(0.0, 1.0), "kind == 'a'")), seed=0)  # fmt: skip
    assert sampler.note == "cmaes: kind, z drawn uniformly"
    study, points = run(sampler, 60, bowl)
    assert len({"z" in point for point in points}) == 2
    assert study.trials[-1].system_attrs["cma:generation"] >= 5
    assert min(map(bowl, points[-20:])) < 0.5
    assert make_sampler("cmaes", PLANE).note is None


def test_qmc_covers_conditional_parameters_evenly():
    unit = FloatDomain(0.0, 1.0)
    sampler = make_sampler("qmc", space(kind=["a", "b"], y=(unit, "kind == 'a'"), z=(unit, "kind == 'b'")), seed=0)
    _, points = run(sampler, 64)
    z = sorted(point["z"] for point in points if "z" in point)
    assert len(z) == 32
    assert np.abs(np.array(z) - (np.arange(32) + 0.5) / 32).max() < 0.1


# What the surrogate is told


def trial(state=TrialState.COMPLETE, value=None, x=0.5, reports=()):
    frozen = optuna.create_trial(
        state=TrialState.RUNNING,
        params={"x": x},
        distributions={"x": FloatDistribution(-1e9, 1e9)},
        intermediate_values=dict(enumerate(reports)),
    )
    frozen.state = state
    frozen.values = None if value is None else list(value) if isinstance(value, tuple) else [value]
    return frozen


def losses_of(trials, directions):
    reported = np.array([reported_values(t, len(directions)) for t in trials])
    return losses_told(reported, [t.state for t in trials], directions)


@pytest.mark.parametrize("sign", [1, -1])
def test_losses(sign):
    direction = StudyDirection.MINIMIZE if sign == 1 else StudyDirection.MAXIMIZE
    losses = losses_of(
        [
            *(trial(value=sign * v) for v in (0.0, 1.0, 2.0, 3.0, 4.0)),
            trial(TrialState.FAIL),
            trial(TrialState.PRUNED, reports=[sign * 9.0, sign * 1.0]),
            trial(TrialState.PRUNED, reports=[sign * 1.0, sign * 9.0]),
            trial(TrialState.PRUNED, value=sign * 8.0),
            trial(TrialState.PRUNED),
            trial(TrialState.PRUNED, reports=[math.nan]),
            trial(value=sign * math.inf),
            trial(value=-sign * math.inf),
            trial(value=math.nan),
            trial(TrialState.RUNNING),
        ],
        [direction],
    )  # fmt: skip
    expected = [0.0, 1.0, 2.0, 3.0, 4.0, 3.0, 3.0, 9.0, 8.0, 3.0, 3.0, 3.0, 3.0, 3.0, math.nan]
    np.testing.assert_array_equal(losses[:, 0], expected)


def test_losses_of_several_objectives():
    trials = [*(trial(value=(v, -2 * v)) for v in range(5)), trial(TrialState.FAIL), trial(value=(1.0, math.nan)), trial(TrialState.RUNNING)]  # fmt: skip
    losses = losses_of(trials, [StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE])
    np.testing.assert_array_equal(losses[5:], [[3.0, 6.0], [3.0, 6.0], [math.nan, math.nan]])


def test_nothing_is_told_before_the_first_success():
    assert not len(losses_of([trial(TrialState.FAIL), trial(value=math.nan)], [StudyDirection.MINIMIZE]))
    study = optuna.create_study()
    add(study, TrialState.FAIL, x=0.0, y=0.0)
    assert told_by(study, PLANE) == ([], [])


def test_best_and_recent():
    assert best_and_recent([3.0, 1.0, 2.0], 3) == [0, 1, 2]
    assert best_and_recent([5.0, 1.0, 4.0, 2.0, 9.0, 8.0], 4) == [1, 3, 4, 5]
    assert best_and_recent([5.0, 1.0, 4.0, 2.0, 9.0, 8.0], 3) == [1, 3, 5]
    assert len(best_and_recent(list(np.arange(1000.0)), 300)) == 300


def history_of(study, space=None):
    """What a surrogate is told of a study, of which no more is known without a space."""
    names = SkoptSampler().infer_relative_search_space(study, None) if space is None else space.names
    return Historian(names, space).read(study, len(study.trials))


def told_by(study, space=None):
    """The numbers and losses of the trials of a study that a surrogate can learn from."""
    history = history_of(study, space)
    return history.numbers, [float(loss) for loss in history.losses[:, 0]]


def rows_of(study, space):
    """The trials of a study as the Gaussian process has them, with space for NaN."""
    return GpModel(space, space, 0).rows(history_of(study, space))


def skopt_points(study, space):
    """What scikit-optimize is told of a study: points and losses by the trials' numbers."""
    return SkoptModel(space, space, "skopt", 0).told(history_of(study, space))


def add(study, state=TrialState.COMPLETE, value=None, **params):
    distributions = {n: FloatDistribution(-1e9, 1e9) for n in params}
    study.add_trial(optuna.create_trial(state=state, value=value, params=params, distributions=distributions))


def test_trials_outside_the_bounds():
    study = optuna.create_study()
    for x, y in [(0.0, 0.0), (5.1, 0.0), (1.0, -9.0), (-5.0, 5.0), (0.0, 15.1)]:
        add(study, value=x + y, x=x, y=y)
    assert skopt_points(study, PLANE) == {0: ([0.0, 0.0], 0.0), 3: ([-5.0, 5.0], 0.0)}  # fmt: skip
    nan = math.nan
    np.testing.assert_allclose(rows_of(study, PLANE), [[0.5, 0.5], [1.01, 0.5], [0.6, -0.4], [0.0, 1.0], [0.5, nan]])


def test_trials_of_a_wider_range_still_inform_the_model():
    narrow = space(x=FloatDomain(-1.0, 1.0), rate=FloatDomain(1e-3, 1.0, log=True))
    study = optuna.create_study()
    for x in np.linspace(-3, 3, 13):
        # The slope is known from outside only.
        if abs(x) > 1:
            add(study, value=float(x), x=float(x), rate=0.03)
    sampler = PointSampler(narrow, SkoptSampler(seed=0, n_startup_trials=5, space=narrow), 0)
    assert ask(study, sampler)[1]["x"] < -0.9


def test_values_that_have_no_place_any_more():
    now = space(x=FloatDomain(0.01, 1.0, log=True), c=["a", "b"])
    study = optuna.create_study()
    for x, c in [(0.1, "a"), (0.1, "gone"), (-1.0, "b"), ("a", "b"), (True, "b"), (math.nan, "b"), (1.0, "b")]:
        kept = {"x": x, "c": c}
        distributions = {n: CategoricalDistribution([v]) for n, v in kept.items()}
        study.add_trial(optuna.create_trial(value=1.0, params=kept, distributions=distributions))
    rows = rows_of(study, now)
    assert list(np.isnan(rows).any(axis=1)) == [False, True, True, True, True, True, False]
    assert rows[0, 0] == 0.5
    assert rows[6, 0] == 1.0
    assert (rows[0, 1:] == rows[6, :0:-1]).all()


def test_nothing_but_trials_that_have_no_place():
    study = optuna.create_study()
    for i in range(12):
        add(study, value=float(i), x=500.0 + i, y=0.0)
    assert PLANE.accepts(ask(study, make_sampler("gp", PLANE, seed=0))[1])


def test_inactive_parameters_make_no_distance():
    known = Space([Parameter("x", FloatDomain(0.0, 1.0), 0.5), Parameter("y", FloatDomain(0.0, 1.0), 0.2, Condition("x > 0.5")), Parameter("c", ChoiceDomain(("a", (1,))), (1,), Condition("x > 0.5"))])  # fmt: skip
    study = optuna.create_study()
    add(study, value=1.0, x=0.3)
    add(study, TrialState.FAIL, x=0.1)
    rows = rows_of(study, known)
    assert list(rows[:, 0]) == [0.3, 0.1]
    assert (rows[0, 1:] == rows[1, 1:]).all()
    points = skopt_points(study, known)
    assert points[0] == ([0.3, 0.2, "1"], 1.0)


def test_missing_parameters_where_no_space_is_known():
    study = optuna.create_study()
    distributions = {"a": optuna.distributions.IntDistribution(1, 100, log=True), "b": FloatDistribution(0.0, 1.0), "c": CategoricalDistribution(["u", None])}  # fmt: skip
    study.add_trial(optuna.create_trial(value=1.0, params={"a": 3, "b": 0.1, "c": None}, distributions=distributions))
    study.add_trial(optuna.create_trial(state=TrialState.FAIL, params={"b": 0.7}, distributions={"b": distributions["b"]}))  # fmt: skip
    waiting_for_more = study.ask()
    waiting_for_more.suggest_float("b", 0.0, 1.0)
    domains = {name: domain_of(distribution) for name, distribution in distributions.items()}
    found = space(**domains)
    points = SkoptModel(found, found, "skopt", 0).told(history_of(study))
    assert points == {0: ([3, 0.1, "1"], 1.0), 1: ([10, 0.7, "0"], 1.0)}
    assert told_by(study) == ([0, 1], [1.0, 1.0])


def test_trials_of_other_parameters_are_not_told():
    study = optuna.create_study()
    add(study, value=1.0, x=0.0, y=0.0)
    add(study, TrialState.FAIL)
    add(study, TrialState.FAIL, z=0.5)
    add(study, TrialState.FAIL, y=0.5)
    assert told_by(study, PLANE)[0] == [0, 3]


def test_interrupted_trials_are_no_failures():
    study = optuna.create_study()
    add(study, value=1.0, x=0.0, y=0.0)
    for record in ({"state": "interrupted"}, {"state": "failed"}, {"state": "timed out"}, "other"):
        study.add_trial(optuna.create_trial(state=TrialState.FAIL, params={"x": 0.5}, distributions={"x": FloatDistribution(0, 1)}, user_attrs={"jtune": record}))  # fmt: skip
    assert told_by(study, PLANE)[0] == [0, 2, 3, 4]


@pytest.mark.parametrize("surrogate", SURROGATES)
def test_running_trials_of_other_workers_are_not_proposed_again(surrogate):
    sampler = SkoptSampler(seed=0, n_startup_trials=2, surrogate=surrogate)
    study = optuna.create_study(sampler=sampler)
    unit = FloatDistribution(0, 1)
    for x in (0.1, 0.5, 0.9):
        study.add_trial(optuna.create_trial(value=abs(x - 0.6), params={"x": x}, distributions={"x": unit}))
    proposed = [study.ask({"x": unit}).params["x"] for _ in range(3)]
    numbers, losses = told_by(study)
    assert numbers == [0, 1, 2, 3, 4, 5]
    assert np.isnan(losses[3:]).all()
    assert len(set(proposed)) == 3
    if surrogate == "gp":
        assert np.diff(sorted(proposed)).min() > 0.02
    else:
        line = space(x=FloatDomain(0.0, 1.0))
        model = SkoptModel(line, line, surrogate, 0)
        assert [loss for _, loss in model.told(history_of(study)).values()][3:] == [0.4] * 3


def test_parallel_proposals_spread_out():
    sampler = make_sampler("gp", PLANE, seed=0)
    study, _ = run(sampler, 25, bowl)
    batch = np.array([list(ask(study, sampler)[1].values()) for _ in range(5)])
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(batch) for b in batch[:i]]
    assert min(gaps) > 0.05


@pytest.mark.parametrize("lists", [{}, {"c": ["a", "b", "c"]}], ids=["numbers", "with a list"])
def test_first_points_of_trials_that_run_at_a_time_are_spread(lists):
    searched = space(x=FloatDomain(0.0, 1.0), y=FloatDomain(0.0, 1.0), **lists)

    def least_gap(name, seed):
        sampler = make_sampler(name, searched, seed=seed)
        study, _ = run(sampler, 1, lambda point: point["x"])
        points = [ask(study, sampler)[1] for _ in range(8)]
        batch = np.array([[point["x"], point["y"]] for point in points])
        return min(np.linalg.norm(a - b) for i, a in enumerate(batch) for b in batch[:i])

    gaps = [(least_gap("gp", seed), least_gap("random", seed)) for seed in range(10)]
    assert sum(spread > drawn for spread, drawn in gaps) >= 9
    assert np.median([spread for spread, _ in gaps]) > 2 * np.median([drawn for _, drawn in gaps])


def test_the_first_trials_take_each_value_of_a_list_as_often_as_the_others():
    searched = space(x=FloatDomain(0.0, 1.0), c=["a", "b", "c"], n=[1, 10, 100])
    _, points = run(make_sampler("gp", searched, seed=0), 9, lambda point: point["x"])
    for values in (["a", "b", "c"], [1, 10, 100]):
        name = "c" if "a" in values else "n"
        assert all(2 <= sum(point[name] == value for point in points) <= 4 for value in values)


def test_asked_again_it_proposes_the_next_best():
    sampler = SkoptSampler(seed=0, space=PLANE)
    study, _ = run(PointSampler(PLANE, sampler, 0), 12, bowl)
    assert distinct([sampler.propose(study, 12) for _ in range(5)]) == 5
    search_space = sampler.infer_relative_search_space(study, None)
    study.sampler, frozen = Given(), trial(TrialState.RUNNING)
    frozen.number = 12
    assert distinct([sampler.sample_relative(study, frozen, search_space) for _ in range(5)]) == 5


def test_of_many_trials_some_are_told():
    study = optuna.create_study()
    for i in range(700):
        add(study, value=float(i), x=i / 200, y=0.0)
    points = skopt_points(study, PLANE)
    assert list(points) == [*range(150), *range(550, 700)]


# SkoptSampler at work


def test_it_beats_random_search_clearly():
    best = {
        name: [run(make_sampler(name, PLANE, seed=seed), 18, bowl)[0].best_value for seed in range(n)]
        for name, n in [("gp", 3), ("random", 25)]
    }
    assert max(best["gp"]) < np.median(best["random"]) / 10


def test_it_maximizes_where_the_study_does():
    study, _ = run(make_sampler("gp", PLANE, seed=0), 16, lambda point: -bowl(point), direction="maximize")
    assert study.best_value > -0.5


def test_forest_explores_integers_on_a_log_scale():
    sampler = SkoptSampler(seed=0, surrogate="forest", n_startup_trials=5, space=space(n=IntDomain(16, 4096, log=True)))
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda t: abs(math.log(t.suggest_int("n", 16, 4096, log=True) / 100)), 14)
    assert len({t.params["n"] for t in study.trials[5:]}) > 3
    assert study.best_value < 0.5


@pytest.mark.parametrize("surrogate", ["gp", "forest"])
def test_bad_values_do_not_break_it(surrogate):
    values = iter([None, math.inf, 1e308, -1e308, -math.inf, None, 1.0, 1.0, 1e300, None, 2.0, 3.0, math.inf, 0.0])
    proposer = SkoptSampler(seed=0, surrogate=surrogate, n_startup_trials=5, space=MIXED, replicate=0)
    sampler = PointSampler(MIXED, proposer, 0)
    study, points = run(sampler, 14, lambda point: next(values))
    assert distinct(points) == 14
    with np.errstate(all="raise"):
        ask(study, sampler)


def test_a_crashing_region_is_left():
    sampler = make_sampler("gp", PLANE, seed=0)
    _, points = run(sampler, 22, lambda p: 1 / 0 if p["x"] > 0 else (p["x"] + 2) ** 2 + (p["y"] - 1) ** 2)
    assert sum(point["x"] > 0 for point in points[-8:]) <= 4


@pytest.mark.parametrize("surrogate", ["gp", "forest"])
def test_a_constant_objective(surrogate):
    _, points = run(
        PointSampler(MIXED, SkoptSampler(seed=0, surrogate=surrogate, n_startup_trials=2, space=MIXED), 0), 6
    )
    assert distinct(points) == 6


def test_pruned_trials_and_hyperband():
    sampler = SkoptSampler(seed=0, n_startup_trials=8)
    study = optuna.create_study(sampler=sampler, pruner=make_pruner("hyperband", 20), study_name="hyperband")

    def objective(t):
        x = t.suggest_float("x", -5.0, 5.0)
        for step in range(9):
            t.report(x**2 + 1 / (1 + step), step)
            if t.should_prune():
                raise optuna.TrialPruned
        return x**2

    study.optimize(objective, 16)
    assert {t.state for t in study.trials} == {TrialState.COMPLETE, TrialState.PRUNED}
    assert len(told_by(study)[0]) == 16


def told(losses):
    """A history of trials at 0.0, 0.1 and so on."""
    values = np.array(list(losses.values()))
    return History(list(losses), [{"x": i / 10} for i in losses], values[:, None], np.ones(len(values), bool))


def test_the_optimizer_is_kept_while_trials_are_added_and_rebuilt_otherwise():
    line = space(x=FloatDomain(0.0, 1.0))
    model = SkoptModel(line, line, "skopt", 0)
    losses = {i: float(i) for i in range(5)}
    with calm(), quiet():  # scikit-optimize may warn that it knows a point already
        model.propose(told(losses))
        kept = model.optimizer
        losses[9] = 2.0
        model.propose(told(losses))
        losses[2] = 7.0  # a failed trial: its loss moves with the others
        model.propose(told(losses))
        assert model.optimizer is kept
        assert (kept.Xi, kept.yi) == ([[0.0], [0.1], [0.2], [0.3], [0.4], [0.9]], [0.0, 1.0, 7.0, 3.0, 4.0, 2.0])
        assert len(kept.models) == 1
        del losses[0]
        model.propose(told(losses))
        assert model.optimizer is not kept
        assert len(model.optimizer.Xi) == 5


def test_proposals_do_not_get_slower_for_ever():
    rng = np.random.default_rng(0)
    study = optuna.create_study()
    for x, y in rng.uniform(-5, 5, (3000, 2)):
        add(study, value=bowl({"x": x, "y": y}), x=float(x), y=float(y))
    _, points = run(make_sampler("gp", PLANE, seed=0), 3, bowl, study)
    assert min(map(bowl, points)) < 0.05
    model = GpModel(PLANE, PLANE, 0)
    model.propose(history_of(study, PLANE))
    assert len(model.gp.posterior_) == 400


def test_two_objectives_are_both_improved():
    plane = space(x=FloatDomain(0.0, 1.0), y=FloatDomain(0.0, 1.0))
    fronts = {}
    for name in ("gp", "random"):
        sampler = make_sampler(name, plane, seed=0, n_objectives=2)
        study = optuna.create_study(directions=["minimize", "maximize"])
        for _ in range(30):
            asked, p = ask(study, sampler)
            study.tell(asked, [p["x"] ** 2 + p["y"], -((p["x"] - 1) ** 2) - p["y"]])
        fronts[name] = len({t.number for t in study.best_trials if t.params["y"] < 0.02})
    assert fronts["gp"] > 5 > fronts["random"]


@pytest.mark.parametrize("surrogate", ["gp", "forest"])
def test_a_resumed_study_is_built_from_all_its_trials(surrogate):
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(storage=storage, study_name="s", sampler=optuna.samplers.RandomSampler(0))
    study.optimize(lambda t: bowl({n: t.suggest_float(n, -5.0, 5.0) for n in "xy"}), 12)
    resumed = [optuna.load_study(storage=storage, study_name="s") for _ in range(2)]
    proposals = []
    for again in resumed:
        sampler = SkoptSampler(seed=7, surrogate=surrogate)
        search_space = sampler.infer_relative_search_space(again, again.trials[-1])
        assert list(search_space) == ["x", "y"]
        proposals.append(sampler.sample_relative(again, trial(TrialState.RUNNING), search_space))
    assert proposals[0] == proposals[1]
    assert PLANE.accepts(proposals[0])


def test_it_survives_pickling():
    sampler = SkoptSampler(seed=0, n_startup_trials=2)
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda t: t.suggest_float("x", 0, 1), 4)
    study.sampler = pickle.loads(pickle.dumps(sampler))
    study.optimize(lambda t: t.suggest_float("x", 0, 1), 2)
    assert len(study.trials) == 6


def test_random_numbers_of_the_user_are_not_touched():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    run(make_sampler("gp", MIXED, seed=0), 12, score)
    assert (np.random.get_state()[1] == before).all()


@pytest.mark.parametrize("wrong", [{"surrogate": "gbrt"}, {"n_startup_trials": -1}])
def test_wrong_arguments(wrong):
    with pytest.raises(ValueError, match=str(next(iter(wrong.values())))):
        SkoptSampler(**wrong)


# What is imported when


def test_scikit_optimize_is_imported_only_by_its_samplers():
    code = """
import sys
import optuna
from jtune.language.domains import FloatDomain
from jtune.language.space import Parameter, Space
from jtune.samplers import *
heavy = lambda: {"skopt", "sklearn"} & set(sys.modules)
space = Space([Parameter("x", FloatDomain(0.0, 1.0), 0.5)])
for name in ("random", "tpe", "grid", "cmaes", "qmc", "nsga2", "gp", "forest"):
    sampler = make_sampler(name, space, seed=0)
    study = optuna.create_study(sampler=sampler.optuna)
    for i in range(11 if name == "forest" else 20):
        assert not heavy(), (name, heavy())
        trial = study.ask({"x": space["x"].domain.distribution})
        sampler.propose(study, trial.number)
        study.tell(trial, float(i))
assert heavy() == {"skopt", "sklearn"}, heavy()
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# Pruners


def test_pruners():
    assert isinstance(make_pruner(None, 30), optuna.pruners.NopPruner)
    assert isinstance(make_pruner("none", 30), optuna.pruners.NopPruner)
    assert isinstance(make_pruner("median", 30), optuna.pruners.MedianPruner)
    assert isinstance(make_pruner("hyperband", 30), optuna.pruners.HyperbandPruner)
    with pytest.raises(UsageError, match="'medain' is not a pruner; did you mean 'median'"):
        make_pruner("medain", 30)


# Locked and narrowed parameters


def locked(space, **values):
    """The space with some of its parameters fixed."""
    return space.narrowed({name: space[name].domain.fixed(value) for name, value in values.items()})


NESTED = Space(
    [
        Parameter("x", FloatDomain(-3.0, 3.0), 1.0),
        Parameter("y", FloatDomain(-3.0, 3.0), 1.0),
        Parameter("k", ChoiceDomain(("a", "b")), "a"),
        Parameter("w", IntDomain(1, 64, True), 8, Condition("k == 'b'")),
    ]
)


def valley(point):
    return (point["x"] - 1) ** 2 + (point["y"] - point["x"]) ** 2 + 0.01 * point.get("w", 0)


@pytest.mark.parametrize("name", ["gp", "forest", "tpe", "cmaes", "random", "grid", "qmc"])
def test_locked_and_narrowed_parameters_are_obeyed_until_they_are_free_again(name):
    sampler = make_sampler(name, NESTED, seed=0, n_trials=200)
    study, _ = run(sampler, 14, valley)
    sampler.narrow(locked(NESTED, x=-1.5, k="b").narrowed({"y": NESTED["y"].domain.narrowed(0.0, 0.5)}))
    _, points = run(sampler, 8, valley, study)
    assert {p["x"] for p in points} == {-1.5}
    assert {p["k"] for p in points} == {"b"}
    assert all(0 <= p["y"] <= 0.5 and "w" in p for p in points)
    assert len({Space.key(p) for p in points}) == 8
    sampler.narrow(NESTED)
    _, points = run(sampler, 8, valley, study)
    assert len({p["x"] for p in points}) > 1


def test_trials_elsewhere_inform_the_search_beside_a_lock():
    """Where x is locked, y follows it: learnt from trials in which x was free."""
    sampler = make_sampler("gp", NESTED, seed=0)
    study, _ = run(sampler, 40, valley)
    sampler.narrow(locked(NESTED, x=2.0, k="a"))
    _, points = run(sampler, 4, valley, study)
    assert min(abs(p["y"] - 2) for p in points) < 0.5


def test_space_that_was_narrowed_to_one_point_is_exhausted_after_it():
    sampler = make_sampler("gp", NESTED, seed=0)
    study, _ = run(sampler, 12, valley)
    sampler.narrow(locked(NESTED, x=0.5, y=0.25, k="a"))
    _, points = run(sampler, 1, valley, study)
    assert points == [{"x": 0.5, "y": 0.25, "k": "a"}]
    assert sampler.is_exhausted


def test_sampler_that_knows_no_space_cannot_be_narrowed():
    with pytest.raises(ValueError, match="knows no space"):
        SkoptSampler(seed=0).narrow(NESTED)


def test_gp_begins_in_the_middle_of_the_ranges_or_does_so_after_the_users_own_values():
    study, points = run(make_sampler("gp", NESTED, seed=0), 3, valley)
    assert (points[0]["x"], points[0]["y"]) == (0.0, 0.0)
    assert all(p["x"] != 0 for p in points[1:])
    study = optuna.create_study()
    distributions = {p.name: p.domain.distribution for p in NESTED if p.name != "w"}
    own = {"x": 1.0, "y": 1.0, "k": "a"}
    study.add_trial(optuna.trial.create_trial(value=1.0, params=own, distributions=distributions))
    _, points = run(make_sampler("gp", NESTED, seed=0), 2, valley, study)
    assert [(p["x"], p["y"]) == (0.0, 0.0) for p in points] == [True, False]


def test_a_search_leaves_a_choice_that_gains_nothing_more():
    """The other choice is better, at a place that the first one says nothing of."""

    def loss(point):
        if point["model"] == "svc":
            return 0.08 + 0.02 * math.log10(point["C"]) ** 2
        return min(0.6, 0.3 * abs(math.log10(point["rate"]) + 3.6))

    deep = space(
        model=ChoiceDomain(("svc", "net")), rate=FloatDomain(1e-5, 1.0, log=True), C=FloatDomain(1e-3, 1e3, log=True)
    )
    found = []
    for seed in range(10):
        study, _ = run(make_sampler("gp", deep, seed=seed, n_trials=40), 40, loss)
        found.append(study.best_value)
    assert sum(best < 0.05 for best in found) >= 8
