"""Read annotations from CVAT: an export as "CVAT for video 1.1", XML or ZIP."""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from agreid_cli.datasets.annotation_files import Box, Covered, ToolFile, joined_runs, track_named
from agreid_cli.datasets.cvat_tasks import ONLY, Task, offsets_of, tasks_of
from agreid_cli.datasets.to_cvat import FILE, UNDEFINED
from agreid_cli.datasets.video_facts import SPARE, VideoFacts
from agreid_cli.errors import InputError, Problems

_CORNERS = ("xtl", "ytl", "xbr", "ybr")


def read(path: Path, videos: Mapping[str, VideoFacts], problems: Problems) -> ToolFile:
    """The runs of every track. A box applies to the frames up to the next one; outside boxes to none."""
    found = ToolFile([], [])
    for place, root in _roots(path):
        _read_document(place, root, videos, found, problems)
    return found


def _read_document(
    place: str,
    root: ElementTree.Element,
    videos: Mapping[str, VideoFacts],
    found: ToolFile,
    problems: Problems,
) -> None:
    tracks, images = root.findall("track"), root.findall("image")
    if not tracks and images:
        problems.add(place, "is 'CVAT for images'; export it as 'CVAT for video 1.1', which has tracks")
    elif images:
        found.notes.append(f"{place}: {len(images)} annotated images are not used, only tracks")
    tasks = tasks_of(root) or {ONLY: Task("")}
    size = _size(root)
    shapeless = 0
    videos_of: dict[str, set[str]] = defaultdict(set)
    nodes: dict[str, list[tuple[str, list[_Key]]]] = {}
    for node in tracks:
        where = f"{place}, track {node.get('id')}"
        before = problems.n
        keys = _keys(node, where, problems)
        if problems.n == before and all(key.outside for key in keys):
            shapeless += 1
        elif keys:
            named = (node.get("task_id") or "").strip()
            task_id = next(iter(tasks)) if ONLY in tasks or (len(tasks) == 1 and not named) else named
            nodes.setdefault(task_id, []).append((where, keys))
    if shapeless:
        found.notes.append(f"{place}: {shapeless} tracks have no visible boxes and are not used")
    shown: dict[str, tuple[int, int]] = {}
    for task_id, of_task in nodes.items():
        if task_id not in tasks:
            said = f"names task {task_id}, which the file does not list" if task_id else "names no task"
            why = "a project export continues frame numbers from task to task; export each task by itself"
            problems.add(of_task[0][0], f"{said}; {why}")
        elif numbers := [key.frame for _, keys in of_task for key in keys if not key.outside]:
            shown[task_id] = min(numbers), max(numbers)
    ways = offsets_of(tasks, shown)
    if not ways:
        for task_id, (low, high) in shown.items():
            task = tasks[task_id]
            problems.add(
                f"{place}, task '{task.name}'",
                f"has boxes on frames {low} to {high} of the file, and contains {task.start} to {task.last}",
            )
        return
    offsets = max(ways, key=lambda way: _n_on_crops(way, nodes, videos)) if len(ways) > 1 else ways[0]
    for task_id in shown:
        for where, keys in nodes[task_id]:
            found.runs.extend(_runs(keys, offsets[task_id], size, where, videos, problems))
            videos_of[task_id].update(run.track[0] for run in found.runs[-1:])
    for task_id, names in videos_of.items():
        _check_length(tasks[task_id], names, videos, place, problems)


def _n_on_crops(
    way: Mapping[str, int],
    nodes: Mapping[str, list[tuple[str, list[_Key]]]],
    videos: Mapping[str, VideoFacts],
) -> int:
    """How many boxes are on a frame with a crop, in one way of counting: our own boxes all are."""
    n = 0
    for task_id, of_task in nodes.items():
        for _, keys in of_task:
            track = track_named(keys[0].said.get("track", ""))
            facts = videos.get(track[0]) if track else None
            if facts and task_id in way:
                n += sum(key.frame - way[task_id] in facts.crop_frames for key in keys if not key.outside)
    return n


class _Key(NamedTuple):
    frame: int
    outside: bool
    box: Box | None
    said: dict[str, str]


