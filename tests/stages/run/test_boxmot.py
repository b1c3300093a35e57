"""An exported network in boxmot, with boxmot's own preprocessing: the same embeddings."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from agreid_cli.errors import InputError
from agreid_cli.nn.encoder import Encoder
from agreid_cli.nn.imagenet import BehindImageNet, is_imagenet
from agreid_cli.nn.onnx_export import export_onnx
from agreid_cli.records.side import Side
from agreid_cli.stages.run.boxmot import boxmot_note, for_boxmot
from agreid_cli.vision import vendors
from tests.nn.test_onnx_export import SIZE, made


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["osnet-x0.25", "timm:test_vit"])
def test_boxmot_gives_our_embeddings(tmp_path: Path, backbone: str) -> None:
    vendors.boxmot()
    from boxmot.reid.core.runtime import ReID

    model = made(backbone, "bot").eval()
    ours = Encoder(model, size=SIZE)
    path = tmp_path / "university.onnx"  # boxmot looks for the names of data sets in file names
    path.write_bytes(export_onnx(for_boxmot(ours)))
    reid = ReID(path)
    rng = np.random.default_rng(0)
    frame = cv2.resize(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8), (320, 240))
    height, width = SIZE
    crops = [frame[y : y + height, x : x + width] for y, x in ((0, 0), (50, 100), (170, 288))]
    images = np.stack([crop[..., ::-1] for crop in crops])
    with torch.no_grad():
        expected = unit(ours.embed(ours.images(images)).numpy())
    assert np.abs(reid(crops) - expected).max() < 1e-4
    boxes = np.array([[x, y, x + width, y + height] for y, x in ((0, 0), (50, 100), (170, 288))], np.float32)
    assert np.abs(reid(frame, boxes=boxes) - expected).max() < 1e-4
    large = frame[20:220, 30:130]
    resized = cv2.resize(large, (width, height), interpolation=cv2.INTER_LINEAR)[None, ..., ::-1]
    with torch.no_grad():
        expected = unit(ours.embed(ours.images(resized)).numpy())
    assert np.abs(reid([large]) - expected).max() < 1e-4


def test_the_normalisation_of_another_network_is_put_before_it() -> None:
    model = made("osnet-x0.25", "bot").eval()
    assert is_imagenet(model)
    images = torch.rand(2, 3, *SIZE)
    imagenet = (images - torch.tensor(model.mean).view(1, 3, 1, 1)) / torch.tensor(model.std).view(1, 3, 1, 1)

    class Other(torch.nn.Module):
        mean, std, needs = (0.5, 0.4, 0.3), (0.25, 0.5, 0.2), frozenset[str]()

        def embed(self, x: torch.Tensor, side: Side | None = None) -> torch.Tensor:
            return x

    other = Other()
    own = (images - torch.tensor(other.mean).view(1, 3, 1, 1)) / torch.tensor(other.std).view(1, 3, 1, 1)
    torch.testing.assert_close(BehindImageNet(other).embed(imagenet), own, rtol=1e-4, atol=1e-5)
    plain = Encoder(other, size=SIZE)
    assert "--for boxmot" in boxmot_note(plain)
    assert "--reid-model" in boxmot_note(for_boxmot(plain))
    assert for_boxmot(Encoder(model, size=SIZE)).model is model

    class Asking(Other):
        needs = frozenset({"camera", "view"})

    with pytest.raises(InputError, match="needs the camera and the view"):
        for_boxmot(Encoder(Asking(), size=SIZE))
    assert "cannot run this network" in boxmot_note(Encoder(Asking(), size=SIZE))
