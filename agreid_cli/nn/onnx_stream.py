"""The explainable stream in ONNX Runtime: one pass gives embedding, maps, vectors and attributes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from agreid_cli import onnx_runtime
from agreid_cli.nn.explain_stream import Explained, ExplainStream
from agreid_cli.nn.onnx_export import INPUT, asked_of
from agreid_cli.records.box_cues import CUES
from agreid_cli.records.side import BOX, NO_SIDE, Side

OUTPUTS = ("base", "maps", "vectors", "attributes")


class OnnxStream:
    """The forward pass of a stream whose network `data`, made by `trace_stream`, does the work."""

    def __init__(self, model: ExplainStream, data: bytes) -> None:
        self.backend = onnx_runtime.name()
        self._asked = _asked(model)
        self._session = onnx_runtime.started_all(data)

    def __call__(self, images: Tensor, side: Side = NO_SIDE) -> Explained:
        """Normalised images B×3×H×W on the CPU."""
        given = {INPUT: images.contiguous().numpy()}
        for name in self._asked:
            given[name] = getattr(side, name).numpy()
        return Explained(*(torch.from_numpy(part) for part in self._session(given)))


def trace_stream(model: ExplainStream, size: tuple[int, int]) -> bytes:
    """The stream, in eval mode on the CPU, as ONNX, compared with torch; `AgreidError` where it cannot be
    had."""
    asked = _asked(model)
    given = {INPUT: torch.zeros(2, 3, *size)}
    given |= {
        name: torch.zeros(2, len(CUES)) if name == BOX else torch.zeros(2, dtype=torch.int64)
        for name in asked
    }
    return onnx_runtime.traced(_Outputs(model, asked).eval(), given, OUTPUTS)


def _asked(model: ExplainStream) -> list[str]:
    """The side inputs of the stream's graph: those of the embedding, and the box where it is used."""
    return [*asked_of(model), *sorted(model.reads & {BOX})]


class _Outputs(nn.Module):
    def __init__(self, model: ExplainStream, asked: list[str]) -> None:
        super().__init__()
        self.model, self.asked = model, asked

    def forward(self, images: Tensor, *side: Tensor) -> tuple[Tensor, ...]:
        said: Explained = self.model(images, Side(**dict(zip(self.asked, side, strict=True))))
        return said.base, said.maps, said.vectors, said.attributes
