"""Decompose the distances of many queries to many gallery crops, in little memory.

A crop's M vectors are 88 × 2,048 floats, 0.7 MB, so those of a gallery are never stored. As many queries as
fit the memory limit are kept at a time, the gallery is processed in small blocks, and one number per pair
is kept of a block; callers that need the shares read them block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from agreid_cli.nn.encoder import Encoder
from agreid_cli.nn.explain_stream import Explained, ExplainStream
from agreid_cli.nn.losses.distill import shares
from agreid_cli.nn.pooled import base_distances, cross_distances
from agreid_cli.progress import SILENT, Progress, Task
from agreid_cli.records.side import NO_SIDE, Side
from agreid_cli.training.embed import SidedCrops

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]
PAIRS_A_BLOCK = 1 << 15  # × M shares: 12 MB at 88


@dataclass(frozen=True)
class Read:
    """The part of the stream's output for n crops that is small enough to keep. chances (n, M): sigmoid of
    logits."""

    base: Floats  # n×C
    chances: Floats  # n×M


@dataclass(frozen=True)
class Block:
    """Some pairs: queries `rows` × gallery crops `columns`. shares (q, g, M); d, mean_part (q, g)."""

    rows: slice
    columns: slice
    shares: Tensor
    d: Tensor
    mean_part: Tensor


class Stream:
    """A trained explainable stream on `device`, in eval mode and without gradients."""

    def __init__(self, encoder: Encoder, *, batch: int = 32) -> None:
        encoder.model.eval()
        self.encoder, self.batch = encoder, batch
        self.model: ExplainStream = encoder.model

    @property
    def device(self) -> torch.device:
        return self.encoder.device

    def __call__(self, pixels: npt.NDArray[np.uint8], side: Side = NO_SIDE) -> Explained:
        """The output for crops n×H×W×3 uint8 RGB at the network's size."""
        with torch.inference_mode():
            said: Explained = self.model(self.encoder.images(pixels), side)
            return said

    def blocks(self, crops: SidedCrops, rows: Rows, size: int) -> Iterator[tuple[slice, Explained]]:
        """The crops `rows`, `size` at a time: their positions in `rows`, and the stream's output."""
        for start in range(0, len(rows), size):
            place = slice(start, min(start + size, len(rows)))
            pixels = np.stack([crops.pixels[row : row + 1][0] for row in rows[place].tolist()])
            yield place, self(pixels, crops.side.of(rows[place], self.device))

    def read(self, crops: SidedCrops, rows: Rows, *, task: Task | None = None) -> Read:
        """Embeddings and attribute probabilities of many crops."""
        base, chances = [], []
        for place, found in self.blocks(crops, rows, self.batch):
            base.append(found.base.cpu().numpy())
            chances.append(found.attributes.sigmoid().cpu().numpy())
            if task:
                task.advance(place.stop - place.start)
        return Read(np.concatenate(base), np.concatenate(chances))

    def compare(
        self,
        crops: SidedCrops,
        query: Rows,
        gallery: Rows,
        visit: Callable[[Block], None],
        *,
        memory_bytes: int = 1 << 30,
        label: str = "decomposing distances",
        progress: Progress = SILENT,
    ) -> None:
        """Call `visit` with every pair of a query and a gallery crop, block by block."""
        width, n_bits = self.model.backbone.width, self.model.n_bits
        held = max(1, memory_bytes // (4 * width * n_bits))
        passes = -(-len(query) // held)
        with progress.task(label, passes * len(gallery), "gallery crops") as task:
            for first in range(0, len(query), held):
                vectors, base = self._vectors(crops, query[first : first + held])
                step = max(1, min(self.batch, PAIRS_A_BLOCK // len(base)))
                for columns, found in self.blocks(crops, gallery, step):
                    with torch.inference_mode():
                        parts = cross_distances(vectors, found.vectors)
                        d = base_distances(base, found.base)
                        rows = slice(first, first + len(base))
                        visit(Block(rows, columns, shares(parts), d, parts.mean(-1)))
                    task.advance(columns.stop - columns.start)

    def _vectors(self, crops: SidedCrops, rows: Rows) -> tuple[Tensor, Tensor]:
        found = [(said.vectors, said.base) for _, said in self.blocks(crops, rows, self.batch)]
        return torch.cat([v for v, _ in found]), torch.cat([b for _, b in found])


@dataclass
class Pairs:
    """The stored values of pairs, (q, g) each: the model's distance, the mean part, and one or two b's.

    b = Σ_k s_k x_k is the share of the distance on attributes that differ; x is the caller's.
    """

    d: Floats
    mean_part: Floats
    b: tuple[Floats, ...]

    @classmethod
    def of(cls, n_query: int, n_gallery: int, n_b: int) -> Pairs:
        """Empty arrays, to be filled by `put`."""
        d, part, *b = (np.zeros((n_query, n_gallery), np.float32) for _ in range(2 + n_b))
        return cls(d, part, tuple(b))

    def put(self, block: Block, b: Sequence[Tensor]) -> None:
        """Store a block's values."""
        at = block.rows, block.columns
        self.d[at], self.mean_part[at] = block.d.cpu().numpy(), block.mean_part.cpu().numpy()
        for array, values in zip(self.b, b, strict=True):
            array[at] = values.cpu().numpy()
