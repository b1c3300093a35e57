"""Crops `crops/1`: one row per saved person crop, with its position in the video."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from agreid_cli.errors import Problem
from agreid_cli.records.artefact import Artefact, duplicates

PLATFORMS = ("uav", "cctv", "wearable")
BOX = ("x1", "y1", "x2", "y2")
VIEW_OF_PLATFORM = {"uav": "aerial", "cctv": "ground", "wearable": "ground"}
#: The official camera numbers of AG-ReID and AG-ReID.v2 (method.md §3.1).
CAMID_OF_PLATFORM = {"uav": 0, "wearable": 2, "cctv": 3}

CROP_FIELDS = [
    pa.field("crop_id", pa.string(), nullable=False),
    pa.field("path", pa.string(), nullable=False),  # relative to the table's folder
    pa.field("camid", pa.int16(), nullable=False),
    pa.field("platform", pa.string(), nullable=False),
    pa.field("altitude", pa.int8()),  # A field: 0, 1, 2 = about 15, 30, 45 m
    pa.field("session", pa.string()),  # T field: MMDD then 0 morning, 1 afternoon
    pa.field("video_id", pa.string()),
    pa.field("track_id", pa.int32()),
    pa.field("frame", pa.int32()),  # 0-based index in the stream
    pa.field("time_s", pa.float64()),  # timestamp of the stream
    pa.field("x1", pa.float32()),  # box in pixels of the full frame
    pa.field("y1", pa.float32()),
    pa.field("x2", pa.float32()),
    pa.field("y2", pa.float32()),
    pa.field("score", pa.float32()),
    pa.field("width", pa.int32(), nullable=False),  # of the crop, pixels
    pa.field("height", pa.int32(), nullable=False),
    pa.field("frame_width", pa.int32()),
    pa.field("frame_height", pa.int32()),
    pa.field("sharpness", pa.float32()),  # variance of the Laplacian at a fixed height
    pa.field("in_frame", pa.float32()),  # fraction of the detected box inside the frame, 0..1
    pa.field("pixelated", pa.string()),  # face, head or none
]
CROPS_SCHEMA = pa.schema(CROP_FIELDS)


def crop_row(
    crop_id: str, path: str, *, camid: int, platform: str, size: tuple[int, int], **known: Any
) -> dict[str, Any]:
    """One row of `crops/1`; a column that is not given is null.

    `size` is (width, height) of the crop in pixels. Raises `TypeError` for a column that the schema lacks.

    >>> row = crop_row("a", "a.jpg", camid=0, platform="uav", size=(64, 128), frame=30)
    >>> row["height"], row["frame"], row["score"]
    (128, 30, None)
    """
    given = {"crop_id": crop_id, "path": path, "camid": camid, "platform": platform,
             "width": size[0], "height": size[1], **known}  # fmt: skip
    if strange := given.keys() - set(CROPS_SCHEMA.names):
        raise TypeError(f"a crop has no column {', '.join(sorted(strange))}")
    return {name: given.get(name) for name in CROPS_SCHEMA.names}


def video_crop_row(
    video_id: str, track_id: int, frame: int, box: tuple[int, int, int, int], **known: Any
) -> dict[str, Any]:
    """The row of a crop cut from a video by a box of whole pixels, named by its track and frame.

    `known` are the other columns, as for `crop_row`.
    """
    name = f"t{track_id:05d}_f{frame:06d}"
    x1, y1, x2, y2 = box
    return crop_row(
        f"{video_id}_{name}", f"images/{video_id}/{name}.jpg", size=(x2 - x1, y2 - y1),
        video_id=video_id, track_id=track_id, frame=frame, x1=x1, y1=y1, x2=x2, y2=y2, **known,
    )  # fmt: skip


def check_crops(table: pa.Table) -> list[Problem]:
    """`crop_id` unique; paths that can be files; known platforms; box inside the frame; sizes positive."""
    problems = [Problem(f"crop_id {i}", "occurs more than once") for i in duplicates(table["crop_id"])]
    for name, what in (("crop_id", "its crop_id is empty"), ("path", "its path is empty")):
        problems += [Problem(f"crop {crop}", what) for crop in _ids(table, pc.equal(table[name], ""))]
    for crop in _ids(table, pc.match_substring(table["path"], "\0")):
        problems.append(Problem(f"crop {crop}", "its path contains a NUL byte"))
    for crop in _ids(table, pc.match_substring_regex(table["path"], r"(^|[/\\])\.{0,2}$")):
        problems.append(Problem(f"crop {crop}", "its path is a folder"))
    known = pc.is_in(table["platform"], value_set=pa.array(PLATFORMS))
    for name in sorted({str(v) for v in table["platform"].filter(pc.invert(known)).to_pylist()}):
        problems.append(Problem("column platform", f"'{name}' is not one of {', '.join(PLATFORMS)}"))
    for name in ("width", "height"):
        for crop in _ids(table, pc.less_equal(table[name], 0)):
            problems.append(Problem(f"crop {crop}", f"{name} is not positive"))
    n_corners = sum(table[name].is_valid().to_numpy(zero_copy_only=False).astype(int) for name in BOX)
    for crop in _ids(table, pa.array((n_corners > 0) & (n_corners < len(BOX)))):
        problems.append(Problem(f"crop {crop}", f"its box has only some of {', '.join(BOX)}"))
    for crop in _ids(table, _any([pc.invert(pc.is_finite(table[name])) for name in BOX])):
        problems.append(Problem(f"crop {crop}", "its box contains NaN or infinity"))
    for crop in _ids(table, pc.less(table["frame"], 0)):
        problems.append(Problem(f"crop {crop}", "its frame is below 0"))
    outside = pc.or_kleene(
        pc.or_kleene(pc.less(table["x1"], 0), pc.less(table["y1"], 0)),
        pc.or_kleene(
            pc.greater(table["x2"], table["frame_width"]), pc.greater(table["y2"], table["frame_height"])
        ),
    )
    for crop in _ids(table, outside):
        problems.append(Problem(f"crop {crop}", "its box exceeds the frame"))
    empty = pc.or_kleene(pc.less_equal(table["x2"], table["x1"]), pc.less_equal(table["y2"], table["y1"]))
    for crop in _ids(table, empty):
        problems.append(Problem(f"crop {crop}", "its box is empty"))
    return problems


def _any(masks: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    return reduce(pc.or_kleene, masks)


def _ids(table: pa.Table, mask: pa.ChunkedArray) -> list[str]:
    found = table["crop_id"].filter(pc.fill_null(mask, False)).to_pylist()
    return [str(crop) for crop in found]


CROPS = Artefact("crops", 1, CROPS_SCHEMA, "agreid extract-crops VIDEO", check_crops)
