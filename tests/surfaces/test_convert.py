"""`riata convert`: each target predicts the rows of a table as the model does, to 1e-9, or refuses in a sentence."""

import dataclasses
import datetime
import math
import pathlib
import pickle
import shlex
import sqlite3
import subprocess
import sys
import warnings
from importlib.util import find_spec

import numpy as np
import pytest

import riata
from riata.cli.app import main
from riata.cli.commands import convert as command
from riata.convert.api import names
from riata.core.errors import InvalidOption, MissingExtra

pl = pytest.importorskip("polars", reason="tables need the extra riata[table]")

NEAR = {"rtol": 1e-9, "atol": 1e-9}
EPOCH = datetime.datetime(1970, 1, 1)
TOWNS, AREA = ["oslo", "rome", "k'öln"], 'living "area"'


def table(n, seed, towns=TOWNS):
    """Numbers and words with gaps and without, odd names, true and false, numbers that are categories."""
    rng = np.random.default_rng(seed)

    def with_gaps(values, share=0.15):
        return [None if rng.random() < share else value for value in values]

    size, rooms, town = rng.gamma(2, 50, n), rng.integers(1, 13, n), rng.choice(towns, n)
    sold, area, years = rng.random(n) < 0.5, rng.standard_normal(n), rng.uniform(0.5, 2, n)
    eta = size / 60 + (town == "rome") - (town == "k'öln") + (rooms == 3) + sold + area / 2 - 2.5
    second = 2 * eta - area + rng.standard_normal(n)
    time = rng.exponential(np.exp(-eta))
    return pl.DataFrame(
        {
            "size": with_gaps(size.tolist()), AREA: area, "rooms": rooms.tolist(), "town": with_gaps(town.tolist()),
            "street": rng.choice(["a", "b", "c"], n).tolist(), "sold": with_gaps(sold.tolist()),
            "years": years, "known": area + rng.standard_normal(n),
            "price": eta + rng.standard_normal(n) / 2, "rent": second,
            "ill": np.where(eta + rng.logistic(size=n) > 0, "yes", "no"), "passed": eta + rng.logistic(size=n) > 0,
            "claims": rng.poisson(years * np.exp(eta / 2)), "days": np.minimum(time, 3), "died": time < 3,
            "kind": np.array(["a", "b", "it's"])[np.digitize(eta + rng.standard_normal(n), [-1, 1])],
            "stars": np.digitize(eta, [-1, 0, 1]),
        }
    )  # fmt: skip


FEATURES = ["size", AREA, "rooms", "town", "street", "sold"]
CASES = {
    "gaussian": ("price", {}),
    "gaussian with an offset": ("price", {"offset": "known"}),
    "huber": ("price", {"family": "huber"}),
    "sqrt": ("price", {"family": "sqrt"}),
    "binomial": ("ill", {"family": "binomial"}),
    "binomial of truth": ("passed", {"family": "binomial"}),
    "multinomial": ("kind", {"family": "multinomial"}),
    "multinomial of numbers": ("stars", {"family": "multinomial"}),
    "multigaussian": (["price", "rent"], {"family": "multigaussian", "penalty": "group"}),
    "poisson": ("claims", {"family": "poisson"}),
    "poisson with an exposure": ("claims", {"family": "poisson", "exposure": "years"}),
    "cox": (("days", "died"), {"family": "cox"}),
}
NO_SKLEARN = {
    "gaussian with an offset": 'adds a column "known"',
    "poisson with an exposure": 'adds a column "years"',
    "cox": "no model of survival times",
}
NEW = table(60, 2, [*TOWNS, "bonn"])  # with a town never seen
_made = {}


def model_of(case):
    """Fitted once for all tests."""
    if case not in _made:
        y, options = CASES[case]
        keep = {"na": "mean", "keep": FEATURES, "categories": "rooms", "rule": "min", "folds": 3, "n_lams": 25}
        _made[case] = riata.select(table(220, 1), y, **keep, **options).model
    return _made[case]


