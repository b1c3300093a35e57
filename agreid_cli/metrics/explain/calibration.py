"""Calibrate attribute probabilities, one group at a time, on people whom the network has not seen.

The stream gives a logit z_l for each label l of a group. The calibrated probability of the label is

    p_l ∝ exp(z_l / T) · π_l^w

with the temperature T (Guo et al., ICML 2017) and a weight w of the label frequencies π of the training
people. Both are fitted on held-out people: they minimise the mean negative log-likelihood, each person
counting once. A temperature alone turns a useless logit into equal probabilities; with the frequencies it
turns into these, which is what is known of a stranger without looking.

Two parameters can still fit noise. So a group keeps its logits only if they predict people left out of the
fit (five folds) better than the frequencies do, and is called recognised only if its most probable label is
then correct more often than the most frequent one: in both cases by more than 1.645 standard errors over
people (one-sided 95 %).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]
FEWEST_PEOPLE = 5  # with fewer there is nothing to fit
FOLDS = 5
BEYOND = 1.645  # standard errors
POWERS = tuple(tenths / 10 for tenths in range(11))
_LEAST = 1e-7


@dataclass(frozen=True)
class GroupCalibration:
    """One group of L labels. `sharpness` is 1/T; 0 gives the frequencies `prior` (L,), whatever the logits.

    The scores are those of people left out of the fit, each counting once: `nll` of the calibrated
    probabilities and `nll_prior` of the frequencies; `accuracy` and `majority` of the most probable and of
    the most frequent label. `typical` (L,) is the mean calibrated probability of each label, `evenness` the
    power of it by which probabilities are divided for the most even recall (`over_typical`).
    """

    sharpness: float
    prior_weight: float
    prior: tuple[float, ...]
    nll: float
    nll_prior: float
    accuracy: float
    majority: float
    recognised: bool
    typical: tuple[float, ...] = ()
    evenness: float | None = None

    @property
    def temperature(self) -> float:
        """T; infinite if the logits are not used."""
        return 1 / self.sharpness if self.sharpness else float("inf")


def calibrate_group(logits: Floats, label: Ints, person: Ints, prior: Floats) -> GroupCalibration:
    """Fit one group on n crops: logits (n, L), true labels (n,), people (n,), training frequencies (L,).

    The frequencies are positive. The crops are of at least `FEWEST_PEOPLE` people.

    >>> label = np.arange(40) % 2
    >>> sure = np.where(label[:, None] == [0, 1], 9.0, -9.0)
    >>> calibrate_group(sure, label, np.arange(40), np.array([0.5, 0.5])).recognised
    True
    >>> calibrate_group(0 * sure, label, np.arange(40), np.array([0.5, 0.5])).sharpness
    0.0
    """
    people, who = np.unique(person, return_inverse=True)
    if len(people) < FEWEST_PEOPLE:
        raise ValueError(f"calibration needs {FEWEST_PEOPLE} people, not {len(people)}")
    weight = 1.0 / np.bincount(who)[who]
    rows = np.arange(len(label))
    out_of_fold = np.empty(logits.shape)
    for fold in range(FOLDS):
        test = who % FOLDS == fold
        found = _fit(logits[~test], label[~test], weight[~test], prior)
        out_of_fold[test] = _softmax(logits[test], prior, *found)

    def by_person(values: Floats) -> npt.NDArray[np.float64]:
        sums: npt.NDArray[np.float64] = np.bincount(who, weight * values, minlength=len(people)).astype(float)
        return sums

    nll = by_person(-np.log(np.maximum(out_of_fold[rows, label], _LEAST)))
    nll_prior = by_person(-np.log(prior[label]))
    right = by_person((out_of_fold.argmax(axis=1) == label).astype(float))
    usual = by_person((label == prior.argmax()).astype(float))
    informative = _above_zero(nll_prior - nll)
    sharpness, prior_weight = _fit(logits, label, weight, prior) if informative else (0.0, 1.0)
    typical = weight @ _softmax(logits, prior, sharpness, prior_weight) / weight.sum()
    return GroupCalibration(
        sharpness, prior_weight, tuple(prior.tolist()), float(nll.mean()), float(nll_prior.mean()),
        float(right.mean()), float(usual.mean()), bool(informative and _above_zero(right - usual)),
        tuple(typical.tolist()), _evenness(out_of_fold, label, weight, typical) if informative else 1.0,
    )  # fmt: skip


def calibrated(
    chances: Floats, groups: Sequence[GroupCalibration], sizes: Sequence[int]
) -> npt.NDArray[np.float32]:
    """Sigmoids of the logits (n, M) → probabilities (n, M) that add up to 1 within each group."""
    logits = logits_of(chances)
    parts, start = [], 0
    for group, size in zip(groups, sizes, strict=True):
        own = logits[:, start : start + size]
        parts.append(_softmax(own, np.array(group.prior), group.sharpness, group.prior_weight))
        start += size
    return np.concatenate(parts, axis=1).astype(np.float32)


def over_typical(chances: Floats, typical: Floats, evenness: Floats | float = 1.0) -> npt.NDArray[np.float64]:
    """Calibrated probabilities (n, M) divided by a power (M,), 0 … 1, of their means (M,); equal ones in the
    order of the means, so that the usual label is said where nothing is known.

    >>> over_typical(np.array([[0.8, 0.2], [0.6, 0.4]]), np.array([0.8, 0.2])).argmax(axis=1).tolist()
    [0, 1]
    """
    ratio: npt.NDArray[np.float64] = np.round(chances / typical**evenness, 5) + 1e-6 * typical
    return ratio


def logits_of(chances: Floats) -> npt.NDArray[np.float64]:
    """The inverse of the sigmoid; 0 and 1 give ±16.1."""
    p = np.clip(np.asarray(chances, np.float64), _LEAST, 1 - _LEAST)
    logits: npt.NDArray[np.float64] = np.log(p) - np.log1p(-p)
    return logits


def frequencies(bits: npt.NDArray[np.uint8], sizes: Sequence[int]) -> list[npt.NDArray[np.float64]]:
    """The label frequencies of each group over people (n, M), with half a person added to every label.

    >>> [f.round(2).tolist() for f in frequencies(np.array([[1, 0], [1, 0]], np.uint8), (2,))]
    [[0.83, 0.17]]
    """
    found, start = [], 0
    for size in sizes:
        counts = bits[:, start : start + size].sum(axis=0) + 0.5
        found.append(counts / counts.sum())
        start += size
    return found


def _evenness(chances: Floats, label: Ints, weight: Floats, typical: Floats) -> float:
    """The power 0, 0.1, … 1 with the highest mean recall over the labels that occur; the highest of ties.

    1 would be the best if each probability were calibrated on its own. Those of rare labels are not: divided
    by means of a few thousandths, they can exceed all others by chance.
    """
    labels = np.unique(label)

    def recall(power: float) -> float:
        right = over_typical(chances, typical, power).argmax(axis=1) == label
        return float(
            np.mean([np.average(right[label == one], weights=weight[label == one]) for one in labels])
        )

    return max(POWERS, key=lambda power: (recall(power), power))


def _fit(logits: Floats, label: Ints, weight: Floats, prior: Floats) -> tuple[float, float]:
    """1/T in 0..20 and w in 0..2. The problem is convex, so the start does not matter."""
    rows, log_prior = np.arange(len(label)), np.log(prior)

    def loss(at: Floats) -> tuple[float, Floats]:
        p = _softmax(logits, prior, *at)
        value = -(weight * np.log(np.maximum(p[rows, label], 1e-300))).sum() / weight.sum()
        slopes = [
            (weight * ((p * x).sum(axis=1) - x[rows, label])).sum() / weight.sum()
            for x in (logits, np.broadcast_to(log_prior, logits.shape))
        ]
        return float(value), np.array(slopes)

    found = minimize(loss, np.array([0.5, 0.5]), jac=True, method="L-BFGS-B", bounds=[(0, 20), (0, 2)])
    return float(found.x[0]), float(found.x[1])


def _softmax(logits: Floats, prior: Floats, sharpness: float, prior_weight: float) -> npt.NDArray[np.float64]:
    z = sharpness * logits + prior_weight * np.log(prior)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p: npt.NDArray[np.float64] = e / e.sum(axis=1, keepdims=True)
    return p


def _above_zero(values: npt.NDArray[np.float64]) -> bool:
    """Whether the mean over people is above 0 by more than chance."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    return bool(values.mean() > max(BEYOND * error, 1e-9))
