"""Render the report to one HTML text from the template, style and script beside this file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from agreid_cli.reporting.environment import environment, percent, points
from agreid_cli.reporting.view import Report

TEMPLATES = Path(__file__).parent / "templates" / "report"


def page(view: Report) -> str:
    """The complete self-contained HTML document; equal views give equal texts."""
    return (
        _house()
        .get_template("report.html")
        .render(report=view, style=Markup(_text("report.css")), script=Markup(_text("report.js")))
    )


@lru_cache
def _house() -> Environment:
    return environment(
        TEMPLATES, percent=percent(2), bounds=_bounds, points=points, number=_number,
        slug=_slug, first_upper=_first_upper,
    )  # fmt: skip


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _bounds(pair: tuple[float, float]) -> str:
    return f"{100 * pair[0]:.1f} to {100 * pair[1]:.1f}"


def _number(value: Any) -> str:
    if value is None:
        return "unknown"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def _slug(text: str) -> str:
    """An id for links within the page."""
    return "".join(c if c.isalnum() else "-" for c in text.lower())


def _first_upper(text: str) -> str:
    """Capitalise the first letter only, unlike Jinja's own filter."""
    return text[:1].upper() + text[1:]
