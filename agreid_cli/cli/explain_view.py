"""Prints the results of an explainable stream: rankings, explanation metrics, attributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agreid_cli.cli.console import Console

if TYPE_CHECKING:
    from agreid_cli.records.explanation import ExplainRow, ExplanationResult
    from agreid_cli.records.faithfulness import Estimate, OrderScore

TITLES = {
    "base-cosine": "base, cosine", "base": "base, Euclidean", "interpreter": "explainable stream only",
    "explainable": "+ Explainable", "oracle": "oracle (upper bound)",
}  # fmt: skip
ORDERS = {
    "contribution": "contributions to the largest share", "attribute": "map of the largest share",
    "contributions": "all contributions by share", "shares": "all maps by share", "random": "random",
    "mean": "mean map", "grad-cam": "Grad-CAM", "grad-cam-part": "Grad-CAM of the part",
}  # fmt: skip
RECOGNISED = {True: "yes", False: "no", None: "–"}
METRICS = {"P_e": "P_e", "P_c": "P_c", "XmAP_e": "X-mAP_e", "XmAP_c": "X-mAP_c"}


def show_explanations(console: Console, results: Sequence[ExplanationResult]) -> None:
    """Print three tables per direction, and the notes needed to read them."""
    for result in results:
        _rankings(console, result)
        _metrics(console, result)
        _groups(console, result)
        _faithfulness(console, result)


def _rankings(console: Console, result: ExplanationResult) -> None:
    columns = ["ranked by", "mAP %", "Rank-1 %", "Rank-5 %", "Rank-10 %", "mINP %", "p"]
    rows = [[TITLES[row.name], *_figures(row)] for row in result.rows]
    title = f"{result.direction}: {result.source}, which explains {result.teacher}"
    console.table(title, columns, rows, right=range(1, 7))
    console.print(
        f"{result.n_valid:,} of {result.n_query:,} queries, {result.n_gallery:,} gallery crops, "
        f"fingerprint {result.fingerprint}"
    )
    console.print(f"p chosen on: {result.p_chosen_on}")
    if result.row("oracle"):
        console.print(
            "The oracle uses the queries' true attributes and takes its p from this test: an upper bound."
        )
    if ci := result.rows[0].ci:
        console.print(
            f"[low, high]: {ci.level:.0%} CI, {ci.rounds:,} bootstrap resamples "
            f"over {ci.n_identities:,} identities"
        )
    for row in result.rows:
        if gain := row.over_base:
            console.print(
                f"{TITLES[row.name]} minus {TITLES['base']}, paired: "
                f"mAP {_gain(gain.mAP, gain.mAP_interval)}, Rank-1 {_gain(gain.rank1, gain.rank1_interval)}"
            )


def _metrics(console: Console, result: ExplanationResult) -> None:
    scores, expected = result.scores, result.expected
    heads = ["", "shares of the parts %", "constant baseline %"]
    heads += ["expected shares %", "constant baseline %"] if expected else []
    rows = []
    for name, title in METRICS.items():
        score = getattr(scores, name)
        row = [title, _percent(score.value), _percent(score.constant)]
        if expected:
            row += [_percent(getattr(expected, name).value), _percent(getattr(expected, name).constant)]
        if result.truth:
            row.append(_percent(getattr(result.truth, name).value))
        rows.append([*row, _percent(score.chance)])
    if result.truth:
        heads.append("upper bound %")
    heads.append("chance %")
    rows.append(["ADRE", _percent(scores.ADRE), *[""] * (len(heads) - 2)])
    note = (
        f"{result.direction}: how well the shares match the attributes that differ ({scores.n_pairs:,} pairs)"
    )
    console.table(note, heads, rows, right=range(1, len(heads)))
    if result.truth:
        console.print(
            f"upper bound: true body parts and labels of the campus as maps, by the paper's formulas, over "
            f"{result.truth.n_pairs:,} pairs"
        )
    if result.shares == "expected":
        console.print("+ Explainable, and the shares of the attributes, are those of the expected shares")


def _groups(console: Console, result: ExplanationResult) -> None:
    columns = [
        "attribute", "accuracy %", "majority class %", "balanced %", "chance %", "share %", "uniform share %",
        "differs %", "share if it differs %", "recognised",
    ]  # fmt: skip
    of = Counter(bit.group for bit in result.bits)
    rows = []
    for group in sorted(result.groups, key=lambda group: -group.share):
        even = of[group.name] / len(result.bits)
        figures = (
            group.accuracy, group.majority, group.balanced, 1 / group.labels if group.labels else None,
            group.share, even, group.differs, group.share_where_differs,
        )  # fmt: skip
        rows.append([group.title, *map(_percent, figures), RECOGNISED[group.recognised]])
    console.table(f"{result.direction}: attributes", columns, rows, right=range(1, 9))
    if (mean := result.mean_recognition) is not None:
        scored = sum(bit.mA is not None for bit in result.bits)
        console.print(f"mean mA over {scored} of {len(result.bits)} bits (others are constant): {mean:.1%}")
    found = result.reliability
    if found is not None and found.error_after is not None:
        console.print(
            f"calibrated on {found.n_people} held-out people; expected calibration error on the test: "
            f"{found.error_before:.1%} before, {found.error_after:.1%} after"
        )
    elif found is not None:
        console.print("not calibrated: at least five training people with attributes must be held out")


def _faithfulness(console: Console, result: ExplanationResult) -> None:
    found = result.faithfulness
    if found is None:
        return
    for orders, what in (
        (found.orders, "distance after occluding places, by the attribute with the largest share"),
        (found.whole, "the same, by all attributes, each weighted by its share"),
        (found.part, "the part of the attribute with the largest share after occluding places"),
    ):
        if orders:
            _occlusion(console, f"{result.direction}: {what}; area under the curve", orders)
    console.print(
        f"{found.n_pairs} pairs; deletion: smaller is better; insertion: larger is better; gains above 0 are "
        "better; [low, high]: 95 % CI"
    )
    for check in found.sanity:
        console.print(
            f"maps after shuffling the weights of the {check.shuffled}: rank correlation with the trained "
            f"ones {check.correlation.value:.2f} [{check.correlation.low:.2f}, {check.correlation.high:.2f}]"
        )


def _occlusion(console: Console, title: str, orders: Sequence[OrderScore]) -> None:
    rows = []
    for order in orders:
        areas = (order.deletion, order.insertion, order.deletion_gain, order.insertion_gain)
        rows.append([ORDERS[order.name], *(_estimate(area) for area in areas)])
    gain = "gain of the first"
    heads = ["places in the order of", "deletion %", "insertion %", f"deletion: {gain}", f"insertion: {gain}"]
    console.table(title, heads, rows, right=range(1, 5))


def _estimate(found: Estimate | None) -> str:
    if found is None:
        return ""
    return f"{100 * found.value:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def _gain(value: float, bounds: tuple[float, float]) -> str:
    return f"{100 * value:+.2f} [{100 * bounds[0]:+.2f}, {100 * bounds[1]:+.2f}]"


def _figures(row: ExplainRow) -> list[str]:
    ci = row.ci
    bounds = (ci.mAP, ci.rank1) if ci else (None, None)
    return [
        _percent(row.mAP, bounds[0]), _percent(row.rank1, bounds[1]), _percent(row.rank5),
        _percent(row.rank10), _percent(row.mINP), "" if row.p is None else f"{row.p:.2f}",
    ]  # fmt: skip


def _percent(value: float | None, bounds: tuple[float, float] | None = None) -> str:
    if value is None or value != value:  # NaN: no such pair
        return "–"
    text = f"{100 * value:.2f}"
    return f"{text} [{100 * bounds[0]:.2f}, {100 * bounds[1]:.2f}]" if bounds else text
