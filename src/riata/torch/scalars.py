"""Scalars for a logger: rows of a History to anything that has TensorBoard's ``add_scalar``."""

from __future__ import annotations

import math
from typing import Any

from riata.torch.history import History, Row


class Scalars:
    """Writes every number of a row as ``writer.add_scalar(prefix + name, value, epoch)``; those that are NaN are not.

    Parameters
    ----------
    writer : ``torch.utils.tensorboard.SummaryWriter``, or any object with ``add_scalar(name, value, step)``
    prefix : before the names

    Examples
    --------
    >>> class Printer:
    ...     def add_scalar(self, name, value, step):
    ...         print(name, value, step)
    >>> log = Scalars(Printer())  # Trainer(..., log=log) calls it after each epoch
    >>> log({"epoch": 3.0, "train_loss": 0.25, "val_loss": float("nan")})
    riata/train_loss 0.25 3
    """

    def __init__(self, writer: Any, prefix: str = "riata/") -> None:
        self.writer, self.prefix = writer, prefix

    def __call__(self, row: Row) -> None:
        for name, value in row.items():
            if name != "epoch" and not math.isnan(value):
                self.writer.add_scalar(self.prefix + name, value, int(row["epoch"]))

    def write(self, history: History) -> None:
        """All rows of a training that was."""
        for row in history:
            self(row)
