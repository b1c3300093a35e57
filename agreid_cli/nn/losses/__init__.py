"""The table of losses. Reading it loads no torch."""

from __future__ import annotations

LOSSES = {
    "cross-entropy": "agreid_cli.nn.losses.cross_entropy:cross_entropy",
    "triplet": "agreid_cli.nn.losses.triplet:triplet",
    "weighted-triplet": "agreid_cli.nn.losses.triplet:weighted_triplet",
}
