"""The geometry is computed: the touching point is a minimum, balls are balls, thresholds are minimisers."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.datasets import load_diabetes

import riata
from riata.geometry.ball import BALLS, boundary
from riata.geometry.kkt import condition
from riata.geometry.thresholds import shrunk
from riata.geometry.touching import solve

matplotlib = pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'riata[plot]'")
matplotlib.use("agg")
pyplot = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(scope="module")
def data():
    return load_diabetes(return_X_y=True, as_frame=True, scaled=False)


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("pair", [("bmi", "s5"), ("s1", "s2"), ("s3", "bp")])
def test_the_contour_touches_the_ball(data, pair, l1_ratio):
    """No point of the ball has a smaller loss than the touching point, and it lies on the ball's edge."""
    found = solve(*data, pair, l1_ratio, 0.3)
    angles = np.linspace(0, 2 * np.pi, 20_001)
    rays = np.stack([np.cos(angles), np.sin(angles)], -1)
    size = found.penalty(found.point)
    scale = np.linspace(0, 1, 60)[:, None] * 3 * np.abs(found.point).max()
    inside = (scale[..., None] * rays)[found.penalty(scale[..., None] * rays) <= size]
    assert len(inside) > 1000
    least = found.loss(found.point)
    assert found.loss(inside).min() >= least * (1 - 1e-9)
    assert found.loss(0.999 * found.point) > least  # and the ball binds


def test_the_loss_is_that_of_the_data(data):
    X, y = data
    found = solve(X, y, ("bmi", "bp"), 1.0, 0.5)
    Z = X[["bmi", "bp"]].to_numpy()
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    for w in (np.zeros(2), np.array([10.0, -3.0])):
        least, *_ = np.linalg.lstsq(Z, y - y.mean(), rcond=None)
        mse = lambda v: 0.5 * np.mean((y - y.mean() - Z @ v) ** 2)  # noqa: E731
        assert found.loss(w) == pytest.approx(mse(w) - mse(least), rel=1e-9)


def test_by_default_a_corner_is_shown(data):
    found = solve(*data, None, 1.0, None)
    assert np.count_nonzero(found.point) == 1
    circle = solve(*data, None, 0.0, None)
    assert np.count_nonzero(circle.point) == 2
    ax = riata.geometry.touching(*data)
    assert any("exactly 0" in text.get_text() for text in ax.texts)


def test_pairs_that_cannot_be_drawn(data):
    X, y = data
    with pytest.raises(riata.InvalidOption, match="two different"):
        riata.geometry.touching(X, y, ("bmi", "bmi"))
    with pytest.raises(riata.InvalidOption, match="no feature 'bmx'"):
        riata.geometry.touching(X, y, ("bmi", "bmx"))
    with pytest.raises(riata.InvalidData, match="no single minimum"):
        riata.geometry.touching(X.assign(twin=2 * X.bmi), y, ("bmi", "twin"))
    with pytest.raises(riata.InvalidOption, match="between 0 and 1"):
        riata.geometry.touching(X, y, share=1.5)


@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("kind", sorted(BALLS))
def test_balls(kind, dim):
    directions = np.random.default_rng(1).standard_normal((500, dim))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    points = boundary(kind, directions)
    measure, option, _ = BALLS[kind]
    np.testing.assert_allclose(measure(points, option), 1, rtol=1e-9)
    if kind != "lq":  # convex: no middle of two points lies outside
        middle = 0.5 * (points[:250] + points[250:])
        assert measure(middle, option).max() <= 1 + 1e-9
    corner = boundary(kind, np.eye(dim)[:1])
    assert np.count_nonzero(corner) == 1
    ax = riata.geometry.ball(kind, dim=dim)
    assert ax.get_xlabel() == "w₁"


def test_balls_there_are_not():
    with pytest.raises(riata.InvalidOption, match="no ball 'l3'"):
        riata.geometry.ball("l3")
    with pytest.raises(riata.InvalidOption, match="2 or 3"):
        riata.geometry.ball("l1", dim=4)


PENALTY = {
    "soft": lambda u, lam: lam * abs(u),
    "ridge": lambda u, lam: 0.5 * lam * u * u,
    "mcp": lambda u, lam: lam * abs(u) - u * u / 6 if abs(u) < 3 * lam else 1.5 * lam**2,
    "hard": lambda u, lam: 0.5 * lam**2 * (u != 0),
}


@pytest.mark.parametrize("kind", sorted(PENALTY))
@pytest.mark.parametrize("z", [-4.0, -1.3, 0.4, 0.7, 2.1, 2.9])
def test_thresholds_are_minimisers(kind, z):
    lam = 0.9
    value = lambda u: 0.5 * (u - z) ** 2 + PENALTY[kind](u, lam)  # noqa: E731
    ours = float(shrunk(kind, np.array([z]), lam)[0])
    best = min(minimize_scalar(value, bounds=pair, method="bounded", options={"xatol": 1e-10}).fun
               for pair in ((-5, -1e-9), (1e-9, 5)))  # fmt: skip
    assert value(ours) <= min(best, value(0.0)) + 1e-9


def test_the_condition_holds_along_the_path(data):
    found = condition(*data, "s3")
    on = found.coef != 0
    assert 0 < on.sum() < len(on)
    np.testing.assert_allclose(found.correlation[on], (found.lams * np.sign(found.coef))[on], rtol=1e-4)
    assert (np.abs(found.correlation[~on]) <= found.lams[~on] * (1 + 1e-6)).all()
    ax = riata.geometry.kkt(*data, "s3")
    assert "s3" in ax.get_ylabel()


def test_the_thresholds_picture_breaks_the_line_at_a_jump():
    ax = riata.geometry.thresholds(("hard", "soft"), lam=2.0)
    hard = next(line for line in ax.get_lines() if "hard" in line.get_label())
    assert np.isnan(hard.get_ydata()).sum() == 2
