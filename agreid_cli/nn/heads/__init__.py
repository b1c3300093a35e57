"""The table of heads. Importing it does not load torch.

A head owns its tails: `head(hidden, labels=None) -> HeadOutput`. It weights its own logits and metric
features; the loss is their weighted sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from agreid_cli.nn.backbones.backbone import Backbone

HEADS = {
    "bot": "agreid_cli.nn.heads.single:bot",
    "sbs": "agreid_cli.nn.heads.single:sbs",
    "mgn": "agreid_cli.nn.heads.mgn:mgn",
}
#: Heads that use the backbone's fully connected layer after pooling, if there is one.
FC_HEADS = ("bot", "sbs")


def make_head(name: str, backbone: Backbone, *, n_ids: int, **options: Any) -> nn.Module:
    """A head on a backbone, with classifiers for `n_ids` identities.

    Raises `InputError` for an unknown name or option, or a pooling that the backbone does not allow.
    """
    from agreid_cli.nn.tables import check_options, part

    make = part(HEADS, name, what="head")
    check_options(make, options, what=f"the head {name}")
    head: nn.Module = make(backbone, n_ids=n_ids, **options)
    return head
