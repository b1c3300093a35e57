"""The data passed between the parts of a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

#: The name of the class token among the tokens of a feature map.
CLASS_TOKEN = "class"


@dataclass(frozen=True)
class FeatureMap:
    """The output of a tail: `grid` B×C×H×W, and `tokens` by name, B×C each.

    A transformer's class token is called `class`; a method may add its own, such as `view`.
    """

    grid: Tensor
    tokens: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Logits:
    """`values` B×n are used in cross-entropy with `weight`, against `target` (int64 B; default: the labels).

    The cross-entropy of a step is the sum of weight · CE over all logits.
    """

    values: Tensor
    weight: float = 1.0
    target: Tensor | None = None


@dataclass(frozen=True)
class Metric:
    """`values` B×D are used in the metric loss (triplet), which is the sum weighted by `weight`."""

    values: Tensor
    weight: float = 1.0


@dataclass(frozen=True)
class HeadOutput:
    """The output of a head or a whole model.

    embedding: B×D, what is ranked. logits: empty if no labels were given. extra: further tensors by name,
    for a method's loss terms.
    """

    embedding: Tensor
    logits: tuple[Logits, ...] = ()
    metric: tuple[Metric, ...] = ()
    extra: Mapping[str, Tensor] = field(default_factory=dict)
