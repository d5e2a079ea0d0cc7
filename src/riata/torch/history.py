"""What a training did, epoch by epoch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from riata.core.drawn import Drawn
from riata.core.result_frame import ResultFrame

Row = dict[str, float]


@dataclasses.dataclass
class History(Drawn):
    """One row for each epoch, and why the training ended.

    A row has ``epoch``, ``train_loss`` (mean over the epoch, while weights moved), ``val_loss`` (NaN without validation
    data), ``penalty``, ``l1_norm``, ``support_changes`` (units that became zero or ceased to be since the epoch
    before), ``seconds``, and for each rule ``lam/RULE`` and ``sparsity/RULE``, the part of its units that is zero.
    Where it was computed, ``kkt_residual`` is the distance from stationarity on all the training data: a certificate,
    in units of the gradient. All are scalars, for any logger.
    """

    rows: list[Row] = dataclasses.field(default_factory=list)
    stopped: str = "not begun"

    picture = "training"

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, name: str) -> list[float]:
        """A column: ``history["val_loss"]``."""
        return [row.get(name, float("nan")) for row in self.rows]

    def to_frame(self) -> ResultFrame:
        """The rows of all epochs by column."""
        names = dict.fromkeys(name for row in self.rows for name in row)
        return ResultFrame({name: self[name] for name in names})

    @property
    def best(self) -> Row:
        """The epoch of the smallest validation loss; of the smallest training objective where there is none."""
        return min(self.rows, key=score)

    def __str__(self) -> str:
        if not self.rows:
            return self.stopped
        last = self.rows[-1]
        parts = [f"{name} {last[name]:.4g}" for name in last if name not in ("epoch", "seconds")]
        return f"epoch {last['epoch']:.0f}: {', '.join(parts)}\n{self.stopped}"

    def state(self) -> dict[str, Any]:
        """Plain values, to be saved."""
        return {"rows": [dict(row) for row in self.rows], "stopped": self.stopped}


def score(row: Row) -> float:
    """What early stopping watches."""
    return row["train_loss"] + row["penalty"] if row["val_loss"] != row["val_loss"] else row["val_loss"]
