"""The explanations of a run as tables and charts of the report."""

from __future__ import annotations

from agreid_cli.records.directions import DIRECTIONS
from agreid_cli.records.explanation import ExplanationResult
from agreid_cli.records.faithfulness import Estimate, Faithfulness
from agreid_cli.reporting.charts import Cells, Chart, bar_chart
from agreid_cli.reporting.explain_charts import OCCLUSIONS, occlusion_chart, reliability_chart
from agreid_cli.reporting.view import ExplanationView, SearchView
from agreid_cli.stages.report.systems import System

METRICS = {
    "P_e": "P_e: exclusive attributes among the largest shares",
    "P_c": "P_c: common attributes among the smallest",
    "XmAP_e": "X-mAP_e",
    "XmAP_c": "X-mAP_c",
}
SEARCHES = {"stream": "search by attributes", "classifiers": "classifier per attribute", "chance": "chance"}
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
                _occlusions(f"{system.name}-{name}", faithful),
                _sanity_says(faithful),
            )
        )
    return found


def search_view(system: System) -> SearchView | None:
    """Search by description, one row per length, of all groups and of recognised ones; None if it was not
    evaluated."""
    result = system.attributes
    if result is None:
        return None
    names = list(dict.fromkeys(row.system for row in result.rows))
    heads = ["attributes", "descriptions"]
    heads += [f"{SEARCHES[name]}: {score}" for score in ("mAP", "Rank-1") for name in names]
    rows = []
    for groups, lengths in result.tables().items():
        for length, own in lengths.items():
            words = "all" if length == 0 else str(length)
            rows.append((
                words if groups == "all" else f"{words}, recognised groups only", f"{own[0].n:,}",
                *(_interval(row.mAP) for row in own), *(_percent(row.rank1.value) for row in own),
            ))  # fmt: skip
    says = (
        f"{result.n_crops:,} test crops of {result.n_people:,} people; descriptions drawn with seed "
        f"{result.seed}; relevant are all crops of people who fit. The classifiers are logistic regressions "
        "on the embeddings of the explained run."
    )
    if result.unknown:
        says += f" Not recognised by the stream: {', '.join(result.unknown).lower()}."
    return SearchView(system.name, tuple(heads), tuple(rows), says)


def _interval(found: Estimate) -> str:
    return f"{_percent(found.value)} [{_percent(found.low)}, {_percent(found.high)}]"


def _occlusions(name: str, found: Faithfulness | None) -> tuple[Chart, ...]:
    if found is None:
        return ()
    charts = (occlusion_chart(f"occlusion-{table}-{name}", found, table) for table in OCCLUSIONS)
    return tuple(chart for chart in charts if chart)


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
        "shown. Gains compare the first order of each figure with the others; above 0 it is better. "
        "contribution: what the places contribute to the part of the attribute with the largest share; "
        "attribute: the map of that attribute; contributions, shares: those of all attributes, weighted by "
        "their shares; mean: the mean map; grad-cam: of the distance, or of the part. Rank correlation of "
        f"the maps with those of shuffled weights (1: the weights do not matter): {checks}."
    )


def _percent2(value: float | None) -> str:
    return "–" if value is None or value != value else f"{100 * value:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None or value != value else f"{100 * value:.1f}"
