"""The training of a network: losses, and how much of each rule's weights is zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.plot import axes


def training(history: Any, *, ax: Any = None) -> Any:
    """Training and validation loss over epochs, and on the right axis the part of each rule's units that is zero.

    Parameters
    ----------
    history : riata.torch.History (anything with ``to_frame()`` of the same columns)
    ax : axes to draw on

    Returns
    -------
    matplotlib axes of the losses; those of the zeros are the last of its figure
    """
    frame = history.to_frame()
    ax = axes.new(ax)
    epochs = frame["epoch"]
    drawn = [("train_loss", "training loss"), ("val_loss", "validation loss")]
    for i, (name, words) in enumerate(drawn):
        if np.isfinite(frame.get(name, [np.nan])).any():
            ax.plot(epochs, frame[name], color=axes.colour(i), lw=1.6, label=words)
    ax.set_xlabel("epoch")
    ax.set_ylabel("mean loss")
    handles = ax.get_legend_handles_labels()[0]
    rules = [name for name in frame if name.startswith("sparsity/")]
    if rules:
        right = ax.twinx()
        for i, name in enumerate(rules):
            words = f"zero: {name.removeprefix('sparsity/')}"
            right.plot(epochs, 100 * np.asarray(frame[name]), color=axes.colour(2 + i), lw=1.2, ls="--", label=words)
        right.set_ylim(-3, 103)
        right.set_ylabel("zero units (%)")
        handles += right.get_legend_handles_labels()[0]
    legend = ax.legend(
        handles=handles, frameon=False, fontsize="small", ncols=2, loc="lower left", bbox_to_anchor=(0, 1)
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return ax
