"""Export crops and annotations for Label Studio: `tasks.json`, one task per video, and `config.xml`.

A region is a track, or the part of one that shows one person; `track`, `pid` and the attributes are
fields of the region. Tracks are exported as predictions, which Label Studio opens as the draft of an
annotation. https://labelstud.io/templates/video_object_detector
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa

from agreid_cli.datasets.annotation_files import (
    LABEL,
    PERSON,
    AskedGroup,
    asked_groups,
    pid_text,
    track_name,
    tracked_videos,
)
from agreid_cli.datasets.formats import Crop, Plan
from agreid_cli.datasets.video_facts import rate_of

TASKS, CONFIG = "tasks.json", "config.xml"
BOX, VIDEO, RATE = "box", "video", "fps"
UNKNOWN_RATE = 30.0


def plan(table: pa.Table, crops: Sequence[Crop], direction: str) -> Plan:
    """`tasks.json` and `config.xml`."""
    groups = asked_groups(table)
    videos, notes = tracked_videos(table)
    rates = {video: _rate(row for rows in tracks for row in rows) for video, tracks in videos.items()}
    tasks = [_task(video, tracks, groups, rates[video]) for video, tracks in videos.items()]
    notes.append(
        f"{TASKS} names each video <video_id>.mp4; replace it by the URL under which Label Studio finds it"
    )
    told = ", ".join(f"{video} {rate:g}" for video, rate in rates.items() if rate)
    notes.append(f"each task has the frame rate of its video ({RATE}): {told or 'none is known'}")
    if unknown := [video for video, rate in rates.items() if not rate]:
        notes.append(
            f"the frame rate of {', '.join(unknown)} is not known; {UNKNOWN_RATE:g} is written to {TASKS}, "
            "correct it there"
        )
    text = json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"
    return Plan(texts=((TASKS, text), (CONFIG, _config(groups))), notes=tuple(notes))


def _task(
    video: str, tracks: list[list[dict[str, Any]]], groups: list[AskedGroup], rate: float | None
) -> dict[str, Any]:
    n_frames = 1 + max(rows[-1]["frame"] for rows in tracks)
    result = []
    for rows in tracks:
        for number, (_, group) in enumerate(groupby(rows, key=pid_text)):
            part = list(group)
            result += _region(f"{video}-{part[0]['track_id']}-{number}", part, n_frames, groups)
    return {
        "data": {VIDEO: f"{video}.mp4", "video_id": video, RATE: rate or UNKNOWN_RATE},
        "predictions": [{"model_version": "agreid", "result": result}],
    }


def _region(
    name: str, rows: list[dict[str, Any]], n_frames: int, groups: list[AskedGroup]
) -> list[dict[str, Any]]:
    """The box, and a result for each non-empty field; all have the region's id."""
    sequence = [
        {
            "frame": row["frame"] + 1,  # frames count from 1 there
            # A key frame that is not enabled is the last one of a run.
            "enabled": row is not rows[-1],
            "rotation": 0,
            "x": _percent(row["x1"], row["frame_width"]),
            "y": _percent(row["y1"], row["frame_height"]),
            "width": _percent(row["x2"] - row["x1"], row["frame_width"]),
            "height": _percent(row["y2"] - row["y1"], row["frame_height"]),
            **({"time": round(row["time_s"], 3)} if row.get("time_s") is not None else {}),
        }
        for row in rows
    ]
    head = {"id": name, "to_name": VIDEO}
    box = {"framesCount": n_frames, "sequence": sequence, "labels": [PERSON]}
    results = [{**head, "from_name": BOX, "type": "videorectangle", "value": box}]
    for field, text in (("track", track_name(rows[0])), ("pid", pid_text(rows[0]))):
        if text:
            results.append({**head, "from_name": field, "type": "textarea", "value": {"text": [text]}})
    for group in groups:
        if word := rows[0][LABEL + group.name]:
            results.append({**head, "from_name": group.name, "type": "choices", "value": {"choices": [word]}})
    return results


def _percent(value: float, whole: int) -> float:
    return round(100 * value / whole, 5)


def _rate(rows: Iterable[dict[str, Any]]) -> float | None:
    rate = rate_of([(row["frame"], row.get("time_s")) for row in rows])
    return round(rate, 3) if rate else None


def _config(groups: list[AskedGroup]) -> str:
    view = ElementTree.Element("View")
    labels = ElementTree.SubElement(view, "Labels", name="label", toName=VIDEO)
    ElementTree.SubElement(labels, "Label", value=PERSON)
    ElementTree.SubElement(view, "Video", name=VIDEO, value=f"${VIDEO}", framerate=f"${RATE}")
    ElementTree.SubElement(view, "VideoRectangle", name=BOX, toName=VIDEO)
    for field, hint in (("track", "do not change"), ("pid", "identity; -1: not a person")):
        ElementTree.SubElement(
            view, "TextArea", name=field, toName=VIDEO, perRegion="true", maxSubmissions="1", editable="true",
            placeholder=hint,
        )  # fmt: skip
    for group in groups:
        ElementTree.SubElement(view, "Header", value=group.title, size="6")
        choices = ElementTree.SubElement(
            view, "Choices", name=group.name, toName=VIDEO, perRegion="true", choice="single",
            showInline="true",
        )  # fmt: skip
        for word in group.words:
            ElementTree.SubElement(choices, "Choice", value=word)
    ElementTree.indent(view, "  ")
    return ElementTree.tostring(view, "unicode") + "\n"
