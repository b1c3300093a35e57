"""Whether something annotated as one person shows two: a track by its crops, an identity by its tracks.

Each is cut into the two parts that are least alike. How alike the parts of one person are is seen in the
workspace itself, where most annotations are right; how alike those of two people are, in mixtures of two
that are known to differ and look alike. A logistic regression separates the two kinds. How many of the real
ones are faulty cannot be told from the same annotation, so the expected fraction is given: it moves all
probabilities, and not their order within a kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from agreid_cli.metrics.clustering.chance import certain_curve
from agreid_cli.metrics.clustering.units import Bools, Floats

Numbers = npt.NDArray[np.float64]
#: The fewest crops of a part: a third of the track, and not one alone, which may be blurred or covered.
LEAST_PART, PART_OF = 2, 3


@dataclass(frozen=True)
class Cut:
    """Two parts that are least alike: `alike` is their cosine, and crops first to last (both inclusive) are
    the one part.
    """

    alike: float
    first: int
    last: int


def worst_cut(crops: Floats, weight: Numbers) -> Cut | None:
    """The run of crops that is least like the others; None if the track has fewer than four crops.

    crops: float32 (m, D), in order of time; weight: (m,). Both parts have at least a third of the crops.
    """
    m = len(crops)
    least = max(LEAST_PART, -(-m // PART_OF))
    if m < 2 * least:
        return None
    sums = np.concatenate([np.zeros((1, crops.shape[1])), np.cumsum(crops * weight[:, None], axis=0)])
    best = Cut(np.inf, 0, 0)
    for first in range(m):
        for end in range(first + least, m + 1):
            if m - (end - first) < least or (first == 0 and end > m - end):
                continue  # the beginning and the rest, which the end and the rest are too
            part = sums[end] - sums[first]
            rest = sums[-1] - part
            length = float(np.linalg.norm(part) * np.linalg.norm(rest))
            alike = float(part @ rest) / max(length, 1e-12)
            if alike < best.alike:
                best = Cut(alike, first, end - 1)
    return best


def worst_split(score: Floats) -> tuple[float, Bools]:
    """The two groups of average linkage, and the mean score between them.

    score: symmetric (n, n), the higher the more alike, n at least 2. The second value is one of the groups.
    """
    n = len(score)
    distance = float(score.max()) - np.asarray(score, np.float64)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    group = fcluster(tree, 2, "maxclust") == 1 if n > 2 else np.array([True, False])
    if group.all():  # all distances are equal
        group = np.arange(n) == 0
    return float(score[np.ix_(group, ~group)].mean()), np.asarray(group, np.bool_)


def chance_of_two(alike: Numbers, mixtures: Numbers, expected: float) -> Numbers | None:
    """The probability that each shows two people, (n,); None if the mixtures do not differ from them.

    alike: of the real ones (n,), mixtures: of those of two people (m,), both from `worst_cut` or
    `worst_split`. expected: the fraction of the real ones that is expected to show two.
    """
    curve = certain_curve(alike.astype(np.float32), mixtures.astype(np.float32))
    if curve is None:
        return None
    # The regression's odds contain how many there are of each kind; what is expected takes its place.
    odds = np.log(len(alike) / len(mixtures)) - curve.odds(alike, np.zeros(len(alike), bool))
    odds = np.clip(odds + np.log(expected / (1 - expected)), -40, 40)
    return np.asarray(1 / (1 + np.exp(-odds)), np.float64)
