"""What is drawn over two crops in place of their attention maps: what their places add to a distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from agreid_cli.nn.contributions import contributions
from agreid_cli.nn.explain_stream import ExplainStream
from agreid_cli.records.side import Side
from agreid_cli.reporting.explain_page import Shown
from agreid_cli.stages.explain.seen import Seen
from agreid_cli.training.decompose import Stream


def contributed(
    stream: Stream, first: Seen, second: Seen, bits: Sequence[int], *, show: str
) -> tuple[Shown, Shown]:
    """Both crops with the contributions of their places, for each of `bits`; 0 where they are negative, and
    for other bits.

    show: `contributions` to the part of the distance that the bit's map singles out, or `evidence`: to the
    distance of the features that are weighted by what each place says for the bit.
    """
    many, rows = len(bits), list(bits)
    images, sides, maps = [], [], []
    for seen in (first, second):
        image = stream.encoder.images(seen.pixels)
        own = torch.from_numpy(seen.shown.maps).unsqueeze(0).to(stream.device)
        if show == "evidence":
            own = evidence(stream.model, image, seen.side)
        images.append(image.expand(many, -1, -1, -1))
        sides.append(seen.side[[0] * many])
        maps.append(own[0, rows].unsqueeze(1))
    found = contributions(
        stream.model, images[0], images[1], (sides[0], sides[1]), maps=(maps[0], maps[1])
    )  # fmt: skip
    made = []
    for seen, own in zip((first, second), found, strict=True):
        drawn = np.zeros_like(seen.shown.maps)
        drawn[rows] = own.clamp_min(0).cpu().numpy()
        made.append(replace(seen.shown, maps=drawn))
    return made[0], made[1]


def evidence(model: ExplainStream, images: Tensor, side: Side | None) -> Tensor:
    """B×M×H×W: the stream's evidence as weights of features; at least 0 where features are pooled by a
    power, which takes no negative weights."""
    with torch.no_grad():
        found = model.evidence(images, side)
    return found if model.power == 1 else found.clamp_min(0)
