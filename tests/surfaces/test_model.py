"""Model files: what comes back is what was saved, to the last bit; and every way a file can be wrong."""

import json
import os
import stat

import numpy as np
import pytest

from riata.core.errors import InvalidData, ModelFileError
from riata.model import Model, load_model
from riata.model.files import read_json, to_json, write_atomically

pl = pytest.importorskip("polars", reason="tables need the extra riata[table]")


def table(n=60):
    rng = np.random.default_rng(4)
    size, town = rng.gamma(2, 50, n), rng.choice(["oslo", "rome", "<b>köln</b>"], n)
    return pl.DataFrame(
        {"price": 3 * size + 40 * (town == "rome") + rng.standard_normal(n), "size": size, "town": town,
         "noise": rng.standard_normal(n)}
    )  # fmt: skip


@pytest.fixture(scope="module")
def selection():
    import riata

    return riata.select(table(), "price", folds=5, rule="min")


def by_hand(model, frame):
    out = np.full(len(frame), model.intercept)
    for name, w in model.coef.items():
        column, _, level = name.partition("=")
        out += w * ((frame[column] == level).to_numpy() if level else frame[column].to_numpy())
    return out


def test_prediction_is_the_formula(selection):
    model = selection.model
    assert {"size", "town=rome"} <= set(model.coef)
    assert model.predict(table()) == pytest.approx(by_hand(model, table()), rel=1e-12)
    shuffled = table().select("town", "noise", "size").with_columns(extra=1)
    assert np.array_equal(model.predict(shuffled), model.predict(table()))


def test_the_round_trip_changes_no_bit(selection, tmp_path):
    path = tmp_path / "m.json"
    selection.save(path)
    again = load_model(path)
    assert again.to_dict() == json.loads(path.read_text("utf-8")) | {}
    assert again.coef == selection.model.coef
    assert again.intercept == selection.model.intercept
    assert again.encoder == selection.model.encoder
    assert again.path["lams"] == selection.path.lams.tolist()
    assert again.cv["cvm"] == selection.cv.cvm.tolist()
    assert np.array_equal(again.predict(table()), selection.predict(table()))
    again.save(tmp_path / "n.json")
    assert (tmp_path / "n.json").read_bytes() == path.read_bytes()


def test_floats_of_every_size_survive(tmp_path):
    rng = np.random.default_rng(0)
    values = (rng.standard_normal(400) * 10.0 ** rng.integers(-307, 307, 400)).tolist() + [5e-324, -0.0, 0.1]
    (tmp_path / "f.json").write_text(to_json({"v": values}))
    back = read_json(tmp_path / "f.json")["v"]
    assert [v.hex() for v in back] == [v.hex() for v in values]


def test_what_the_file_holds(selection):
    data = selection.model.to_dict()
    assert data["schema"] == {"name": "riata.model", "version": 3}
    assert data["response"] == {"link": "identity"}
    assert data["certificate"]["largest"] <= 1e-8
    assert len(data["data"]["sha256"]) == 64
    assert data["data"]["n_samples"] == 60
    assert data["provenance"]["riata"]
    assert data["options"]["seed"] == 0
    L = len(data["path"]["lams"])
    coef = np.zeros(L)
    entry = data["path"]["coef"]["size"]
    coef[entry["at"]] = entry["value"]
    assert coef.tolist() == selection.path.coef[selection.path.feature_names.index("size")].tolist()
    for name in data["coef"]:
        assert data["coef_per_sd"][name] == pytest.approx(data["coef"][name] * data["path"]["sd"][name], rel=1e-12)
    assert json.dumps(data)


def test_the_fingerprint_knows_names_values_and_nothing_else():
    from riata.model.fingerprint import fingerprint

    X, y = np.arange(12.0).reshape(4, 3), np.arange(4.0)
    base = fingerprint(X, y, list("abc"))
    assert base == fingerprint(np.asfortranarray(X), y.astype(int), list("abc"))
    assert base != fingerprint(X + 1e-15 * (X == 11) * 1e3, y, list("abc"))
    assert base != fingerprint(X, y, list("abd"))
    assert base != fingerprint(X, y, list("abc"), np.ones(4))


def test_columns_without_a_coefficient_need_not_be_there():
    import riata

    model = riata.select(table(), "price", lam=20.0).model
    assert "noise" not in model.coef
    assert np.isfinite(model.predict(table().drop("noise"))).all()
    with pytest.raises(InvalidData, match="lacks 1 column that the model needs: size"):
        model.predict(table().drop("size"))


