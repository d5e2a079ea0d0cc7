"""The report of a selection: one HTML page that opens from disk, and the same content as Markdown and JSON.

``selection.report("r.html")`` and the command ``riata report`` come here. One file a part: ``content`` gathers the
numbers and draws nothing, ``known`` adds what only the data can say, ``pictures`` draws, ``reproduce`` writes the
commands, ``page`` and ``markdown`` set it all. The page needs no network and holds no row of the data; what moves
in it is ``page.js``, and without that it is still whole.

>>> import riata
>>> from sklearn.datasets import load_diabetes
>>> selection = riata.select(*load_diabetes(return_X_y=True, as_frame=True, scaled=False))
>>> page = riata.report.html(selection)
>>> page.startswith("<!doctype html>"), len(page) < 200_000
(True, True)
"""

from riata.report.document import html, json, markdown, notebook, write

__all__ = ["html", "json", "markdown", "notebook", "write"]
