"""Scores of pairs to probabilities, fitted to what is certain in the workspace itself.

Within a camera: the two ends of a track show one person, and tracks that overlap in time show two; a logistic
regression on the score separates them. Across cameras nothing is certain before a person has judged, but
nearly all pairs are different people, and each track has about one partner: a mixture of two normal
distributions of one variance, of which that of different people is known, gives a logistic curve too.
Judgements then move each curve (Platt scaling with a prior at the curve itself).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from agreid_cli.metrics.clustering.units import Bools, Floats

Numbers = npt.NDArray[np.float64]
#: Certain pairs of each kind below which no curve is fitted to them.
FEWEST = 3
ROUNDS = 200
#: Judgements weigh as so many against the prior.
PRIOR = 2.0


@dataclass(frozen=True)
class Curve:
    """log odds = slope × (score - middle): the probability that two tracks of this score are one person.

    source: "certain pairs", "mixture" or "none"; judged: how many judgements have moved it.
    """

    middle: float
    slope: float
    source: str
    judged: int = 0

    def __call__(self, score: Floats | Numbers) -> Numbers:
        odds = np.clip(self.slope * (np.asarray(score, np.float64) - self.middle), -40, 40)
        return np.asarray(1 / (1 + np.exp(-odds)), np.float64)


def certain_curve(same: Floats, different: Floats) -> Curve | None:
    """Fitted to the scores of certain pairs; None where there are too few, or where they say nothing."""
    if min(len(same), len(different)) < FEWEST:
        return None
    x = np.concatenate([same, different]).astype(np.float64)
    y = np.repeat([1, 0], [len(same), len(different)])
    spread = max(float(x.std()), 1e-9)
    fitted = LogisticRegression().fit((x / spread)[:, None], y)
    slope = float(fitted.coef_[0, 0]) / spread
    return Curve(-float(fitted.intercept_[0]) / slope, slope, "certain pairs") if slope > 1e-6 else None


def mixture_curve(score: Floats, best: Bools) -> Curve:
    """`score`: of candidate pairs. `best`: those that are each other's nearest.

    Different people: the mean and the deviation of the pairs that are not `best`. Same person: the mean that
    expectation maximisation finds among the `best`. The prior is the fraction of `best` pairs that it finds.
    """
    if best.sum() < FEWEST or (~best).sum() < FEWEST:
        return Curve(float(np.max(score, initial=0.0)), 1.0, "none")
    other, own = (np.asarray(score[rows], np.float64) for rows in (~best, best))
    low, deviation = float(other.mean()), max(float(other.std()), 1e-6)
    high, share = max(float(np.quantile(own, 0.75)), low + deviation), 0.5
    for _ in range(ROUNDS):
        slope = (high - low) / deviation**2
        odds = np.log(share / (1 - share)) + slope * (own - (high + low) / 2)
        chance = 1 / (1 + np.exp(-np.clip(odds, -40, 40)))
        before = (high, share)
        share = float(np.clip(chance.mean(), 1e-3, 1 - 1e-3))
        high = max(float((chance * own).sum() / max(chance.sum(), 1e-9)), low + deviation)
        if abs(before[0] - high) + abs(before[1] - share) < 1e-9:
            break
    slope = (high - low) / deviation**2
    return Curve((high + low) / 2 - float(np.log(share / (1 - share))) / slope, slope, "mixture")


def judged_curve(curve: Curve, score: Floats | Numbers, same: Bools) -> Curve:
    """The curve after judgements of pairs with these scores: log odds become scale × log odds + shift.

    With a normal prior of deviation 1 on log(scale) and `PRIOR` on shift, few judgements move it a little,
    and many decide (Platt, Probabilistic outputs for support vector machines, 1999).
    """
    if not len(score):
        return curve
    odds = curve.slope * (np.asarray(score, np.float64) - curve.middle)
    sign = np.where(same, 1.0, -1.0)

    def cost(at: Numbers) -> float:
        value = np.exp(at[0]) * odds + at[1]
        return float(np.logaddexp(0, -sign * value).sum() + at[0] ** 2 / 2 + (at[1] / PRIOR) ** 2 / 2)

    log_scale, shift = minimize(
        cost, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9}
    ).x
    scale = float(np.exp(log_scale))
    return Curve(
        curve.middle - float(shift) / (scale * curve.slope), scale * curve.slope, curve.source, len(score)
    )
