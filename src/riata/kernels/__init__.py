"""Compiled loops on bare arrays; every *.pyx of this folder is a module, and none knows what a model is."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # type checkers cannot look into compiled modules

    def __getattr__(name: str) -> Any: ...
