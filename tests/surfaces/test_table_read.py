"""Reading tables: every format, every way to be damaged, and what is said about it."""

import gzip
import io
import sys
import types

import numpy as np
import pytest
import scipy.sparse

from riata.core.errors import DataFileError, InvalidOption, MissingExtra
from riata.table import read_table
from riata.table.text import clean_names, sniff_delimiter

pl = pytest.importorskip("polars", reason="reading tables needs the extra riata[table]")

TEXT = "name,size,price\nann,1.5,10\nbob,2,20\ncy,,30\n"


def expected_frame():
    return pl.DataFrame({"name": ["ann", "bob", "cy"], "size": [1.5, 2.0, None], "price": [10.0, 20.0, 30.0]})


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_are_found(tmp_path, delimiter, end):
    path = write(tmp_path, "a.csv", TEXT.replace(",", delimiter).replace("\n", end))
    table = read_table(path)
    assert table.frame.equals(expected_frame())
    assert table.row_label(1) == "row 2 (line 3)"


@pytest.mark.parametrize("name", ["a.csv.gz", "a.tsv.gz", "a.csv.zst"])
def test_compressed_text(tmp_path, name):
    text = TEXT.replace(",", "\t") if ".tsv" in name else TEXT
    if name.endswith(".gz"):
        data = gzip.compress(text.encode())
    else:
        pa = pytest.importorskip("pyarrow")
        data = pa.compress(text.encode(), codec="zstd", asbytes=True)
    assert read_table(write(tmp_path, name, data)).frame.equals(expected_frame())


@pytest.mark.parametrize("word", ["", "NA", "?", "NaN", "null", "N/A", " NA "])
def test_words_for_missing(tmp_path, word):
    frame = read_table(write(tmp_path, "a.csv", f"a,b\n1,x\n{word},{word or 'NA'}\n2.5,y\n")).frame
    assert frame["a"].to_list() == [1.0, None, 2.5]
    assert frame["b"].to_list() == ["x", None, "y"]


def test_none_is_a_word_like_others(tmp_path):
    assert read_table(write(tmp_path, "a.csv", "a,b\n1,None\n2,All\n")).frame["b"].to_list() == ["None", "All"]


def test_a_stray_word_in_the_last_of_many_rows_is_kept(tmp_path):
    """Types are not guessed from a sample of rows."""
    rows = "".join(f"{i},{i}\n" for i in range(20_000))
    frame = read_table(write(tmp_path, "a.csv", f"a,b\n{rows}7,oops\n")).frame
    assert frame["b"].dtype == pl.String
    assert frame["b"][-1] == "oops"


def test_floats_are_read_to_the_last_bit(tmp_path):
    values = np.random.default_rng(0).standard_normal(500) * 10.0 ** np.arange(-250, 250)
    path = write(tmp_path, "a.csv", "a,b\n" + "".join(f"{v!r},1\n" for v in values.tolist()))
    assert read_table(path).frame["a"].to_list() == values.tolist()


def test_no_header(tmp_path):
    table = read_table(write(tmp_path, "a.csv", "1,x\n2,y\n"), header=False)
    assert table.frame.columns == ["column_1", "column_2"]
    assert table.row_label(0) == "row 1 (line 1)"


def test_a_header_that_looks_like_data_is_pointed_out(tmp_path):
    notes = read_table(write(tmp_path, "a.csv", "3.5,x,7\n2,y,8\n4,z,9\n")).notes
    assert "looks like data" in notes[0]
    assert "header=False" in notes[0]
    assert not read_table(write(tmp_path, "b.csv", "2020,2021,name\nx,y,z\n")).notes, "years over words are names"


def test_names_are_made_unique_and_said_so():
    names, notes = clean_names(["", "x", "x", "", "<script>", "größe", "x (2)"])
    assert names == ["row_names", "x", "x (2)", "column_4", "<script>", "größe", "x (2) (2)"]
    assert "row_names, column_4" in notes[0]
    assert "x (2)" in notes[1]


def test_quotes_and_lines_inside_fields(tmp_path):
    table = read_table(write(tmp_path, "a.csv", 'a,b\n"one, two",1\n"three\nfour",2\n'))
    assert table.frame["a"].to_list() == ["one, two", "three\nfour"]
    assert table.row_label(1) == "row 2", "a line number would be wrong here, so there is none"


