"""The table of backbones. Importing it does not load torch.

A backbone is divided in two: `stem(images) -> hidden` has the early stages, and every `make_tail()` is a new
module `hidden -> FeatureMap` with its own copy of the late stages. BoT and SBS use one tail, MGN three, the
explainable stream its own; so every head works with every backbone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agreid_cli.nn.backbones.backbone import Backbone

BACKBONES = {
    "resnet50": "agreid_cli.nn.backbones.resnet:resnet50",
    "mobilenetv2": "agreid_cli.nn.backbones.mobilenet:mobilenetv2",
    "vit-b16": "agreid_cli.nn.backbones.vit:vit_b16",
    "vit-s16": "agreid_cli.nn.backbones.vit:vit_s16",
    "osnet-x1.0": "agreid_cli.nn.backbones.osnet:osnet_x1_0",
    "osnet-x0.75": "agreid_cli.nn.backbones.osnet:osnet_x0_75",
    "osnet-x0.5": "agreid_cli.nn.backbones.osnet:osnet_x0_5",
    "osnet-x0.25": "agreid_cli.nn.backbones.osnet:osnet_x0_25",
    "osnet-ibn-x1.0": "agreid_cli.nn.backbones.osnet:osnet_ibn_x1_0",
    "osnet-ain-x1.0": "agreid_cli.nn.backbones.osnet_ain:osnet_ain_x1_0",
    "osnet-ain-x0.75": "agreid_cli.nn.backbones.osnet_ain:osnet_ain_x0_75",
    "osnet-ain-x0.5": "agreid_cli.nn.backbones.osnet_ain:osnet_ain_x0_5",
    "osnet-ain-x0.25": "agreid_cli.nn.backbones.osnet_ain:osnet_ain_x0_25",
}
#: `timm:<any timm name>` is also a backbone.
TIMM = "timm:"


def make_backbone(name: str, *, size: tuple[int, int], **options: Any) -> Backbone:
    """A randomly initialised backbone for images of `size` (height, width) in pixels.

    Raises `InputError` for an unknown name, an unknown option, or a size that the network does not accept.
    """
    from agreid_cli.nn.tables import check_options, part

    if name.startswith(TIMM):
        from agreid_cli.nn.backbones.timm_any import timm_any

        check_options(timm_any, options, what=f"the backbone {name}")
        return timm_any(name.removeprefix(TIMM), size=size, **options)
    make = part(BACKBONES, name, what="backbone")
    check_options(make, options, what=f"the backbone {name}")
    backbone: Backbone = make(size=size, **options)
    return backbone
