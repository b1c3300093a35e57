"""The two passes over the gallery: scores of the true matches, and number of items before each of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.ranking.engines import Engine
from agreid_cli.metrics.ranking.exact import Float64
from agreid_cli.metrics.ranking.features import Features, Index
from agreid_cli.metrics.ranking.frame import Block, Float32, Frame
from agreid_cli.metrics.ranking.matches import NOBODY, Labels, Matches, SamePid
from agreid_cli.metrics.ranking.piece import Piece
from agreid_cli.metrics.ranking.product import share
from agreid_cli.metrics.ranking.scan import Thresholds
from agreid_cli.metrics.ranking.settle import Candidates, Judge, settle

_MATCHES_AT_A_TIME = 1024  # rows of one person: limits memory if a person has very many
_LONG = 4.0  # times the median length
_CONVERTED_BYTES = 1 << 26  # maximum size of a converted gallery block


@dataclass(frozen=True)
class Job:
    """All constant inputs of the passes."""

    query: Features
    gallery: Features
    labels: Labels
    frame: Frame
    engine: Engine
    threads: int
    block_query: int
    block_gallery: int
    span: tuple[int, int] | None = None  # rows of the gallery that are read; None is all

    def pieces(self) -> Iterator[Piece]:
        """The gallery, block by block, unconverted."""
        step = self.block_gallery
        if not self.frame.direct or self.gallery.rows(0, 1).dtype != np.float32:
            step = max(1, min(step, _CONVERTED_BYTES // (4 * self.gallery.width)))
        first, last = self.span or (0, self.gallery.n)
        for start in range(first, last, step):
            place = slice(start, min(start + step, last))
            yield Piece(place, self.gallery.rows(place.start, place.stop))
            self.gallery.forget()
            self.query.forget()

    def blocks(self) -> Iterator[tuple[Piece, Block]]:
        """The gallery, block by block, unconverted and ready for multiplication; each item once in total.

        Rounding errors grow with the longest row of a block. So a few rows that are much longer than
        the others are hidden in their block, and put into a separate one.
        """
        for piece in self.pieces():
            rest: Piece | None = piece
            while rest is not None:
                block = self.frame.gallery_block(rest.raw, self.labels.gallery_pid[rest.place] == NOBODY)
                seen = block.length[block.length > 0]
                long = np.flatnonzero(block.length > _LONG * np.median(seen if len(seen) else block.length))
                yield rest, (block.without(long) if len(long) else block)
                rest = rest.some(long) if len(long) else None

    def same_pid(self, piece: Piece) -> SamePid:
        """The items of a piece that share a query's pid."""
        return SamePid.of(self.labels.gallery_pid[piece.place], self.labels.query_pid)


def query_blocks(order: Index, most: int, threads: int) -> list[Index]:
    """`order` cut into equal blocks of at most `most`, the same number for each thread.

    >>> [len(block) for block in query_blocks(np.arange(1071), 512, 2)]
    [268, 268, 268, 267]
    """
    count = -(-len(order) // most)
    count = -(-count // threads) * threads
    return [block for block in np.array_split(order, count) if len(block)] if count else []


def match_scores(job: Job, matches: Matches) -> tuple[Float64, Float32]:
    """Score of each true match (in the order of `matches.item`), and its error bound."""
    labels = job.labels
    score, doubt = np.empty(len(matches.item)), np.empty(len(matches.item), np.float32)
    filled = matches.start[:-1].copy()
    valid = matches.valid
    by_pid = valid[np.argsort(labels.query_pid[valid], kind="stable")]
    for piece in job.pieces():
        camid = labels.gallery_camid[piece.place]
        same = job.same_pid(piece)

        def work(index: Index, piece: Piece = piece, camid: Index = camid, same: SamePid = same) -> None:
            queries = job.query.take(index)[:, None]
            pids = labels.query_pid[index]
            edges = [0, *(np.flatnonzero(np.diff(pids)) + 1).tolist(), len(index)]
            for a, b in itertools.pairwise(edges):
                low, high = int(same.low[index[a]]), int(same.high[index[a]])
                for first in range(low, high, _MATCHES_AT_A_TIME):
                    items = same.order[first : min(first + _MATCHES_AT_A_TIME, high)]
                    true = camid[items] != labels.query_camid[index[a:b], None]
                    if not true.any():
                        continue
                    out, off = job.frame.double_scores(queries[a:b], piece.raw[items])
                    for row, i in enumerate(index[a:b].tolist()):
                        keep = true[row]
                        end = filled[i] + np.count_nonzero(keep)
                        score[filled[i] : end] = out[row, keep]
                        doubt[filled[i] : end] = off[row, keep]
                        filled[i] = end

        share(work, query_blocks(by_pid, job.block_query, job.threads), job.threads)
    return score, np.nextafter(doubt, np.float32(np.inf))  # rounded up, however it was rounded before


def wrong_before(job: Job, matches: Matches, score: Float64, doubt: Float32) -> npt.NDArray[np.int64]:
    """For each true match the number of wrong gallery items ranked before it."""
    before = np.zeros(len(matches.item), np.int64)
    judge = Judge(job.frame, job.query, job.gallery)
    blocks = query_blocks(matches.valid, job.block_query, job.threads)
    step = job.engine.tile
    for piece, block in job.blocks():
        loaded = job.engine.load(block)
        size = len(piece.raw)
        parts = [slice(first, min(first + step, size)) for first in range(0, size, step)]
        tiles = [piece.part(part.start, part.stop) for part in parts]
        sames = [job.same_pid(tile) for tile in tiles]
        reach = block.longest

        def work(
            index: Index, loaded: Any = loaded, parts: list[slice] = parts, tiles: list[Piece] = tiles,
            sames: list[SamePid] = sames, reach: float = reach,
        ) -> None:  # fmt: skip
            queries = job.frame.query_block(job.query, index)
            first, last = matches.start[index[0]], matches.start[index[-1] + 1]
            start = np.append(matches.start[index] - first, last - first)
            known = Candidates(
                matches.item[first:last].astype(np.int64),
                score[first:last],
                doubt[first:last].astype(np.float64),
            )
            off = known.doubt + np.repeat(job.frame.doubt(queries.length, reach), np.diff(start))
            thresholds = Thresholds(
                start,
                np.nextafter((known.score - off).astype(np.float32), np.float32(-np.inf)),
                np.nextafter((known.score + off).astype(np.float32), np.float32(np.inf)),
            )
            for part, tile, same in zip(parts, tiles, sames, strict=True):
                above, unsure = job.engine.count(queries.rows, loaded, part, same, index, thresholds)
                for one in unsure:
                    above[one.match] = settle(judge, tile, index, known, one)
                before[first:last] += above

        share(work, blocks, job.threads)
    return before
