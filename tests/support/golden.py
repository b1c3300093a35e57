"""Values computed with the authors' code of the view-aware methods, and networks of the same sizes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from agreid_cli.nn import schemes
from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.backbones.tokens import Additions, cut
from agreid_cli.nn.heads.clip_reid import ClipReidHead
from agreid_cli.nn.heads.secap import SecapHead
from agreid_cli.nn.heads.transreid import TransReidHead
from agreid_cli.nn.heads.view_free import VdtHead
from agreid_cli.nn.model import ReidModel
from agreid_cli.nn.published import Scheme, load_published
from agreid_cli.nn.tokens.side_table import SideTable
from agreid_cli.nn.tokens.text import Descriptions, TextTower, text_network
from agreid_cli.records.side import Side
from agreid_cli.training.batch import Batch
from agreid_cli.training.objective import Losses, Objective
from agreid_cli.training.terms import make_term

#: The limit of the golden numbers' own page: relative to the largest value of each array.
TOLERANCE = 1e-8
SIE = {"camera": "camera", "view": "view", "camera x view": "camera-view"}
SCHEMES = {
    "transreid": schemes.TRANSREID, "vdt": schemes.VDT, "secap": schemes.SECAP, "clipreid": schemes.CLIP_REID,
}  # fmt: skip


def folder() -> Path | None:
    """Where the numbers lie: AGREID_GOLDEN, else beside the checkout; None where there are none."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "golden"
    place = Path(os.environ.get("AGREID_GOLDEN") or beside)
    return place if place.is_dir() else None


def networks() -> list[Path]:
    """The files of whole networks; those of single functions begin with units_."""
    place = folder()
    return [p for p in sorted(place.glob("*.npz")) if not p.name.startswith("units_")] if place else []


def deviation(ours: Any, theirs: Any) -> float:
    """max|a − b| / max|b|; max|a| where b is zero all over, which must then be below 1e-12."""
    a, b = (np.asarray(x.detach() if isinstance(x, Tensor) else x, np.float64) for x in (ours, theirs))
    assert a.shape == b.shape, (a.shape, b.shape)
    largest = float(np.abs(b).max(initial=0))
    if largest < 1e-12:
        return float(np.abs(a).max(initial=0)) / 1e-12 * TOLERANCE
    return float(np.abs(a - b).max()) / largest


@dataclass
class Golden:
    """One file: its arrays, its sizes, and our network with its weights, in double precision."""

    arrays: dict[str, np.ndarray]
    meta: dict[str, Any]
    method: str
    model: ReidModel
    scheme: Scheme
    names: dict[str, str]  # published name → ours

    def part(self, prefix: str) -> dict[str, np.ndarray]:
        """The arrays under `prefix`/, by the rest of their names."""
        return {k.removeprefix(f"{prefix}/"): v for k, v in self.arrays.items() if k.startswith(f"{prefix}/")}

    def tensors(self, prefix: str) -> dict[str, Tensor]:
        """The same as tensors, named as the scheme translates them."""
        return self.scheme.prepare({k: torch.from_numpy(v) for k, v in self.part(prefix).items()})

    @property
    def side(self) -> Side:
        """VDT and SeCap number the views the other way round: 1 is aerial there."""
        cams, views = (torch.from_numpy(self.arrays[f"in/{name}"]) for name in ("cams", "views"))
        return Side(cams, 1 - views if self.method in ("vdt", "secap") else views)

    @property
    def images(self) -> Tensor:
        return torch.from_numpy(self.arrays["in/images"])

    @property
    def labels(self) -> Tensor:
        return torch.from_numpy(self.arrays["in/labels"])

    def losses(self) -> Losses:
        """Of the whole batch in training mode."""
        batch = Batch(self.images, self.labels, self.labels, self.side, None, self.labels)
        found: Losses = Objective(terms(self.method, self.meta)).double()(self.model, batch)
        return found


def read(path: Path) -> Golden:
    """The file, and the network that it describes."""
    stored = np.load(path)
    arrays = {name: stored[name] for name in stored.files}
    meta = json.loads(str(arrays.pop("meta/json")))
    method = meta["variant"].split("_")[0]
    model = network(method, meta, arrays).double()
    scheme = SCHEMES[method]
    state = {k[2:]: torch.from_numpy(v) for k, v in arrays.items() if k.startswith("w/")}
    load_published(model, state, scheme, source=path.name, grid=tuple(meta["grid"]))
    names = dict(scheme.translated(scheme.prepare(state), model.state_dict()))
    if method == "clipreid" and "base" not in meta["variant"]:
        with torch.no_grad():
            descriptions, tower = text_side(state, meta)
            texts = tower(descriptions(torch.arange(meta["identities"])), descriptions.end)
            model.head.descriptions.copy_(texts)
    return Golden(arrays, meta, method, model, scheme, names)


