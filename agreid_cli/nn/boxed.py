"""Attributes from the box of a crop: a logistic regression per bit on polynomials of the cues.

It is fitted to convergence before the stream is trained. The gradient steps of the stream's training are too
few for it: between height classes, the size of a person at one position in the frame differs by a few per
cent only.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from agreid_cli.records.box_cues import CUES, OF_FILE
from agreid_cli.records.side import Side

DEGREE = 4
IN_FRAME = CUES.index("in_frame")
#: Weight of half the sum of the squared weights, beside the sum of the losses. It suits thousands of people;
#: the boxes of a few dozen are overfitted, and `boxed_groups.fit_selected` then keeps no group.
PENALTY = 1.0
STEPS = 100
FLAT = 1e-5  # a term with a smaller standard deviation is not scaled
FARTHEST = 3.0  # standard deviations: cues are clipped here, since polynomials do not extrapolate
SUREST = 15.0  # the largest absolute logit
MOST = 30_000  # crops that it is fitted to; of more, evenly spaced ones


class Boxed(nn.Module):
    """Logits B×M from the cues B×8. The weights are not trained: they are 0 until `fit` or loading."""

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
        return bool(self.mean[IN_FRAME] > 0)

    @property
    def used(self) -> bool:
        """Whether any logit depends on the box."""
        return bool(self.weight.any())

    def forward(self, side: Side | None) -> Tensor:
        """B×M. Raises `ValueError` without the boxes."""
        if side is None or side.box is None:
            raise ValueError("this network needs the box of each crop")
        with torch.autocast(side.box.device.type, enabled=False):  # height classes differ by a few per cent
            logits: Tensor = self._features(side.box) @ self.weight + self.bias
        return logits.clamp(-SUREST, SUREST)

    def fit(self, cues: Tensor, bits: Tensor) -> None:
        """From n×8 cues and n×M bits of training crops. Each crop counts twice, the second time with what an
        image file without a table tells.

        Minimises the cross-entropy of all bits and all crops with a penalty on the squared weights.
        """
        every = -(-len(cues) // MOST)
        cues, bits = cues[::every], bits[::every]
        cues, bits = torch.cat([cues, _of_file(cues)]), torch.cat([bits, bits]).double()
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
        if self.placed:  # then the view or the altitude of a crop without a position was not fitted
            cues = torch.where(cues[:, IN_FRAME : IN_FRAME + 1] > 0, cues, _of_file(cues))
        z = ((cues - self.mean) / self.std).clamp(-FARTHEST, FARTHEST)
        made: Tensor = torch.cat([torch.ones_like(z[:, :1]), z], 1)[:, self.factors].prod(2)
        return made


def _of_file(cues: Tensor) -> Tensor:
    """The same cues, without what an image file does not tell."""
    return torch.cat([cues[:, :OF_FILE], torch.zeros_like(cues[:, OF_FILE:])], 1)


def _mean_and_std(values: Tensor) -> tuple[Tensor, Tensor]:
    std = values.std(0)
    return values.mean(0), torch.where(std > FLAT, std, 1.0)
