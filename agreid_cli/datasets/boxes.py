"""Rows of a crops or manifest table with a box in a video frame, for COCO and MOT."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from agreid_cli.errors import InputError

NEEDED = ("video_id", "frame", "x1", "y1", "x2", "y2", "frame_width", "frame_height")


def boxed_rows(table: pa.Table) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows with a video, a frame and a box, ordered by video, frame and crop_id; and notes."""
    whole = None
    for name in NEEDED:
        valid = table[name].is_valid()
        whole = valid if whole is None else pc.and_(whole, valid)
    rows = table.filter(whole).sort_by([(n, "ascending") for n in ("video_id", "frame", "crop_id")])
    if not rows.num_rows:
        raise InputError(
            "no crop here has a box in a video frame",
            hint="Public data sets consist of crops without boxes. Cut crops from videos with: "
            "agreid extract-crops VIDEO",
        )
    left_out = table.num_rows - rows.num_rows
    notes = [f"{left_out} crops have no box in a video frame and are left out"] if left_out else []
    found: list[dict[str, Any]] = rows.to_pylist()
    return found, notes


def box_of(row: dict[str, Any]) -> tuple[float, float, float, float]:
    """Left, top, width and height in pixels, rounded to a thousandth (boxes are stored as float32).

    >>> box_of({"x1": 1.5, "y1": 2.0, "x2": 4.0, "y2": 9.25})
    (1.5, 2.0, 2.5, 7.25)
    """
    left, top = round(row["x1"], 3), round(row["y1"], 3)
    return left, top, round(row["x2"] - row["x1"], 3), round(row["y2"] - row["y1"], 3)
