"""Pictures: what is drawn is the result, axes say what they show, and no two words overlap."""

import dataclasses

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

import riata
from riata.plot.labels import spread
from riata.testing.datasets import load
from tests.surfaces.pictures import check, overlapping, words_of

matplotlib = pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'riata[plot]'")
matplotlib.use("agg")
pyplot = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True, as_frame=True, scaled=False)


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")


def test_the_test_of_overlaps_can_tell():
    ax = riata.plot.coefficients(["a"], [1.0])
    ax.text(0.5, 0, "here")
    ax.text(0.5, 0, "there")
    assert ("here", "there") in overlapping(ax)


@pytest.mark.parametrize("x", ["lambda", "norm", "deviance"])
def test_the_path_is_drawn_as_it_is(diabetes, x):
    path = riata.path(*diabetes)
    ax = path.plot(x=x)
    check(ax)
    lines = [line for line in ax.get_lines() if len(line.get_xdata()) == len(path.lams)]
    assert len(lines) == len(path.active)
    drawn = np.array(sorted((line.get_ydata() for line in lines), key=lambda row: tuple(row[::-1])))
    stored = (path.coef_active * path.scale[path.active][:, None]).tolist()
    np.testing.assert_array_equal(drawn, sorted(stored, key=lambda row: tuple(row[::-1])))
    places = {"lambda": path.lams, "norm": np.abs(stored).sum(axis=0), "deviance": path.dev_ratio}[x]
    np.testing.assert_allclose(lines[0].get_xdata(), places)
    assert {text for text, _ in words_of(ax)} >= set(path.feature_names)


def test_features_stand_on_top_where_they_count(diabetes):
    path = riata.path(*diabetes)
    ax = path.plot()
    (top,) = ax.child_axes
    ticks = [(x, int(t.get_text())) for x, t in zip(top.get_xticks(), top.get_xticklabels(), strict=True)]
    assert len(ticks) >= 4
    for place, count in ticks:
        assert count == path.df[int(np.argmin(np.abs(np.log(path.lams / place))))]


def test_a_selection_names_what_it_selected(diabetes):
    selection = riata.select(*diabetes)
    ax = selection.plot()
    check(ax)
    said = {text for text, _ in words_of(ax)}
    assert said >= {*selection.features, "min", "1se"}
    assert said.isdisjoint(set(selection.path.feature_names) - set(selection.features))
    at = {line.get_xdata()[0] for line in ax.get_lines() if line.get_linestyle() == ":" and len(line.get_xdata()) == 2}
    np.testing.assert_allclose(sorted(at), sorted(selection.cv.lam(rule) for rule in ("1se", "min")), rtol=1e-9)


def test_the_cv_curve(diabetes):
    cv = riata.select(*diabetes).cv
    ax = cv.plot(folds=True, null=6000.0)
    check(ax)
    dots = next(c for c in ax.containers if isinstance(c, matplotlib.container.ErrorbarContainer))
    np.testing.assert_allclose(dots.lines[0].get_ydata(), cv.cvm)
    ends = np.array([np.diff(segment[:, 1])[0] for segment in dots.lines[2][0].get_segments()])
    np.testing.assert_allclose(ends, 2 * cv.cvse)
    assert "mean squared error\n(10-fold" in ax.get_ylabel()


def test_a_score_has_its_own_word():
    X, y = load_breast_cancer(return_X_y=True)
    cv = riata.select(X, y, family="binomial", measure="auc").cv
    assert "ROC" in cv.plot().get_ylabel()


def test_the_words_of_neighbouring_rules_do_not_meet(diabetes):
    path = riata.path(*diabetes)
    check(path.plot(marks={"one": 1.0, "other": 1.02}))


def test_several_outputs():
    X, y = load_iris(return_X_y=True, as_frame=True)
    path = riata.path(X, y, family="multinomial", n_lams=30)
    check(path.plot())
    ax = path.plot(output=path.outputs[2])
    highest = max(np.max(line.get_ydata()) for line in ax.get_lines())
    assert highest == pytest.approx((path.coef_active[:, 2] * path.scale[path.active][:, None]).max())
    with pytest.raises(riata.InvalidOption, match="no output 'rose'"):
        path.plot(output="rose")


