"""Go through every pair of a direction once: distances, b's, and the explanation metrics of an even
sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from agreid_cli.config.evaluate import ExplainEvaluateConfig
from agreid_cli.metrics.explain.explanation import ExplanationMeter
from agreid_cli.metrics.explain.reweight import amd_xor
from agreid_cli.metrics.explain.shares import ShareMeter
from agreid_cli.metrics.protocol import Sides
from agreid_cli.progress import Progress
from agreid_cli.stages.explain.shares import Sharing
from agreid_cli.stages.run.streams import OpenStream
from agreid_cli.training.decompose import Read
from agreid_cli.training.embed import SidedCrops
from agreid_cli.training.pairs import Block, Pairs

#: AMD counts a gallery bit as present if its logit is above 0.5.
AMD_PRESENT = 0.6224593

Bits = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Measured:
    """The stored numbers of all pairs; the metrics of the shares of the parts, and of expected shares; mean
    shares."""

    pairs: Pairs
    paper: ExplanationMeter
    expected: ExplanationMeter
    shares: ShareMeter


def measure(
    opened: OpenStream,
    sharing: Sharing,
    crops: SidedCrops,
    read: Read,
    found: Sides,
    *,
    config: ExplainEvaluateConfig,
    query_bits: Bits,
    gallery_bits: Bits,
    oracle: bool,
    progress: Progress,
) -> Measured:
    """Explanation metrics over pairs with known attributes; `query_bits` (q, M), `gallery_bits` (g, M)."""
    q_chance, g_chance = (sharing.reweighting(read.chances[rows]) for rows in (found.query, found.gallery))
    sure = [sharing.probabilities(read.chances[rows]) for rows in (found.query, found.gallery)]
    there = (read.chances[found.gallery] > AMD_PRESENT).astype(np.uint8)
    done = Measured(
        Pairs.of(len(found.query), len(found.gallery), 1 + oracle),
        ExplanationMeter(), ExplanationMeter(), ShareMeter(opened.codebook.sizes),
    )  # fmt: skip
    chosen = sampled(found, query_bits, gallery_bits, config.pairs)

    def visit(block: Block) -> None:
        rows, columns = block.rows, block.columns
        b = [sharing.on_differing(block, q_chance[rows], g_chance[columns])]
        if oracle:
            b.append(_oracle(block, query_bits[rows], there[columns]))
        done.pairs.put(block, b)
        q, g, same = chosen(block)
        if not len(q):
            return
        shares = block.shares_of(q, g)
        exclusive = query_bits[rows][q] != gallery_bits[columns][g]
        d, mean = (values.cpu().numpy()[q, g] for values in (block.d, block.mean_part))
        done.paper.add(shares, exclusive, d, mean)
        if sharing.calibration is not None:
            likely = sharing.of_pairs(sure[0][rows][q], sure[1][columns][g])
            done.expected.add(likely, exclusive, d, d)
            shares = likely if sharing.name == "expected" else shares
        done.shares.add(shares[~same], exclusive[~same])

    opened.stream.compare(
        crops, found.query, found.gallery, visit, read=read, progress=progress,
        memory_bytes=config.memory_mb << 19, label=f"{found.direction.name}: decomposing",
    )  # fmt: skip
    return done


def sampled(
    found: Sides, query_bits: Bits, gallery_bits: Bits, most: int
) -> Callable[[Block], tuple[Ints, Ints, npt.NDArray[np.bool_]]]:
    """A function of a block: the places (P,), (P,) of its pairs that are measured, and whether each is of
    one person.

    They are every n-th pair, counted over the whole matrix, at most about `most`, of which both crops have
    attributes and which are not junk.
    """
    every = max(1, -(-len(found.query) * len(found.gallery) // most))
    while gcd(every, len(found.gallery)) > 1:  # else few gallery crops would serve all queries
        every += 1

    def places(block: Block) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
        rows, columns = block.rows, block.columns
        place = np.arange(rows.start, rows.stop)[:, None]
        at = place * len(found.gallery) + np.arange(columns.start, columns.stop)[None]
        same: npt.NDArray[np.bool_] = found.query_pid[rows, None] == found.gallery_pid[None, columns]
        junk = same & (found.query_camid[rows, None] == found.gallery_camid[None, columns])
        both = (query_bits[rows].max(1) > 0)[:, None] & (gallery_bits[columns].max(1) > 0)[None]
        q, g = np.nonzero((at % every == 0) & both & ~junk)
        return q, g, same[q, g]

    return places


def _oracle(block: Block, query_bits: Bits, there: Bits) -> Tensor:
    """AMD's b: true attributes of the query and predicted ones of the gallery; 0 for a query without any."""
    x: Any = amd_xor(query_bits[:, None], there[None]) * query_bits[:, None].any(-1, keepdims=True)
    return (block.shares * torch.from_numpy(x).to(block.d.device)).sum(-1)
