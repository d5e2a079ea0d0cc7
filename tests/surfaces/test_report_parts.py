"""Parts of the report beside the path: geometry, stand-ins, stability, intervals, and advice with its remedy."""

import dataclasses
import json
import re

import numpy as np
import pandas
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

import riata
from riata.core.errors import InvalidOption
from riata.report.advice import advice
from riata.report.content import content_of
from riata.report.known import known_of
from riata.report.touching import ball, draw, sentence, touching_of
from tests.surfaces.reports import NASTY, Page, nasty_frame


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    return X, y


@pytest.fixture(scope="module")
def selection(diabetes):
    return riata.select(*diabetes)


# --- the geometry ----------------------------------------------------------------------------------------------------


def loss_of(selection, found, w):
    """The loss of the chosen model with two coefficients (per standard deviation) moved to w, b refitted."""
    path, problem, k = selection.path, selection.problem, selection.index
    at = [path.feature_names.index(name) for name in found.names]
    coef = path.coef[:, k].copy()
    coef[at] = np.asarray(w) / path.scale[at]
    eta = problem.offset + problem.design.columns(np.arange(problem.n_features)) @ coef
    s = problem.sample_weight / problem.sample_weight.sum()
    if problem.loss is None:
        away = problem.y - eta
        return 0.5 * s @ (away - s @ away) ** 2
    return problem.loss.null(eta, s)[1] if problem.loss.has_intercept else problem.loss.value(eta, s)


def fitted(name, diabetes):
    X, y = diabetes
    few = {"n_lams": 40, "folds": 4}
    if name == "binomial":
        return riata.select(*load_breast_cancer(return_X_y=True, as_frame=True), family=name, **few)
    if name == "cox":
        event = (np.random.default_rng(0).random(len(y)) < 0.7).astype(float)
        return riata.select(X, np.column_stack([y, event]), family=name, **few)
    if name == "weights":
        return riata.select(X, y, sample_weight=np.arange(len(y)) % 4, **few)
    return riata.select(X, y, **few, **({"l1_ratio": 0.5} if name == "ridge" else {}))


@pytest.mark.parametrize("name", ["gaussian", "ridge", "weights", "binomial", "cox"])
def test_contours_are_those_of_the_loss_and_touch_at_the_chosen_model(diabetes, name):
    selection = fitted(name, diabetes)
    found = touching_of(selection)
    path = selection.path
    at = [path.feature_names.index(feature) for feature in found.names]
    np.testing.assert_array_equal(found.point, (path.coef[:, selection.index] * path.scale)[at])
    # differences of the loss: all of them for squares, small ones for others
    step = 1.0 if name in ("gaussian", "ridge", "weights") else 1e-2
    here, scale = loss_of(selection, found, found.point), np.abs(found.point).max()
    for direction in ([1, 0], [0, 1], [1, 1], [-0.5, 2]):
        w = found.point + step * scale * np.array(direction)
        change = loss_of(selection, found, w) - here
        assert found.loss(w) - found.loss(found.point) == pytest.approx(change, rel=1e-6 if step == 1 else 2e-2)
    # no model with so little penalty has less loss: along the ball's edge
    corners = ball(found)
    np.testing.assert_allclose(found.penalty(corners), found.penalty(found.point), rtol=1e-10)
    edge = np.concatenate(
        [a + np.linspace(0, 1, 50)[:, None] * (b - a) for a, b in zip(corners, np.roll(corners, 1, 0), strict=True)]
    )
    inside = edge[found.penalty(edge) <= found.penalty(found.point) * (1 + 1e-12)]
    assert found.loss(inside).min() >= found.loss(found.point) * (1 - 1e-6)


def test_a_twin_that_stayed_out_is_shown_at_the_corner():
    cancer = riata.select(*load_breast_cancer(return_X_y=True, as_frame=True), family="binomial", n_lams=40)
    found = touching_of(cancer)
    assert found.names[0] == cancer.features[0]
    assert found.names[1] not in cancer.features
    assert "at a corner" in sentence(found)
    assert found.names[1] in sentence(found)
    text = draw(found)
    cx, cy = (float(re.search(r'<ellipse cx="([\d.]+)" cy="([\d.]+)"', text)[k]) for k in (1, 2))
    dots = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="5" class="dot hollow"', text)
    assert [(float(a), float(b)) for a, b in dots] == [(cx, cy)]


@pytest.mark.parametrize("options", [{"penalty": "mcp"}, {"family": "sqrt"}, {"lams": [30.0, 0.0], "rule": "min"},
                                     {"lower": -np.inf, "upper": 100.0}])  # fmt: skip
def test_other_penalties_have_no_diamond(diabetes, options):
    selection = riata.select(*diabetes, **({"n_lams": 10, "folds": 3} | options))
    assert touching_of(selection) is None
    assert "Why zero is exact" not in Page(riata.report.html(selection)).words


