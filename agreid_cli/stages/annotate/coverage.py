"""Check whether the boxes of an annotation tool are on the crops of the tracks that they name.

With different frame numbers, the right names end up on the wrong crops, and no other check would show it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from agreid_cli.attributes.words import listed, many
from agreid_cli.datasets.annotation_files import Box, Covered
from agreid_cli.errors import Problems
from agreid_cli.stages.annotate.rows import Track

#: Overlap (IoU) below which a box is not on its crop, and the share of such boxes that is an error.
ON_CROP, MOST_OFF, FEWEST = 0.05, 0.8, 5


@dataclass(frozen=True)
class CropBox:
    """A crop of a track: its frame and its box, where they are known."""

    frame: int | None
    box: Box | None = None


Places = Mapping[Track, Sequence[CropBox]]


def parts_at(crops: Sequence[CropBox], parts: Sequence[Covered]) -> Iterator[tuple[CropBox, list[Covered]]]:
    """Each crop of a track, in order of frames, with the parts that cover its frame."""
    waiting = sorted(parts, key=lambda part: part.first, reverse=True)
    here: list[tuple[int, int, Covered]] = []  # a heap by last frame
    for crop in crops:
        while waiting and crop.frame is not None and waiting[-1].first <= crop.frame:
            part = waiting.pop()
            heappush(here, (part.last, len(waiting), part))
        while here and crop.frame is not None and here[0][0] < crop.frame:
            heappop(here)
        yield crop, [part for _, _, part in here] if crop.frame is not None else []


def check_coverage(places: Places, parts: Mapping[Track, Sequence[Covered]], problems: Problems) -> list[str]:
    """Notes on tracks with only some crops covered; named boxes that cover no crop at all are problems."""
    partly: list[str] = []
    touching: dict[str, Counter[bool]] = defaultdict(Counter)  # video → whether a box is on its crop
    for track, of_track in parts.items():
        met: Counter[str] = Counter()
        n_met = 0
        for crop, here in parts_at(places[track], of_track):
            named = [part for part in here if part.pid]
            n_met += bool(named)
            met.update({part.where for part in here})
            for part in named:
                box = part.box_at(crop.frame) if crop.frame is not None else None
                if box and crop.box:
                    touching[track[0]][overlap(box, crop.box) >= ON_CROP] += 1
        _refuse_unmet(track, of_track, met, places[track], problems)
        if any(part.pid for part in of_track) and 0 < n_met < len(places[track]):
            partly.append(f"{track[0]}:{track[1]} ({n_met} of {many(len(places[track]), 'crop')})")
    notes = []
    if partly:
        notes.append(
            f"the boxes of {many(len(partly), 'track')} are on some of the crops only; the other crops are "
            f"not annotated: {listed(partly, 6)}"
        )
    for video, counts in touching.items():
        notes += _misplaced(video, counts, problems)
    return notes


def _refuse_unmet(
    track: Track,
    parts: Sequence[Covered],
    met: Mapping[str, int],
    crops: Sequence[CropBox],
    problems: Problems,
) -> None:
    ends: dict[str, tuple[int, int]] = {}
    for part in parts:
        if part.pid and part.where not in met:
            low, high = ends.get(part.where, (part.first, part.last))
            ends[part.where] = min(low, part.first), max(high, part.last)
    frames = [crop.frame for crop in crops if crop.frame is not None]
    have = f"{many(len(crops), 'crop')} on frames {min(frames)} to {max(frames)}" if frames else "no frames"
    for where, (first, last) in ends.items():
        problems.add(
            where,
            f"is named, and its boxes (frames {first} to {last}) are on no crop of {track[0]}:{track[1]}, "
            f"which has {have}",
            kind="is named, and its boxes are on no crop of its track",
        )


def _misplaced(video: str, counts: Mapping[bool, int], problems: Problems) -> list[str]:
    """Report boxes beside their crops: the frame numbers or the frame size differ."""
    off, n = counts[False], counts[False] + counts[True]
    what = f"{off} of {n} boxes are not where the crop of their frame was cut"
    if off >= MOST_OFF * n and n >= FEWEST:
        problems.add(
            f"video {video}",
            f"{what}: the tool counts frames differently, or its frames have another size",
        )
        return []
    return [f"{video}: {what}; their names are used unchanged"] if off else []


def overlap(one: Box, other: Box) -> float:
    """Intersection over union.

    >>> overlap((0, 0, 2, 2), (1, 0, 3, 2)), overlap((0, 0, 1, 1), (5, 5, 6, 6))
    (0.3333333333333333, 0.0)
    """
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0.0) * max(height, 0.0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return common / (areas - common) if areas > common else 0.0
