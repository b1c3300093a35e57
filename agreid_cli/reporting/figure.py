"""A matplotlib figure as inline SVG that uses the colours and the font of the page's theme.

matplotlib writes fixed colours. Figures are drawn in placeholder colours, one per role, which are replaced by
CSS variables in the SVG text, so that one drawing suits light mode, dark mode and print.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

#: Placeholder colours: never shown, each replaced in the SVG.
SERIES = ("#0a0001", "#0a0002", "#0a0003", "#0a0004", "#0a0005", "#0a0006")
INK, MUTED, LINE = "#0b0001", "#0b0002", "#0b0003"
ROLE_OF_COLOUR = {colour: f"var(--series-{n})" for n, colour in enumerate(SERIES, start=1)}
ROLE_OF_COLOUR |= {INK: "var(--ink)", MUTED: "var(--muted)", LINE: "var(--line)"}

#: Distinguishable without colour, too.
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.6)),
    (0, (1.4, 1.3)),
    (0, (6, 1.5, 1.4, 1.5)),
    (0, (9, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
)
MARKERS = ("o", "s", "^", "D", "v", "P")

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, readable by screen readers, in the page's font
    "font.family": "DejaVu Sans",  # ships with matplotlib, so the layout is the same everywhere
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": LINE,
    "axes.linewidth": 0.9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 9.5,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "lines.linewidth": 1.9,
    "lines.markersize": 4.2,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}  # fmt: skip


class Drawing:
    """The result of a `drawing` block: `axes` to draw on, and afterwards `svg`."""

    def __init__(self, figure: Figure, axes: Axes) -> None:
        self.figure, self.axes = figure, axes
        self.svg = ""


@contextmanager
def drawing(name: str, *, width: float = 4.6, height: float = 3.0) -> Iterator[Drawing]:
    """A figure of this size in inches; `name` makes its ids unique in the page."""
    with rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        sheet = Drawing(figure, figure.subplots())
        yield sheet
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
        sheet.svg = _themed(text.getvalue())


def _themed(svg: str) -> str:
    """Only the `<svg>` element, in the page's colours and font, scaling with its column."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*|<style[^>]*>.*?</style>\s*", "", svg, flags=re.S)
    for stand_in, role in ROLE_OF_COLOUR.items():
        svg = svg.replace(stand_in, role)
    svg = re.sub(r"'DejaVu Sans'[^;\"]*", "var(--font)", svg)
    # Nothing refers to the ids of groups; those of markers and clips are hashes.
    svg = re.sub(r" id=\"(?![mp][0-9a-f]{10}\")[^\"]*\"", "", svg).replace("xlink:href", "href")
    svg = re.sub(
        r"<svg [^>]*viewBox=\"([^\"]+)\"[^>]*>", r'<svg viewBox="\1" aria-hidden="true">', svg, count=1
    )
    return re.sub(r"\s+", " ", svg)
