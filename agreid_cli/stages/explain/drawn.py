"""What is drawn over two crops in place of their attention maps: the contributions of their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from agreid_cli.nn.contributions import contributions
from agreid_cli.reporting.explain_page import Shown
from agreid_cli.stages.explain.seen import Seen
from agreid_cli.training.decompose import Stream


def contributed(stream: Stream, first: Seen, second: Seen, bits: Sequence[int]) -> tuple[Shown, Shown]:
    """Both crops with the contributions of their places to the parts of `bits`; 0 where they are negative,
    and for other bits."""
    many, rows = len(bits), list(bits)
    images, sides, maps = [], [], []
    for seen in (first, second):
        images.append(stream.encoder.images(np.repeat(seen.pixels, many, axis=0)))
        sides.append(seen.side[[0] * many])
        maps.append(torch.from_numpy(seen.shown.maps[rows]).unsqueeze(1).to(stream.device))
    found = contributions(
        stream.model, images[0], images[1], (sides[0], sides[1]), maps=(maps[0], maps[1])
    )  # fmt: skip
    made = []
    for seen, own in zip((first, second), found, strict=True):
        drawn = np.zeros_like(seen.shown.maps)
        drawn[rows] = own.clamp_min(0).cpu().numpy()
        made.append(replace(seen.shown, maps=drawn))
    return made[0], made[1]
