"""The configuration of `agreid score-tracks`."""

from __future__ import annotations

from pydantic import Field

from agreid_cli.config.base import Frozen


class ScoreTracksConfig(Frozen):
    """iou: a track's box is right from this overlap on (HOTA goes over 0.05 … 0.95 by itself).

    min_visible: people who are seen by less are not asked for. classes: MOTChallenge's numbers of persons.
    """

    iou: float = Field(0.5, gt=0, lt=1)
    min_visible: float = Field(0.5, ge=0, le=1)
    classes: tuple[int, ...] = (1,)
