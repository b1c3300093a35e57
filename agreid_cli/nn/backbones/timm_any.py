"""Any timm network by name: divided if its structure is known, else used as a tail as a whole."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from agreid_cli.errors import InputError, did_you_mean
from agreid_cli.nn.backbones import resnet, vit
from agreid_cli.nn.backbones.backbone import Backbone, Tail, Traits
from agreid_cli.nn.outputs import CLASS_TOKEN, FeatureMap


class WholeTail(Tail):
    """A network that is not divided: its stem is the identity, and every tail is a full copy.

    This is correct but expensive: MGN runs it three times, and the explainable stream shares no layers.
    `layout`: "NCHW", "NHWC" or "NLC", the order of the network's feature dimensions.
    """

    def __init__(self, net: Any, *, layout: str, rows_columns: tuple[int, int], prefix: int) -> None:
        super().__init__()
        self.net: Any = net
        self.layout = layout
        self.rows_columns = rows_columns
        self.prefix = prefix
        self.has_token = prefix > 0 and getattr(net, "cls_token", None) is not None

    def forward(self, hidden: Tensor) -> FeatureMap:
        features: Tensor = self.net.forward_features(hidden)
        if self.layout == "NCHW":
            return FeatureMap(features)
        if self.layout == "NHWC":
            return FeatureMap(features.permute(0, 3, 1, 2))
        grid = features[:, self.prefix :].transpose(1, 2).unflatten(2, self.rows_columns)
        return FeatureMap(grid, {CLASS_TOKEN: features[:, 0]} if self.has_token else {})


def timm_any(name: str, *, size: tuple[int, int], drop_path: float = 0.0, last_stride: int = 1) -> Backbone:
    """The timm network `name` ("vit_small_patch14_dinov2.lvd142m"), randomly initialised.

    last_stride: for networks with the structure of ResNet; others are unchanged. Raises `InputError` for a
    name unknown to timm and a size that the network does not accept.
    """
    net = create(name, size, drop_path)
    if type(net).__module__ == "timm.models.resnet":
        return resnet.cut(net, last_stride=last_stride, pretrained=name)
    if vit.can_cut(net):
        vit.check_size(size, net.patch_embed.patch_size[0], name=name)
        return vit.cut(net, pretrained=name)
    return _uncut(net, size, name)


def create(name: str, size: tuple[int, int], drop_path: float) -> Any:
    """The network of timm, for images of this size, without a classifier; `InputError` where timm refuses."""
    import timm

    if not timm.is_model(name):
        choices = timm.list_models(f"*{name.split('_')[0].split('.')[0]}*") or ["resnet50"]
        raise InputError(f"timm has no network '{name}'{did_you_mean(name, choices[:2000])}")
    options = {"img_size": size, "drop_path_rate": drop_path}
    # The only way to know which of these a network accepts is to try: convolutions take no image size.
    for keys in (("img_size", "drop_path_rate"), ("drop_path_rate",), ("img_size",), ()):
        try:
            return timm.create_model(
                name, pretrained=False, num_classes=0, **{key: options[key] for key in keys}
            )
        except TypeError as error:
            if not keys:
                raise InputError(f"timm cannot build '{name}' here: {error}") from error
        except (AssertionError, ValueError, RuntimeError) as error:
            raise InputError(
                f"timm cannot build '{name}' for images of {size[0]} × {size[1]}: {error}",
                hint="Choose another image size or another network.",
            ) from error
    raise AssertionError("unreachable")


def _uncut(net: Any, size: tuple[int, int], name: str) -> Backbone:
    features = _probe(net, size, name)
    channels = int(net.num_features)
    prefix, rows_columns = 0, (0, 0)
    if features.dim() == 4:
        layout = "NCHW" if features.shape[1] == channels else "NHWC"
    else:
        layout = "NLC"
        prefix = int(getattr(net, "num_prefix_tokens", 0))
        rows_columns = _rows_columns(features.shape[1] - prefix, size, name)
    channels = features.shape[{"NCHW": 1, "NHWC": 3, "NLC": 2}[layout]]
    tail = WholeTail(net, layout=layout, rows_columns=rows_columns, prefix=prefix)
    config = net.pretrained_cfg
    traits = Traits(channels, False, config["mean"], config["std"], name, has_token=tail.has_token)
    return Backbone(nn.Identity(), tail, traits)


def _probe(net: Any, size: tuple[int, int], name: str) -> Tensor:
    """The features of a grey image."""
    training = net.training
    try:
        with torch.no_grad():
            features: Any = net.eval().forward_features(torch.zeros(1, 3, *size))
    except (AssertionError, ValueError, RuntimeError) as error:
        raise InputError(
            f"'{name}' does not accept images of {size[0]} × {size[1]}: {str(error).splitlines()[0]}",
            hint="Choose another image size or another network.",
        ) from error
    net.train(training)
    if not isinstance(features, Tensor) or features.dim() not in (3, 4):
        raise InputError(f"'{name}' gives no feature map, so it cannot be a backbone")
    return features


def _rows_columns(places: int, size: tuple[int, int], name: str) -> tuple[int, int]:
    rows = round(math.sqrt(places * size[0] / size[1]))
    if rows < 1 or places % rows:
        raise InputError(
            f"'{name}' gives {places} tokens, which do not form a grid for {size[0]} × {size[1]}"
        )
    return rows, places // rows
