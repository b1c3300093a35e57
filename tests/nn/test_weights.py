"""Weights from files of many sources: what is loaded, reported and refused."""

from __future__ import annotations

import socket
import time
import urllib.request
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from agreid_cli.errors import InputError, MissingError
from agreid_cli.nn.backbones import make_backbone
from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.model import build_model
from agreid_cli.nn.positions import resize_positions
from agreid_cli.nn.spec import ModelSpec
from agreid_cli.nn.weights import copy_matching, load_pretrained

SIZE = (64, 32)


def fresh(seed: int = 0, name: str = "osnet-x0.25", size: tuple[int, int] = SIZE) -> Backbone:
    torch.manual_seed(seed)
    return make_backbone(name, size=size)


def copies(backbone: Backbone) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in backbone.named_weights().items()}


def same(backbone: Backbone, state: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(t, state[n]) for n, t in backbone.named_weights().items())


@pytest.mark.parametrize(
    ("prefix", "nested"), [("", False), ("module.", True), ("module.backbone.", False), ("model.base.", True)]
)
def test_the_usual_wrappings_of_a_checkpoint_come_off(tmp_path: Path, prefix: str, nested: bool) -> None:
    state = copies(fresh(1))
    wrapped = {f"{prefix}{name}": t for name, t in state.items()} | {"classifier.weight": torch.ones(3, 128)}
    path = tmp_path / "w.pth"
    torch.save({"epoch": 3, "state_dict": wrapped} if nested else wrapped, path)
    backbone = fresh(2)
    report = load_pretrained(backbone, str(path))
    assert same(backbone, state)
    assert (report.share, report.missing, report.unexpected) == (1.0, (), ("classifier.weight",))
    assert "1 unexpected (classifier.weight)" in str(report)


@pytest.mark.parametrize(
    ("backbone", "head"),
    [
        ("osnet-x0.25", "bot"),
        ("timm:resnet10t", "mgn"),  # MGN's shared trunk is a part of layer3
        ("timm:test_vit", "bot"),
        ("timm:test_vit", "mgn"),
        ("timm:test_convnext", "mgn"),
    ],
)
def test_the_weights_of_a_run_start_another(tmp_path: Path, backbone: str, head: str) -> None:
    torch.manual_seed(3)
    model = build_model(ModelSpec(backbone, head, SIZE), 4)
    save_file({name: t.contiguous() for name, t in model.state_dict().items()}, tmp_path / "best.safetensors")
    other = fresh(4, backbone)
    report = load_pretrained(other, str(tmp_path / "best.safetensors"))
    assert report.share == 1.0
    tail = model.head.tail if head == "bot" else model.head.tails[0]
    for name, tensor in tail.state_dict().items():
        assert torch.equal(other.named_weights()[name.removeprefix("net.")], tensor)
    for name, tensor in model.backbone.stem.state_dict().items():
        assert torch.equal(other.named_weights()[name.removeprefix("net.")], tensor)


def test_every_tail_starts_from_the_loaded_weights(tmp_path: Path) -> None:
    state = copies(fresh(5))
    save_file(state, tmp_path / "w.safetensors")
    model = build_model(ModelSpec("osnet-x0.25", "mgn", SIZE, weights=str(tmp_path / "w.safetensors")), 4)
    for tail in model.head.tails:
        assert torch.equal(tail.conv5.conv.weight, state["conv5.conv.weight"])


def test_another_networks_file_is_refused_and_changes_nothing() -> None:
    backbone = fresh(6)
    before = copies(backbone)
    wide = copies(fresh(7, "osnet-x1.0"))
    with pytest.raises(InputError) as caught:
        copy_matching(backbone, wide | {"extra": torch.ones(1)}, source="wide.pth")
    assert same(backbone, before)
    words = str(caught.value)
    assert "wide.pth has only" in words
    assert "conv1.conv.weight: (64, 3, 7, 7) in the file, (16, 3, 7, 7) in the backbone" in words
    assert "1 unexpected, such as extra" in words
    assert "model.backbone" in words


def test_a_few_missing_weights_are_reported_not_refused() -> None:
    state = copies(fresh(8))
    del state["conv5.bn.weight"]
    report = copy_matching(fresh(9), state, source="x")
    assert report.missing == ("conv5.bn.weight",)
    assert 0.99 < report.share < 1


