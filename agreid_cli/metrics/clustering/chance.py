"""Convert scores of pairs to probabilities, fitted to the certain pairs of the workspace.

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
#: Standard deviation of the prior on the shift.
PRIOR = 2.0


@dataclass(frozen=True)
class Curve:
    """log odds = slope × (score - middle), plus `bonus` for a pair that is each other's nearest: the
    probability that two tracks of this score are one person.

    source: "certain pairs", "mixture" or "none"; judged: how many judgements have moved it.
    """

    middle: float
    slope: float
    source: str
    bonus: float = 0.0
    judged: int = 0

    def odds(self, score: Floats | Numbers, best: Bools) -> Numbers:
        """Log odds of pairs; `best`: which are each other's nearest."""
        value = self.slope * (np.asarray(score, np.float64) - self.middle) + self.bonus * best
        return np.asarray(np.clip(value, -40, 40), np.float64)

    def __call__(self, score: Floats | Numbers, best: Bools) -> Numbers:
        return np.asarray(1 / (1 + np.exp(-self.odds(score, best))), np.float64)


def certain_curve(same: Floats, different: Floats) -> Curve | None:
    """Fitted to the scores of certain pairs; None if they are too few or not separated by the score."""
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

    Different people: the mean and the variance of the pairs that are not `best`, which are nearly all of
    them. Same person: the mean that expectation maximisation finds, with how many pairs there are, and how
    many of each kind are `best`.
    """
    if best.sum() < FEWEST or (~best).sum() < FEWEST:
        return Curve(float(np.max(score, initial=0.0)), 1.0, "none")
    x = np.asarray(score, np.float64)
    low, null = float(x[~best].mean()), max(float(x[~best].var()), 1e-12)
    variance = null  # of both kinds, the mean of their own
    high, share = max(float(np.quantile(x[best], 0.75)), low + null**0.5), float(best.mean())
    hit, alarm = 0.9, share / 2  # the fraction that is `best` of pairs of one person, and of two
    curve = Curve(0.0, 1.0, "mixture")
    for _ in range(ROUNDS):
        slope = (high - low) / variance
        missed = np.log((1 - hit) / (1 - alarm)) + np.log(share / (1 - share))
        middle, bonus = (
            (high + low) / 2 - missed / slope,
            np.log(hit / alarm) - np.log((1 - hit) / (1 - alarm)),
        )
        before, curve = curve, Curve(float(middle), slope, "mixture", float(bonus))
        chance = curve(x, best)
        share, high, hit, alarm = _maximised(x, best, chance, low + null**0.5)
        own = float((chance * (x - high) ** 2).sum() / max(float(chance.sum()), 1e-9))
        variance = (null + max(own, null)) / 2
        if abs(before.middle - curve.middle) + abs(before.bonus - curve.bonus) < 1e-9:
            break
    return curve


def _maximised(x: Numbers, best: Bools, chance: Numbers, least: float) -> tuple[float, float, float, float]:
    """Fraction of pairs of one person, their mean score, and the fractions `best` of both kinds.

    The fractions begin at one pair of each answer, so that few pairs give no certainty.
    """
    same, other = float(chance.sum()), float((1 - chance).sum())
    share = float(np.clip(chance.mean(), 1e-6, 0.5))
    high = max(float((chance * x).sum()) / max(same, 1e-9), least)
    hit = (float(chance[best].sum()) + 1) / (same + 2)
    alarm = (float((1 - chance)[best].sum()) + 1) / (other + 2)
    return share, high, max(hit, alarm), alarm


def judged_curve(curve: Curve, score: Floats | Numbers, best: Bools, same: Bools) -> Curve:
    """The curve after judgements of pairs with these scores: log odds become scale × log odds + shift.

    With a normal prior of deviation 1 on log(scale) and `PRIOR` on shift, few judgements move it a little,
    and many decide (Platt, Probabilistic outputs for support vector machines, 1999).
    """
    if not len(score):
        return curve
    odds = curve.odds(score, best)
    sign = np.where(same, 1.0, -1.0)

    def cost(at: Numbers) -> float:
        value = np.exp(at[0]) * odds + at[1]
        return float(np.logaddexp(0, -sign * value).sum() + at[0] ** 2 / 2 + (at[1] / PRIOR) ** 2 / 2)

    found = minimize(cost, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9}).x
    scale, shift = float(np.exp(found[0])), float(found[1])
    slope = scale * curve.slope
    return Curve(curve.middle - shift / slope, slope, curve.source, scale * curve.bonus, len(score))
