"""Files that are either whole or not there, and JSON whose floats come back bit for bit."""

from __future__ import annotations

import contextlib
import json
import math
import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from riata.core.errors import InvalidOption, ModelFileError


def write_atomically(where: str | os.PathLike[str], text: str | bytes) -> None:
    """Write text (as UTF-8) or bytes to ``where``: a reader sees the old file or the new, never a part.

    The text goes to a temporary file in the same folder, is forced to the disk, and takes the name in one step.
    A device or pipe (``/dev/stdout``) is written to as it is.
    """
    path = Path(os.path.realpath(where))
    content = text.encode("utf-8") if isinstance(text, str) else text
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        if path.is_dir():
            raise IsADirectoryError(21, "is a folder, not a file", os.fspath(where))
        path.write_bytes(content)
        return
    check_writable(where)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes the file private; give it the rights that a plain open() would have given.
        os.chmod(temporary, stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def check_writable(where: str | os.PathLike[str], inputs: Sequence[str] = ()) -> None:
    """Raise now what a later write would meet (before an hour of work and not after it): OSError.

    InvalidOption if ``where`` is one of the files that are read.
    """
    path = Path(os.path.realpath(where))
    for name in inputs:
        if path.exists() and os.path.exists(name) and os.path.samefile(path, name):
            raise InvalidOption(
                f"{os.fspath(where)} is read: it will not be overwritten.", hint="give -o another name."
            )
    if path.is_dir():
        raise IsADirectoryError(21, "is a folder, not a file", os.fspath(where))
    if not path.parent.is_dir():
        raise FileNotFoundError(2, f"there is no folder {path.parent} to write into", os.fspath(where))
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(13, f"the folder {path.parent} cannot be written to", os.fspath(where))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def to_json(data: dict[str, Any]) -> str:
    """JSON with one line for each entry of the outer two levels, so that two models can be compared with diff.

    Floats are written by repr, the shortest text that gives the same float back. NaN becomes null.
    """
    lines = []
    for key, value in data.items():
        if isinstance(value, dict) and value:
            inner = ",\n  ".join(f"{_dump(k)}: {_dump(v)}" for k, v in value.items())
            lines.append(f"{_dump(key)}: {{\n  {inner}\n }}")
        else:
            lines.append(f"{_dump(key)}: {_dump(value)}")
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def _dump(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, separators=(", ", ": "))


def plain(value: Any) -> Any:
    """``value`` as JSON knows it: arrays as lists, NaN as null, infinities as text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return plain(value.tolist()) if hasattr(value, "tolist") else value


def read_json(where: str | os.PathLike[str]) -> Any:
    """What the JSON file ``where`` says; ModelFileError if it is empty, cut short or something else. Runs no code."""
    label = os.fspath(where)
    data = Path(where).read_bytes()
    if not data.strip():
        raise ModelFileError(f"{label} is empty.", expected="a riata model file (JSON)")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        pickle = data[:2] in (b"\x80\x04", b"\x80\x05", b"\x80\x03")
        raise ModelFileError(
            f"{label} is not a riata model file.",
            got="a Python pickle, which riata never loads: it could run any code" if pickle else "a binary file",
            expected="JSON",
        ) from None
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _not_json(label, text, error) from error
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{label} is not a riata model file.", got=str(error), expected="JSON") from error


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _not_json(label: str, text: str, error: json.JSONDecodeError) -> ModelFileError:
    if not text.lstrip().startswith("{"):
        return ModelFileError(
            f"{label} is not a riata model file.", got=f"text that begins {text.strip()[:40]!r}", expected="JSON"
        )
    # A file cut in the middle of a string is reported where the string begins: look at what is left after it.
    cut = error.pos >= len(text.rstrip()) - 1 or "Unterminated string" in error.msg or not text.rstrip().endswith("}")
    if cut:
        return ModelFileError(
            f"{label} is cut short: it ends in line {text.count(chr(10)) + 1}, in the middle of the JSON.",
            got=f"{len(text.encode()):,} bytes",
            hint="copy the file again, or fit the model again.",
        )
    return ModelFileError(
        f"{label} is not JSON any more at line {error.lineno}, column {error.colno} ({error.msg}).",
        got=text[max(0, error.pos - 20) : error.pos + 20].strip(),
        hint="was it edited by hand? Fit the model again.",
    )
