"""torchreid's fully connected layer after pooling: a file with it gives torchreid's embedding."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from agreid_cli.errors import InputError
from agreid_cli.nn.backbones import make_backbone
from agreid_cli.nn.model import ReidModel, build_model
from agreid_cli.nn.spec import ModelSpec

SIZE = (64, 32)
BEFORE = {"embedding": "before"}


def torchreid_file(path: Path, *, width: int = 512, prefix: str = "") -> nn.Sequential:
    """A file as torchreid's zoo has it, with its layer, every number drawn; the layer itself."""
    torch.manual_seed(0)
    backbone = make_backbone("osnet-x0.25", size=SIZE)
    layer = nn.Sequential(nn.Linear(backbone.channels, width), nn.BatchNorm1d(width), nn.ReLU())
    with torch.no_grad():
        for tensor in (layer[1].weight, layer[1].running_var):
            tensor.uniform_(0.5, 1.5)
        layer[1].bias.normal_()
        layer[1].running_mean.normal_(std=0.1)
    state = {**backbone.named_weights(), **{f"fc.{k}": v for k, v in layer.state_dict().items()}}
    state |= {"classifier.weight": torch.ones(751, width), "classifier.bias": torch.ones(751)}
    torch.save({"state_dict": {prefix + key: tensor for key, tensor in state.items()}}, path)
    return layer.eval()


def images() -> torch.Tensor:
    return torch.randn(3, 3, *SIZE, generator=torch.Generator().manual_seed(1))


def by_hand(model: ReidModel, layer: nn.Sequential) -> torch.Tensor:
    """torchreid's embedding: the mean of the map, through the layer."""
    pooled = model.head.tail(model.backbone.stem(images())).grid.mean((2, 3))
    linear, norm, _ = layer
    hidden = pooled @ linear.weight.T + linear.bias
    scaled = (hidden - norm.running_mean) / (norm.running_var + norm.eps).sqrt() * norm.weight + norm.bias
    return scaled.clamp(min=0)


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("width", [512, 96])
def test_a_file_with_the_layer_gives_the_embedding_of_the_layer(
    tmp_path: Path, prefix: str, width: int
) -> None:
    layer = torchreid_file(tmp_path / "osnet.pt", width=width, prefix=prefix)
    spec = ModelSpec("osnet-x0.25", "bot", SIZE, weights=str(tmp_path / "osnet.pt"), head_options=BEFORE)
    model = build_model(spec, 4).eval()
    with torch.no_grad():
        expected, found = by_hand(model, layer), model.embed(images())
    assert found.shape == (3, width)
    assert expected.max() > 0.1
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    assert model.backbone.traits.fc == width
    assert model.loaded is not None
    assert model.loaded.unexpected == ("classifier.weight", "classifier.bias")
    # Behind a neck that has learnt nothing the angles, and so the ranking by cosine, are the same.
    ranked = build_model(ModelSpec("osnet-x0.25", "bot", SIZE, weights=str(tmp_path / "osnet.pt")), 4).eval()
    with torch.no_grad():
        torch.testing.assert_close(
            nn.functional.normalize(ranked.embed(images())), nn.functional.normalize(found)
        )


def test_the_layer_can_be_left_out_and_a_file_without_it_has_none(tmp_path: Path) -> None:
    torchreid_file(tmp_path / "osnet.pt")
    without = ModelSpec("osnet-x0.25", "bot", SIZE, weights=str(tmp_path / "osnet.pt"), fc=0)
    model = build_model(without, 4)
    assert model.head.embedding_dim == 128
    assert "fc.0.weight" in model.loaded.unexpected  # type: ignore[union-attr]
    bare = make_backbone("osnet-x0.25", size=SIZE).named_weights()
    torch.save(bare, tmp_path / "bare.pt")
    plain = ModelSpec("osnet-x0.25", "bot", SIZE, weights=str(tmp_path / "bare.pt"))
    assert build_model(plain, 4).head.embedding_dim == 128
    asked = ModelSpec("osnet-x0.25", "bot", SIZE, weights=str(tmp_path / "bare.pt"), fc=512)
    with pytest.raises(InputError, match=r"fc\.0\.weight"):
        build_model(asked, 4)


