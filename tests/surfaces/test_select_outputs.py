"""riata.select for several classes and several targets: what is chosen, said, predicted and kept."""

import json

import numpy as np
import pytest
from scipy.special import softmax

import riata
from riata.core.errors import InvalidData, InvalidOption

pl = pytest.importorskip("polars", reason="tables need the extra riata[table]")

N = 120
KEEP = ["a", "b", "c", "d"]
WORDS = np.array(["iris", "rose", "tulip"])


@pytest.fixture(scope="module")
def table():
    """a tells of the kind, b of the first dose, c of both."""
    rng = np.random.default_rng(8)
    X = rng.standard_normal((N, 4))
    kind = WORDS[np.digitize(2 * X[:, 0] + rng.logistic(size=N), [-1, 1])]
    died = X[:, 1] + rng.logistic(size=N) > 0
    return pl.DataFrame(
        {name: X[:, j] for j, name in enumerate(KEEP)}
        | {
            "kind": kind,
            "dose_1": 2 * X[:, 1] + X[:, 2] + rng.standard_normal(N),
            "dose_2": 50 + X[:, 2] + 0.5 * rng.standard_normal(N),
            "days": rng.exponential(np.exp(-X[:, 0])),
            "status": np.where(died, 2.0, 1.0),
            "state": np.where(died, "dead", "alive"),
            "hits": rng.binomial(10, 1 / (1 + np.exp(-X[:, 3]))).astype(float),
        }
    ).with_columns(misses=10.0 - pl.col("hits"))


def chosen(table, y="kind", **more):
    return riata.select(table, y, **({"family": "multinomial", "keep": KEEP, "n_lams": 20, "folds": 4} | more))


@pytest.mark.parametrize("penalty", ["l1", "group"])
def test_classes(table, penalty, tmp_path):
    sel = chosen(table, penalty=penalty)
    X, y = table.select(KEEP).to_numpy(), table["kind"].to_numpy()
    assert sel.features[0] == "a"
    assert sel.path.outputs == WORDS.tolist()
    assert sel.cv.cvm[sel.index] < 0.9 * sel.null_loss
    assert riata.certify(sel.problem, *sel.path.at(sel.lam), sel.lam).gap_rel <= 1e-8
    direct = riata.path(X, y, family="multinomial", penalty=penalty, lams=sel.path.lams)
    np.testing.assert_allclose(sel.path.coef, direct.coef, atol=1e-9)
    sel.save(tmp_path / "m.json")
    back = riata.load_model(tmp_path / "m.json")
    assert back.outputs == tuple(WORDS)
    coef, intercept = direct.at(sel.lam)
    eta = X @ coef + intercept
    np.testing.assert_allclose(back.predict(table, kind="link"), eta, atol=1e-7)
    np.testing.assert_allclose(back.predict(table), softmax(eta, axis=1), atol=1e-7)
    np.testing.assert_array_equal(back.predict(table), sel.predict(table))
    labels = back.predict(table, kind="class")
    assert (labels == WORDS[eta.argmax(axis=1)]).all()
    assert (labels == y).mean() > 0.6
    whole = np.sum(coef.any(axis=1) & ~coef.all(axis=1))
    assert (whole == 0) == (penalty == "group"), "a group penalty takes all classes or none"


def test_the_table_has_a_row_for_each_feature_and_class(table):
    sel = chosen(table, rule="min")
    frame = sel.to_frame()
    assert list(frame) == ["feature", "output", "coef", "coef_per_sd"]
    coef, _ = sel.path.at(sel.lam)
    place = {name: j for j, name in enumerate(sel.path.feature_names)}
    for feature, output, value in zip(frame["feature"], frame["output"], frame["coef"], strict=True):
        assert value == coef[place[feature], sel.path.outputs.index(output)] != 0
    assert len(frame["coef"]) == np.count_nonzero(coef)
    effects = [np.abs(coef[place[name]]).max() * sel.path.scale[place[name]] for name in sel.features]
    assert effects == sorted(effects, reverse=True)
    assert list(dict.fromkeys(frame["feature"])) == sel.features
    text = sel.summary()
    assert "predict kind (iris, rose, tulip) (120 rows" in text
    assert text.splitlines()[3].split() == ["feature", "iris", "rose", "tulip", "most", "per", "SD"]
    assert "CV deviance" in text
    assert "CV accuracy" in chosen(table, measure="accuracy").summary()


def test_many_classes_stand_below_each_other(table):
    many = table.with_columns(kind=pl.Series([f"a rather long name {k}" for k in range(8)] * 15))
    text = chosen(many, lam=1e-3).summary()
    assert text.splitlines()[3].split() == ["feature", "output", "coefficient", "per", "SD", "sign"]
    assert max(len(line) for line in text.splitlines() if line.startswith("  ")) < 100


