"""The explanations of a run as tables and charts of the report."""

from __future__ import annotations

from agreid_cli.records.directions import DIRECTIONS
from agreid_cli.records.explanation import ExplanationResult
from agreid_cli.records.faithfulness import Faithfulness
from agreid_cli.reporting.charts import Cells, bar_chart
from agreid_cli.reporting.explain_charts import occlusion_chart, reliability_chart
from agreid_cli.reporting.view import ExplanationView
from agreid_cli.stages.report.systems import System

METRICS = {
    "P_e": "P_e: exclusive attributes among the largest shares",
    "P_c": "P_c: common attributes among the smallest",
    "XmAP_e": "X-mAP_e",
    "XmAP_c": "X-mAP_c",
}
RECOGNISED = {True: "yes", False: "no", None: "–"}


def explanation_views(system: System) -> list[ExplanationView]:
    """One view per direction with explanation results."""
    found = []
    for name, result in system.explanations.items():
        bars = sorted(((group.title, group.share) for group in result.groups), key=lambda bar: -bar[1])
        shares = bar_chart(
            f"share-{system.name}-{name}", "Mean share of the distance between two people", bars,
            x="share", chance=None,
        )  # fmt: skip
        heads, rows = _metrics(result)
        sure, faithful = result.reliability, result.faithfulness
        found.append(
            ExplanationView(
                system.name,
                DIRECTIONS[name].says,
                result,
                shares,
                heads,
                rows,
                _groups(result),
                reliability_chart(f"reliability-{system.name}-{name}", sure) if sure else None,
                _reliability_says(result),
                occlusion_chart(f"occlusion-{system.name}-{name}", faithful) if faithful else None,
                _sanity_says(faithful),
            )
        )
    return found


def _metrics(result: ExplanationResult) -> tuple[tuple[str, ...], Cells]:
    """One row per metric: the shares of the parts, and expected shares if there are any."""
    heads = ["", "shares of the parts", "constant baseline"]
    if result.expected:
        heads += ["expected shares", "constant baseline"]
    rows = []
    for name, title in METRICS.items():
        score = getattr(result.scores, name)
        row = [title, _percent2(score.value), _percent2(score.constant)]
        if result.expected:
            other = getattr(result.expected, name)
            row += [_percent2(other.value), _percent2(other.constant)]
        if result.truth:
            row.append(_percent2(getattr(result.truth, name).value))
        rows.append((*row, _percent2(score.chance)))
    if result.truth:
        heads.append("upper bound")
    return (*heads, "chance"), tuple(rows)


def _groups(result: ExplanationResult) -> Cells:
    return tuple(
        (
            group.title, _percent(group.accuracy), _percent(group.majority), _percent(group.balanced),
            _percent(1 / group.labels if group.labels else None), _percent(group.differs),
            _percent(group.share_where_differs), RECOGNISED[group.recognised],
        )
        for group in result.groups
    )  # fmt: skip


def _reliability_says(result: ExplanationResult) -> str:
    found = result.reliability
    if found is None:
        return ""
    if found.error_after is None:
        return "Not calibrated: at least five training people with attributes must be held out."
    words = (
        f"Calibrated on {found.n_people} held-out training people. The mean gap between probability and "
        f"accuracy (expected calibration error) is {_percent(found.error_before)} % before and "
        f"{_percent(found.error_after)} % after."
    )
    if result.unknown:
        words += (
            f" Not recognised better than their majority class, and left out of sentences: "
            f"{', '.join(result.unknown).lower()}."
        )
    return words


def _sanity_says(found: Faithfulness | None) -> str:
    if found is None:
        return ""
    checks = "; ".join(
        f"{check.shuffled} {c.value:.2f} [{c.low:.2f}, {c.high:.2f}]"
        for check, c in ((check, check.correlation) for check in found.sanity)
    )
    return (
        "A good order lets the distance fall fast when places are occluded, and rise fast when they are "
        "shown. Gains compare the map of the attribute with the largest share with the other orders; above 0 "
        "it is better. Rank correlation of the maps with those of shuffled weights (1: the weights do not "
        f"matter): {checks}."
    )


def _percent2(value: float | None) -> str:
    return "–" if value is None or value != value else f"{100 * value:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None or value != value else f"{100 * value:.1f}"
