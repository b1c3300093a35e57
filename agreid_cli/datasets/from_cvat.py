"""What annotators did in CVAT: an export as "CVAT for video 1.1", the XML or the ZIP around it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree

from agreid_cli.datasets.annotation_files import Covered, joined_runs, track_named
from agreid_cli.datasets.to_cvat import FILE, UNDEFINED
from agreid_cli.errors import InputError, Problems


def read(path: Path, problems: Problems) -> list[Covered]:
    """The runs of every track. A box speaks for the frames up to the next one; outside boxes for none."""
    root = _root(path)
    found: list[Covered] = []
    tracks = root.findall("track")
    if not tracks and root.find("image") is not None:
        problems.add(str(path), "is 'CVAT for images'; export it as 'CVAT for video 1.1', which has tracks")
    for node in tracks:
        where = f"{path}, track {node.get('id')}"
        boxes = sorted(node.findall("box"), key=lambda box: int(box.get("frame", "0")))
        found += joined_runs(_runs(boxes, where, problems))
    return found


def _runs(boxes: list[ElementTree.Element], where: str, problems: Problems) -> list[Covered]:
    runs = []
    for at, box in enumerate(boxes):
        if box.get("outside") == "1":
            continue
        said = {str(a.get("name")): (a.text or "").strip() for a in box.findall("attribute")}
        track = track_named(said.pop("track", ""))
        if track is None:
            problems.add(where, "its field 'track' names no track, so that no crop belongs to it; remove it")
            return []
        first = int(box.get("frame", "0"))
        last = int(boxes[at + 1].get("frame", "0")) - 1 if at + 1 < len(boxes) else first
        pid = said.pop("pid", "")
        labels = {name: word for name, word in said.items() if word not in ("", UNDEFINED)}
        runs.append(Covered(track, first, last, pid, labels, where))
    return runs


def _root(path: Path) -> ElementTree.Element:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return ElementTree.fromstring(archive.read(FILE))
        return ElementTree.parse(path).getroot()
    except KeyError as error:
        raise InputError(
            f"{path} holds no {FILE}", hint="Export the task as 'CVAT for video 1.1'."
        ) from error
    except ElementTree.ParseError as error:
        raise InputError(f"{path} is not XML: {error}") from error
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot read {path}: {error}") from error
