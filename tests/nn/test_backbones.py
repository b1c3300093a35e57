"""Every backbone of the table, and timm's: stem and tail together equal the whole network."""

from __future__ import annotations

from typing import Any

import pytest
import timm
import torch
from torch import nn

from agreid_cli.errors import InputError
from agreid_cli.nn.backbones import BACKBONES, make_backbone
from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.heads import HEADS
from agreid_cli.nn.model import build_model
from agreid_cli.nn.spec import ModelSpec
from agreid_cli.nn.tables import part

SIZE = (64, 32)
SMALL = ["osnet-x0.25", "osnet-x1.0", "mobilenetv2"]


def images(size: tuple[int, int] = SIZE) -> torch.Tensor:
    return torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))


def keeps_its_contract(backbone: Backbone, size: tuple[int, int] = SIZE) -> None:
    backbone.eval()
    tail = backbone.make_tail(stride=1).eval()
    with torch.no_grad():
        features = tail(backbone.stem(images(size)))
    assert features.grid.shape[:2] == (2, backbone.channels)
    assert min(features.grid.shape[2:]) >= 1
    assert set(features.tokens) == ({"class"} if backbone.traits.has_token else set())
    for token in features.tokens.values():
        assert token.shape == (2, backbone.channels)
    if backbone.traits.nonnegative:
        assert features.grid.min() >= 0
    assert len(backbone.mean) == len(backbone.std) == 3
    assert all(0 < x < 1 for x in (*backbone.mean, *backbone.std))
    assert {name.split(".")[0] for name, _ in backbone.named_parameters()} <= {"stem"}


@pytest.mark.parametrize("table", [BACKBONES, HEADS], ids=["backbones", "heads"])
def test_every_entry_of_a_table_is_there(table: dict[str, str]) -> None:
    for name in table:
        assert callable(part(table, name, what="part"))


@pytest.mark.parametrize("name", SMALL)
def test_small_backbones_keep_the_contract(name: str) -> None:
    keeps_its_contract(make_backbone(name, size=SIZE))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in BACKBONES if name not in SMALL])
def test_large_backbones_keep_the_contract(name: str) -> None:
    backbone = make_backbone(name, size=SIZE)
    keeps_its_contract(backbone)
    with torch.no_grad():
        assert backbone.make_tail()(backbone.stem(images())).grid.shape[2:] == (4, 2)


@pytest.mark.parametrize("name", ["test_vit", "test_vit4", "eva02_tiny_patch14_224", "resnet18", "resnet10t"])
def test_a_cut_network_sees_what_timm_sees(name: str) -> None:
    torch.manual_seed(0)
    size = (56, 28) if "patch14" in name else SIZE
    options: dict[str, Any] = {} if name.startswith("res") else {"img_size": size}
    whole = timm.create_model(name, num_classes=0, **options).eval()
    backbone = make_backbone(f"timm:{name}", size=size, **({"last_stride": 2} if not options else {})).eval()
    state = whole.state_dict()
    for key, tensor in backbone.named_weights().items():
        tensor.copy_(state[key])
    assert set(state) == set(backbone.named_weights())
    tail = backbone.make_tail().eval()
    with torch.no_grad():
        expected = whole.forward_features(images(size))
        found = tail(backbone.stem(images(size)))
        if expected.dim() == 3:  # a network made for average pooling keeps its last norm behind that
            expected = whole.fc_norm(expected)
    if expected.dim() == 3:
        if whole.cls_token is not None:
            torch.testing.assert_close(found.tokens["class"], expected[:, 0])
        expected = expected[:, whole.num_prefix_tokens :].transpose(1, 2).reshape(found.grid.shape)
    torch.testing.assert_close(found.grid, expected)
    assert any(True for _ in backbone.stem.parameters())


