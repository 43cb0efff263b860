"""The surrogate, against finite differences, against scikit-learn, and where numbers are hard."""

import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jtune.surrogate import gp
from jtune.surrogate.gp import GaussianProcess, Hyper, Posterior, YeoJohnson, calm, penalised_loss


def data(n, d=3, seed=0, noise=0.0):
    rng = np.random.default_rng(seed)
    x = rng.random((n, d))
    return x, np.sin(4 * x[:, 0]) + x[:, 1 % d] ** 2 + noise * rng.standard_normal(n)


def slopes(function, at, h=1e-6):
    """Central differences of a function of shape (k,) -> (...), shape (..., k)."""
    return np.stack([(function(at + e) - function(at - e)) / (2 * h) for e in h * np.eye(len(at))], axis=-1)


HYPER = Hyper(np.array([0.3, 0.5, 1.2]), 1.7, 0.01)


# The kernel and what it learns


@pytest.mark.parametrize("groups", [[0, 1, 2], [0, 1, 1]])
@pytest.mark.parametrize("n", [1, 2, 20])
def test_gradient_of_the_likelihood(n, groups):
    x, z = data(n, noise=0.3)
    squares = gp._grouped_squares(x, np.array(groups))
    theta = np.log([*np.linspace(0.2, 0.9, max(groups) + 1), 1.4, 0.03])
    expected = slopes(lambda t: penalised_loss(t, squares, z)[0], theta, 1e-5)
    np.testing.assert_allclose(penalised_loss(theta, squares, z)[1], expected, rtol=1e-6, atol=1e-7)


