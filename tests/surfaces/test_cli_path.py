"""`riata path`: the table, the long form, and that both say what riata.path says."""

import json
import shlex
import sys

import numpy as np
import pytest

import riata
from riata.cli import main, show_path
from riata.table.write import as_bytes, check_name

pl = pytest.importorskip("polars", reason="the command line reads tables with the extra riata[table]")


def run(line):
    return main(shlex.split(line)[1:])


def frame():
    return pl.read_csv("houses.csv").drop("town", "rent")


def test_the_table_says_what_enters_and_leaves(tables, capsys):
    assert run("riata path houses.csv -y price --drop town,rent --json") == 0
    made = json.loads(capsys.readouterr().out)
    X = frame()
    direct = riata.path(X.drop("price").to_numpy(), X["price"].to_numpy(), feature_names=X.drop("price").columns)
    assert [step["lambda"] for step in made["path"]] == pytest.approx(direct.lams.tolist(), rel=1e-9)
    assert [step["n_features"] for step in made["path"]] == direct.df.tolist()
    assert [step["dev_ratio"] for step in made["path"]] == pytest.approx(direct.dev_ratio.tolist(), rel=1e-9)
    here: set[str] = set()
    for k, step in enumerate(made["path"]):
        assert not here & set(step["enters"])
        assert here >= set(step["leaves"])
        here = (here | set(step["enters"])) - set(step["leaves"])
        assert here == {direct.feature_names[j] for j in np.flatnonzero(direct.coef[:, k])}
    assert made["certificate"]["largest"] <= 1e-8


def test_lines_are_those_where_something_changes(tables, capsys):
    assert run("riata path houses.csv -y price --drop town,rent") == 0
    out = capsys.readouterr().out
    rows = [line.split() for line in out.splitlines() if line.startswith("  ") and line.split()[0][0].isdigit()]
    assert rows[1][-1] == "+x0"
    assert all("+" in row[-1] or "−" in row[-1] for row in rows[1:-1])
    assert "certificate: largest gap_rel over 100 lambdas" in out
    assert "within tol" in out
    assert run("riata path houses.csv -y price --drop town,rent --verbose") == 0
    every = capsys.readouterr().out
    assert sum(line.startswith("  ") and line.split()[0][0].isdigit() for line in every.splitlines()) == 100


def test_a_long_path_is_thinned_and_loses_no_move(tables):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 100))
    path = riata.path(X, X @ rng.standard_normal(100) + rng.standard_normal(60), n_lams=90)
    at = show_path.worth_showing(path)
    assert len(at) == 40
    assert (at[0], at[-1]) == (0, 89)
    here: set[str] = set()
    for step in show_path.steps(path, at):
        here = (here | set(step["enters"])) - set(step["leaves"])
    assert here == {f"x{j}" for j in np.flatnonzero(path.coef[:, -1])}


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_the_long_form_predicts(tables, capsys, suffix):
    assert run(f"riata path houses.csv -y price --drop town,rent --n-lams 12 -o p.{suffix}") == 0
    if suffix == "json":
        long = pl.DataFrame(json.loads((tables / "p.json").read_text()))
    else:
        long = pl.read_csv("p.csv") if suffix == "csv" else pl.read_parquet("p.parquet")
    assert long.columns == ["lambda", "feature", "coef", "coef_per_sd"]
    X = frame()
    direct = riata.path(X.drop("price").to_numpy(), X["price"].to_numpy(), n_lams=12)
    assert long["lambda"].unique().len() == 12
    assert long["lambda"].is_sorted(descending=True)
    for k, lam in enumerate(long["lambda"].unique(maintain_order=True)):
        part = dict(long.filter(pl.col("lambda") == lam).select("feature", "coef").iter_rows())
        eta = part.pop("(intercept)") + sum((X[name] * w for name, w in part.items()), start=pl.zeros(120, eager=True))
        assert eta.to_numpy() == pytest.approx(direct.predict(X.drop("price").to_numpy())[:, k], rel=1e-7, abs=1e-9)


def test_classes_have_a_line_for_each_output(tables, capsys):
    assert run("riata path flowers.csv -y species --family multinomial --n-lams 5 -o p.csv") == 0
    long = pl.read_csv("p.csv")
    assert set(long["output"]) == {"iris", "rose", "tulip"}
    assert long.filter(pl.col("feature") == "(intercept)").height == 15


def test_no_line_for_an_intercept_that_is_not_there(tables, capsys):
    for words in ("trial.csv --time days --event died --strata centre", "houses.csv -y price --no-intercept"):
        assert run(f"riata path {words} --n-lams 5 -o p.csv") == 0
        assert "(intercept)" not in (tables / "p.csv").read_text()


