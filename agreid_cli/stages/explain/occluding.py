"""Occlude the places of both crops of a pair in some order, and follow its distance or one part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from agreid_cli.metrics.explain.faithfulness import ranks_of_places
from agreid_cli.nn.contributions import contributions
from agreid_cli.nn.gradcam import grad_cam
from agreid_cli.nn.pooled import CrossDistances
from agreid_cli.stages.explain.shares import Sharing
from agreid_cli.stages.run.streams import OpenStream
from agreid_cli.training.embed import SidedCrops

Rows = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
#: Every order of places, and what is followed in it: the whole distance, the part of the attribute with the
#: largest share, or both.
FOLLOWED = {
    "contribution": ("whole", "part"),
    "attribute": ("whole", "part"),
    "random": ("whole", "part"),
    "mean": ("whole", "part"),
    "grad-cam": ("whole",),
    "contributions": ("whole",),
    "shares": ("whole",),
    "grad-cam-part": ("part",),
}


@dataclass(frozen=True)
class Occludable:
    """B pairs: the queries, then the gallery crops, so that both pass through the network at once.

    images: 2B×3×h×w. side: their side information. ranks: the order of places by each name, 2B×H×W. bit:
    that with the largest share of each pair, (2B,).
    """

    images: Tensor
    side: Any
    ranks: dict[str, Tensor]
    bit: Tensor


def occludable(
    opened: OpenStream,
    sharing: Sharing,
    crops: SidedCrops,
    query: Rows,
    gallery: Rows,
    rng: np.random.Generator,
) -> Occludable:
    """The crops `query` and `gallery` (B rows each) with every order of their places."""
    stream = opened.stream
    images, side, said = [], [], []
    for rows in (query, gallery):
        pixels = np.stack([crops.pixels[row : row + 1][0] for row in rows.tolist()])
        images.append(stream.encoder.images(pixels))
        side.append(crops.side.of(rows, stream.device))
        with torch.inference_mode():
            said.append(stream.model(images[-1], side[-1]))
    if sharing.name == "expected":
        sure = [sharing.probabilities(s.attributes.sigmoid().cpu().numpy()) for s in said]
        shares = sharing.of_pairs(*sure)
    else:
        parts = CrossDistances(said[0].vectors)(said[1].vectors).diagonal(dim1=1, dim2=2).T
        shares = (parts / parts.sum(1, keepdim=True)).cpu().numpy()
    largest = shares.argmax(axis=1)
    bit = torch.from_numpy(largest).to(stream.device)
    at = torch.arange(len(bit), device=bit.device)
    own = [one.maps.clone()[at, bit].unsqueeze(1) for one in said]
    pair, both = (images[0], images[1]), (side[0], side[1])
    cams = grad_cam(stream.model, *pair, both)
    of_part = grad_cam(stream.model, *pair, both, maps=(own[0], own[1]))
    one_bit = contributions(stream.model, *pair, both, maps=(own[0], own[1]))
    every = contributions(
        stream.model, *pair, both, maps=(said[0].maps.clone(), said[1].maps.clone()),
        shares=torch.from_numpy(shares).to(bit.device),
    )  # fmt: skip
    orders = []
    for nth, one in enumerate(said):
        maps = one.maps.cpu().numpy()
        orders.append({
            "contribution": one_bit[nth].cpu().numpy(),
            "attribute": maps[np.arange(len(maps)), largest],
            "random": rng.random(maps[:, 0].shape),
            "mean": maps.mean(axis=1),
            "grad-cam": cams[nth].cpu().numpy(),
            "contributions": every[nth].cpu().numpy(),
            "shares": np.einsum("bm,bmhw->bhw", shares, maps),
            "grad-cam-part": of_part[nth].cpu().numpy(),
        })  # fmt: skip
    ranks = {
        name: torch.from_numpy(np.concatenate([ranks_of_places(own[name]) for own in orders]))
        for name in orders[0]
    }
    return Occludable(
        torch.cat(images),
        crops.side.of(np.concatenate([query, gallery]), stream.device),
        {name: found.to(stream.device) for name, found in ranks.items()},
        bit.repeat(2),
    )


def curves(
    opened: OpenStream, pairs: Occludable, name: str, steps: npt.NDArray[np.int64]
) -> dict[str, Floats]:
    """What is followed → (2, B, steps): its fraction after deletion and after insertion of the first
    places."""
    follow = FOLLOWED[name]
    whole = _followed(opened, pairs, pairs.images, follow)
    found = {what: np.zeros((2, len(values), len(steps))) for what, values in whole.items()}
    for values in found.values():
        values[0, :, 0] = values[1, :, -1] = 1  # the ends are known: whole, or two equal grey images
    for at, n in enumerate(steps.tolist()[1:-1], start=1):
        for insertion in (0, 1):
            images = covered(pairs.images, pairs.ranks[name], n, keep=bool(insertion))
            for what, values in _followed(opened, pairs, images, follow).items():
                found[what][insertion, :, at] = values / np.maximum(whole[what], 1e-9)
    return found


def covered(images: Tensor, ranks: Tensor, n: int, *, keep: bool) -> Tensor:
    """Images whose first n places are set to the mean colour, or, with `keep`, all other places.

    images: B×3×h×w, normalised, so that the mean colour is 0. ranks: B×H×W.
    """
    seen = (ranks < n) if keep else (ranks >= n)
    mask = torch.nn.functional.interpolate(seen[:, None].float(), size=images.shape[2:], mode="nearest")
    return images * mask


def _followed(
    opened: OpenStream, pairs: Occludable, images: Tensor, follow: tuple[str, ...]
) -> dict[str, Floats]:
    """Each of `follow` → (B,), of these images. The part is that of the stream on the occluded crops, whose
    maps are its own."""
    model = opened.stream.model
    with torch.inference_mode():
        if "part" in follow:
            whole, part = model.part(images, pairs.side, pairs.bit)
            vectors = {"whole": whole, "part": part}
        else:
            vectors = {"whole": model.embed(images, pairs.side).float()}
        return {
            what: np.asarray(torch.sub(*vectors[what].chunk(2)).norm(dim=1).double().cpu().numpy())
            for what in follow
        }