def test_half_a_layer_or_two_of_them_are_named_as_unexpected(tmp_path: Path) -> None:
    torchreid_file(tmp_path / "osnet.pt")
    whole = torch.load(tmp_path / "osnet.pt", weights_only=True)["state_dict"]
    for change in ({"fc.1.running_var": None}, {"fc.0.weight": torch.ones(512, 64)},
                   {"fc.3.weight": torch.ones(256, 512)}):  # fmt: skip
        state = {k: v for k, v in {**whole, **change}.items() if v is not None}
        torch.save(state, tmp_path / "odd.pt")
        model = build_model(ModelSpec("osnet-x0.25", "bot", SIZE, weights=str(tmp_path / "odd.pt")), 4)
        assert model.head.embedding_dim == 128
        assert "fc.0.weight" in model.loaded.unexpected  # type: ignore[union-attr]


def test_mgn_leaves_the_layer_out_and_refuses_to_be_asked_for_it(tmp_path: Path) -> None:
    torchreid_file(tmp_path / "osnet.pt")
    model = build_model(ModelSpec("osnet-x0.25", "mgn", SIZE, weights=str(tmp_path / "osnet.pt")), 4)
    assert "fc.0.weight" in str(model.loaded)
    with pytest.raises(InputError, match="does not use a fully connected layer"):
        build_model(ModelSpec("osnet-x0.25", "mgn", SIZE, fc=512), 4)


def test_the_weights_of_a_run_with_the_layer_start_another(tmp_path: Path) -> None:
    torch.manual_seed(0)
    first = build_model(ModelSpec("osnet-x0.25", "bot", SIZE, fc=64), 4).eval()
    torch.save(first.state_dict(), tmp_path / "run.pt")
    second = build_model(ModelSpec("osnet-x0.25", "bot", SIZE, weights=str(tmp_path / "run.pt")), 4).eval()
    assert second.loaded is not None
    assert second.loaded.share == 1.0
    with torch.no_grad():
        pair = [model.head.fc(model.head.pooling(model.head.tail(model.backbone.stem(images()))))
                for model in (first, second)]  # fmt: skip
    torch.testing.assert_close(*pair)


OSNETS = ["x1.0", "x0.75", "x0.5", "x0.25", "ibn-x1.0", "ain-x1.0", "ain-x0.75", "ain-x0.5", "ain-x0.25"]


@pytest.mark.slow
@pytest.mark.parametrize("name", OSNETS)
def test_every_network_of_the_zoo_embeds_as_its_authors_network(name: str, tmp_path: Path) -> None:
    families = pytest.importorskip("boxmot.reid.backbones.families.osnet")
    build = getattr(families, f"osnet_{name}".replace("-", "_").replace(".", "_"))
    torch.manual_seed(0)
    theirs = build(num_classes=7, pretrained=False, loss="softmax").train()
    with torch.no_grad():
        theirs(torch.randn(8, 3, *SIZE))  # statistics that are not those of a new norm
        for part in theirs.modules():
            if isinstance(part, nn.BatchNorm2d | nn.InstanceNorm2d | nn.BatchNorm1d):
                part.weight.uniform_(0.5, 1.5)
                part.bias.normal_(std=0.1)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    spec = ModelSpec(f"osnet-{name}", "bot", SIZE, weights=str(tmp_path / "theirs.pt"), head_options=BEFORE)
    ours = build_model(spec, 4).eval()
    with torch.no_grad():
        expected = theirs.eval()(images())
        torch.testing.assert_close(ours.embed(images()), expected, rtol=1e-4, atol=1e-5)
    assert ours.loaded is not None
    assert (ours.loaded.share, ours.loaded.missing) == (1.0, ())
    assert {key.split(".")[0] for key in ours.loaded.unexpected} == {"classifier"}
