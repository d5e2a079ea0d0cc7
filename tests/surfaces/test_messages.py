"""Every kind of bad input at the command line: exit code, what the message names, and nothing half-written."""

import gzip
import json
import os
import pathlib

import numpy as np
import pytest

from riata.cli import main

pl = pytest.importorskip("polars", reason="the command line reads tables with the extra riata[table]")

N = 30
RNG = np.random.default_rng(11)
BASE = {
    "size": RNG.normal(100, 20, N).round(3).tolist(),
    "age": RNG.integers(1, 90, N).tolist(),
    "town": RNG.choice(["oslo", "rome"], N).tolist(),
    "w": [1.0] * N,
}
BASE["price"] = [
    round(3 * s - a + e, 3) for s, a, e in zip(BASE["size"], BASE["age"], RNG.normal(0, 9, N), strict=True)
]


def table(row=None, **columns):
    """CSV text of the base table, with columns replaced and cells of one row changed."""
    data = {name: list(values) for name, values in (BASE | columns).items()}
    for name, value in (row or {}).items():
        data[name][4] = value
    lines = [",".join(data)]
    lines += [",".join("" if v is None else str(v) for v in cells) for cells in zip(*data.values(), strict=True)]
    return "\n".join(lines) + "\n"


# name -> (content of data.csv, further arguments, exit code, words of the message)
BAD = {
    "missing values": (table({"size": None, "town": "NA"}), [], 3, [
        "values are missing in 2 columns, in 1 of 30 rows", "size: 1 of 30, first at row 5 (line 6)", "--na drop",
        "(29 stay)", "--na mean"]),
    "target missing": (table({"price": None}), [], 3, ["price (the target): 1 of 30, first at row 5 (line 6)"]),
    "infinite": (table({"size": "inf"}), [], 3, ['column "size"', "1 infinite value", "row 5 (line 6)", "finite"]),
    "too large": (table({"size": "1e999"}), [], 3, ['column "size"', "infinite", "row 5 (line 6)"]),
    "text in numbers": (table({"age": "forty"}), [], 3, [
        '"age" should hold numbers', '"forty" at row 5 (line 6)', "--categories age", "--drop age"]),
    "misspelt target": (table(), ["-y", "prcie"], 2, ['"prcie" is not in the table', 'did you mean "price"']),
    "no header": ("1,2.5,3\n4,5,6\n7,8,9\n", ["-y", "3.1"], 2, [
        '"3.1" is not in the table', "looks like data, not names", "--no-header"]),
    "no target": (table(), None, 2, ["which column is to be predicted", "size, age, town", "-y COLUMN"]),
    "text target": (table(), ["-y", "town"], 3, ['target "town" holds text', "oslo, rome"]),
    "constant target": (table(price=[5] * N), [], 3, ['target "price" is constant', "5 in all 30 rows"]),
    "one row": ("x,price\n1,2\n", [], 3, ["only 1 row", "at least 2"]),
    "no rows": ("x,price\n", [], 3, ["data.csv has a header and no rows"]),
    "empty": ("", [], 3, ["data.csv is empty"]),
    "negative weight": (table({"w": -1}), ["--weights", "w"], 3, ['"w" is negative in 1 row', "-1 at row 5"]),
    "zero weights": (table(w=[0] * N), ["--weights", "w"], 3, ['"w" is 0 in every row']),
    "misspelt weights": (table(), ["--weights", "wt"], 2, ['weights column "wt" is not in the table']),
    "misspelt drop": (table(), ["--drop", "agee"], 2, ['drop column "agee"', 'did you mean "age"']),
    "misspelt penalty": (table(), ["--penalty-factor", "sise=0"], 2, ["sise", 'did you mean "size"']),
    "penalty no number": (table(), ["--penalty-factor", "size=x"], 2, ["size=x", "NAME=NUMBER"]),
    "negative penalty": (table(), ["--penalty-factor", "size=-1"], 2, ["--penalty-factor"]),
    "lambda 0": (table(), ["--lambda", "0"], 2, ["lam must be a positive number", "got:      0"]),
    "lambda nan": (table(), ["--lambda", "nan"], 2, ["lam must be a positive number", "nan"]),
    "lambda no number": (table(), ["--lambda", "much"], 2, ["--lambda", "invalid float value", "much"]),
    "l1 ratio": (table(), ["--l1-ratio", "1.5"], 2, ["--l1-ratio", "1.5"]),
    "tol": (table(), ["--tol", "-1"], 2, ["tol", "-1"]),
    "one fold": (table(), ["--folds", "1"], 2, ["1 folds cannot be made of 30 rows", "2 to 30"]),
    "too many folds": (table(), ["--folds", "31"], 2, ["31 folds cannot be made of 30 rows"]),
    "no repeats": (table(), ["--repeats", "0"], 2, ["repeats"]),
    "one foldid": (table(), ["--foldid", "w"], 2, ["foldid must name at least two folds"]),
    "unknown rule": (table(), ["--rule", "1e"], 2, ['no rule "1e"', "1se or aic or", 'did you mean "1se"']),
    "unknown na": (table(), ["--na", "drp"], 2, ['--na drp is not known', 'did you mean "drop"']),
    "unknown option": (table(), ["--fold", "3"], 2, ["there is no option --fold", 'did you mean "--folds"']),
    "one word too many": (table(), ["living", "area"], 2, ['"living" is one argument too many', "quote"]),
    "unknown format": (table(), ["--format", "exel"], 2, ['format "exel" is not known', "parquet"]),
    "everything dropped": (table(), ["--drop", "*"], 3, ["no column is left to be a feature"]),
    "dates": (table(town=["01/02/2026"] * N), [], 3, [
        '"town" looks like dates', '"01/02/2026" at row 1', "--drop town"]),
    "ragged": (table() + "1,2,3,4,5,6\n", [], 3, ["line 32 has 6 fields", "header has 5"]),
    "cut short": (table()[:-12], [], 3, ["line 31 has", "cut short"]),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(99), [], 3, ["not what its name says", "PNG image"]),
    "compressed": (gzip.compress(table().encode())[:-20], [], 3, ["cut short or damaged"]),
    "no such folder": (table(), ["-o", "nowhere/m.json"], 2, ["nowhere", "no folder"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(tmp_path, capsys, monkeypatch, case):
    content, words, code, said = BAD[case]
    monkeypatch.chdir(tmp_path)
    pathlib.Path("data.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    target = [] if words is None or "-y" in words else ["-y", "price"]
    arguments = ["fit", "data.csv", *target, *(words or [])]
    if "-o" not in arguments:
        arguments += ["-o", "m.json"]
    assert main(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert [word for word in said if word not in err] == [], err
    assert "error: " in err
    assert "Traceback" not in err
    assert os.listdir(".") == ["data.csv"], "nothing half-written"


def run(*words):
    return main([str(word) for word in words])


@pytest.fixture
def model(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("data.csv").write_text(table())
    assert run("fit", "data.csv", "-y", "price", "-o", "m.json", "--rule", "min", "--drop", "w") == 0
    assert {"size", "age"} <= set(json.loads(pathlib.Path("m.json").read_text("utf-8"))["coef"])
    capsys.readouterr()
    return tmp_path / "m.json"


PREDICT = {
    "column missing": ("size,Age,town\n1,2,oslo\n", 3, ["lacks 1 column", "age", 'did you mean "Age" for "age"']),
    "text in numbers": ("size,age,town\n1,2,oslo\nbig,3,rome\n", 3, [
        '"size" should hold numbers', '"big" at row 2 (line 3)']),
    "missing value": ("size,age,town\n1,2,oslo\nNA,3,rome\n", 3, [
        '"size" has no value in 1 of 2 rows, first at row 2 (line 3)', "--na mean"]),
    "infinite": ("size,age,town\n1,-inf,oslo\n", 3, ['"age" has 1 infinite value', "row 1 (line 2)"]),
    "empty": ("", 3, ["new.csv is empty"]),
}  # fmt: skip


@pytest.mark.parametrize("case", PREDICT)
def test_tables_that_cannot_be_predicted(model, capsys, case):
    content, code, said = PREDICT[case]
    pathlib.Path("new.csv").write_text(content)
    assert run("predict", model, "new.csv", "-o", "p.csv") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert [word for word in said if word not in err] == [], err
    assert not pathlib.Path("p.csv").exists()


def test_tables_that_can(model, capsys):
    """Permuted and extra columns, a level never seen: predictions all the same, and a word about it."""
    pathlib.Path("new.csv").write_text("extra,town,age,size\nx,oslo,30,100\ny,bonn,30,100\n")
    assert run("predict", model, "new.csv") == 0
    out, err = capsys.readouterr()
    assert out.startswith("prediction\n")
    assert len(out.splitlines()) == 3
    assert "ignored: extra" in err
    pathlib.Path("new.csv").write_text("size,age,town\n100,30,oslo\n")
    assert run("predict", model, "new.csv", "-q") == 0
    assert capsys.readouterr().out.splitlines()[1] == out.splitlines()[1]


MODELS = {
    "not there": (None, 2, ["m2.json", "o such file"]),
    "a table": (table(), 3, ["not a riata model file"]),
    "empty": ("", 3, ["m2.json is empty"]),
    "newer": ('{"schema": {"name": "riata.model", "version": 99}}', 3, ["newer riata", "version 99", "upgrade"]),
    "cut short": ('{"schema": {"name": "riata.model", "ver', 3, ["cut short"]),
}


@pytest.mark.parametrize("case", MODELS)
@pytest.mark.parametrize("command", ["predict", "inspect"])
def test_model_files_that_cannot_be_read(tmp_path, capsys, monkeypatch, case, command):
    monkeypatch.chdir(tmp_path)
    content, code, said = MODELS[case]
    pathlib.Path("data.csv").write_text(table())
    if content is not None:
        pathlib.Path("m2.json").write_text(content)
    assert run(command, "m2.json", *(["data.csv"] if command == "predict" else [])) == code
    err = capsys.readouterr().err
    assert [word for word in said if word not in err] == [], err


def test_files_that_are_not_there(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("houses.csv").write_text(table())
    assert run("fit", "house.csv", "-y", "price") == 2
    assert 'house.csv: no such file; did you mean "houses.csv"?' in capsys.readouterr().err
    assert run("fit", ".", "-y", "price") == 2
    assert "is a folder" in capsys.readouterr().err


def test_inputs_are_never_overwritten(model, capsys):
    before = pathlib.Path("data.csv").read_bytes(), model.read_bytes()
    for words in (
        ["fit", "data.csv", "-y", "price", "-o", "./data.csv"],
        ["predict", model, "data.csv", "-o", "data.csv"],
        ["predict", model, "data.csv", "-o", model],
    ):
        assert run(*words) == 2
        assert "will not be overwritten" in capsys.readouterr().err
    assert before == (pathlib.Path("data.csv").read_bytes(), model.read_bytes())


def test_names_cannot_drive_the_terminal(tmp_path, capsys, monkeypatch):
    """Escape sequences in names and values are shown, never obeyed."""
    monkeypatch.chdir(tmp_path)
    evil = "\x1b]0;owned\x07si\x1b[31mze"
    pathlib.Path("data.csv").write_text(table().replace("size", evil, 1).replace("oslo", "os\x1b[2Jlo"), "utf-8")
    assert run("fit", "data.csv", "-y", "price", "--rule", "min", "-o", "m.json") == 0
    assert run("inspect", "m.json") == 0
    assert run("fit", "data.csv", "-y", "sise") == 2
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "\\x1b]0;owned\\x07si" in out
    assert run("predict", "m.json", "data.csv", "-q") == 0, "the name itself is kept as it is"


def test_misspelt_commands(capsys):
    assert run("fti", "data.csv") == 2
    err = capsys.readouterr().err
    assert 'there is no command "fti"' in err
    assert 'did you mean "fit"' in err


def test_a_defect_of_ours_is_called_one(tmp_path, capsys, monkeypatch):
    import riata.select.target

    monkeypatch.chdir(tmp_path)
    pathlib.Path("data.csv").write_text(table())
    monkeypatch.setattr(riata.select.target, "prepare", lambda *a, **k: 1 / 0)
    assert run("fit", "data.csv", "-y", "price") == 2
    err = capsys.readouterr().err
    assert "defect of riata" in err
    assert "Traceback" not in err
    assert run("fit", "data.csv", "-y", "price", "--debug") == 2
    assert "Traceback" in capsys.readouterr().err


STRANGE = {
    "constant and duplicate columns": {"flat": [3] * N, "twin": BASE["size"]},
    "a timestamp": {"t": [1_763_900_000_000 + 37 * i * i for i in range(N)]},
    "huge": {"size": [s * 1e150 for s in BASE["size"]]},
    "tiny": {"size": [s * 1e-150 for s in BASE["size"]]},
    "<script>alert(1)</script>": {"<script>alert(1)</script>": list(range(N))},
    "größe in km²": {"größe in km²": [i % 7 for i in range(N)]},
    "[bold]rich[/bold]": {"[bold]rich[/]": [i % 7 for i in range(N)]},
}


@pytest.mark.parametrize("case", STRANGE)
def test_strange_but_good(tmp_path, capsys, monkeypatch, case):
    """Constant, duplicate, huge, tiny, far from zero, oddly named: allowed, certified, and they predict."""
    monkeypatch.chdir(tmp_path)
    pathlib.Path("data.csv").write_text(table(**STRANGE[case]), "utf-8")
    assert run("fit", "data.csv", "-y", "price", "--drop", "w", "-o", "m.json", "--strict") == 0
    out, err = capsys.readouterr()
    assert "within tol" in out
    if case.startswith("constant"):
        assert "constant, so without effect: flat" in err
        assert "twin is size" in err
    assert run("predict", "m.json", "data.csv", "-q") == 0
    predicted = np.array(capsys.readouterr().out.split()[1:], dtype=float)
    assert np.corrcoef(predicted, BASE["price"])[0, 1] > 0.9


@pytest.mark.parametrize("c", [1e-150, 1e-6, 1e6, 1e150])
def test_units_change_nothing(tmp_path, capsys, monkeypatch, c):
    """The same features and the same λ per unit of y, whatever the unit."""
    monkeypatch.chdir(tmp_path)
    seen = []
    for unit in (1.0, c):
        pathlib.Path("data.csv").write_text(table(price=[p * unit for p in BASE["price"]]))
        assert run("fit", "data.csv", "-y", "price", "--json") == 0
        data = json.loads(capsys.readouterr().out)
        seen.append((data["features"], data["lambda"] / unit))
    assert [r["feature"] for r in seen[0][0]] == [r["feature"] for r in seen[1][0]]
    assert seen[0][1] == pytest.approx(seen[1][1], rel=1e-9)


def test_more_columns_than_rows_with_copies(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(2)
    X = rng.standard_normal((24, 60))
    X[:, 30:] = X[:, :30]
    X[12:] = X[:12]
    np.savez("a.npz", X=X, y=2 * X[:, 3] + np.r_[rng.standard_normal(12), rng.standard_normal(12)])
    assert run("fit", "a.npz", "--strict", "--folds", "4") == 0
    assert "within tol" in capsys.readouterr().out


def test_one_feature(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("data.csv").write_text(table())
    assert run("fit", "data.csv", "-y", "price", "--keep", "size") == 0
    assert capsys.readouterr().out.startswith("1 of 1 feature predicts price")
