"""What runs a network for embedding crops: torch, or on a CPU ONNX Runtime."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

from agreid_cli import onnx_runtime
from agreid_cli.errors import AgreidError, UsageError, did_you_mean
from agreid_cli.nn.encoder import Encoder
from agreid_cli.nn.onnx_encoder import OnnxEncoder, trace
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.files import write_bytes
from agreid_cli.training.saved import Loaded

BACKENDS = ("auto", "torch", "onnxruntime")
#: With fewer crops than this, tracing the network takes longer than embedding with torch.
FEW = 256


def encoder_for(
    network: Loaded,
    *,
    device: torch.device | str,
    crops: int,
    folder: Path,
    backend: str = "auto",
    autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
    progress: Progress = SILENT,
) -> Encoder:
    """The network for embedding crops.

    `auto` is ONNX Runtime on a CPU for at least `FEW` crops, and torch if ONNX Runtime cannot run the
    network. Traced networks are stored in `folder`. Raises `UsageError` for an unknown backend or one that
    the device does not support, `AgreidError` if ONNX Runtime is requested and cannot run the network.
    """
    if backend not in BACKENDS:
        raise UsageError(f"there is no backend '{backend}'{did_you_mean(backend, BACKENDS)}")
    on_cpu = torch.device(device).type == "cpu"
    if backend == "onnxruntime" and not on_cpu:
        raise UsageError("the backend onnxruntime runs on the CPU", hint="Add --device cpu, or use torch.")
    encoder = network.encoder(device, autocast)
    if backend == "torch" or not on_cpu or (backend == "auto" and crops < FEW):
        return encoder
    try:
        return OnnxEncoder(encoder, _traced(encoder, network, folder))
    except AgreidError as error:
        if backend == "onnxruntime":
            raise
        progress.note(f"{error.message}; torch runs it instead")
        return encoder


def _traced(encoder: Encoder, network: Loaded, folder: Path) -> bytes:
    height, width = encoder.size
    key = f"{network.weights_sha256} {height}x{width} {torch.__version__} {onnx_runtime.VERSION}"
    path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.onnx"
    if path.is_file():
        return path.read_bytes()
    data = trace(encoder)
    with contextlib.suppress(AgreidError):  # a folder that cannot be written to costs the tracing each time
        write_bytes(path, data)
    return data
