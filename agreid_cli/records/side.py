"""Side information of crops, which is passed to the network with the pixels: camera, view and box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agreid_cli.errors import UsageError, did_you_mean
from agreid_cli.records.crops import PLATFORMS

if TYPE_CHECKING:
    from torch import Tensor

VIEWS = ("aerial", "ground")
#: What an embedding may need besides the pixels, and the option that supplies it if a table does not.
OPTION_OF_NEED = {"camera": "--camid", "view": "--platform"}
#: What recognising attributes may need as well. Every crop has it: an image file has a shape.
BOX = "box"


@dataclass(frozen=True)
class Side:
    """Side information of B crops; a field is None if it is not known.

    camera: int64 B, the row of the crop's camid in the list of training cameras (`Facts.cameras`).
    view: int64 B, the index into `VIEWS`. box: float32 B×8, the columns of `records.box_cues`.
    """

    camera: Tensor | None = None
    view: Tensor | None = None
    box: Tensor | None = None

    def __getitem__(self, rows: Any) -> Side:
        """The side information of some crops; `rows` is a slice or an index tensor."""
        return Side(*(None if part is None else part[rows] for part in vars(self).values()))

    def has(self, need: str) -> bool:
        """Whether `camera`, `view` or `box` is known."""
        return getattr(self, need) is not None


NO_SIDE = Side()


@dataclass(frozen=True)
class GivenSide:
    """Given by the user for images that no table describes: `--platform` and `--camid`."""

    platform: str | None = None
    camid: int | None = None

    def __post_init__(self) -> None:
        if self.platform is not None and self.platform not in PLATFORMS:
            raise UsageError(f"unknown platform '{self.platform}'{did_you_mean(self.platform, PLATFORMS)}")

    def __bool__(self) -> bool:
        return self.platform is not None or self.camid is not None


NOT_GIVEN = GivenSide()