def test_blank_lines_are_no_rows(tmp_path):
    table = read_table(write(tmp_path, "a.csv", "a,b\n1,2\n\n3,4\n\n"))
    assert table.frame["b"].to_list() == [2.0, 4.0]


def test_decimal_comma(tmp_path):
    table = read_table(write(tmp_path, "a.csv", "a;b\n1,5;x\n-2,25;y\n"))
    assert table.frame["a"].to_list() == [1.5, -2.25]
    assert "decimal mark in: a" in table.notes[0]


def test_wide_tables(tmp_path):
    """A header of 150 kB: one field, for the delimiters that it does not hold."""
    names = [f"a_rather_long_name_{j}" for j in range(8000)]
    text = ",".join(names) + "\n" + "\n".join(",".join(["1"] * 8000) for _ in range(3)) + "\n"
    assert read_table(write(tmp_path, "a.csv", text)).frame.shape == (3, 8000)
    import csv

    assert csv.field_size_limit() == 131072, "the limit of the process is left as it was"


def test_other_encodings(tmp_path):
    assert read_table(write(tmp_path, "a.csv", b"\xef\xbb\xbf" + TEXT.encode())).frame.columns[0] == "name"
    assert read_table(write(tmp_path, "b.csv", TEXT.encode("utf-16"))).frame.equals(expected_frame())
    table = read_table(write(tmp_path, "c.csv", "ort,wert\nKöln,1\nBonn,2\n".encode("cp1252")))
    assert table.frame["ort"][0] == "Köln"
    assert "not UTF-8" in table.notes[0]
    assert "line 2" in table.notes[0]


@pytest.mark.parametrize(("text", "delimiter"), [("a;b\n1,5;2\n", ";"), ("a b\n1\n", ","), ("a|b,c|d\n1|2,3|4\n", "|")])
def test_sniffing(text, delimiter):
    assert sniff_delimiter(text, "x") == delimiter


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.feather", "a.bin"])
def test_columnar_formats(tmp_path, name):
    frame = expected_frame()
    path = tmp_path / name
    frame.write_parquet(path) if name.endswith(("parquet", "bin")) else frame.write_ipc(path)
    assert read_table(path).frame.equals(frame)


def test_arrow_stream(tmp_path):
    path = tmp_path / "a.arrow"
    expected_frame().write_ipc_stream(path)
    assert read_table(path).frame.equals(expected_frame())


def test_svmlight(tmp_path):
    table = read_table(write(tmp_path, "a.svmlight", "1.5 1:2 3:4\n-2 2:1\n"))
    assert table.y.tolist() == [1.5, -2.0]
    assert table.matrix.toarray().tolist() == [[2, 0, 4], [0, 1, 0]]


def test_numpy_files(tmp_path):
    X, y = np.arange(6.0).reshape(3, 2), np.arange(3.0)
    np.savez(tmp_path / "a.npz", X=X, y=y, feature_names=np.array(["p", "q"]))
    table = read_table(tmp_path / "a.npz")
    assert (table.matrix == X).all()
    assert (table.y == y).all()
    assert table.names == ("p", "q")
    scipy.sparse.save_npz(tmp_path / "s.npz", scipy.sparse.csr_matrix(X))
    assert (read_table(tmp_path / "s.npz").matrix.toarray() == X).all()
    np.save(tmp_path / "a.npy", X)
    assert (read_table(tmp_path / "a.npy").matrix == X).all()


@pytest.mark.parametrize("format", [None, "csv"])
def test_standard_input(monkeypatch, format):
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(TEXT.encode())))
    table = read_table("-", format=format)
    assert table.label == "standard input"
    assert table.frame.equals(expected_frame())


def test_standard_input_is_known_by_its_first_bytes(monkeypatch):
    buffer = io.BytesIO()
    expected_frame().write_parquet(buffer)
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(buffer.getvalue())))
    assert read_table("-").frame.equals(expected_frame())


def parquet_bytes():
    buffer = io.BytesIO()
    expected_frame().write_parquet(buffer)
    return buffer.getvalue()


