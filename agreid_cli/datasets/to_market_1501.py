"""Export a manifest to the folders and names of Market-1501, for one direction.

The layout stores person, camera, sequence, frame and box; platform, altitude and a session that is not a
sequence are lost. Its readers take person 0 for distractors and -1 for junk.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

import pyarrow as pa

from agreid_cli.datasets.formats import Crop, Plan, kept_names, parts_in
from agreid_cli.datasets.market_1501 import DISTRACTOR_PID, parse
from agreid_cli.datasets.tree import MARKET_FOLDERS
from agreid_cli.records.directions import DIRECTIONS

_FOLDER_OF_PART = dict(zip(("train", "query", "gallery"), MARKET_FOLDERS, strict=True))
_SEQUENCE = re.compile(r"s(\d{1,4})", re.ASCII)


def plan(table: pa.Table, crops: Sequence[Crop], direction: str) -> Plan:
    """The target of each crop of `direction`."""
    name, parts = parts_in(crops, direction)
    exported = [crop for crop in crops if crop.crop_id in parts]
    folder_of = {crop: _FOLDER_OF_PART[part] for crop, part in parts.items()}
    names: dict[str, str] = {}
    for folder in MARKET_FOLDERS:
        names |= market_names([crop for crop in exported if folder_of[crop.crop_id] == folder])
    notes = []
    if len(exported) < len(crops):
        notes.append(
            f"{len(crops) - len(exported)} crops have no role in {name}, or in training, and are left out"
        )
    if DIRECTIONS[name].junk == "view":
        notes.append(f"the layout cannot store that in {name} the query's own view is junk")
    lost = {
        "platform": any(crop.platform != "cctv" for crop in exported),
        "altitude": any(crop.altitude is not None for crop in exported),
        "session": any(crop.session and not _SEQUENCE.fullmatch(crop.session) for crop in exported),
    }
    if any(lost.values()):
        notes.append(
            f"the layout cannot store {', '.join(word for word, is_lost in lost.items() if is_lost)}"
        )
    persons = {parts[crop.crop_id] for crop in exported if crop.pid == DISTRACTOR_PID}
    if persons & {"train", "query"}:
        notes.append(f"pid {DISTRACTOR_PID} is a person here; readers of the layout take it for distractors")
    return Plan(
        images=tuple((c.crop_id, f"{folder_of[c.crop_id]}/{names[c.crop_id]}") for c in exported),
        folders=tuple(MARKET_FOLDERS),
        mat="market",
        notes=tuple(notes),
    )


def market_names(crops: Sequence[Crop]) -> dict[str, str]:
    """crop_id → file name within one folder, all unique; a name in Market-1501's format is kept."""
    names = kept_names(crops, _tells_truly)
    taken = {PurePath(name).stem for name in names.values()}
    for crop in crops:
        if crop.crop_id in names:
            continue
        person = "-1" if crop.pid < 0 else f"{crop.pid:04d}"
        sequence = _SEQUENCE.fullmatch(crop.session or "")
        place = f"{person}_c{crop.camid}s{int(sequence[1]) if sequence else 1}_{crop.frame or 0:06d}"
        box = 1
        while f"{place}_{box:02d}" in taken:
            box += 1
        taken.add(f"{place}_{box:02d}")
        names[crop.crop_id] = f"{place}_{box:02d}{PurePath(crop.name).suffix}"
    return names


def _tells_truly(crop: Crop) -> bool:
    row = parse(crop.name)
    return row is not None and (row.pid, row.camid, row.session, row.frame) == (
        crop.pid, crop.camid, crop.session, crop.frame,
    )  # fmt: skip
