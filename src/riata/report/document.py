"""The doors of the report: a selection or a model in, a page, a file, Markdown or JSON out."""

from __future__ import annotations

import dataclasses
import os
from html import escape
from typing import Any

from riata.model.files import to_json, write_atomically
from riata.report import markdown as md
from riata.report.content import Content, content_of
from riata.report.page import page

HEIGHT = 760  # pixels of the frame in a notebook


def html(result: Any, **beside: Any) -> str:
    """The page, whole: style, script and numbers are inside.

    ``beside`` is, here and below, ``stability`` and ``intervals``: see :func:`riata.report.content.content_of`.
    """
    return page(content_of(result, **beside))


def write(result: Any, where: str | os.PathLike[str], **beside: Any) -> None:
    """The page as a file, whole or not at all."""
    write_atomically(where, html(result, **beside))


def markdown(result: Any, **beside: Any) -> str:
    """The report as text that is also readable as it is."""
    return md.text(content_of(result, **beside))


def json(result: Any, **beside: Any) -> str:
    """The report's numbers. ``schema`` names the version; numbers that do not exist are null."""
    return to_json(facts(content_of(result, **beside)))


def notebook(result: Any) -> str:
    """The page in a frame of its own: a notebook's styles stay outside of it, and its script inside."""
    return (
        f'<iframe title="riata report" sandbox="allow-scripts" allow="clipboard-write" loading="lazy" '
        f'style="width:100%;height:{HEIGHT}px;border:0" srcdoc="{escape(html(result), quote=True)}"></iframe>'
    )


def touching(content: Content) -> dict[str, Any] | None:
    """The geometry of two coefficients, without the way that led there."""
    found = content.known.touching
    if found is None:
        return None
    return {"features": list(found.names), "gram": found.gram.tolist(), "centre": found.centre.tolist(),
            "point": found.point.tolist(), "lambda": found.lam, "l1_ratio": found.l1_ratio}  # fmt: skip


def facts(content: Content) -> dict[str, Any]:
    """What the page shows, as plain values."""
    model = content.model
    return {
        "schema": {"name": "riata.report", "version": 1},
        "verdict": content.verdict,
        "family": model.family,
        "rule": model.rule,
        "lambda": model.lam,
        "data": model.data,
        "features": content.coef_table,
        "local_mfdr": content.known.local,
        "similar": content.known.similar,
        "clusters": [dataclasses.asdict(cluster) for cluster in content.clusters],
        **content.beside.facts,
        "held_out": [found.facts for found in content.known.diagnoses],
        "touching": touching(content),
        "choices": content.choices,
        "path": {key: model.path[key] for key in ("lams", "df", "dev_ratio", "gap_rel")},
        "mfdr": content.known.mfdr,
        "cv": {key: model.cv[key] for key in ("measure", "n_folds", "n_repeats", "cvm", "cvse", "null_loss")},
        "certificate": model.certificate,
        "warnings": content.known.warnings,
        "findings": [dataclasses.asdict(found) for found in content.findings],
        "notes": list(model.notes),
        "reproduce": {recipe.title: recipe.code for recipe in content.recipes},
        "options": model.options,
        "provenance": model.provenance,
    }
