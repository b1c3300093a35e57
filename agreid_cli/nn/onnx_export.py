"""Export a trained network as one ONNX file for any batch size, checked against PyTorch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from agreid_cli.errors import AgreidError
from agreid_cli.nn.encoder import Encoder
from agreid_cli.onnx_runtime import quiet
from agreid_cli.records.side import OPTION_OF_NEED, Side

INPUT, OUTPUT = "images", "embedding"
#: Two different batch sizes, neither of them the one used for tracing.
CHECKED = (1, 5)
TRACED = 2
#: Maximum difference to PyTorch, relative to the largest absolute value of the embedding.
TOLERANCE = 1e-3


def export_onnx(encoder: Encoder, *, notes: Mapping[str, str] | None = None) -> bytes:
    """The network's `embed` as ONNX, for any batch size B.

    Inputs: `images` float32 B×3×H×W, normalised, and those of `camera` and `view` (int64 B) that the network
    needs. Output: `embedding` B×D. notes: additional entries of the file's metadata, which contains mean,
    std, size and the channel order. The model is moved to the CPU, exported in eval mode and float32, and
    restored.
    """
    model, size = encoder.model, encoder.size
    asked = asked_of(model)
    inputs = (torch.zeros(TRACED, 3, *size), *(torch.zeros(TRACED, dtype=torch.int64) for _ in asked))
    batch = torch.export.Dim("batch", min=1)
    with _at_rest(model), quiet():
        program: Any = torch.onnx.export(
            _Embed(model, asked),
            inputs,
            dynamo=True,
            # The inputs of `_Embed.forward`: images, and a tuple of the others, if there are any.
            dynamic_shapes=({0: batch}, tuple({0: batch} for _ in asked)) if asked else ({0: batch},),
            verbose=False,
        )
    _name(program.model.graph, [INPUT, *asked], OUTPUT)
    proto = program.model_proto
    words = {
        "mean": " ".join(f"{x:g}" for x in model.mean),
        "std": " ".join(f"{x:g}" for x in model.std),
        "size": f"{size[0]}x{size[1]} (height x width)",
        "channels": "RGB, values 0..1 before mean and std",
        **(notes or {}),
    }
    for key, value in words.items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, str(value)
    data: bytes = proto.SerializeToString()
    return data


def check_onnx(data: bytes, encoder: Encoder, *, rows: Mapping[str, int] | None = None) -> float:
    """The largest difference between onnxruntime and torch over two batch sizes, relative to the embedding.

    rows: number of cameras and views known to the network. Raises `AgreidError` if the difference is above
    `TOLERANCE`.
    """
    import onnxruntime

    model, size = encoder.model, encoder.size
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    worst = 0.0
    with _at_rest(model), torch.no_grad():
        for batch in CHECKED:
            images = torch.randn(batch, 3, *size, generator=torch.Generator().manual_seed(batch))
            side = {name: torch.arange(batch) % (rows or {}).get(name, 1) for name in asked_of(model)}
            expected = model.embed(images, Side(**side))
            given = {INPUT: images.numpy(), **{name: part.numpy() for name, part in side.items()}}
            (found,) = session.run([OUTPUT], given)
            if found.shape != tuple(expected.shape):
                raise AgreidError(f"the exported network gives {found.shape} for a batch of {batch}")
            difference = (torch.from_numpy(found) - expected).abs().max() / expected.abs().max().clamp(
                min=1e-6
            )
            worst = max(worst, float(difference))
    if not worst <= TOLERANCE:
        raise AgreidError(
            f"the exported network differs from PyTorch by {worst:.2g} of its embedding, so it was not kept",
            hint="Try other versions of torch and onnxruntime, and report it.",
        )
    return worst


def _name(graph: Any, inputs: list[str], output: str) -> None:
    """Name inputs and output, after renaming inner values with these names.

    The exporter names a value after its operation, and there are operations `view` and `embedding`.
    """
    for node in graph:
        for value in node.outputs:
            if value.name in {*inputs, output}:
                value.name = f"{value.name}_within"
    for value, name in zip([*graph.inputs, *graph.outputs], [*inputs, output], strict=True):
        value.name = name


def asked_of(model: Any) -> list[str]:
    """The side inputs of a network's graph, in order."""
    return [name for name in OPTION_OF_NEED if name in model.needs]


def as_network(model: Any) -> nn.Module:
    """The network's `embed` as a module from images and side inputs to the embedding."""
    return _Embed(model, asked_of(model)).eval()


class _Embed(nn.Module):
    def __init__(self, model: Any, asked: list[str]) -> None:
        super().__init__()
        self.model, self.asked = model, asked

    def forward(self, images: Tensor, *side: Tensor) -> Tensor:
        embedding: Tensor = self.model.embed(images, Side(**dict(zip(self.asked, side, strict=True))))
        return embedding


@contextlib.contextmanager
def _at_rest(model: nn.Module) -> Iterator[None]:
    """On the CPU, in eval mode and float32; restored afterwards."""
    first = next(model.parameters())
    device, kind = first.device, first.dtype
    training = [(module, module.training) for module in model.modules()]
    model.to("cpu", torch.float32).eval()
    try:
        yield
    finally:
        model.to(device, kind)
        for module, mode in training:
            module.training = mode
