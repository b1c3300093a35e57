"""The charts of the report: a figure, a text alternative, and its numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from agreid_cli.records.results import RankingResult
from agreid_cli.reporting.figure import DASHES, INK, MARKERS, MUTED, SERIES, drawing
from agreid_cli.reporting.training_log import Curve

Cells = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Chart:
    """`title` is above the figure, `says` is the text alternative, `rows` are the numbers."""

    title: str
    says: str
    svg: str
    columns: tuple[str, ...]
    rows: Cells


def cmc_chart(direction: str, title: str, results: Sequence[tuple[str, RankingResult]], depth: int) -> Chart:
    """Rank-1 to Rank-`depth` of each named result."""
    ranks = list(range(1, depth + 1))
    with drawing(f"cmc-{direction}") as sheet:
        axes = sheet.axes
        for nth, (name, result) in enumerate(results):
            values = [100 * result.rank(k) for k in ranks]
            axes.plot(ranks, values, label=name, markevery=[k - 1 for k in _marked(depth)], **_look(nth))
        _per_cent(axes)
        axes.set_xlim(0.6, depth + 0.4)
        axes.set_xlabel("rank k")
        axes.set_ylabel("queries matched by rank k, %")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="lower right")
    shown = _marked(depth)
    rows = tuple((name, *(f"{100 * result.rank(k):.2f}" for k in shown)) for name, result in results)
    first = "; ".join(
        f"{name} {100 * result.rank(1):.1f} % at rank 1, {100 * result.rank(depth):.1f} % at rank {depth}"
        for name, result in results
    )
    return Chart(
        title, f"Cumulative matching curves. {first}.", sheet.svg, ("", *(f"Rank-{k}" for k in shown)), rows
    )


def score_chart(direction: str, title: str, results: Sequence[tuple[str, RankingResult]]) -> Chart:
    """mAP and Rank-1 of each named result as a point with its confidence interval."""
    rows: list[tuple[str, ...]] = []
    with drawing(f"score-{direction}", height=0.95 + 0.42 * len(results)) as sheet:
        axes = sheet.axes
        for nth, (name, result) in enumerate(results):
            cells = [name]
            for shift, value, words, filled in (
                (-0.13, result.mAP, "mAP", True),
                (0.13, result.rank(1), "rank1", False),
            ):
                bounds = getattr(result.ci, words) if result.ci else (value, value)
                low, high = (100 * bound for bound in bounds)
                y, colour = nth + shift, SERIES[nth % len(SERIES)]
                axes.plot(
                    [low, high], [y, y], color=colour, linewidth=2.2, solid_capstyle="round", alpha=0.55
                )
                shape: dict[str, Any] = {"marker": "o", "markersize": 6.2, "markerfacecolor": colour}
                if not filled:
                    shape = {"marker": "D", "markersize": 5.4, "markerfacecolor": "none"}
                axes.plot([100 * value], [y], color=colour, linestyle="none", markeredgewidth=1.6, **shape)
                cells += [f"{100 * value:.2f}", f"{low:.2f} to {high:.2f}"]
            rows.append(tuple(cells))
        axes.set_yticks(range(len(results)), [name for name, _ in results])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.set_ylim(len(results) - 0.45, -0.55)
        axes.set_xlim(0, 100)
        axes.grid(axis="y", visible=False)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("%  (● mAP, ◇ Rank-1, bars: confidence intervals)")
    first = "; ".join(f"{row[0]}: mAP {row[1]} %, Rank-1 {row[3]} %" for row in rows)
    columns = ("", "mAP %", "CI", "Rank-1 %", "CI")
    return Chart(
        title, f"mAP and Rank-1 with confidence intervals. {first}.", sheet.svg, columns, tuple(rows)
    )


def curve_chart(
    name: str, title: str, curves: Sequence[tuple[str, Curve]], *, y: str, per_cent: bool = False
) -> Chart:
    """Lines over epochs; the table has their first, minimum, maximum and last values."""
    factor = 100 if per_cent else 1
    with drawing(name, width=4.2, height=2.6) as sheet:
        axes = sheet.axes
        for nth, (label, curve) in enumerate(curves):
            look = _look(nth) if len(curve) == 1 else _look(nth) | {"marker": ""}
            axes.plot([x for x, _ in curve], [factor * value for _, value in curve], label=label, **look)
        axes.set_xlabel("epoch")
        axes.set_ylabel(y)
        if per_cent:
            _per_cent(axes)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        if len(curves) > 1:
            axes.legend(loc="best")
    rows = tuple((label, *_span([factor * value for _, value in curve])) for label, curve in curves)
    ends = "; ".join(
        f"{label} from {row[1]} to {row[4]}" for (label, _), row in zip(curves, rows, strict=True)
    )
    return Chart(
        title, f"{title} over epochs: {ends}.", sheet.svg, ("", "first", "minimum", "maximum", "last"), rows
    )


def bar_chart(
    name: str,
    title: str,
    bars: Sequence[tuple[str, float]],
    *,
    x: str,
    chance: float | None = None,
    usual: Sequence[float] = (),
) -> Chart:
    """Horizontal bars, the first on top; `chance` is drawn as a reference line, `usual` as a mark on each
    bar."""
    with drawing(name, height=0.75 + 0.26 * len(bars)) as sheet:
        axes = sheet.axes
        axes.barh(range(len(bars)), [value for _, value in bars], color=SERIES[0], height=0.62)
        axes.set_yticks(range(len(bars)), [label for label, _ in bars])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.set_ylim(len(bars) - 0.4, -0.6)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel(x)
        if chance is not None:
            axes.axvline(chance, color=MUTED, linewidth=1.4, linestyle=(0, (4, 2)))
        for place, value in enumerate(usual):
            axes.plot([value, value], [place - 0.42, place + 0.42], color=INK, linewidth=2)
    rows: Cells = tuple((label, f"{value:.4g}") for label, value in bars)
    columns: tuple[str, ...] = ("", x)
    if usual:
        rows = tuple((*row, f"{value:.4g}") for row, value in zip(rows, usual, strict=True))
        columns = (*columns, "usual")
    words = "; ".join(" ".join(row[:2]) + "".join(f" (usual {mark})" for mark in row[2:]) for row in rows)
    against = "" if chance is None else f" Chance level {chance:.3g}."
    return Chart(title, f"{title}: {words}.{against}", sheet.svg, columns, rows)


def _span(values: Sequence[float]) -> list[str]:
    """First, minimum, maximum, last."""
    return [f"{value:.4g}" for value in (values[0], min(values), max(values), values[-1])]


def _look(nth: int) -> dict[str, Any]:
    """Colour, dash and marker of a line; six lines differ in all three."""
    at = nth % len(SERIES)
    return {"color": SERIES[at], "linestyle": DASHES[at], "marker": MARKERS[at]}


def _marked(depth: int) -> list[int]:
    return [k for k in (1, 5, 10, 20, 30, 40, 50) if k <= depth]


def _per_cent(axes: Axes) -> None:
    axes.set_ylim(0, 100)
    axes.set_yticks(range(0, 101, 20))
