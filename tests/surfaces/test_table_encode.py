"""From a frame to numbers: kinds of columns, missing values, what is learnt inside a fold, what is said."""

import datetime

import numpy as np
import pytest
import scipy.sparse

from riata.core.errors import InvalidData, InvalidOption
from riata.table import Encoder

pl = pytest.importorskip("polars", reason="tables need the extra riata[table]")


def frame(**columns):
    n = max(len(values) for values in columns.values())
    return pl.DataFrame({"y": [float(i % 7) for i in range(n)], **columns}, strict=False)


def fit(table, **how):
    return Encoder.fit(table, target="y", **how)


def column(encoded, name):
    X = encoded.X if isinstance(encoded.X, np.ndarray) else encoded.X.toarray()
    return X[:, encoded.names.index(name)].tolist()


def test_every_kind_of_column():
    day = datetime.date(1970, 1, 3)
    table = frame(
        number=[1, 2, 3, 4],
        half=[0.5, 1.5, 2.5, 3.5],
        word=["b", "a", "b", "c"],
        flag=[True, False, True, True],
        day=[day, day, day, datetime.date(1970, 1, 4)],
        moment=["1970-01-02T12:00:00Z", "1970-01-01", "1970-01-01 06:00", "1970/01/05"],
        lapse=[datetime.timedelta(days=k) for k in (1, 2, 3, 4)],
        digits=["1", "2.5", "-3e2", "4"],
    )
    encoded = fit(table)
    assert encoded.names == (
        "number", "half", "word=a", "word=b", "word=c", "flag=False", "flag=True", "day", "moment", "lapse", "digits",
    )  # fmt: skip
    assert column(encoded, "word=b") == [1, 0, 1, 0]
    assert column(encoded, "flag=True") == [1, 0, 1, 1]
    assert column(encoded, "day") == [2, 2, 2, 3]
    assert column(encoded, "moment") == [1.5, 0, 0.25, 4]
    assert column(encoded, "lapse") == [1, 2, 3, 4]
    assert column(encoded, "digits") == [1, 2.5, -300, 4]
    said = " ".join(encoded.notes)
    assert "dates became numbers (days since 1970-01-01): day, moment" in said
    assert "durations became numbers (days): lapse" in said
    assert "2 text columns became 5 columns" in said
    assert "mirror images, so either may carry the effect of: flag." in said
    assert "read as numbers: digits" in said


@pytest.mark.parametrize("library", ["polars", "pandas", "pyarrow"])
def test_every_frame_library_gives_the_same(library):
    table = frame(a=[1.0, None, 3.0, 4.0], b=["u", "v", None, "u"], c=[True, False, True, False])
    if library != "polars":
        pytest.importorskip(library)
        table = table.to_pandas() if library == "pandas" else table.to_arrow()
    encoded = fit(table, na="mean")
    assert encoded.names == ("a", "a (missing)", "b=u", "b=v", "b (missing)", "c=False", "c=True")
    assert column(encoded, "a") == pytest.approx([1, 8 / 3, 3, 4], rel=1e-15)
    assert column(encoded, "a (missing)") == [0, 1, 0, 0]
    assert column(encoded, "b (missing)") == [0, 0, 1, 0]
    assert column(encoded, "c=True") == [1, 0, 1, 0]


def test_pandas_categories_and_objects():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(
        {"y": [1.0, 2, 3, 5], "grade": pd.Categorical(["1", "2", "1", "2"], categories=["1", "2", "3"])}
    )
    table["mixed"] = np.array([1, None, 2.5, 3], dtype=object)
    table["yes"] = np.array([True, None, False, True], dtype=object)
    table[7] = [1, 2, 3, 3]
    encoded = fit(table, na="mean")
    assert encoded.names == (
        "grade=1", "grade=2", "mixed", "mixed (missing)", "yes=False", "yes=True", "yes (missing)", "7",
    )  # fmt: skip


def test_numbers_as_categories_when_asked():
    encoded = fit(frame(code=[20, 30, 20, 45.5], z=[1, 2, 3, 1]), categories="code")
    assert encoded.names == ("code=20", "code=30", "code=45.5", "z")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([str(i) for i in range(20)] + ["oops"], ['"x" should hold numbers', "text in 1 row", '"oops" at row 20']),
        (["2026-01-01"] * 19 + ["soon"], ['"x" should hold dates', '"soon" at row 19', "2026-11-23"]),
        (["01/02/2026"] * 9 + ["03/02/2026"], ["without guessing", '"01/02/2026" at row 0', 'drop="x"']),
        (["3 May 2026"] * 5, ["without guessing"]),
        ([1.0, float("inf"), 2.0, -float("inf")], ['"x" has 2 infinite values', "row 1", "finite numbers"]),
        ([[1], [2]], ['"x" holds List', 'drop="x"']),
    ],
)
def test_what_cannot_be_a_column(values, words):
    with pytest.raises(InvalidData) as caught:
        fit(frame(x=values, z=list(range(len(values)))))
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_a_tenth_of_words_is_not_a_slip():
    """Nine in ten numbers are a column of words with digits among them; more than that is a column of numbers."""
    values = [str(i % 4) for i in range(17)] + ["low", "mid", "low"]
    assert "x=low" in fit(frame(x=values)).names
    with pytest.raises(InvalidData, match="should hold numbers"):
        fit(frame(x=[*values, *["1"] * 30]))


