"""An encoder whose network runs in ONNX Runtime."""

from __future__ import annotations

import torch
from torch import Tensor

from agreid_cli import onnx_runtime
from agreid_cli.nn.encoder import Encoder
from agreid_cli.nn.onnx_export import INPUT, as_network, asked_of
from agreid_cli.records.side import NO_SIDE, Side


class OnnxEncoder(Encoder):
    """An encoder on the CPU in float32 whose network `data`, made by `trace`, does the work."""

    def __init__(self, encoder: Encoder, data: bytes) -> None:
        super().__init__(encoder.model, size=encoder.size, interpolation=encoder.interpolation)
        self.backend = onnx_runtime.name()
        self._asked = asked_of(encoder.model)
        self._session = onnx_runtime.started(data)

    def network(self, images: Tensor, side: Side = NO_SIDE) -> Tensor:
        """Normalised images to embeddings."""
        given = {INPUT: images.contiguous().numpy()}
        for name in self._asked:
            given[name] = getattr(side, name).numpy()
        return torch.from_numpy(self._session(given))


def trace(encoder: Encoder) -> bytes:
    """The network of an encoder as ONNX, compared with torch; `AgreidError` where it cannot be had."""
    asked = asked_of(encoder.model)
    given = {INPUT: torch.zeros(2, 3, *encoder.size)}
    given |= {name: torch.zeros(2, dtype=torch.int64) for name in asked}
    return onnx_runtime.traced(as_network(encoder.model), given)
