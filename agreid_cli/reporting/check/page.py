"""The page of suspicions as one HTML text: data, style and script are inline, images are links."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from agreid_cli.reporting.review.page import HERE as REVIEW
from agreid_cli.reporting.review.page import script_json

HERE = Path(__file__).parent


def check_page(data: Mapping[str, Any], title: str) -> str:
    """The page for `data` (its content: `stages.identify.check_page.page_data`)."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    styles = (REVIEW / "review.css", HERE / "check.css")
    scripts = (REVIEW / "dom.js", HERE / "corrections.js", HERE / "check.js")
    return environment.get_template("check.html.j2").render(
        title=title,
        style="\n".join(path.read_text(encoding="utf-8") for path in styles),
        script="\n".join(path.read_text(encoding="utf-8") for path in scripts),
        data=script_json(data),
    )
