"""riata.select for two classes, counts, outliers and survival times: what it chooses, says, predicts and keeps."""

import json
import re

import numpy as np
import polars as pl
import pytest

import riata
from riata.core.errors import InvalidData, InvalidOption
from riata.losses import losses
from riata.model.answer import as_kind
from riata.select.families import decide
from riata.select.folds import make_folds


@pytest.fixture(scope="module")
def table():
    """150 rows; a, b and c tell of deaths, claims and illness in this order."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((150, 4))
    time, years = rng.exponential(np.exp(-X[:, 0])), rng.uniform(0.5, 2, 150)
    return pl.DataFrame(
        {name: X[:, j] for j, name in enumerate("abcd")}
        | {
            "ill": np.where(2 * X[:, 2] + rng.logistic(size=150) > 0, "yes", "no"),
            "claims": rng.poisson(years * np.exp(X[:, 1])),
            "years": years,
            "days": np.minimum(time, 2.0),
            "died": time < 2.0,
            "price": 3 * X[:, 3] + rng.standard_t(2, 150),
            "centre": ["m", "n", "n"] * 50,
        }
    )


KEEP = ["a", "b", "c", "d"]
TARGETS = {
    "binomial": ("ill", {}, "c"),
    "poisson": ("claims", {"exposure": "years"}, "b"),
    "cox": (("days", "died"), {"strata": "centre"}, "a"),
    "huber": ("price", {"delta": 2.0}, "d"),
}


def chosen(table, family, **more):
    y, options, _ = TARGETS[family]
    return riata.select(table, y, family=family, keep=KEEP, **(options | more))


@pytest.mark.parametrize("family", TARGETS)
def test_the_telling_feature_comes_first_and_the_model_survives_its_file(table, family, tmp_path):
    sel = chosen(table, family)
    assert sel.features[0] == TARGETS[family][2]
    assert sel.largest_gap <= 1e-8
    assert sel.cv.measure == "deviance"
    assert sel.cv.cvm[sel.index] < sel.null_loss
    sel.save(tmp_path / "m.json")
    back = riata.load_model(tmp_path / "m.json")
    assert back.family == family
    for kind in ("response", "link"):
        np.testing.assert_array_equal(back.predict(table, kind=kind), sel.predict(table, kind=kind))
    json.loads((tmp_path / "m.json").read_text("utf-8"))
    assert riata.certify(sel.problem, *sel.path.at(sel.lam), sel.lam).gap_rel <= 1e-8


@pytest.mark.parametrize("family", TARGETS)
def test_arrays_give_what_frames_give(table, family):
    y, options, _ = TARGETS[family]
    X = table.select(KEEP).to_numpy()
    target = table[y].to_numpy() if isinstance(y, str) else table.select(pl.col(y).cast(float)).to_numpy()
    options = {k: table[v].to_numpy() if isinstance(v, str) else v for k, v in options.items()}
    by_array = riata.select(X, target, family=family, **options)
    by_name = chosen(table, family)
    assert by_array.lam == pytest.approx(by_name.lam)
    np.testing.assert_allclose(by_array.path.coef, by_name.path.coef, rtol=1e-7, atol=1e-10)


def test_probabilities_classes_and_links(table):
    sel = chosen(table, "binomial")
    assert sel.model.response["classes"] == ["no", "yes"]
    p, eta = sel.predict(table), sel.predict(table, kind="link")
    np.testing.assert_allclose(p, 1 / (1 + np.exp(-eta)))
    labels = sel.predict(table, kind="class")
    assert (labels == np.where(p > 0.5, "yes", "no")).all()
    assert (labels == table["ill"].to_numpy()).mean() > 0.7
    with pytest.raises(InvalidOption, match='did you mean "class"'):
        sel.predict(table, kind="clas")
    with pytest.raises(InvalidOption, match="no classes"):
        chosen(table, "poisson").predict(table, kind="class")


def test_the_summary_names_class_score_and_ratio(table):
    text = chosen(table, "binomial").summary()
    for words in ("ill = yes (150 rows", "mean deviance", "without features", "odds ratio", "% less"):
        assert words in text, words
    sel = chosen(table, "binomial", measure="auc")
    assert "area under the ROC curve" in sel.summary()
    assert "without features: 0.5." in sel.summary()
    assert sel.cv.cvm[sel.index] > 0.7
    assert "rate ratio" in chosen(table, "poisson").summary()
    assert "hazard ratio" in chosen(table, "cox").summary()
    frame = chosen(table, "poisson").to_frame()
    np.testing.assert_allclose(frame["rate ratio"], np.exp(frame["coef"]))


def test_counts_with_and_without_their_exposure(table):
    sel = chosen(table, "poisson")
    counts = sel.predict(table)
    with pytest.warns(UserWarning, match=r'no column "years".*rates for exposure 1'):
        rates = sel.predict(table.drop("years"))
    np.testing.assert_allclose(counts, rates * table["years"].to_numpy())
    assert counts.sum() == pytest.approx(table["claims"].sum())  # the intercept's own equation
    offset = riata.select(table, "claims", family="poisson", keep=KEEP, offset=np.log(table["years"].to_numpy()))
    np.testing.assert_array_equal(offset.path.coef, sel.path.coef)
    with pytest.raises(InvalidOption, match="no exposure"):
        riata.select(table, "price", exposure="years")
    with pytest.raises(InvalidData, match="exposure must be positive"):
        riata.select(table, "claims", family="poisson", exposure="a")


def test_survival_from_the_file(table):
    sel = chosen(table, "cox")
    strata = table["centre"].to_numpy()
    times = table["days"].to_numpy()
    H = -np.log(sel.model.predict_survival(table, times, strata=strata).diagonal())
    assert H.sum() == pytest.approx(table["died"].sum())  # martingale residuals sum to 0
    hazard = sel.predict(table)
    np.testing.assert_allclose(np.log(hazard), sel.predict(table, kind="link") - sel.predict(table, kind="link").mean())
    with pytest.raises(InvalidData, match="for each stratum"):
        sel.model.predict_survival(table, [1.0])
    with pytest.raises(InvalidOption, match="no survival times"):
        chosen(table, "poisson").model.predict_survival(table, [1.0])
    cox = riata.CoxLasso(alpha=sel.lam).fit(
        table.select(KEEP).to_numpy(), table.select(pl.col("days", "died").cast(float)).to_numpy(), strata=strata
    )
    theirs = cox.predict_survival_function(table.select(KEEP).to_numpy(), [0.5, 1.0], strata=strata)
    np.testing.assert_allclose(sel.model.predict_survival(table, [0.5, 1.0], strata=strata), theirs, rtol=1e-4)


def test_auto_says_what_it_chose_and_why(table):
    cases = {
        "binomial": ("ill", {}, r"two values \(no, yes\)"),
        "cox": ("days,died", {}, "times and events"),
        "poisson": ("claims", {"exposure": "years"}, "an exposure was given"),
        "gaussian": ("price", {}, "150 different numbers"),
        "multinomial": ("grade", {}, r"3 classes \(u, v, w\)"),
        "multigaussian": ("price,years", {}, "2 columns of numbers"),
    }
    table = table.with_columns(grade=pl.Series(["u", "v", "w"] * 50))
    for family, (y, options, why) in cases.items():
        sel = riata.select(table, y, family="auto", keep=KEEP, folds=3, n_lams=20, **options)
        assert sel.model.family == family
        (note,) = [note for note in sel.notes if note.startswith("family")]
        assert family in note
        assert re.search(why, note), note
    counts = riata.select(table, "claims", family="auto", keep=KEEP, folds=3, n_lams=20)
    assert counts.model.family == "gaussian"
    assert 'family="poisson" models them' in counts.notes[0]
    assert decide(np.array([0.0, 1.0, 1.0]), None, False)[0] == "binomial"
    assert decide(np.array([1.0, 2.0, 3.0]), None, False)[1].endswith(
        'from 1: if they are classes, family="multinomial" does.'
    )
    assert "counts" in decide(np.arange(40.0), None, False)[1]
    assert "classes" not in decide(np.arange(40.0), None, False)[1]


def test_families_that_there_are_not(table):
    with pytest.raises(InvalidOption, match='did you mean "binomial"'):
        riata.select(table, "ill", family="binomail")
    with pytest.raises(InvalidData, match=r'holds text, not numbers[\s\S]*family="binomial" models two classes'):
        riata.select(table, "ill")
    with pytest.raises(InvalidOption, match='expected: "time,event"'):
        riata.select(table, "days", family="cox")
    with pytest.raises(InvalidOption, match='has 2 columns, which family="poisson" cannot take: days, died'):
        riata.select(table, ("days", "died"), family="poisson")
    with pytest.raises(InvalidData, match=r'event column "ill" holds what is neither 0 nor 1[\s\S]*ill=yes'):
        riata.select(table, ("days", "ill"), family="cox")
    with pytest.raises(InvalidOption, match="c_index does not apply"):
        riata.select(table, "ill", family="binomial", measure="c_index")


def test_missing_targets_and_imputed_features(table):
    gaps = table.with_columns(
        ill=pl.when(pl.col("d") > 1).then(None).otherwise(pl.col("ill")),
        a=pl.when(pl.col("b") > 1).then(None).otherwise(pl.col("a")),
    )
    sel = riata.select(gaps, "ill", family="binomial", keep=KEEP, na="mean", n_lams=20)
    assert sel.model.data["n_samples"] == int((table["d"] <= 1).sum())
    assert sel.largest_gap <= 1e-8
    assert sel.features[0] == "c"


def test_folds_keep_the_classes_in_proportion(table):
    y = (np.arange(103) % 9 == 0).astype(float)
    folds = make_folds(103, 10, strata=y)[0]
    assert np.ptp(np.bincount(folds)) <= 1
    assert np.ptp(np.bincount(folds, weights=y)) <= 1
    assert np.ptp(np.bincount(make_folds(103, 10)[0], weights=y)) > 1  # without strata they are not
    sel = chosen(table, "binomial")
    assert np.ptp(np.bincount(sel.cv.foldid[0], weights=table["ill"].to_numpy() == "yes")) <= 1
    sel = chosen(table, "cox")
    assert np.ptp(np.bincount(sel.cv.foldid[0], weights=table["died"].to_numpy())) <= 1


def test_a_class_with_two_members_in_ten_folds(table):
    rare = np.zeros(150, int)
    rare[[3, 77]] = 1
    X = table.select(KEEP).to_numpy()
    sel = riata.select(X, rare, family="binomial")
    assert np.isfinite(sel.cv.cvm).all()
    assert np.isfinite(sel.predict(X)).all()
    assert sel.largest_gap <= 1e-8
    rare[77] = 0
    with pytest.raises(InvalidData, match="all of one class"):
        riata.select(X, rare, family="binomial")


def test_the_null_score_is_that_of_the_training_rates(table):
    """Each training set's own share of the ill, scored on the rows that it did not see; three folds that differ."""
    y = (table["ill"].to_numpy() == "yes").astype(float)
    folds = np.where(np.arange(150) % 5 == 0, 0, np.where(y > 0, 1, 2))
    folds[:20] = np.arange(20) % 3
    sel = riata.select(table, "ill", family="binomial", keep=KEEP, foldid=folds, n_lams=10)
    p = np.array([y[folds != fold].mean() for fold in folds])
    by_hand = -2 * np.mean(np.log(np.where(y > 0, p, 1 - p)))
    assert sel.null_loss == pytest.approx(by_hand, rel=1e-12)
    assert abs(by_hand + 2 * np.mean(np.log(np.where(y > 0, y.mean(), 1 - y.mean())))) > 0.1


