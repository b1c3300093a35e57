"""CLIP-ReID's stage-1 loss: images and descriptions of one identity attract each other (CLIP-ReID, Eq. 6)."""

from __future__ import annotations

import torch
from torch import Tensor

from agreid_cli.nn.losses.precision import at_least_single


def contrast(anchors: Tensor, others: Tensor, labels: Tensor) -> Tensor:
    """Supervised contrast of each anchor with all others, a scalar of at least single precision.

    anchors, others: B×D; labels: int64 B, of both sides. The similarity is the plain product, without
    normalisation and at temperature 1. Per anchor: the mean of −log softmax over the others of its label.
    """
    with torch.autocast(anchors.device.type, enabled=False):
        a, b = (at_least_single(x) for x in (anchors, others))
        log_p = (a @ b.T).log_softmax(dim=1)
        same = (labels[:, None] == labels[None, :]).to(log_p.dtype)
        return -((log_p * same).sum(1) / same.sum(1)).mean()
