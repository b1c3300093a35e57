"""`[demo]`: size of the demo. With the defaults it takes minutes on two CPU cores."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from agreid_cli.config.base import Frozen


class DemoConfig(Frozen):
    """identities: people filmed. train_fraction: of them; the others are for test. crowd: people used for
    training only.

    seconds, size, fps: of the videos; size 1 is 3840×2160 and 704×480. every, crowd_every: cut a crop in
    every n-th frame.
    detector: a weight file; empty: the detector that ships with agreid. epochs: of Stream 1; explain_epochs:
    of Stream 2.
    """

    seed: int = Field(0, ge=0)
    identities: int = Field(36, ge=6)
    #: None: 0.2 if there is a crowd to train on, so that most of the few people filmed are tested; else 0.5.
    train_fraction: float | None = Field(None, gt=0, lt=1)
    seconds: float = Field(5, gt=0)
    size: float = Field(0.5, ge=0.1, le=1)
    fps: int = Field(8, ge=1)
    every: int = Field(4, ge=1)
    crowd: int = Field(64, ge=0)
    crowd_every: int = Field(16, ge=1)
    detector: str = ""
    epochs: int = Field(3, ge=1)
    explain_epochs: int = Field(4, ge=1)
    rounds: int = Field(1000, ge=1)  # bootstrap resamples
    pairs: int = Field(3, ge=1)  # pairs explained with images, per direction

    @property
    def split_fraction(self) -> float:
        """The fraction of the people filmed that is for training."""
        return self.train_fraction or (0.2 if self.crowd else 0.5)


#: What `--quick` sets: every step runs and the networks learn nothing. Shows the mechanics only.
QUICK: dict[str, Any] = {
    "identities": 6, "train_fraction": 0.5, "seconds": 2.0, "every": 4, "crowd": 6, "crowd_every": 6,
    "epochs": 1, "explain_epochs": 1, "rounds": 50, "pairs": 1,
}  # fmt: skip
