"""Features of random people that are as hard to rank as those of a trained network.

A person is a point in 48 dimensions, an image that point with noise of a size of its own, and a feature the
image in D dimensions with a little more noise, of length 1. With the figures below, at the size of
Market-1501, mAP is .69 and 12 % of the wrong items stand above a query's worst true match: as on features of
real networks (11 to 13 %), which decides how much there is to count. Ten per cent of the gallery are people
without a query.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

SPREAD, UNEVENNESS, RANK, STRANGERS, CAMERAS = 0.85, 0.43, 48, 0.1, 6


def write_features(
    folder: Path, n_query: int, n_gallery: int, width: int, n_people: int, dtype: str = "float32"
) -> None:
    """Write query_f.npy, gallery_f.npy and labels.npz to `folder`; the same arguments give the same bytes."""
    rng = np.random.default_rng(0)
    basis = rng.standard_normal((RANK, width), dtype=np.float32) / np.float32(RANK**0.5)
    people = rng.standard_normal((3 * n_people, RANK), dtype=np.float32)
    query_pid, gallery_pid = rng.integers(0, n_people, n_query), rng.integers(0, n_people, n_gallery)
    strange = rng.random(n_gallery) < STRANGERS
    gallery_pid[strange] = rng.integers(n_people, len(people), strange.sum())
    for name, pids in (("query", query_pid), ("gallery", gallery_pid)):
        shape = (len(pids), width)
        rows = np.lib.format.open_memmap(folder / f"{name}_f.npy", "w+", np.dtype(dtype), shape)
        for start in range(0, len(pids), 8192):
            part = people[pids[start : start + 8192]]
            size = SPREAD * np.exp(UNEVENNESS * rng.standard_normal((len(part), 1), dtype=np.float32))
            image = part + size * rng.standard_normal(part.shape, dtype=np.float32)
            feature = image @ basis + 0.3 * rng.standard_normal((len(part), width), dtype=np.float32)
            rows[start : start + 8192] = feature / np.linalg.norm(feature, axis=1, keepdims=True)
        rows.flush()
    np.savez(
        folder / "labels.npz", query_pid=query_pid, gallery_pid=gallery_pid,
        query_camid=rng.integers(0, CAMERAS, n_query), gallery_camid=rng.integers(0, CAMERAS, n_gallery),
    )  # fmt: skip