def network(method: str, meta: dict[str, Any], arrays: dict[str, np.ndarray]) -> ReidModel:
    """Our network of these sizes, with random weights."""
    clip = method == "clipreid"
    table = None
    if meta["sie"] in SIE:
        table = SideTable(
            SIE[meta["sie"]], cameras=meta["cameras"], width=meta["width"], weight=meta["sie_lambda"],
            everywhere=not clip,
        )  # fmt: skip
    view = method in ("vdt", "secap")
    added = Additions(
        stride=meta["stride"], table=table, view_token=view, subtract=view, subtract_last=method == "vdt"
    )
    backbone = cut(transformer(meta, clip=clip), added, pretrained=None)
    return ReidModel(backbone, head(method, meta, arrays, backbone))


def head(method: str, meta: dict[str, Any], arrays: dict[str, np.ndarray], backbone: Backbone) -> nn.Module:
    n_ids = meta["identities"]
    if method == "transreid":
        return TransReidHead(backbone, n_ids=n_ids, jpm="jpm" in meta["variant"])
    if method == "vdt":
        return VdtHead(backbone, n_ids=n_ids)
    if method == "secap":
        return SecapHead(backbone, n_ids=n_ids, n_prompts=meta["prompts"])
    base = "base" in meta["variant"]
    width = arrays["w/image_encoder.proj"].shape[1]
    return ClipReidHead(backbone, n_ids=n_ids, width=width, text=not base, id_weight=1.0 if base else 0.25)


def transformer(meta: dict[str, Any], *, clip: bool) -> Any:
    """A timm transformer of these sizes."""
    from timm.layers import QuickGELU
    from timm.models.vision_transformer import VisionTransformer

    kind: dict[str, Any] = {"pre_norm": True, "act_layer": QuickGELU} if clip else {}
    net = VisionTransformer(
        img_size=tuple(meta["image"]), patch_size=meta["patch"], embed_dim=meta["width"], depth=meta["depth"],
        num_heads=meta["heads"], num_classes=0,
        norm_layer=partial(nn.LayerNorm, eps=1e-5 if clip else 1e-6), **kind,
    )  # fmt: skip
    net.pretrained_cfg = {"mean": (0.5,) * 3, "std": (0.5,) * 3}
    return net


def text_side(state: dict[str, Tensor], meta: dict[str, Any]) -> tuple[Descriptions, TextTower]:
    """The learned descriptions and the text tower of a CLIP-ReID file."""
    prefix, suffix = (state[f"prompt_learner.token_{name}"] for name in ("prefix", "suffix"))
    words = state["prompt_learner.cls_ctx"]
    descriptions = Descriptions(len(words), prefix, suffix, n_words=words.shape[1]).double()
    descriptions.words.data.copy_(words)
    own = {k.removeprefix("text_encoder."): v for k, v in state.items() if k.startswith("text_encoder.")}
    width, output = own["text_projection"].shape
    layers = 1 + max(int(k.split(".")[2]) for k in own if k.startswith("transformer.resblocks."))
    net = text_network(width=width, heads=meta["text_heads"], layers=layers, output=output).double()
    net.load_state_dict(own, strict=False)
    return descriptions, TextTower(net)


def terms(method: str, meta: dict[str, Any]) -> dict[str, tuple[float, nn.Module]]:
    """The loss terms as the method's file in training/methods has them."""

    def term(name: str, **options: Any) -> nn.Module:
        return make_term(name, options, n_ids=meta["identities"], width=meta["width"])

    if method == "transreid":
        return {
            "ce": (1.0, term("cross-entropy", smoothing=0.0)), "triplet": (1.0, term("triplet", kind="soft")),
        }  # fmt: skip
    if method == "clipreid":
        return {
            "ce": (1.0, term("cross-entropy", smoothing=meta["label_smoothing"], spread="all")),
            "triplet": (1.0, term("triplet", kind="margin", margin=meta["triplet_margin"])),
        }
    return {
        "ce": (1.0, term("cross-entropy", smoothing=meta["ce_epsilon"], skip_saturated=True)),
        "triplet": (1.0, term("triplet", kind="soft", overflow_margin=0.3)),
        "view": (meta["view_lambda"], term("view", skip_saturated=True)),
        "orthogonality": (meta["view_lambda"], term("orthogonality")),
    }