def test_classes_coded_by_numbers_and_of_arrays(table):
    X, y = table.select(KEEP).to_numpy(), table["kind"].to_numpy()
    words, code = chosen(table), np.searchsorted(WORDS, y)
    for target, classes in ((code + 1, [1, 2, 3]), (y, WORDS.tolist())):
        sel = riata.select(X, target, family="multinomial", n_lams=20, folds=4)
        assert sel.model.response == {"link": "softmax", "classes": classes}
        np.testing.assert_allclose(sel.predict(X), words.predict(table), atol=1e-9)
    assert set(sel.predict(X, kind="class")) <= set(WORDS)


def test_targets_beside_a_frame(table):
    """Words as an array, and several columns as a frame of their own, whose names they keep."""
    X = table.select(KEEP)
    options = {"family": "auto", "n_lams": 20, "folds": 4}
    for words in (table["kind"], table["kind"].to_numpy(), table["kind"].to_list()):
        sel = riata.select(X, words, **options)
        assert sel.to_frame() == chosen(table, family="auto").to_frame()
    doses = riata.select(X, table.select("dose_1", "dose_2"), **options)
    assert doses.path.outputs == ["dose_1", "dose_2"]
    assert doses.to_frame() == chosen(table, "dose_*", family="auto").to_frame()


def test_the_null_score_is_that_of_the_training_shares(table):
    """Folds that differ in their shares, scored by hand."""
    code = np.searchsorted(WORDS, table["kind"].to_numpy())
    folds = np.where(np.arange(N) % 5 == 0, 0, 1 + (code == 0))
    folds[:30] = np.arange(30) % 3
    sel = chosen(table, foldid=folds)
    share = np.array([[np.mean(code[folds != f] == k) for k in range(3)] for f in range(3)])
    assert sel.null_loss == pytest.approx(-2 * np.mean(np.log(share[folds, code])), rel=1e-10)
    stratified = chosen(table).cv.foldid[0]
    assert all(np.ptp(np.bincount(stratified[code == k], minlength=4)) <= 1 for k in range(3))


@pytest.mark.parametrize("penalty", ["l1", "group"])
def test_targets(table, penalty, tmp_path):
    options = {"family": "multigaussian", "penalty": penalty}
    sel = chosen(table, "dose_1,dose_2", **options)
    X, Y = table.select(KEEP).to_numpy(), table.select("dose_1", "dose_2").to_numpy()
    assert sel.features[:2] == ["b", "c"]
    assert sel.path.outputs == ["dose_1", "dose_2"]
    for same in (["dose_1", "dose_2"], "dose_*"):
        assert chosen(table, same, **options).to_frame() == sel.to_frame()
    by_array = riata.select(X, Y, n_lams=20, folds=4, penalty=penalty, family="auto")
    assert by_array.path.outputs == ["y0", "y1"]
    np.testing.assert_allclose(by_array.path.coef, sel.path.coef, atol=1e-10)
    mixed = riata.select(table.select(KEEP), Y, n_lams=20, folds=4, **options)
    np.testing.assert_allclose(mixed.path.coef, sel.path.coef, atol=1e-10)
    sel.save(tmp_path / "m.json")
    back = riata.load_model(tmp_path / "m.json")
    coef, intercept = sel.path.at(sel.lam)
    np.testing.assert_allclose(back.predict(table), X @ coef + intercept, rtol=1e-12)
    held = sel.cv.foldid[0]
    null = sum(((Y[held == f] - Y[held != f].mean(axis=0)) ** 2).sum() for f in range(4)) / N
    assert sel.null_loss == pytest.approx(null, rel=1e-12)
    assert "summed over 2 targets" in sel.summary()
    assert "predicting the means" in sel.summary()
    assert "(root:" not in sel.summary()
    record = json.loads((tmp_path / "m.json").read_text("utf-8"))
    assert record["data"]["target"] == "dose_1, dose_2"
    stored = record["path"]["coef"]["b"]
    np.testing.assert_array_equal(np.array(stored["value"]), sel.path.coef[1][:, stored["at"]].T)


def test_a_row_that_lacks_one_of_its_targets_is_left_out(table):
    gaps = table.with_columns(dose_1=pl.when(pl.col("a") > 1).then(None).otherwise(pl.col("dose_1")))
    full = table.filter(pl.col("a") <= 1)
    with pytest.raises(InvalidData, match=r"dose_2, dose_1 \(the target\)|dose_1, dose_2 \(the target\)"):
        chosen(gaps, "dose_*", family="multigaussian")
    sel = chosen(gaps, "dose_*", family="multigaussian", na="mean")
    assert sel.model.data["n_samples"] == len(full) < N
    np.testing.assert_allclose(sel.path.coef, chosen(full, "dose_*", family="multigaussian").path.coef, atol=1e-9)
    died = gaps.with_columns(state=pl.when(pl.col("a") > 1).then(None).otherwise(pl.col("state")))
    assert chosen(died, ("days", "state=dead"), family="cox", na="drop").model.data["n_samples"] == len(full)


