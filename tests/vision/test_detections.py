"""Boxes that a tracker cannot handle are dropped; the others are inside the frame."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.vision.detections import Detections

NUMBER = st.one_of(
    st.floats(-50, 250, width=32), st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 100.0, 3e38])
)
SCORE = st.one_of(st.floats(-0.5, 1.5, width=32), st.just(np.nan))
ROW = st.tuples(NUMBER, NUMBER, NUMBER, NUMBER, SCORE)


@given(st.lists(ROW, max_size=12), st.integers(0, 20))
@settings(max_examples=200, deadline=None)
def test_usable_is_what_the_slow_rule_keeps(rows: list[tuple[float, ...]], min_px: int) -> None:
    table = np.array(rows, np.float32).reshape(-1, 5)
    found = Detections.usable(table[:, :4], table[:, 4], (200, 100), min_px)
    kept = []
    for x1, y1, x2, y2, score in table:
        if not np.isfinite([x1, y1, x2, y2, score]).all() or not 0 <= score <= 1:
            continue
        x1, x2 = (min(max(x, 0), 200) for x in (x1, x2))
        y1, y2 = (min(max(y, 0), 100) for y in (y1, y2))
        if np.float32(x2) - np.float32(x1) >= max(min_px, 1) and np.float32(y2) - np.float32(y1) >= max(
            min_px, 1
        ):
            kept.append([x1, y1, x2, y2, score])
    assert np.column_stack([found.boxes, found.scores]).tolist() == np.array(kept).reshape(-1, 5).tolist()
    assert found.boxes.dtype == found.scores.dtype == np.float32


def test_nothing_has_the_shape_that_trackers_ask_for() -> None:
    for empty in (Detections.none(), Detections.usable(np.zeros(0), np.zeros(0), (10, 10), 1)):
        assert (empty.boxes.shape, empty.scores.shape, len(empty)) == ((0, 4), (0,), 0)
