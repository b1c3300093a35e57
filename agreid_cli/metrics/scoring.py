"""Compute the result of a direction: ranks, means, intervals, comparison, nearest crops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import InputError, UsageError
from agreid_cli.metrics.bootstrap import Difference, bootstrap, paired_bootstrap
from agreid_cli.metrics.protocol import Sides
from agreid_cli.metrics.ranking.given import rank_distances, topk_distances
from agreid_cli.metrics.ranking.ranking import Ranks, rank
from agreid_cli.metrics.ranking.summary import summarise
from agreid_cli.metrics.ranking.topk import TopK, topk
from agreid_cli.progress import Progress
from agreid_cli.records.embeddings import Embeddings
from agreid_cli.records.ranks import RANKS
from agreid_cli.records.results import Comparison, Interval, PerQuery, RankingResult

DEPTH = 50  # maximum rank of the CMC curve
STEPS = 8  # progress updates, each of which reads a gallery on disk again
LEAST_A_STEP = 4096  # queries
DISTANCES_A_STEP = 1 << 24  # of a re-ranked matrix, 64 MB


def ranked(
    embeddings: Embeddings,
    found: Sides,
    config: EvaluateConfig,
    progress: Progress,
    *,
    top: bool,
    divided: Callable[[Any, Any, Mapping[str, Any]], Ranks] | None = None,
    distances: Any = None,
) -> tuple[Ranks, TopK | None]:
    """Rank the gallery for every query, and find the `top_k` nearest if requested.

    The work is done in steps of some queries, which only affects the progress display. `divided` ranks all
    queries in place of `rank`, with the same arguments. `distances`, (queries, gallery) with row slices, are
    ranked in place of the embeddings.
    """
    how = config.model_dump(include={"metric", "block_query", "threads", "engine"})
    if distances is None:
        distances = _distances(embeddings, found, config, progress)
    n_query = len(found.query)
    query, gallery, step = None, None, max(1, DISTANCES_A_STEP // len(found.gallery))
    if distances is None:
        query, gallery = embeddings.take(found.query), embeddings.take(found.gallery)
        step = max(LEAST_A_STEP, -(-n_query // STEPS))
    if divided is not None:
        if distances is not None:
            raise UsageError(
                "--engine ray and --shard rank vectors, without --rerank, --pool best or given distances",
                hint="Leave them out: a ranking of distances is not divided.",
            )
        labels = _labels(found, slice(None))
        all_ranks = divided(query, gallery, {**labels, **how, "block_gallery": config.block_gallery})
        return all_ranks, topk(query, gallery, config.top_k, **labels, **how) if top else None
    ranks, nearest = [], []
    with progress.task(f"ranking {found.direction.name}", n_query, "queries") as task:
        for start in range(0, n_query, step):
            some = slice(start, start + step)
            labels = _labels(found, some)
            if distances is not None:
                block = distances[some]
                ranks.append(rank_distances(block, **labels))
                nearest += [topk_distances(block, config.top_k, **labels)] if top else []
            else:
                assert query is not None
                part = query[some]
                ranks.append(rank(part, gallery, **labels, **how, block_gallery=config.block_gallery))
                nearest += [topk(part, gallery, config.top_k, **labels, **how)] if top else []
            task.advance(len(ranks[-1].n_match))
    return _joined(ranks), _joined(nearest) if top else None


def _distances(embeddings: Embeddings, found: Sides, config: EvaluateConfig, progress: Progress) -> Any:
    """Those that the file gives, or re-ranked ones; None where vectors are ranked."""
    if embeddings.distances is not None:
        if config.rerank:
            raise InputError(
                "re-ranking needs embeddings, and the file has only distances from queries to gallery",
                hint="Leave out --rerank, or give the embeddings.",
            )
        return Given(embeddings.distances, found)
    if not config.rerank:
        return None
    from agreid_cli.metrics.rerank import rerank  # needs scipy, which plain ranking does not

    progress.note(f"{found.direction.name}: computing the reciprocal neighbours of all {config.level}s")
    own = config.model_dump(include={"metric", "threads", "engine"})
    query, gallery = embeddings.take(found.query), embeddings.take(found.gallery)
    return rerank(query, gallery, **config.rerank.model_dump(), **own)


class Given:
    """The distances of another program between the rows of two sides, read a slice of queries at a time."""

    def __init__(self, matrix: np.ndarray[Any, Any], found: Sides) -> None:
        self.matrix = matrix
        self.query, self.gallery = found.query, found.gallery - len(matrix)
        self.shape = (len(self.query), len(self.gallery))

    def __getitem__(self, some: slice) -> np.ndarray[Any, Any]:
        return np.asarray(self.matrix[self.query[some]][:, self.gallery])


def result(
    ranks: Ranks,
    embeddings: Embeddings,
    found: Sides,
    config: EvaluateConfig,
    *,
    fingerprint: str,
    source: str,
) -> RankingResult:
    """The result of one direction, with intervals if configured."""
    figures = summarise(ranks, ks=range(1, DEPTH + 1))
    return RankingResult(
        direction=found.direction.name,
        metric=config.metric if embeddings.distances is None else "distances",
        rerank=str(config.rerank or ""),
        mAP=figures.mAP,
        mINP=figures.mINP,
        cmc=tuple(figures.cmc.values()),
        n_query=figures.n_query,
        n_valid=figures.n_valid,
        n_dropped=figures.n_dropped,
        n_gallery=len(found.gallery),
        n_junk=found.n_junk,
        fingerprint=fingerprint,
        made_ids=embeddings.made_ids,
        roles=found.roles,
        source=source,
        per_query=PerQuery(
            crop_id=tuple(embeddings.crop_id[found.query]),
            pid=tuple(found.query_pid.tolist()),
            average_precision=_where_valid(ranks, ranks.average_precision),
            first_hit=_where_valid(ranks, ranks.first_hit),
            n_match=tuple(ranks.n_match.tolist()),
        ),
        ci=_intervals(ranks, found, config) if config.ci else None,
    )


def comparison(mine: RankingResult, other: RankingResult, *, name: str, config: EvaluateConfig) -> Comparison:
    """This system minus the other, over the same queries; both must have the same fingerprint."""
    place = {crop: row for row, crop in enumerate(other.per_query.crop_id)}
    order = [place[crop] for crop in mine.per_query.crop_id]
    first, second = _ranks_of(other.per_query, order), _ranks_of(mine.per_query, range(mine.n_query))
    return ranks_minus(second, first, np.array(mine.per_query.pid), name=name, config=config)


def ranks_minus(
    mine: Ranks, other: Ranks, query_pid: npt.NDArray[np.int64], *, name: str, config: EvaluateConfig
) -> Comparison:
    """Ranks minus other ranks of the same queries."""
    how = {"rounds": config.rounds, "seed": config.seed}
    found = paired_bootstrap(other, mine, query_pid, level=config.ci_level, **how)
    mAP, rank1 = found.mAP, found.rank1
    return Comparison(
        name, mAP.value, _bounds(mAP), mAP.share, rank1.value, _bounds(rank1), rank1.share,
        found.level, found.rounds, found.n_identities,
    )  # fmt: skip


def ranks_table(embeddings: Embeddings, found: Sides, top: TopK) -> pa.Table:
    """The nearest gallery crops of every query, junk removed, as a `ranks` table."""
    there = top.index >= 0
    query, place = np.nonzero(there)
    return pa.table(
        {
            "direction": [found.direction.name] * len(query),
            "query": embeddings.crop_id[found.query][query],
            "rank": place.astype(np.int32) + 1,
            "gallery": embeddings.crop_id[found.gallery][top.index[there]],
            "distance": top.distance[there],
            "match": top.match[there],
        },
        schema=RANKS.schema,
    )


T = TypeVar("T", Ranks, TopK)


def _joined(parts: Sequence[T]) -> T:
    """Concatenate the steps."""
    columns = (np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(parts[0]))
    return type(parts[0])(*columns)


def _labels(found: Sides, some: slice) -> dict[str, Any]:
    return {
        "query_pid": found.query_pid[some],
        "query_camid": found.query_camid[some],
        "gallery_pid": found.gallery_pid,
        "gallery_camid": found.gallery_camid,
    }


def _where_valid(ranks: Ranks, values: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    return tuple(v if ok else None for v, ok in zip(values.tolist(), ranks.valid.tolist(), strict=True))


def _intervals(ranks: Ranks, found: Sides, config: EvaluateConfig) -> Interval:
    drawn = bootstrap(ranks, found.query_pid, rounds=config.rounds, seed=config.seed, level=config.ci_level)
    mAP, rank1 = drawn.mAP, drawn.rank1
    return Interval(
        (mAP.low, mAP.high), (rank1.low, rank1.high), drawn.level, drawn.rounds, drawn.n_identities
    )


def _ranks_of(queries: PerQuery, order: Sequence[int]) -> Ranks:
    """The ranks as stored in a result; the inverse penalty is not stored."""
    ap = np.array([queries.average_precision[row] for row in order], np.float64)  # None becomes NaN
    first = np.array([queries.first_hit[row] or 0 for row in order], np.int64)
    n_match = np.array([queries.n_match[row] for row in order], np.int64)
    return Ranks(ap, first, np.full(len(ap), np.nan), n_match)


def _bounds(difference: Difference) -> tuple[float, float]:
    return difference.low, difference.high
