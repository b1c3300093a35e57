"""A trained network as one ONNX file, with a batch of any size, checked against torch."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from agreid_cli.errors import AgreidError, MissingError
from agreid_cli.nn.model import ReidModel

INPUT, OUTPUT = "images", "embedding"
#: Two batches of unlike size, neither of them the one that the graph was traced with.
CHECKED = (1, 5)
TRACED = 2
#: Largest allowed difference to torch, relative to the largest number of the embedding.
TOLERANCE = 1e-3


def export_onnx(model: ReidModel, *, size: tuple[int, int], notes: Mapping[str, str] | None = None) -> bytes:
    """`model.embed` as ONNX: input `images` float32 B×3×H×W, normalised; output `embedding` B×D; any B.

    size: (height, width). notes: further words for the file's metadata, where mean, std, size and the order
    of the channels stand. The model is moved to the CPU, exported in eval mode and float32, and left as it
    was. Raises `MissingError` when onnx or onnxscript is not installed.
    """
    _need("onnx", "onnxscript")
    images = torch.zeros(TRACED, 3, *size)
    with _at_rest(model), _quiet():
        program: Any = torch.onnx.export(
            _Embed(model),
            (images,),
            dynamo=True,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
            verbose=False,
        )
    proto = program.model_proto
    words = {
        "mean": " ".join(f"{x:g}" for x in model.backbone.mean),
        "std": " ".join(f"{x:g}" for x in model.backbone.std),
        "size": f"{size[0]}x{size[1]} (height x width)",
        "channels": "RGB, values 0..1 before mean and std",
        **(notes or {}),
    }
    for key, value in words.items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, str(value)
    data: bytes = proto.SerializeToString()
    return data


def check_onnx(data: bytes, model: ReidModel, *, size: tuple[int, int]) -> float:
    """The largest difference between onnxruntime and torch over two batch sizes, relative to the embedding.

    Raises `AgreidError` when it is above `TOLERANCE`, `MissingError` when onnxruntime is not installed.
    """
    _need("onnxruntime")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    worst = 0.0
    with _at_rest(model), torch.no_grad():
        for batch in CHECKED:
            images = torch.randn(batch, 3, *size, generator=torch.Generator().manual_seed(batch))
            expected = model.embed(images)
            (found,) = session.run([OUTPUT], {INPUT: images.numpy()})
            if found.shape != tuple(expected.shape):
                raise AgreidError(f"the exported network gives {found.shape} for a batch of {batch}")
            difference = (torch.from_numpy(found) - expected).abs().max() / expected.abs().max().clamp(
                min=1e-6
            )
            worst = max(worst, float(difference))
    if not worst <= TOLERANCE:
        raise AgreidError(
            f"the exported network differs from torch by {worst:.2g} of its embedding, so it was not kept",
            hint="Try other versions of torch and onnxruntime, and report it.",
        )
    return worst


class _Embed(nn.Module):
    def __init__(self, model: ReidModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        return self.model.embed(images)


@contextlib.contextmanager
def _at_rest(model: ReidModel) -> Iterator[None]:
    """On the CPU, in eval mode and float32; afterwards as before."""
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


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter talks on all channels; what matters is checked with numbers."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _need(*packages: str) -> None:
    import importlib.util

    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        verb = "are" if len(missing) > 1 else "is"
        raise MissingError(
            f"exporting needs {' and '.join(missing)}, which {verb} not installed",
            hint="Install them with: pip install 'agreid[export]'",
        )