def expected(model, frame, kind="response"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return np.asarray(model.predict(frame, kind=kind))


def same(found, wanted):
    found = np.asarray(found)
    if wanted.dtype.kind in "fi" and found.dtype.kind in "fiO":
        np.testing.assert_allclose(found.astype(float), wanted, **NEAR)
    else:
        assert found.tolist() == wanted.tolist()


# --- running what was written -----------------------------------------------------------------------------------------


def run_python(text, frame, wide):
    module = {}
    exec(compile(text, "model.py", "exec"), module)
    rows = [module["predict"](row) for row in frame.iter_rows(named=True)]
    return [list(row.values()) for row in rows] if wide else rows


def run_sqlite(text, frame, wide, name="data"):
    base = sqlite3.connect(":memory:")
    for word, function in (("exp", math.exp), ("ln", math.log)):  # not every build has them
        base.create_function(word, 1, lambda x, f=function: None if x is None else f(x))
    kinds = {"String": "TEXT", "Int64": "INTEGER", "Boolean": "INTEGER"}
    columns = ", ".join(
        f'"{c.replace(chr(34), 2 * chr(34))}" {kinds.get(str(t), "REAL")}' for c, t in frame.schema.items()
    )
    base.execute(f"CREATE TABLE {name} ({columns})")
    base.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * frame.width)})", frame.rows())
    rows = base.execute(text).fetchall()
    return [row[-wide:] if wide else row[-1] for row in rows]


def run_duckdb(text, frame, wide):
    duckdb = pytest.importorskip("duckdb", reason="a second database for SQL, with dates")
    with duckdb.connect() as base:
        base.register("data", frame.to_arrow())
        rows = base.execute(text.rstrip(";\n")).fetchall()
    return [row[-wide:] if wide else row[-1] for row in rows]


def days(column):
    return [None if v is None else v if isinstance(v, int | float) else as_days(v) for v in column.to_list()]


def as_days(value):
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    return (value - EPOCH if isinstance(value, datetime.datetime) else value) / datetime.timedelta(days=1)


def run_onnx(data, frame, wide):
    onnx = pytest.importorskip("onnx", reason="the extra riata[onnx] is not installed")
    from onnx.reference import ReferenceEvaluator

    graph = onnx.load_from_string(data)
    feeds = {}
    for entry in graph.graph.input:
        column = frame[entry.name]
        if entry.type.tensor_type.elem_type == onnx.TensorProto.STRING:
            words = ["" if v is None else str(v) for v in column.to_list()]
            feeds[entry.name] = np.array(words, dtype=object)[:, None]
        else:
            feeds[entry.name] = np.array([np.nan if v is None else v for v in days(column)], dtype=float)[:, None]
    found = [ReferenceEvaluator(graph).run(None, feeds)[0]]
    try:
        import onnxruntime
    except ModuleNotFoundError:
        return found[0]
    found.append(onnxruntime.InferenceSession(data).run(None, feeds)[0])
    same(*found) if found[0].dtype.kind == "f" else None
    return found[1]


RUN = {"python": [run_python], "sql": [run_sqlite, run_duckdb], "onnx": [run_onnx]}
EVERY = [(to, run) for to in RUN for run in RUN[to]]


@pytest.mark.parametrize("kind", ["response", "link", "class"])
@pytest.mark.parametrize(("to", "run"), EVERY, ids=[run.__name__ for _, run in EVERY])
@pytest.mark.parametrize("case", CASES)
def test_the_same_rows_give_the_same_predictions(case, to, run, kind):
    model = model_of(case)
    if kind == "class" and model.response.get("classes") is None:
        with pytest.raises(InvalidOption, match="predicts no classes"):
            riata.convert(model, to, kind=kind)
        return
    if to == "onnx":
        pytest.importorskip("onnx", reason="the extra riata[onnx] is not installed")
    wanted = expected(model, NEW, kind)
    wide = wanted.shape[1] if wanted.ndim == 2 else 0
    same(run(riata.convert(model, to, kind=kind), NEW, wide), wanted)


@pytest.mark.parametrize("library", ["polars", "pandas"])
@pytest.mark.parametrize("case", CASES)
def test_the_pipeline_predicts_the_same(case, library):
    model = model_of(case)
    if case in NO_SKLEARN:
        with pytest.raises(InvalidOption, match=NO_SKLEARN[case]):
            riata.convert(model, "sklearn")
        return
    frame = NEW
    if library == "pandas":
        pytest.importorskip("pandas", reason="pandas is not installed")
        frame = NEW.to_pandas()
    made = pickle.loads(riata.convert(model, "sklearn"))
    if model.response.get("classes") is None:
        same(made.predict(frame), expected(model, NEW))
        return
    same(made.predict(frame), expected(model, NEW, "class"))
    same(made.decision_function(frame), expected(model, NEW, "link"))
    chances = made.predict_proba(frame)
    same(chances if model.outputs else chances[:, 1], expected(model, NEW))


