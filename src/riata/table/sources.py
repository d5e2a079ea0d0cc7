"""The bytes of a table and what they are: a path or standard input, compressed or not.

A file is believed by its content, not by its name: the first bytes are compared with the name's promise, and a file
that is something else is refused with a sentence that says what it is.
"""

from __future__ import annotations

import dataclasses
import gzip
import importlib
import os
import sys
import zlib
from pathlib import Path

from riata.core.errors import DataFileError, InvalidOption, MissingExtra, did_you_mean

# Name's ending -> format. Compression endings (.gz, .zst) are taken off first.
FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".data": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".svmlight": "svmlight",
    ".libsvm": "svmlight",
    ".svm": "svmlight",
    ".npz": "npz",
    ".npy": "npy",
}
CHOICES = ("csv", "tsv", "parquet", "arrow", "feather", "svmlight", "npz", "npy")
COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}

# First bytes -> (what it is, our format for it or None).
MAGIC: tuple[tuple[bytes, str, str | None], ...] = (
    (b"PAR1", "a Parquet file", "parquet"),
    (b"ARROW1", "an Arrow file", "arrow"),
    (b"\xff\xff\xff\xff", "an Arrow stream", "arrow"),
    (b"FEA1", "a Feather version 1 file", None),
    (b"\x93NUMPY", "a NumPy array file", "npy"),
    (b"\x1f\x8b", "gzip-compressed", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed", "zstd"),
    (b"\x89PNG", "a PNG image", None),
    (b"\xff\xd8\xff", "a JPEG image", None),
    (b"GIF8", "a GIF image", None),
    (b"%PDF", "a PDF document", None),
    (b"PK\x03\x04", "a ZIP archive (an Excel workbook is one)", "npz"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", None),
    (b"\x89HDF", "an HDF5 file", None),
    (b"SQLite format 3", "an SQLite database", None),
    (b"BZh", "bzip2-compressed", None),
    (b"\xfd7zXZ", "xz-compressed", None),
    (b"RDX", "an R data file", None),
    (b"\x80\x04", "a Python pickle", None),
    (b"\x80\x05", "a Python pickle", None),
    (b"\x7fELF", "a program", None),
)


@dataclasses.dataclass(frozen=True)
class Source:
    """Decompressed bytes, the format to read them as, and a name for messages."""

    data: bytes
    format: str
    label: str
    delimiter: str | None = None


def open_source(where: str | os.PathLike[str], *, format: str | None = None) -> Source:
    """Read ``where`` (a path, or "-" for standard input), decompress it and settle its format.

    Raises DataFileError for a file that is empty, cut short or not what its name says, OSError if it cannot be opened.
    """
    if format is not None and format.lower() not in CHOICES:
        raise InvalidOption(
            f'format "{format}" is not known.', expected=", ".join(CHOICES), hint=did_you_mean(format, CHOICES)
        )
    where = os.fspath(where)
    if where == "-":
        data, label, promised, packed = sys.stdin.buffer.read(), "standard input", None, None
    else:
        promised, packed = promise(where)
        data, label = _read_file(where), where
    if not data:
        raise DataFileError(f"{label} is empty (0 bytes).", expected="a table with a header and at least two rows")
    data = _decompress(data, packed, label)
    wanted = format.lower() if format else promised
    delimiter = "\t" if wanted == "tsv" or (wanted == "csv" and _is_tsv(where)) else None
    wanted = {"tsv": "csv", "feather": "arrow"}.get(wanted or "", wanted)
    return Source(data, _settle(data, wanted, label), label, delimiter)


def promise(name: str) -> tuple[str | None, str | None]:
    """What a file's name promises: (format, compression), None where it says nothing.

    >>> promise("houses.csv.gz")
    ('csv', 'gzip')
    """
    path = Path(name)
    packed = COMPRESSED.get(path.suffix.lower())
    if packed:
        path = path.with_suffix("")
    return FORMATS.get(path.suffix.lower()), packed


def _is_tsv(name: str) -> bool:
    return any(suffix.lower() in (".tsv", ".tab") for suffix in Path(name).suffixes)


def _read_file(name: str) -> bytes:
    path = Path(name)
    if path.is_dir():
        raise IsADirectoryError(21, "is a folder, not a file", name)
    if not path.exists():
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        guess = did_you_mean(path.name, beside)
        raise FileNotFoundError(2, "no such file" + (f"; {guess.rstrip('?')}?" if guess else ""), name)
    return path.read_bytes()


def sniff_magic(data: bytes) -> tuple[str, str | None] | None:
    """(what it is, our format or compression for it) from the first bytes; None for text."""
    for magic, words, known in MAGIC:
        if data.startswith(magic):
            return words, known
    head = data[:512].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "a web page (HTML)", None
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer: the file itself was never fetched", None
    if b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "a binary file of a kind that riata does not know", None
    return None


def _decompress(data: bytes, packed: str | None, label: str) -> bytes:
    found = sniff_magic(data)
    actual = found[1] if found and found[1] in ("gzip", "zstd") else None
    if packed and actual != packed:
        raise DataFileError(
            f"{label} is not what its name says.",
            expected=f"{packed}-compressed bytes",
            got=found[0] if found else "text that is not compressed",
            hint="rename the file to what it is.",
        )
    if actual is None:
        return data
    try:
        out = gzip.decompress(data) if actual == "gzip" else _unzstd(data)
    except MissingExtra:
        raise
    except (EOFError, OSError, zlib.error, ValueError) as error:
        raise DataFileError(
            f"{label} is cut short or damaged: its {actual} compression does not end as it should.",
            got=f"{len(data):,} bytes ({error})",
            hint="copy or download the file again.",
        ) from error
    if not out:
        raise DataFileError(f"{label} holds nothing once decompressed.", expected="a table")
    return out


def _unzstd(data: bytes) -> bytes:
    """zstd by whatever is installed: the standard library (3.14), zstandard, or pyarrow."""
    try:
        return importlib.import_module("compression.zstd").decompress(data)
    except ModuleNotFoundError:
        pass
    except Exception as error:
        raise ValueError(str(error)) from error
    try:
        pa = importlib.import_module("pyarrow")
    except ModuleNotFoundError:
        raise MissingExtra(
            "pyarrow is needed to read zstd-compressed files and is not installed.", hint="pip install 'riata[table]'"
        ) from None
    return _unzstd_arrow(pa, data)


def _unzstd_arrow(pa: object, data: bytes) -> bytes:
    stream = pa.CompressedInputStream(pa.BufferReader(data), "zstd")  # type: ignore[attr-defined]
    out = stream.read()
    # pyarrow returns what it could decode of a stream that stops early: ask the frame itself how much there should be.
    size = _zstd_content_size(data)
    if size is not None and len(out) < size:
        raise ValueError(f"{len(out):,} of {size:,} bytes")
    return bytes(out)


def _zstd_content_size(data: bytes) -> int | None:
    """Content size that a zstd frame header declares (RFC 8878, 3.1.1.1), or None if it declares none."""
    descriptor = data[4]
    flag, single = descriptor >> 6, descriptor >> 5 & 1
    width = {0: 1 if single else 0, 1: 2, 2: 4, 3: 8}[flag]
    if width == 0:
        return None
    start = 5 + (0 if single else 1) + (0, 1, 2, 4)[descriptor & 3]
    return int.from_bytes(data[start : start + width], "little") + (256 if width == 2 else 0)


def _settle(data: bytes, wanted: str | None, label: str) -> str:
    """The format to read ``data`` as, or DataFileError if the bytes are of another kind than promised."""
    found = sniff_magic(data)
    if wanted is None:
        if found is None:
            return "csv"
        if found[1] is None or found[1] in ("gzip", "zstd"):
            raise DataFileError(f"{label} is not a table.", got=found[0], expected=", ".join(CHOICES))
        return found[1]
    is_text = wanted in ("csv", "svmlight")
    if is_text and found is None:
        return wanted
    if found is not None and found[1] == wanted:
        return wanted
    what = found[0] if found else "text"
    hint = "save the sheet as CSV." if "Excel" in what else None
    if found and found[1] in CHOICES and found[1] != "npz":
        hint = f'name it for what it is, or say format="{found[1]}".'
    if found is None and not is_text:
        hint = 'if it is a text table, name it .csv or say format="csv".'
    raise DataFileError(
        f"{label} is not what its name says.",
        expected={"csv": "a text table (CSV or TSV)", "svmlight": "svmlight text"}.get(wanted, f"a {wanted} file"),
        got=what,
        hint=hint,
    )
