"""Cross-entropy with label smoothing, in the two forms that the field uses."""

from __future__ import annotations

import torch
from torch import Tensor

from agreid_cli.nn.losses.precision import at_least_single

SPREADS = ("others", "all")


def cross_entropy(
    logits: Tensor,
    labels: Tensor,
    *,
    smoothing: float = 0.1,
    spread: str = "others",
    skip_saturated: bool = False,
) -> Tensor:
    """Mean over the batch, a scalar of at least single precision whatever the autocast.

    logits: B×C; labels: int64 B; smoothing ε. spread: "others", where the target is 1−ε on the label and
    ε/(C−1) on every other class (fast-reid), or "all", 1−ε+ε/C on the label and ε/C on the others (torch,
    CLIP-ReID). skip_saturated: the sum over the batch is divided by the number of crops whose loss is not
    exactly 0, as fast-reid does (VDT, SeCap), instead of by B.
    """
    with torch.autocast(logits.device.type, enabled=False):
        log_p = at_least_single(logits).log_softmax(dim=1)
        own = log_p.gather(1, labels[:, None]).squeeze(1)
        classes = logits.shape[1]
        off_target = smoothing / (max(classes - 1, 1) if spread == "others" else classes)
        on_target = 1 - smoothing - off_target if spread == "others" else 1 - smoothing
        loss = -(on_target * own + off_target * log_p.sum(1))
        if not skip_saturated:
            return loss.mean()
        return loss.sum() / (loss != 0).sum().clamp(min=1)
