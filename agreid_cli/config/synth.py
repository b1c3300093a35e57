"""The configuration of `agreid synth`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from agreid_cli.config.base import Frozen, auto_or
from agreid_cli.config.extract_crops import FaceConfig


class LeastHeight(Frozen):
    """Minimum height of a person in pixels at full size; smaller ones get no crop (minimum of the paper)."""

    uav: int = Field(59, ge=4)
    cctv: int = Field(23, ge=4)


class SynthConfig(Frozen):
    """Size of the campus. seconds: of each video. size: 1 for frames of 3840×2160 and 704×480.

    pairs: simultaneous videos of drone and wall camera; `auto` is one for every 32 identities and at least
    one for each altitude. every: cut a crop (or a map of body parts) in every n-th frame. workers: processes;
    `auto` is one per core. The result does not depend on the number of workers.
    """

    identities: int = Field(24, ge=2, le=100_000)
    seed: int = Field(0, ge=0, lt=2**63)
    seconds: float = Field(20.0, gt=0, le=3600)
    size: float = Field(1.0, ge=0.1, le=2)
    pairs: Annotated[Literal["auto"] | int, auto_or(1)] = "auto"
    fps: int = Field(30, ge=1, le=120)
    every: int = Field(30, ge=1)
    jpeg_quality: int = Field(95, ge=1, le=100)
    min_height: LeastHeight = LeastHeight()
    faces: FaceConfig = FaceConfig()
    workers: Annotated[Literal["auto"] | int, auto_or(1)] = "auto"

    @property
    def n_pairs(self) -> int:
        if self.pairs == "auto":
            return min(self.identities, max(3, round(self.identities / 32)))
        return self.pairs


#: What `--like` sets: the size of a published data set.
LIKE: dict[str, dict[str, Any]] = {
    # 388 identities, 12 pairs of videos, about 22,000 crops (paper §III-A and Table I). Every 26th frame,
    # because the paper's every 30th would give 18,948 crops of these people.
    "agreid": {"identities": 388, "pairs": 12, "seconds": 75.0, "size": 1.0, "fps": 30, "every": 26},
}