def test_unseen_levels_warn(selection):
    new = table().with_columns(town=pl.lit("bonn"))
    with pytest.warns(UserWarning, match='never seen: "bonn" \\(60 rows\\)'):
        selection.predict(new)


@pytest.mark.parametrize("kind", ["array", "list", "sparse", "frame"])
def test_models_of_arrays(kind):
    import scipy.sparse

    import riata

    rng = np.random.default_rng(1)
    X = rng.standard_normal((50, 4))
    model = riata.select(X, X[:, 2] * 2 + rng.standard_normal(50) / 10, rule="min").model
    new = {"array": X, "list": X.tolist(), "sparse": scipy.sparse.csr_array(X), "frame": pl.DataFrame(X)}[kind]
    coef = np.array([model.coef.get(f"x{j}", 0.0) for j in range(4)])
    assert model.predict(new) == pytest.approx(X @ coef + model.intercept, rel=1e-12)


def test_arrays_that_do_not_fit(selection):
    import riata

    X = np.random.default_rng(1).standard_normal((50, 4))
    model = riata.select(X, X[:, 2] * 2 + X[:, 0]).model
    with pytest.raises(InvalidData, match=r"shape \(n, 4\)[\s\S]*shape \(50, 3\)"):
        model.predict(X[:, :3])
    with pytest.raises(InvalidData, match=r"X.reshape\(1, -1\)"):
        model.predict(X[0])
    bad = X.copy()
    bad[7, 2] = np.nan
    with pytest.raises(InvalidData, match='column "x2" has no finite value at row 7'):
        model.predict(bad)
    with pytest.raises(InvalidData, match="encoded columns town"):
        selection.predict(np.zeros((3, 3)))
    with pytest.raises(InvalidData, match="does not fit the model"):
        model.predict(pl.DataFrame({"a": [1.0], "b": [2.0]}))


