"""Where a transformer's class token looks, for pairs of crops: one page, and one picture a pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from agreid_cli.reporting.attention import overlay
from agreid_cli.reporting.environment import environment, percent
from agreid_cli.reporting.explain_page import HEIGHT, QUALITY, TEMPLATES, Image, sized
from agreid_cli.reporting.thumbnails import Picture, picture


@dataclass(frozen=True)
class Attended:
    """One crop: name, image (BGR), and the attention over its patches (H, W), which sums to 1."""

    name: str
    image: Image
    attention: npt.NDArray[np.float32]

    @property
    def plain(self) -> Picture:
        return picture(sized(self.image), QUALITY)

    @property
    def map(self) -> Picture:
        return picture(self.over, QUALITY)

    @property
    def over(self) -> Image:
        """The crop under its map."""
        return overlay(sized(self.image), self.attention)


Pair = tuple[Attended, Attended, float, bool | None]


def attention_page(title: str, lede: str, pairs: Sequence[Pair], *, version: str) -> str:
    """The complete HTML document. Of each pair: both crops, the cosine distance, whether they match."""
    style = Markup((TEMPLATES / "report" / "report.css").read_text(encoding="utf-8"))
    templates = environment(TEMPLATES / "explain", percent=percent(0))
    return templates.get_template("attention.html").render(
        title=title, lede=lede, pairs=pairs, style=style, version=version
    )


def attention_sheet(first: Attended, second: Attended) -> Image:
    """uint8 BGR: crop and map of the first, then of the second, side by side."""
    parts = [part for one in (first, second) for part in (sized(one.image), one.over)]
    same = [cv2.resize(part, (max(1, part.shape[1] * HEIGHT // part.shape[0]), HEIGHT)) for part in parts]
    return np.asarray(np.concatenate(same, axis=1), np.uint8)
