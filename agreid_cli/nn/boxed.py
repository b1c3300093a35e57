"""Attributes from the box of a crop: a logistic regression per bit on polynomials of the cues.

It is fitted before the stream is trained, which then learns from the pixels what the box does not tell.
Steps of the stream's training would not get there: between height classes, a person's size at one place of
the frame differs by a few per cent.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from agreid_cli.records.box_cues import CUES, OF_FILE
from agreid_cli.records.side import Side

DEGREE = 4
#: Of the squared weights, against the sum of the losses: few crops are not learnt by heart.
PENALTY = 1.0
STEPS = 100
FLAT = 1e-5  # a standard deviation below which a term says nothing
FARTHEST = 3.0  # standard deviations: beyond them polynomials say anything
SUREST = 15.0  # the largest logit
MOST = 30_000  # crops that it is fitted to, evenly spaced among more


class Boxed(nn.Module):
    """Logits B×M from the cues B×8. Its values are fixed: 0 until it is fitted or loaded."""

    factors: Tensor
    mean: Tensor
    std: Tensor
    term_mean: Tensor
    term_std: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self, n_bits: int) -> None:
        super().__init__()
        # Four factors a term; number 0 is the constant 1, so that all degrees up to four are there.
        factors = torch.tensor(list(combinations_with_replacement(range(len(CUES) + 1), DEGREE)))
        self.register_buffer("factors", factors, persistent=False)
        for name, shape in (("", (len(CUES),)), ("term_", (len(factors),))):
            self.register_buffer(f"{name}mean", torch.zeros(shape))
            self.register_buffer(f"{name}std", torch.ones(shape))
        self.register_buffer("weight", torch.zeros(len(factors), n_bits))
        self.register_buffer("bias", torch.zeros(n_bits))

    @property
    def placed(self) -> bool:
        """Whether it was fitted to boxes in frames, and not to shapes alone."""
        return bool(self.mean[CUES.index("in_frame")] > 0)

    def forward(self, side: Side | None) -> Tensor:
        """B×M. Raises `ValueError` without the boxes."""
        if side is None or side.box is None:
            raise ValueError("this network needs the box of each crop")
        with torch.autocast(side.box.device.type, enabled=False):  # height classes differ by a few per cent
            logits: Tensor = self._features(side.box) @ self.weight + self.bias
        return logits.clamp(-SUREST, SUREST)

    def fit(self, cues: Tensor, bits: Tensor) -> None:
        """From n×8 cues and n×M bits of training crops, each also as its image file alone would tell it.

        Minimises the cross-entropy of all bits and all crops with a penalty on the squared weights.
        """
        every = -(-len(cues) // MOST)
        cues, bits = cues[::every], bits[::every]
        file = cues.clone()
        file[:, OF_FILE:] = 0
        cues, bits = torch.cat([cues, file]), torch.cat([bits, bits]).double()
        self.mean, self.std = _mean_and_std(cues)
        self.term_mean, self.term_std = _mean_and_std(self._terms(cues))
        features = self._features(cues).double()
        # Polynomials are nearly collinear; along these axes the curvature is about the same for all.
        size, direction = torch.linalg.eigh(features.T @ features)
        even = direction / (size.clamp_min(0) / 4 + PENALTY).sqrt()
        inner = torch.zeros_like(self.weight, dtype=torch.float64, requires_grad=True)
        spread = features @ even
        bias = bits.mean(0).clamp(1e-4, 1 - 1e-4).logit().requires_grad_()
        solver = torch.optim.LBFGS([inner, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            solver.zero_grad()
            misfit = binary_cross_entropy_with_logits(spread @ inner + bias, bits, reduction="sum")
            total = (misfit + PENALTY / 2 * (even @ inner).square().sum()) / len(bits)
            total.backward()
            return total

        solver.step(loss)
        self.weight, self.bias = (even @ inner).detach().float(), bias.detach().float()

    def _features(self, cues: Tensor) -> Tensor:
        return (self._terms(cues) - self.term_mean) / self.term_std

    def _terms(self, cues: Tensor) -> Tensor:
        z = ((cues - self.mean) / self.std).clamp(-FARTHEST, FARTHEST)
        made: Tensor = torch.cat([torch.ones_like(z[:, :1]), z], 1)[:, self.factors].prod(2)
        return made


def _mean_and_std(values: Tensor) -> tuple[Tensor, Tensor]:
    std = values.std(0)
    return values.mean(0), torch.where(std > FLAT, std, 1.0)