def test_intervals_that_have_no_end_are_arrows():
    names = ["a", "b", "c", "$x_1$", "a long name " * 6]
    ends = [[0.5, 1.5], [-np.inf, -1], [-np.inf, np.inf], [np.nan, np.nan], [1, 2]]
    ax = riata.plot.coefficients(names, [1, -2, 0.5, 0.1, 1.4], ci=ends)
    check(ax)
    arrows = [line.get_marker() for line in ax.get_lines() if line.get_marker() in "<>"]
    assert sorted(arrows) == ["<", "<", ">"]
    edges = {"<": ax.get_xlim()[0], ">": ax.get_xlim()[1]}
    assert all(line.get_xdata()[0] == edges[m] for line in ax.get_lines() if (m := line.get_marker()) in edges)
    assert any("$x_1$" in text for text, _ in words_of(ax))  # not read as mathematics
    with pytest.raises(riata.InvalidData, match="belong together"):
        riata.plot.coefficients(["a"], [1.0, 2.0])


def test_many_features_are_left_out_aloud():
    ax = riata.plot.coefficients([f"x{j}" for j in range(50)], np.arange(50.0), most=20)
    assert "30 more are not shown" in ax.get_xlabel()


def test_false_discovery_rates(diabetes):
    found = riata.mfdr(riata.path(*diabetes), level=0.1)
    ax = found.plot()
    check(ax)
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), found.rate)
    assert any(text.get_text() == "mFDR ≤ 0.1" for text in ax.texts)


def test_stability_and_knockoffs():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 40))
    y = X[:, :10] @ np.ones(10) + rng.standard_normal(120)
    stable, filtered = riata.stability_selection(X, y, n_pairs=10), riata.knockoff_filter(X, y, fdr=0.2, seed=1)
    assert stable.selected
    assert filtered.selected
    for found, values in ((stable, stable.frequency), (filtered, filtered.W)):
        ax = found.plot(most=25)
        check(ax)
        assert "15 more are not shown" in ax.get_xlabel()
        np.testing.assert_allclose([bar.get_width() for bar in ax.patches], np.sort(values)[::-1][:25])
        coloured = {bar.get_facecolor() for bar in ax.patches[: len(found.selected)]}
        assert len(coloured) == 1
        assert ax.patches[len(found.selected)].get_facecolor() not in coloured
        limit = [line.get_xdata()[0] for line in ax.get_lines() if line.get_linestyle() == "--"]
        assert limit == [found.threshold]


def test_stability_paths(diabetes):
    found = riata.stability_selection(*diabetes, q=4, n_pairs=10)
    shares = found.paths()
    np.testing.assert_allclose(shares[:, -1], found.frequency)
    assert (np.diff(shares, axis=1) >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=0), [1, 2, 3, 4])
    ax = riata.plot.stability_paths(found, most=3)
    check(ax)
    order = np.argsort(-found.frequency, kind="stable")[:3]
    named = [line.get_ydata() for line in ax.get_lines() if line.get_linewidth() == 1.6]
    np.testing.assert_array_equal(named, shares[order])
    assert [text.get_text() for text in ax.texts] == [found.feature_names[j] for j in order]
    with pytest.raises(riata.InvalidOption, match="no stability paths"):
        dataclasses.replace(found, entries=None).paths()


def test_information_criteria(diabetes):
    chosen = riata.select(*diabetes)
    table = chosen.criteria()
    ax = riata.plot.information_criteria(chosen, which=("aic", "hbic"))
    check(ax)
    curves = {line.get_label(): line for line in ax.get_lines() if line.get_linestyle() == "-"}
    for name in ("aic", "hbic"):
        np.testing.assert_allclose(curves[name.upper()].get_ydata(), table[name] - np.min(table[name]))
    dots = [line.get_xdata()[0] for line in ax.get_lines() if line.get_marker() == "o"]
    assert dots == [chosen.cv.lams[int(np.argmin(table[name]))] for name in ("aic", "hbic")]
    with pytest.raises(riata.InvalidOption, match="bic"):
        riata.plot.information_criteria(chosen, which=("bik",))


