"""`[propose-identities]`: how tracks are compared."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agreid_cli.config.base import Frozen


class CompareConfig(Frozen):
    """How a track becomes one vector.

    crops: how many of a track are embedded, evenly spread over it. pool: their mean, or the mean weighted by
    quality. centre: subtract the mean of each camera. batch: crops per call of the network.
    """

    crops: int = Field(8, ge=1)
    pool: Literal["quality", "mean"] = "quality"
    centre: bool = True
    batch: int = Field(64, ge=1)


class ProposeConfig(CompareConfig):
    """neighbours: nearest tracks of each camera that are compared. shown: proposals per track that are
    written, of the same camera and of the others.

    cut: mean probability from which tracks are proposed as one person. start_s: the start of each video on a
    common clock, in seconds. disjoint: groups of videos without a common place: with `start_s`, two tracks of
    such videos that are seen at one time are two people. one_sided: also ask about identities that only one
    side, aerial or ground, has seen so far.
    """

    neighbours: int = Field(20, ge=2)
    shown: int = Field(10, ge=1)
    cut: float = Field(0.5, gt=0, lt=1)
    start_s: dict[str, float] = Field(default_factory=dict)
    disjoint: tuple[tuple[str, ...], ...] = ()
    one_sided: bool = True
