"""What is drawn over two crops in place of their attention maps: where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from agreid_cli.nn.contributions import contributions
from agreid_cli.nn.evidence import differing_evidence
from agreid_cli.nn.slopes import Pair
from agreid_cli.reporting.explain_page import Shown
from agreid_cli.stages.explain.seen import Seen
from agreid_cli.training.decompose import Stream


def contributed(
    stream: Stream, first: Seen, second: Seen, bits: Sequence[int], *, show: str
) -> tuple[Shown, Shown]:
    """Both crops with what their places add, for each of `bits`; 0 where it is negative, and for other bits.

    show: `contributions` to the part of the distance that the bit's map singles out, or `evidence`: to the
    distance of the features that are weighted by what each place says for the bit.
    """
    found = (_evidence if show == "evidence" else _contributions)(stream, first, second, bits)
    made = []
    for seen, own in zip((first, second), found, strict=True):
        drawn = np.zeros((len(seen.shown.maps), *own.shape[1:]), np.float32)
        drawn[list(bits)] = own.clamp_min(0).cpu().numpy()
        made.append(replace(seen.shown, maps=drawn))
    return made[0], made[1]


def _contributions(stream: Stream, first: Seen, second: Seen, bits: Sequence[int]) -> Pair:
    images, sides, maps = [], [], []
    for seen in (first, second):
        images.append(stream.encoder.images(seen.pixels).expand(len(bits), -1, -1, -1))
        sides.append(seen.side[[0] * len(bits)])
        maps.append(torch.from_numpy(seen.shown.maps[list(bits)]).unsqueeze(1).to(stream.device))
    return contributions(
        stream.model, images[0], images[1], (sides[0], sides[1]), maps=(maps[0], maps[1])
    )  # fmt: skip


def _evidence(stream: Stream, first: Seen, second: Seen, bits: Sequence[int]) -> Pair:
    one, other = (stream.encoder.images(seen.pixels) for seen in (first, second))
    rows = torch.tensor(list(bits), device=stream.device)
    return differing_evidence(
        stream.model, (one, other), (first.side, second.side), rows, torch.zeros_like(rows)
    )
