"""How much a crop shows of its person, from what the pipeline has measured; and when a track shows none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


def crop_quality(
    score: Numbers, in_frame: Numbers, sharpness: Numbers, camera: npt.NDArray[np.int64]
) -> Numbers:
    """Weights in (0, 1]: detector score × part of the box in the frame × sharpness, float64 (n,).

    Sharpness counts relative to the median of the camera, at most 1. What is not known (NaN) counts 1.

    >>> nan = float("nan")
    >>> crop_quality(*(np.array(v) for v in ([0.5, nan], [1.0, 0.5], [8.0, 2.0], [0, 0]))).tolist()
    [0.5, 0.2]
    """
    sharp = np.ones(len(score))
    for number in np.unique(camera):
        mine = camera == number
        known = sharpness[mine][np.isfinite(sharpness[mine])]
        if len(known):
            sharp[mine] = np.minimum(sharpness[mine] / max(float(np.median(known)), 1e-9), 1)
    parts = (np.where(np.isfinite(part), part, 1.0) for part in (score, in_frame, sharp))
    product: Numbers = np.prod(list(parts), axis=0)
    return np.maximum(product, 1e-3)


@dataclass(frozen=True)
class Doubt:
    """score: 0..1, the higher the more likely to be no person, two people, or too blurred. reason: the signal
    in which the track is worst, among those of its camera.
    """

    score: Numbers
    reason: list[str]


#: Signal → whether a high value is suspicious.
SIGNALS = {
    "the detector is unsure": False,
    "it leaves the frame": False,
    "it is blurred": False,
    "its crops differ from each other": True,
    "its shape is unusual": True,
    "it is short": False,
}


def doubt(
    signals: Mapping[str, Numbers], camera: npt.NDArray[np.int64], junk: Sequence[bool | None] = ()
) -> Doubt:
    """How doubtful each track is, from its signals (the keys of `SIGNALS`; NaN: not known), each (n,).

    A signal becomes the fraction of the camera's tracks that are less suspicious, 0..1. The score is their
    mean. Where at least ten tracks have been marked as non-persons and ten as persons (`junk`, None: not
    decided), a logistic regression on these fractions takes its place.
    """
    n = len(camera)
    columns = np.stack([_fractions(signals[name], camera, SIGNALS[name]) for name in SIGNALS], axis=1)
    score: Numbers = columns.mean(axis=1)
    told = np.array([value is not None for value in junk], bool) if junk else np.zeros(n, bool)
    answers = np.array([bool(value) for value in junk], bool) if junk else np.zeros(n, bool)
    if min((told & answers).sum(), (told & ~answers).sum()) >= LEAST_TOLD:
        from sklearn.linear_model import LogisticRegression

        fitted = LogisticRegression(class_weight="balanced").fit(columns[told], answers[told])
        score = fitted.predict_proba(columns)[:, 1]
    names = list(SIGNALS)
    return Doubt(score, [names[at] for at in columns.argmax(axis=1)] if n else [])


LEAST_TOLD = 10


def _fractions(values: Numbers, camera: npt.NDArray[np.int64], high: bool) -> Numbers:
    out = np.zeros(len(values))
    for number in np.unique(camera):
        mine = np.flatnonzero((camera == number) & np.isfinite(values))
        if len(mine) < 2:
            continue
        oriented = values[mine] if high else -values[mine]
        below = np.searchsorted(np.sort(oriented), oriented, side="left")
        out[mine] = below / (len(mine) - 1)
    return out
