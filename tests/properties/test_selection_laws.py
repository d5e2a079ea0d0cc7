"""What is selected depends neither on units nor on order: for every rule and every `riata select --method`.

Rules and methods are read from their registries, so that a new one is asked too.
"""

import json

import numpy as np
import pytest

import riata
from riata.cli import main
from riata.inference.methods import methods
from riata.select.rules import criteria, rules

UNITS = {"y times 1e-6": 1e-6, "y times 1e6": 1e6, "y times -3": -3.0}
CHANGES = [*UNITS, "X times D", "columns permuted", "rows shuffled"]

# What each method is called with beside the data; rows stand for the folds and halves that move with the rows.
HOW = {
    "mfdr": {"level": 0.3},
    "stability": {"q": 5, "threshold": 0.7, "halves": "halves"},
    "knockoffs": {"fdr": 0.4, "seed": 1},
    "debiased": {"foldid": "foldid"},
    "post_selection": {"lam": 0.3},
    "multi_split": {"foldid": "foldid", "halves": "halves"},
}


def made(n, p, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    X[:, 1:] += 0.5 * X[:, :-1]
    X[:, p // 2 :] = X[:, p // 2 :] > 0.4  # columns of zeros and ones too
    y = X[:, [0, 3, 6, 9, p - 8, p - 5]] @ [1.5, -1.5, 1.0, 0.4, 1.5, 0.3] + rng.standard_normal(n)
    return X, y, rng.permutation(n) % 5, np.array([rng.permutation(n) % 2 for _ in range(8)])


def changed(change, X, y, foldid, halves):
    """(X, y, names, foldid, halves) after a change, and what λ was multiplied by."""
    rng = np.random.default_rng(11)
    n, p = X.shape
    rows, columns, units, factor = np.arange(n), np.arange(p), np.ones(p), UNITS.get(change, 1.0)
    if change == "X times D":
        units = 10.0 ** rng.uniform(-4, 4, p) * rng.choice([-1.0, 1.0], p)
    if change == "columns permuted":
        columns = rng.permutation(p)
    if change == "rows shuffled":
        rows = rng.permutation(n)
    names = [f"x{j}" for j in columns]
    return (X * units)[rows][:, columns], factor * y[rows], names, foldid[rows], halves[:, rows], abs(factor)


@pytest.fixture(scope="module", params=[(120, 20), (60, 90)], ids=["tall", "wide"])
def chosen(request):
    """Data, and what every rule chooses there."""
    data = made(*request.param)
    X, y, foldid, _ = data
    sel = riata.select(X, y, foldid=foldid)
    return data, {rule: set(sel.choose(rule).features) for rule in rules()}


@pytest.mark.parametrize("change", CHANGES)
def test_every_rule_selects_the_same(chosen, change):
    data, before = chosen
    X, y, names, foldid, *_ = changed(change, *data)
    sel = riata.select(X, y, foldid=foldid, feature_names=names)
    assert {rule: set(sel.choose(rule).features) for rule in before} == before


def test_the_rules_above_are_all_there_are_and_differ(chosen):
    _, before = chosen
    assert {"min", "1se", "aic", "aicc", "bic", "ebic", "hbic", "cp", "gcv"} <= set(before)
    assert set(criteria()) <= set(before)
    assert len({frozenset(features) for features in before.values()}) >= 3
    assert all(before.values())


def asked(name, data, lam_factor=1.0, names=None):
    X, y, foldid, halves = data
    per_row = {"foldid": foldid, "halves": halves}
    how = {key: per_row[value] if isinstance(value, str) else value for key, value in HOW[name].items()}
    if "lam" in how:
        how["lam"] *= lam_factor
    found = methods()[name].load()(X, y, feature_names=names, **how)
    assert found.selected
    return set(found.selected)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", methods())
def test_every_method_selects_the_same(name, change):
    data = made(120, 20)
    X, y, names, foldid, halves, factor = changed(change, *data)
    assert asked(name, (X, y, foldid, halves), factor, names) == asked(name, data)


@pytest.mark.parametrize("name", methods())
def test_the_command_line_selects_the_same(name, tmp_path, capsys):
    """In other units and another order of columns; rows as they are, for folds are drawn by their places."""
    pl = pytest.importorskip("polars", reason="the command line reads tables with the extra riata[table]")
    X, y, *_ = made(120, 20)
    rng = np.random.default_rng(4)
    units, order, found = 10.0 ** rng.uniform(-3, 3, 20), rng.permutation(20), []
    words = [f"--{key} {value}" for key, value in HOW[name].items() if not isinstance(value, str)]
    for scale, A, at in ((1.0, X, np.arange(20)), (1e3, X * units, order)):
        file = tmp_path / f"{scale:g}.csv"
        pl.DataFrame({"y": scale * y} | {f"x{j}": A[:, j] for j in at}).write_csv(file)
        line = f"select {file} -y y --method {name} --json {' '.join(words)}".replace(
            "--lam 0.3", f"--lambda {0.3 * scale}"
        )
        assert main(line.split()) == 0
        found.append(set(json.loads(capsys.readouterr().out)["selected"]))
    assert found[0] == found[1] != set()
