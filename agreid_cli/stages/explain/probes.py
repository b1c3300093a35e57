"""One classifier per attribute on the embeddings of the explained run: the peer of a stream's recognition."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from agreid_cli.attributes.codebook import Codebook

Floats = npt.NDArray[np.floating[Any]]


def probe_probabilities(
    train: Floats, bits: npt.NDArray[np.uint8], test: Floats, book: Codebook
) -> npt.NDArray[np.float64]:
    """Multinomial logistic regression on standardised embeddings, for each group on its own.

    train (n, D) with labels (n, M), test (k, D) → probabilities (k, M); a label that no training crop has
    gets 0.
    """
    found = np.zeros((len(test), book.n_bits))
    for start, size in zip(book.starts, book.sizes, strict=True):
        label = bits[:, start : start + size].argmax(axis=1)
        present = np.unique(label)
        if len(present) == 1:
            found[:, start + present[0]] = 1
            continue
        # Enough iterations to converge; otherwise scikit-learn prints a warning for every group.
        probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000))
        probe.fit(train, label)
        found[:, start + present] = probe.predict_proba(test)
    return found
