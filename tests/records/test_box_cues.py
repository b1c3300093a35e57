"""The cues of boxes, against sums done by hand, with every part that may be unknown."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.records.box_cues import CUES, box_cues, cues_of_file
from agreid_cli.records.crops import BOX, CROPS_SCHEMA, PLATFORMS, crop_row

FRAME = (704, 480)
AT = st.tuples(st.integers(0, 600), st.integers(0, 300), st.integers(1, 100), st.integers(1, 180))


def table(rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, CROPS_SCHEMA)


def row(
    at: tuple[int, int, int, int], placed: bool, altitude: int | None, platform: str = "cctv"
) -> dict[str, object]:
    x, y, w, h = at
    known = dict(zip(BOX, (x, y, x + w, y + h), strict=True), frame_width=FRAME[0], frame_height=FRAME[1])
    return crop_row(
        "a", "a.jpg", camid=3, platform=platform, size=(w, h), altitude=altitude, **known if placed else {}
    )


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(AT, st.booleans(), st.sampled_from([None, 0, 2]), st.sampled_from(PLATFORMS)),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_cues_are_those_of_the_box_and_zero_where_unknown(drawn: list) -> None:
    found = box_cues(table([row(*each) for each in drawn]))
    assert (found.dtype, found.shape) == (np.float32, (len(drawn), len(CUES)))
    for cues, ((x, y, w, h), placed, altitude, platform) in zip(found, drawn, strict=True):
        place = [1, math.log(h / 480), (y + h) / 480, (x + w / 2) / 704] if placed else [0] * 4
        flown = [0, 0] if altitude is None else [1, altitude]
        assert cues.tolist() == pytest.approx(
            [math.log(w / h), 1 if platform == "uav" else -1, *place, *flown], abs=1e-6
        )


def test_a_file_has_the_shape_only() -> None:
    [from_table] = box_cues(table([row((0, 0, 30, 90), placed=False, altitude=None)]))
    assert np.array_equal(cues_of_file(30, 90, "cctv"), from_table)
    assert cues_of_file(30, 90).tolist() == [from_table[0], *[0] * 7]
    half = crop_row("a", "a.jpg", camid=3, platform="cctv", size=(30, 90), x1=1, x2=31, y1=2, y2=92)
    assert np.array_equal(box_cues(table([half]))[0], from_table), "a box in a frame of unknown size"
