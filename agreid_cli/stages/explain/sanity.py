"""The sanity check of explanations: do the maps of a stream change when its weights are shuffled?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import spearmanr

from agreid_cli.metrics.explain import faithfulness as measures
from agreid_cli.nn.activation import activation
from agreid_cli.nn.shuffled import shuffled
from agreid_cli.records.faithfulness import Estimate, Sanity
from agreid_cli.stages.run.streams import OpenStream
from agreid_cli.training.embed import SidedCrops

SEED = 11


def sanity_of(opened: OpenStream, crops: SidedCrops, rows: npt.NDArray[np.intp]) -> tuple[Sanity, ...]:
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
            mean = measures.estimate(np.array(by_crop))
            found.append(Sanity(words, Estimate(mean.value, mean.low, mean.high)))
    return tuple(found)


def _correlation(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Spearman's; 0 if a map is the same everywhere."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(spearmanr(one.ravel(), other.ravel()).statistic)
