"""Decompose the distances of many queries to many gallery crops, in little memory.

A crop's M vectors are 88 × 2,048 floats, 0.7 MB, so those of a large gallery cannot be stored. Half of the
memory limit keeps the vectors of the crops that were read first, so that they pass through the network only
once; the other half holds as many queries as fit at a time, past which the gallery is taken in small blocks.
One number per pair is kept of a block; callers that need the shares read them block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from agreid_cli.nn.encoder import Encoder
from agreid_cli.nn.explain_stream import Explained, ExplainStream
from agreid_cli.nn.onnx_stream import OnnxStream
from agreid_cli.nn.pooled import CrossDistances
from agreid_cli.progress import SILENT, Progress, Task
from agreid_cli.records.side import NO_SIDE, Side
from agreid_cli.training.embed import SidedCrops
from agreid_cli.training.pairs import Block, Floats, Rows

PAIRS_A_BLOCK = 1 << 15  # × M parts: 12 MB at 88


@dataclass(frozen=True)
class Read:
    """The part of the stream's output for n crops that is small enough to keep. chances (n, M): sigmoid of
    logits. vectors (k, M, C): those of the first k crops, on the device of the network."""

    base: Floats  # n×C
    chances: Floats  # n×M
    vectors: Tensor | None = None


class Stream:
    """A trained explainable stream on `device`, in eval mode and without gradients.

    fast: runs the network in place of torch. backend: what runs it.
    """

    def __init__(self, encoder: Encoder, *, batch: int = 32, fast: OnnxStream | None = None) -> None:
        encoder.model.eval()
        self.encoder, self.batch, self._fast = encoder, batch, fast
        self.model: ExplainStream = encoder.model
        self.backend = fast.backend if fast else encoder.backend

    @property
    def device(self) -> torch.device:
        return self.encoder.device

    def __call__(self, pixels: npt.NDArray[np.uint8], side: Side = NO_SIDE) -> Explained:
        """The output for crops n×H×W×3 uint8 RGB at the network's size."""
        with torch.inference_mode():
            images = self.encoder.images(pixels)
            said: Explained = self._fast(images, side) if self._fast else self.model(images, side)
            return said

    def blocks(self, crops: SidedCrops, rows: Rows, size: int) -> Iterator[tuple[slice, Explained]]:
        """The crops `rows`, `size` at a time: their positions in `rows`, and the stream's output."""
        for start in range(0, len(rows), size):
            place = slice(start, min(start + size, len(rows)))
            pixels = np.stack([crops.pixels[row : row + 1][0] for row in rows[place].tolist()])
            yield place, self(pixels, crops.side.of(rows[place], self.device))

    def read(self, crops: SidedCrops, rows: Rows, *, keep_bytes: int = 0, task: Task | None = None) -> Read:
        """Embeddings and attribute probabilities of many crops, and the vectors of as many as fit
        `keep_bytes`."""
        base, chances = [], []
        kept: Tensor | None = None
        for place, found in self.blocks(crops, rows, self.batch):
            base.append(found.base.cpu().numpy())
            chances.append(found.attributes.sigmoid().cpu().numpy())
            if kept is None and keep_bytes:
                each = found.vectors[0]
                kept = each.new_empty(min(keep_bytes // (4 * each.numel()), len(rows)), *each.shape)
            if kept is not None and place.start < len(kept):
                own = kept[place]
                own.copy_(found.vectors[: len(own)])
            if task:
                task.advance(place.stop - place.start)
        return Read(np.concatenate(base), np.concatenate(chances), kept)

    def compare(
        self,
        crops: SidedCrops,
        query: Rows,
        gallery: Rows,
        visit: Callable[[Block], None],
        *,
        read: Read | None = None,
        memory_bytes: int = 1 << 30,
        label: str = "decomposing distances",
        progress: Progress = SILENT,
    ) -> None:
        """Call `visit` with every pair of a query and a gallery crop, block by block.

        `read` is that of all `crops`; those whose vectors it has are not passed through the network again.
        """
        known = _Known(self, crops, read)
        width, n_bits = self.model.backbone.width, self.model.n_bits
        held = max(1, memory_bytes // (4 * width * n_bits))
        passes = -(-len(query) // held)
        with progress.task(label, passes * len(gallery), "gallery crops") as task, torch.inference_mode():
            for first in range(0, len(query), held):
                rows = slice(first, min(first + held, len(query)))
                parts, d = (CrossDistances(of) for of in known.all(query[rows]))
                step = max(1, min(self.batch, PAIRS_A_BLOCK // (rows.stop - rows.start)))
                for start in range(0, len(gallery), step):
                    columns = slice(start, min(start + step, len(gallery)))
                    vectors, base = known.of(gallery[columns])
                    visit(Block(rows, columns, parts(vectors), d(base)[0]))
                    task.advance(columns.stop - columns.start)


class _Known:
    """Vectors n×M×C and embeddings n×1×C of crops: kept ones, else from the network."""

    def __init__(self, stream: Stream, crops: SidedCrops, read: Read | None) -> None:
        self.stream, self.crops = stream, crops
        self.vectors = None if read is None else read.vectors
        self.base = None if read is None else torch.as_tensor(read.base, device=stream.device)

    def of(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Of a few crops."""
        if self.vectors is not None and self.base is not None and rows.max() < len(self.vectors):
            at = torch.as_tensor(rows, device=self.vectors.device)
            return self.vectors[at], self.base[at].unsqueeze(1)
        [(_, found)] = self.stream.blocks(self.crops, rows, len(rows))
        return found.vectors, found.base.unsqueeze(1)

    def all(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Of many."""
        size = self.stream.batch
        found = [self.of(rows[start : start + size]) for start in range(0, len(rows), size)]
        return torch.cat([v for v, _ in found]), torch.cat([b for _, b in found])
