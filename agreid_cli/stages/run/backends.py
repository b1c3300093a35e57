"""What runs a network for embedding crops: torch, or on a CPU ONNX Runtime."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import torch

from agreid_cli import onnx_runtime
from agreid_cli.errors import AgreidError, UsageError, did_you_mean
from agreid_cli.nn.encoder import Encoder
from agreid_cli.nn.onnx_encoder import OnnxEncoder, trace
from agreid_cli.nn.onnx_stream import OnnxStream, trace_stream
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.files import write_bytes
from agreid_cli.training.decompose import Stream
from agreid_cli.training.saved import Loaded

BACKENDS = ("auto", "torch", "onnxruntime")
#: With fewer crops than this, tracing the network takes longer than embedding with torch.
FEW = 256
#: The same where the network has to be traced each time.
MANY = 1024


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
    check_backend(backend, device)
    encoder = network.encoder(device, autocast)

    def fast() -> Encoder:
        return OnnxEncoder(encoder, _traced(network, folder, "", lambda: trace(encoder)))

    return _fast(fast, device, crops, backend, progress) or encoder


def encoder_for_once(
    encoder: Encoder, *, crops: int, backend: str = "auto", progress: Progress = SILENT
) -> Encoder:
    """The same network, in eval mode, for weights that will change: it is traced each time and not stored.

    So `auto` is ONNX Runtime for at least `MANY` crops, on a CPU in float32.
    """
    if backend == "auto" and crops < MANY:
        return encoder
    fast = _fast(lambda: OnnxEncoder(encoder, trace(encoder)), encoder.device, crops, backend, progress)
    return fast or encoder


def stream_for(
    network: Loaded,
    *,
    device: torch.device | str,
    crops: int,
    folder: Path,
    batch: int,
    backend: str = "auto",
    progress: Progress = SILENT,
) -> Stream:
    """The network of an explainable run for decomposing distances; chosen as by `encoder_for`."""
    check_backend(backend, device)
    encoder = network.encoder(device)

    def fast() -> Stream:
        data = _traced(network, folder, " stream", lambda: trace_stream(encoder.model, encoder.size))
        return Stream(encoder, batch=batch, fast=OnnxStream(encoder.model, data))

    return _fast(fast, device, crops, backend, progress) or Stream(encoder, batch=batch)


T = TypeVar("T")


def _fast(
    make: Callable[[], T], device: torch.device | str, crops: int, backend: str, progress: Progress
) -> T | None:
    """What ONNX Runtime runs, or None for torch."""
    on_cpu = torch.device(device).type == "cpu"
    if backend == "torch" or not on_cpu or (backend == "auto" and crops < FEW):
        return None
    try:
        return make()
    except AgreidError as error:
        if backend == "onnxruntime":
            raise
        progress.note(f"{error.message}; torch runs it instead")
        return None


def check_backend(backend: str, device: torch.device | str) -> None:
    """`UsageError` for an unknown backend, or one that the device does not support."""
    if backend not in BACKENDS:
        raise UsageError(f"there is no backend '{backend}'{did_you_mean(backend, BACKENDS)}")
    if backend == "onnxruntime" and torch.device(device).type != "cpu":
        raise UsageError("the backend onnxruntime runs on the CPU", hint="Add --device cpu, or use torch.")


def _traced(network: Loaded, folder: Path, part: str, make: Callable[[], bytes]) -> bytes:
    height, width = network.config.model.size
    key = f"{network.weights_sha256} {height}x{width} {torch.__version__} {onnx_runtime.VERSION}{part}"
    path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.onnx"
    if path.is_file():
        return path.read_bytes()
    data = make()
    with contextlib.suppress(AgreidError):  # a folder that cannot be written to costs the tracing each time
        write_bytes(path, data)
    return data