@pytest.mark.parametrize("name", ["test_convnext", "test_efficientnet", "test_vit3"])
def test_networks_of_another_build_work_too(name: str) -> None:
    keeps_its_contract(make_backbone(f"timm:{name}", size=SIZE))


def test_last_stride_one_keeps_four_times_the_places() -> None:
    coarse = make_backbone("timm:test_resnet", size=SIZE, last_stride=2).eval()
    hidden = coarse.stem(images())
    assert coarse.make_tail()(hidden).grid.shape[2:] == (2, 1)
    assert coarse.make_tail(stride=1)(hidden).grid.shape[2:] == (4, 2)
    # A network with average pools in its shortcuts ("ResNet-D") strides elsewhere.
    fine = make_backbone("timm:resnet10t", size=SIZE, last_stride=1).eval()
    assert fine.make_tail()(fine.stem(images())).grid.shape[2:] == (4, 2)


@pytest.mark.slow
def test_non_local_blocks_start_as_the_identity_and_sit_where_the_recipe_says() -> None:
    torch.manual_seed(0)
    plain = make_backbone("resnet50", size=SIZE).eval()
    with_blocks = make_backbone("resnet50", size=SIZE, non_local=True).eval()
    state = with_blocks.named_weights()
    for key, tensor in plain.named_weights().items():
        state[key].copy_(tensor)
    added = {name.split(".")[0] + "." + name.split(".")[1] for name in state if "non_local" in name}
    behind = {"layer2": (2, 3), "layer3": (3, 4, 5)}
    assert added == {f"{layer}.non_local{i}" for layer, blocks in behind.items() for i in blocks}
    with torch.no_grad():
        a = plain.make_tail().eval()(plain.stem(images())).grid
        b = with_blocks.make_tail().eval()(with_blocks.stem(images())).grid
    torch.testing.assert_close(a, b)


def test_a_non_local_block_is_the_sum_over_all_places() -> None:
    from agreid_cli.nn.backbones.non_local import NonLocal

    torch.manual_seed(0)
    block = NonLocal(3, inner=2).eval()
    nn.init.constant_(block.bn.weight, 0.7)
    x = torch.randn(2, 3, 2, 2)
    with torch.no_grad():
        theta, phi, g = (conv(x) for conv in (block.theta, block.phi, block.g))
        y = torch.zeros(2, 2, 2, 2)
        for b in range(2):
            for i in range(4):
                for j in range(4):
                    weight = sum(theta[b, c].flatten()[i] * phi[b, c].flatten()[j] for c in range(2)) / 4
                    for c in range(2):
                        y[b, c].view(-1)[i] += weight * g[b, c].flatten()[j]
        expected = x + block.bn(block.out(y))
        torch.testing.assert_close(block(x), expected)


@pytest.mark.slow
def test_ibn_halves_the_first_norm_of_three_layers() -> None:
    backbone = make_backbone("resnet50", size=SIZE, ibn=True)
    instance = [n for n in backbone.named_weights() if n.endswith(".IN.weight")]
    assert len(instance) == 3 + 4 + 6
    assert all(".bn1." in name and not name.startswith("layer4") for name in instance)
    keeps_its_contract(backbone)


def test_mobilenetv2_is_that_of_timm_up_to_its_last_convolution() -> None:
    whole = timm.create_model("mobilenetv2_100", num_classes=0).eval()
    backbone = make_backbone("mobilenetv2", size=SIZE, last_stride=2).eval()
    whole.load_state_dict(backbone.named_weights(), strict=False)
    assert set(backbone.named_weights()) == {
        name for name in whole.state_dict() if not name.startswith(("conv_head", "bn2"))
    }
    with torch.no_grad():
        expected = whole.blocks(whole.bn1(whole.conv_stem(images())))
        tail, finer = backbone.make_tail().eval(), backbone.make_tail(stride=1).eval()
        torch.testing.assert_close(tail(backbone.stem(images())).grid, expected)
        assert finer(backbone.stem(images())).grid.shape[2:] == (4, 2)