def test_the_pipeline_is_the_same_without_pandas(monkeypatch):
    one = pickle.loads(riata.convert(model_of("gaussian"), "sklearn"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    other = pickle.loads(riata.convert(model_of("gaussian"), "sklearn"))
    monkeypatch.undo()
    assert other.predict(NEW).tolist() == one.predict(NEW).tolist()


def test_the_pipeline_takes_columns_without_gaps():
    """Then frames hold them in other types: integers and truth values, not floats and objects."""
    made, model = pickle.loads(riata.convert(model_of("gaussian"), "sklearn")), model_of("gaussian")
    whole = NEW.drop_nulls().with_columns(pl.col("size").round(0).cast(pl.Int64))
    assert len(whole) > 20
    same(made.predict(whole), expected(model, whole))
    pytest.importorskip("pandas", reason="pandas is not installed")
    same(made.predict(whole.to_pandas()), expected(model, whole))


def test_truth_may_be_spelt_in_three_ways():
    model = model_of("gaussian")
    for words in ({True: "TRUE", False: "FALSE"}, {True: "true", False: "false"}, {True: "True", False: "False"}):
        frame = NEW.with_columns(pl.col("sold").replace_strict(words, return_dtype=pl.String))
        wanted = expected(model, frame)
        same(wanted, expected(model, NEW))
        for to, run in EVERY:
            if find_spec({run_duckdb: "duckdb", run_onnx: "onnx"}.get(run, "sqlite3")):
                same(run(riata.convert(model, to), frame, 0), wanted)


def test_the_table_can_tell():
    """Each thing that a target could get wrong moves a prediction."""
    model = model_of("gaussian")
    base = expected(model, NEW)
    mended = [
        NEW.with_columns(pl.col("size").fill_null(0.0)),
        NEW.with_columns(pl.col("town").fill_null("rome")),
        NEW.with_columns(pl.col("town").replace("bonn", "rome")),
        NEW.with_columns(~pl.col("sold")),
        NEW.with_columns(pl.col("rooms") % 12 + 1),
        NEW.with_columns(pl.col(AREA) * 1.001),
    ]
    for frame in mended:
        assert np.abs(expected(model, frame) - base).max() > 1e-6
    used = {name.partition("=")[0].removesuffix(" (missing)") for name in model.coef}
    assert used >= {"size", AREA, "rooms", "town", "sold"}


def test_a_pickle_needs_no_riata(tmp_path):
    (tmp_path / "m.pkl").write_bytes(riata.convert(model_of("multinomial"), "sklearn"))
    NEW.write_parquet(tmp_path / "new.parquet")
    code = (
        "import pickle, sys, polars; m = pickle.load(open('m.pkl', 'rb'));"
        "print(m.predict(polars.read_parquet('new.parquet')).tolist());"
        "assert not any(name.split('.')[0] == 'riata' for name in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(expected(model_of("multinomial"), NEW, "class").tolist())


def test_dates_and_durations_in_every_target():
    rng = np.random.default_rng(5)
    day = rng.integers(0, 3000, 90)
    wait = rng.integers(1, 90, 90)
    frame = pl.DataFrame(
        {
            "opened": [datetime.date(2015, 3, 1) + datetime.timedelta(int(d)) for d in day],
            "seen": [datetime.datetime(2020, 1, 1, 6) + datetime.timedelta(hours=int(w)) for w in wait],
            "wait": [datetime.timedelta(hours=int(w)) for w in rng.permutation(wait)],
        }
    )
    y = day / 700 + wait / 20 + frame["wait"].dt.total_hours().to_numpy() / 30
    frame = frame.with_columns(opened=pl.when(pl.Series(np.arange(90) % 7 == 0)).then(None).otherwise(pl.col("opened")))
    model = riata.select(frame.with_columns(y=y), "y", lam=0.01, na="mean", folds=3).model
    assert {"opened", "seen", "wait"} <= set(model.coef)
    wanted = expected(model, frame)
    same(run_python(riata.convert(model, "python"), frame, 0), wanted)
    written = [{c: None if v is None else v if c == "wait" else v.isoformat() for c, v in row.items()}
               for row in frame.iter_rows(named=True)]  # fmt: skip
    module = {}
    exec(riata.convert(model, "python"), module)
    same([module["predict"](row) for row in written], wanted)
    plain = pl.DataFrame({name: days(frame[name]) for name in frame.columns})
    same(pickle.loads(riata.convert(model, "sklearn")).predict(plain), wanted)
    if find_spec("duckdb"):
        same(run_duckdb(riata.convert(model, "sql"), frame, 0), wanted)
    if find_spec("onnx"):
        same(run_onnx(riata.convert(model, "onnx"), frame, 0), wanted)


@pytest.mark.parametrize("outputs", [1, 3])
def test_models_of_arrays(outputs):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 6))
    y = X[:, [0, 4, 5]] @ rng.standard_normal((3, outputs)) + rng.standard_normal((80, outputs)) / 9
    more = {} if outputs == 1 else {"family": "multigaussian"}
    model = riata.select(X, y[:, 0] if outputs == 1 else y, folds=3, feature_names=list("abcdef"), **more).model
    wanted, frame = model.predict(X), pl.DataFrame(X, schema=list("abcdef"))
    wide = 0 if outputs == 1 else outputs
    same(run_python(riata.convert(model, "python"), frame, wide), wanted)
    same(run_sqlite(riata.convert(model, "sql"), frame, wide), wanted)
    same(pickle.loads(riata.convert(model, "sklearn")).predict(X), wanted)
    onnx = pytest.importorskip("onnx", reason="the extra riata[onnx] is not installed")
    from onnx.reference import ReferenceEvaluator

    graph = onnx.load_from_string(riata.convert(model, "onnx"))
    same(ReferenceEvaluator(graph).run(None, {"X": X})[0], wanted)


def test_where_nothing_was_missing_a_gap_is_no_number():
    frame = table(100, 4).drop_nulls()
    model = riata.select(frame, "price", keep=["size", "town"], lam=0.01, folds=3).model
    gaps = [
        frame.head(2).with_columns(pl.lit(None).cast(t).alias(c))
        for c, t in (("size", pl.Float64), ("town", pl.String))
    ]
    for gap in gaps:
        with pytest.raises(ValueError, match="has no value: the model was fitted without"):
            run_python(riata.convert(model, "python"), gap, 0)
        assert run_sqlite(riata.convert(model, "sql"), gap, 0) == [None, None]
        if find_spec("onnx"):
            assert np.isnan(run_onnx(riata.convert(model, "onnx"), gap, 0)).all()


def test_far_predictors_overflow_nowhere():
    frame = pl.DataFrame({"x": np.linspace(-1, 1, 40), "y": ["no", "yes"] * 5 + ["no"] * 10 + ["yes"] * 20})
    model = riata.select(frame, "y", family="binomial", lam=0.01, folds=3).model
    far = pl.DataFrame({"x": [-1e6, 1e6, -1e4, 1e4]})
    for found in (run_python(riata.convert(model, "python"), far, 0), run_sqlite(riata.convert(model, "sql"), far, 0)):
        same(found, expected(model, far))


def test_long_sums():
    """SQLite bounds the depth of an expression by 1000, and the columns of a table by 2000."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((40, 1900))
    fitted = riata.select(X, X[:, 0] + rng.standard_normal(40), folds=3, n_lams=5).model
    coef = dict(zip(fitted.features, rng.standard_normal(1900).tolist(), strict=True))
    model = dataclasses.replace(fitted, coef=coef)
    frame = pl.DataFrame(X[:3], schema=list(fitted.features))
    same(run_sqlite(riata.convert(model, "sql"), frame, 0), model.predict(X[:3]))


REAL = {
    "penguins_NA.csv": ["-y", "species", "--family", "multinomial"],
    "credit_data_NA.csv": ["-y", "Status", "--family", "binomial", "--n-lams", "30"],
    "airquality_NA.csv": ["-y", "Ozone"],
    "Cars93_NA.csv": ["-y", "Price", "--categories", "Cylinders"],
    "AER_DoctorVisits.csv": ["-y", "visits", "--family", "poisson", "--n-lams", "30"],
}


@pytest.mark.parametrize("name", REAL)
def test_real_tables(shared_data, tmp_path, capsys, name):
    from riata.table.read import read_table

    path, file = shared_data / "data" / "raw" / name, tmp_path / "m.json"
    words = [*REAL[name], "--na", "mean", "--rule", "min", "--folds", "3"]
    assert main(["fit", str(path), *words, "-o", str(file), "-q"]) == 0
    model, frame = riata.load_model(file), read_table(path).frame
    wanted = expected(model, frame)
    wide = wanted.shape[1] if wanted.ndim == 2 else 0
    for to in names():
        if to == "onnx" and not find_spec("onnx"):
            continue
        out = tmp_path / f"m.{to}"
        assert main(["convert", str(file), "--to", to, "-o", str(out)]) == 0
        if to == "sklearn":
            made = pickle.loads(out.read_bytes())
            found = made.predict(frame) if model.response.get("classes") is None else made.predict_proba(frame)
            same(found if wide or found.ndim == 1 else found[:, 1], wanted)
        else:
            same(RUN[to][0](out.read_bytes() if to == "onnx" else out.read_text("utf-8"), frame, wide), wanted)


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def model(tmp_path, monkeypatch):
    """model.json in the folder where the command runs."""
    monkeypatch.chdir(tmp_path)
    model_of("binomial").save("model.json")
    return "model.json"


EXAMPLES = [line for line in command.__doc__.splitlines() if line.startswith("riata ")]


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_examples_of_the_help_text_run(model, capsys, line):
    if "onnx" in line:
        pytest.importorskip("onnx", reason="the extra riata[onnx] is not installed")
    assert main([*shlex.split(line)[1:]]) == 0
    out, err = capsys.readouterr()
    assert ("FROM houses AS d" in out) if "houses" in line else "model is in model." in err
    assert ("loading a pickle runs code" in err) == ("sklearn" in line)


def test_there_is_an_example_of_every_target(capsys):
    assert names() == ["onnx", "python", "sklearn", "sql"]
    assert {line.split("--to ")[1].split()[0] for line in EXAMPLES} == set(names())
    assert main(["convert", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {line}\n" in out for line in EXAMPLES)
    assert "loading a pickle runs code" in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--to", "sklearn"], 2, "is binary and is not written to the screen"),
        (["--to", "pmml"], 2, "invalid choice: 'pmml'"),
        (["--to", "python", "-o", "model.json"], 2, "model.json"),
        ([], 2, "--to"),
    ],
)
def test_what_cannot_be_written(model, capsys, words, code, said):
    before = pathlib.Path(model).read_bytes()
    assert main(["convert", model, *words]) == code
    assert said in capsys.readouterr().err
    assert pathlib.Path(model).read_bytes() == before


def test_what_cannot_be_converted(monkeypatch):
    with pytest.raises(InvalidOption, match="this cannot be converted"):
        riata.convert(3, "sql")
    with pytest.raises(InvalidOption, match='no target "sqll"') as error:
        riata.convert(model_of("gaussian"), "sqll")
    assert error.value.hint == 'did you mean "sql"?'
    empty = riata.select(table(100, 1), "price", keep=[AREA], lam=1e6, folds=3).model
    assert run_sqlite(riata.convert(empty, "sql"), NEW, 0) == [empty.intercept] * len(NEW)
    for to in ("onnx", "sklearn"):
        with pytest.raises(InvalidOption, match="this model has no feature"):
            riata.convert(empty, to)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtra) as error:
        riata.convert(model_of("gaussian"), "onnx")
    assert error.value.hint == "pip install 'riata[onnx]'"


def test_names_cannot_leave_their_quotes():
    """A column or target whose name holds a line break, quotes or a comment is data in what is written, never code."""
    evil = 'x"; DROP TABLE data; --\nimport os\n"""'
    frame = pl.DataFrame({evil: np.arange(30.0), "y\n1/0": np.arange(30.0) % 7 + np.arange(30)})
    model = riata.select(frame, "y\n1/0", lam=0.1, folds=3).model
    wanted = expected(model, frame)
    same(run_python(riata.convert(model, "python"), frame, 0), wanted)
    same(run_sqlite(riata.convert(model, "sql"), frame, 0), wanted)