def test_identifiers_are_left_out_and_named():
    n = 40
    table = frame(
        id=[f"p{i}" for i in range(n)],
        nearly=[f"q{i // 2 * (i % 3 > 0) + i * (i % 3 == 0)}" for i in range(n)],
        town=["a", "b"] * 20,
        row=list(range(n)),
        key=[(i * 7919) % 100_003 for i in range(n)],
        x=[i % 5 for i in range(n)],
    )
    encoded = fit(table)
    assert encoded.encoder.left_out.keys() == {"id", "nearly"}
    assert encoded.names == ("town=a", "town=b", "row", "key", "x")
    said = " ".join(encoded.notes)
    assert "id (every value differs)" in said
    assert "column row counts the rows" in said
    assert "never repeat, perhaps an identifier: key" in said
    assert "id=p0" in fit(table, categories="id").names
    assert fit(table, drop="row,k*").names == ("town=a", "town=b", "x")
    assert fit(table, keep="x").names == ("x",)


def test_constant_and_duplicate_columns_are_allowed_and_reported():
    encoded = fit(frame(c=[3, 3, 3, 3], a=[1, 2, 3, 5], b=[1, 2, 3, 5], word=["k"] * 4, d=[1, 2, 3, 6]))
    said = " ".join(encoded.notes)
    assert "constant, so without effect: c, word=k" in said
    assert "b is a" in said
    assert "d is" not in said


def test_columns_without_values_are_left_out():
    encoded = fit(frame(x=[1, 2, 3], gone=[None, None, None]))
    assert encoded.names == ("x",)
    assert "gone (no values)" in " ".join(encoded.notes)


GAPS = {"a": [1.0, None, 3.0, 4.0, 9.0], "b": ["u", "v", None, "u", "v"], "z": [1, 2, 3, 1, 2]}


def test_missing_values_are_an_error_by_default():
    with pytest.raises(InvalidData) as caught:
        fit(frame(**GAPS))
    text = str(caught.value)
    for word in ("2 columns, in 2 of 5 rows", "a: 1 of 5, first at row 1", "b: 1 of 5, first at row 2", "(3 stay)"):
        assert word in text


def test_missing_rows_dropped():
    encoded = fit(frame(**GAPS), na="drop")
    assert encoded.rows.tolist() == [0, 3, 4]
    assert encoded.y.tolist() == [0, 3, 4]
    assert encoded.names == ("a", "b=u", "b=v", "z")
    assert "2 of 5 rows left out" in " ".join(encoded.notes)


def test_gaps_in_columns_that_are_not_used_cost_no_row():
    assert len(fit(frame(**GAPS), na="drop", drop="a").y) == 4
    assert len(fit(frame(**GAPS), drop=["a", "b"]).y) == 5


def test_dropping_every_row_is_an_error_that_helps():
    with pytest.raises(InvalidData, match="no row is complete") as caught:
        fit(frame(a=[None, 1.0], b=[1.0, None], c=[1, 2]), na="drop")
    assert 'drop="a,b"' in str(caught.value)


def test_missing_targets():
    table = pl.DataFrame({"y": [1.0, None, 3.0], "x": [1, 2, 4]})
    with pytest.raises(InvalidData, match=r"y \(the target\): 1 of 3, first at row 1"):
        fit(table)
    for na in ("drop", "mean"):
        encoded = fit(table, na=na)
        assert encoded.y.tolist() == [1, 3]
        assert "1 of 3 rows left out" in " ".join(encoded.notes)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sparse", [False, True])
def test_means_are_learnt_from_the_training_rows_only(monkeypatch, weighted, sparse):
    """The fold's own mean takes the place of a gap; the mean of all rows (the leaky variant) is another number."""
    if sparse:
        monkeypatch.setattr("riata.table.assemble.SPARSE_BYTES", 0)
        monkeypatch.setattr("riata.table.assemble.SPARSE_DENSITY", 2)
    table = frame(**GAPS).with_columns(w=pl.Series([1.0, 1, 1, 3, 2]))
    encoded = fit(table, na="mean", **({"weights": "w"} if weighted else {"drop": "w"}))
    assert scipy.sparse.issparse(encoded.X) == sparse
    train = np.array([True, True, False, True, False])
    X = encoded.design_for(train)
    X = X.toarray() if sparse else X
    j = encoded.names.index("a")
    inside = (1 * 1 + 3 * 4) / 4 if weighted else 2.5
    leaky = np.average([1, 3, 4, 9], weights=[1, 1, 3, 2] if weighted else None)
    assert inside != leaky, "the data could not tell"
    assert X[:, j].tolist() == [1, inside, 3, 4, 9]
    assert column(encoded, "a") == pytest.approx([1, leaky, 3, 4, 9], rel=1e-15)
    full = encoded.X.toarray() if sparse else encoded.X
    assert np.array_equal(np.delete(X, j, 1), np.delete(full, j, 1)), "nothing else may change"
    assert column(encoded, "a")[1] == pytest.approx(leaky, rel=1e-15), "the design of a fold is a copy"


