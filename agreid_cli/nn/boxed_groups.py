"""Fit attributes to boxes, and keep only the groups that boxes predict for people whom the fit has not seen.

With few people, or for an attribute that does not change the box, the fit predicts strangers worse than the
frequencies of the labels do; added to the logits of the pixels, it would do harm.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as misfit

from agreid_cli.nn.boxed import MOST, Boxed
from agreid_cli.records.side import Side

FOLDS = 3
BEYOND = 1.645  # standard errors over people: one-sided 95 %


def fit_selected(
    boxed: Boxed, cues: Tensor, bits: Tensor, people: npt.NDArray[np.int64], sizes: Sequence[int]
) -> npt.NDArray[np.bool_]:
    """Fit `boxed` to n×8 cues and n×M bits in groups of `sizes`, of `people` (n,) → whether each group is
    kept.

    A group is kept if the boxes predict people left out of the fit better than the frequencies of the labels,
    by more than `BEYOND` standard errors over people, each counting once. Else its weights are 0, and its
    logits those of a stream without boxes.
    """
    kept = select_groups(cues, bits, people, sizes)
    boxed.fit(cues, bits)
    lost = torch.from_numpy(np.repeat(~kept, sizes))
    boxed.weight[:, lost], boxed.bias[lost] = 0.0, 0.0
    return kept


def select_groups(
    cues: Tensor, bits: Tensor, people: npt.NDArray[np.int64], sizes: Sequence[int]
) -> npt.NDArray[np.bool_]:
    """Whether boxes predict each group for people left out; none of them with fewer than two people a fold.

    Of many crops, evenly spaced ones are used, as in the fit.
    """
    every = -(-len(cues) // MOST)
    cues, bits, people = cues[::every], bits[::every], people[::every]
    names, who = np.unique(people, return_inverse=True)
    if len(names) < 2 * FOLDS:
        return np.zeros(len(sizes), bool)
    yes = bits.float()
    gain = torch.zeros(yes.shape)
    for fold in range(FOLDS):
        left = torch.from_numpy(who % FOLDS == fold)
        trial = Boxed(yes.shape[1])
        trial.fit(cues[~left], bits[~left])
        usual = yes[~left].mean(0).clamp(1e-4, 1 - 1e-4).logit().expand(int(left.sum()), -1)
        with torch.no_grad():
            found = trial(Side(box=cues[left]))
        gain[left] = misfit(usual, yes[left], reduction="none") - misfit(found, yes[left], reduction="none")
    starts = np.cumsum([0, *sizes[:-1]])
    of_group = np.add.reduceat(gain.double().numpy(), starts, axis=1) / np.bincount(who)[who][:, None]
    of_person = np.zeros((len(names), len(sizes)))
    np.add.at(of_person, who, of_group)
    error = of_person.std(axis=0, ddof=1) / np.sqrt(len(names))
    kept: npt.NDArray[np.bool_] = of_person.mean(axis=0) > np.maximum(BEYOND * error, 1e-9)
    return kept