def test_intervals_of_a_method(diabetes):
    X, y = diabetes
    found = riata.debiased_lasso(X, y)
    ax = found.plot()
    check(ax)
    first = ax.get_yticklabels()[0].get_text()
    assert first == found.features[int(np.argmin(found.pvalues))]
    assert ax.get_xlabel() == "coefficient per standard deviation, 95 % interval"
    order = np.argsort(found.pvalues, kind="stable")
    for units, scale in (("sd", np.std(np.asarray(X), axis=0)), ("original", np.ones(10))):
        dots, *lines = found.plot(units=units).get_lines()[1:]
        np.testing.assert_allclose(dots.get_xdata(), (found.coef * scale)[order])
        np.testing.assert_allclose([line.get_xdata() for line in lines], (found.ci * scale[:, None])[order])
    with pytest.raises(riata.InvalidOption, match="no such units"):
        found.plot(units="metres")


def test_knockoffs_without_a_threshold_say_so(diabetes):
    found = riata.knockoff_filter(*diabetes)
    assert not found.selected
    assert "no threshold" in found.plot().get_xlabel()


def test_models_side_by_side(diabetes):
    found = riata.compare(*diabetes)
    ax = found.plot()
    check(ax)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["lasso", "elastic net", "ridge: all 10 features"]
    lasso = ax.get_lines()[0]
    assert min(lasso.get_ydata()) == pytest.approx(found.fits["lasso"].cvm.min())


def test_a_training_history():
    class History:
        def to_frame(self):
            return {
                "epoch": [1, 2, 3],
                "train_loss": [3.0, 2, 1],
                "val_loss": [3.5, 3, 2.8],
                "sparsity/a_$b$": [0, 0.5, 1],
            }

    ax = riata.plot.training(History())
    check(ax)
    right = ax.figure.axes[-1]
    assert right.get_lines()[0].get_ydata().tolist() == [0, 50, 100]
    assert [line.get_label() for line in ax.get_lines()] == ["training loss", "validation loss"]


def test_wrong_questions_are_answered(diabetes):
    path = riata.path(*diabetes)
    with pytest.raises(riata.InvalidOption, match="no such axis"):
        path.plot(x="log")
    with pytest.raises(riata.InvalidOption, match="no feature 'bmii'"):
        path.plot(features=["bmii"])
    with pytest.raises(TypeError, match="no picture of list"):
        riata.plot.draw([])


def test_an_empty_path_can_be_drawn(diabetes):
    X, y = diabetes
    check(riata.path(X, y, lams=[1e6]).plot())


def test_twenty_thousand_features():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 20_000))
    ax = riata.path(X, X[:, :5].sum(axis=1) + rng.standard_normal(60), n_lams=40).plot()
    check(ax)


@pytest.mark.parametrize("name", ["riboflavin", "crime_communities", "skf_ALLAML"])
def test_real_sets(shared_data, name):
    _, X, y = load(shared_data / "data", name).responses()[0]
    selection = riata.select(X, y)
    check(selection.plot())
    check(selection.cv.plot())


@pytest.mark.parametrize("seed", range(20))
def test_spread_is_the_nearest_arrangement(seed):
    """Against a quadratic programme solved by scipy."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(seed)
    wanted, gap, low, high = rng.uniform(0, 10, 6), 1.3, 0.0, 10.0
    ours = spread(wanted, gap, low, high)
    order = np.argsort(wanted)
    limits = [{"type": "ineq", "fun": lambda z, i=i: z[i + 1] - z[i] - gap} for i in range(5)]
    best = minimize(lambda z: ((z - wanted[order]) ** 2).sum(), np.linspace(1, 9, 6), bounds=[(low, high)] * 6,
                    constraints=limits, method="SLSQP", options={"ftol": 1e-14})  # fmt: skip
    np.testing.assert_allclose(ours[order], best.x, atol=1e-5)


def test_what_is_zero_in_an_output_is_not_named_and_lengths_are_per_standard_deviation(diabetes):
    iris = load_iris(as_frame=True)
    found = riata.select(iris.data, iris.target, family="multinomial")
    size = found.path.coef[:, found.path.outputs.index("1")]
    zero = [name for name, row in zip(found.path.feature_names, size, strict=True) if not row.any()]
    named = {text.get_text() for text in found.plot(output="1").texts}
    assert zero
    assert not named & set(zero)
    path = riata.path(*diabetes)
    ends = {units: path.plot(x="norm", units=units).get_xlim()[1] for units in ("sd", "original")}
    assert ends["sd"] == ends["original"] == pytest.approx(np.abs(path.coef_per_sd[:, -1]).sum())
