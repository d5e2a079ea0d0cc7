"""--config, --dry-run, and when there is colour: settings from elsewhere than the command line."""

import json
import os
import pathlib
import shlex

import pytest

from riata.cli import main, screen

pl = pytest.importorskip("polars", reason="the command line reads tables with the extra riata[table]")


def run(line):
    return main(shlex.split(line)[1:])


def fitted(capsys, line):
    assert run(line) == 0
    return json.loads(capsys.readouterr().out)


WHOLE = """
data = "houses.csv"
target = ["price"]
drop = ["town", "rent"]
n-lams = 15
json = true
penalty-factor = {x0 = 0, x1 = 2.5}
standardize = false

[fit]
seed = 3
folds = 4
rule = "min"
[path]
early-stop = true
"""


def test_a_file_says_what_the_command_line_would(tables, capsys):
    (tables / "run.toml").write_text(WHOLE)
    made = fitted(capsys, "riata fit --config run.toml")
    same = fitted(
        capsys,
        "riata fit houses.csv -y price --drop town --drop rent --folds 4 --n-lams 15 --json --rule min "
        "--penalty-factor x0=0,x1=2.5 --no-standardize --seed 3",
    )
    for key in ("rule", "lambda", "features", "choices"):
        assert made[key] == same[key]
    assert made["provenance"]["argv"][:3] == ["riata", "fit", "houses.csv"], "the command stands without the file"
    assert not any("config" in word for word in made["provenance"]["argv"])
    (tables / "words.txt").write_text(shlex.join(made["provenance"]["argv"]))
    again = fitted(capsys, (tables / "words.txt").read_text())
    assert again["features"] == made["features"]
    assert len(fitted(capsys, "riata path --config run.toml")["path"]) <= 15, "what is fit's own is left alone"


def test_the_command_line_wins(tables, capsys):
    (tables / "run.toml").write_text(WHOLE)
    made = fitted(capsys, "riata fit --config=run.toml --rule 1se --drop x2,town -y rent --no-standardize")
    assert made["rule"] == "1se"
    assert made["data"]["target"] == "rent"
    assert made["options"]["drop"] == ["x2,town"], "an option that may be given again is not mixed"
    pl.read_csv("houses.csv").head(100).write_csv("other.csv")
    assert fitted(capsys, "riata fit other.csv --config run.toml")["data"]["label"] == "other.csv"


def test_several_arguments_take_the_places_that_are_left(tables, capsys):
    assert run("riata fit houses.csv -y price --drop town,rent -o m.json -q") == 0
    assert run("riata predict m.json houses.csv -q") == 0
    whole = capsys.readouterr().out.splitlines()
    pl.read_csv("houses.csv").head(3).write_csv("new.csv")
    (tables / "run.toml").write_text('model = "m.json"\nquiet = true\n')
    for line in ("new.csv --config run.toml", "--config run.toml new.csv", "m.json new.csv --config run.toml"):
        capsys.readouterr()
        assert run(f"riata predict {line}") == 0
        assert capsys.readouterr().out.splitlines()[1:] == whole[-120:][:3]
    (tables / "run.toml").write_text('data = "new.csv"\nmodel = "m.json"\nkind = "link"\nquiet = true\n')
    assert run("riata predict --config run.toml") == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_tables_are_groups_and_numbers_by_name(tables, capsys):
    (tables / "run.toml").write_text(
        'data = "houses.csv"\ntarget = "price"\ndrop = "rent"\njson = true\npenalty = "group"\nfolds = 4\n'
        '[groups]\nplace = ["town", "distance"]\nrest = "x*"\n[group-weights]\nplace = 2\n'
    )
    made = fitted(capsys, "riata fit --config run.toml")
    same = fitted(
        capsys, "riata fit houses.csv -y price --drop rent --json --penalty group --folds 4 "
        "--groups place:town,distance --groups rest:x* --group-weights place=2",
    )  # fmt: skip
    assert made["features"] == same["features"]
    assert made["lambda"] == same["lambda"]


