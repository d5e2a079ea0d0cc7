"""Does cross-validation agree with R's cv.glmnet to 1e-6: curve, standard errors, λ_min and λ_1se?

Two kinds of reference. ``cvx_*``: every fold was solved at the λ of the full data; that is our definition and the
comparison is direct. The `cv` block of diabetes_unscaled.json: `cv.glmnet` as users call it. There each fold has a λ
grid of its own, stopped early by glmnet's rule, and cv.glmnet interpolates the coefficients between its points, so the
exact folds differ from it by 6e-6 at λ_min and by 1e-3 at the top of the grid. The interpolation is redone here from
our exact fold paths; then the numbers agree to 1e-7.
"""

import json

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from riata.path import lam_grid, make_problem, solve_path
from riata.select.cv import cross_validate

EXACT = [
    "sklearn_diabetes__cvx_gaussian_lasso_std",
    "sklearn_diabetes__cvx_gaussian_lasso_nostd",
    "sklearn_diabetes__cvx_gaussian_mae",
    "glmnet_QuickStart__cvx_gaussian_lasso_std",
    "glmnet_QuickStart__cvx_gaussian_lasso_nostd",
    "glmnet_QuickStart__cvx_gaussian_mae",
    "hitters__cvx_gaussian_lasso_std",
    "hitters__cvx_gaussian_lasso_nostd",
    "hitters__cvx_gaussian_mae",
    "hitters__cvx_gaussian_weights",
    "riboflavin__cvx_gaussian_lasso_std",
]


# Where glmnet itself has not converged to 1e-6 (its descent stops at a KKT residual of 1e-7): the difference measured
# here, rounded up. test_third_party_sides_with_us shows whose error it is.
GLMNET_ERROR = {"hitters": 3e-6, "riboflavin": 5e-5}


def cross_validated(glmnet, name, **changes):
    stored, meta = glmnet.stored(name)
    args = meta["args"]
    X, y = glmnet.data(meta["dataset"])
    options = {"sample_weight": args.get("weights"), "standardize": args.get("standardize", True), **changes}
    foldid = (stored["foldid"].astype(int) - 1).reshape(1, -1)
    problem = make_problem(X, y, **options)
    found = cross_validate(problem, stored["lambda"], foldid=foldid, tol=1e-12, measure=meta["measure_key"])
    return stored, found


@pytest.mark.parametrize("name", EXACT)
def test_exact_folds(glmnet, name):
    stored, found = cross_validated(glmnet, name)
    rtol = next((error for prefix, error in GLMNET_ERROR.items() if name.startswith(prefix)), 1e-6)
    np.testing.assert_allclose(found.cvm, stored["cvm"], rtol=rtol)
    np.testing.assert_allclose(found.cvse, stored["cvsd"], rtol=rtol)
    assert found.lam("min") == pytest.approx(float(stored["lambda_min"]), rel=1e-12)
    assert found.lam("1se") == pytest.approx(float(stored["lambda_1se"]), rel=1e-12)
    assert np.max(found.gap_rel) <= 1e-12


@pytest.mark.parametrize(
    "name", ["hitters__cvx_gaussian_lasso_std", "hitters__cvx_gaussian_mae", "riboflavin__cvx_gaussian_lasso_std"]
)
def test_third_party_sides_with_us(glmnet, name):
    """LARS (exact, no tolerance), fold by fold, at the λ where the two differ most: it is glmnet that is off."""
    from sklearn.linear_model import lars_path

    stored, found = cross_validated(glmnet, name)
    X, y = glmnet.data(name.split("__")[0])
    k = int(np.argmax(np.abs(found.cvm / stored["cvm"] - 1)))
    loss, size = [], []
    for fold in range(int(stored["foldid"].max())):
        train = stored["foldid"] != fold + 1
        mean, sd = X[train].mean(axis=0), X[train].std(axis=0)
        sd[sd == 0] = np.inf
        Z = np.asfortranarray((X[train] - mean) / sd)
        w = lars_path(Z, y[train] - y[train].mean(), method="lasso", alpha_min=stored["lambda"][k])[2][:, -1] / sd
        error = y[~train] - y[train].mean() - (X[~train] - mean) @ w
        loss.append(np.mean(np.abs(error) if name.endswith("mae") else error**2))
        size.append(np.sum(~train))
    third = np.average(loss, weights=size)
    assert found.cvm[k] == pytest.approx(third, rel=1e-8)
    assert abs(stored["cvm"][k] / third - 1) > 5e-7


