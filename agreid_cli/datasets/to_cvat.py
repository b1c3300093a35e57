"""Export crops and annotations as "CVAT for video 1.1": one XML per video, to upload to a task of that video.

A track, or the part of one that shows one person, is a track in CVAT, with key frames where crops were
saved. `pid` may change at any frame, if a track contains two people; attributes are per track.
https://docs.cvat.ai/docs/other/xml_format
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
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
from agreid_cli.datasets.to_mot import refuse_names

#: CVAT's value for an unset choice.
UNDEFINED = "__undefined__"
FILE = "annotations.xml"
#: Input for CVAT's label constructor under "Raw".
LABELS = "labels.json"


def plan(table: pa.Table, crops: Sequence[Crop], direction: str) -> Plan:
    """`<video>/annotations.xml` for every video, and `labels.json` to set up a task."""
    groups = asked_groups(table)
    videos, notes = tracked_videos(table)
    refuse_names(videos)
    texts = tuple((f"{video}/{FILE}", _document(video, tracks, groups)) for video, tracks in videos.items())
    notes.append("boxes are on the frames of saved crops; CVAT interpolates those between")
    return Plan(texts=(*texts, (LABELS, _labels(groups))), notes=tuple(notes))


def _document(video: str, tracks: list[list[dict[str, Any]]], groups: list[AskedGroup]) -> str:
    root = ElementTree.Element("annotations")
    _leaf(root, "version", "1.1")
    size = 2 + max(rows[-1]["frame"] for rows in tracks)
    _meta(root, video, size, tracks[0][0], groups)
    parts = [list(part) for rows in tracks for _, part in groupby(rows, key=pid_text)]
    for number, rows in enumerate(parts):
        track = ElementTree.SubElement(root, "track", id=str(number), label=PERSON, source="auto")
        for row in rows:
            _box(track, row, row["frame"], False, groups)
        # Without this the last box would stay until the end of the video.
        _box(track, rows[-1], rows[-1]["frame"] + 1, True, groups)
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _meta(
    root: ElementTree.Element, video: str, size: int, row: dict[str, Any], groups: list[AskedGroup]
) -> None:
    task = ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "task")
    _leaf(task, "name", video)
    _leaf(task, "size", str(size))
    _leaf(task, "mode", "interpolation")
    label = ElementTree.SubElement(ElementTree.SubElement(task, "labels"), "label")
    _leaf(label, "name", PERSON)
    _leaf(label, "type", "rectangle")
    attributes = ElementTree.SubElement(label, "attributes")
    for name, mutable, words in _fields(groups):
        _attribute(attributes, name, mutable, words)
    original = ElementTree.SubElement(task, "original_size")
    _leaf(original, "width", str(row["frame_width"]))
    _leaf(original, "height", str(row["frame_height"]))


def _fields(groups: list[AskedGroup]) -> list[tuple[str, bool, tuple[str, ...]]]:
    """Name, whether it may change within a track, and the choices (none: free text)."""
    asked = [(group.name, False, (UNDEFINED, *group.words)) for group in groups]
    return [("track", False, ()), ("pid", True, ()), *asked]


def _labels(groups: list[AskedGroup]) -> str:
    attributes = [
        {
            "name": name,
            "mutable": mutable,
            "input_type": "select" if words else "text",
            "default_value": words[0] if words else "",
            "values": list(words) or [""],
        }
        for name, mutable, words in _fields(groups)
    ]
    label = {"name": PERSON, "type": "rectangle", "attributes": attributes}
    return json.dumps([label], ensure_ascii=False, indent=1) + "\n"


def _attribute(parent: ElementTree.Element, name: str, mutable: bool, words: tuple[str, ...]) -> None:
    node = ElementTree.SubElement(parent, "attribute")
    _leaf(node, "name", name)
    _leaf(node, "mutable", str(mutable))
    _leaf(node, "input_type", "select" if words else "text")
    _leaf(node, "default_value", words[0] if words else "")
    _leaf(node, "values", "\n".join(words))


def _box(
    track: ElementTree.Element, row: dict[str, Any], frame: int, outside: bool, groups: list[AskedGroup]
) -> None:
    corners = {
        name: f"{row[column]:.2f}"
        for name, column in (("xtl", "x1"), ("ytl", "y1"), ("xbr", "x2"), ("ybr", "y2"))
    }
    box = ElementTree.SubElement(
        track,
        "box",
        {"frame": str(frame), "outside": str(int(outside)), "occluded": "0", "keyframe": "1", **corners,
         "z_order": "0"},
    )  # fmt: skip
    for name, text in (
        ("track", track_name(row)),
        ("pid", pid_text(row)),
        *((group.name, row[LABEL + group.name] or UNDEFINED) for group in groups),
    ):
        _leaf(box, "attribute", text).set("name", name)


def _leaf(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    node = ElementTree.SubElement(parent, name)
    node.text = text
    return node
