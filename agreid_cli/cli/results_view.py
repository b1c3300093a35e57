"""Prints ranking results: in per cent here, 0..1 everywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agreid_cli.cli.console import Console

if TYPE_CHECKING:
    from agreid_cli.records.results import Comparison, RankingResult

Bounds = tuple[float, float]


def show_results(console: Console, results: Sequence[RankingResult], *, worst: int) -> None:
    """Print one column per direction, then the notes needed to read the figures."""
    sides = [_column(result) for result in results]
    rows = [[name, *(side[name] for side in sides)] for name in sides[0]]
    heads = ["", *(result.direction for result in results)]
    console.table(f"Ranked: {results[0].source}", heads, rows, right=range(1, len(heads)))
    for result in results:
        if result.n_dropped:
            console.print(
                f"{result.direction}: excluded queries without a true match: "
                f"{result.n_dropped:,} of {result.n_query:,}"
            )
    for result in results:
        if ci := result.ci:
            console.print(
                f"{result.direction}: [low, high]: {ci.level:.0%} CI, {ci.rounds:,} bootstrap resamples "
                f"over {ci.n_identities:,} identities"
            )
        if result.comparison:
            _compared(console, result, result.comparison)
        if worst:
            names = ["query", "pid", "AP %", "first hit at rank", "true matches"]
            found = [
                [q["query"], q["pid"], _percent(q["average_precision"]), q["first_hit"], q["n_match"]]
                for q in worst_queries(result, worst)
            ]
            console.table(f"Worst queries of {result.direction}", names, found, right=(2, 3, 4))


def worst_queries(result: RankingResult, n: int) -> list[dict[str, Any]]:
    """The n valid queries with the lowest average precision, worst first."""
    queries = result.per_query
    rows = zip(
        queries.crop_id, queries.pid, queries.average_precision, queries.first_hit, queries.n_match,
        strict=True,
    )  # fmt: skip
    valid = [(ap, crop, pid, hit, n_match) for crop, pid, ap, hit, n_match in rows if ap is not None]
    return [
        {"query": crop, "pid": pid, "average_precision": ap, "first_hit": hit, "n_match": n_match}
        for ap, crop, pid, hit, n_match in sorted(valid, key=lambda row: row[0])[:n]
    ]


def _column(result: RankingResult) -> dict[str, str]:
    ci = result.ci
    return {
        "mAP %": _percent(result.mAP, ci.mAP if ci else None),
        "Rank-1 %": _percent(result.rank(1), ci.rank1 if ci else None),
        "Rank-5 %": _percent(result.rank(5)),
        "Rank-10 %": _percent(result.rank(10)),
        "mINP %": _percent(result.mINP),
        "n_query": f"{result.n_query:,}",
        "n_valid": f"{result.n_valid:,}",
        "n_dropped": f"{result.n_dropped:,}",
        "n_gallery": f"{result.n_gallery:,}",
        **_tracks(result),
        "metric": f"{result.metric}, re-ranked {result.rerank}" if result.rerank else result.metric,
        "roles from": result.roles,
        "fingerprint": result.fingerprint,
    }


def _tracks(result: RankingResult) -> dict[str, str]:
    """What only a ranking of tracks has."""
    from agreid_cli.records.results import POOLED

    if result.level == "crop":
        return {}
    return {
        "level": f"track, {POOLED[result.pool]}",
        "pooled crops": f"{result.n_query_crops:,} + {result.n_gallery_crops:,}",
    }


def _compared(console: Console, result: RankingResult, found: Comparison) -> None:
    console.print(
        f"{result.direction}: difference to {found.other}, over the same {result.n_valid:,} queries"
    )
    for name, gap, (low, high), share in (
        ("mAP", found.mAP, found.mAP_interval, found.mAP_share),
        ("Rank-1", found.rank1, found.rank1_interval, found.rank1_share),
    ):
        verdict = "significant" if low > 0 or high < 0 else "not significant"
        finest = 2 / found.rounds  # the smallest p that this number of rounds can resolve
        p = f"p {share:.3f}" if share >= finest else f"p < {finest:g}"
        bounds = f"[{100 * low:+.2f}, {100 * high:+.2f}]"
        console.print(f"  {name} {100 * gap:+.2f} {bounds} points, {p}: {verdict}")


def _percent(value: float, bounds: Bounds | None = None) -> str:
    text = f"{100 * value:.2f}"
    return f"{text} [{100 * bounds[0]:.2f}, {100 * bounds[1]:.2f}]" if bounds else text
