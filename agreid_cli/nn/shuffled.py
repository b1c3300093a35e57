"""Destroy what a module has learnt: the sanity check of explanations (Adebayo et al., NeurIPS 2018).

Their random re-initialisation needs to know each kind of layer. Shuffling the numbers within each weight
tensor does not, and keeps their scale.
"""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


def shuffled(module: M, seed: int) -> M:
    """A copy in which the values of every parameter are in random order; buffers stay."""
    made = copy.deepcopy(module)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in made.parameters():
            order = torch.randperm(weight.numel(), generator=generator).to(weight.device)
            weight.copy_(weight.flatten()[order].view_as(weight))
    return made