# --- who says the same -----------------------------------------------------------------------------------------------


def test_clusters_hold_the_selected_and_their_twins():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    selection = riata.select(X, y, family="binomial", n_lams=40)
    content, corr, chosen = content_of(selection), X.corr(), set(selection.features)
    assert content.clusters
    heads = [cluster.members[0].feature for cluster in content.clusters]
    assert heads == [name for name in selection.features if name in set(heads)]
    seen = []
    for cluster in content.clusters:
        first, *others = cluster.members
        for member in others:
            assert member.r == pytest.approx(corr[first.feature][member.feature], abs=1e-5)
            assert abs(member.r) >= 0.8
            assert member.selected == (member.feature in chosen)
        seen += [member.feature for member in cluster.members if member.selected]
    assert len(seen) == len(set(seen))
    for name in chosen:  # nobody with a twin is left out
        like = corr[name].drop(name).abs() >= 0.8
        assert (name in seen) or not like.any()
    page = Page(riata.report.html(selection))
    tables = [table for table in page.tables if table[0][:2] == ["feature", "r"]]
    assert [table[1][0] for table in tables] == [f"● {name}" for name in heads]
    dots = {row[0][2:]: row[0][0] for table in tables for row in table[1:]}
    assert all((dot == "●") == (name in chosen) for name, dot in dots.items())
    assert "## Who says the same" in selection.to_markdown()
    assert len(json.loads(selection.to_json())["clusters"]) == len(heads)


def test_the_other_level_of_a_column_is_no_stand_in():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(200)
    frame = {
        "answer": np.where(x > 0, "yes", "no"),
        "twin": np.where(x + 0.02 * rng.standard_normal(200) > 0, 1.0, 0.0),
    }
    found = riata.select(pandas.DataFrame(frame).assign(y=x), "y", n_lams=20)
    similar = content_of(found).known.similar
    assert {name for like in similar.values() for name, _ in like["named"]} >= {"twin"}
    for name, like in similar.items():
        assert not name.startswith("answer") or all(not other.startswith("answer") for other, _ in like["named"])


def test_names_of_twins_and_of_outputs_stay_words():
    frame = nasty_frame()
    rng = np.random.default_rng(0)
    frame["<img src=y>"] = frame[NASTY[0]] + 0.01 * rng.standard_normal(len(frame))
    selection = riata.select(frame, ["<i>y</i>", NASTY[2]], family="multigaussian", n_lams=20)
    page = Page(riata.report.html(selection))
    assert page.faults == []
    assert not {name for name, _ in page.elements} & {"img", "b", "i"}
    assert f"Predicted and observed: {NASTY[2]}" in page.words
    assert any("<img src=y>" in row[0] for table in page.tables for row in table)


# --- beside it -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def evidence(diabetes):
    return {"stability": riata.stability_selection(*diabetes, n_pairs=10, q=4, threshold=0.8),
            "intervals": riata.debiased_lasso(*diabetes, level=0.9)}  # fmt: skip


def test_stability_and_intervals_are_columns(selection, evidence, tmp_path):
    selection.report(tmp_path / "r.html", **evidence)
    page = Page((tmp_path / "r.html").read_text("utf-8"))
    head, *lines = page.tables[0]
    assert head[3:6] == ["90 % interval", "p, adjusted", "stability"]
    stable, given = evidence["stability"], evidence["intervals"]
    for line in lines:
        row = dict(zip(head, line, strict=True))
        j = given.features.index(row["feature"])
        low, high = (float(part.replace("−", "-").replace(",", "")) for part in row["90 % interval"].split(" to "))
        np.testing.assert_allclose([low, high], given.ci[j], rtol=1e-3)
        assert float(row["p, adjusted"]) == pytest.approx(given.adjusted[j], rel=0.05)
        share = stable.frequency[stable.feature_names.index(row["feature"])]
        assert row["stability"] == f"{100 * share:.0f} %"
    assert page.numbers["more"][:3] == head[3:6]
    assert f"among the first {stable.q}; from 80 %" in page.words
    assert "debiased lasso, of the coefficients of the full linear model" in page.words
    facts = json.loads(selection.to_json(**evidence))
    assert facts["stability"]["frequency"]["bmi"] == stable.frequency[stable.feature_names.index("bmi")]
    assert facts["intervals"]["level"] == 0.9
    assert "| 90 % interval | p, adjusted | stability |" in selection.to_markdown(**evidence)
    assert json.loads(selection.to_json())["stability"] is None


def test_they_go_with_a_model_file_too(selection, evidence, tmp_path):
    selection.save(tmp_path / "m.json")
    page = Page(riata.report.html(riata.load_model(tmp_path / "m.json"), **evidence))
    assert page.tables[0][0] == ["feature", "coefficient", "per SD", "90 % interval", "p, adjusted", "stability"]
    assert "need the data" in page.words


