"""What every picture keeps: axes that say what they show, words that do not overlap, nothing cut off."""

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'riata[plot]'")
Axis, Text = pytest.importorskip("matplotlib.axis").Axis, pytest.importorskip("matplotlib.text").Text


def words_of(ax):
    """Every text that can be seen on a figure, with its box in pixels."""
    figure = ax.get_figure()
    figure.canvas.draw()
    outside = [
        (tick.label1, tick.label2)
        for axis in figure.findobj(Axis)
        for tick in axis.get_major_ticks() + axis.get_minor_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    ]  # ticks that matplotlib keeps and does not draw
    hidden = {id(label) for pair in outside for label in pair}
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    texts = [t for t in texts if id(t) not in hidden]
    # a lead from a label to its line belongs to the label and may cross others: only the words count
    return [(t.get_text(), Text.get_window_extent(t)) for t in texts]


def overlapping(ax):
    """Pairs of texts that share more than a hair."""
    words = words_of(ax)
    found = []
    for i, (a, box) in enumerate(words):
        for b, other in words[i + 1 :]:
            across = min(box.x1, other.x1) - max(box.x0, other.x0)
            down = min(box.y1, other.y1) - max(box.y0, other.y0)
            if across > 1 and down > 2.5:  # boxes have a margin above and below the letters
                found.append((a, b))
    return found


def cut_off(ax):
    """Texts that leave the figure."""
    edge = ax.get_figure().bbox.padded(1)
    return [word for word, box in words_of(ax) if not (edge.contains(*box.min) and edge.contains(*box.max))]


def check(ax):
    assert ax.get_xlabel()
    ticks = [tick.get_text() for tick in ax.get_yticklabels()]
    named = any(letter.isalpha() for text in ticks if not text.startswith("$") for letter in text)
    assert ax.get_ylabel() or named
    assert overlapping(ax) == []
    assert cut_off(ax) == []
