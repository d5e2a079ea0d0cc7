"""Packages that can be called: `riata.path(X, y)` and `import riata.path.grid` with one name.

Importing `riata.path.grid` sets the attribute `riata.path` to the package, whatever stood there before. So a function
of that name would be there or not, depending on what was imported first. The package itself is therefore callable:

    # last line of riata/path/__init__.py
    make_callable(__name__, path)
"""

import importlib
import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def make_callable(module_name: str, function: Callable[..., Any]) -> None:
    """Let the module `module_name` be called as `function`; signature, pickling and help() follow.

    `__call__` is the function itself, as a static method, and no wrapper around it: a wrapper would be one frame more,
    and warnings raised with `stacklevel=2` would point at it and not at the caller.

    >>> import riata, inspect
    >>> list(inspect.signature(riata.path).parameters)[:2]
    ['X', 'y']
    """
    body = {
        "__doc__": f"The package {module_name}, which can be called as {function.__qualname__}().",
        "__call__": staticmethod(function),
        "__signature__": property(lambda self: inspect.signature(function)),
        "__reduce__": lambda self: (importlib.import_module, (self.__name__,)),
    }
    sys.modules[module_name].__class__ = type("CallableModule", (ModuleType,), body)
