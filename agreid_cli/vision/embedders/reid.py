"""Appearance from a boxmot re-ID weight file, loaded safely and run as a fused network.

boxmot unpickles any object, downloads weights by file name, and runs the network layer by layer. Here the
file is read with torch's `weights_only` and nothing is downloaded. The network runs in ONNX Runtime on a CPU,
otherwise frozen, with batch norms folded into the convolutions.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from agreid_cli import onnx_runtime
from agreid_cli.errors import AgreidError, InputError, MissingError, did_you_mean
from agreid_cli.vision import vendors
from agreid_cli.vision.embedders.colour import patch

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class ReidEmbedder:
    """A re-ID network by weight file; the architecture comes from the checkpoint or the file name.

    backend: auto (ONNX Runtime on a CPU where it can run the network, else torch), or one of `BACKENDS`.

    Raises `MissingError` if the file does not exist, `InputError` if it is not a plain weight file, its
    architecture is unknown, or the weights do not fit it.
    """

    #: On real video, boxmot's own default of 0.2 breaks people into twice as many tracks as 0.4.
    same_person = 0.4

    def __init__(self, weights: Path, *, device: str = "cpu", backend: str = "auto") -> None:
        state, name = _read(weights)
        model, (height, width) = _build(name, weights)
        _fill(model, state, weights)
        self._device = torch.device(device)
        self._size = (width, height)
        model = model.to(self._device).eval()
        example = torch.zeros(2, 3, height, width, device=self._device)
        if backend == "auto":
            backend = "onnxruntime" if self._device.type == "cpu" else "torch"
            try:
                self._model = BACKENDS[backend](model, example)
            except AgreidError:
                self._model = _fused(model, example)
        else:
            self._model = BACKENDS[backend](model, example)
        self._mean = torch.tensor(MEAN, device=self._device).view(1, 3, 1, 1)
        self._std = torch.tensor(STD, device=self._device).view(1, 3, 1, 1)

    def __call__(self, boxes: np.ndarray, frame: np.ndarray) -> np.ndarray:
        """float32 (n, D) of unit length, all persons of a frame in one batch."""
        if not len(boxes):
            return np.zeros((0, 1), np.float32)
        width, height = self._size
        batch = np.empty((len(boxes), height, width, 3), np.uint8)
        for row, box in enumerate(boxes):
            batch[row] = cv2.resize(patch(frame, np.round(box)), self._size, interpolation=cv2.INTER_LINEAR)
        pixels = torch.from_numpy(np.ascontiguousarray(batch[..., ::-1].transpose(0, 3, 1, 2)))
        with torch.inference_mode():
            images = pixels.to(self._device, torch.float32).div_(255.0).sub_(self._mean).div_(self._std)
            rows = self._model(images).float().cpu().numpy()
        rows = np.where(np.isfinite(rows), rows, 0.0)
        return np.asarray(
            (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)).astype(np.float32)
        )


def _read(weights: Path) -> tuple[dict[str, torch.Tensor], str]:
    if not weights.is_file():
        raise MissingError(f"the embedder weights {weights} do not exist", hint="Check the path.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored = torch.load(weights, map_location="cpu", weights_only=True, encoding="latin1")
    except Exception as error:  # torch raises many kinds of errors for a bad file
        raise InputError(
            f"{weights} is not a plain weight file and was not loaded",
            hint="A file with more than tensors may run code. Save its state_dict with torch.save.",
        ) from error
    name = stored.get("model_name", "") if isinstance(stored, dict) else ""
    state = stored.get("state_dict", stored) if isinstance(stored, dict) else {}
    tensors = {k.removeprefix("module."): v for k, v in state.items() if isinstance(v, torch.Tensor)}
    if not tensors:
        raise InputError(f"{weights} contains no weights")
    return tensors, str(name)


def _build(name: str, weights: Path) -> tuple[Any, tuple[int, int]]:
    vendors.boxmot()
    from boxmot.reid.backbones import get_backbone_spec, registered_backbone_names
    from boxmot.reid.core.registry import ReIDModelRegistry

    known = sorted(registered_backbone_names(), key=len, reverse=True)
    name = name or next((n for n in known if n in weights.name.lower()), "")
    if name not in known:
        raise InputError(
            f"{weights} does not name its network{did_you_mean(weights.stem, known)}",
            hint="Put the architecture into the file name, e.g. osnet_x0_25_mine.pt.",
        )
    model = ReIDModelRegistry.build_model(name, None, num_classes=1, pretrained=False, use_gpu=False)
    height, width = get_backbone_spec(name).default_img_size
    return model, (int(height), int(width))


def _fill(model: Any, state: dict[str, torch.Tensor], weights: Path) -> None:
    own = model.state_dict()
    fits = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape}
    # The classifier of the training identities is not part of the embedding.
    lacking = [k for k in own if k not in fits and not k.startswith("classifier")]
    lacking = [k for k in lacking if not k.endswith("num_batches_tracked")]
    if lacking:
        shown = ", ".join(lacking[:5]) + (" …" if len(lacking) > 5 else "")
        raise InputError(f"{weights} does not fit its network: {len(lacking)} weights are missing ({shown})")
    model.load_state_dict(fits, strict=False)


def _fused(model: Any, example: torch.Tensor) -> Any:
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # torch warns that torch.jit is deprecated
            frozen = torch.jit.freeze(torch.jit.trace(model, example, check_trace=False))
            fused = torch.jit.optimize_for_inference(frozen)
            if torch.allclose(fused(example), model(example), atol=1e-3):
                return fused
    except (AttributeError, RuntimeError, NotImplementedError):
        pass  # a network that cannot be traced, or a torch without jit: slower, same output
    return model.to(memory_format=torch.channels_last)


def _openvino(model: Any, example: torch.Tensor) -> Any:
    try:
        import openvino
    except ImportError as error:
        raise MissingError("openvino is not installed", hint="pip install openvino") from error
    network = openvino.convert_model(model, example_input=example, input=[-1, *example.shape[1:]])
    run = openvino.compile_model(network, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    return lambda images: torch.from_numpy(run(images.numpy())[0])


def _onnx(model: Any, example: torch.Tensor) -> Any:
    run = onnx_runtime.started(onnx_runtime.traced(model, {"images": example}))
    return lambda images: torch.from_numpy(run({"images": images.contiguous().numpy()}))


BACKENDS = {"torch": _fused, "onnxruntime": _onnx, "openvino": _openvino}
