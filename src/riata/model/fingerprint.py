"""Which data a model was fitted on: a hash of the names and the values, and the versions of what did it."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import platform
from collections.abc import Sequence
from typing import Any

import numpy as np


def fingerprint(X: Any, y: Any, names: Sequence[str], *others: Any) -> str:
    """sha256 over column names, shapes and float64 values (y, weights, offset, then X by columns).

    The same for C and Fortran order and for every integer or float type with equal values.
    """
    digest = hashlib.sha256()
    digest.update("\x1f".join(names).encode() + b"\x1e" + repr(tuple(X.shape)).encode())
    for array in (y, *others):
        digest.update(b"\x1d" if array is None else np.ascontiguousarray(array, dtype="<f8").tobytes())
    if hasattr(X, "tocsc"):
        X = X.tocsc(copy=True)
        X.sum_duplicates()
        for part, kind in ((X.data, "<f8"), (X.indices, "<i8"), (X.indptr, "<i8")):
            digest.update(np.ascontiguousarray(part, dtype=kind).tobytes())
    else:
        for j in range(X.shape[1]):
            digest.update(np.ascontiguousarray(X[:, j], dtype="<f8").tobytes())
    return digest.hexdigest()


def provenance(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """When, by what, and with which command a model was made."""
    return {
        "riata": _version("riata"),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "argv": None if argv is None else list(argv),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": _version("scipy"),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
