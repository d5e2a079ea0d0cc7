"""The diagnoses of the report against others' formulas; what they tell is aggregated, and never a row."""

import dataclasses
import json
from itertools import pairwise

import numpy as np
import pytest
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression

import riata
from riata.report.diagnoses import calibration, confusion, counts, diagnoses, residuals, roc, survival
from riata.report.held_out import ENOUGH, HeldOut, bins, held_out, quantiles
from riata.report.known import known_of
from tests.surfaces.reports import Page


def frame():
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    rng = np.random.default_rng(0)
    return X.assign(y=y + 0.0, level=y**2 / 100, visits=rng.poisson(np.exp(y / 100)).astype(float),
                    time=rng.exponential(np.exp(-y / 80)), event=(rng.random(len(y)) < 0.8).astype(float),
                    entry=0.0)  # fmt: skip


FEATURES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]


@pytest.fixture(scope="module")
def found():
    """family -> (selection, diagnoses by kind)"""
    data = frame()
    few = {"n_lams": 30, "folds": 5, "keep": FEATURES}
    selections = {
        "gaussian": riata.select(data, "y", **few),
        "multigaussian": riata.select(data, ["y", "level"], family="multigaussian", **few),
        "poisson": riata.select(data, "visits", family="poisson", **few),
        "cox": riata.select(data, ["time", "event"], family="cox", **few),
        "binomial": riata.select(*load_breast_cancer(return_X_y=True), family="binomial", n_lams=30, folds=5),
        "multinomial": riata.select(*load_iris(return_X_y=True), family="multinomial", lam_min_ratio=0.01, n_lams=30),
    }
    return {name: (one, of(one)) for name, one in selections.items()}


def of(selection):
    return {(one.kind, one.output): one.values for one in known_of(selection, selection.features).diagnoses}


def test_every_family_has_its_diagnoses(found):
    kinds = {family: [kind for kind, _ in values] for family, (_, values) in found.items()}
    assert kinds == {
        "gaussian": ["agreement", "residuals"],
        "multigaussian": ["agreement", "agreement"],
        "poisson": ["counts"],
        "cox": ["survival"],
        "binomial": ["calibration", "roc"],
        "multinomial": ["confusion"],
    }
    families = {family for module in diagnoses() for family in module.FAMILIES}
    from riata.losses import losses

    assert families == set(losses())


def test_agreement_and_residuals(found):
    selection, values = found["gaussian"]
    y, fit = frame()["y"].to_numpy(), selection.out_of_fold().prediction
    got = values["agreement", None]
    assert got["r2"] == pytest.approx(metrics.r2_score(y, fit), rel=1e-10)
    assert got["rmse"] == pytest.approx(metrics.root_mean_squared_error(y, fit), rel=1e-10)
    assert got["mae"] == pytest.approx(metrics.mean_absolute_error(y, fit), rel=1e-10)
    assert got["slope"] == pytest.approx(np.polyfit(fit, y, 1)[0], rel=1e-8)
    assert sum(share for *_, share in got["grid"]["cells"]) == pytest.approx(1.0, abs=0.01)
    assert np.mean(got["observed"]) == pytest.approx(y.mean(), rel=0.01)  # bins of nearly one size
    # cells against a histogram
    side, (x0, x1), (y0, y1) = (got["grid"][key] for key in ("side", "x", "y"))
    expected, *_ = np.histogram2d(np.clip(fit, x0, x1), np.clip(y, y0, y1), side, ((x0, x1), (y0, y1)))
    cells = np.zeros((side, side))
    for i, j, share in got["grid"]["cells"]:
        cells[i, j] = share * len(y)
    np.testing.assert_allclose(cells, expected, atol=0.02)
    away = values["residuals", None]
    np.testing.assert_allclose(away["all"], np.quantile(y - fit, away["shares"]), atol=1.0)
    assert away["predicted"] == sorted(away["predicted"])


def test_a_median_of_residuals_is_that_of_no_row():
    """In bins of 21 rows of one weight the median is a row's own residual, unless it is told coarsely."""
    rng = np.random.default_rng(10)
    eta, away = rng.standard_normal(210), rng.standard_normal(210)
    held = HeldOut(eta + away, eta, eta, np.ones(210), np.arange(210), None, None)
    got = np.ravel(residuals.numbers(held)["quantiles"])
    assert np.abs(got[:, None] - away).min() > 1e-9
    assert np.abs(got[:, None] - away).min(axis=1)[2::5].max() < 0.05


def test_each_output_is_judged_by_itself(found):
    selection, values = found["multigaussian"]
    fit, data = selection.out_of_fold().prediction, frame()
    for k, name in enumerate(("y", "level")):
        expected = metrics.r2_score(data[name], fit[:, k])
        assert values["agreement", name]["r2"] == pytest.approx(expected, rel=1e-10)