def test_a_leak_is_suspected(table):
    leaky = table.with_columns(code=pl.when(pl.col("ill") == "yes").then(1.0).otherwise(0.0))
    sel = riata.select(leaky, "ill", family="binomial", keep=[*KEEP, "code"], rule="min", lam_min_ratio=1e-6)
    assert sel.features[0] == "code"
    assert any("almost perfect" in sentence for sentence in sel.warnings)
    assert np.isfinite(sel.predict(leaky)).all()


def test_what_the_command_line_reads_of_the_registries_is_what_they_hold():
    """It reads the files, since importing them would import NumPy for every --help."""
    from riata.cli import registry
    from riata.penalties import penalties
    from riata.scores import scores

    assert registry.names("riata.scores") == sorted(scores())
    read = {entry.name: entry for entry in registry.entries("riata.losses")}
    assert {name: entry.words for name, entry in read.items()} == {n: loss.words for n, loss in losses().items()}
    read = {entry.name: entry for entry in registry.entries("riata.penalties")}
    assert {name: entry.options for name, entry in read.items()} == {n: p.options() for n, p in penalties().items()}
    assert {name: entry.words for name, entry in read.items()} == {n: p.words for n, p in penalties().items()}


@pytest.mark.parametrize("name", sorted(losses()))
def test_the_link_that_a_loss_declares_is_what_its_mean_inverts(name):
    """A model file keeps the word alone."""
    rng = np.random.default_rng(1)
    loss = losses()[name]
    for y, options in loss.examples(rng, 30):
        made = loss.parse(y, **options)
        eta = rng.standard_normal((30, made.n_outputs) if made.n_outputs > 1 else 30)
        np.testing.assert_allclose(as_kind({"link": loss.link}, eta, "response"), made.mean(eta), rtol=1e-13)
