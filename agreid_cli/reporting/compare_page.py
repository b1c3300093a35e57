"""Scores of several systems as one self-contained page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from agreid_cli import __version__
from agreid_cli.reporting.environment import environment, percent, points
from agreid_cli.reporting.explain_page import TEMPLATES


def compare_page(rows: Sequence[Mapping[str, Any]], *, base: str) -> str:
    """The complete HTML document. Rows come in the order data set, direction, system."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["data"], row["direction"]), []).append(row)
    style = Markup((TEMPLATES / "report" / "report.css").read_text(encoding="utf-8"))
    templates = environment(TEMPLATES / "explain", percent=percent(2), points=points)
    return templates.get_template("compare.html").render(
        groups=groups, base=base, style=style, version=__version__, any=rows[0]
    )
