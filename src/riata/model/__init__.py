"""Models: what was fitted, as a JSON file that predicts and never runs code. Imports core and table only.

model = Model.load("model.json")
model.predict(frame)
"""

import importlib
import typing

if typing.TYPE_CHECKING:
    from riata.model.record import Model as Model
    from riata.model.record import load_model as load_model

_HOME = {"Model": "riata.model.record", "load_model": "riata.model.record"}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'riata.model' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
