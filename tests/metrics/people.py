"""Random features and labels for tests."""

from __future__ import annotations

import numpy as np

KINDS = (
    "few values",
    "normal",
    "one vector",
    "all scales",
    "near a point",
    "tiny",
    "huge",
    "half",
    "strided",
)


def draw(rng: np.random.Generator, kind: str, n: int, width: int) -> np.ndarray:
    """Features (n, width) that are hard on an evaluator in the way that `kind` says."""
    normal = rng.standard_normal((n, width))
    match kind:
        case "few values":
            return rng.integers(0, 3, (n, width)).astype(np.float32)
        case "one vector":
            return np.full((n, width), 0.1, np.float32)
        case "all scales":
            return (normal * 10.0 ** rng.uniform(-20, 18, (n, 1))).astype(np.float32)
        case "near a point":
            return (100 + 1e-4 * normal).astype(np.float32)
        case "tiny":
            return normal * 1e-150
        case "huge":
            return normal * 1e150
        case "half":
            return normal.astype(np.float16)
        case "strided":
            return np.asfortranarray(normal.astype(np.float32))
        case _:
            return normal.astype(np.float32)


def hard_case(rng: np.random.Generator, kind: str) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """A few queries and items with labels: junk, no match, one camera, and rows that repeat."""
    width, n_query, n_gallery = (int(rng.integers(1, high)) for high in (12, 9, 40))
    few = draw(rng, kind, 6, width)
    query, gallery = (
        few[rng.integers(6, size=n)] if rng.random() < 0.5 else draw(rng, kind, n, width)
        for n in (n_query, n_gallery)
    )
    cameras = int(rng.integers(1, 4))
    return query, gallery, {
        "query_pid": rng.integers(-1, 4, n_query),
        "gallery_pid": rng.integers(-1, 4, n_gallery),
        "query_camid": rng.integers(0, cameras, n_query),
        "gallery_camid": rng.integers(0, cameras, n_gallery),
    }  # fmt: skip


def people(n_query: int, n_gallery: int, width: int) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Twenty people who can be told apart more or less, and some strangers and junk in the gallery."""
    rng = np.random.default_rng(5)
    query_pid, gallery_pid = rng.integers(0, 20, n_query), rng.integers(-1, 25, n_gallery)
    centre = rng.standard_normal((26, width))
    query, gallery = (
        (centre[pid] + rng.standard_normal((len(pid), width))).astype(np.float32)
        for pid in (query_pid, gallery_pid)
    )
    labels = {
        "query_pid": query_pid,
        "gallery_pid": gallery_pid,
        "query_camid": rng.integers(0, 3, n_query),
        "gallery_camid": rng.integers(0, 3, n_gallery),
    }
    return query, gallery, labels


def shells(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two queries, and 600 items round each at distances that a product in single precision confuses."""
    query = 3 * np.array([[1.0], [-1.0]]) * np.ones((2, 300))
    around = rng.standard_normal((1200, 300))
    # At right angles to the query, so that the angles are nearly the same, too.
    around -= around.mean(axis=1, keepdims=True)
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    return query.astype(np.float32), (np.repeat(query, 600, axis=0) + around).astype(np.float32)
