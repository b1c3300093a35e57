"""The box of a crop as network input: its shape, and its size and position in the frame.

Every crop is resized to one shape before a network sees it. Its pixels then do not tell the ratio of a
person's width to their height, nor their size at a known distance from a fixed camera.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from agreid_cli.records.crops import VIEW_OF_PLATFORM

Cues = npt.NDArray[np.float32]

#: log(width / height) of the crop; 1 for an aerial view and -1 for a ground one; then, 0 if the box in the
#: frame is unknown: 1, log(height / that of the frame), and the box's lower edge and centre as fractions of
#: the frame; then, 0 if the altitude is unknown: 1, and the altitude (0, 1, 2 = about 15, 30, 45 m).
CUES = ("shape", "view", "in_frame", "size", "foot", "across", "has_altitude", "altitude")
#: The first of them are known for every image file.
OF_FILE = 1


def box_cues(table: pa.Table) -> Cues:
    """float32 (N, `CUES`) for the rows of a crops table or a manifest."""
    column = {name: _numbers(table, name) for name in _READ}
    placed = np.isfinite(np.sum([column[name] for name in _PLACE], axis=0))
    flown = np.isfinite(column["altitude"])
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.log(column["height"] / column["frame_height"])
        foot = column["y2"] / column["frame_height"]
        across = (column["x1"] + column["x2"]) / 2 / column["frame_width"]
    made = [
        np.log(column["width"] / column["height"]),
        [_VIEW[VIEW_OF_PLATFORM[name]] for name in table["platform"].to_pylist()],
        placed,
        *(np.where(placed, values, 0.0) for values in (size, foot, across)),
        flown, np.where(flown, column["altitude"], 0.0),
    ]  # fmt: skip
    return np.stack(made, axis=1).astype(np.float32)


def cues_of_file(width: int, height: int, platform: str | None = None) -> Cues:
    """float32 (`CUES`,) for an image of a crop of which nothing else is known.

    >>> cues_of_file(90, 90, "uav").tolist()
    [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    made = np.zeros(len(CUES), np.float32)
    made[0] = np.log(width / height)
    made[1] = 0 if platform is None else _VIEW[VIEW_OF_PLATFORM[platform]]
    return made


_VIEW = {"aerial": 1, "ground": -1}
_PLACE = ("x1", "x2", "y2", "frame_width", "frame_height")
_READ = ("width", "height", *_PLACE, "altitude")


def _numbers(table: pa.Table, name: str) -> npt.NDArray[np.floating[Any]]:
    """float64; NaN for null."""
    return np.asarray(table[name].to_numpy(zero_copy_only=False), np.float64)
