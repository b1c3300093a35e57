"""`[propose-identities]` and `[check-identities]`: how tracks are compared."""

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


class SceneConfig(CompareConfig):
    """neighbours: nearest tracks of each camera that are compared. start_s: the start of each video on a
    common clock, in seconds. disjoint: groups of videos without a common place: with `start_s`, two tracks of
    such videos that are seen at one time are two people.
    """

    neighbours: int = Field(20, ge=2)
    start_s: dict[str, float] = Field(default_factory=dict)
    disjoint: tuple[tuple[str, ...], ...] = ()


class CheckConfig(SceneConfig):
    """`[check-identities]`.

    expected: the fraction of tracks, and of identities, that is expected to be wrong. least: probability from
    which a suspicion is listed.
    """

    expected: float = Field(0.02, gt=0, lt=1)
    least: float = Field(0.01, gt=0, lt=1)


class ProposeConfig(SceneConfig):
    """shown: proposals per track that are written, of the same camera and of the others.

    cut: mean probability from which tracks are proposed as one person. one_sided: also ask about identities
    that only one side, aerial or ground, has seen so far.
    """

    shown: int = Field(10, ge=1)
    cut: float = Field(0.5, gt=0, lt=1)
    one_sided: bool = True