@pytest.mark.parametrize(
    ("words", "keywords"),
    [
        ("--lams 0.1,0.5", {"lams": [0.5, 0.1]}),
        ("--penalty mcp --gamma 2.5 --n-lams 9", {"penalty": "mcp", "gamma": 2.5, "n_lams": 9}),
        ("--l1-ratio 0.4 --no-standardize --n-lams 9", {"l1_ratio": 0.4, "standardize": False, "n_lams": 9}),
        ("--penalty adaptive --n-lams 9", {"penalty": "adaptive", "n_lams": 9}),
        ("--early-stop --lam-min-ratio 1e-6", {"early_stop": True, "lam_min_ratio": 1e-6}),
        ("--weights x1 --drop x2 --n-lams 9", None),
    ],
)
def test_options_mean_what_the_keywords_mean(tables, capsys, words, keywords):
    (tables / "houses.csv").write_text(
        frame().with_columns(x1=pl.col("x1").abs()).write_csv()  # weights are not negative
    )
    assert run(f"riata path houses.csv -y price --json --strict {words}") == 0
    made = json.loads(capsys.readouterr().out)
    X, y = pl.read_csv("houses.csv").drop("price"), pl.read_csv("houses.csv")["price"].to_numpy()
    if keywords is None:
        keywords = {"sample_weight": X["x1"].to_numpy(), "n_lams": 9}
        X = X.drop("x1", "x2")
    direct = riata.path(X.to_numpy(), y, feature_names=X.columns, **keywords)
    assert made["coefficients"]["lambda"] == pytest.approx(direct.to_frame()["lambda"], rel=1e-9)
    assert made["coefficients"]["feature"] == direct.to_frame()["feature"]
    assert made["coefficients"]["coef"] == pytest.approx(direct.to_frame()["coef"], rel=1e-6, abs=1e-9)
    plain = riata.path(X.to_numpy(), y, feature_names=X.columns)
    assert made["coefficients"]["coef"] != pytest.approx(plain.to_frame()["coef"]), "the option changed nothing"


def test_strict(tables, capsys):
    assert run("riata path houses.csv -y price -o p.csv --tol 1e-300 --strict") == 1
    assert "above tol" in capsys.readouterr().err
    assert not (tables / "p.csv").exists()
    assert run("riata path houses.csv -y price --drop town --penalty-factor x*=inf,rent=inf,distance=inf --strict") == 1
    assert "no feature enters the path" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "said"), [("p.xls", ".csv or .parquet"), ("p", "no suffix"), ("p.pngg", "")])
def test_files_that_cannot_be_written_are_refused_before_the_work(tables, capsys, monkeypatch, name, said):
    monkeypatch.setattr("riata.cli.fitting.read_table", lambda *a, **k: pytest.fail("the table was read"))
    option = "--plot" if "png" in name else "-o"
    assert run(f"riata path houses.csv -y price {option} {name}") == 2
    err = capsys.readouterr().err
    assert said in err
    assert 'did you mean "png"' in err or option == "-o"
    assert run("riata path houses.csv -y price -o houses.csv") == 2
    assert "will not be overwritten" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["fit", "path", "compare", "select --method mfdr"])
def test_without_matplotlib_a_picture_is_refused_before_the_work(tables, capsys, monkeypatch, command):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("riata.cli.fitting.read_table", lambda *a, **k: pytest.fail("the table was read"))
    assert run(f"riata {command} houses.csv -y price --plot p.png") == 2
    assert "pip install 'riata[plot]'" in capsys.readouterr().err
    assert not (tables / "p.png").exists()


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_pictures_are_what_their_names_say(tables, capsys, suffix):
    pytest.importorskip("matplotlib", reason="pictures need the extra riata[plot]")
    assert run(f"riata path houses.csv -y price --plot p.{suffix} --n-lams 8") == 0
    start = (tables / f"p.{suffix}").read_bytes()[:5]
    assert start == {"png": b"\x89PNG\r", "svg": b"<?xml", "pdf": b"%PDF-"}[suffix]


def test_columns_are_written_with_every_digit():
    columns = {"a": [0.1 + 0.2, None], "b": ["ü,", "x"]}
    assert as_bytes(columns, "csv").decode() == 'a,b\n0.30000000000000004,"ü,"\n,x\n'
    assert json.loads(as_bytes(columns, "json")) == columns
    assert check_name("A.PARQUET") == "parquet"
