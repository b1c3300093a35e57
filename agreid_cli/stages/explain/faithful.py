"""Deletion, insertion and shuffled weights: whether the maps of a stream show where its distance comes
from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import spearmanr
from torch import Tensor

from agreid_cli.config.evaluate import ExplainEvaluateConfig
from agreid_cli.metrics.explain import faithfulness as measures
from agreid_cli.metrics.explain.faithfulness import area, ranks_of_places, steps_of
from agreid_cli.metrics.protocol import Sides
from agreid_cli.nn.activation import activation
from agreid_cli.nn.gradcam import grad_cam
from agreid_cli.nn.pooled import CrossDistances
from agreid_cli.nn.shuffled import shuffled
from agreid_cli.progress import Progress
from agreid_cli.records.faithfulness import ORDERS, Estimate, Faithfulness, OrderScore, Sanity
from agreid_cli.stages.explain.shares import Sharing
from agreid_cli.stages.run.streams import OpenStream
from agreid_cli.training.embed import SidedCrops

PAIRS_AT_A_TIME = 8
SANITY_CROPS = 32
SEED = 11

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class _Side:
    """One side of some pairs: images B×3×h×w, side information, and the order of places by each name,
    B×H×W."""

    images: Tensor
    side: Any
    ranks: dict[str, Tensor]


def faithfulness(
    opened: OpenStream,
    sharing: Sharing,
    crops: SidedCrops,
    found: Sides,
    config: ExplainEvaluateConfig,
    progress: Progress,
) -> Faithfulness | None:
    """Over `config.faithfulness` pairs of different people drawn at random; None if that is 0 or there is
    none."""
    pairs = drawn_pairs(found, config.faithfulness)
    if not len(pairs):
        return None
    areas: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in ORDERS}
    curves: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in ORDERS}
    rng = np.random.default_rng(SEED)
    steps = np.zeros(0, np.int64)
    label = f"{found.direction.name}: occluding places"
    with progress.task(label, len(pairs), "pairs") as task:
        for start in range(0, len(pairs), PAIRS_AT_A_TIME):
            some = pairs[start : start + PAIRS_AT_A_TIME]
            sides = _sides(opened, sharing, crops, found.query[some[:, 0]], found.gallery[some[:, 1]], rng)
            places = sides[0].ranks["mean"][0].numel()
            steps = steps_of(places, config.faithfulness_steps)
            for name in ORDERS:
                both = _curves(opened, sides, name, steps)
                curves[name].append(both)
                areas[name].append(np.stack([area(one, steps) for one in both]))
            task.advance(len(some))
    joined = {name: np.concatenate(values, axis=1) for name, values in areas.items()}
    means = {name: np.concatenate(values, axis=1).mean(axis=1) for name, values in curves.items()}
    orders = tuple(_score(name, joined, means[name]) for name in ORDERS)
    rows = np.unique(np.concatenate([found.query[pairs[:, 0]], found.gallery[pairs[:, 1]]]))[:SANITY_CROPS]
    sanity = _sanity(opened, crops, rows)
    return Faithfulness(len(pairs), int(steps[-1]), tuple(steps.tolist()), orders, sanity)


def drawn_pairs(found: Sides, n: int) -> Rows:
    """At most n places (query, gallery) of pairs of different people, each query once before any twice: (n,
    2)."""
    rng = np.random.default_rng(SEED)
    pairs: list[tuple[int, int]] = []
    for _ in range(4):
        for query in rng.permutation(len(found.query)).tolist():
            others = np.flatnonzero(found.gallery_pid != found.query_pid[query])
            if len(pairs) < n and len(others):
                pairs.append((query, int(rng.choice(others))))
    return np.array(list(dict.fromkeys(pairs)), np.intp).reshape(-1, 2)


def _sides(
    opened: OpenStream,
    sharing: Sharing,
    crops: SidedCrops,
    query: Rows,
    gallery: Rows,
    rng: np.random.Generator,
) -> tuple[_Side, _Side]:
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
        largest = sharing.of_pairs(*sure).argmax(axis=1)
    else:
        parts = CrossDistances(said[0].vectors)(said[1].vectors)
        largest = parts.diagonal(dim1=1, dim2=2).argmax(0).cpu().numpy()
    cams = grad_cam(stream.model, images[0], images[1], (side[0], side[1]))
    made = []
    for image, known, one, cam in zip(images, side, said, cams, strict=True):
        maps = one.maps.cpu().numpy()
        by_name = {
            "attribute": maps[np.arange(len(maps)), largest],
            "random": rng.random(maps[:, 0].shape),
            "mean": maps.mean(axis=1),
            "grad-cam": cam.cpu().numpy(),
        }
        ranks = {name: torch.from_numpy(ranks_of_places(m)).to(stream.device) for name, m in by_name.items()}
        made.append(_Side(image, known, ranks))
    return made[0], made[1]


def _curves(
    opened: OpenStream, sides: tuple[_Side, _Side], name: str, steps: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """(2, B, steps): the relative distance after deletion and after insertion of the first places."""
    whole = _distance(opened, [(side.images, side.side) for side in sides])
    found = np.zeros((2, len(whole), len(steps)))
    found[0, :, 0] = found[1, :, -1] = 1  # the ends are known: whole, or two equal grey images
    for at, n in enumerate(steps.tolist()[1:-1], start=1):
        for insertion in (0, 1):
            occluded = [(covered(s.images, s.ranks[name], n, keep=bool(insertion)), s.side) for s in sides]
            found[insertion, :, at] = _distance(opened, occluded) / np.maximum(whole, 1e-9)
    return found


def covered(images: Tensor, ranks: Tensor, n: int, *, keep: bool) -> Tensor:
    """Images whose first n places are set to the mean colour, or, with `keep`, all other places.

    images: B×3×h×w, normalised, so that the mean colour is 0. ranks: B×H×W.
    """
    seen = (ranks < n) if keep else (ranks >= n)
    mask = torch.nn.functional.interpolate(seen[:, None].float(), size=images.shape[2:], mode="nearest")
    return images * mask


def _distance(opened: OpenStream, sides: list[tuple[Tensor, Any]]) -> npt.NDArray[np.float64]:
    with torch.inference_mode():
        one, other = (opened.stream.model.embed(images, side).float() for images, side in sides)
        return np.asarray((one - other).norm(dim=1).double().cpu().numpy())


def _score(
    name: str, areas: dict[str, npt.NDArray[np.float64]], curves: npt.NDArray[np.float64]
) -> OrderScore:
    own, best = areas[name], areas["attribute"]
    gains: tuple[Estimate | None, Estimate | None] = (None, None)
    if name != "attribute":
        gains = (_estimate(own[0] - best[0]), _estimate(best[1] - own[1]))
    return OrderScore(
        name,
        _estimate(own[0]),
        _estimate(own[1]),
        *gains,
        tuple(curves[0].tolist()),
        tuple(curves[1].tolist()),
    )


def _estimate(values: npt.NDArray[np.float64]) -> Estimate:
    found = measures.estimate(values)
    return Estimate(found.value, found.low, found.high)


def _sanity(opened: OpenStream, crops: SidedCrops, rows: Rows) -> tuple[Sanity, ...]:
    """Rank correlation of the maps before and after shuffling weights, from the top of the network down."""
    model, device = opened.stream.model, opened.stream.device
    pixels = np.stack([crops.pixels[row : row + 1][0] for row in rows.tolist()])
    images, side = opened.stream.encoder.images(pixels), crops.side.of(rows, device)
    found = []
    with torch.inference_mode():
        hidden = model.backbone(images, side)

        def maps(tail: Any, head: Any) -> npt.NDArray[np.float32]:
            made: npt.NDArray[np.float32] = (
                activation(head(tail(hidden).grid).float(), scale=model.scale, growth=model.growth)
                .cpu()
                .numpy()
            )
            return made

        before = maps(model.tail, model.decompose)
        head = shuffled(model.decompose, SEED)
        for words, after in (
            ("decomposition head", maps(model.tail, head)),
            ("decomposition head and late stages", maps(shuffled(model.tail, SEED + 1), head)),
        ):
            by_crop = [
                np.mean([_correlation(a, b) for a, b in zip(one, other, strict=True)])
                for one, other in zip(before, after, strict=True)
            ]
            found.append(Sanity(words, _estimate(np.array(by_crop))))
    return tuple(found)


def _correlation(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Spearman's; 0 if a map is the same everywhere."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(spearmanr(one.ravel(), other.ravel()).statistic)
