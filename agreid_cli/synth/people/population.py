"""The population of the campus: the 15 soft attributes, drawn with the frequencies of AG-ReID.v2.

Each group keeps its published frequencies, and correlates with earlier groups realistically: beards with men,
long hair with women, a dress above with a dress below. To achieve both, the odds between a group and the
earlier ones (`_AFFINITY`, ours) are fitted to the frequencies by iterative proportional fitting.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

#: Identities per label in the training part of AG-ReID.v2 (method.md §3.3). `unknown` fills up to 807, except
#: in groups whose published counts are of known labels only.
SHARES: dict[str, dict[str, int]] = {
    "gender": {"male": 428, "female": 374, "unknown": 5},
    "age": {"young": 768, "middle": 20, "old": 17, "unknown": 2},
    "height": {"child": 10, "short": 195, "medium": 300, "tall": 301, "unknown": 1},
    "weight": {"thin": 270, "medium": 440, "fat": 97},
    "ethnic": {"white": 571, "black": 26, "asian": 172, "india": 29, "unknown": 9},
    "haircolor": {"black": 368, "brown": 381, "white": 16, "red": 0, "gray": 17, "occluded": 3,
                  "unknown": 22},
    "hairstyle": {"bald": 28, "short": 393, "medium": 73, "long": 143, "horsetail": 160, "unknown": 10},
    "beard": {"on": 48, "off": 752, "unknown": 7},
    "moustache": {"on": 58, "off": 741, "unknown": 8},
    "glasses": {"normal": 100, "sun": 134, "off": 523, "unknown": 50},
    "head": {"hat": 107, "scarf": 7, "neckless": 1, "occluded": 3, "unknown": 689},
    "upper": {
        "tshirt": 470, "blouse": 90, "sweater": 19, "coat": 8, "bikini": 21, "naked": 2, "dress": 48,
        "uniform": 14, "shirt": 110, "suit": 7, "hoodie": 10, "cardiga": 8,
    },
    "lower": {
        "jeans": 122, "leggins": 43, "pants": 264, "shorts": 256, "skirt": 40, "bikini": 0, "dress": 62,
        "uniform": 14, "suit": 3, "unknown": 3,
    },
    "feet": {
        "sportshoe": 563, "classicshoe": 128, "highheels": 15, "boots": 33, "sandals": 67, "nothing": 0,
        "unknown": 1,
    },
    "bag": {
        "normal": 157, "backpack": 370, "handbag": 94, "rolling": 2, "umbrella": 1, "sportif": 8,
        "market": 12, "nothing": 137, "unknown": 26,
    },
}  # fmt: skip

#: (group, label, earlier group, its label): factor on the odds relative to independence; ours.
_AFFINITY: dict[tuple[str, str, str, str], float] = {
    ("height", "child", "age", "young"): 3.0,
    ("height", "tall", "gender", "male"): 4.0,
    ("height", "short", "gender", "female"): 4.0,
    ("haircolor", "gray", "age", "young"): 0.01,
    ("haircolor", "white", "age", "young"): 0.02,
    ("haircolor", "black", "ethnic", "asian"): 40.0,
    ("haircolor", "black", "ethnic", "black"): 40.0,
    ("haircolor", "black", "ethnic", "india"): 40.0,
    ("hairstyle", "bald", "gender", "female"): 0.01,
    ("hairstyle", "short", "gender", "male"): 25.0,
    ("hairstyle", "long", "gender", "male"): 0.1,
    ("hairstyle", "horsetail", "gender", "male"): 0.05,
    ("beard", "on", "gender", "female"): 0.0,
    ("beard", "on", "height", "child"): 0.0,
    ("moustache", "on", "gender", "female"): 0.0,
    ("moustache", "on", "height", "child"): 0.0,
    ("moustache", "on", "beard", "on"): 60.0,
    ("glasses", "sun", "head", "hat"): 2.0,
    ("upper", "blouse", "gender", "male"): 0.02,
    ("upper", "bikini", "gender", "male"): 0.0,
    ("upper", "naked", "gender", "female"): 0.0,
    ("upper", "dress", "gender", "male"): 0.0,
    ("upper", "suit", "gender", "male"): 6.0,
    ("lower", "dress", "upper", "dress"): 1e4,
    ("lower", "dress", "gender", "male"): 0.0,
    ("lower", "skirt", "gender", "male"): 0.0,
    ("lower", "leggins", "gender", "male"): 0.05,
    ("lower", "uniform", "upper", "uniform"): 1e4,
    ("lower", "suit", "upper", "suit"): 1e4,
    ("lower", "shorts", "upper", "tshirt"): 2.0,
    ("lower", "shorts", "upper", "naked"): 5.0,
    ("lower", "jeans", "upper", "bikini"): 0.5,
    ("lower", "shorts", "upper", "coat"): 0.1,
    ("lower", "pants", "upper", "shirt"): 3.0,
    ("feet", "highheels", "gender", "male"): 0.0,
    ("feet", "classicshoe", "upper", "suit"): 30.0,
    ("feet", "classicshoe", "upper", "shirt"): 3.0,
    ("feet", "highheels", "upper", "dress"): 4.0,
    ("feet", "sandals", "lower", "shorts"): 3.0,
    ("feet", "boots", "lower", "shorts"): 0.3,
    ("bag", "handbag", "gender", "male"): 0.03,
    ("bag", "backpack", "gender", "male"): 1.5,
}  # fmt: skip

#: The groups in the order of the official columns.
GROUP_ORDER = tuple(SHARES)
#: The order in which they are drawn.
_ORDER = (
    "gender", "age", "height", "weight", "ethnic", "haircolor", "hairstyle", "beard", "moustache", "head",
    "glasses", "upper", "lower", "feet", "bag",
)  # fmt: skip


def draw_population(n: int, rng: np.random.Generator) -> list[dict[str, str]]:
    """`n` people, each with a label for every group in the official order.

    Labels are allocated, not sampled independently: each label gets its rounded frequency times `n`, so that
    a small campus has the published frequencies too.
    """
    people: list[dict[str, str]] = [{} for _ in range(n)]
    for group in _ORDER:
        labels = [label for label, count in SHARES[group].items() if count]
        share = np.array([SHARES[group][label] for label in labels], float)
        odds = np.array([[_odds(group, label, person) for label in labels] for person in people])
        dealt = _deal(odds.reshape(n, len(labels)), share / share.sum(), rng)
        for person, label in zip(people, dealt, strict=True):
            person[group] = labels[label]
    return [{group: person[group] for group in SHARES} for person in people]


def _odds(group: str, label: str, person: Mapping[str, str]) -> float:
    odds = 1.0
    for before, has in person.items():
        odds *= _AFFINITY.get((group, label, before, has), 1.0)
    return odds


def _deal(odds: np.ndarray, share: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A label for each person, int (n,); odds: (n, labels) given the person's earlier labels.

    Fitted so that rows sum to one and columns to n·share, then drawn by systematic sampling within each
    column of the cumulative sum, which keeps the column totals within one.
    """
    n = len(odds)
    chance = odds * share + 1e-12
    for _ in range(60 if n else 0):
        chance *= (n * share / chance.sum(0))[None]
        chance /= chance.sum(1, keepdims=True)
    quota = _rounded(n * share, rng)
    given = np.full(n, -1)
    # The rarest labels choose first among the people they fit; the most frequent takes the rest.
    for label in np.argsort(share):
        free = np.flatnonzero(given < 0)
        if quota[label] >= len(free):
            given[free] = label
            break
        weight = chance[free, label]
        keys = rng.exponential(size=len(free)) / np.maximum(weight, 1e-15)
        given[free[np.argsort(keys, kind="stable")[: quota[label]]]] = label
    return given


def _rounded(amounts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Integers with the same (integer) sum, each within one of its amount; random and unbiased."""
    ends = np.floor(np.concatenate([[0.0], np.cumsum(amounts)]) + rng.random() - 1e-9)
    counts = np.diff(ends).astype(int)
    counts[np.argmax(counts)] += round(amounts.sum()) - counts.sum()
    return np.asarray(np.maximum(counts, 0))
