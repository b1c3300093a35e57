"""The bound on rounding errors is valid and tight enough to be useful."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.errors import InputError
from agreid_cli.metrics.ranking.features import Features
from agreid_cli.metrics.ranking.frame import survey
from agreid_cli.metrics.ranking.product import numpy_product, scores, torch_product
from tests.metrics.people import draw


class Slices:
    """A reader with a shape and slices, and nothing else."""

    def __init__(self, rows: np.ndarray) -> None:
        self.shape, self._rows = rows.shape, rows

    def __getitem__(self, which: slice) -> np.ndarray:
        assert isinstance(which, slice)
        return self._rows[which]


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("kind", ["normal", "all positive", "half", "all scales", "near a point", "double"])
@pytest.mark.parametrize("width", [1, 300, 1500])
def test_scores_are_off_by_no_more_than_the_doubt(metric: str, kind: str, width: int) -> None:
    rng = np.random.default_rng(width)
    rows = draw(rng, kind, 60, width)
    if kind == "all positive":
        rows = np.abs(rows)  # the sums grow, and their rounding with them
    if kind == "double":
        rows = rows.astype(np.float64) * np.pi
    query, gallery = Features("query", rows[:20]), Features("gallery", rows[20:])
    frame = survey(metric, query, gallery, 7)
    queries, block = (
        frame.query_block(query, np.arange(20)),
        frame.gallery_block(rows[20:], np.zeros(40, bool)),
    )
    truth = _true_scores(frame, rows)
    # Queries are not divided by their length where rows are multiplied as they lie: it changes no order.
    as_they_lie = metric == "cosine" and frame.direct and rows.dtype == np.float32
    factor = np.sqrt((rows[:20].astype(np.longdouble) ** 2).sum(axis=1)) if as_they_lie else np.ones(20)
    doubt = frame.doubt(queries.length[:, None], block.length)
    for multiply in (numpy_product, torch_product):
        out = np.empty((20, 40), np.float32)
        scores(multiply, queries.rows, block, 0, 40, out)
        error = np.abs(out - truth * factor[:, None])
        assert (error <= doubt * 1.001).all()
    double, small = frame.double_scores(rows[:20, None], rows[20:])
    assert (np.abs(double - truth * factor[:, None]) <= small * 1.001).all()
    double, small = frame.double_scores(rows[:20], rows[20:40])
    assert (np.abs(double - (truth * factor[:, None])[np.arange(20), np.arange(20)]) <= small * 1.001).all()
    if kind == "normal" and width > 1:
        assert doubt.max() < 1e-4 * queries.length.max() * max(1.0, block.length.max())


def _true_scores(frame, rows):  # type: ignore[no-untyped-def]
    """The scores (20, 40) of x′ in extended precision."""
    wide = rows.astype(np.longdouble)
    if frame.metric == "cosine":
        length = np.sqrt((wide * wide).sum(axis=1, keepdims=True))
        wide = wide / np.where(length > 0, length, 1)
    wide = np.ldexp(wide, frame.exponent)
    if frame.centre is not None:
        wide = wide - frame.centre.astype(np.longdouble)
    query, gallery = wide[:20], wide[20:]
    score = query @ gallery.T
    if frame.metric == "euclidean" or frame.centre is not None:
        score = score - (gallery * gallery).sum(axis=1) / 2
    return score


def test_rows_are_moved_and_scaled_only_where_it_helps() -> None:
    rng = np.random.default_rng(0)
    normal = draw(rng, "normal", 50, 8)

    def frame_of(rows: np.ndarray, metric: str = "euclidean"):  # type: ignore[no-untyped-def]
        return survey(metric, Features("query", rows[:5]), Features("gallery", rows[5:]), 16)

    assert frame_of(normal).direct
    assert frame_of(normal, "cosine").direct
    assert frame_of(normal + 100).centre is not None
    assert frame_of(normal * np.float32(1e30)).exponent < 0
    assert frame_of(normal * np.float32(1e-30)).exponent > 0
    outlier = normal + 100
    outlier[20] *= 1e12
    moved = frame_of(outlier)
    assert np.linalg.norm(np.ldexp(moved.centre, -moved.exponent) - 100) < 10


def test_rows_that_are_not_finite_are_named() -> None:
    rows = np.ones((30, 3))
    rows[[4, 17], 1] = np.nan, np.inf
    with pytest.raises(InputError) as caught:
        survey("euclidean", Features("query", np.ones((1, 3))), Features("gallery", Slices(rows)), 8)
    assert [p.where for p in caught.value.problems] == ["gallery row 4", "gallery row 17"]


def test_rows_are_taken_in_any_order_by_slices_alone() -> None:
    rows = np.arange(40, dtype=np.float32).reshape(20, 2)
    index = np.array([7, 3, 8, 3, 19, 0, 7])
    for source in (rows, Slices(rows), rows.astype(np.int64), rows.astype(np.float16)):
        features = Features("query", source)
        assert features.take(index).tolist() == rows[index].tolist()
        assert features.take(np.zeros(0, np.int64)).shape == (0, 2)
