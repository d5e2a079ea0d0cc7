"""Files of bare numbers: svmlight, npy and npz (X and y, or one scipy.sparse matrix)."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np

from riata.core.errors import DataFileError

Matrix = Any  # ndarray or scipy.sparse matrix


def read_svmlight(data: bytes, label: str) -> tuple[Matrix, Any]:
    """(CSC matrix, y) of an svmlight file. Raises DataFileError naming the first bad line."""
    from sklearn.datasets import load_svmlight_file

    try:
        X, y = load_svmlight_file(io.BytesIO(data), dtype=np.float64)
    except Exception as error:
        line, text = _first_bad_line(data)
        raise DataFileError(
            f"{label}: line {line} is not svmlight.",
            expected="target index:value index:value …",
            got=text,
            hint="the file may be cut short or of another format.",
        ) from error
    if X.shape[0] == 0:
        raise DataFileError(f"{label} holds no rows.", expected="at least two")
    return X.tocsc(), y


def _first_bad_line(data: bytes) -> tuple[int, str]:
    for number, raw in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        body = raw.split("#")[0].split()
        try:
            for field in body[1:]:
                index, value = field.split(":")
                if index != "qid":
                    int(index), float(value)
            if body:
                float(body[0])
        except ValueError:
            return number, raw[:60]
    return 0, "rows whose indices do not ascend"


def read_npy(data: bytes, label: str) -> Matrix:
    """The array of an .npy file, never unpickled."""
    try:
        return np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise DataFileError(
            f"{label} cannot be read as a NumPy array.",
            got=f"{len(data):,} bytes: {str(error).splitlines()[0]}",
            expected="a whole array of numbers (riata never unpickles objects)",
            hint="the file may be cut short.",
        ) from error


def read_npz(data: bytes, label: str, target: str | None) -> tuple[Matrix, Any, list[str] | None]:
    """(X, y or None, names or None): arrays called X and y, or one matrix saved by scipy.sparse.save_npz."""
    arrays = _npz_arrays(data, label)
    names = [str(v) for v in arrays["feature_names"]] if "feature_names" in arrays else None
    y = arrays.get(target or "y", arrays.get("y"))
    if {"format", "data", "shape"} <= set(arrays):
        return _sparse(arrays, label), y, names
    if "X" not in arrays:
        raise DataFileError(
            f"{label} has no array called X.",
            got=", ".join(sorted(arrays)) or "no arrays",
            expected="X and y, or a matrix saved by scipy.sparse.save_npz",
        )
    return arrays["X"], y, names


def _npz_arrays(data: bytes, label: str) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.namelist()
        if members and not any(m.endswith(".npy") for m in members):
            excel = any(m.startswith("xl/") for m in members)
            raise DataFileError(
                f"{label} is not what its name says.",
                got="an Excel workbook" if excel else "a ZIP archive with no arrays in it",
                expected="an .npz file of NumPy",
                hint="save the sheet as CSV." if excel else None,
            )
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files if archive[key].dtype.kind != "O"}
    except (zipfile.BadZipFile, ValueError, EOFError, OSError) as error:
        if isinstance(error, DataFileError):
            raise
        raise DataFileError(
            f"{label} is cut short or not an .npz file.",
            got=f"{len(data):,} bytes: {error}",
            expected="a ZIP archive of NumPy arrays without pickled objects",
        ) from error


def _sparse(arrays: dict[str, Any], label: str) -> Matrix:
    import scipy.sparse

    kind = arrays["format"].item()
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    shape = tuple(int(v) for v in arrays["shape"])
    if kind in ("csr", "csc"):
        make = scipy.sparse.csr_array if kind == "csr" else scipy.sparse.csc_array
        return make((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape)
    if kind == "coo":
        return scipy.sparse.coo_array((arrays["data"], (arrays["row"], arrays["col"])), shape=shape).tocsc()
    raise DataFileError(f"{label}: sparse format {kind!r} is not read.", expected="csr, csc or coo")