def test_gradients_of_the_posterior():
    x, z = data(25)
    posterior = Posterior(x, z, HYPER)
    points = np.vstack([np.random.default_rng(1).random((4, 3)), x[:1] + 1e-3])
    mean, sd, by_mean, by_sd = posterior.gradient(points)
    np.testing.assert_allclose(mean, posterior.predict(points)[0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(sd, posterior.predict(points)[1], rtol=1e-12)
    for i, point in enumerate(points):
        expected = slopes(lambda p: np.array(posterior.predict(p[None]))[:, 0], point)
        np.testing.assert_allclose([by_mean[i], by_sd[i]], expected, rtol=1e-4, atol=1e-6)


def test_posterior_and_likelihood_are_those_of_scikit_learn():
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    x, z = data(30, noise=0.1)
    kernel = ConstantKernel(HYPER.scale) * Matern(HYPER.lengths, nu=2.5) + WhiteKernel(HYPER.noise)
    theirs = GaussianProcessRegressor(kernel, alpha=0.0, optimizer=None).fit(x, z)
    points = np.random.default_rng(1).random((50, 3))
    their_mean, their_sd = theirs.predict(points, return_std=True)
    posterior = Posterior(x, z, HYPER)
    mean, sd = posterior.predict(points)
    np.testing.assert_allclose(mean, their_mean, rtol=1e-8)
    np.testing.assert_allclose(posterior.mean(points), mean, rtol=1e-12)
    np.testing.assert_allclose(sd**2 + HYPER.noise, their_sd**2, rtol=1e-8)
    loss = penalised_loss(HYPER.theta, gp._grouped_squares(x, np.arange(3)), z)[0] + gp._log_prior(HYPER.theta)[0]
    assert -loss - 15 * np.log(2 * np.pi) == pytest.approx(theirs.log_marginal_likelihood_value_, rel=1e-9)


def test_hyper_parameters_are_a_maximum_and_say_which_columns_matter():
    x, y = data(60)
    model = GaussianProcess().fit(x, y)
    z = model.warp_.transform(y)
    squares = gp._grouped_squares(x, np.arange(3))
    loss, gradient = penalised_loss(model.hyper_.theta, squares, z)
    inside = abs(model.hyper_.theta[-1] - np.log(gp._NOISE_BOUNDS[0])) > 1e-6
    assert np.abs(gradient[: 5 if inside else 4]).max() < 0.2
    assert loss < min(penalised_loss(model.hyper_.theta + d, squares, z)[0] for d in (0.5, -0.5))
    assert model.hyper_.lengths[0] < model.hyper_.lengths[2]
    assert model.hyper_.noise < 0.01


def test_noise_is_learnt():
    x, y = data(150, noise=0.3)
    model = GaussianProcess().fit(x, y)
    assert np.sqrt(model.hyper_.noise) * y.std() == pytest.approx(0.3, rel=0.3)


def test_it_interpolates_and_knows_what_it_does_not_know():
    x, y = data(80)
    model = GaussianProcess().fit(x, y)
    points, true = data(50, seed=1)
    mean, sd = model.predict(points, return_std=True)
    assert np.abs(mean - true).max() < 0.1
    assert (np.abs(mean - true) < 4 * sd + 0.01).all()
    assert model.predict(np.full((1, 3), 9.0), return_std=True)[1] > 5 * sd.max()
    assert (model.predict(points) == mean).all()


def test_hyper_parameters_are_kept_by_an_update():
    x, y = data(60)
    model = GaussianProcess(warm_start=True).fit(x[:40], y[:40])
    found = model.hyper_
    assert model.update(x, y).hyper_ is found
    assert model.posterior_._alpha.shape == (60,)
    assert model.fit(x, y).hyper_ is not found
    np.testing.assert_allclose(model.hyper_.lengths, GaussianProcess().fit(x, y).hyper_.lengths, rtol=0.05)
    # Of another space, they are of no use.
    assert model.fit(x[:, :2], y).hyper_.lengths.shape == (2,)


def test_functions_drawn_from_the_posterior():
    x, z = data(15)
    posterior = Posterior(x, z, HYPER)
    points = np.random.default_rng(1).random((6, 3))
    drawn = posterior.sample(points, 20_000, np.random.default_rng(0))
    mean, sd = posterior.predict(points)
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=5 * sd.max() / 20_000**0.5)
    np.testing.assert_allclose(drawn.std(axis=0), sd, rtol=0.03)


def test_columns_of_a_group_share_a_length():
    x, y = data(40)
    model = GaussianProcess(groups=[0, 1, 1]).fit(x, y)
    assert model.hyper_.lengths.shape == (2,)
    assert model.predict(x).shape == (40,)
    with pytest.raises(ValueError, match="X has 2 columns, groups say 3"):
        model.fit(x[:, :2], y)


def test_of_many_observations_some_are_learnt_from_and_all_predict():
    x, y = data(700, d=2)
    model = GaussianProcess().fit(x, y)
    assert np.abs(model.predict(x) - y).max() < 0.02


# The warp


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30),
    st.sampled_from([1e-300, 1e-9, 1.0, 1e12, 1e290]),
    st.lists(st.floats(-4, 4), min_size=1, max_size=5),
)
@settings(deadline=None)
def test_warp_is_monotone_and_has_an_inverse(values, unit, z):
    y = np.array(sorted(values)) * unit
    with np.errstate(all="ignore"):
        warp = YeoJohnson.fit(y)
        warped = warp.transform(y)
        assert (np.diff(warped) >= 0).all()
        assert np.abs(warped).max() < 100
        np.testing.assert_allclose(warp.inverse(warped), y, rtol=1e-6, atol=1e-9 * np.abs(y).max())
        if warp.sd != 1.0:
            assert (warped.mean(), warped.std()) == (pytest.approx(0.0, abs=1e-6), pytest.approx(1.0, rel=1e-6))
        there = warp.inverse(np.array(z))
        assert np.isfinite(there).all()
        if np.abs(there).max() < 1e300:
            np.testing.assert_allclose(warp.transform(there), z, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("power", [0.0, 0.05, 0.7, 1.0, 1.3, 2.0])
def test_powers_are_those_of_scipy(power):
    from scipy.stats import yeojohnson

    t = np.array([-9.0, -1.0, -0.1, 0.0, 0.3, 2.0, 50.0])
    np.testing.assert_allclose(gp._powered(t, power), yeojohnson(t, power), rtol=1e-9)


@pytest.mark.parametrize(("bend", "power"), [(np.exp, (0.0, 0.4)), (lambda y: -np.exp(y), (1.6, 2.0)), (lambda y: 3 * y, (0.8, 1.2))])  # fmt: skip
def test_power_straightens_what_is_skewed(bend, power):
    y = np.random.default_rng(0).standard_normal(200)
    assert power[0] <= YeoJohnson.fit(bend(y)).power <= power[1]


def test_outliers_leave_room_for_the_others():
    y = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1e100])
    with calm():
        warped = YeoJohnson.fit(y).transform(y)
    assert (np.diff(warped[:6]) > 1e-4).all()


