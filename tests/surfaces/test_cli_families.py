"""`riata fit` and `predict` for two classes, counts, outliers and survival times: options, output, messages, help."""

import csv
import json
import shlex

import numpy as np
import pytest

from riata.cli import words
from riata.cli.app import main
from riata.cli.commands import fit


def run(line):
    return main(shlex.split(line)[1:])


@pytest.mark.parametrize("line", [line for line in fit.__doc__.splitlines() if line.startswith("riata ")])
def test_the_examples_of_the_help_text_find_what_matters(tables, capsys, line):
    assert run(line + " --strict") == 0
    out, err = capsys.readouterr()
    assert "x0" in out
    assert "within tol" in out
    assert "warning" not in err


def test_the_help_knows_families_and_penalties(capsys):
    assert main(["fit", "--help"]) == 0
    text = capsys.readouterr().out
    for word in (
        "--family", "--exposure", "--time", "--event", "--start", "--strata", "auc", "c_index", "--groups", "--gamma",
        "multinomial: one of several classes", "mcp (3.0)", "lasso; with --l1-ratio below 1",
    ):  # fmt: skip
        assert word in text


def test_probabilities_and_classes(tables, capsys):
    assert run("riata fit patients.csv -y diagnosis --family auto -o m.json") == 0
    out, err = capsys.readouterr()
    assert "diagnosis = sick" in out
    assert "odds ratio" in out
    assert "note: family binomial was chosen: the target has two values (healthy, sick)" in err
    assert run("riata predict m.json patients.csv") == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [float(row["prediction"]) > 0.5 for row in rows] == [row["class"] == "sick" for row in rows]
    assert run("riata predict m.json patients.csv --kind class") == 0
    assert capsys.readouterr().out.split() == ["prediction", *(row["class"] for row in rows)]
    assert run("riata predict m.json patients.csv --kind link -o link.csv") == 0
    eta = np.loadtxt("link.csv", skiprows=1)
    np.testing.assert_allclose(1 / (1 + np.exp(-eta)), [float(row["prediction"]) for row in rows])
    assert run("riata inspect m.json") == 0
    assert "binomial model for diagnosis = sick" in capsys.readouterr().out


def test_json_names_family_and_classes(tables, capsys):
    assert run("riata fit patients.csv -y diagnosis --family auto --measure auc --json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["family"] == "binomial"
    assert data["response"] == {"link": "logit", "classes": ["healthy", "sick"]}
    assert data["cv"]["measure"] == "auc"
    assert data["features"][0]["odds ratio"] == pytest.approx(np.exp(data["features"][0]["coef"]))


def test_classes_coded_by_numbers(tables, capsys):
    text = (tables / "patients.csv").read_text().replace("healthy", "0").replace("sick", "1")
    (tables / "coded.csv").write_text(text)
    assert run("riata fit coded.csv -y diagnosis --family binomial -o m.json") == 0
    assert "diagnosis = 1 (" in capsys.readouterr().out
    assert run("riata predict m.json coded.csv") == 0
    assert {line.split(",")[1] for line in capsys.readouterr().out.split()[1:]} == {"0", "1"}


def test_counts_with_exposure(tables, capsys):
    assert run("riata fit claims.csv -y claims --family poisson --exposure years -o m.json") == 0
    assert "rate ratio" in capsys.readouterr().out
    assert run("riata predict m.json claims.csv -o counts.csv") == 0
    assert "ignored" not in capsys.readouterr().err  # the exposure is known
    rows = list(csv.DictReader((tables / "claims.csv").read_text("utf-8").splitlines()))
    assert np.loadtxt("counts.csv", skiprows=1).sum() == pytest.approx(sum(float(r["claims"]) for r in rows))


def test_survival(tables, capsys):
    assert run("riata fit trial.csv --time days --event died --strata centre -o m.json") == 0
    assert "hazard ratio" in capsys.readouterr().out
    assert run("riata predict m.json trial.csv --times 0.5,1") == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert list(rows[0]) == ["prediction", "survival_0.5", "survival_1"]
    assert all(0 < float(row["survival_1"]) < float(row["survival_0.5"]) < 1 for row in rows)
    assert run("riata fit trial.csv -y days,died --family cox --strata centre -o same.json") == 0
    same = [json.loads((tables / name).read_text("utf-8"))["coef"] for name in ("m.json", "same.json")]
    assert same[0] == same[1]


BAD = {
    "text without a family": ("riata fit patients.csv -y diagnosis", 3, ["holds text", "--family binomial models two"]),
    "no event": ("riata fit trial.csv --time days", 2, ["needs --event"]),
    "no time": ("riata fit trial.csv --event died", 2, ["needs --time"]),
    "two targets": ("riata fit trial.csv -y days --time days --event died", 2, ["both name a target"]),
    "time of another family": (
        "riata fit trial.csv --time days --event died --family poisson", 2, ["family poisson has no times"]),
    "one column for cox": ("riata fit trial.csv -y days --family cox", 2, ["two columns or three", "time,event"]),
    "event that is none": ("riata fit trial.csv --time days --event x0", 3, ["neither 0 nor 1"]),
    "event column not there": ("riata fit trial.csv --time days --event dide", 2, ['"dide"', 'did you mean "died"']),
    "family": ("riata fit trial.csv -y days --family poison", 2, ["poison", 'did you mean "poisson"']),
    "measure": ("riata fit patients.csv -y diagnosis --family binomial --measure c_index", 2, ["c_index does not"]),
    "measure misspelt": ("riata fit patients.csv -y diagnosis --measure acc", 2, ["accuracy"]),
    "exposure": ("riata fit houses.csv -y price --exposure x0", 2, ["no exposure"]),
    "exposure 0": ("riata fit claims.csv -y claims --family poisson --exposure x0", 3, ["exposure must be positive"]),
    "negative counts": ("riata fit houses.csv -y price --family poisson", 3, ["negative at row", "numbers"]),
    "delta": ("riata fit houses.csv -y price --family huber --delta 0", 2, ["delta"]),
    "three classes": ("riata fit trial.csv -y x1 --family binomial", 3, ["two classes", "120"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_targets_are_named(tables, capsys, case):
    line, code, said = BAD[case]
    assert run(line + " -o m.json") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert [word for word in said if word not in err] == [], err
    assert "Traceback" not in err
    assert not (tables / "m.json").exists()


def test_bad_times(tables, capsys):
    assert run("riata fit houses.csv -y price -o m.json -q") == 0
    assert run("riata predict m.json houses.csv --times 1") == 2
    assert "knows no survival times" in capsys.readouterr().err
    assert run("riata fit trial.csv --time days --event died --strata centre -o c.json -q") == 0
    assert run("riata predict c.json trial.csv --times soon") == 2
    assert "--times takes numbers" in capsys.readouterr().err
    assert run("riata predict c.json houses.csv --times 1") == 2
    assert 'lacks the column "centre"' in capsys.readouterr().err
    assert words.numbers("1,2.5", "--times") == [1.0, 2.5]
