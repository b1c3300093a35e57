"""Weight files for tests: real networks, tiny or untrained, and one that tries to run code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from agreid_cli.vision import vendors


def tiny_detector(path: Path, names: tuple[str, ...] = ("person", "car")) -> Path:
    """An ultralytics checkpoint of four convolutions that has learnt nothing; 0.3 MB."""
    vendors.ultralytics()
    from ultralytics.nn.tasks import DetectionModel

    conv = [[-1, 1, "Conv", [width, 3, 2]] for width in (8, 16, 16)]
    tree = {
        "nc": len(names),
        "depth_multiple": 1.0,
        "width_multiple": 1.0,
        "backbone": conv,
        "head": [[-1, 1, "Conv", [16, 3, 2]], [[2, 3], 1, "Detect", ["nc"]]],
    }
    torch.manual_seed(0)
    model = DetectionModel(tree, ch=3, verbose=False)
    model.names = dict(enumerate(names))
    torch.save({"model": model.half(), "train_args": {"task": "detect"}, "version": "8.3.0"}, path)
    return path


def untrained_reid(path: Path, name: str = "osnet_x0_25", *, whole: bool = True) -> Path:
    """A boxmot re-ID network as it is born, saved as its training would save it, or the bare tensors."""
    vendors.boxmot()
    from boxmot.reid.core.registry import ReIDModelRegistry

    torch.manual_seed(0)
    state: Any = ReIDModelRegistry.build_model(name, None, num_classes=7, pretrained=False, use_gpu=False)
    state = state.state_dict()
    torch.save({"state_dict": {f"module.{k}": v for k, v in state.items()}} if whole else state, path)
    return path


class _Trap:
    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.proof}",)


def trap(path: Path, proof: Path) -> Path:
    """A weight file that creates the file `proof` when it is unpickled without care."""
    torch.save({"model": _Trap(proof), "state_dict": {}}, path)
    return path