def test_positions_of_another_size_are_resized() -> None:
    old = copies(fresh(1, "timm:test_vit", (160, 160)))
    backbone = fresh(2, "timm:test_vit", (64, 32))
    report = copy_matching(backbone, old, source="x")
    assert report.resized == ("pos_embed",)
    assert report.share == 1.0
    new = backbone.named_weights()["pos_embed"]
    assert new.shape == (1, 1 + 8, old["pos_embed"].shape[2])
    assert torch.equal(new[:, 0], old["pos_embed"][:, 0])


def test_a_ramp_stays_a_ramp_when_resized() -> None:
    rows = torch.arange(8.0)[:, None].expand(8, 8).reshape(1, 64, 1)
    class_token = torch.full((1, 1, 1), 7.0)
    half = resize_positions(torch.cat([class_token, rows], 1), source=(8, 8), target=(4, 2), prefix=1)
    assert half.flatten().tolist() == [7.0, 0.5, 0.5, 2.5, 2.5, 4.5, 4.5, 6.5, 6.5]


def test_a_missing_file_and_a_pickled_program_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"nowhere\.pth do not exist"):
        load_pretrained(fresh(), str(tmp_path / "nowhere.pth"))
    torch.save(torch.nn.Linear(2, 2), tmp_path / "whole.pth")
    with pytest.raises(InputError, match="not a plain weight file"):
        load_pretrained(fresh(), str(tmp_path / "whole.pth"))
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(InputError, match="no named tensors"):
        load_pretrained(fresh(), str(tmp_path / "list.pth"))


def test_osnet_has_no_imagenet_weights_to_fetch() -> None:
    with pytest.raises(MissingError, match="no library has") as caught:
        load_pretrained(fresh(), "imagenet")
    assert "model.weights=PATH" in caught.value.hint


@pytest.fixture
def cut_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No network, and an empty cache at this path."""
    from huggingface_hub import constants

    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(urllib.request, "getproxies", dict)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def test_without_a_network_the_hub_is_an_error_in_words_at_once(cut_off: Path, capfd) -> None:
    backbone = fresh(0, "timm:test_vit")
    started = time.monotonic()
    with pytest.raises(MissingError, match="not in timm's cache and could not be downloaded") as caught:
        load_pretrained(backbone, "imagenet")
    assert time.monotonic() - started < 10
    assert "model.weights=PATH" in caught.value.hint
    assert capfd.readouterr().err == ""


def test_without_a_network_the_cache_serves(cut_off: Path) -> None:
    import timm

    torch.manual_seed(0)
    net = timm.create_model("test_vit", pretrained=False)
    kept = cut_off / "models--timm--test_vit.r160_in1k"
    (kept / "snapshots" / "abc").mkdir(parents=True)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc")
    save_file(net.state_dict(), kept / "snapshots" / "abc" / "model.safetensors")
    backbone = fresh(1, "timm:test_vit")
    report = load_pretrained(backbone, "imagenet")
    assert (report.share, report.resized) == (1.0, ("pos_embed",))
    assert torch.equal(backbone.named_weights()["blocks.5.mlp.fc1.weight"], net.blocks[5].mlp.fc1.weight)


@pytest.mark.slow
def test_the_official_osnet_checkpoint_loads_and_sees_what_its_authors_network_sees(shared: Path) -> None:
    official = shared / "weights" / "osnet_x0_25_msmt17.pt"
    backbone = fresh().eval()
    report = load_pretrained(backbone, str(official), find_fc=True)
    assert report.share == 1.0
    assert report.missing == report.misshapen == ()
    assert {name.split(".")[0] for name in report.unexpected} == {"classifier"}
    boxmot = pytest.importorskip("boxmot.reid.backbones.families.osnet")
    theirs = boxmot.osnet_x0_25(num_classes=1041, pretrained=False, loss="softmax").eval()
    theirs.load_state_dict(torch.load(official, map_location="cpu", weights_only=True))
    images = torch.randn(2, 3, 128, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours = backbone.make_tail().eval()(backbone.stem(images)).grid
        expected = theirs(images, return_featuremaps=True)
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-5)
        vectors = backbone.make_fc().eval()(ours.mean((2, 3)))
        torch.testing.assert_close(vectors, theirs(images), rtol=1e-5, atol=1e-5)
