"""Tables: from a file to a frame (read), from a frame to numbers (encode). Imports core only.

table = read_table("houses.csv")
encoded = Encoder.fit(table.frame, target="price")
encoded.X, encoded.y, encoded.names, encoded.notes
"""

import importlib
import typing

if typing.TYPE_CHECKING:
    from riata.table.encode import Encoded as Encoded
    from riata.table.encode import Encoder as Encoder
    from riata.table.read import Table as Table
    from riata.table.read import read_table as read_table

_HOME = {
    "Encoded": "riata.table.encode",
    "Encoder": "riata.table.encode",
    "Table": "riata.table.read",
    "read_table": "riata.table.read",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'riata.table' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
