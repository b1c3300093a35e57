"""Export a manifest to the folders and names of AG-ReID.

An official name is kept. Any other crop gets the P, T and A whose digits join to its pid, since readers only
join them. If the pid was joined from a session and an altitude, these are correct; otherwise T
is usually not a date, and `import-dataset` then sets no session and no altitude. Crops of one person,
camera and frame are distinguished by a letter after the frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

import pyarrow as pa

from agreid_cli.datasets.ag_reid import FOLDERS, PLATFORM_OF_CAMID, told
from agreid_cli.datasets.formats import Crop, Plan, kept_names
from agreid_cli.errors import Problems
from agreid_cli.records.naming import OfficialName, parse_name, split_pid

FOLDER_OF_ROLE = {roles[0]: folder for folder, roles in FOLDERS.items()}


def plan(table: pa.Table, crops: Sequence[Crop], direction: str) -> Plan:
    """The target of each crop of a2g and g2a; `direction` is ignored, because the layout stores both."""
    used = [crop for crop in crops if any(role in FOLDER_OF_ROLE for role in crop.roles)]
    exported = [crop for crop in used if crop.pid >= 0]
    _refuse_cameras(exported)
    names = official_names(exported)
    images = [
        (crop.crop_id, f"{FOLDER_OF_ROLE[role]}/{names[crop.crop_id]}")
        for crop in exported
        for role in crop.roles
        if role in FOLDER_OF_ROLE
    ]
    return Plan(
        images=tuple(images),
        folders=tuple(FOLDERS),
        mat="qut",
        notes=tuple(_notes(crops, used, exported, names)),
    )


def official_names(crops: Sequence[Crop]) -> dict[str, str]:
    """crop_id → file name, unique also across folders: one name in two of them is one crop."""
    names = kept_names(crops, _tells_truly)
    taken = {PurePath(name).stem for name in names.values()}
    unseen: Counter[tuple[int, int]] = Counter()
    for crop in crops:
        if crop.crop_id in names:
            continue
        frame = crop.frame
        if frame is None:
            frame = unseen[crop.pid, crop.camid]
            unseen[crop.pid, crop.camid] += 1
        person, session, altitude = split_pid(crop.pid)
        tag = 0
        while True:
            name = str(OfficialName(person, session, altitude, crop.camid, frame + 1, _letters(tag)))
            if name not in taken:
                break
            tag += 1
        taken.add(name)
        names[crop.crop_id] = f"{name}{PurePath(crop.name).suffix}"
    return names


def _tells_truly(crop: Crop) -> bool:
    official = parse_name(crop.name)
    return (
        official is not None
        and (official.pid, official.camid) == (crop.pid, crop.camid)
        and crop.frame in (None, official.frame - 1)
    )


def _letters(n: int) -> str:
    """'' for 0, then A to Z, AA …

    >>> [_letters(n) for n in (0, 1, 26, 27)]
    ['', 'A', 'Z', 'AA']
    """
    text = ""
    while n:
        n, rest = divmod(n - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _refuse_cameras(crops: Sequence[Crop]) -> None:
    """The layout encodes the platform in the camera number only."""
    problems = Problems()
    for camid, platform in sorted({(crop.camid, crop.platform) for crop in crops}):
        if PLATFORM_OF_CAMID.get(camid) != platform:
            problems.add(f"camera {camid}", f"is a {platform} camera")
    problems.raise_if_any(
        "the layout of AG-ReID has cameras 0 (uav), 2 (wearable) and 3 (cctv) only",
        hint="market-1501 keeps any camera number: agreid export-dataset market-1501 OUT",
    )


def _notes(
    crops: Sequence[Crop], used: Sequence[Crop], exported: Sequence[Crop], names: dict[str, str]
) -> list[str]:
    others = sorted({r.partition(":")[2] for c in crops for r in c.roles if r not in FOLDER_OF_ROLE})
    n_encoded = sum(_reads_otherwise(crop) for crop in exported if names[crop.crop_id] != crop.name)
    n_uncounted = sum(crop.frame is None for crop in exported if names[crop.crop_id] != crop.name)
    counted = [
        (len(crops) - len(used), "have no role in a2g or g2a, or in training, and are left out"),
        (len(used) - len(exported), "are junk, which the layout has no name for, and are left out"),
        (
            n_encoded,
            "have another session or altitude than their pid encodes, and will be read with the pid's",
        ),
        (n_uncounted, "have no frame number and are numbered from 1"),
    ]
    notes = [f"{n} crops {what}" for n, what in counted if n]
    return [*notes, f"the layout cannot store {', '.join(others)}"] if others else notes


def _reads_otherwise(crop: Crop) -> bool:
    _, session, altitude = split_pid(crop.pid)
    return told(session, altitude) != (crop.session, crop.altitude)