def test_predictions_are_taken_through_the_warp():
    warp = YeoJohnson(power=0.0, center=1.0, unit=2.0)
    mean, sd = warp.in_units(np.array([0.5, -1.0]), np.array([0.1, 0.0]))
    expected = 1 + 2 * np.expm1([0.5, 0.6, 0.4])
    np.testing.assert_allclose([mean[0], sd[0]], [expected[0], (expected[1] - expected[2]) / 2])
    assert sd[1] == 0.0


def test_prediction_in_units_of_the_objective():
    x, y = data(40)
    plain, shifted = GaussianProcess().fit(x, y), GaussianProcess().fit(x, y * 1e6 - 5e6)
    mean, sd = plain.predict(x[:5], return_std=True)
    other_mean, other_sd = shifted.predict(x[:5], return_std=True)
    np.testing.assert_allclose(other_mean, mean * 1e6 - 5e6, rtol=1e-4)
    np.testing.assert_allclose(other_sd, sd * 1e6, rtol=1e-2)


# Hard numbers


@pytest.mark.parametrize(
    "y",
    [
        [0.0] * 8,
        [-3.5] * 8,
        [1e300, 2e300, 3e300, 1.5e300, 0.0, 1.0, 2.0, 1e-300],
        [1.7e308, -1.7e308, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
        [1e-300, 2e-300, 3e-300, 5e-300, 1e-301, 0.0, 0.0, 0.0],
        [5e-324, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0 + 1e-15],
        [1.0, 1e16, 1e-16, -1.0, -1e16, -1e-16, 0.0, 2.0],
    ],
)
def test_values_that_overflow_underflow_or_do_not_move(y):
    x = np.random.default_rng(0).random((8, 2))
    with np.errstate(all="raise"):
        mean, sd = GaussianProcess().fit(x, y).predict(np.vstack([x, x + 0.1]), return_std=True)
    assert np.isfinite(mean).all()
    assert (sd >= 0).all()


def test_a_constant_is_predicted_exactly():
    x = np.random.default_rng(0).random((8, 2))
    assert (GaussianProcess().fit(x, [7.25] * 8).predict(x + 0.3) == 7.25).all()


def test_one_observation_and_duplicates():
    one = GaussianProcess().fit([[0.5, 0.5]], [3.0])
    mean, sd = one.predict([[0.5, 0.5], [5.0, 5.0]], return_std=True)
    assert (mean == 3.0).all()
    assert sd[0] < sd[1]
    many = GaussianProcess().fit([[0.5]] * 30 + [[0.2]], [1.0, 2.0] * 15 + [5.0])
    assert many.predict([[0.5]])[0] == pytest.approx(1.5, abs=0.2)


def test_no_columns_at_all():
    model = GaussianProcess().fit(np.empty((3, 0)), [1.0, 2.0, 3.0])
    assert model.predict(np.empty((2, 0))).shape == (2,)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([[1.0], [2.0]], [1.0], "X has 2 rows and y 1"),
        (np.empty((0, 2)), [], "at least one"),
        ([[1.0], [2.0]], [1.0, np.nan], "y is not finite"),
        ([[1.0], [np.inf]], [1.0, 2.0], "X is not finite"),
        ([1.0, 2.0], [1.0, 2.0], "X has 1 dimensions"),
    ],
)
def test_what_it_cannot_learn_from(x, y, message):
    with pytest.raises(ValueError, match=message):
        GaussianProcess().fit(x, y)


