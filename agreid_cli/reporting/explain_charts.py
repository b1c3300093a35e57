"""Charts of explanations: reliability of probabilities, and curves of deletion and insertion."""

from __future__ import annotations

from collections.abc import Sequence

from agreid_cli.records.explanation import Reliability
from agreid_cli.records.faithfulness import Estimate, Faithfulness, OrderScore
from agreid_cli.reporting.charts import Chart
from agreid_cli.reporting.figure import DASHES, MARKERS, MUTED, SERIES, drawing


def reliability_chart(name: str, found: Reliability) -> Chart:
    """Accuracy over the probability of the most probable label; the diagonal is perfect."""
    rows: list[tuple[str, ...]] = []
    with drawing(name, width=4.2, height=3.2) as sheet:
        axes = sheet.axes
        axes.plot([0, 100], [0, 100], color=MUTED, linewidth=1.2, linestyle=(0, (4, 2)), label="perfect")
        for nth, (label, bins) in enumerate((("before", found.before), ("calibrated", found.after))):
            if not bins:
                continue
            points = [(100 * b.confidence, 100 * b.accuracy) for b in bins]
            axes.plot(
                [x for x, _ in points], [y for _, y in points], label=label, color=SERIES[nth],
                linestyle=DASHES[nth], marker=MARKERS[nth],
            )  # fmt: skip
            rows += [
                (label, f"{x:.1f}", f"{y:.1f}", f"{b.n:,}") for (x, y), b in zip(points, bins, strict=True)
            ]
        axes.set_xlim(0, 100)
        axes.set_ylim(0, 100)
        axes.set_xlabel("probability of the most probable label, %")
        axes.set_ylabel("correct, %")
        axes.legend(loc="upper left")
    title = "Reliability of the attribute probabilities on the test"
    columns = ("", "probability %", "correct %", "labels")
    return Chart(title, f"{title}: {_words(rows)}.", sheet.svg, columns, tuple(rows))


#: Title, and what the vertical axis shows, of each table of occlusions.
OCCLUSIONS = {
    "orders": ("Faithfulness of one attribute's places to the distance", "distance"),
    "whole": ("Faithfulness of all places, weighted by the shares, to the distance", "distance"),
    "part": ("Faithfulness of one attribute's places to its own part of the distance", "part"),
}


def occlusion_chart(name: str, found: Faithfulness, table: str) -> Chart | None:
    """What is followed after deleting and after inserting places, by the order of the places; `table` is a
    key of `OCCLUSIONS`. None if it was not measured."""
    orders: Sequence[OrderScore] = getattr(found, table)
    if not orders:
        return None
    title, what = OCCLUSIONS[table]
    places = [100 * step / found.n_places for step in found.steps]
    rows: list[tuple[str, ...]] = []
    with drawing(name, width=5.6, height=3.2) as sheet:
        axes = sheet.axes
        for nth, order in enumerate(orders):
            for curve, label in ((order.deletion_curve, order.name), (order.insertion_curve, None)):
                axes.plot(
                    places, [100 * value for value in curve], label=label, color=SERIES[nth],
                    linestyle=DASHES[nth], marker=MARKERS[nth], markersize=3,
                )  # fmt: skip
            rows.append((order.name, *map(_estimate, (order.deletion, order.insertion)),
                         *map(_estimate, (order.deletion_gain, order.insertion_gain))))  # fmt: skip
        axes.set_xlim(0, 100)
        axes.set_ylim(0, None)
        axes.set_xlabel("places, % (falling: occluded; rising: shown)")
        axes.set_ylabel(f"{what}, % of the whole crops'")
        axes.legend(loc="upper right")
    title = f"{title}: after occluding places of both crops, {found.n_pairs} pairs"
    columns = ("order", "deletion %", "insertion %", "deletion gain", "insertion gain")
    says = "; ".join(f"{row[0]}: deletion {row[1]}, insertion {row[2]}" for row in rows)
    return Chart(title, f"{title}. {says}.", sheet.svg, columns, tuple(rows))


def _estimate(found: Estimate | None) -> str:
    if found is None:
        return "–"
    return f"{100 * found.value:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def _words(rows: Sequence[tuple[str, ...]]) -> str:
    return "; ".join(f"{label}: {y} % correct at {x} %" for label, x, y, _ in rows)
