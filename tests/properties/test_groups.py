"""Groups and several outputs through `riata.path`: certified, in the forms that people write them, and in folds."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import MultiTaskLasso

import riata
from riata.certify import certify_many
from riata.core.errors import InvalidOption
from riata.core.groups import Groups
from riata.path import fit_path, make_problem
from riata.select.cv import cross_validate

RNG = np.random.default_rng(8)
X = RNG.normal(size=(60, 12)) + RNG.normal(size=(60, 1))
ETA = X[:, 0] + X[:, 1] - X[:, 6]
TARGETS = {
    "gaussian": ETA + RNG.normal(size=60),
    "binomial": ETA + RNG.logistic(size=60) > 0,
    "poisson": RNG.poisson(np.exp(0.3 * ETA)),
    "huber": ETA + RNG.standard_t(2, size=60),
    "cox": np.column_stack([RNG.exponential(np.exp(-ETA)), RNG.random(60) < 0.8]),
    "multinomial": np.array(["low", "mid", "high"])[np.digitize(ETA + RNG.normal(size=60), [-1, 1])],
    "multigaussian": np.column_stack([ETA, -ETA, X[:, 3]]) + RNG.normal(size=(60, 3)),
}
OUTPUTS = ("multinomial", "multigaussian")


def certified(problem, path):
    found = certify_many(problem, path.coef, path.intercept, path.lams)
    gaps = np.array([c.gap_rel for c in found])
    assert gaps.max() < 1e-8
    assert np.all(gaps <= path.gap_rel + 1e-11)


@pytest.mark.parametrize("family", sorted(TARGETS))
@pytest.mark.parametrize(
    ("penalty", "options"),
    [
        ("l1", {}),
        ("l1", {"l1_ratio": 0.5}),
        ("group", {"groups": np.arange(12) // 3}),
        ("group", {"groups": np.arange(12) // 3, "l1_ratio": 0.5, "group_weights": [0.0, 1.0, 2.0, 3.0]}),
        ("sparse_group", {"groups": np.arange(12) // 3, "share": 0.3}),
    ],
)
def test_every_family_under_every_group_penalty_is_certified(family, penalty, options):
    if family in OUTPUTS and penalty == "sparse_group":
        with pytest.raises(InvalidOption):
            make_problem(X, TARGETS[family], family=family, penalty=penalty, **options)
        return
    weight = RNG.integers(0, 3, 60)
    problem = make_problem(X, TARGETS[family], family=family, penalty=penalty, sample_weight=weight, **options)
    certified(problem, fit_path(problem, n_lams=10, lam_min_ratio=5e-2))


def test_rows_of_several_outputs_are_the_multi_task_lasso():
    Y = TARGETS["multigaussian"]
    path = riata.path(X, Y, family="multigaussian", penalty="group", standardize=False, lams=[0.5, 0.1])
    assert path.coef.shape == (12, 3, 2)
    for k, lam in enumerate([0.5, 0.1]):
        peer = MultiTaskLasso(lam, tol=1e-12, max_iter=100_000).fit(X, Y)
        np.testing.assert_allclose(path.coef[:, :, k], peer.coef_.T, atol=1e-6)
    np.testing.assert_allclose(path.predict(X, 0.1), peer.predict(X), atol=1e-5)
    assert list(path.df) == [np.count_nonzero(path.coef[:, 0, k]) for k in range(2)]


def test_groups_of_one_are_the_lasso():
    plain = riata.path(X, TARGETS["binomial"], family="binomial", n_lams=8, lam_min_ratio=0.05)
    single = riata.path(X, TARGETS["binomial"], family="binomial", penalty="group", lams=plain.lams)
    np.testing.assert_allclose(single.coef, plain.coef, atol=1e-5)


def test_classes_name_the_outputs_of_a_frame():
    data, y = load_iris(return_X_y=True)
    path = riata.path(data, np.array(["setosa", "versicolor", "virginica"])[y], family="multinomial", n_lams=10)
    assert path.outputs == ["setosa", "versicolor", "virginica"]
    frame = path.to_frame()
    assert set(frame["output"]) <= set(path.outputs)
    k, coef = len(path.lams) - 1, path.coef
    last = [v for lam, v in zip(frame["lambda"], frame["coef"], strict=True) if lam == path.lams[k]]
    assert sorted(last) == sorted(coef[..., k][coef[..., k] != 0])
    hits = np.mean(path.predict(data, path.lams[-1]).argmax(axis=1) == y)
    assert hits > 0.9


@pytest.mark.parametrize("family", ["gaussian", "multinomial", "multigaussian"])
def test_cross_validation_is_refits(family):
    penalty = {"penalty": "group", "groups": np.arange(12) // 3} if family == "gaussian" else {}
    problem = make_problem(X, TARGETS[family], family=family, **penalty)
    folds = np.arange(60) % 3
    cv = cross_validate(problem, foldid=folds[None], n_lams=6, lam_min_ratio=0.1)
    one = fit_path(problem.train_on(folds != 1), cv.lams)
    s = (folds == 1) / 20.0
    loss = problem.loss
    k = 3
    eta = X @ one.coef[..., k] + one.intercept[..., k]
    expected = loss.deviance(eta, s)
    assert cv.loss[k, 1] == pytest.approx(expected, rel=1e-9)
    assert np.isfinite(cv.cvm).all()


def test_forms_of_groups():
    names = ["age", "gene_a", "gene_b", "dose", "site_1", "site_2"]
    labels = Groups.of([0, 1, 1, 2, 3, 3], names, 6)
    listed = Groups.of([[1, 2], ["site_1", "site_2"]], names, 6)
    named = Groups.of({"genes": "gene_*", "site": ["site_1", "site_2"]}, names, 6, {"genes": 5.0})
    for other in (listed, named):
        pairs = np.equal.outer(other.index, other.index)
        np.testing.assert_array_equal(pairs, np.equal.outer(labels.index, labels.index))
    assert named.factor[0] == 5.0
    assert labels.factor[1] == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"a": ["gene_x"]}, "No feature is called"),
        ([[0, 1], [1, 2]], "in two groups"),
        ([[0, 9]], "no such feature"),
    ],
)
def test_bad_groups_are_a_sentence(spec, words):
    with pytest.raises(InvalidOption, match=words):
        Groups.of(spec, ["a", "b", "c", "d"], 4)


def test_bounds_do_not_go_with_groups():
    with pytest.raises(InvalidOption, match="Bounds"):
        make_problem(X, TARGETS["gaussian"], penalty="group", lower=0.0)
