"""Use a run, or pretrained weights, as the embedder of StrongSORT: boxes to embeddings of unit length."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from agreid_cli.records.extraction import Facts
from agreid_cli.records.runs import Run
from agreid_cli.stages.run.backends import FEW, encoder_for
from agreid_cli.stages.run.pretrained import Pretrained, pretrained_network
from agreid_cli.training.saved import Loaded, load_network
from agreid_cli.training.side import SideColumns, side_columns
from agreid_cli.vision.embedders.colour import patch


class RunEmbedder:
    """Patches are cut and resized as for training, and embedded in one batch per frame."""

    same_person = 0.4  # as for other re-ID networks; boxmot's default breaks people into more tracks

    def __init__(
        self, source: Run | Pretrained, *, folder: Path, device: str = "cpu", backend: str = "auto"
    ) -> None:
        self.network: Loaded = load_network(source) if isinstance(source, Run) else pretrained_network(source)
        self.run, self.sha256 = source.name, self.network.weights_sha256
        # a video has more crops than the minimum for which tracing pays
        self.encoder = encoder_for(self.network, device=device, crops=FEW, folder=folder, backend=backend)
        # not bound to a video yet: the first rows are used for the tracker's warm-up
        columns: dict[str, Any] = {need: np.zeros(1, np.int64) for need in self.encoder.needs}
        self.side = SideColumns(**columns).of(slice(1), self.encoder.device)

    def of_video(self, facts: Facts) -> RunEmbedder:
        """The embedder for one video; `InputError` if the run was not trained on its view or camera."""
        bound = copy.copy(self)
        columns = side_columns(
            self.encoder.needs, self.network.facts, camid=[facts.camid], platform=[facts.platform],
            run=self.run,
        )  # fmt: skip
        bound.side = columns.of(slice(1), self.encoder.device)
        return bound

    def __call__(self, boxes: npt.NDArray[Any], frame: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Boxes float32 (n, 4) in a uint8 BGR frame to float32 (n, D) of unit length."""
        if not len(boxes):
            return np.zeros((0, 1), np.float32)
        pixels = np.stack([self.encoder.resize(patch(frame, box)[..., ::-1]) for box in np.round(boxes)])
        with torch.inference_mode():
            rows = self.encoder.embed(self.encoder.images(pixels), self.side[[0] * len(boxes)])
        unit = torch.nn.functional.normalize(torch.nan_to_num(rows), dim=1)
        return np.asarray(unit.cpu().numpy(), np.float32)
