"""riata.doctor: every check finds what was planted, names it, and is silent on clean data."""

import json

import numpy as np
import pytest

import riata
from riata.cli import main
from riata.doctor.checks import CHECKS

pl = pytest.importorskip("polars", reason="tables need the extra riata[table]")


def clean(n=200, seed=0):
    rng = np.random.default_rng(seed)
    table = {name: rng.standard_normal(n) for name in "abcde"}
    return table | {"y": table["a"] + rng.standard_normal(n)}


def checks_of(table, y="y", **options):
    return {found.check: found for found in riata.doctor(pl.DataFrame(table), y, **options).findings}


def test_clean_data_pass_every_check():
    report = riata.doctor(pl.DataFrame(clean()), "y")
    assert report.findings == ()
    assert set(report.passed) == set(CHECKS)
    assert "no findings" in report.summary()


def with_gap(t):
    return t | {"a": [None, *t["a"][1:].tolist()]}


PLANTED = {
    "missing values": (with_gap, "a (1)"),
    "constant columns": (lambda t: t | {"flat": np.ones(200)}, "flat"),
    "nearly constant columns": (lambda t: t | {"rare": np.arange(200) == 7}, "rare"),
    "identifiers": (lambda t: t | {"key": np.arange(200) + 1000}, "key"),
    "duplicate columns": (lambda t: t | {"fahrenheit": 1.8 * t["b"] + 32}, "b = fahrenheit"),
    "twins": (lambda t: t | {"twin": t["b"] + 0.1 * t["c"]}, "b ~ twin"),
    "leakage suspects": (lambda t: t | {"paid": t["y"] + 0.01 * t["b"]}, "paid"),
    "unequal scales": (lambda t: t | {"c": 1e5 * t["c"]}, "(c)"),
    "repeated rows": (lambda t: {k: np.concatenate([v[:190], v[:10]]) for k, v in t.items()}, "10 rows"),
    "class imbalance": (lambda t: t | {"y": np.where(np.arange(200) % 25 == 0, "ill", "well")}, "8 rows (4.0 %)"),
    "few rows": (lambda t: {k: v[:30] for k, v in t.items()}, "30 rows in 10 folds"),
    "more features than rows can tell": (
        lambda t: {k: v[:30] for k, v in t.items()}
        | {f"z{j}": np.random.default_rng(j + 1).standard_normal(30) for j in range(12)}, "17 features for 30 rows",
    ),
}  # fmt: skip


@pytest.mark.parametrize("check", PLANTED)
def test_what_is_planted_is_found(check):
    plant, words = PLANTED[check]
    found = checks_of(plant(clean()))
    assert check in found
    assert words in found[check].what
    assert found[check].do
    assert np.isfinite(found[check].number)


def test_a_missing_target_is_not_to_be_filled():
    table = clean()
    table["y"] = [None, *table["y"][1:].tolist()]
    assert "fills" not in checks_of(table)["missing values"].do
    both = checks_of(with_gap(table))["missing values"].do
    assert both.index("rows without the target") < both.index("fills them")


def test_a_leak_of_classes_is_found_by_rank():
    table = clean()
    table["y"] = np.where(table["a"] > 0.5, "yes", "no")
    found = checks_of(table)["leakage suspects"]
    assert found.columns == ("a",)
    assert found.serious
    assert found.number == 1.0


def test_arrays_with_gaps():
    X = np.random.default_rng(0).standard_normal((100, 3))
    y = X[:, 0] + np.random.default_rng(1).standard_normal(100)
    X[3, 1] = np.nan
    (found,) = riata.doctor(X, y).findings
    assert found.what == "1 column with missing values: x1 (1)."


def test_the_command(tmp_path, capsys):
    table = clean() | {"key": [f"h{i}" for i in range(200)]}
    table["paid"] = 2 * table["y"]
    file = tmp_path / "t.csv"
    pl.DataFrame(table).write_csv(file)
    assert main(["doctor", str(file), "-y", "y"]) == 0
    out, _ = capsys.readouterr()
    assert "! leakage suspects: paid (1.0000) alone all but gives y." in out
    assert "identifiers: key" in out
    assert main(["doctor", str(file), "-y", "y", "--strict", "--json"]) == 1
    assert {f["check"] for f in json.loads(capsys.readouterr().out)["findings"]} == {"leakage suspects", "identifiers"}
    assert main(["doctor", str(file), "-y", "y", "--strict", "--drop", "paid,key"]) == 0
