"""Results of a search by description as one page: each crop, its score, and the attention maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from agreid_cli.reporting.attention import overlay
from agreid_cli.reporting.environment import environment, percent
from agreid_cli.reporting.explain_page import QUALITY, TEMPLATES, Shown, sized
from agreid_cli.reporting.thumbnails import Picture, picture


@dataclass(frozen=True)
class Asked:
    """One requested attribute in one crop: its probability 0..1, and the most probable label of its group."""

    words: str
    chance: float
    likeliest: str
    bit: int

    @property
    def says(self) -> str:
        agrees = self.words.endswith(f": {self.likeliest.lower()}")
        return "" if agrees else f"looks like {self.likeliest.lower()}"


@dataclass(frozen=True)
class Answer:
    """score: the geometric mean of the probabilities. track: of `crops` crops, which `shown` represents."""

    rank: int
    shown: Shown
    score: float
    asked: tuple[Asked, ...]
    track: str = ""
    crops: int = 1

    @property
    def plain(self) -> Picture:
        return picture(sized(self.shown.image), QUALITY)

    @property
    def maps(self) -> tuple[tuple[Asked, Picture], ...]:
        return tuple(
            (a, picture(overlay(sized(self.shown.image), self.shown.maps[a.bit]), QUALITY))
            for a in self.asked
        )

    def as_data(self) -> dict[str, Any]:
        """As JSON."""
        said = [{"attribute": a.words, "chance": a.chance, "likeliest": a.likeliest} for a in self.asked]
        found = {"rank": self.rank, "crop": self.shown.name, "score": self.score, "attributes": said}
        return found | ({"track": self.track, "crops": self.crops} if self.track else {})


def search_page(
    words: str, searched: int, answers: Sequence[Answer], *, version: str, unit: str = "crop"
) -> str:
    """The complete HTML document."""
    style = Markup((TEMPLATES / "report" / "report.css").read_text(encoding="utf-8"))
    house = environment(TEMPLATES / "explain", percent=percent(0))
    return house.get_template("search.html").render(
        words=words, searched=searched, answers=answers, style=style, version=version, unit=unit
    )  # fmt: skip
