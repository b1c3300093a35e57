"""Circle softmax: the classification form of the circle loss (Sun et al., CVPR 2020)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def circle_logits(vectors: Tensor, weight: Tensor, labels: Tensor, *, scale: float, margin: float) -> Tensor:
    """Logits for cross-entropy, float32 even under autocast.

    vectors: B×D; weight: n_ids×D, one prototype per identity; labels: int64 B. Returns B×n_ids.
    With s the cosine of a vector and a prototype, the logit of the own identity is scale·[1+m−s]₊·(s−(1−m)),
    that of any other scale·[s+m]₊·(s−m); the brackets are weights without gradient.
    """
    with torch.autocast(vectors.device.type, enabled=False):
        cosine = functional.normalize(vectors.float()) @ functional.normalize(weight.float()).T
        held = cosine.detach()
        own = (1 + margin - held).clamp(min=0) * (cosine - (1 - margin))
        other = (held + margin).clamp(min=0) * (cosine - margin)
        is_own = functional.one_hot(labels, weight.shape[0]).bool()
        return scale * torch.where(is_own, own, other)