def npz_bytes(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


BIG = "a,b\n" + "".join(f"{i},{i * i}\n" for i in range(2000))
DAMAGED = {
    "empty": ("a.csv", b"", ["is empty (0 bytes)"]),
    "blank": ("a.csv", b"\n \n", ["blank lines"]),
    "header only": ("a.csv", b"a,b\n", ["a header and no rows"]),
    "png as csv": ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(40), ["not what its name says", "a PNG image", "text table"]),
    "parquet as csv": ("a.csv", parquet_bytes(), ["a Parquet file", 'format="parquet"']),
    "excel as csv": ("a.csv", b"PK\x03\x04" + bytes(40), ["Excel", "save the sheet as CSV"]),
    "html as csv": ("a.csv", b"<!DOCTYPE html><html>", ["a web page"]),
    "binary as csv": ("a.csv", b"abc\x00\x01\x02", ["binary"]),
    "csv as parquet": ("a.parquet", TEXT.encode(), ["not what its name says", "got:      text", 'format="csv"']),
    "csv as gz": ("a.csv.gz", TEXT.encode(), ["not what its name says", "text that is not compressed"]),
    "gz cut short": ("a.csv.gz", gzip.compress(BIG.encode())[:-2000], ["cut short"]),
    "gz without its end": ("a.csv.gz", gzip.compress(BIG.encode())[:-4], ["cut short"]),
    "parquet cut short": ("a.parquet", parquet_bytes()[:-9], ["cut short", "ends with PAR1"]),
    "parquet damaged": ("a.parquet", b"PAR1" + bytes(60) + b"PAR1", ["damaged"]),
    "arrow cut short": ("a.arrow", b"ARROW1\x00\x00" + bytes(60), ["cut short"]),
    "csv cut short": ("a.csv", BIG[:-9].encode(), ["line 2001 has 1 field", "header has 2", "cut short", "1999"]),
    "long row": ("a.csv", b"a,b\n1,2\n3,4,5\n6,7\n", ["line 3 has 3 fields", "header has 2", "3,4,5"]),
    "short row": ("a.csv", b"a,b,c\n1,2,3\n4,5\n6,7,8\n", ["line 3 has 2 fields", "4,5"]),
    "open quote": ("a.csv", b'a,b\n1,2\n3,"x\n5,6\n', ["line 3", "never closed", '3,"x']),
    "quote and more": ("a.csv", b'a,b\n1,2\n3,"x"y\n', ["line 3", "followed by more text"]),
    "svmlight": ("a.svm", b"1 1:2\n2 1:x\n", ["line 2 is not svmlight", "2 1:x"]),
    "npy cut short": ("a.npy", b"\x93NUMPY\x01\x00v\x00{'descr'", ["NumPy array"]),
    "npz cut short": ("a.npz", npz_bytes(X=np.eye(50))[:-30], ["cut short"]),
    "npz without X": ("a.npz", npz_bytes(Z=np.eye(2)), ["no array called X", "got:      Z"]),
    "pickle as npy": ("a.npy", b"\x80\x04\x95" + bytes(30), ["a Python pickle"]),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_files_are_named(tmp_path, case):
    name, content, words = DAMAGED[case]
    with pytest.raises(DataFileError) as caught:
        read_table(write(tmp_path, name, content))
    text = str(caught.value)
    assert name in text
    assert [word for word in words if word not in text] == [], text


def test_zstd_cut_short(tmp_path):
    pa = pytest.importorskip("pyarrow")
    data = pa.compress(BIG.encode(), codec="zstd", asbytes=True)
    with pytest.raises(DataFileError, match="cut short"):
        read_table(write(tmp_path, "a.csv.zst", data[:-200]))


def test_pickled_objects_are_never_loaded(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataFileError, match="never unpickles"):
        read_table(tmp_path / "a.npy")


def test_a_file_that_is_not_there_names_its_neighbour(tmp_path):
    write(tmp_path, "houses.csv", TEXT)
    with pytest.raises(FileNotFoundError, match=r'did you mean "houses\.csv"'):
        read_table(tmp_path / "house.csv")
    with pytest.raises(IsADirectoryError):
        read_table(tmp_path)


def test_unknown_format():
    with pytest.raises(InvalidOption, match='did you mean "parquet"'):
        read_table("-", format="parqet")


def test_missing_reader_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtra, match=r"pip install 'riata\[table\]'"):
        read_table(write(tmp_path, "a.csv", TEXT))