def test_every_command_takes_a_file(tables, capsys):
    assert run("riata fit houses.csv -y price --drop town,rent -o model.json -q") == 0
    files = {
        "path": 'data = "houses.csv"\ntarget = "price"', "compare": 'data = "houses.csv"\ntarget = "price"\nfolds = 3',
        "select": 'data = "houses.csv"\ntarget = "price"\nmethod = "mfdr"\nlevel = 0.2',
        "predict": 'model = "model.json"\ndata = "houses.csv"', "report": 'model = "model.json"\nmarkdown = true',
        "inspect": 'model = "model.json"', "doctor": 'data = "houses.csv"\ntarget = "price"',
        "convert": 'model = "model.json"\nto = "sql"', "completion": 'shell = "bash"',
    }  # fmt: skip
    for name, text in files.items():
        (tables / "run.toml").write_text(text + "\n")
        capsys.readouterr()
        assert run(f"riata {name} --config run.toml") == 0, name
        assert capsys.readouterr().out, name


BAD = {
    "unknown key": ('dorp = "town"', ['riata fit has no option "dorp"', 'did you mean "drop"']),
    "another command's": ("early-stop = true", ['has no option "early-stop"', "belongs to path", "[path]"]),
    "not TOML": ("target: price", ["run.toml is not a TOML file", 'target = "price"']),
    "no switch": ("json = 1", ['"json" is a switch', "true or false"]),
    "no word": ("folds = true", ['"folds" takes a word or a number']),
    "no number": ('folds = "many"', ["--folds", "invalid int value: 'many'"]),
    "choice": ('family = "poison"', ["poison", 'did you mean "poisson"']),
    "itself": ('config = "other.toml"', ['has no option "config"']),
}


@pytest.mark.parametrize("case", BAD)
def test_what_a_file_cannot_say_is_named(tables, capsys, case):
    line, said = BAD[case]
    (tables / "run.toml").write_text(f"{line}\n")
    assert run("riata fit houses.csv -y price --config run.toml") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [word for word in said if word not in err] == [], err


def test_no_file(tables, capsys):
    assert run("riata fit --config nowhere.toml") == 2
    assert "nowhere.toml: No such file" in capsys.readouterr().err
    assert run("riata fit houses.csv --config") == 2
    assert "--config: expected one argument" in capsys.readouterr().err


DRY = {
    "fit": "-y price --na mean --weights distance --drop x2 --folds 4 -o m.json --report r.html --plot p.png",
    "path": "-y price --na mean --weights distance --drop x2 -o p.csv",
    "compare": "-y price --na mean --weights distance --drop x2 --folds 4",
    "select": "-y price --na drop --weights distance --drop x2 --method mfdr -o t.csv",
}


@pytest.mark.parametrize("name", DRY)
def test_a_dry_run_says_what_it_would_do_and_does_none_of_it(tables, capsys, monkeypatch, name):
    pytest.importorskip("matplotlib", reason="--plot needs the extra riata[plot]")
    frame = pl.read_csv("houses.csv").with_columns(
        pl.col("distance").abs(), x1=pl.when(pl.int_range(120) % 9 == 0).then(None).otherwise(pl.col("x1"))
    )
    frame.write_csv("houses.csv")
    for module, function in {
        "riata.select.api": "cross_validate", "riata.select.compare": "cross_validate", "riata.cli.fitting": "fit_path",
        "riata.inference.mfdr": "fit_path",
    }.items():  # fmt: skip
        monkeypatch.setattr(f"{module}.{function}", lambda *a, **k: pytest.fail("something was solved"))
    before = sorted(os.listdir("."))
    assert run(f"riata {name} houses.csv {DRY[name]} --dry-run") == 0
    out, err = capsys.readouterr()
    assert sorted(os.listdir(".")) == before
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.startswith("  ")}
    assert rows["price"] == ["target"]
    assert rows["distance"] == ["weights"]
    assert rows["town"][0] == "feature"
    assert "4 columns of 0 and 1 (bonn, oslo, rome, wien)" in out
    assert rows["x2"][:2] == ["left", "out"]
    assert "houses.csv (csv): 120 rows, 7 columns" in out
    assert ("4 folds of 30 rows" in out) == (name in ("fit", "compare"))
    assert ("marks missing values" in out) == (name != "select")
    assert "family gaussian" in out
    for word in shlex.split(DRY[name]):
        if word.endswith((".json", ".html", ".png", ".csv")):
            assert word in next(line for line in out.splitlines() if line.startswith("writes"))
    assert "nothing was solved and nothing was written" in err


