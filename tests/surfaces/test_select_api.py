"""riata.select: arrays and frames, options by name, preprocessing inside folds, what the result says."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

import riata
from riata.core.errors import InvalidData, InvalidOption
from riata.select.options import Options
from riata.select.summary import number

pl = pytest.importorskip("polars", reason="tables need the extra riata[table]")


def problem(n=90, p=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * [1, 10, 0.1, 1, 1, 1][:p]
    return X, 2 * X[:, 0] + 0.5 * X[:, 1] + rng.standard_normal(n)


def as_frame(X, y, **more):
    return pl.DataFrame({f"x{j}": X[:, j] for j in range(X.shape[1])} | {"y": y} | more)


def test_a_frame_and_an_array_give_the_same():
    X, y = problem()
    a, b = riata.select(X, y), riata.select(as_frame(X, y), "y")
    assert a.features == b.features
    assert a.lam == b.lam
    assert a.coef_table == b.coef_table
    assert a.model.data["sha256"] == b.model.data["sha256"]


def test_the_rules():
    X, y = problem()
    one, best = riata.select(X, y), riata.select(X, y, rule="min")
    assert one.rule == "1se"
    assert one.lam > best.lam
    assert set(one.choices) == {"1se", "min"}
    assert one.choices["min"]["lam"] == best.lam
    assert best.cv.cvm[best.index] == best.cv.cvm.min()
    with pytest.raises(InvalidOption, match="2se"):
        riata.select(X, y, rule="2se")


def test_a_given_lambda_is_solved_and_not_interpolated():
    X, y = problem()
    sel = riata.select(X, y, lam=0.123)
    assert sel.rule == "given"
    assert sel.lam == 0.123
    assert sel.path.lams[sel.index] == 0.123
    assert sel.path.gap_rel[sel.index] <= 1e-8
    alone = riata.path(X, y, lams=[0.123])
    coef = [sel.model.coef.get(f"x{j}", 0.0) for j in range(6)]
    assert coef == pytest.approx(alone.coef[:, 0].tolist(), rel=1e-7)
    for bad in (0, -1, float("nan"), float("inf"), "1"):
        with pytest.raises(InvalidOption, match="lam must be a positive number"):
            riata.select(X, y, lam=bad)


def test_the_table_is_sorted_by_effect_per_sd():
    X, y = problem()
    sel = riata.select(X, y, rule="min")
    effects = [abs(row["coef_per_sd"]) for row in sel.coef_table]
    assert effects == sorted(effects, reverse=True)
    assert sel.features[0] == "x1", "0.5 · sd 10 is more than 2 · sd 1"
    raw = [abs(row["coef"]) for row in sel.coef_table]
    assert raw != sorted(raw, reverse=True), "the data could not tell"
    sd = X.std(axis=0)
    for row in sel.coef_table:
        assert row["coef_per_sd"] == pytest.approx(row["coef"] * sd[int(row["feature"][1:])], rel=1e-9)


def test_roles_by_name_and_by_array_agree():
    X, y = problem()
    w, o = np.linspace(0.5, 2, 90), np.linspace(-1, 1, 90)
    folds = np.arange(90) % 5
    table = as_frame(X, y, w=w, o=o, f=folds)
    by_name = riata.select(table, "y", sample_weight="w", offset="o", foldid="f")
    by_array = riata.select(X, y, sample_weight=w, offset=o, foldid=folds)
    mixed = riata.select(table.drop("w", "o", "f"), y=y, sample_weight=w, offset=o, foldid=folds, drop="y")
    assert by_name.features == by_array.features == mixed.features
    assert by_name.to_frame()["coef"] == pytest.approx(by_array.to_frame()["coef"], rel=1e-9)
    assert by_name.cv.cvm == pytest.approx(by_array.cv.cvm, rel=1e-9)
    assert mixed.cv.cvm == pytest.approx(by_array.cv.cvm, rel=1e-9)
    assert by_array.cv.cvm != pytest.approx(riata.select(X, y, offset=o, foldid=folds).cv.cvm, rel=1e-3)
    assert not {"w", "o", "f"} & set(by_name.model.features)


def test_rows_left_out_are_left_out_of_every_array():
    X, y = problem()
    w, folds = np.linspace(0.5, 2, 90), np.arange(90) % 5
    holed = y.copy()
    holed[[3, 40]] = np.nan
    keep = ~np.isnan(holed)
    sel = riata.select(as_frame(X, holed), "y", na="drop", sample_weight=w, foldid=folds)
    other = riata.select(X[keep], y[keep], sample_weight=w[keep], foldid=folds[keep])
    assert sel.cv.cvm == pytest.approx(other.cv.cvm, rel=1e-9)


def test_imputation_is_learnt_inside_every_training_fold():
    """The held-out loss is that of fits that never saw the held-out rows, not even through a mean."""
    rng = np.random.default_rng(5)
    n = 60
    x = rng.gamma(1, 10, n)
    y = x + rng.standard_normal(n)
    folds = np.arange(n) % 3
    x[folds == 0] += 200  # a fold with other values: its rows must not move the others' mean
    gap = rng.random(n) < 0.3
    table = pl.DataFrame({"y": y, "x": np.where(gap, np.nan, x)}).with_columns(pl.col("x").fill_nan(None))
    lams = [3.0, 1.0, 0.1]
    sel = riata.select(table, "y", na="mean", foldid=folds, lams=lams)
    honest, leaky = np.zeros((3, 3)), np.zeros((3, 3))
    for f in range(3):
        train = folds != f
        for out, known in ((honest, train & ~gap), (leaky, ~gap)):
            Z = np.column_stack([np.where(gap, x[known].mean(), x), gap.astype(float)])
            path = riata.path(Z[train], y[train], lams=lams)
            error = y[~train, None] - (Z[~train] @ path.coef + path.intercept)
            out[:, f] = (error**2).mean(axis=0)
    assert sel.cv.loss == pytest.approx(honest, rel=1e-6)
    assert not np.allclose(honest, leaky, rtol=1e-3), "the data could not tell"


def test_folds_seeds_groups_and_splitters():
    X, y = problem()
    assert riata.select(X, y, seed=0).cv.cvm.tolist() == riata.select(X, y).cv.cvm.tolist()
    assert riata.select(X, y, seed=1).cv.cvm.tolist() != riata.select(X, y).cv.cvm.tolist()
    assert riata.select(X, y, folds=4, repeats=3).cv.loss.shape == (100, 12)
    groups = np.repeat(np.arange(18), 5)
    foldid = riata.select(as_frame(X, y, g=[f"g{g}" for g in groups]), "y", fold_groups="g").cv.foldid[0]
    assert all(len(set(foldid[groups == g])) == 1 for g in range(18))
    from sklearn.model_selection import KFold

    split = riata.select(X, y, cv=KFold(3))
    assert split.cv.loss.shape[1] == 3
    assert split.cv.loss == pytest.approx(riata.select(X, y, foldid=np.repeat([0, 1, 2], 30)).cv.loss)


def test_penalty_factors_and_bounds_by_name():
    X, y = problem()
    table = as_frame(X, y, town=["a", "b", "c"] * 30)
    sel = riata.select(table, "y", lam=50.0, penalty_factor={"x2": 0, "town": 0})
    assert set(sel.features) <= {"x2", "town=a", "town=b", "town=c"}
    assert "x2" in sel.features
    assert "x0" not in riata.select(table, "y", rule="min", penalty_factor={"x0": np.inf}).features
    assert riata.select(table, "y", rule="min", upper={"x0": 0.25}).model.coef["x0"] == pytest.approx(0.25)
    assert all(v >= 0 for v in riata.select(X, -y, rule="min", positive=True).model.coef.values())
    with pytest.raises(InvalidOption, match=r'"x22"[\s\S]*did you mean "x2"'):
        riata.select(table, "y", penalty_factor={"x22": 0})


def test_the_null_loss_is_that_of_the_training_means():
    X, y = problem()
    folds = np.arange(90) % 4
    sel = riata.select(X, y, foldid=folds)
    errors = np.concatenate([y[folds == f] - y[folds != f].mean() for f in range(4)])
    assert sel.null_loss == pytest.approx((errors**2).mean(), rel=1e-12)
    mae = riata.select(X, y, foldid=folds, measure="mae")
    assert mae.null_loss == pytest.approx(np.abs(errors).mean(), rel=1e-12)
    assert "mean absolute error" in mae.summary()


def test_the_summary_says_what_matters():
    X, y = problem()
    table = as_frame(X, y, id=[f"p{i}" for i in range(90)])
    text = riata.select(table, "y").summary()
    assert text.startswith("2 of 6 features predict y (90 rows, λ = ")
    for words in ("by the rule 1se", "per SD", "1se (chosen)", "min", "± SE", "within tol 1e-08", "note: left out"):
        assert words in text, words


def test_nothing_found_is_said():
    rng = np.random.default_rng(3)
    sel = riata.select(rng.standard_normal((60, 5)), rng.standard_normal(60))
    assert sel.features == []
    assert "None of 5 features helps to predict y" in sel.summary()
    assert np.ptp(sel.predict(np.zeros((3, 5)))) == 0


def test_perfect_prediction_is_suspicious():
    X, y = problem()
    table = as_frame(X, y, leak=3 * y + 1)
    sel = riata.select(table, "y")
    assert any("almost perfect" in w and "leak" in w for w in sel.warnings)
    assert not any("almost perfect" in w for w in riata.select(X, y).warnings)


def test_unknown_keywords_name_the_closest():
    with pytest.raises(TypeError, match='did you mean "repeats"'):
        riata.select(np.eye(3), np.arange(3), repeat=3)


def test_arrays_with_gaps_are_named_by_row_and_column():
    X, y = problem()
    X[5, 2] = np.nan
    X[7, 1] = np.inf
    with pytest.raises(InvalidData, match=r'X has 2 values NaN or infinite, first at row 5, column 2 \("x2"\)'):
        riata.select(X, y)
    with pytest.raises(InvalidData, match=r'column 2 \("c"\)'):
        riata.select(X, y, feature_names=list("abcdef"))
    with pytest.raises(InvalidOption, match="for tables with named columns"):
        riata.select(X, y, na="mean")
    with pytest.raises(InvalidOption, match="without names"):
        riata.select(X, "y")


def test_missed_tolerances_are_told_once():
    X, y = problem()
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sel = riata.select(X, y, tol=1e-300)
    assert sel.largest_gap > 1e-300
    assert len([w for w in sel.warnings if "gap" in w]) == 1
    assert len(caught) <= 1
    assert "ABOVE tol" in sel.summary()


def test_options_are_written_down_once():
    """Every option of the command line is a keyword, and describe() keeps every keyword."""
    from riata.select.options import describe

    assert describe(Options(penalty_factor={"a": 0}, foldid=np.arange(3)))["penalty_factor"] == {"a": 0.0}
    assert describe(Options(foldid=np.arange(3)))["foldid"] == "given (ndarray)"


@pytest.mark.parametrize(
    ("value", "text"),
    [(41234.567, "41,235"), (1.2345678e-5, "1.2346e-05"), (0.5, "0.5"), (0, "0"), (-1234567.8, "-1,234,568"),
     (6.38e9, "6.3800e+09"), (99999.96, "99,999.96"[:0] + "100,000"), (float("nan"), "nan"), (1e-150, "1.0000e-150")],
)  # fmt: skip
def test_numbers_for_reading(value, text):
    assert number(value) == text


def test_a_comparison_gives_ridge_the_room_that_it_needs():
    """On the diabetes data ridge is as good as the lasso; a grid that ends where the lasso's does relative to λ_max
    would stop at three times its best error."""
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    found = riata.compare(X, y)
    best = {name: float(np.min(cv.cvm)) for name, cv in found.fits.items()}
    assert best["ridge"] == pytest.approx(best["lasso"], rel=0.01)
    ends = [float(cv.lams[-1]) for cv in found.fits.values()]
    np.testing.assert_allclose(ends, ends[0])


def test_a_cross_validation_that_was_pickled_says_what_it_no_longer_knows():
    cv = riata.select(*load_diabetes(return_X_y=True, as_frame=True), n_lams=10).cv
    again = pickle.loads(pickle.dumps(cv))
    assert (again.index("1se"), again.index("min")) == (cv.index("1se"), cv.index("min"))
    assert cv.lam("bic") > 0
    with pytest.raises(InvalidData, match="not pickled"):
        again.lam("bic")
