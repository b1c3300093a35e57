"""The sanity check of explanations: do the maps of a stream change when its weights are shuffled?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import rankdata

from agreid_cli.metrics.explain import faithfulness as measures
from agreid_cli.nn.activation import activation
from agreid_cli.nn.shuffled import shuffled
from agreid_cli.records.faithfulness import Estimate, Sanity
from agreid_cli.stages.run.streams import OpenStream
from agreid_cli.training.embed import SidedCrops

SEED = 11

Maps = npt.NDArray[np.float32]


def sanity_of(opened: OpenStream, crops: SidedCrops, rows: npt.NDArray[np.intp]) -> tuple[Sanity, ...]:
    """Rank correlation of the maps before and after shuffling weights, from the top of the network down."""
    model, device = opened.stream.model, opened.stream.device
    pixels = np.stack([crops.pixels[row : row + 1][0] for row in rows.tolist()])
    images, side = opened.stream.encoder.images(pixels), crops.side.of(rows, device)
    found = []
    with torch.inference_mode():
        hidden = model.backbone(images, side)

        def maps(tail: Any, head: Any) -> Maps:
            made: Maps = (
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
            mean = measures.estimate(correlations(before, after).mean(axis=1))
            found.append(Sanity(words, Estimate(mean.value, mean.low, mean.high)))
    return tuple(found)


def correlations(one: Maps, other: Maps) -> npt.NDArray[np.float64]:
    """Spearman's of each pair of maps: (n, M, H, W) twice → (n, M); 0 if a map is the same everywhere."""
    ranks = [rankdata(maps.reshape(*maps.shape[:2], -1), axis=-1) for maps in (one, other)]
    apart = [rank - rank.mean(axis=-1, keepdims=True) for rank in ranks]
    spread: npt.NDArray[np.float64] = np.sqrt((apart[0] ** 2).sum(axis=-1) * (apart[1] ** 2).sum(axis=-1))
    shared = (apart[0] * apart[1]).sum(axis=-1)
    found = np.zeros_like(spread)
    np.divide(shared, spread, out=found, where=spread > 0)
    return found
