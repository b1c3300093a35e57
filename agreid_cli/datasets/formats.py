"""Input and output of the formats of `export-dataset`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

import pyarrow as pa

from agreid_cli.errors import InputError
from agreid_cli.records.directions import DIRECTIONS, Direction, find_direction

#: Formats that sort crops by role and therefore need a split.
BY_ROLE = ("ag-reid", "market-1501")
#: Formats for annotators, which contain every crop with its annotations, and need no manifest.
TO_ANNOTATE = ("cvat", "label-studio")


@dataclass(frozen=True)
class Crop:
    """The data of a crop that a folder layout needs. `name` is its current file name."""

    crop_id: str
    name: str
    pid: int
    camid: int
    platform: str
    altitude: int | None
    session: str | None
    frame: int | None
    roles: tuple[str, ...]  # train, query:a2g …


@dataclass(frozen=True)
class Plan:
    """What to write, relative to the folder of the export."""

    images: tuple[tuple[str, str], ...] = ()  # crop_id, target
    folders: tuple[str, ...] = ()  # created even if empty
    texts: tuple[tuple[str, str], ...] = ()  # path, content
    mat: Literal["", "qut", "market"] = ""  # the attribute file of the layout
    notes: tuple[str, ...] = ()  # what the format cannot store


#: (table, crops, direction or "") → plan.
Planner = Callable[[pa.Table, Sequence[Crop], str], Plan]


def crops_of(table: pa.Table, roles: Mapping[str, tuple[str, ...]]) -> list[Crop]:
    """The crops of a manifest in order of crop_id, with their `roles`."""
    names = ("crop_id", "path", "pid", "camid", "platform", "altitude", "session", "frame")
    rows = table.select(names).sort_by("crop_id").to_pylist()
    return [
        Crop(name=row.pop("path").rpartition("/")[2], roles=roles.get(row["crop_id"], ()), **row)
        for row in rows
    ]


def kept_names(crops: Sequence[Crop], tells_truly: Callable[[Crop], bool]) -> dict[str, str]:
    """crop_id → its current file name, if that is correct and not used by an earlier crop."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for crop in crops:
        stem = PurePath(crop.name).stem
        if stem not in taken and tells_truly(crop):
            taken.add(stem)
            names[crop.crop_id] = crop.name
    return names


def roles_of(split: pa.Table) -> dict[str, tuple[str, ...]]:
    """crop_id → its roles in a split table, in table order; crops without a role are absent."""
    roles: dict[str, tuple[str, ...]] = {}
    columns = (split[name].to_pylist() for name in ("crop_id", "role", "direction"))
    for crop, role, direction in zip(*columns, strict=True):
        if role != "unused":
            entry = role if role == "train" else f"{role}:{direction}"
            roles[crop] = (*roles.get(crop, ()), entry)
    return roles


def admits(direction: Direction, part: str, platform: str) -> bool:
    """Whether a direction uses crops of a platform as `query` or as `gallery`.

    >>> admits(DIRECTIONS["a2g"], "query", "cctv"), admits(DIRECTIONS["all"], "query", "cctv")
    (False, True)
    """
    platforms = direction.query if part == "query" else direction.gallery
    return not platforms or platform in platforms


def parts_in(crops: Sequence[Crop], direction: str) -> tuple[str, dict[str, str]]:
    """One direction's name, and crop_id → train, query or gallery in it.

    Without `direction`: `all`, or the only one. A direction without rows of its own uses those
    of `all` with its platforms, as `evaluate` does.
    """
    here = {role.partition(":")[2] for crop in crops for role in crop.roles} - {""}
    listed = [name for name in DIRECTIONS if name in here]
    if not direction:
        if "all" not in here and len(here) != 1:
            raise InputError(
                "the layout stores one direction, and the split has "
                + (f"several: {', '.join(listed)}" if here else "none"),
                hint=f"Choose one with --direction, e.g. --direction {listed[0]}" if here else "",
            )
        direction = "all" if "all" in here else listed[0]
    wanted = find_direction(direction)
    if wanted.name not in here and "all" not in here:
        raise InputError(f"the split has no direction {wanted.name}; it has {', '.join(listed) or 'none'}")
    source = wanted.name if wanted.name in here else "all"
    parts: dict[str, str] = {}
    for crop in crops:
        for role in crop.roles:
            part, _, own = role.partition(":")
            fits = source == wanted.name or admits(wanted, part, crop.platform)
            if part == "train" or (own == source and fits):
                parts[crop.crop_id] = part
    return wanted.name, parts