def test_means_of_timestamps_keep_their_digits():
    base = 1.7e9
    encoded = fit(frame(t=[base, None, base + 1e-3, base + 2e-3]), na="mean")
    assert column(encoded, "t")[1] == pytest.approx(base + 1e-3, abs=3e-7)


def test_a_fold_without_any_value_gets_zeros():
    encoded = fit(frame(a=[None, None, 3.0, 4.0], z=[1, 2, 3, 4]), na="mean")
    X = encoded.design_for(np.array([True, True, False, False]))
    assert X[:, 0].tolist() == [0, 0, 3, 4]


def test_wide_categories_are_stored_sparsely(monkeypatch):
    monkeypatch.setattr("riata.table.assemble.SPARSE_BYTES", 1000)
    n = 400
    table = frame(town=[f"t{(i * i) % 150}" for i in range(n)], x=[i % 11 for i in range(n)])
    sparse = fit(table, categories="town")
    monkeypatch.setattr("riata.table.assemble.SPARSE_BYTES", 1e9)
    dense = fit(table, categories="town")
    assert scipy.sparse.issparse(sparse.X)
    assert np.array_equal(sparse.X.toarray(), dense.X)
    assert sparse.X.has_sorted_indices


def test_targets_that_cannot_be_one():
    table = pl.DataFrame({"word": ["a", "b", "a"], "flat": [2.0, 2.0, 2.0], "x": [1, 2, 3], "b": [True, False, True]})
    with pytest.raises(InvalidData, match=r'"word" holds text, not numbers[\s\S]*a, b'):
        Encoder.fit(table, target="word")
    with pytest.raises(InvalidData, match=r'"flat" is constant[\s\S]*2 in all 3 rows'):
        Encoder.fit(table, target="flat")
    assert Encoder.fit(table, target="b").y.tolist() == [1, 0, 1]
    with pytest.raises(InvalidOption, match=r'"wrod" is not in the table[\s\S]*did you mean "word"'):
        Encoder.fit(table, target="wrod")
    with pytest.raises(InvalidData, match="only 1 row"):
        Encoder.fit(table[:1], target="x")
    with pytest.raises(InvalidData, match="the table is empty"):
        Encoder.fit(table[:0], target="x")
    with pytest.raises(InvalidData, match="no column is left"):
        Encoder.fit(table, target="x", keep="x")
    with pytest.raises(InvalidOption, match='did you mean "drop"'):
        Encoder.fit(table, target="x", na="dorp")


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1.0, -2.0, 1.0], "negative in 1 row[\\s\\S]*-2 at row 1"),
        ([0.0, 0.0, 0.0], "0 in every row"),
        ([1.0, None, 1.0], "no value in 1 row, first at row 1"),
        ([1.0, float("inf"), 1.0], "infinite"),
        (["a", "b", "a"], "holds text, not numbers"),
    ],
)
def test_weights_that_cannot_be(weights, words):
    table = pl.DataFrame({"y": [1.0, 2, 4], "x": [1, 2, 3], "w": weights}, strict=False)
    with pytest.raises(InvalidData, match=words):
        Encoder.fit(table, target="y", weights="w")


def test_names_of_columns_are_never_code_and_never_twice():
    table = pl.DataFrame(
        {"y": [1.0, 2, 4, 4], "<script>": [1, 2, 3, 4], "größe=a": [0, 1, 1, 0], "größe": ["a", "b", "a", "b"]}
    )
    encoded = Encoder.fit(table, target="y")
    assert encoded.names == ("<script>", "größe=a", "größe=a (2)", "größe=b")
    pd = pytest.importorskip("pandas")
    twice = pd.DataFrame([[1.0, 2.0, 3.0], [2.0, 1.0, 5.0]], columns=["y", "x", "x"])
    with pytest.raises(InvalidData, match="x"):
        Encoder.fit(twice, target="y")


def test_the_frame_is_left_as_it_was():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"y": [1.0, 2, 4], "a": [1.0, np.nan, 3.0], "b": ["u", None, "v"]})
    before = table.copy(deep=True)
    fit(table, na="mean")
    pd.testing.assert_frame_equal(table, before)