def test_an_output_without_features_is_not_judged():
    data = frame().assign(alone=np.random.default_rng(9).standard_normal(442))
    selection = riata.select(data, ["y", "alone"], family="multigaussian", keep=FEATURES, rule="1se", n_lams=30)
    assert [output for _, output in of(selection)] == ["y"]
    assert "Nothing to judge for alone" in Page(riata.report.html(selection)).words


def test_calibration_and_roc(found):
    selection, values = found["binomial"]
    _, y = load_breast_cancer(return_X_y=True)
    out = selection.out_of_fold()
    got, curve = values["calibration", None], values["roc", None]
    assert got["brier"] == pytest.approx(metrics.brier_score_loss(y, out.prediction), rel=1e-10)
    logistic = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(out.eta[:, None], y)
    assert got["slope"] == pytest.approx(logistic.coef_[0, 0], rel=1e-4)
    assert all(lo <= share <= hi for lo, share, hi in zip(got["low"], got["observed"], got["high"], strict=True))
    assert curve["auc"] == pytest.approx(metrics.roc_auc_score(y, out.eta), rel=1e-10)
    said = out.prediction >= 0.5
    assert curve["accuracy"] == pytest.approx(metrics.accuracy_score(y, said))
    assert curve["sensitivity"] == pytest.approx(metrics.recall_score(y, said))
    assert curve["specificity"] == pytest.approx(metrics.recall_score(1 - y, ~said))
    false, true, _ = metrics.roc_curve(y, out.eta, drop_intermediate=False)
    for a, b in zip(curve["false"], curve["true"], strict=True):  # each point lies on the curve
        near = np.interp(a + b, false + true, false)
        assert a == pytest.approx(near, abs=2e-5)


def test_the_interval_of_a_share():
    """Wilson's interval of 0 of 10 and 5 of 10 (Brown, Cai & DasGupta 2001; R's prop.test(correct = FALSE))."""
    np.testing.assert_allclose(calibration.wilson(0.0, 10), (0.0, 0.2775328), atol=1e-6)
    np.testing.assert_allclose(calibration.wilson(0.5, 10), (0.2365931, 0.7634069), atol=1e-6)


def test_confusion(found):
    selection, values = found["multinomial"]
    _, y = load_iris(return_X_y=True)
    said = selection.out_of_fold().prediction.argmax(axis=1)
    got = values["confusion", None]
    np.testing.assert_array_equal(got["counts"], metrics.confusion_matrix(y, said))
    assert got["accuracy"] == pytest.approx(np.mean(said == y))
    assert got["classes"] == ["0", "1", "2"]


def test_of_many_classes_the_rare_ones_stand_together():
    rng = np.random.default_rng(0)
    true, said = rng.integers(0, 15, 400), rng.integers(0, 15, 400)
    names = [f"c{k}" for k in range(15)]
    held = HeldOut(np.eye(15)[true], np.eye(15)[said], np.eye(15)[said], np.ones(400), np.arange(400), None, names)
    got = confusion.numbers(held)
    assert len(got["classes"]) == 12
    assert got["classes"][-1] == "others"
    assert np.sum(got["counts"]) == 400
    assert sorted(np.sum(got["counts"], axis=1)[:-1]) == sorted(np.bincount(true))[-11:]  # lines are the observed
    assert got["accuracy"] == np.mean(true == said)


def test_counts(found):
    selection, values = found["poisson"]
    y, mu = frame()["visits"].to_numpy(), selection.out_of_fold().prediction
    got = values["counts", None]
    assert got["dispersion"] == pytest.approx(np.mean((y - mu) ** 2 / mu), rel=1e-10)
    order = np.array_split(np.sort(mu), 10)
    np.testing.assert_allclose(got["expected"], [part.mean() for part in order], rtol=0.02)
    assert got["expected"] == sorted(got["expected"])


def survivors(start, stop, event, s, times):
    """Kaplan and Meier's product, term by term."""
    out = []
    for t in times:
        value = 1.0
        for when in np.unique(stop[event]):
            if when <= t:
                value *= 1 - s[event & (stop == when)].sum() / s[(start < when) & (stop >= when)].sum()
        out.append(value if t <= stop.max() else np.nan)
    return out