@pytest.mark.slow
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("backbone", ["resnet50", "vit-b16", "osnet-x1.0", "mobilenetv2"])
def test_every_head_works_on_every_backbone(backbone: str, head: str) -> None:
    torch.manual_seed(0)
    model = build_model(ModelSpec(backbone, head, SIZE), 3).train()
    out = model(torch.randn(4, 3, *SIZE), labels=torch.tensor([0, 0, 1, 1]))
    assert out.embedding.shape == (4, 2048 if head == "mgn" else model.backbone.channels)
    (sum(x.values.sum() for x in out.logits) + sum(x.values.pow(2).sum() for x in out.metric)).backward()
    without = {n for n, p in model.named_parameters() if p.requires_grad and p.grad is None}
    # The class token's last output is not pooled, but the token itself takes part in every attention.
    assert without == set()
    kinds = {m.kind for m in model.modules() if hasattr(m, "kind")}
    signed = backbone in ("vit-b16", "mobilenetv2")
    assert kinds == ({"avg"} if head == "bot" or signed else {"gem"})


@pytest.mark.parametrize("pooling", ["avg", "token"])
def test_a_transformer_pools_patches_or_takes_its_token(pooling: str) -> None:
    model = build_model(ModelSpec("timm:test_vit", "bot", SIZE, pooling=pooling), 3).eval()
    with torch.no_grad():
        features = model.head.tail(model.backbone.stem(images()))
        vector = model(images()).metric[0].values
    expected = features.tokens["class"] if pooling == "token" else features.grid.mean((2, 3))
    torch.testing.assert_close(vector, expected)


def test_gem_on_signed_features_is_refused_by_the_head_too() -> None:
    with pytest.raises(InputError, match="may be negative"):
        build_model(ModelSpec("timm:test_vit", "sbs", SIZE, pooling="gem"), 3)


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("timm:resnet5O", SIZE, "did you mean 'resnet"),
        ("timm:test_vit", (60, 32), "do not divide 60 × 32"),
        ("vit-s16", (256, 120), "such as 256 × 128"),
    ],
)
def test_what_cannot_be_built_is_said_in_words(name: str, size: tuple[int, int], words: str) -> None:
    with pytest.raises(InputError) as caught:
        make_backbone(name, size=size)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["osnet-x0.25", "timm:resnet10t"])
def test_channels_last_changes_nothing_but_the_order_in_memory(name: str) -> None:
    torch.manual_seed(0)
    model = build_model(ModelSpec(name, "bot", SIZE), 3).eval()
    with torch.no_grad():
        expected = model.embed(images())
        model = model.to(memory_format=torch.channels_last)
        ordered = images().contiguous(memory_format=torch.channels_last)
        hidden = model.backbone.stem(ordered)
        assert hidden.is_contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(model.embed(ordered), expected, rtol=1e-4, atol=1e-4)


def test_a_transformer_is_cut_after_half_of_its_blocks_and_its_registers_are_no_places() -> None:
    from timm.models.vision_transformer import VisionTransformer

    from agreid_cli.nn.backbones import vit

    torch.manual_seed(0)
    net = VisionTransformer(img_size=SIZE, embed_dim=16, depth=4, num_heads=2, num_classes=0, reg_tokens=2)
    net.pretrained_cfg = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
    with torch.no_grad():
        tokens = net.eval().forward_features(images())
    backbone = vit.cut(net, pretrained=None).eval()
    tail = backbone.make_tail().eval()
    with torch.no_grad():
        features = tail(backbone.stem(images()))
    assert len(backbone.stem.net.blocks) == len(tail.blocks) == 2
    assert features.grid.shape == (2, 16, 4, 2)
    torch.testing.assert_close(features.grid.flatten(2).transpose(1, 2), tokens[:, 3:])
    torch.testing.assert_close(features.tokens["class"], tokens[:, 0])
