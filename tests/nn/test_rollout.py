"""Attention rollout against the product written out, and for networks with tokens of their own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from agreid_cli.errors import InputError
from agreid_cli.nn.backbones.tokens import Additions, token_backbone
from agreid_cli.nn.heads.secap import SecapHead
from agreid_cli.nn.heads.transreid import TransReidHead
from agreid_cli.nn.heads.view_free import VdtHead
from agreid_cli.nn.model import ReidModel, build_model
from agreid_cli.nn.rollout import rollout
from agreid_cli.nn.spec import ModelSpec

NAME, SIZE = "timm:vit_tiny_patch16_224", (64, 32)


def made(kind: str) -> ReidModel:
    torch.manual_seed(0)
    if kind == "plain":
        return build_model(ModelSpec(NAME, "bot", SIZE, pooling="token"), 2).eval()
    view = kind in ("vdt", "secap")
    backbone = token_backbone(NAME, size=SIZE, added=Additions(view_token=view, subtract=view))
    heads: dict[str, Any] = {
        "transreid": lambda: TransReidHead(backbone, n_ids=2), "vdt": lambda: VdtHead(backbone, n_ids=2),
        "secap": lambda: SecapHead(backbone, n_ids=2, n_prompts=2),
    }  # fmt: skip
    return ReidModel(backbone, heads[kind]()).eval()


@pytest.mark.parametrize("kind", ["plain", "transreid", "vdt", "secap"])
def test_the_map_lies_on_the_patches_and_sums_to_one(kind: str) -> None:
    model = made(kind)
    found = rollout(model, torch.randn(2, 3, *SIZE))
    assert found.shape == (2, 4, 2)
    assert (found >= 0).all()
    torch.testing.assert_close(found.sum((1, 2)), torch.ones(2))


def test_it_is_the_product_of_the_blocks() -> None:
    model = made("plain")
    images = torch.randn(1, 3, *SIZE)
    blocks: list[Any] = [*model.backbone.stem.net.blocks, *model.head.tail.blocks]
    given: list[Tensor] = []
    handles = [b.register_forward_hook(lambda _, x, __: given.append(x[0])) for b in blocks]
    with torch.no_grad():
        model.embed(images)
    for handle in handles:
        handle.remove()
    flow = torch.eye(9)
    for block, tokens in zip(blocks, given, strict=True):
        with torch.no_grad():
            q, k, _ = block.attn.qkv(block.norm1(tokens)).unflatten(-1, (3, 3, 64)).permute(2, 0, 3, 1, 4)
            attention = (q @ k.transpose(-1, -2) / 8).softmax(-1).mean(1)[0]
        flow = (attention + torch.eye(9)) / 2 @ flow
    wanted = flow[0, 1:] / flow[0, 1:].sum()
    torch.testing.assert_close(rollout(model, images)[0].flatten(), wanted, rtol=1e-4, atol=1e-6)


def test_a_convolutional_network_is_refused() -> None:
    model = build_model(ModelSpec("osnet-x0.25", "bot", SIZE), 2)
    with pytest.raises(InputError, match="no transformer blocks"):
        rollout(model, torch.zeros(1, 3, *SIZE))
