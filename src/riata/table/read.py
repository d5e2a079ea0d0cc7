"""Read a table: CSV/TSV (.gz, .zst), Parquet, Arrow/Feather, svmlight, npy, npz, from a path or standard input."""

from __future__ import annotations

import dataclasses
import io
import os
from typing import Any

from riata.core.errors import DataFileError, need
from riata.table.matrix import read_npy, read_npz, read_svmlight
from riata.table.sources import Source, open_source
from riata.table.text import read_text


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """What a file held: a frame with named columns, or a matrix X with an optional target y.

    Attributes
    ----------
    label : str
        The file's name for messages.
    format : str
    frame : polars.DataFrame or None
    matrix, y : arrays or None; ``names`` are the matrix's feature names if the file has them
    notes : tuple of str
        What was changed while reading (names, encoding, decimal comma).
    first_line : int or None
        Line of the first row in a text file, if rows and lines correspond one to one.
    """

    label: str
    format: str
    frame: Any = None
    matrix: Any = None
    y: Any = None
    names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    first_line: int | None = None

    def row_label(self, row: int) -> str:
        """How a person finds row ``row`` (counted from 0 here, from 1 in the words).

        >>> Table("a.csv", "csv", first_line=2).row_label(0)
        'row 1 (line 2)'
        """
        line = f" (line {row + self.first_line})" if self.first_line is not None else ""
        return f"row {row + 1}{line}"


def read_table(
    where: str | os.PathLike[str], *, format: str | None = None, header: bool = True, target: str | None = None
) -> Table:
    """The table in the file ``where`` ("-" is standard input).

    Parameters
    ----------
    format : one of csv, tsv, parquet, arrow, feather, svmlight, npz, npy, optional
        Otherwise it follows from the name, and for standard input from the first bytes.
    header : bool
        False if a text table has no line of names; its columns are then column_1, column_2, …
    target : str, optional
        Which array of an .npz is the target (default ``y``).

    Raises
    ------
    DataFileError : empty, cut short, ragged (with its line), or not what its name says
    MissingExtra : the reader is not installed; says the command that installs it
    OSError : the file cannot be opened
    """
    source = open_source(where, format=format)
    if source.format == "csv":
        frame, notes, line = read_text(source.data, source.label, delimiter=source.delimiter, header=header)
        return Table(source.label, "csv", frame=frame, notes=tuple(notes), first_line=line)
    if source.format == "svmlight":
        X, y = read_svmlight(source.data, source.label)
        return Table(source.label, "svmlight", matrix=X, y=y)
    if source.format == "npz":
        X, y, names = read_npz(source.data, source.label, target)
        return Table(source.label, "npz", matrix=X, y=y, names=tuple(names) if names else None)
    if source.format == "npy":
        return Table(source.label, "npy", matrix=read_npy(source.data, source.label))
    return _columnar(source)


def _columnar(source: Source) -> Table:
    pl = need("polars", "table")
    data = source.data
    end = {b"PAR1": b"PAR1", b"ARRO": b"ARROW1"}.get(data[:4])
    if end and not data.endswith(end):
        raise DataFileError(
            f"{source.label} is cut short: a whole {source.format} file ends with {end.decode()}.",
            got=f"{len(data):,} bytes",
            hint="copy or download the file again.",
        )
    try:
        if source.format == "parquet":
            frame = pl.read_parquet(io.BytesIO(data))
        elif end:
            frame = pl.read_ipc(io.BytesIO(data))
        else:
            frame = pl.read_ipc_stream(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise DataFileError(
            f"{source.label} is damaged or cut short.",
            got=str(error).splitlines()[0],
            expected=f"a whole {source.format} file",
        ) from error
    if frame.height == 0:
        raise DataFileError(f"{source.label} has columns and no rows.", expected="at least two rows")
    return Table(source.label, source.format, frame=frame)
