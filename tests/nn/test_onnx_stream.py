"""The explainable stream in ONNX Runtime gives torch's outputs, for any batch."""

from __future__ import annotations

from dataclasses import astuple

import pytest
import torch

from agreid_cli.nn.explain_stream import ExplainStream
from agreid_cli.nn.model import build_model
from agreid_cli.nn.onnx_stream import OnnxStream, trace_stream
from agreid_cli.nn.spec import ModelSpec
from agreid_cli.records.box_cues import CUES
from agreid_cli.records.side import NO_SIDE, Side

SIZE = (64, 32)


@pytest.mark.parametrize(
    ("backbone", "head", "shared", "boxed"),
    [("osnet-x0.25", "bot", False, True), ("vit-s16", "sbs", True, False)],
)
def test_all_outputs_are_torch_s(backbone: str, head: str, shared: bool, boxed: bool) -> None:
    torch.manual_seed(1)
    teacher = build_model(ModelSpec(backbone, head, size=SIZE), n_ids=3)
    stream = ExplainStream(teacher, n_bits=6, shared=shared, boxed=boxed).eval()
    if stream.boxed is not None:
        stream.boxed.fit(torch.rand(9, len(CUES)), torch.rand(9, 6) > 0.5)
    fast = OnnxStream(stream, trace_stream(stream, SIZE))
    assert fast.backend.startswith("onnxruntime 1.")
    for batch in (1, 3):
        images = torch.randn(batch, 3, *SIZE).contiguous(memory_format=torch.channels_last)
        side = Side(box=torch.randn(batch, len(CUES))) if boxed else NO_SIDE
        with torch.no_grad():
            wanted = stream(images, side)
        for mine, theirs in zip(astuple(fast(images, side)), astuple(wanted), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-4 * float(theirs.abs().max()))
