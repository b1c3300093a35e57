"""The only path from the pixels of a crop to its embedding: resize, normalise, add side information.

Validation, `embed`, the explanations, the tracker's embedder and ONNX export all use it, so that a network is
used exactly as it was validated.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from agreid_cli.records.side import NO_SIDE, Side

#: The `backend` of an encoder that torch runs.
TORCH = "torch"
Pixels = npt.NDArray[np.uint8]


class Embedder(Protocol):
    """The interface of every method's network, during and after training (a torch module).

    needs: the side information required by `embed`, of `camera` and `view`. mean, std: of RGB images with
    values 0..1.
    """

    @property
    def needs(self) -> frozenset[str]: ...

    @property
    def mean(self) -> tuple[float, float, float]: ...

    @property
    def std(self) -> tuple[float, float, float]: ...

    def embed(self, images: Tensor, side: Side | None = None) -> Tensor:
        """B×3×H×W, normalised, to B×D."""


class Encoder:
    """A network on `device`, fed with uint8 RGB crops. The caller switches it to eval mode.

    size: (height, width). autocast: the context in which the network runs. backend: what runs it.
    """

    def __init__(
        self,
        model: Any,
        *,
        size: tuple[int, int],
        interpolation: str = "bicubic",
        device: torch.device | str = "cpu",
        autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self.model, self.size, self.interpolation = model, size, interpolation
        self.device, self.autocast = torch.device(device), autocast
        self.backend = TORCH
        self.shift, self.scale = (
            torch.tensor(value, device=self.device).view(1, 3, 1, 1) for value in (model.mean, model.std)
        )

    @property
    def needs(self) -> frozenset[str]:
        """The side information that the network needs."""
        needs: frozenset[str] = self.model.needs
        return needs

    def resize(self, pixels: Pixels) -> Pixels:
        """h×w×3 to H×W×3."""
        return resize(pixels, self.size, self.interpolation)

    def images(self, pixels: Pixels) -> Tensor:
        """n×H×W×3 to normalised float32 n×3×H×W on the device."""
        images = torch.from_numpy(np.array(pixels)).to(self.device).permute(0, 3, 1, 2)
        return images.float().div_(255).sub_(self.shift).div_(self.scale)

    def embed(self, images: Tensor, side: Side = NO_SIDE, *, flip: bool = False) -> Tensor:
        """Normalised images to float32 n×D; `flip`: the mean with the mirror image's."""
        with self.autocast():
            vectors = self.network(images, side).float()
            if flip:
                vectors = (vectors + self.network(images.flip(3), side).float()) / 2
        return vectors

    def network(self, images: Tensor, side: Side = NO_SIDE) -> Tensor:
        """Normalised images to embeddings."""
        vectors: Tensor = self.model.embed(images, side)
        return vectors


def resize(pixels: Pixels, size: tuple[int, int], interpolation: str) -> Pixels:
    """uint8 h×w×3 to (height, width)×3, with antialiasing; `interpolation` is bicubic or bilinear."""
    image = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)
    resized = torch.nn.functional.interpolate(image[None], size=size, mode=interpolation, antialias=True)
    return np.ascontiguousarray(resized[0].permute(1, 2, 0).numpy())
