"""The configuration of `agreid score-tracks`."""

from __future__ import annotations

from pydantic import Field

from agreid_cli.config.base import Frozen


class ScoreTracksConfig(Frozen):
    """iou: minimum overlap for a match (HOTA itself uses 0.05 to 0.95).

    min_visible: people less visible than this are ignored. classes: MOTChallenge class numbers of persons.
    """

    iou: float = Field(0.5, gt=0, lt=1)
    min_visible: float = Field(0.5, ge=0, le=1)
    classes: tuple[int, ...] = (1,)
