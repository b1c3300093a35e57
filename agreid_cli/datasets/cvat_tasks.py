"""Convert the frame numbers of a CVAT export to frames of the videos.

The numbers are frames of the video: `start_frame` and the step of `frame_filter` are included. The export of
a project continues the numbers from task to task: a task starts at the sum of `start_frame + step × size` of
the tasks before it. Newer versions of CVAT start again at 0 for each subset (`ProjectData` in `bindings.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

_STEP = re.compile(r"step\s*=\s*(\d+)")
#: The id of the task in an export of one task or job.
ONLY = ""


@dataclass(frozen=True)
class Task:
    """A task as `<meta>` lists it; `size` is None if the export does not state it."""

    name: str
    start: int = 0
    step: int = 1
    size: int | None = None
    subset: str = ""

    @property
    def last(self) -> int | None:
        """The last frame of the video that belongs to the task."""
        return None if self.size is None else self.start + self.step * (self.size - 1)

    def holds(self, frame: int) -> bool:
        """Whether a frame of the video belongs to the task."""
        return frame >= self.start and (self.last is None or frame <= self.last)


def tasks_of(root: ElementTree.Element) -> dict[str, Task]:
    """Task id → task, in the order of the file; `ONLY` for one task or job, nothing without `<meta>`."""
    if (single := root.find("meta/task")) is not None:
        return {ONLY: _task(single)}
    if root.find("meta/job") is not None:
        return {ONLY: Task("")}  # a part of a task, with frame numbers of the whole
    nodes = root.findall("meta/project/tasks/task")
    return {(node.findtext("id") or "").strip(): _task(node) for node in nodes}


def offsets_of(tasks: Mapping[str, Task], shown: Mapping[str, tuple[int, int]]) -> list[dict[str, int]]:
    """Task id → what to subtract from its frame numbers, for each way of counting that fits.

    `shown` gives the lowest and the highest number on which a task has a visible box. The ways of counting
    are tried in this order: by subset, through the whole project, and not at all (as other programs do).

    >>> two = {"1": Task("a", size=8), "2": Task("b", size=40)}
    >>> offsets_of(two, {"1": (0, 7), "2": (8, 47)}), offsets_of(two, {"1": (0, 7), "2": (0, 39)})
    ([{'1': 0, '2': 8}], [{'1': 0, '2': 0}])
    >>> offsets_of(two, {"1": (0, 9), "2": (8, 47)})
    []
    """
    found: list[dict[str, int]] = []
    for way in (_in_a_row(tasks, by_subset=True), _in_a_row(tasks, by_subset=False), dict.fromkeys(tasks, 0)):
        fits = all(tasks[task].holds(number - way[task]) for task, ends in shown.items() for number in ends)
        if fits and way not in found:
            found.append(way)
    return found


def _in_a_row(tasks: Mapping[str, Task], *, by_subset: bool) -> dict[str, int]:
    ends: Counter[str] = Counter()
    offsets = {}
    for name, task in tasks.items():
        row = task.subset if by_subset else ""
        offsets[name] = ends[row]
        ends[row] += task.start + task.step * (task.size or 0)
    return offsets


def _task(node: ElementTree.Element) -> Task:
    step = _STEP.search(node.findtext("frame_filter") or "")
    size = _whole(node.findtext("size"))
    return Task(
        name=(node.findtext("name") or "").strip(),
        start=_whole(node.findtext("start_frame")) or 0,
        step=max(int(step[1]), 1) if step else 1,
        size=size if size and size > 0 else None,
        subset=(node.findtext("subset") or "").strip(),
    )


def _whole(text: str | None) -> int | None:
    word = (text or "").strip()
    return int(word) if word.isascii() and word.isdigit() else None
