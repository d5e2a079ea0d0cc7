"""New tables for an old encoder: permuted, extra, lacking, of another type, with levels never seen."""

import datetime
import json

import numpy as np
import pytest

from riata.core.errors import InvalidData
from riata.table import Encoder

pl = pytest.importorskip("polars", reason="tables need the extra riata[table]")

TRAIN = {
    "y": [1.0, 2.0, 4.0, 3.0],
    "size": [10.0, 20.0, None, 40.0],
    "town": ["oslo", "rome", None, "oslo"],
    "flag": [True, False, True, False],
    "day": [datetime.date(2020, 1, d) for d in (1, 2, 3, 4)],
    "n": [1, 2, 3, 5],
}


@pytest.fixture
def encoded():
    return Encoder.fit(pl.DataFrame(TRAIN), target="y", na="mean")


@pytest.fixture
def strict():
    """Fitted without missing values."""
    return Encoder.fit(pl.DataFrame(TRAIN).drop_nulls(), target="y").encoder


def new(**changes):
    return pl.DataFrame({k: v for k, v in (TRAIN | changes).items() if v is not ... and k != "y"}, strict=False)


def test_the_training_table_gives_the_training_matrix(encoded):
    out = encoded.encoder.transform(pl.DataFrame(TRAIN))
    assert np.array_equal(out.X, encoded.X)
    assert out.names == encoded.names
    assert out.notes == []


def test_permuted_and_extra_columns(encoded):
    table = new(extra=[1, 2, 3, 4])
    out = encoded.encoder.transform(table.select(sorted(table.columns, reverse=True)))
    assert np.array_equal(out.X, encoded.X)
    assert out.notes == ["columns that the model does not know were ignored: extra."]


def test_json_round_trip(encoded):
    again = Encoder.from_dict(json.loads(json.dumps(encoded.encoder.to_dict())))
    assert again == encoded.encoder
    assert np.array_equal(again.transform(new()).X, encoded.X)


def test_a_column_that_is_not_there(encoded):
    with pytest.raises(InvalidData) as caught:
        encoded.encoder.transform(new(size=..., Size=TRAIN["size"], town=...))
    text = str(caught.value)
    assert "lacks 2 columns that the model needs: size, town" in text
    assert 'did you mean "Size" for "size"' in text


def test_only_the_columns_asked_for_are_needed(encoded):
    out = encoded.encoder.transform(pl.DataFrame({"town": ["rome", "bonn"]}), names=["town=rome"])
    assert out.X.tolist() == [[1.0], [0.0]]


def test_levels_never_seen(encoded):
    out = encoded.encoder.transform(new(town=["oslo", "bonn", "bonn", "kiel"]))
    block = out.X[:, [encoded.names.index(f"town{x}") for x in ("=oslo", "=rome", " (missing)")]]
    assert block.tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]
    (warning,) = [w for w in out.warnings if "town" in w]
    assert 'column "town" has levels that the model has never seen: "bonn" (2 rows), "kiel" (1 row)' in warning


def test_numbers_written_as_text(encoded):
    out = encoded.encoder.transform(new(n=["1", " 2", "3.0", "5e0"]))
    assert np.array_equal(out.X, encoded.X)
    with pytest.raises(InvalidData) as caught:
        encoded.encoder.transform(new(n=["1", "two", "3", "x"]))
    text = str(caught.value)
    assert 'column "n" should hold numbers and has text in 2 rows' in text
    assert '"two" at row 1 and 1 more like it' in text


def test_dates_written_as_text_and_back(encoded):
    out = encoded.encoder.transform(new(day=["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]))
    assert np.array_equal(out.X, encoded.X)
    with pytest.raises(InvalidData, match=r'"day" should hold dates[\s\S]*"01/02/2020" at row 0'):
        encoded.encoder.transform(new(day=["01/02/2020"] * 4))
    with pytest.raises(InvalidData, match='"day" held dates when the model was fitted, and holds numbers now'):
        encoded.encoder.transform(new(day=[1, 2, 3, 4]))
    with pytest.raises(InvalidData, match='"n" held numbers when the model was fitted, and holds dates now'):
        encoded.encoder.transform(new(n=TRAIN["day"]))


@pytest.mark.parametrize("spelt", [["True", "False", "True", "False"], ["TRUE", "FALSE", "true", "false"]])
def test_booleans_written_as_text(encoded, spelt):
    out = encoded.encoder.transform(new(flag=spelt))
    assert np.array_equal(out.X, encoded.X)
    assert not [w for w in out.warnings if "flag" in w]


def test_numbers_where_words_were(encoded):
    with pytest.raises(InvalidData) as caught:
        encoded.encoder.transform(new(town=[1, 2, 1, 2]))
    text = str(caught.value)
    assert '"town" held text when the model was fitted, and holds numbers now' in text
    assert '"oslo", "rome"' in text


def test_number_codes_come_back_as_the_same_levels():
    table = pl.DataFrame({"y": [1.0, 2, 3, 5], "code": [20, 30, 20, 30]})
    encoder = Encoder.fit(table, target="y", categories="code").encoder
    for codes in ([30.0, 20.0], ["30", "20"], [30, 20]):
        assert encoder.transform(pl.DataFrame({"code": codes})).X.tolist() == [[0, 1], [1, 0]]


def test_gaps_in_new_rows(encoded, strict):
    out = encoded.encoder.transform(new(size=[None] * 4, n=[1, None, 3, 5]))
    assert out.X[:, encoded.names.index("size")].tolist() == pytest.approx([70 / 3] * 4, rel=1e-15)
    assert out.X[:, encoded.names.index("size (missing)")].tolist() == [1, 1, 1, 1]
    assert out.X[1, encoded.names.index("n")] == 2.75, "a column without gaps at the fit has a mean all the same"
    assert "missing numbers took the mean of the training data: size (4), n (1)." in out.warnings
    with pytest.raises(InvalidData) as caught:
        strict.transform(new())
    assert 'column "size" has no value in 1 of 4 rows, first at row 2' in str(caught.value)
    assert 'na="mean"' in str(caught.value)


def test_a_missing_word_where_none_was_missing():
    table = pl.DataFrame({"y": [1.0, 2, 3], "town": ["a", "b", "a"]})
    encoder = Encoder.fit(table, target="y", na="mean").encoder
    out = encoder.transform(pl.DataFrame({"town": [None, "a"]}))
    assert out.X.tolist() == [[0, 0], [1, 0]]
    assert 'column "town" has no value in 1 row' in out.warnings[0]


def test_infinite_values(encoded):
    with pytest.raises(InvalidData, match='"size" has 1 infinite value, first at row 1'):
        encoded.encoder.transform(new(size=[1.0, float("inf"), 2.0, 3.0]))


def test_offsets_come_from_the_new_table():
    table = pl.DataFrame({"y": [1.0, 2, 4], "x": [1, 2, 3], "o": [0.1, 0.2, 0.3]})
    encoder = Encoder.fit(table, target="y", offset="o").encoder
    assert encoder.names == ("x",)
    assert encoder.transform(pl.DataFrame({"x": [7], "o": [0.5]})).offset.tolist() == [0.5]
    with pytest.raises(InvalidData, match="lacks 1 column that the model needs: o"):
        encoder.transform(pl.DataFrame({"x": [7]}))