def damaged(selection):
    """Damaged files: content and the words that must be in the message."""
    text = to_json(selection.model.to_dict())
    data = selection.model.to_dict()

    def with_(**changes):
        return json.dumps(data | changes)

    return {
        "empty": ("", ["is empty"]),
        "cut short": (text[: len(text) // 2], ["cut short", "ends in line"]),
        "cut by one": (text.rstrip()[:-1], ["cut short"]),
        "cut in a string": (text[: text.index("riata.model") + 4], ["cut short"]),
        "a table": ("a,b\n1,2\n", ["not a riata model file", "'a,b"]),
        "a pickle": (b"\x80\x04\x95\x10\x00", ["Python pickle", "never loads"]),
        "a picture": (b"\x89PNG\r\n\x1a\n\xff\xfe", ["a binary file"]),
        "broken inside": (text.replace('"rule":', '"rule"', 1), ["not JSON any more at line", "column"]),
        "a list": ("[1, 2]", ["not a riata model", "list"]),
        "other JSON": ('{"a": 1}', ["not a riata model", "an object with a"]),
        "other schema": ('{"schema": {"name": "riata.fit", "version": 1}}', ["'riata.fit'", "'riata.model'"]),
        "newer": (
            with_(schema={"name": "riata.model", "version": 4}, provenance={"riata": "9.1.0"}),
            ["newer riata (9.1.0)", "schema version 4", "schema version 3", "pip install --upgrade riata"],
        ),
        "no version": (with_(schema={"name": "riata.model"}), ["no schema version"]),
        "part missing": (json.dumps({k: v for k, v in data.items() if k != "coef"}), ["lacks coef"]),
        "part of another kind": (with_(intercept="7"), ['"intercept" is not a number', "'7'"]),
        "response of another kind": (with_(response={"link": "probit"}), ['"response" is not', "probit"]),
        "baseline of another kind": (
            with_(response={"link": "log", "baseline": {"center": 0, "times": [[1, 2]], "hazard": [[1]]}}),
            ['"response" is not'],
        ),
        "coefficient of another kind": (with_(coef={"size": None}), ['"coef" is not numbers by name']),
        "unknown coefficient": (with_(coef={"sise": 1.0}), ['"coef" names a feature', "sise"]),
        "outputs of another kind": (with_(outputs=["one"]), ['"outputs" is not a list of names or null']),
        "outputs without numbers": (
            with_(outputs=["a", "b"]),
            ['"intercept" does not fit "outputs"', "2 numbers, for a, b"],
        ),
        "a list for a number": (
            with_(coef=data["coef"] | {"size": [1.0, 2.0]}),
            ['"coef of size" does not fit', "one number"],
        ),
        "softmax of one output": (
            with_(response={"link": "softmax", "classes": ["a", "b"]}),
            ['"response" does not have a class for each'],
        ),
        "NaN": (text.replace(f'"intercept": {data["intercept"]!r}', '"intercept": NaN'), ["NaN is not JSON"]),
        "encoder of another shape": (with_(encoder={"steps": [{}]}), ['"encoder" is not what it should be']),
        "encoder of other columns": (with_(features=[*data["features"], "z"]), ["do not name the same columns"]),
    }


CASES = [
    "empty", "cut short", "cut by one", "cut in a string", "a table", "a pickle", "a picture", "broken inside",
    "a list", "other JSON", "other schema", "newer", "no version", "part missing", "part of another kind",
    "response of another kind", "baseline of another kind", "coefficient of another kind", "unknown coefficient",
    "outputs of another kind", "outputs without numbers", "a list for a number", "softmax of one output", "NaN",
    "encoder of another shape", "encoder of other columns",
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_damaged_model_files_are_explained(selection, tmp_path, case):
    content, words = damaged(selection)[case]
    path = tmp_path / "model.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ModelFileError) as caught:
        Model.load(path)
    text = str(caught.value)
    assert "model.json" in text
    assert [word for word in words if word not in text] == [], text


def test_every_case_is_run(selection):
    assert list(damaged(selection)) == CASES


def test_every_cut_is_noticed(selection, tmp_path):
    """Wherever the file ends, loading it fails with a sentence."""
    text = to_json(selection.model.to_dict()).encode()
    path = tmp_path / "m.json"
    for end in [*range(0, 400, 7), *range(400, len(text) - 1, len(text) // 50)]:
        path.write_bytes(text[:end])
        with pytest.raises(ModelFileError):
            Model.load(path)


def test_loading_runs_no_code(tmp_path, monkeypatch):
    path = tmp_path / "m.json"
    path.write_text('{"__reduce__": ["os.system", ["touch hacked"]], "py/object": "os.system"}')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelFileError):
        Model.load(path)
    assert os.listdir(tmp_path) == ["m.json"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m.json"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["m.json"], "and no temporary file"


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be replaced there")
def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path):
    path = tmp_path / "m.json"
    path.write_text("old")
    with path.open() as reader:
        write_atomically(path, "new")
        assert reader.read() == "old", "the old file was written into"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["m.json"]


@pytest.mark.skipif(os.name == "nt", reason="rights and links are those of POSIX")
def test_rights_links_and_devices(tmp_path):
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    write_atomically(real, "1")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(real.stat().st_mode) == 0o666 & ~mask
    real.chmod(0o600)
    link.symlink_to(real)
    write_atomically(link, "2")
    assert link.is_symlink()
    assert real.read_text() == "2"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    write_atomically("/dev/null", "3")
    with pytest.raises(FileNotFoundError, match="no folder"):
        write_atomically(tmp_path / "no" / "m.json", "4")
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, "5")


def test_a_file_of_version_1_still_predicts(selection, tmp_path):
    """Version 1 had no response: it knew squared error alone."""
    old = selection.model.to_dict()
    del old["response"], old["outputs"]
    (tmp_path / "old.json").write_text(json.dumps(old | {"schema": {"name": "riata.model", "version": 1}}, default=str))
    back = Model.load(tmp_path / "old.json")
    assert back.response == {"link": "identity"}
    assert back.coef == selection.model.coef


def test_a_file_that_version_2_wrote_still_predicts(repository):
    """The file is as riata 0.1.0 of November 2026 left it, its predictions too."""
    i = np.arange(3.0)
    new = pl.DataFrame({"size": np.round(np.sin(i), 3), "age": i, "town": ["oslo", "rome", "bonn"]})
    back = load_model(repository / "tests" / "data" / "models" / "version_2.json")
    assert back.outputs is None
    assert back.predict(new).tolist() == [1.0105049512053306, 2.800316668251473, 3.248818496385411]
    assert back.to_dict()["schema"]["version"] == 3
