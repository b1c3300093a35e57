"""Recorded values that pin the token-based methods where the authors' values are missing.

The networks were proved equal to the authors' code (test_golden_methods.py) when these were written down.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from agreid_cli.records.side import Side
from agreid_cli.training.batch import Batch
from agreid_cli.training.objective import Objective
from tests.support import golden

META: dict[str, Any] = {
    "image": [48, 32], "patch": 16, "stride": 12, "grid": [3, 2], "width": 16, "heads": 2, "depth": 3,
    "identities": 3, "cameras": 2, "sie": "view", "sie_lambda": 3.0, "prompts": 2, "view_lambda": 0.5,
    "ce_epsilon": 0.0, "label_smoothing": 0.1, "triplet_margin": 0.3,
}  # fmt: skip
#: method → sum of squares of the embedding, total loss, norm of all gradients, sum of the running means.
PINNED = {
    "transreid": [140.868173591808, 1.8288621735648212, 40.45000105784624, 80.41041754557068],
    "vdt": [510.0804523463255, 3.737370532711021, 95.29256368053434, 29.713867821606698],
    "secap": [360.25077948910894, 5.7224923859988985, 112.27402796920548, 45.69728290771069],
    "clipreid": [514.6688545882545, 6.973284914007077, 28.68199619178359, 26.494967645937788],
}


def numbers(method: str) -> list[float]:
    meta = META | {"variant": f"{method}_jpm" if method == "transreid" else f"{method}_base"}
    arrays = {"w/image_encoder.proj": np.zeros((16, 12))}
    model = golden.network(method, meta, arrays).double()
    for place, (_, tensor) in enumerate(sorted(model.state_dict().items())):
        if tensor.is_floating_point():
            wave = torch.sin(0.7 * torch.arange(tensor.numel(), dtype=torch.float64) + place)
            centre = 1.0 if tensor.dim() == 1 else 0.0
            tensor.copy_((centre + 0.3 * wave).reshape(tensor.shape))
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.bias.data.zero_()
    images = torch.sin(torch.arange(4 * 3 * 48 * 32, dtype=torch.float64) / 7).reshape(4, 3, 48, 32)
    labels = torch.tensor([0, 0, 1, 2])
    side = Side(torch.tensor([0, 1, 1, 0]), torch.tensor([0, 1, 1, 0]))
    with torch.no_grad():
        embedding = model.eval().embed(images, side)
    objective = Objective(golden.terms(method, meta)).double()
    total = objective(model.train(), Batch(images, labels, labels, side, None, labels)).total
    total.backward()
    square = sum(float(p.grad.square().sum()) for p in model.parameters() if p.grad is not None)
    means = sum(float(t.sum()) for n, t in model.state_dict().items() if n.endswith("running_mean"))
    return [float(embedding.square().sum()), total.item(), math.sqrt(square), means]


@pytest.mark.parametrize("method", sorted(PINNED))
def test_the_numbers(method: str) -> None:
    np.testing.assert_allclose(numbers(method), PINNED[method], rtol=1e-8)