def test_offsets_of_several_outputs(table):
    X, Y = table.select(KEEP).to_numpy(), table.select("dose_1", "dose_2").to_numpy()
    shift = np.column_stack([X[:, 3], -X[:, 3]])
    sel = riata.select(X, Y + shift, family="multigaussian", offset=shift, n_lams=20, folds=4)
    np.testing.assert_allclose(sel.path.coef, chosen(table, "dose_*", family="multigaussian").path.coef, atol=1e-9)
    np.testing.assert_allclose(sel.predict(X, offset=shift) - sel.predict(X), shift, atol=1e-12)
    with pytest.raises(InvalidData, match=r"offset does not fit[\s\S]*shape \(120, 2\)"):
        sel.predict(X, offset=X[:, 3])
    with pytest.raises(InvalidOption, match="linear predictor for each class or column"):
        chosen(table, offset="d")


def test_events_that_are_not_one(table):
    recoded = table.with_columns(died=(pl.col("status") == 2).cast(float))
    want = chosen(recoded, ("days", "died"), family="cox").path.coef
    for family in ("cox", "auto"):
        for y in ("days,status=2", ("days", "state=dead"), "days,died"):
            np.testing.assert_array_equal(chosen(recoded, y, family=family).path.coef, want)
    with pytest.raises(InvalidData, match=r"neither 0 nor 1[\s\S]*got:      1, 2[\s\S]*R codes it[\s\S]*status=2"):
        chosen(table, "days,status", family="cox")
    with pytest.raises(InvalidData, match=r"got:      alive, dead[\s\S]*state=dead"):
        chosen(table, "days,state", family="cox")
    with pytest.raises(InvalidData, match='no row of the event column "status" is 3'):
        chosen(table, "days,status=3", family="cox")


def test_counts_of_both_outcomes(table):
    sel = chosen(table, ("hits", "misses"), family="binomial")
    pairs = table.select("hits", "misses").to_numpy()
    direct = riata.path(table.select(KEEP).to_numpy(), pairs, family="binomial", lams=sel.path.lams)
    np.testing.assert_allclose(sel.path.coef, direct.coef, atol=1e-9)
    assert sel.features[0] == "d"
    assert sel.model.response["classes"] is None
    assert ((0 < sel.predict(table)) & (sel.predict(table) < 1)).all()


def test_the_square_root_lasso(table):
    sel = chosen(table, "dose_1", family="sqrt")
    assert sel.features[0] == "b"
    assert sel.largest_gap <= 1e-8
    assert "predicting the mean" in sel.summary()
    tenfold = chosen(table.with_columns(pl.col("dose_1") * 10), "dose_1", family="sqrt")
    np.testing.assert_allclose(tenfold.path.coef, 10 * sel.path.coef, atol=1e-6)


BAD = {
    "one column": ("dose_1", {"family": "multigaussian"}, InvalidOption, 'predicts several columns[\\s\\S]*"gaussian"'),
    "a class of one": ("rare", {}, InvalidData, r"1 of 3 classes has a single row[\s\S]*got:      lily"),
    "quantities": ("dose_1", {}, InvalidData, "120 of 120 classes have a single row"),
    "text among targets": (["dose_1", "kind"], {"family": "multigaussian"}, InvalidData, '"kind" holds text'),
    "auc": ("kind", {"measure": "auc"}, InvalidOption, "auc does not apply"),
    "mcp": ("kind", {"penalty": "mcp"}, InvalidOption, "one linear predictor"),
    "not there": ("days,dose_3", {"family": "multigaussian"}, InvalidOption, '"dose_3"[\\s\\S]*did you mean "dose_'),
    "no such pattern": ("doses_*", {"family": "auto"}, InvalidOption, "doses_"),
    "text without a family": ("kind", {"family": "gaussian"}, InvalidData, 'family="multinomial" models several'),
    "three of two": ("hits,misses,days", {"family": "binomial"}, InvalidOption, "has 3 columns, which family"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_targets_are_named(table, case):
    y, options, kind, said = BAD[case]
    rare = table.with_columns(rare=pl.Series(["lily", *(["iris", "rose"] * N)[: N - 1]]))
    with pytest.raises(kind, match=said):
        chosen(rare, y, **options)
