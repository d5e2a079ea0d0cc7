"""Every function that draws, on real data: words do not overlap, nothing is cut off, axes have their λ and units."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

import riata
from riata.geometry.ball import BALLS
from riata.geometry.touching import solve
from riata.testing.datasets import load
from tests.surfaces.pictures import check, cut_off, matplotlib, overlapping

matplotlib.use("agg")
pyplot = pytest.importorskip("matplotlib.pyplot")
plot, geometry = riata.plot, riata.geometry
DIABETES = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
RULES = ("aic", "aicc", "bic", "ebic", "hbic", "cp", "gcv")


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def made():
    """Results that several pictures show."""
    cancer = load_breast_cancer(return_X_y=True, as_frame=True)
    return {
        "diabetes": riata.select(*DIABETES),
        "cancer": riata.select(*cancer, family="binomial", n_lams=40, folds=5, repeats=2, measure="auc"),
        "iris": riata.select(*load_iris(return_X_y=True, as_frame=True), family="multinomial", n_lams=20, folds=5),
        "stable": riata.stability_selection(*DIABETES, n_pairs=10, q=4),
    }


class History:
    """A training with two rules, as riata.torch.History tells it."""

    def to_frame(self):
        epochs = np.arange(1.0, 31)
        return {"epoch": epochs, "train_loss": 1 / epochs, "val_loss": 0.1 + 1 / epochs,
                "sparsity/encoder.layers.0.weight": epochs / 30, "sparsity/head.weight": epochs / 60}  # fmt: skip


DRAWN = {
    "coef_path": lambda m: plot.coef_path(m["diabetes"].path),
    "coef_path norm": lambda m: plot.coef_path(m["diabetes"].path, x="norm"),
    "coef_path deviance": lambda m: plot.coef_path(m["diabetes"].path, x="deviance"),
    "coef_path original": lambda m: plot.coef_path(m["cancer"].path, units="original", most=30),
    "coef_path outputs": lambda m: plot.coef_path(m["iris"].path),
    "coef_path output": lambda m: plot.coef_path(m["iris"].path, output=m["iris"].path.outputs[2]),
    "coefficients": lambda m: plot.coefficients(
        m["cancer"].features, m["cancer"].path.coef_per_sd[m["cancer"].path.coef[:, m["cancer"].index] != 0, 20]
    ),
    "cv_curve": lambda m: plot.cv_curve(m["diabetes"].cv, folds=True, null=float(DIABETES[1].var())),
    "cv_curve of repeats": lambda m: plot.cv_curve(m["cancer"].cv),
    "draw": lambda m: plot.draw(riata.debiased_lasso(*DIABETES)),
    "draw original": lambda m: plot.draw(riata.debiased_lasso(*DIABETES), units="original"),
    "error_rates": lambda m: plot.error_rates(riata.mfdr(m["diabetes"])),
    "information_criteria": lambda m: plot.information_criteria(m["diabetes"], which=RULES),
    "ranking": lambda m: plot.draw(riata.knockoff_filter(*DIABETES, fdr=0.2, seed=1)),
    "selected": lambda m: plot.selected(m["diabetes"]),
    "selected outputs": lambda m: plot.selected(m["iris"]),
    "selected long names": lambda m: plot.selected(m["cancer"]),
    "side_by_side": lambda m: plot.side_by_side(riata.compare(*DIABETES)),
    "stability_paths": lambda m: plot.stability_paths(m["stable"]),
    "training": lambda m: plot.training(History()),
    "kkt": lambda m: geometry.kkt(*DIABETES, "s1"),
    "thresholds": lambda m: geometry.thresholds(lam=12.5),
    "touching": lambda m: geometry.touching(*DIABETES),
    "touching elastic net": lambda m: geometry.touching(*DIABETES, l1_ratio=0.5),
    **{f"ball {kind}": lambda m, kind=kind: geometry.ball(kind) for kind in BALLS},
    **{f"ball {kind} 3": lambda m, kind=kind: geometry.ball(kind, dim=3) for kind in BALLS},
}
# What the axis that is not λ, a length or a share must say
UNITS = {"coef_path": "per standard deviation", "coef_path original": "units of the data",
         "draw": "per standard deviation", "draw original": "units of the data", "cv_curve": "squared error",
         "cv_curve of repeats": "2 times", "kkt": "per standard deviation", "touching": "per standard deviation",
         "error_rates": "share", "side_by_side": "held out"}  # fmt: skip
OVER_LAM = ("coef_path", "coef_path output", "cv_curve", "error_rates", "information_criteria", "selected", "kkt")


def test_no_function_that_draws_is_forgotten():
    drawn = {name.split(" ")[0] for name in DRAWN}
    assert drawn == {*plot.__all__, *geometry.__all__}


@pytest.mark.parametrize("name", DRAWN)
def test_every_picture(made, name):
    ax = DRAWN[name](made)
    check(ax)
    for other in ax.figure.axes:  # with a second axis on the right
        assert other.get_ylabel() or other.get_yticklabels()
    words = " ".join((ax.get_xlabel() + " " + ax.get_ylabel()).split())
    assert UNITS.get(name, "") in words
    assert name not in OVER_LAM or ax.get_xlabel() == "λ (log scale)"


def test_the_test_of_the_edge_can_tell():
    ax = geometry.thresholds()
    assert cut_off(ax) == []
    ax.set_ylabel("a word " * 20)
    assert cut_off(ax) == ["a word " * 20]


@pytest.mark.parametrize("places", [(1.0, 1.02, 1.05), (0.0102, 0.0101, 0.01), (1.0, 0.0101, 0.01)])
def test_words_of_rules_stay_inside_and_apart(places):
    path = riata.path(*DIABETES, lams=np.geomspace(40, 0.01, 50))
    marks = dict(zip(("min", "1se", "ebic"), places, strict=True))
    ax = path.plot(marks=marks)
    check(ax)
    inside = ax.get_window_extent()
    for text in ax.texts:
        box = matplotlib.text.Text.get_window_extent(text)
        assert text.get_text() not in marks or (inside.x0 <= box.x0 and box.x1 <= inside.x1)


def test_an_output_is_told_by_its_own_features():
    X, y = load_iris(return_X_y=True, as_frame=True)
    path = riata.path(X, y, family="multinomial", n_lams=30)
    for k, output in enumerate(path.outputs):
        on = np.abs(path.coef_active[:, k]).max(axis=1) > 0
        named = {path.feature_names[path.active[i]] for i in np.flatnonzero(on)}
        assert {text.get_text() for text in path.plot(output=output).texts} == named


def test_a_comparison_shows_the_choices_and_not_the_overfit(shared_data):
    _, X, y = load(shared_data / "data", "sonar").responses()[0]
    found = riata.compare(X, y, family="binomial")
    ax = found.plot()
    check(ax)
    low, high = ax.get_ylim()
    worst = max(float(cv.cvm.max()) for cv in found.fits.values())
    null = max(float(cv.cvm[0]) for cv in found.fits.values())
    assert low < min(float(cv.cvm.min()) for cv in found.fits.values())
    assert null < high < 2 * null < worst


def test_the_corner_of_the_default_can_be_seen():
    """The two first to enter leave a corner of a sixteenth of the way: nobody sees that ball."""
    tiny = solve(*DIABETES, ("bmi", "s5"), 1.0, None)
    ours = solve(*DIABETES, None, 1.0, None)
    first = np.flatnonzero(np.count_nonzero(tiny.trace, axis=1) == 1)
    assert np.abs(tiny.trace[first]).max() < 0.1 * np.abs(tiny.trace).max()
    assert np.abs(ours.point).max() > 0.25 * np.abs(ours.trace).max()
    assert np.count_nonzero(ours.point) == 1


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("pair", [("bmi", "s3"), ("bmi", "s5"), ("s1", "s2")])
def test_no_word_hides_a_point(pair, l1_ratio):
    ax = geometry.touching(*DIABETES, pair, l1_ratio=l1_ratio)
    check(ax)
    points = [ax.transData.transform(line.get_xydata()[0]) for line in ax.get_lines() if line.get_marker() == "o"]
    assert len(points) == 2
    for text in ax.texts:
        box = matplotlib.text.Text.get_window_extent(text)
        assert not any(box.contains(*point) for point in points)


def test_columns_without_names_have_a_geometry_too():
    X, y = DIABETES
    assert geometry.touching(X.to_numpy(), y).get_xlabel().startswith("x2,")
    assert geometry.kkt(X.to_numpy(), y).get_ylabel().startswith("x3:")


@pytest.mark.parametrize(("name", "family"), [("riboflavin", "gaussian"), ("micro_singh", "binomial"),
                                              ("physician", "poisson"), ("surv_pbc", "cox"),
                                              ("khan_islr_all", "multinomial")])  # fmt: skip
def test_every_family_on_real_sets(shared_data, name, family):
    data = load(shared_data / "data", name)
    chosen = riata.select(data.X, data.y, family=family, folds=5, n_lams=50)
    for ax in (chosen.plot(), chosen.path.plot(x="norm"), chosen.path.plot(x="deviance"), chosen.cv.plot(folds=True)):
        check(ax)
    if family != "multinomial":
        check(riata.mfdr(chosen).plot())
    if family == "gaussian":
        check(geometry.kkt(data.X, data.y))
        check(geometry.touching(data.X, data.y))
        check(plot.stability_paths(riata.stability_selection(data.X, data.y, n_pairs=5)))
        assert overlapping(riata.compare(data.X, data.y, folds=5).plot()) == []
