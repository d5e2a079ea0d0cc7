"""Tables as people have them, through the command line: fit, save, predict on the same file, every gap certified."""

import json

import numpy as np
import pytest

from riata.cli import main

pl = pytest.importorskip("polars", reason="the command line reads tables with the extra riata[table]")

# file -> (target, further arguments, words that must be said, largest share of the null loss)
TABLES = {
    "AER_DoctorVisits.csv": ("visits", [], ["6 text columns became 12"], 0.95),
    "Cars93_NA.csv": ("Price", ["--na", "mean", "--categories", "Cylinders", "--drop", "M??.Price"],
                      ["Model (every value differs)", "Make (every value differs)", "Luggage.room (11)"], 0.7),
    "Fertility.parquet": ("work", ["--folds", "3"], ["morekids (2)"], 0.99),
    "Hitters.csv": ("Salary", ["--na", "drop"], ["called here: row_names", "row_names (every value differs)",
                                                 "59 of 322 rows left out"], 0.75),
    "airquality_NA.csv": ("Ozone", ["--na", "mean"], ["37 of 153 rows left out because the target Ozone"], 0.7),
    "ames_raw_openintro_NA.csv": ("price", ["--na", "mean", "--drop", "Order,PID", "--folds", "5"],
                                  ["43 text columns became 283", "Alley (2732)", "Lot.Frontage (490)"], 0.25),
    "chicago_ridership_dates.csv": ("ridership", [], ["dates became numbers (days since 1970-01-01): date",
                                                      "WhiteSox_Home is WhiteSox_Away"], 0.3),
    "communities_crime_NA.csv": ("violentPerPop", ["--na", "mean", "--folds", "3"],
                                 ["communityname (2,018 values in 2,215 rows)", "almost perfect", "assaultPerPop"], 1),
    "communities_crime_noheader_qmark.csv": ("146", ["--no-header", "--na", "mean", "--folds", "3"],
                                             ["column_1 (2,018 values", "221 of 2,215 rows left out"], 1),
    "credit_data_NA.csv": ("Amount", ["--na", "mean"], ["missing text is a level of its own"], 0.6),
    "diamonds.csv": ("price", ["--folds", "3"], ["cut (5), color (7), clarity (8)"], 0.15),
    "economics_dates.csv": ("unemploy", [], ["dates became numbers"], 0.3),
    "hiv_nrti_raw.tsv": ("3TC", ["--na", "mean", "--folds", "3"],
                         ["IsolateName (637 values in 639 rows)", "240 text columns"], 0.7),
    "lending_club.csv": ("int_rate", ["--folds", "3"], ["sub_grade (35)", "addr_state (50)"], 0.1),
    "mice_protein_NA.csv": ("pCREB_N", ["--na", "mean", "--folds", "3"], ["MouseID (every value differs)"], 0.4),
    "mlbench_Soybean.csv": ("date", ["--na", "mean"], ["Class (19)"], 0.99),
    "nycflights13_flights_20k_NA.csv": ("arr_delay", ["--na", "drop", "--drop", "tailnum", "--folds", "3"],
                                        ["557 of 20,000 rows left out", "time_hour", "without effect: year"],
                                        0.3),
    "penguins_NA.csv": ("body_mass_g", ["--na", "drop"], ["11 of 344 rows left out", "species (3), island (3)"], 0.2),
    "surv_lung.csv": ("time", ["--na", "mean"], ["missing numbers took the mean"], 1),
    "surv_pbc.csv": ("bili", ["--na", "mean"], ["column id counts the rows"], 0.8),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_raw_tables(shared_data, tmp_path, capsys, name):
    target, words, said, share = TABLES[name]
    path, model = shared_data / "data" / "raw" / name, tmp_path / "m.json"
    assert main(["fit", str(path), "-y", target, "-o", str(model), "--json", "--rule", "min", *words]) == 0
    out, err = capsys.readouterr()
    assert [word for word in said if word not in err] == [], err
    data = json.loads(out)
    assert data["certificate"]["largest"] <= 1e-8
    assert data["choices"]["min"]["loss"] < share * data["cv"]["null_loss"]
    if "drop" in words:
        return  # a model fitted without missing values does not predict rows that have some
    more = ["--no-header"] if "--no-header" in words else []
    assert main(["predict", str(model), str(path), "-q", *more]) == 0
    predicted = np.array(capsys.readouterr().out.split()[1:], dtype=float)
    assert len(predicted) == data["data"]["n_given"]
    assert np.isfinite(predicted).all()


# file -> (arguments, words of the result, words beside it, columns of the predictions)
KINDS = {
    "penguins_NA.csv": ("-y species --family auto --na drop --penalty group --n-lams 20",
                        ["predict species (Adelie, Chinstrap, Gentoo)"],
                        ["family multinomial was chosen: the target has 3 classes"], None),
    "mlbench_Soybean.csv": ("-y Class --family auto --na mean --folds 3 --n-lams 15", ["output", "more (--verbose"],
                            ["has 19 classes"], ["prediction", "probability_2-4-d-injury"]),
    "attrition.csv": ("-y Attrition --family auto --penalty group --measure auc --n-lams 20 --folds 3",
                      ["of 30 groups) predict Attrition = Yes", "CV auc", "OverTime=Yes"],
                      ["family binomial was chosen"], ["prediction", "class"]),
    "surv_lung.csv": ("--time time --event status=2 --na mean --rule min", ["hazard ratio", "CV deviance", "ph.ecog"],
                      ["missing numbers"], ["prediction"]),
    "hiv_nrti_raw.tsv": ("-y 3TC,ABC --family auto --na mean --folds 3 --n-lams 15",
                         ["P184=-", "summed over 2 targets"],
                         ["the target has 2 columns of numbers", "because the target 3TC, ABC is missing"],
                         ["prediction_3TC", "prediction_ABC"]),
    "chicago_ridership_dates.csv": ("-y ridership --family sqrt --folds 3 --n-lams 15", ["predicting the mean"],
                                    ["dates became numbers"], ["prediction"]),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_raw_tables_of_every_kind(shared_data, tmp_path, capsys, name):
    words, result, beside, columns = KINDS[name]
    path, model = shared_data / "data" / "raw" / name, tmp_path / "m.json"
    assert main(["fit", str(path), "-o", str(model), *words.split()]) == 0
    out, err = capsys.readouterr()
    assert [word for word in result if word not in out] == [], out
    assert [word for word in beside if word not in err] == [], err
    assert "within tol" in out
    if columns is None:
        return  # a model fitted without missing values does not predict rows that have some
    assert main(["predict", str(model), str(path), "-q"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(",")[: len(columns)] == columns
    assert len(lines) > 200
    assert main(["inspect", str(model)]) == 0
    assert "needs:" in capsys.readouterr().out


# file -> (target, exit code, words)
REFUSED = {
    "Hitters.csv": ("Salary", 3, ["Salary (the target): 59 of 322, first at row 1 (line 2)", "(263 stay)"]),
    "ames_raw_openintro_NA.csv": ("price", 3, ["27 columns, in 2,930 of 2,930 rows", "Pool.QC: 2,917", "--na mean"]),
    "Cars93_NA.csv": ("Price", 3, ['"Cylinders" should hold numbers', '"rotary" at row 57 (line 58)']),
    "attrition.csv": ("Attrition", 3, ['target "Attrition" holds text', "No, Yes", "--family binomial"]),
    "mlbench_Soybean.csv": ("Class", 3, ["--family multinomial models several classes; this target has 19"]),
    "communities_crime_noheader_qmark.csv": ("ViolentCrimes", 2, ["looks like data, not names", "--no-header"]),
    "penguins_NA.csv": ("body_mass", 2, ['did you mean "body_mass_g"']),
}


@pytest.mark.parametrize("name", REFUSED)
def test_raw_tables_refused_with_a_way_out(shared_data, capsys, name):
    target, code, said = REFUSED[name]
    assert main(["fit", str(shared_data / "data" / "raw" / name), "-y", target]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert [word for word in said if word not in err] == [], err


def test_dropping_incomplete_rows_can_leave_none(shared_data, capsys):
    path = shared_data / "data" / "raw" / "ames_raw_openintro_NA.csv"
    assert main(["fit", str(path), "-y", "price", "--na", "drop"]) == 3
    assert "--drop Pool.QC,Misc.Feature,Alley,Fence" in capsys.readouterr().err


# Path, doctor and a dry run read every table as fit does, and end in a result. (Fertility has 254,654 rows: fit does.)
@pytest.mark.parametrize("name", sorted(TABLES.keys() - {"Fertility.parquet"}))
def test_raw_tables_through_the_other_commands(shared_data, tmp_path, capsys, name):
    target, words, said, _ = TABLES[name]
    words = [word for k, word in enumerate(words) if "--folds" not in words[max(k - 1, 0) : k + 1]]
    base = [str(shared_data / "data" / "raw" / name), "-y", target, *words]
    assert main(["path", *base, "--n-lams", "12", "--json", "--strict", "-o", str(tmp_path / "p.parquet")]) == 0
    out, err = capsys.readouterr()
    assert [word for word in said if word not in err and "almost" not in word and "assault" not in word] == [], err
    made = json.loads(out)
    assert made["certificate"]["largest"] <= 1e-8
    assert made["path"][-1]["n_features"] > 1
    long = pl.read_parquet(tmp_path / "p.parquet")
    assert long.filter(pl.col("feature") != "(intercept)").height == sum(s["n_features"] for s in made["path"])
    assert main(["path", *base, "--dry-run", "-q"]) == 0
    plan = capsys.readouterr().out
    assert f" {made['data']['n_features']:,} features; " in plan
    assert main(["doctor", *base]) == 0
    text = capsys.readouterr().out
    assert f"{made['data']['n_samples']:,} rows, " in text
    assert "=True" not in text
    assert 'na="' not in text, "options, not keywords"


# method -> (table, arguments, words of the result)
METHODS = {
    # of two levels, one the mirror of the other, rounding says which
    "mfdr": ("attrition.csv", "-y Attrition --family auto", "OverTime="),
    "stability": ("surv_lung.csv", "--time time --event status=2 --na drop --n-pairs 20", "ph.ecog"),
    "knockoffs": ("hiv_nrti_raw.tsv", "-y 3TC --na drop --keep P18*,D4T,DDI --fdr 0.3 --seed 1", "P184="),
    "debiased": ("airquality_NA.csv", "-y Ozone --na drop", "Temp"),
    "post_selection": ("Hitters.csv", "-y Salary --na drop --lambda 20", "Hits"),
    "multi_split": ("economics_dates.csv", "-y unemploy --splits 6", "uempmed"),
}


@pytest.mark.parametrize("method", METHODS)
def test_methods_on_raw_tables(shared_data, tmp_path, capsys, method):
    name, words, found = METHODS[method]
    line = f"select {shared_data}/data/raw/{name} {words} --method {method} -o {tmp_path}/t.csv --strict"
    assert main(line.split()) == 0
    out = capsys.readouterr().out
    assert found in out.splitlines()[0]
    assert "promise: " in out
    assert "assumes: " in out
    table = pl.read_csv(tmp_path / "t.csv")
    assert table.filter(pl.col("selected"))["feature"].to_list()[0] in out.splitlines()[0]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("penguins_NA.csv", "-y body_mass_g --na drop"),
        ("attrition.csv", "-y Attrition --family auto --measure auc"),
        ("hiv_nrti_raw.tsv", "-y 3TC,ABC --family auto --na mean --keep P18*"),
        ("surv_lung.csv", "--time time --event status=2 --na mean"),
        ("Cars93_NA.csv", "-y Price --na mean --categories Cylinders --drop M??.Price"),
    ],
)
def test_models_side_by_side_on_raw_tables(shared_data, capsys, name, words):
    line = f"compare {shared_data}/data/raw/{name} {words} --folds 3 --n-lams 8 --strict"
    assert main(line.split()) == 0
    out = capsys.readouterr().out
    assert "the best held-out " in out.splitlines()[0]
    assert all(
        line.split()[0] in ("lasso", "elastic", "ridge", "model", "-----------") for line in out.splitlines()[4:11]
    )
    assert "within tol 1e-08" in out