def _keys(node: ElementTree.Element, where: str, problems: Problems) -> list[_Key]:
    """The boxes of a track in order of frames; a doubled one counts once."""
    keys: dict[int, _Key] = {}
    for box in node.findall("box"):
        text = (box.get("frame") or "").strip()
        if not (text.isascii() and text.isdigit()):
            problems.add(where, f"a box is on frame '{text}', which is not a frame number")
            continue
        said = {str(a.get("name")): (a.text or "").strip() for a in box.findall("attribute")}
        key = _Key(int(text), box.get("outside") == "1", _corners(box), said)
        twin = keys.get(key.frame)
        if twin and not twin.outside and not key.outside and twin.said != key.said:
            problems.add(f"{where}, frame {key.frame}", "has two boxes with different attributes")
        if twin is None or (twin.outside and not key.outside):
            keys[key.frame] = key
    return [keys[frame] for frame in sorted(keys)]


def _corners(box: ElementTree.Element) -> Box | None:
    try:
        x1, y1, x2, y2 = (float(box.get(name, "")) for name in _CORNERS)
    except ValueError:
        return None
    return x1, y1, x2, y2


def _runs(
    keys: list[_Key],
    offset: int,
    size: tuple[int, int] | None,
    where: str,
    videos: Mapping[str, VideoFacts],
    problems: Problems,
) -> list[Covered]:
    runs = []
    for at, key in enumerate(keys):
        if key.outside:
            continue
        said = dict(key.said)
        track = track_named(said.pop("track", ""))
        if track is None:
            problems.add(where, "its field 'track' names no track, so no crop belongs to it; remove it")
            return []
        after = keys[at + 1] if at + 1 < len(keys) else None
        first = key.frame - offset
        last = after.frame - offset - 1 if after else first
        pid = said.pop("pid", "")
        labels = {name: word for name, word in said.items() if word not in ("", UNDEFINED)}
        facts = videos.get(track[0], VideoFacts())
        boxes = [(first, key.box)] + ([(last + 1, after.box)] if after and not after.outside else [])
        known = tuple((frame, _scaled(box, size, facts)) for frame, box in boxes if box is not None)
        runs.append(Covered(track, first, last, pid, labels, where, known))
    return joined_runs(runs)


def _scaled(box: Box, size: tuple[int, int] | None, facts: VideoFacts) -> Box:
    """A box in pixels of CVAT's copy of the video, in pixels of ours."""
    if size is None or not facts.width or not facts.height:
        return box
    x, y = facts.width / size[0], facts.height / size[1]
    return box[0] * x, box[1] * y, box[2] * x, box[3] * y


def _size(root: ElementTree.Element) -> tuple[int, int] | None:
    for path in ("meta/task/original_size", "meta/original_size", "meta/job/original_size"):
        width, height = (root.findtext(f"{path}/{name}") or "" for name in ("width", "height"))
        if width.strip().isdigit() and height.strip().isdigit() and int(width) and int(height):
            return int(width), int(height)
    return None


def _check_length(
    task: Task, names: set[str], videos: Mapping[str, VideoFacts], place: str, problems: Problems
) -> None:
    """Report tasks longer than their video: they show another file."""
    for video in sorted(names & videos.keys()):
        n_frames = videos[video].n_frames
        if n_frames is not None and task.last is not None and task.last >= n_frames + SPARE:
            problems.add(
                f"{place}, task '{task.name}'",
                f"has frames up to {task.last:,}, and the video '{video}' has {n_frames:,} frames: CVAT "
                "contains another video, or the same video at another frame rate",
            )


def _roots(path: Path) -> Iterator[tuple[str, ElementTree.Element]]:
    """The documents in a file, and the name of each in messages."""
    try:
        if not zipfile.is_zipfile(path):
            yield str(path), ElementTree.parse(path).getroot()
            return
        with zipfile.ZipFile(path) as archive:
            names = _documents(archive.namelist())
            if not names:
                raise InputError(
                    f"{path} contains no {FILE}", hint="Export the task as 'CVAT for video 1.1'."
                )
            for name in names:
                place = str(path) if len(names) == 1 else f"{path}, {name}"
                yield place, ElementTree.fromstring(archive.read(name))
    except ElementTree.ParseError as error:
        raise InputError(f"{path} is not valid XML: {error}") from error
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise InputError(f"cannot read {path}: {error}") from error


def _documents(names: list[str]) -> list[str]:
    """The annotation files of an archive, in any folder; else its XML files.

    >>> _documents(["job_7/annotations.xml", "__MACOSX/job_7/._annotations.xml", "images/a.jpg"])
    ['job_7/annotations.xml']
    """
    real = [n for n in names if not n.startswith("__MACOSX/") and not n.rpartition("/")[2].startswith(".")]
    exact = [n for n in real if n.rpartition("/")[2] == FILE]
    return sorted(exact or [n for n in real if n.lower().endswith(".xml")])