def test_survival(found):
    rng = np.random.default_rng(4)
    start = rng.uniform(0, 1, 60)
    stop = np.round(start + rng.exponential(2, 60) + 0.05, 1) + 1  # with ties
    event, s = rng.random(60) < 0.6, rng.integers(1, 4, 60).astype(float)
    times = np.linspace(0, 8, 30)
    for begin in (start, np.full(60, -np.inf)):
        got = survival.kaplan_meier(begin, stop, event, s, times)
        np.testing.assert_allclose(got, survivors(begin, stop, event, s, times), rtol=1e-12)
    selection, values = found["cox"]
    got = values["survival", None]
    assert sum(got["rows"]) == len(frame())
    assert max(got["rows"]) - min(got["rows"]) <= 2
    assert sum(got["events"]) == frame()["event"].sum()
    risk, data = selection.out_of_fold().eta, frame()
    pairs = concordant = 0.0
    for i in np.flatnonzero(data["event"]):
        later = data["time"].to_numpy() > data["time"].iloc[i]
        pairs += later.sum()
        concordant += np.sum(risk[i] > risk[later]) + 0.5 * np.sum(risk[i] == risk[later])
    assert got["c_index"] == pytest.approx(concordant / pairs, rel=1e-10)
    middle = [curve[len(curve) // 4] for curve in got["survival"]]
    assert middle[0] > middle[1] > middle[2]


@pytest.mark.parametrize(("family", "module", "key"), [("binomial", roc, "auc"), ("binomial", calibration, "brier"),
                                                       ("poisson", counts, "dispersion")])  # fmt: skip
def test_a_weight_is_a_repetition(found, family, module, key):
    selection, _ = found[family]
    held = held_out(selection.problem, selection.out_of_fold())
    k = np.random.default_rng(5).integers(1, 4, len(held.weight))
    weighted = module.numbers(dataclasses.replace(held, weight=k.astype(float)))
    at = np.repeat(np.arange(len(k)), k)
    rows = dataclasses.replace(held, weight=np.ones(len(at)), y=held.y[at], eta=held.eta[at], mean=held.mean[at])
    assert weighted[key] == pytest.approx(module.numbers(rows)[key], rel=1e-10)
    assert weighted[key] != pytest.approx(module.numbers(held)[key], rel=1e-4)


def test_bins_hold_every_row_once_and_never_part_equals():
    rng = np.random.default_rng(6)
    for values in (rng.standard_normal(205), rng.integers(0, 3, 205).astype(float), np.zeros(50)):
        weight = rng.uniform(0.5, 2, len(values))
        parts = bins(values, weight)
        assert sorted(np.concatenate(parts).tolist()) == list(range(len(values)))
        seen = [set(values[part].tolist()) for part in parts]
        assert not any(a & b for k, a in enumerate(seen) for b in seen[:k])
        edges = [(values[part].min(), values[part].max()) for part in parts]
        assert all(a[1] < b[0] for a, b in pairwise(edges))
    shares = [weight[part].sum() / weight.sum() for part in bins(rng.standard_normal(50), weight)]
    assert max(shares) < 0.27
    assert len(bins(rng.standard_normal(5000), np.ones(5000))) == 10
    heavy = np.where(np.arange(100) % 25 == 0, 100.0, 1.0)
    assert min(map(len, bins(np.arange(100.0), heavy))) >= 5


def test_quantiles_of_equal_weights_are_the_usual_ones():
    values = np.random.default_rng(7).standard_normal(101)
    np.testing.assert_allclose(
        quantiles(values, np.ones(101), (0.25, 0.5)), np.quantile(values, (0.25, 0.5), method="hazen")
    )


def test_what_cannot_be_judged_is_said():
    rng = np.random.default_rng(8)
    X = rng.standard_normal((60, 4))
    nothing = known_of(riata.select(X, rng.standard_normal(60), n_lams=10), [])
    assert nothing.diagnoses == []
    assert "No feature is in the model" in nothing.silent
    few = riata.select(X[: ENOUGH - 1], X[: ENOUGH - 1, 0], n_lams=10, folds=3)
    assert "Too few rows" in Page(riata.report.html(few)).words
    assert few.to_markdown().count("Too few rows") == 1


def test_no_value_of_a_row_is_told(found):
    """Targets, predictions, residuals and times: none of them to eight digits in any form of the report."""
    data = frame()
    for family, (selection, _) in found.items():
        out = selection.out_of_fold()
        values = [out.eta.ravel(), out.prediction.ravel()]
        if family == "gaussian":
            values.append(data["y"].to_numpy() - out.prediction)
        if family == "cox":
            values += [data["time"].to_numpy()]
        texts = [riata.report.html(selection), selection.to_json(), selection.to_markdown()]
        for value in np.unique(np.concatenate(values)):
            digits = f"{abs(value):.7g}"
            if abs(value) > 1e-3 and len(digits) > 7:
                assert not any(digits in text for text in texts), (family, value)


def test_markdown_and_json_tell_the_same(found):
    for family, (selection, values) in found.items():
        facts = json.loads(selection.to_json())["held_out"]
        assert [(fact["kind"], fact["output"]) for fact in facts] == list(values)
        assert facts[0] == json.loads(
            json.dumps({"kind": facts[0]["kind"], "output": facts[0]["output"]} | next(iter(values.values())))
        )
        text, page = selection.to_markdown(), Page(riata.report.html(selection))
        for one in known_of(selection, []).diagnoses:
            assert f"### {one.title}" in text
            assert one.title in page.words
            for head, said in one.words:
                assert f"{head} {said}" in text.replace("\\", ""), family
                assert head in page.words
            head, *lines = next(
                table for table in page.tables if table[0] == one.table[0] and table[1:] == one.table[1]
            )
            assert lines == one.table[1]
