"""The page of `explain --aggregate`: mean shares by direction, and mean attention maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from agreid_cli.reporting.attention import overlay
from agreid_cli.reporting.charts import Chart, bar_chart
from agreid_cli.reporting.environment import environment
from agreid_cli.reporting.explain_page import QUALITY, TEMPLATES, Image, sized
from agreid_cli.reporting.thumbnails import Picture, picture


@dataclass(frozen=True)
class MeanMap:
    """The mean attention map of one attribute in the crops of one view.

    image: the mean crop, BGR; with, without: how often each position is in the top third of the map, for the
    crops of people with and without the attribute (None if there are none), (H, W) in 0..1.
    """

    name: str
    view: str
    image: Image
    having: npt.NDArray[np.float64] | None
    lacking: npt.NDArray[np.float64] | None
    n_having: int

    @property
    def pictures(self) -> tuple[Picture | None, Picture | None]:
        one, two = (
            None if m is None else picture(self._over(m), QUALITY) for m in (self.having, self.lacking)
        )
        return one, two

    def _over(self, attention: npt.NDArray[np.float64]) -> Image:
        return overlay(sized(self.image), attention)


@dataclass(frozen=True)
class AggregateView:
    """`bars`: per direction, a list of (attribute, share), all in the same order."""

    title: str
    lede: str
    bars: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]
    maps: tuple[MeanMap, ...]

    @property
    def charts(self) -> tuple[Chart, ...]:
        return tuple(
            bar_chart(f"shares-{name}", f"Mean share, {name}", [(a, 100 * s) for a, s in bars],
                      x="mean share of the distance, %")
            for name, bars in self.bars
        )  # fmt: skip


def aggregate_page(view: AggregateView, *, version: str) -> str:
    """The complete HTML document."""
    style = Markup((TEMPLATES / "report" / "report.css").read_text(encoding="utf-8"))
    return (
        environment(TEMPLATES / "explain")
        .get_template("aggregate.html")
        .render(view=view, style=style, version=version)
    )


def aggregate_sheet(view: AggregateView) -> Image:
    """The same as one image, BGR."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = max(1, len(view.maps))
    figure = Figure(figsize=(max(9.0, 1.05 * columns), 9.2), layout="constrained", dpi=100)
    canvas: Any = FigureCanvasAgg(figure)  # matplotlib has no types here
    halves: Any = figure.subfigures(2, 1, height_ratios=(1, 1.05))
    upper, lower = halves
    for axes, (name, bars) in zip(np.atleast_1d(upper.subplots(1, len(view.bars))), view.bars, strict=True):
        _bars(axes, name, bars)
    grid = np.atleast_2d(lower.subplots(2, columns, squeeze=False))
    for column, shown in enumerate(view.maps):
        for row, attention in enumerate((shown.having, shown.lacking)):
            axes = grid[row, column]
            axes.set_axis_off()
            if attention is not None:
                axes.imshow(cv2.cvtColor(overlay(sized(shown.image), attention), cv2.COLOR_BGR2RGB))
            if row == 0:
                axes.set_title(f"{shown.name}\n{shown.view}".replace(": ", ":\n"), fontsize=6.5)
    lower.suptitle("attention: people with the attribute, above; without it, below", fontsize=9)
    canvas.draw()
    return np.asarray(cv2.cvtColor(np.asarray(canvas.buffer_rgba()), cv2.COLOR_RGBA2BGR).astype(np.uint8))


def _bars(axes: Any, name: str, bars: Sequence[tuple[str, float]]) -> None:
    axes.barh(range(len(bars)), [100 * share for _, share in bars], color="#2457a6", height=0.65)
    axes.set_yticks(range(len(bars)), [label for label, _ in bars], fontsize=8)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_title(name, fontsize=9)
    axes.set_xlabel("mean share of the distance, %", fontsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