def test_an_infinite_interval_and_a_missing_one_are_said(selection, evidence):
    given = evidence["intervals"]
    ci, p = given.ci.copy(), given.adjusted.copy()
    bmi, bp = (given.features.index(name) for name in ("bmi", "bp"))
    ci[bmi], p[bp] = (-np.inf, np.inf), np.nan
    text = selection.to_markdown(intervals=dataclasses.replace(given, ci=ci, adjusted=p))
    assert "−∞ to ∞" in next(line for line in text.splitlines() if line.startswith("| bmi"))
    assert "| – | – |" in next(line for line in text.splitlines() if line.startswith("| bp"))


def test_what_is_stable_and_not_selected_is_named(diabetes, evidence):
    sparse = riata.select(*diabetes, lam=30.0, n_lams=10)
    stable = dataclasses.replace(evidence["stability"], selected=["bmi", "s6"])
    assert f"Stable, and not in this model: {'s6' if 'bmi' in sparse.features else 'bmi, s6'}." in sparse.to_markdown(
        stability=stable
    )


def test_results_about_something_else_are_refused(selection, evidence):
    other = dataclasses.replace(evidence["stability"], feature_names=[f"z{j}" for j in range(10)])
    with pytest.raises(InvalidOption, match="other features"):
        riata.report.html(selection, stability=other)
    with pytest.raises(InvalidOption, match=r"what riata\.stability_selection returns"):
        riata.report.html(selection, stability=evidence["intervals"])


# --- advice ----------------------------------------------------------------------------------------------------------


def checks(result):
    return [found.check for found in advice(content_of(result))]


def test_advice_is_given_where_it_is_due(diabetes, selection):
    X, y = diabetes
    assert checks(selection) == []
    assert checks(riata.select(X[:60], y[:60], n_lams=20)) == ["few rows"]
    end = riata.select(X, y, lams=[20.0, 15.0, 10.0], rule="min")
    assert checks(end.model) == ["end of the grid"]
    assert checks(end) == []  # the fit says so already
    assert "beyond the grid" in Page(riata.report.html(end)).words
    noise = np.random.default_rng(3)
    for seed in range(20):
        noise = np.random.default_rng(seed)
        found = riata.select(noise.standard_normal((150, 30)), noise.standard_normal(150), n_lams=30)
        if not found.features and found.choices["min"]["n_features"]:
            break
    assert checks(found) == ["empty model"]
    apart = riata.select(X, (X["bmi"] > 26).astype(float), family="binomial", rule="min", n_lams=60)
    assert checks(apart) == ["separable classes"]
    twins = riata.select(
        X.assign(near=X["bmi"] + 0.01 * noise.standard_normal(len(y)), far=noise.standard_normal(len(y))), y
    )
    (found,) = advice(content_of(twins))
    assert found.check == "twins"
    assert re.search(
        r"^1 selected feature could be swapped for a twin that stayed out: (bmi ~ near|near ~ bmi) ", found.what
    )


def test_advice_stands_with_its_remedy_in_every_form(diabetes):
    X, y = diabetes
    small = riata.select(X[:60], y[:60], n_lams=20)
    page = Page(riata.report.html(small))
    assert "60 rows make folds of 6.0" in page.words
    assert {"class": "do"} in page.named("span")
    assert "repeats=10 averages over other folds." in page.words
    assert "→ repeats=10" in small.to_markdown()
    (fact,) = json.loads(small.to_json())["findings"]
    assert fact["check"] == "few rows"
    assert "few rows" in checks(small.model)


# --- size ------------------------------------------------------------------------------------------------------------


def test_with_20_000_features_and_all_parts_it_stays_below_a_megabyte():
    """Long names, every feature with many twins, and everything beside it."""
    rng = np.random.default_rng(0)
    base = rng.standard_normal((120, 400))
    X = np.repeat(base, 50, axis=1) + 0.2 * rng.standard_normal((120, 20_000))
    y = base[:, :20] @ rng.standard_normal(20) + rng.standard_normal(120)
    names = [
        f"a rather long name of a column, number {j} of a table that came out of a laboratory" for j in range(20_000)
    ]
    selection = riata.select(X, y, feature_names=names, folds=5)
    stability = riata.stability_selection(X, y, feature_names=names, n_pairs=2)
    text = riata.report.html(selection, stability=stability)
    assert len(text.encode()) < 1_000_000
    assert {"Who says the same", "Held-out predictions", "Why zero is exact"} <= set(
        re.findall(r"<h2[^>]*>([^<]*)", text)
    )
    assert len(known_of(selection, selection.features).similar) > 5
