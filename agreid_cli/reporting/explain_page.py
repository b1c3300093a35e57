"""Explained pairs as images and as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from agreid_cli.reporting.attention import overlay
from agreid_cli.reporting.charts import Chart, bar_chart
from agreid_cli.reporting.environment import environment, percent
from agreid_cli.reporting.reasons import Reason
from agreid_cli.reporting.thumbnails import Picture, picture

TEMPLATES = Path(__file__).parent / "templates"
HEIGHT = 256  # height of a crop in pixels
TOP = 4  # attributes whose maps are drawn
COLOURS = {
    "attention": "colours: where the stream looks for the attribute",
    "contributions": "colours: what places add to the attribute's part of the distance",
    "evidence": "colours: where the crops differ in what the attribute is recognised from",
}
QUALITY = 88
Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Shown:
    """One crop: name, image (BGR), and what is drawn over it for each attribute, (M, H, W)."""

    name: str
    image: Image
    maps: npt.NDArray[np.float32]


@dataclass(frozen=True)
class PairView:
    """Two crops and their explanation. `gap`: |d − mean part| / d, None for expected shares, which add up by
    definition. `match`: the same person, None if unknown. `show`: what is drawn, a key of `COLOURS`.
    """

    title: str
    first: Shown
    second: Shown
    distance: float
    gap: float | None
    sentence: str
    reasons: tuple[Reason, ...]
    match: bool | None = None
    show: str = "attention"

    @property
    def top_maps(self) -> tuple[tuple[Reason, Picture, Picture], ...]:
        """The maps of the attributes with the largest shares, over both crops."""
        return tuple(
            (r, picture(_over(self.first, r.bit), QUALITY), picture(_over(self.second, r.bit), QUALITY))
            for r in self.reasons[:TOP]
        )

    @property
    def plain(self) -> tuple[Picture, Picture]:
        first, second = (picture(sized(shown.image), QUALITY) for shown in (self.first, self.second))
        return first, second

    @property
    def chart(self) -> Chart:
        bars = [(f"{r.rank}. {r.says}", 100 * r.share) for r in self.reasons]
        even = 100 / len(self.first.maps)
        usual = [100 * r.usual for r in self.reasons if r.usual is not None]
        name = f"pair-{self.first.name}-{self.second.name}"
        return bar_chart(
            name, "Largest shares of the distance", bars, x="share of the distance, %", chance=even,
            usual=usual,
        )  # fmt: skip

    @property
    def calibrated(self) -> bool:
        """Whether the usual share of every bar is known."""
        return all(r.usual is not None for r in self.reasons)

    @property
    def guesses(self) -> bool:
        """Whether a bar is of a group that is not recognised."""
        return any(r.recognised is False for r in self.reasons)

    @property
    def says(self) -> str:
        """The distance, and how well the parts add up to it."""
        d = f"Distance {self.distance:.2f}"
        if self.gap is None:
            return f"{d}, divided by expected shares"
        return f"{d}; error of the parts {100 * self.gap:.1f} %"


def page(
    title: str,
    lede: str,
    pairs: Sequence[PairView],
    *,
    version: str,
    caution: str = "",
    shares: str = "paper",
    show: str = "attention",
) -> str:
    """The complete HTML document; equal views give equal texts. `caution`: what the sentences leave out."""
    style = Markup((TEMPLATES / "report" / "report.css").read_text(encoding="utf-8"))
    return environment(TEMPLATES / "explain", percent=percent(1)).get_template("explain.html").render(
        title=title, lede=lede, pairs=pairs, style=style, version=version, caution=caution, shares=shares,
        show=show,
    )  # fmt: skip


def sheet(view: PairView) -> Image:
    """The same as one image, BGR: crops, their top maps, and the bars."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = 1 + len(view.top_maps)
    figure = Figure(figsize=(1.45 * columns + 5.2, 6.4), layout="constrained", dpi=110)
    canvas: Any = FigureCanvasAgg(figure)  # matplotlib has no types here
    grid = figure.add_gridspec(2, columns + 3)
    for row, shown in enumerate((view.first, view.second)):
        cells = [("", sized(shown.image))]
        cells += [(f"{r.says}\n{100 * r.share:.1f} %", _over(shown, r.bit)) for r in view.reasons[:TOP]]
        for column, (words, image) in enumerate(cells):
            axes = figure.add_subplot(grid[row, column])
            axes.imshow(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
            axes.set_title(_broken(words if row == 0 else ""), fontsize=8)
            axes.set_axis_off()
    _bars(figure.add_subplot(grid[:, columns:]), view)
    head = f"{view.title}: {view.says[0].lower()}{view.says[1:]}"
    figure.suptitle(f"{head}\n{view.sentence}", fontsize=9.5)
    figure.supxlabel(COLOURS[view.show], fontsize=8, x=0.01, ha="left")
    canvas.draw()
    return np.asarray(cv2.cvtColor(np.asarray(canvas.buffer_rgba()), cv2.COLOR_RGBA2BGR).astype(np.uint8))


def sized(image: Image) -> Image:
    """Resized to the height used in the page."""
    width = max(1, round(image.shape[1] * HEIGHT / image.shape[0]))
    return np.asarray(cv2.resize(image, (width, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _over(shown: Shown, bit: int) -> Image:
    return overlay(sized(shown.image), shown.maps[bit])


def _bars(axes: Any, view: PairView) -> None:
    shares = [100 * r.share for r in view.reasons]
    axes.barh(range(len(shares)), shares, color="#2457a6", height=0.65)
    axes.set_yticks(range(len(shares)), [f"{r.rank}. {r.says}" for r in view.reasons], fontsize=8)
    for place, reason in enumerate(view.reasons):
        end = max(shares[place], 100 * (reason.usual or 0))
        axes.text(end, place, f" {100 * reason.share:.1f} %, d {reason.distance:.2f}",
                  va="center", fontsize=7.5)  # fmt: skip
        if reason.usual is not None:
            axes.plot([100 * reason.usual] * 2, [place - 0.42, place + 0.42], color="#1d2129", linewidth=1.8)
    axes.axvline(100 / len(view.first.maps), color="#5b6069", linewidth=1, linestyle="--")
    axes.set_ylim(len(shares) - 0.4, -0.6)
    most = max([*shares, *(100 * r.usual for r in view.reasons if r.usual is not None), 1e-6])
    axes.set_xlim(0, most * 1.35)
    marks = "dashed: uniform share"
    if view.calibrated:
        marks += "; mark: usual share" + ("\n(?): not recognised, a guess" if view.guesses else "")
    axes.set_xlabel(f"share of the distance, %\n{marks}", fontsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _broken(words: str) -> str:
    return words.replace(": ", ":\n")
