"""`riata compare`: the same answer as riata.compare for every option, a verdict that counts, and what it warns of."""

import json
import shlex

import numpy as np
import pytest

import riata
from riata.cli import main

pl = pytest.importorskip("polars", reason="the command line reads tables with the extra riata[table]")
SMALL = "--n-lams 12 --folds 4"


def run(line):
    return main(shlex.split(line)[1:])


def compared(capsys, words):
    assert run(f"riata compare houses.csv -y price --json {words}") == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "keywords"),
    [
        ("", {}),
        ("--drop town,rent --seed 3", {"drop": ["town", "rent"], "seed": 3}),
        ("--fold-groups distance", {"fold_groups": "distance"}),
        ("--penalty-factor x0=0,town=inf --positive", {"penalty_factor": {"x0": 0, "town": np.inf}, "positive": True}),
        ("--repeats 2 --measure mae", {"repeats": 2, "measure": "mae"}),
        ("--no-standardize --no-intercept", {"standardize": False, "fit_intercept": False}),
        ("--na mean", {"na": "mean"}),
    ],
)
def test_options_mean_what_the_keywords_mean(tables, capsys, words, keywords):
    X = pl.read_csv("houses.csv").with_columns(distance=(pl.col("distance") * 2).round())
    if "mean" in words:
        X = X.with_columns(x1=pl.when(pl.int_range(120) % 7 == 0).then(None).otherwise(pl.col("x1")))
    X.write_csv("houses.csv")
    made = compared(capsys, f"{SMALL} {words}")
    found = riata.compare(X, "price", n_lams=12, folds=4, **keywords)
    for key, values in found.to_frame().items():
        same = made["curves"][key]
        assert same == (pytest.approx(values, rel=1e-7) if isinstance(values[0], float) else values), key
    assert made["best"] == found.best
    if keywords and "mean" not in words:
        plain = riata.compare(X, "price", n_lams=12, folds=4)
        assert found.to_frame()["error"] != pytest.approx(plain.to_frame()["error"]), "the option changed nothing"


def test_rows_of_one_group_are_held_out_together(tables):
    """A target that is the same within a group is foretold only by rows of that group: the error tells a leak."""
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(30), 4)
    X = np.eye(30)[group] + 0.01 * rng.standard_normal((120, 30))
    y = rng.standard_normal(30)[group]
    leak, apart = (
        min(riata.compare(X, y, fold_groups=groups, n_lams=20).fits["lasso"].cvm) for groups in (None, group)
    )
    assert leak < 0.1 * np.var(y)
    assert apart > 0.7 * np.var(y)


def test_missing_values_are_filled_inside_each_fold():
    """The mean of a column with one huge value differs between folds; so does the error."""
    frame = pl.DataFrame({"a": [None, 1e6, *range(38)], "y": [float(i % 7) for i in range(40)]}, strict=False)
    found = riata.compare(frame, "y", na="mean", n_lams=8, folds=4)
    filled = frame.with_columns(pl.col("a").fill_null(pl.col("a").mean()), pl.col("a").is_null().cast(float).alias("m"))
    outside = riata.compare(filled, "y", n_lams=8, folds=4)
    assert found.fits["ridge"].cvm.tolist() != pytest.approx(outside.fits["ridge"].cvm.tolist(), rel=1e-6)


def test_the_verdict_takes_the_difference_fold_by_fold(tables, capsys):
    assert run(f"riata compare houses.csv -y price --drop town,rent {SMALL}") == 0
    out = capsys.readouterr().out
    found = riata.compare(pl.read_csv("houses.csv"), "price", drop=["town", "rent"], n_lams=12, folds=4)
    assert f"is that of {found.best}, " in out
    for name in set(found.fits) - {found.best}:
        loss = {m: found.fits[m].loss[found.fits[m].index("min")] for m in (name, found.best)}
        away = loss[name] - loss[found.best]
        assert len(away) == 4
        mean, se = found.behind(name)
        weight = found.fits[name].fold_weight
        assert mean == pytest.approx(np.average(away, weights=weight))
        assert se == pytest.approx(np.sqrt(np.average((away - mean) ** 2, weights=weight) / 3))
        line = next(line for line in out.splitlines() if line.startswith(f"{name}, with"))
        assert ("no clear difference" in line) == (mean <= 3.182 * se)  # Student's 97.5 % point for 3 degrees
    assert found.behind(found.best) == (0.0, 0.0)


def test_larger_may_be_better(tables):
    y = pl.read_csv("patients.csv")
    found = riata.compare(y, "diagnosis", family="binomial", measure="auc", n_lams=10, folds=4)
    best = {name: cv.cvm.max() for name, cv in found.fits.items()}
    assert best[found.best] == max(best.values())
    assert all(found.behind(name)[0] >= 0 for name in found.fits)


def test_models_by_their_ratios(tables, capsys):
    made = compared(capsys, f"{SMALL} --ratios lasso=1 --ratios 'half and half=0.5,much=0.9'")
    assert {name: model["l1_ratio"] for name, model in made["models"].items()} == {
        "lasso": 1.0, "half and half": 0.5, "much": 0.9}  # fmt: skip
    assert run(f"riata compare houses.csv -y price {SMALL} --ratios lasso=2") == 2
    assert "0 (ridge) to 1 (lasso)" in capsys.readouterr().err


def test_a_grid_that_ends_too_early_is_said(tables, capsys):
    words = "riata compare houses.csv -y price --drop town --folds 4 --lams"
    assert run(f"{words} 9,5,2") == 0
    assert "warning: lasso: The smallest loss is at the smallest lambda" in (err := capsys.readouterr().err)
    assert "--lam-min-ratio" in err
    assert run(f"{words} 2,0.3,0.001 --ratios lasso=1".replace("-y price", "-y x1 --drop rent,price")) == 0  # noise
    assert "smallest lambda" not in capsys.readouterr().err


def test_strict(tables, capsys):
    assert run(f"riata compare houses.csv -y price {SMALL} --strict") == 0
    assert run(f"riata compare houses.csv -y price {SMALL} --strict --tol 1e-300 --plot p.png") == 1
    assert "above tol" in (err := capsys.readouterr().err)
    assert "p.png was not written" in err
    assert not (tables / "p.png").exists()
