"""The configuration of `agreid score-tracks`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agreid_cli.config.base import Frozen


class ScoreTracksConfig(Frozen):
    """iou: minimum overlap for a match (HOTA itself uses 0.05 to 0.95).

    min_visible: people less visible than this are ignored. classes: MOTChallenge class numbers of persons.
    boxes: how the tracks write a box: left-top-width-height, corners, centres, or height before width.
    """

    iou: float = Field(0.5, gt=0, lt=1)
    min_visible: float = Field(0.5, ge=0, le=1)
    classes: tuple[int, ...] = (1,)
    boxes: Literal["ltwh", "ltrb", "cxcywh", "lthw"] = "ltwh"
