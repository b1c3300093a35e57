"""What the parts of a network hand to each other."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class FeatureMap:
    """What a tail gives: `grid` B×C×H×W; `token` B×C, the class token, where the backbone has one."""

    grid: Tensor
    token: Tensor | None = None


@dataclass(frozen=True)
class HeadOutput:
    """What a head gives.

    embedding: B×D, what is ranked. logits: one B×n_ids each classifier, empty when no labels were given.
    metric: one B×D' each vector that the triplet loss looks at. Losses are averaged over the tuples.
    """

    embedding: Tensor
    logits: tuple[Tensor, ...]
    metric: tuple[Tensor, ...]
