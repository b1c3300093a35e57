"""Approximate neighbours: a faiss index proposes candidates, and exact distances order them.

For searches only. Ranks of an evaluation are never approximate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.errors import InputError, MissingError, first_line
from agreid_cli.metrics.ranking.checks import refuse_rows
from agreid_cli.metrics.ranking.exact import Float64
from agreid_cli.metrics.ranking.features import Features
from agreid_cli.metrics.ranking.matches import Ints
from agreid_cli.metrics.ranking.topk import topk
from agreid_cli.progress import Task

INSTALL = "Install faiss with: pip install 'agreid[index]'"
ROWS_A_STEP = 16_384
#: Vectors per list: for the training of the centroids, and the fewest that faiss accepts without a warning.
_TRAINED, _FEWEST = 50, 39
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Near:
    """Rows of the gallery for one query, nearest first, and their distances as of `ranking.topk`."""

    rows: Ints
    distance: Float64


@dataclass(frozen=True)
class Probing:
    """How an index is asked: the number of its lists that are read, and of candidates compared exactly."""

    probes: int
    candidates: int


@dataclass(frozen=True)
class Recall:
    """The fraction, 0..1, of the k exact neighbours that the index finds, for `queries` sampled rows."""

    k: int
    value: float
    queries: int
    seed: int
    probes: int
    candidates: int

    def as_data(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def faiss_module() -> Any:
    """The package faiss; `MissingError` says how to install it."""
    try:
        import faiss
    except ImportError as error:
        raise MissingError("--index needs faiss, which is not installed", hint=INSTALL) from error
    return faiss


def usual_factory(n: int) -> str:
    """The index for n vectors, as faiss names it: inverted lists of vectors with 8 bits per value.

    >>> usual_factory(1_000_000), usual_factory(100)
    ('IVF2000,SQ8', 'IVF2,SQ8')
    """
    return f"IVF{max(1, min(int(2 * n**0.5), n // _FEWEST))},SQ8"


def build_index(source: Any, *, factory: str, metric: str, seed: int, task: Task) -> Any:
    """An index of the rows of `source` (n, D), which is read block by block; the index is held in memory.

    metric: cosine or euclidean. Raises `InputError` for an unknown factory or rows that are not finite.
    """
    faiss = faiss_module()
    features = Features("gallery", source)
    try:
        index = faiss.index_factory(features.width, factory)
    except RuntimeError as error:
        said = first_line(error).rpartition(": ")[2]
        raise InputError(
            f"faiss has no index '{factory}' for {features.width} values: {said}",
            hint="See faiss's documentation of the index factory, e.g. --set index.factory=IVF1024,SQ8",
        ) from error
    lists = faiss.try_extract_index_ivf(index)
    if lists is not None:
        lists.cp.seed = seed
    try:
        index.train(_sample(features, metric, lists.nlist * _TRAINED if lists is not None else 10_000, seed))
    except RuntimeError as error:
        raise InputError(f"an index '{factory}' cannot be trained: {first_line(error)}") from error
    for start in range(0, features.n, ROWS_A_STEP):
        stop = min(start + ROWS_A_STEP, features.n)
        rows = features.rows(start, stop)
        _refuse_odd(rows, start)
        index.add(_comparable(rows, metric))
        features.forget()
        task.advance(stop - start)
    return index


def open_index(path: Path) -> Any:
    """An index from its file; the lists stay on disk and are mapped."""
    faiss = faiss_module()
    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP)


def near(
    index: Any, query: Float32, source: Any, k: int, *, metric: str, how: Probing, leave: Sequence[int] = ()
) -> list[Near]:
    """The k nearest of the index's candidates for each query (n, D).

    leave: one row per query that is not an answer, e.g. the query itself; empty for none.
    """
    faiss = faiss_module()
    features = Features("gallery", source)
    lists = faiss.try_extract_index_ivf(index)
    wanted = min(features.n, max(how.candidates, k + 1))
    asked = _comparable(query, metric)
    if lists is not None:
        lists.nprobe = min(how.probes, lists.nlist)
    _, found = index.search(asked, wanted)
    if lists is not None and (few := np.flatnonzero((found >= 0).sum(axis=1) < min(features.n, k + 1))).size:
        lists.nprobe = lists.nlist  # the lists that were read hold fewer than k vectors
        found[few] = index.search(asked[few], wanted)[1]
    answers = []
    for at, ids in enumerate(found):
        rows = np.sort(ids[(ids >= 0) & (ids != leave[at])] if leave else ids[ids >= 0]).astype(np.int64)
        best = nearest_rows(query[at : at + 1], features.take(rows), k, metric)[0]
        answers.append(Near(rows[best.rows], best.distance))
    return answers


def nearest_rows(query: Float32, source: Any, k: int, metric: str) -> list[Near]:
    """The k nearest rows of `source` for each query (n, D), by a scan of all rows; labels play no part."""
    n, m = len(query), int(source.shape[0])
    none = np.zeros(m, np.int64)
    found = topk(
        query, source, min(k, m), query_pid=np.full(n, -1), gallery_pid=none, query_camid=np.zeros(n, int),
        gallery_camid=none, metric=metric,
    )  # fmt: skip
    return [Near(rows, distance) for rows, distance in zip(found.index, found.distance, strict=True)]


def measure_recall(
    index: Any, source: Any, k: int, *, metric: str, how: Probing, sample: int, seed: int
) -> Recall:
    """Recall@k against the exact scan: `sample` random rows are queries, and no row is its own answer."""
    features = Features("gallery", source)
    rng = np.random.default_rng(seed)
    k = min(k, features.n - 1)
    rows = np.sort(rng.choice(features.n, min(sample, features.n), replace=False))
    if not k:
        return Recall(0, 1.0, len(rows), seed, how.probes, how.candidates)
    query = features.take(rows).astype(np.float32)
    hits = 0
    given = near(index, query, source, k, metric=metric, how=how, leave=rows.tolist())
    exact = nearest_rows(query, source, k + 1, metric)
    for row, proposed, true in zip(rows, given, exact, strict=True):
        kth = true.distance[true.rows != row][k - 1]
        hits += int((proposed.distance <= kth).sum())  # by distance: equal crops are equally good answers
    return Recall(k, hits / (k * len(rows)), len(rows), seed, how.probes, how.candidates)


def _sample(features: Features, metric: str, size: int, seed: int) -> Float32:
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(features.n, min(size, features.n), replace=False))
    values = features.take(rows)
    if not np.isfinite(values).all():
        _refuse_odd(values, 0, rows)
    features.forget()
    return _comparable(values, metric)


def _refuse_odd(rows: npt.NDArray[Any], start: int, names: Ints | None = None) -> None:
    odd = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    hint = "Embed these crops again; NaN and infinity come from a model that diverged."
    refuse_rows("gallery", names[odd] if names is not None else odd + start, "contains NaN or infinity", hint)


def _comparable(rows: npt.NDArray[Any], metric: str) -> Float32:
    """Rows whose Euclidean distances have the order of the metric."""
    values = np.ascontiguousarray(rows, np.float32)
    if metric == "cosine":
        length = np.linalg.norm(values, axis=1, keepdims=True)
        values = (values / np.where(length > 0, length, 1)).astype(np.float32)
    return values
