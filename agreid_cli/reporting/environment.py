"""Jinja settings of all pages: autoescape, undefined names are errors, blocks leave no blank lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def environment(folder: Path, **filters: Callable[..., Any]) -> Environment:
    """The templates of `folder`, with the named `filters`."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(filters)
    return made


def percent(usual: int) -> Callable[..., str]:
    """A filter: a fraction as per cent without the sign, with `usual` digits by default.

    >>> percent(1)(0.1234), percent(1)(0.1234, 0)
    ('12.3', '12')
    """
    return lambda value, digits=usual: f"{100 * value:.{digits}f}"


def points(value: float) -> str:
    """A difference in percentage points with its sign.

    >>> points(-0.0123)
    '−1.23'
    """
    return f"{100 * value:+.2f}".replace("-", "−")