def test_what_it_cannot_predict():
    with pytest.raises(ValueError, match="X has 2 columns, the fit had 1"):
        GaussianProcess().fit([[0.0], [1.0]], [1.0, 2.0]).predict([[0.0, 1.0]])


@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 999), st.sampled_from([1e-200, 1.0, 1e200]))
@settings(deadline=None, max_examples=40)
def test_any_data(n, d, seed, unit):
    rng = np.random.default_rng(seed)
    # Few levels: many points are the same or in a line.
    x, y = rng.integers(0, 3, (n, d)) / 2, rng.integers(0, 4, n) * unit
    mean, sd = GaussianProcess().fit(x, y).predict(rng.random((5, d)), return_std=True)
    assert np.isfinite(mean).all()
    assert np.isfinite(sd).all()


# At home with scikit-learn and scikit-optimize


def test_scikit_learn_knows_it_as_a_regressor():
    from sklearn.base import clone, is_regressor

    model = GaussianProcess(groups=[0, 0], warm_start=True)
    assert is_regressor(model)
    assert clone(model).get_params() == {"groups": [0, 0], "warm_start": True}
    assert model.set_params(warm_start=False, groups=None) is model
    assert model.get_params()["groups"] is None
    with pytest.raises(ValueError, match="'alpha' is not a parameter"):
        model.set_params(alpha=1.0)


def test_scikit_optimize_takes_it():
    from skopt import Optimizer

    optimizer = Optimizer([(-2.0, 2.0), (-2.0, 2.0)], base_estimator=GaussianProcess(), acq_optimizer="sampling", n_initial_points=6, random_state=0)  # fmt: skip
    for _ in range(16):
        x = optimizer.ask()
        optimizer.tell(x, (x[0] - 0.5) ** 2 + (x[1] + 1.0) ** 2)
    assert optimizer.models
    assert isinstance(optimizer.models[-1], GaussianProcess)
    assert min(optimizer.yi) < 0.1


def test_it_needs_neither_scikit_learn_nor_scikit_optimize_nor_optuna():
    code = """
import sys
from jtune.surrogate.gp import GaussianProcess
GaussianProcess().fit([[0.0], [1.0]], [1.0, 2.0]).predict([[0.5]])
assert not {"sklearn", "skopt", "optuna"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def blas_threads():
    from threadpoolctl import threadpool_info

    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}


def test_one_blas_thread_in_the_main_thread_and_calm_numbers_in_all():
    usual = blas_threads()
    with calm(), np.errstate(all="raise"), calm():
        assert blas_threads() == {1}
        assert np.exp(-1e9) == 0.0
    assert blas_threads() == usual


def test_another_thread_changes_nothing_of_the_user_s_process():
    model, seen = GaussianProcess().fit(*data(20)), []

    def predict():
        with calm():
            seen.append((warnings.filters, list(warnings.filters), blas_threads()))
            model.predict(np.zeros((1, 3)))

    usual = warnings.filters, list(warnings.filters), blas_threads()
    other = threading.Thread(target=predict)
    other.start()
    other.join()
    assert seen == [usual]
    assert seen[0][0] is usual[0]


def test_warnings_of_a_cell_are_all_shown_while_another_thread_predicts():
    model, is_done = GaussianProcess().fit(*data(20)), threading.Event()

    def predict():
        while not is_done.is_set():
            model.predict(np.zeros((1, 3)))

    other = threading.Thread(target=predict)
    other.start()
    try:
        with warnings.catch_warnings(record=True) as shown:
            warnings.simplefilter("always")
            for i in range(3000):
                warnings.warn(f"{i}", stacklevel=1)
    finally:
        is_done.set()
        other.join()
    assert len(shown) == 3000


def test_the_same_data_give_the_same_model():
    x, y = data(30, noise=0.1)
    first, second = (GaussianProcess().fit(x, y) for _ in range(2))
    assert (first.predict(x) == second.predict(x)).all()