def test_a_dry_run_knows_the_grid_and_the_family(tables, capsys):
    assert run("riata fit patients.csv -y diagnosis --family auto --dry-run --json --lam-min-ratio 0.1 --n-lams 7") == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["target"] == "diagnosis (healthy, sick), family binomial"
    made = fitted(capsys, "riata fit patients.csv -y diagnosis --family auto --json --lam-min-ratio 0.1 --n-lams 7")
    path = fitted(capsys, "riata path patients.csv -y diagnosis --family auto --json --lam-min-ratio 0.1 --n-lams 7")
    lams = [step["lambda"] for step in path["path"]]
    assert plan["solves"].startswith(f"7 lambdas from {lams[0]:.5g} to {lams[-1]:.5g}, to gap_rel 1e-08")
    assert plan["model"].startswith(f"{made['data']['n_features']} features; an intercept; penalty l1")
    assert "10 folds of 12 rows, shuffled with seed 0" in plan["folds"]
    assert run("riata fit trial.csv --time days --event died --strata centre --dry-run") == 0
    out = capsys.readouterr().out
    assert "no intercept" in out
    assert "centre  strata" in out


class Stream:
    def __init__(self, tty):
        self.tty = tty

    def isatty(self):
        return self.tty


@pytest.mark.parametrize(
    ("environment", "tty", "wanted"),
    [({}, True, True), ({}, False, False), ({"NO_COLOR": "1"}, True, False), ({"NO_COLOR": ""}, True, True),
     ({"TERM": "dumb"}, True, False)],
)  # fmt: skip
def test_colour(monkeypatch, environment, tty, wanted):
    """no-color.org: NO_COLOR counts where it is not empty."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert screen.use_colour(Stream(tty)) is wanted


@pytest.mark.parametrize("name", ["predict", "inspect", "report", "convert"])
def test_strict_looks_at_the_certificate_of_a_model(tables, capsys, name):
    assert run("riata fit houses.csv -y price --drop town,rent -o m.json -q") == 0
    more = {"predict": "houses.csv", "convert": "--to sql", "report": "-o r.html"}.get(name, "")
    assert run(f"riata {name} m.json {more} --strict") == 0
    model = json.loads(pathlib.Path("m.json").read_text("utf-8"))
    model["certificate"]["largest"] = 0.5
    pathlib.Path("m.json").write_text(json.dumps(model), "utf-8")
    assert run(f"riata {name} m.json {more}") == 0
    capsys.readouterr()
    assert run(f"riata {name} m.json {more} --strict") == 1
    assert "largest relative duality gap is 5.0e-01, above tol 1e-08" in capsys.readouterr().err


def test_strict_predictions_know_every_level(tables, capsys):
    assert run("riata fit houses.csv -y price --drop rent --penalty-factor town=0 -o m.json -q") == 0
    new = pl.read_csv("houses.csv").head(4).with_columns(town=pl.lit("paris"))
    new.write_csv("new.csv")
    assert run("riata predict m.json new.csv -o p.csv") == 0
    (tables / "p.csv").unlink()
    assert run("riata predict m.json new.csv -o p.csv --strict") == 1
    assert "paris" in capsys.readouterr().err
    assert not (tables / "p.csv").exists()
