"""`riata fit` with groups, options of penalties, several classes or targets; and what `predict` writes of them."""

import csv
import importlib
import io
import json
import shlex

import numpy as np
import pytest

import riata
import riata.losses
import riata.penalties
from riata.cli.app import main
from riata.cli.words import groups
from riata.core.errors import InvalidOption
from tools import new

pl = pytest.importorskip("polars", reason="the command line reads tables with the extra riata[table]")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """t.csv: town and gene_0 tell of price and rent, gene_1 of the kind."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(6)
    town, genes = rng.integers(0, 3, 90), rng.standard_normal((90, 3))
    price = np.array([0, 2, -1])[town] + genes[:, 0] + rng.standard_normal(90)
    pl.DataFrame(
        {f"gene_{j}": genes[:, j] for j in range(3)}
        | {
            "town": np.array(["bonn", "oslo", "rome"])[town],
            "price": price,
            "rent": price + rng.standard_normal(90),
            "kind": np.array(["iris", "rose", "tulip"])[np.digitize(2 * genes[:, 1] + rng.logistic(size=90), [-1, 1])],
            "days": rng.exponential(np.exp(-genes[:, 2])),
            "status": np.where(rng.random(90) < 0.7, 2, 1),
        }
    ).write_csv("t.csv")
    return tmp_path


SMALL = "--drop kind,days,status,rent --n-lams 20 --folds 4"


def run(line):
    return main(shlex.split(line))


def fitted(capsys, words):
    """What `riata fit t.csv … --json` prints, as data."""
    assert run(f"fit t.csv --json {words}") == 0
    return json.loads(capsys.readouterr().out)


def table(*drop):
    return pl.read_csv("t.csv").drop("kind", "days", "status", "rent", *drop)


def test_groups_and_weights_mean_what_the_keywords_mean(folder, capsys):
    (folder / "groups.csv").write_text("gene_0,genes\ngene_1,genes\ngene_2,genes\n")
    (folder / "weights.csv").write_text("group,weight\ngenes,3\n")
    genes = {"genes": ["gene_*"]}
    cases = {
        "--penalty group": {},
        "--penalty group --groups genes:gene_*": {"groups": genes},
        "--penalty group --groups groups.csv": {"groups": genes},
        "--penalty group --groups genes:gene_0,gene_1 --groups genes:gene_2": {"groups": genes},
        "--penalty group --groups gene_* --groups town": {"groups": genes},
        "--penalty group --groups genes:gene_* --group-weights genes=3": {
            "groups": genes, "group_weights": {"genes": 3}},
        "--penalty group --groups genes:gene_* --group-weights weights.csv": {
            "groups": genes, "group_weights": {"genes": 3}},
        "--penalty group --group-weights 2": {"group_weights": 2},
        "--penalty sparse_group --share 0.25": {"penalty": "sparse_group", "share": 0.25},
    }  # fmt: skip
    seen = set()
    for words, keywords in cases.items():
        data = fitted(capsys, f"-y price {SMALL} {words}")
        sel = riata.select(table(), "price", n_lams=20, folds=4, **({"penalty": "group"} | keywords))
        found = {row["feature"]: row["coef"] for row in data["features"]}
        assert data["lambda"] == pytest.approx(sel.lam, rel=1e-9), words
        assert found == pytest.approx(sel.model.coef, rel=1e-9), words
        seen.add(round(data["intercept"], 9))
    assert len(seen) == 5, "by column, genes together, weighted, doubled, sparse"
    labels = {row["feature"]: row["group"] for row in data["features"]}
    assert labels["town=oslo"] == "town"


def test_groups_are_read_from_words():
    assert groups(["a:x,y", "a:z", "b*"]) == {"a": ["x", "y", "z"], "b*": ["b*"]}
    assert groups(["town=rome,town=oslo"]) == {"town=rome,town=oslo": ["town=rome", "town=oslo"]}
    for bad in (":x", "a:", ","):
        with pytest.raises(InvalidOption, match="NAME:COLS"):
            groups([bad])


@pytest.mark.parametrize(
    ("words", "keywords"),
    [
        ("mcp --gamma 2", {"gamma": 2.0}), ("scad --gamma 5", {"gamma": 5.0}), ("log --gamma 0.1", {"gamma": 0.1}),
        ("adaptive --gamma 2 --pilot ridge", {"gamma": 2.0, "pilot": "ridge"}),
    ],
)  # fmt: skip
def test_options_of_penalties(folder, capsys, words, keywords):
    data = fitted(capsys, f"-y price {SMALL} --penalty {words}")
    penalty = words.split()[0]
    sel = riata.select(table(), "price", n_lams=20, folds=4, penalty=penalty, **keywords)
    assert {row["feature"]: row["coef"] for row in data["features"]} == pytest.approx(sel.model.coef, rel=1e-9)
    plain = riata.select(table(), "price", n_lams=20, folds=4, penalty=penalty)
    assert plain.cv.cvm.tolist() != sel.cv.cvm.tolist(), "the option changed nothing"
    assert data["options"]["penalty_options"] == keywords


def predicted(capsys, words=""):
    assert run(f"predict m.json t.csv -q {words}") == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_classes(folder, capsys):
    assert (
        run("fit t.csv -y kind --family auto --drop days,status -o m.json --n-lams 20 --folds 4 --penalty group") == 0
    )
    out, err = capsys.readouterr()
    assert "note: family multinomial was chosen: the target has 3 classes (iris, rose, tulip)." in err
    assert "predicts kind (iris, rose, tulip)" in out
    assert "CV deviance" in out
    model = riata.load_model("m.json")
    rows, p = predicted(capsys), model.predict(pl.read_csv("t.csv"))
    assert list(rows[0]) == ["prediction", "probability_iris", "probability_rose", "probability_tulip"]
    assert [[float(v) for v in list(row.values())[1:]] for row in rows] == p.tolist(), "no digit is lost"
    assert [row["prediction"] for row in rows] == model.predict(pl.read_csv("t.csv"), kind="class").tolist()
    assert [row["prediction"] for row in predicted(capsys, "--kind class")] == [row["prediction"] for row in rows]
    assert list(predicted(capsys, "--kind link")[0]) == ["link_iris", "link_rose", "link_tulip"]
    assert run("inspect m.json") == 0
    text = capsys.readouterr().out
    assert "multinomial model for kind (iris, rose, tulip)" in text
    assert "intercepts iris " in text
    assert next(line.split()[:4] for line in text.splitlines() if "feature  " in line) == [
        "feature", "iris", "rose", "tulip"]  # fmt: skip


def test_targets(folder, capsys):
    options = "--drop kind,days,status --n-lams 20 --folds 4"
    wanted = fitted(capsys, f"-y price,rent --family multigaussian {options} -o m.json")
    assert wanted["outputs"] == ["price", "rent"]
    assert len(wanted["intercept"]) == 2
    assert {row["output"] for row in wanted["features"]} == {"price", "rent"}
    for same in ("-y price -y rent --family auto", "-y 'price,r*nt' --family auto"):
        again = fitted(capsys, f"{same} {options}")
        assert again["features"] == wanted["features"]
        assert again["notes"][0] == "family multigaussian was chosen: the target has 2 columns of numbers."
    rows = predicted(capsys)
    assert list(rows[0]) == ["prediction_price", "prediction_rent"]
    want = riata.load_model("m.json").predict(pl.read_csv("t.csv"))
    assert [[float(v) for v in row.values()] for row in rows] == want.tolist()


def test_targets_of_arrays_and_of_tables_without_names(folder, capsys):
    numbers = pl.read_csv("t.csv").select("gene_0", "gene_1", "gene_2", "price", "rent")
    np.save("all.npy", numbers.to_numpy())
    np.savez("all.npz", X=numbers.to_numpy()[:, :3], y=numbers.to_numpy()[:, 3:])
    numbers.write_csv("bare.csv", include_header=False)
    coef = []
    for words in ("all.npy -y x3,x4", "all.npy -y x3 -y x4", "all.npz", "bare.csv --no-header -y 4,5"):
        assert run(f"fit {words} --family multigaussian --json --n-lams 20 --folds 4 --rule min") == 0
        data = json.loads(capsys.readouterr().out)
        coef.append([row["coef"] for row in data["features"]])
    assert len(coef[0]) > 2
    assert all(other == pytest.approx(coef[0], rel=1e-9) for other in coef)
    assert run("fit all.npy -y x3,x9 --family multigaussian") == 2
    assert '"x9" is not a column' in capsys.readouterr().err


def test_events_marked_by_another_value(folder, capsys):
    options = "--drop kind,price,rent --n-lams 20 --folds 4 --rule min"
    data = fitted(capsys, f"--time days --event status=2 {options}")
    coded = pl.read_csv("t.csv").drop("kind", "price", "rent").with_columns(pl.col("status") - 1)
    sel = riata.select(coded, "days,status", family="cox", n_lams=20, folds=4, rule="min")
    assert {row["feature"]: row["coef"] for row in data["features"]} == pytest.approx(sel.model.coef, rel=1e-9)
    assert run(f"fit t.csv --time days --event status {options}") == 3
    assert "hint: where 2 marks an event (as R codes it), say status=2 in place of status." in capsys.readouterr().err


def test_the_heads_name_the_measure(folder, capsys):
    binary = pl.read_csv("t.csv").filter(pl.col("kind") != "rose")
    binary.write_csv("two.csv")
    assert run("fit two.csv -y kind --family binomial --measure auc --n-lams 20 --folds 4") == 0
    out = capsys.readouterr().out
    assert "CV auc" in out
    assert "error" not in out
    assert run(f"fit t.csv -y price {SMALL}") == 0
    assert "CV mse" in capsys.readouterr().out


BAD = {
    "option of another": ("--gamma 2", 2, ['"l1" has no option "gamma"', "say --penalty adaptive or --penalty log"]),
    "groups of a lasso": ("--groups gene_*", 2, ["has no option", "say --penalty group or --penalty sparse_group;",
                                            "--fold-groups keeps rows in one fold"]),
    "no number": ("--penalty mcp --gamma much", 2, ["--gamma", "invalid float value", "much"]),
    "too small": ("--penalty mcp --gamma 1", 2, ["a number > 1"]),
    "pilot": ("--penalty adaptive --pilot olss", 2, ["olss", 'did you mean "ols"']),
    "no feature": ("--penalty group --groups g:gen_1", 2, ['"gen_1", which is not a feature', 'did you mean "gene_1"']),
    "in two": ("--penalty group --groups gene_* --groups gene_1", 2, ['"gene_1" is in two groups']),
    "empty group": ("--penalty group --groups g:", 2, ["names no columns", "NAME:COLS"]),
    "bad file": ("--penalty group --groups bad.csv", 3, ["line 1 has 3 fields", "two fields"]),
    "empty file": ("--penalty group --groups empty.csv", 3, ["empty.csv is empty"]),
    "no weight": ("--penalty group --group-weights g=1", 2, ['"g", which is no group', "town"]),
    "weight no number": ("--penalty group --group-weights town=x", 2, ["--group-weights town=x", "NAME=NUMBER"]),
    "no penalty": ("--penalty mpc", 2, ["mpc", 'did you mean "mcp"']),
    "old groups of rows": ("--fold-group town", 2, ["no option --fold-group", 'did you mean "--fold-groups"']),
    "mcp of classes": ("-y kind --family multinomial --penalty mcp", 2, ["one linear predictor", "3"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_named(folder, capsys, case):
    words, code, said = BAD[case]
    (folder / "bad.csv").write_text("a,b,c\n")
    (folder / "empty.csv").write_text("")
    target = "" if "-y " in words else "-y price"
    assert run(f"fit t.csv {target} --n-lams 5 -o m.json {words}") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert [word for word in said if word not in err] == [], err
    assert "Traceback" not in err
    assert not (folder / "m.json").exists()


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A new penalty and a new loss, each one file as `make new` writes it."""
    for kind, package in (("penalty", riata.penalties), ("loss", riata.losses)):
        where = tmp_path / new.TEMPLATES[kind][0]
        where.mkdir(parents=True)
        new.write(kind, f"toy_{kind}", tmp_path)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(where)])
    importlib.invalidate_caches()
    riata.penalties.penalties.cache_clear()
    riata.losses.losses.cache_clear()
    yield
    riata.penalties.penalties.cache_clear()
    riata.losses.losses.cache_clear()


def test_a_new_penalty_or_loss_is_one_file_to_the_command_line_too(folder, planted, capsys):
    assert run("fit --help") == 0
    text = capsys.readouterr().out
    assert "toy_penalty: say in a line" in text
    assert "toy_penalty (1.0)" in text
    assert "toy_loss: say what kind of target it takes" in text
    squares = fitted(capsys, f"-y price {SMALL} --rule min --lambda 0.1")
    toy = fitted(capsys, f"-y price {SMALL} --family toy_loss --lambda 0.1 -o m.json")
    assert toy["intercept"] == pytest.approx(squares["intercept"], abs=1e-6), "its template is squared error"
    assert run("inspect m.json") == 0
    capsys.readouterr()
    concave = fitted(capsys, f"-y price {SMALL} --penalty toy_penalty --gamma 0.5 --lambda 0.1")
    assert concave["intercept"] != pytest.approx(squares["intercept"], abs=1e-6)
