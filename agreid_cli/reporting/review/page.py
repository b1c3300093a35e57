"""The annotation page as one HTML text: data, style and script are inline, images are links or data."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from agreid_cli.records.images.reading import read_picture

HERE = Path(__file__).parent
#: In execution order; together they are one script.
SCRIPTS = (
    "model.js", "likeness.js", "questions.js", "dom.js", "virtual.js", "tracks.js", "asking.js",
    "answers.js", "labels.js", "main.js",
)  # fmt: skip


def review_page(data: Mapping[str, Any], title: str) -> str:
    """The page for `data` (its content: `stages.annotate.review.page_data`)."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    script = "\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return environment.get_template("review.html.j2").render(
        title=title,
        style=(HERE / "review.css").read_text(encoding="utf-8"),
        script=script,
        data=script_json(data),
    )


def script_json(data: Mapping[str, Any]) -> str:
    """JSON that is safe inside a script element, whatever its content.

    >>> script_json({"a": "</script>"})
    '{"a":"\\\\u003c/script>"}'
    """
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def jpeg_of(path: Path, height: int, quality: int) -> bytes:
    """An image as a JPEG of at most `height` pixels; OSError or ValueError if it cannot be read."""
    from PIL import Image

    small = Image.fromarray(read_picture(path).pixels)
    if small.height > height:
        small = small.resize((max(1, round(small.width * height / small.height)), height))
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=quality)
    return stream.getvalue()