@pytest.mark.parametrize("wrong", ["standardize", "weights", "measure"])
def test_data_can_tell(glmnet, wrong):
    """The same comparison fails when scaling, weights or the measure are another's."""
    name = {"weights": "hitters__cvx_gaussian_weights"}.get(wrong, "sklearn_diabetes__cvx_gaussian_lasso_std")
    changes = {"standardize": {"standardize": False}, "weights": {"sample_weight": None}, "measure": {}}[wrong]
    stored, found = cross_validated(glmnet, name, **changes)
    curve = np.sqrt(found.cvm) if wrong == "measure" else found.cvm
    assert np.max(np.abs(curve / stored["cvm"] - 1)) > 1e-4


# --- cv.glmnet as users call it ---------------------------------------------------------------------------------------


def glmnet_grid_path(problem):
    """Our exact path on glmnet's own grid: 100 λ, ended where 'hardly more' is explained (fdev 1e-5, devmax .999)."""
    path = solve_path(problem, lam_grid(problem, 100, 1e-4), tol=1e-13)
    for k in range(4, path.lams.size):
        gained = path.dev_ratio[k] - path.dev_ratio[k - 1]
        if gained < 1e-5 * path.dev_ratio[k] or path.dev_ratio[k] > 0.999:
            return path, k + 1
    return path, path.lams.size


def interpolated(path, stop, lams):
    """glmnet's predict(s=): linear in λ between the fold's own points, held constant beyond its ends."""
    grid = path.lams[:stop]
    s = np.clip(lams, grid[-1], grid[0])
    left = np.clip(np.searchsorted(-grid, -s, side="right") - 1, 0, stop - 2)
    share = (grid[left] - s) / (grid[left] - grid[left + 1])
    mix = lambda a: a[..., left] * (1 - share) + a[..., left + 1] * share  # noqa: E731
    return mix(path.coef[:, :stop]), mix(path.intercept[:stop])


@pytest.fixture(scope="module")
def unscaled(repository):
    X, y = load_diabetes(return_X_y=True, scaled=False)
    golden = json.loads((repository / "tests/data/glmnet/diabetes_unscaled.json").read_text())
    return X, y, golden


def loss_of_folds(X, y, lams, how):
    foldid = np.arange(y.size) % 10
    loss = []
    for k in range(10):
        train, test = foldid != k, foldid == k
        problem = make_problem(X[train], y[train])
        if how == "interpolated":
            coef, intercept = interpolated(*glmnet_grid_path(problem), lams)
        else:
            fold = solve_path(problem, lams, tol=1e-13)
            coef, intercept = fold.coef, fold.intercept
        loss.append(((y[test][:, None] - X[test] @ coef - intercept) ** 2).mean(axis=0))
    return np.array(loss), np.bincount(foldid)


def curve(loss, size):
    cvm = size @ loss / size.sum()
    return cvm, np.sqrt(size @ (loss - cvm) ** 2 / size.sum() / (size.size - 1))


def relative_errors(cvm, cvsd, lams, block):
    k = int(np.argmin(cvm))
    one = int(np.flatnonzero(cvm <= cvm[k] + cvsd[k])[0])
    got = [lams[k], lams[one], cvm[k], cvsd[k], cvm[one], *cvm[:5], *cvsd[:5]]
    want = [
        block["lambda_min"], block["lambda_1se"], block["cvm_min"], block["cvsd_min"], block["cvm_1se"],
        *block["cvm_first5"], *block["cvsd_first5"],
    ]  # fmt: skip
    return np.abs(np.array(got) / np.array(want) - 1), k, one


