"""Do the losses agree with scikit-learn's?"""

import numpy as np
import pytest
from sklearn import metrics

from riata.losses import find


@pytest.fixture
def draw():
    rng = np.random.default_rng(5)
    s = rng.uniform(size=50)
    return rng, s / s.sum()


def test_binomial_value_is_the_log_loss(draw):
    rng, s = draw
    y, eta = rng.integers(0, 2, 50), rng.normal(size=50)
    loss = find("binomial").parse(y)
    assert loss.value(eta, s) == pytest.approx(metrics.log_loss(y, loss.mean(eta), sample_weight=s), rel=1e-12)


def test_multinomial_value_is_the_log_loss(draw):
    rng, s = draw
    y, eta = np.resize(np.arange(4), 50), rng.normal(size=(50, 4))
    loss = find("multinomial").parse(y)
    assert loss.value(eta, s) == pytest.approx(metrics.log_loss(y, loss.mean(eta), sample_weight=s), rel=1e-12)
    assert loss.held_out(eta, s) == pytest.approx(2 * loss.value(eta, s))


def test_poisson_deviance(draw):
    rng, s = draw
    y, eta = rng.poisson(1.5, 50), rng.normal(size=50)
    loss = find("poisson").parse(y)
    expected = metrics.mean_poisson_deviance(y, loss.mean(eta), sample_weight=s)
    assert loss.deviance(eta, s) == pytest.approx(expected, rel=1e-12)


def test_gaussian_losses_are_half_the_mean_squared_error(draw):
    rng, s = draw
    y, eta = rng.normal(size=(50, 3)), rng.normal(size=(50, 3))
    expected = metrics.mean_squared_error(y, eta, sample_weight=s, multioutput="raw_values").sum() / 2
    assert find("multigaussian").parse(y).value(eta, s) == pytest.approx(expected, rel=1e-12)
    one = metrics.mean_squared_error(y[:, 0], eta[:, 0], sample_weight=s)
    assert find("gaussian").parse(y[:, 0]).value(eta[:, 0], s) == pytest.approx(one / 2, rel=1e-12)
    assert find("sqrt").parse(y[:, 0]).value(eta[:, 0], s) == pytest.approx(np.sqrt(one), rel=1e-12)
    assert find("huber").parse(y[:, 0], delta=1e6).value(eta[:, 0], s) == pytest.approx(one / 2, rel=1e-12)
