"""Pairs of query and gallery crops with the parts of their distances: one block at a time, or a number for
each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from agreid_cli.nn.losses.distill import LEAST_TOTAL

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Block:
    """Some pairs: queries `rows` × gallery crops `columns`. parts (M, q, g); d (q, g)."""

    rows: slice
    columns: slice
    parts: Tensor
    d: Tensor

    @cached_property
    def total(self) -> Tensor:
        """(q, g): the sum of the parts."""
        return self.parts.sum(0)

    @property
    def mean_part(self) -> Tensor:
        """(q, g)."""
        return self.total / len(self.parts)

    @property
    def shares(self) -> Tensor:
        """(q, g, M): the shares of all pairs, a large copy."""
        return (self.parts / self.total.clamp_min(LEAST_TOTAL)).permute(1, 2, 0)

    def shares_of(self, q: Rows, g: Rows) -> Floats:
        """(P, M): the shares of the pairs at these places in the block."""
        at, to = (torch.as_tensor(rows, device=self.d.device) for rows in (q, g))
        chosen = self.parts[:, at, to] / self.total[at, to].clamp_min(LEAST_TOTAL)
        return np.ascontiguousarray(chosen.cpu().numpy().T)

    def on_differing(self, query: Floats, gallery: Floats) -> Tensor:
        """(q, g): b = Σ_k s_k x_k with x = q(1 − g) + g(1 − q), for probabilities (q, M) and (g, M).

        The sum over k is taken as the parts lie in memory, without the shares.
        """
        q, g = (torch.as_tensor(p, device=self.d.device).float().T for p in (query, gallery))
        x = torch.baddbmm(q.unsqueeze(2), (1 - 2 * q).unsqueeze(2), g.unsqueeze(1))
        return x.mul_(self.parts).sum(0) / self.total.clamp_min(LEAST_TOTAL)


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
