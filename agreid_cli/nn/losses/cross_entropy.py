"""Cross-entropy with label smoothing as fast-reid has it."""

from __future__ import annotations

import torch
from torch import Tensor


def cross_entropy(logits: Tensor, labels: Tensor, *, smoothing: float = 0.1) -> Tensor:
    """Mean over the batch, a float32 scalar whatever the autocast.

    logits: B×C; labels: int64 B; smoothing ε: the target is 1−ε on the label and ε/(C−1) on every other
    class (torch's own smoothing spreads ε/C over all classes, the label too).
    """
    with torch.autocast(logits.device.type, enabled=False):
        log_p = logits.float().log_softmax(dim=1)
        own = log_p.gather(1, labels[:, None]).squeeze(1)
        others = max(logits.shape[1] - 1, 1)
        off_target = smoothing / others
        return -((1 - smoothing - off_target) * own + off_target * log_p.sum(1)).mean()
