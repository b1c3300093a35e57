"""The re-ID network that ships with agreid: trained on synthetic campuses, never on a picture of a person.

`tests/benchmarks/train_reid.py` trains it; assets/reid/README.md is its model card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agreid_cli.assets import asset
from agreid_cli.errors import MissingError
from agreid_cli.nn.backbones import TIMM

if TYPE_CHECKING:
    from torch import Tensor

#: `model.weights`, `--weights` and `--embedder`.
NAME = "shipped"
BACKBONE = "mobilenetv2"
#: Height and width in pixels that it was trained at.
SIZE = (128, 64)
FILE = "reid/campus.safetensors"
SOURCE = "the network that ships with agreid, trained on synthetic campuses"


def is_named(weights: str) -> bool:
    """Whether this names weights that need no file: `shipped` or `timm:NAME`."""
    return weights == NAME or weights.startswith(TIMM)


def shipped_weights() -> dict[str, Tensor]:
    """The backbone's weights by timm's names, as stored: float16.

    Raises `MissingError` if this installation was built without them.
    """
    from safetensors.torch import load_file

    try:
        return dict(load_file(asset(FILE)))
    except FileNotFoundError as error:
        raise MissingError(
            f"{error}, so model.weights={NAME} is not available",
            hint="Install agreid again, or use model.weights=imagenet.",
        ) from error
