"""Charts of explanations: reliability of probabilities."""

from __future__ import annotations

from collections.abc import Sequence

from agreid_cli.records.explanation import Reliability
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


def _words(rows: Sequence[tuple[str, ...]]) -> str:
    return "; ".join(f"{label}: {y} % correct at {x} %" for label, x, y, _ in rows)