def test_golden_cv_block_with_its_interpolation(unscaled):
    X, y, golden = unscaled
    master, stop = glmnet_grid_path(make_problem(X, y))
    lams = master.lams[:stop]
    assert stop == golden["glmnet"]["n_lambda"] == 86  # the early stop is glmnet's
    assert lams[-1] == pytest.approx(golden["glmnet"]["lambda_last"], rel=1e-12)
    errors, k, one = relative_errors(*curve(*loss_of_folds(X, y, lams, "interpolated")), lams, golden["cv"])
    assert errors.max() <= 1e-6
    assert (k + 1, one + 1) == (golden["cv"]["index_min_1based"], golden["cv"]["index_1se_1based"])
    assert (master.df[k], master.df[one]) == (golden["cv"]["nz_min"], golden["cv"]["nz_1se"])


def test_the_quick_start_of_glmnet(shared_data):
    """cv.glmnet(x, y, foldid = rep(1:10, 10)) on its QuickStartExample: the same λ, and the same curve to 1e-7.

    The curve is that of thresh = 1e-14 (glmnet 4.1-6 in R 4.2.2): 1.021561887 ± 0.082082711 at λ_min.
    At its default thresh of 1e-7 glmnet gives 1.0215242 ± 0.0820845, which lies between our exact folds and their
    interpolation.
    """
    data = np.load(shared_data / "data" / "glmnet_QuickStart.npz")
    X, y = data["X"], data["y"]
    master, stop = glmnet_grid_path(make_problem(X, y))
    lams = master.lams[:stop]
    cvm, cvsd = curve(*loss_of_folds(X, y, lams, "interpolated"))
    k = int(np.argmin(cvm))
    one = int(np.flatnonzero(cvm <= cvm[k] + cvsd[k])[0])
    assert (lams[k], lams[one]) == (pytest.approx(0.0689688891531, rel=1e-10), pytest.approx(0.132276140243, rel=1e-10))
    assert (cvm[k], cvsd[k]) == (pytest.approx(1.021561887, rel=1e-7), pytest.approx(0.082082711, rel=1e-7))
    exact, _ = curve(*loss_of_folds(X, y, lams, "exact"))
    assert exact[k] < 1.0215242 < cvm[k]


def test_golden_cv_block_with_exact_folds(unscaled):
    """What riata.select itself gives: the same choices, the curve within 1e-5 at λ_min, and 2e-3 off at the top."""
    X, y, golden = unscaled
    master, stop = glmnet_grid_path(make_problem(X, y))
    lams = master.lams[:stop]
    found = cross_validate(make_problem(X, y), lams, foldid=(np.arange(y.size) % 10).reshape(1, -1), tol=1e-13)
    loss, size = loss_of_folds(X, y, lams, "exact")
    np.testing.assert_allclose(found.loss, loss.T, rtol=1e-9)  # lock-step = each fold on its own rows
    errors, _, _ = relative_errors(found.cvm, found.cvse, lams, golden["cv"])
    assert errors[:2].max() <= 1e-12
    assert errors[2:5].max() <= 1e-5
    assert 1e-4 < errors[5:].max() < 5e-3  # the interpolation that the test above had to redo
    assert found.lam("min") == pytest.approx(golden["cv"]["lambda_min"], rel=1e-12)
    assert found.lam("1se") == pytest.approx(golden["cv"]["lambda_1se"], rel=1e-12)
    assert np.array_equal(size, found.fold_weight)


@pytest.mark.parametrize(("lam", "rtol"), [("20", 1e-6), ("5", 1e-6), ("1", 1e-6), ("0.1", 1e-5)])
def test_golden_coefficients(unscaled, lam, rtol):
    """At 0.1 glmnet's default thresh of 1e-7 leaves 4e-6 (the serum columns are collinear)."""
    X, y, golden = unscaled
    path = solve_path(make_problem(X, y), [float(lam)], tol=1e-13)
    want = np.array(golden["glmnet"][f"coef_{lam}"])
    sd = X.std(axis=0)
    size = np.max(np.abs(want[1:] * sd))
    assert np.max(np.abs((path.coef[:, 0] - want[1:]) * sd)) <= rtol * size
    assert abs(path.intercept[0] - want[0]) <= 10 * rtol * abs(want[0])
