"""Export a manifest or crops table as person boxes in COCO JSON.

`extract-crops` does not store frames, so an image entry refers to a video: `video_id`, `frame`
(0-based) and `time_s`, and a `file_name` under which the frame can be stored. There are boxes only on frames
with saved crops (every 30th by default, see --every), and only of the saved tracks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from agreid_cli.datasets.boxes import box_of, boxed_rows
from agreid_cli.datasets.formats import Crop, Plan

FILE = "annotations.json"
PERSON = {"id": 1, "name": "person", "supercategory": "person"}
#: Columns added to a box if the table has them.
KEPT = ("crop_id", "track_id", "pid", "camid", "platform", "score")


def plan(table: pa.Table, crops: Sequence[Crop], direction: str) -> Plan:
    """One JSON file with all videos."""
    rows, notes = boxed_rows(table)
    frames: dict[tuple[str, int], dict[str, Any]] = {}
    annotations = []
    for number, row in enumerate(rows, 1):
        key = (row["video_id"], row["frame"])
        image = frames.setdefault(key, _image(row, len(frames) + 1))
        left, top, width, height = box_of(row)
        annotations.append(
            {
                "id": number,
                "image_id": image["id"],
                "category_id": PERSON["id"],
                "bbox": [left, top, width, height],
                "area": round(width * height, 3),
                "iscrowd": 0,
                **{name: row[name] for name in KEPT if row.get(name) is not None},
            }
        )
    document = {
        "info": {"description": "person boxes of an agreid workspace; the frames are in the videos"},
        "images": list(frames.values()),
        "annotations": annotations,
        "categories": [PERSON],
    }
    return Plan(
        texts=((FILE, json.dumps(document, ensure_ascii=False, indent=1) + "\n"),), notes=tuple(notes)
    )


def _image(row: dict[str, Any], number: int) -> dict[str, Any]:
    """An image entry. `file_name` is where the frame can be put; it is not stored anywhere."""
    return {
        "id": number,
        "file_name": f"{row['video_id']}/{row['frame']:06d}.jpg",
        "width": row["frame_width"],
        "height": row["frame_height"],
        "video_id": row["video_id"],
        "frame": row["frame"],
        **({"time_s": row["time_s"]} if row.get("time_s") is not None else {}),
    }
