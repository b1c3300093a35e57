"""Statistics of a table of crops, in the terms of the paper's Table I and §III-A."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agreid_cli.records.artefact import metadata
from agreid_cli.records.crops import PLATFORMS, VIEW_OF_PLATFORM
from agreid_cli.records.manifest import JUNK_PID

MOBILE = ("uav", "wearable")
#: Height of the official altitude classes in metres; the paper gives the range, the classes are inferred.
ALTITUDE_M = {0: 15, 1: 30, 2: 45}
#: Replaces the pid that a data set gives to all its distractors: real people, all under one number.
NOBODY = -2

Five = tuple[float, float, float, float, float]
Size = tuple[int, int]


@dataclass(frozen=True)
class PlatformCensus:
    """The crops of one platform; sizes are width and height of actual crops, ordered by area."""

    platform: str
    view: str
    cameras: tuple[int, ...]
    identities: int | None
    images: int
    junk: int
    smallest: Size
    median: Size
    largest: Size
    crops_per_identity: Five | None
    sharpness: Five | None
    score: Five | None
    cut_by_frame: int | None  # crops whose detected box exceeds the frame
    pixelated: dict[str, int]


@dataclass(frozen=True)
class Census:
    """The whole table; `identities` is None if there are no identities yet (crops only)."""

    name: str
    identities: int | None
    identities_both_views: int | None
    images: int
    junk: int
    attributes: int
    images_with_attributes: int
    identities_with_attributes: int
    camera_views: str
    platforms: str
    cameras: tuple[int, ...]
    uavs: int
    videos: int
    altitude_classes: tuple[int, ...]
    flying_altitude: str
    crops_per_identity: Five | None
    by_platform: tuple[PlatformCensus, ...]


def census(table: pa.Table, name: str) -> Census:
    """Count a crops or manifest table. Images are the crops of known persons, or all if none is known."""
    named = "pid" in table.column_names
    pid = _numbers(table, "pid", np.int64) if named else np.zeros(len(table), np.int64)
    distractors = [int(v) for v in metadata(table).get("distractor_pids", "").split(",") if v]
    pid[np.isin(pid, distractors)] = NOBODY
    person = pid != JUNK_PID
    platform = table["platform"].to_numpy().astype(str)
    view = np.array([VIEW_OF_PLATFORM[p] for p in platform.tolist()], dtype=str)
    has = person & _present(table, "attr_bits")
    here = [p for p in PLATFORMS if (platform == p).any()]
    classes = np.unique(table.filter(pa.array(platform == "uav"))["altitude"].drop_null().to_numpy())
    both = np.intersect1d(pid[(pid >= 0) & (view == "aerial")], pid[(pid >= 0) & (view == "ground")])
    return Census(
        name=name,
        identities=_people(pid) if named else None,
        identities_both_views=len(both) if named else None,
        images=int(person.sum()),
        junk=int((~person).sum()),
        attributes=table.schema.field("attr_known").type.list_size if has.any() else 0,
        images_with_attributes=int(has.sum()),
        identities_with_attributes=len(np.unique(pid[has])),
        camera_views=_camera_views(here),
        platforms=" & ".join(p.upper() if p in ("uav", "cctv") else p for p in here),
        cameras=tuple(np.unique(_numbers(table, "camid", np.int64)).tolist()),
        uavs=len(np.unique(_numbers(table, "camid", np.int64)[platform == "uav"])),
        videos=len(table["video_id"].drop_null().unique()) if "video_id" in table.column_names else 0,
        altitude_classes=tuple(classes.tolist()),
        flying_altitude=_altitude(classes.tolist(), flies="uav" in here),
        crops_per_identity=_per_identity(pid[pid >= 0]) if named else None,
        by_platform=tuple(_platform(table, p, platform == p, pid, named) for p in here),
    )


def five(values: np.ndarray) -> Five | None:
    """Minimum, lower quartile, median, upper quartile, maximum; None without values.

    >>> five(np.array([4, 1, 2, 3, 5]))
    (1.0, 2.0, 3.0, 4.0, 5.0)
    """
    values = values[~np.isnan(values.astype(float))]
    if not len(values):
        return None
    a, b, c, d, e = np.percentile(values, (0, 25, 50, 75, 100)).tolist()
    return a, b, c, d, e


def _platform(table: pa.Table, name: str, mask: np.ndarray, pid: np.ndarray, named: bool) -> PlatformCensus:
    part, ids = table.filter(pa.array(mask)), pid[mask]
    known = ids[ids >= 0]
    width, height = _numbers(part, "width", np.int64), _numbers(part, "height", np.int64)
    order = np.lexsort((width, width * height))
    sizes = [(int(width[at]), int(height[at])) for at in order[[0, (len(order) - 1) // 2, -1]]]
    inside = _numbers(part, "in_frame", np.float64)
    marks = pc.value_counts(part["pixelated"].drop_null()).to_pylist()
    return PlatformCensus(
        platform=name,
        view=VIEW_OF_PLATFORM[name],
        cameras=tuple(np.unique(_numbers(part, "camid", np.int64)).tolist()),
        identities=_people(ids) if named else None,
        images=int((ids != JUNK_PID).sum()),
        junk=int((ids == JUNK_PID).sum()),
        smallest=sizes[0],
        median=sizes[1],
        largest=sizes[2],
        crops_per_identity=_per_identity(known) if named else None,
        sharpness=five(_numbers(part, "sharpness", np.float64)),
        score=five(_numbers(part, "score", np.float64)),
        cut_by_frame=int((inside < 1).sum()) if not np.isnan(inside).all() else None,
        pixelated=dict(sorted((mark["values"], mark["counts"]) for mark in marks)),
    )


def _people(pid: np.ndarray) -> int:
    return len(np.unique(pid[pid >= 0]))


def _per_identity(pid: np.ndarray) -> Five | None:
    return five(np.unique(pid, return_counts=True)[1])


def _numbers(table: pa.Table, name: str, kind: type) -> np.ndarray:
    return np.asarray(table[name].to_numpy()).astype(kind)


def _present(table: pa.Table, name: str) -> np.ndarray:
    if name not in table.column_names:
        return np.zeros(len(table), bool)
    return np.asarray(table[name].is_valid().to_numpy())


def _camera_views(platforms: Sequence[str]) -> str:
    kinds = [
        ("fixed", any(p not in MOBILE for p in platforms)),
        ("mobile", any(p in MOBILE for p in platforms)),
    ]
    return " & ".join(name for name, here in kinds if here)


def _altitude(classes: Sequence[int], *, flies: bool) -> str:
    """The range in metres.

    >>> _altitude([0, 2], flies=True), _altitude([1], flies=True), _altitude([], flies=True)
    ('15 ~ 45 m', '30 m', 'not known')
    """
    if not flies:
        return "none"
    metres = [ALTITUDE_M[c] for c in classes if c in ALTITUDE_M]
    if not metres:
        return "not known"
    return f"{min(metres)} m" if min(metres) == max(metres) else f"{min(metres)} ~ {max(metres)} m"
