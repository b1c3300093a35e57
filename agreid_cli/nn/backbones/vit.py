"""Vision transformers of timm: stem of patch embedding and the first half of the blocks, tails of the rest.

The second stream shares the stem (6 of 12 blocks, as ResNet shares 7 of 16; method.md §1.10).
"""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, nn

from agreid_cli.errors import InputError
from agreid_cli.nn.backbones.backbone import Backbone, Tail, Traits
from agreid_cli.nn.backbones.non_local import named_sequence
from agreid_cli.nn.outputs import CLASS_TOKEN, FeatureMap

#: Backbone → timm's name of the network with its usual weights.
PRETRAINED = {
    "vit-b16": "vit_base_patch16_224.orig_in21k_ft_in1k",
    "vit-s16": "vit_small_patch16_224.augreg_in21k_ft_in1k",
}


class TokenStem(nn.Module):
    """Images to tokens B×N×C: timm's own forward on a network cut after its first blocks."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net: Any = net

    def forward(self, images: Tensor) -> Tensor:
        tokens: Tensor = self.net.forward_features(images)
        return tokens


class TokenTail(Tail):
    """The remaining blocks and the last norm. The grid consists of patch tokens after the norm: it is
    signed."""

    def __init__(self, net: Any, *, first: int) -> None:
        super().__init__()
        self.blocks = named_sequence({str(i): b for i, b in enumerate(net.blocks) if i >= first})
        self.norm = net.norm
        # Networks built for average pooling have their last norm after pooling; here it is before.
        self.fc_norm = net.fc_norm if isinstance(net.norm, nn.Identity) else nn.Identity()
        self.rope = copy.deepcopy(getattr(net, "rope", None))
        self.rows_columns: tuple[int, int] = net.patch_embed.grid_size
        self.prefix_tokens = int(net.num_prefix_tokens)
        self.has_token = getattr(net, "cls_token", None) is not None

    def forward(self, hidden: Tensor) -> FeatureMap:
        tokens = hidden
        if self.rope is None:
            tokens = self.blocks(tokens)
        else:
            angles = self.rope.get_embed(shape=self.rows_columns)
            for block in self.blocks:
                tokens = block(tokens, rope=angles)
        tokens = self.fc_norm(self.norm(tokens))
        grid = tokens[:, self.prefix_tokens :].transpose(1, 2).unflatten(2, self.rows_columns)
        return FeatureMap(grid, {CLASS_TOKEN: tokens[:, 0]} if self.has_token else {})


def vit_b16(*, size: tuple[int, int], drop_path: float = 0.0) -> Backbone:
    """ViT-B/16, pretrained on ImageNet-21k and tuned on 1k; 768 channels, 86 M parameters."""
    return _vit(PRETRAINED["vit-b16"], size=size, drop_path=drop_path)


def vit_s16(*, size: tuple[int, int], drop_path: float = 0.0) -> Backbone:
    """ViT-S/16, pretrained on ImageNet-21k and tuned on 1k; 384 channels, 22 M parameters."""
    return _vit(PRETRAINED["vit-s16"], size=size, drop_path=drop_path)


def can_cut(net: Any) -> bool:
    """Whether the blocks of a timm network run sequentially on tokens, so that they can be divided.

    Networks with rotary embeddings learnt per block are not divided.
    """
    from timm.models.eva import Eva
    from timm.models.vision_transformer import VisionTransformer

    return type(net) in (VisionTransformer, Eva) and not getattr(net, "rope_mixed", False)


def cut(net: Any, *, pretrained: str | None) -> Backbone:
    """A backbone from a timm transformer for which `can_cut` holds, cut after half of its blocks."""
    half = len(net.blocks) // 2
    tail = TokenTail(net, first=half)
    config = net.pretrained_cfg
    traits = Traits(net.embed_dim, False, config["mean"], config["std"], pretrained, has_token=tail.has_token)
    net.blocks = net.blocks[:half]
    net.norm = nn.Identity()
    for name in ("fc_norm", "head_drop", "head", "attn_pool"):
        if isinstance(getattr(net, name, None), nn.Module):
            setattr(net, name, nn.Identity())
    return Backbone(TokenStem(net), tail, traits)


def check_size(size: tuple[int, int], patch: int, *, name: str) -> None:
    """`InputError` if a side of the image is not a multiple of the patch size, because pixels would be
    lost."""
    if any(side < patch or side % patch for side in size):
        near = " × ".join(str(max(patch, round(side / patch) * patch)) for side in size)
        raise InputError(
            f"{name} uses patches of {patch} × {patch} pixels, which do not divide {size[0]} × {size[1]}",
            hint=f"Set the image size to multiples of {patch}, such as {near}.",
        )


def _vit(name: str, *, size: tuple[int, int], drop_path: float) -> Backbone:
    import timm

    check_size(size, 16, name=name)
    net = timm.create_model(name, pretrained=False, num_classes=0, img_size=size, drop_path_rate=drop_path)
    return cut(net, pretrained=name)
