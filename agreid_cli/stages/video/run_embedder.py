"""A run of our own as the embedder of StrongSORT: boxes in a frame to vectors of unit length."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from agreid_cli.records.runs import Run
from agreid_cli.stages.run.runs import load_network


class RunEmbedder:
    """Patches are cut and resized as crops are for training, and embedded in one batch a frame."""

    same_person = 0.4  # as for other re-ID networks; their own default breaks people into more tracks

    def __init__(self, run: Run, *, device: str = "cpu") -> None:
        network = load_network(run)
        self.sha256 = network.weights_sha256
        self._size = network.config.model.size
        self._way = network.config.data.interpolation
        self._device = torch.device(device)
        self._model = network.model.to(self._device)
        shift, scale = (
            torch.tensor(values, device=self._device).view(1, 3, 1, 1)
            for values in (network.model.backbone.mean, network.model.backbone.std)
        )
        self._shift, self._scale = shift, scale

    def __call__(self, boxes: npt.NDArray[Any], frame: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Boxes float32 (n, 4) in a uint8 BGR frame to float32 (n, D) of unit length."""
        if not len(boxes):
            return np.zeros((0, 1), np.float32)
        pixels = torch.stack([self._patch(box, frame) for box in np.round(boxes).astype(int)])
        images = pixels.to(self._device).float().div_(255).sub_(self._shift).div_(self._scale)
        with torch.inference_mode():
            rows = self._model.embed(images).float()
        unit = torch.nn.functional.normalize(torch.nan_to_num(rows), dim=1)
        return np.asarray(unit.cpu().numpy(), np.float32)

    def _patch(self, box: npt.NDArray[Any], frame: npt.NDArray[Any]) -> torch.Tensor:
        from torchvision.transforms.v2 import InterpolationMode, functional

        height, width = frame.shape[:2]
        x1, y1 = min(max(box[0], 0), width - 1), min(max(box[1], 0), height - 1)
        patch = frame[y1 : max(min(box[3], height), y1 + 1), x1 : max(min(box[2], width), x1 + 1), ::-1]
        image = torch.from_numpy(np.ascontiguousarray(patch.transpose(2, 0, 1)))
        mode = InterpolationMode(self._way)
        made: torch.Tensor = functional.resize(image, list(self._size), interpolation=mode, antialias=True)
        return made
