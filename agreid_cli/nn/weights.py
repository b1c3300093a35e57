"""Load pretrained weights into a backbone, and report what was loaded.

Mismatches are refused: with a file of another network, training would silently start from random weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from agreid_cli.errors import InputError, MissingError, Problem
from agreid_cli.nn import shipped
from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.fc import fc_width
from agreid_cli.nn.hub import from_timm
from agreid_cli.nn.installed import from_package, source_of
from agreid_cli.nn.positions import resized_positions
from agreid_cli.nn.weight_files import published_names, read_weights

NONE = "none"
#: The default weights of the backbone: from an installed package, else from timm's cache, else from its hub.
PRETRAINED = ("imagenet", "pretrained")
#: A file with less than this fraction of the backbone's parameters belongs to another network.
ENOUGH = 0.9
EXAMPLES = 5


@dataclass(frozen=True)
class WeightReport:
    """Names by outcome; `share` 0..1 is the fraction of the backbone's parameters that were loaded.

    missing: in the backbone, not in the file. unexpected: in the file, not in the backbone (a classifier).
    misshapen: in both, with different shapes. resized: position embeddings brought to this image size.
    """

    source: str
    share: float = 0.0
    loaded: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    misshapen: tuple[str, ...] = ()
    resized: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        """One line for the console."""
        if self.source == NONE:
            return "weights: none; the network is randomly initialised, which costs accuracy"
        parts = [f"{len(self.loaded)} loaded ({self.share:.1%} of the backbone)"]
        for what in ("missing", "unexpected", "misshapen", "resized"):
            if names := getattr(self, what):
                parts.append(f"{len(names)} {what} ({_some(names)})")
        return f"weights: {self.source}: {', '.join(parts)}"


def load_pretrained(backbone: Backbone, source: str, *, find_fc: bool = False) -> WeightReport:
    """Load weights in place: "none", "imagenet" (the backbone's default weights), "shipped", or a path.

    find_fc: add to the backbone the fully connected layer that the file has after pooling, if any.
    Raises `MissingError` if they are not available, `InputError` if they are not this network's.
    """
    if source == NONE:
        return WeightReport(NONE, missing=tuple(backbone.named_weights()))
    if source == shipped.NAME:
        return copy_matching(backbone, shipped.shipped_weights(), source=shipped.SOURCE)
    if source in PRETRAINED:
        name = backbone.traits.pretrained
        if name is None:
            raise MissingError(
                "no library has pretrained weights for this backbone",
                hint="Give a file (model.weights=PATH), or use random initialisation (model.weights=none).",
            )
        if (state := from_package(name)) is not None:
            return copy_matching(backbone, state, source=source_of(name))
        return copy_matching(backbone, from_timm(name), source=f"timm {name}")
    return copy_matching(backbone, read_weights(Path(source)), source=source, find_fc=find_fc)


def copy_matching(
    backbone: Backbone, state: Mapping[str, Tensor], *, source: str, find_fc: bool = False
) -> WeightReport:
    """Copy what fits of `state` into the backbone; `InputError` if that is less than `ENOUGH`."""
    wanted = backbone.named_weights()
    found = published_names(state, wanted)
    if find_fc and (width := fc_width(found, backbone.channels)):
        backbone.add_fc(width)
        wanted = backbone.named_weights()
    resized = resized_positions(
        found, wanted, prefix_tokens=_prefix_tokens(wanted), grid=backbone.traits.grid
    )
    found = {**found, **resized}
    fits = {k: v for k, v in found.items() if k in wanted and v.shape == wanted[k].shape}
    # Running statistics and counters are not parameters, but a norm without them does not count as loaded.
    total = sum(tensor.numel() for tensor in wanted.values())
    report = WeightReport(
        source,
        share=sum(tensor.numel() for tensor in fits.values()) / max(total, 1),
        loaded=tuple(fits),
        missing=tuple(name for name in wanted if name not in found),
        unexpected=tuple(name for name in found if name not in wanted),
        misshapen=tuple(name for name in found if name in wanted and name not in fits),
        resized=tuple(resized),
    )
    if report.share < ENOUGH:
        raise _mismatch(report, found, wanted)
    with torch.no_grad():
        for name, tensor in fits.items():
            wanted[name].copy_(tensor)
    return report


def _mismatch(report: WeightReport, found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> InputError:
    problems = [
        Problem("", f"{len(names)} {what}, such as {_some(names)}")
        for what, names in (("missing", report.missing), ("unexpected", report.unexpected))
        if names
    ]
    for name in report.misshapen[:EXAMPLES]:
        shapes = f"{tuple(found[name].shape)} in the file, {tuple(wanted[name].shape)} in the backbone"
        problems.append(Problem(name, shapes))
    return InputError(
        f"{report.source} has only {report.share:.1%} of this backbone's weights, so nothing was loaded",
        problems=problems,
        hint="Check model.backbone against the file, or set model.weights=none for random initialisation.",
    )


def _prefix_tokens(wanted: Mapping[str, Tensor]) -> int:
    return sum(wanted[name].shape[1] for name in ("cls_token", "reg_token") if name in wanted)


def _some(names: tuple[str, ...]) -> str:
    more = ", …" if len(names) > EXAMPLES else ""
    return ", ".join(names[:EXAMPLES]) + more
