"""A list of crops, one row per image, as CSV or Parquet: `path,pid,camid,platform[,split]`.

Columns have common alternative names; case and separators are ignored. Paths are absolute or
relative to the folder of the list. Unused columns are named.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.attributes.csv_table import column_key, read_csv
from agreid_cli.attributes.pids import parse_pid, whole_number
from agreid_cli.datasets.own_folder import PARTS, WORDS
from agreid_cli.datasets.rows import Dataset, Layout, Remark, Row
from agreid_cli.datasets.tree import MAX_CAMID, printable
from agreid_cli.errors import InputError, Problem, Problems, did_you_mean
from agreid_cli.records.crops import CAMID_OF_PLATFORM, PLATFORMS
from agreid_cli.records.manifest import JUNK_PID

#: Our column → its alternative names, normalised by `column_key`.
NAMES: dict[str, tuple[str, ...]] = {
    "path": ("path", "imagepath", "imgpath", "image", "img", "file", "filename", "filepath"),
    "pid": ("pid", "personid", "identity", "id", "label", "person"),
    "camid": ("camid", "cam", "camera", "cameraid", "camno"),
    "platform": ("platform", "view"),
    "split": ("split", "role", "set", "subset", "part", "partition"),
    "crop_id": ("cropid",),
}
CSV = (".csv", ".tsv", ".txt")
SPLITS = PARTS | {"probe": PARTS["query"], "unused": (), "val": (), "valid": (), "validation": (), "": ()}
_CAMERA = re.compile(r"(?:(?:c|cam|camera)[ _-]?)?(\d+)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Listed:
    """One row of a list: its place in the file and its cells by our column names."""

    place: str
    cells: dict[str, str]


def read(file: Path, *, platform: str = "", known: bool = True) -> Iterator[Row | Problem | Remark]:
    """The rows of the list `file`, with paths relative to its folder.

    `platform` is used for rows that give none. With `known` false, as for `embed`, only the path is required:
    a missing pid is -1, a missing camid 0, and the platform may stay empty.
    """
    required = ("path", "pid", "platform") if known else ("path",)
    rows, problems, remarks = _table(file, required=required, platform=platform)
    yield from problems
    for text in remarks:
        yield Remark(text)
    named = _named_pids(rows)
    if named:
        shown = ", ".join(f"{name} = {pid}" for name, pid in list(named.items())[:5])
        more = " …" if len(named) > 5 else ""
        yield Remark(f"{file.name}: persons are numbered in the order of their names: {shown}{more}")
    first: dict[str, str] = {}
    ids: dict[str, str] = {}
    platform_of: dict[int, tuple[str, str]] = {}
    for row in rows:
        item = _row(row, file.parent, platform, named, known)
        if isinstance(item, Row):
            before = platform_of.setdefault(item.camid, (item.platform, row.place))
            if (earlier := first.setdefault(item.path, row.place)) != row.place:
                item = Problem(row.place, f"{item.path} is already listed in {earlier}")
            elif item.crop_id and (earlier := ids.setdefault(item.crop_id, row.place)) != row.place:
                item = Problem(row.place, f"crop_id {item.crop_id} is already used in {earlier}")
            elif before[0] != item.platform:
                item = Problem(
                    row.place,
                    f"camera {item.camid} is on {item.platform or 'no platform'} here and on "
                    f"{before[0] or 'no platform'} in {before[1]}; give each its own number",
                )
        yield item


def _row(row: Listed, folder: Path, platform: str, named: dict[str, int], known: bool) -> Row | Problem:
    cells = row.cells
    path = cells.get("path", "").replace("\\", "/")
    if not path:
        return Problem(row.place, "has no path")
    if wrong := _unusable(folder, path):
        return Problem(row.place, f"{printable(path)} {wrong}")
    text = cells.get("pid", "")
    pid = named[text] if text in named else JUNK_PID if not text and not known else parse_pid(text)
    if isinstance(pid, str):
        return Problem(row.place, f"column pid: {pid}")
    word = cells.get("platform", "").lower()
    own = WORDS.get(word, word) or platform
    if own not in PLATFORMS and (known or own):
        said = f"'{word}' is not a valid platform{_near(word, PLATFORMS)}" if word else "has no platform"
        return Problem(row.place, said)
    camid = _camid(cells.get("camid", ""), own)
    if isinstance(camid, str):
        return Problem(row.place, f"column camid: {camid}")
    split = cells.get("split", "").lower()
    if split not in SPLITS:
        return Problem(
            row.place, f"'{split}' is not a valid split{_near(split, tuple(filter(None, SPLITS)))}"
        )
    inside = os.path.relpath(folder / path, folder).replace(os.sep, "/")
    return Row(inside, pid, camid, own, SPLITS[split], crop_id=cells.get("crop_id", ""))


#: The same misspelling in a hundred thousand rows is looked up once.
_near = functools.lru_cache(maxsize=1000)(did_you_mean)


def _unusable(folder: Path, path: str) -> str:
    """Why a path cannot be read; empty if it can."""
    if "\0" in path:
        return "has a NUL byte in its name"
    if not os.path.exists(folder / path):
        return "does not exist"
    return "" if os.path.isfile(folder / path) else "is not a regular file"


def _camid(text: str, platform: str) -> int | str:
    """The camera's number; the platform's default if the list gives none."""
    if not text:
        return CAMID_OF_PLATFORM.get(platform, 0)
    found = _CAMERA.fullmatch(text)
    camid = int(found[1]) if found else whole_number(text)
    if camid is None or not 0 <= camid <= MAX_CAMID:
        return f"'{text}' is not a camera number from 0 to {MAX_CAMID}"
    return camid


def _named_pids(rows: list[Listed]) -> dict[str, int]:
    """Name → pid if no row gives a number; empty otherwise."""
    names = sorted({row.cells.get("pid", "") for row in rows} - {""})
    if not names or any(not isinstance(parse_pid(name), str) or name[0].isdigit() for name in names):
        return {}
    return {name: nth for nth, name in enumerate(names, 1)}


def _table(
    file: Path, *, required: tuple[str, ...], platform: str
) -> tuple[list[Listed], list[Problem], list[str]]:
    """The rows, the problems of the file, and remarks; `InputError` if a required column is missing."""
    problems = Problems()
    header, rows = _csv(file, problems) if file.suffix.lower() in CSV else _parquet(file)
    column: dict[str, str] = {}
    for ours, names in NAMES.items():
        found = next((key for name in names for key in header if key == name), None)
        if found is not None and found not in column.values():
            column[ours] = found
    missing = [name for name in required if name not in column and not (name == "platform" and platform)]
    for name in missing:
        near = did_you_mean(name, header.values())
        problems.add(f"{file.name}, column {name}", "is missing" + (near if near.startswith("; did") else ""))
    if missing or not header:
        raise InputError(f"{file} is not a list of crops", problems=problems.found, hint=LIST.hint)
    unused = [name for key, name in header.items() if key not in column.values()]
    remarks = [f"{file.name}: unused columns: {', '.join(unused)}"] if unused else []
    named = [
        Listed(place, {ours: cells.get(key, "") for ours, key in column.items()}) for place, cells in rows
    ]
    return named, problems.found, remarks


_Cells = tuple[dict[str, str], list[tuple[str, dict[str, str]]]]


def _csv(file: Path, problems: Problems) -> _Cells:
    table = read_csv(file, problems)
    return table.header, [(table.where(row.line), row.cells) for row in table.good_rows(problems)]


def _parquet(file: Path) -> _Cells:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(file)
    except (ValueError, pa.ArrowTypeError, OSError) as error:
        raise InputError(f"{file} cannot be read as Parquet: {error}", hint=LIST.hint) from error
    header = {column_key(name): name for name in table.column_names}
    rows = [
        (
            f"{file.name}, row {number}",
            {column_key(name): "" if value is None else str(value).strip() for name, value in row.items()},
        )
        for number, row in enumerate(table.to_pylist(), 1)
    ]
    return header, rows


LIST = Dataset(
    name="list",
    title="a list of crops",
    layouts=(Layout("path, pid, camid, platform", (), read, (), takes_platform=True),),
    hint="A list is a CSV or Parquet file with one row per image: path,pid,camid,platform and optionally "
    "split (train, test, query, gallery). Paths are relative to the list; platform is uav, cctv or wearable.",
)
