"""CP2108 (AAAI 2026): aerial and ground cameras, 2,108 people.

Three lists in `split_v100` name the images of `images_v100`. Names begin with person, camera, time and
scene (`0007_23_1_4_…`); cameras up to 22 are on the ground, the others in the air. Folders, lists and
names follow the authors' reader; they have not been checked on the data set, and its publication gives no
counts of these parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from agreid_cli.datasets.listed import Entry, Interpret, entries_of, listed_rows
from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Row, Subset
from agreid_cli.errors import Problem

IMAGES = "images_v100"
LISTS = {
    "split_v100/train_v100.txt": TRAIN,
    "split_v100/query_v100.txt": "query:all",
    "split_v100/gallery_v100.txt": "gallery:all",
}
GRAMMAR = "0007_23_1_4_….jpg (person, camera, time, scene)"
FIRST_AERIAL = 23
_NAME = re.compile(r"(-1|\d+)_(\d+)_(\d+)_(\d+)(?:_.*)?", re.ASCII)


def parse(name: str) -> Row | None:
    """Person, camera and time.

    >>> row = parse("0007_23_1_4_0001.jpg")
    >>> row.pid, row.camid, row.platform
    (7, 23, 'uav')
    """
    found = _NAME.fullmatch(PurePath(name).stem)
    if not found:
        return None
    camid = int(found[2])
    platform = "uav" if camid >= FIRST_AERIAL else "cctv"
    return Row(name, int(found[1]), camid, platform, (), session=found[3])


def read(root: Path) -> Iterator[Row | Problem]:
    """The images that the lists name."""
    lists = {name: _of_role(role) for name, role in LISTS.items()}
    yield from listed_rows(root, entries_of(root, lists), parse, GRAMMAR)


def _of_role(role: str) -> Interpret:
    return lambda line, place: Entry(place, f"{IMAGES}/{line}", role)


CP2108 = Dataset(
    name="cp2108",
    title="CP2108 (AAAI 2026)",
    layouts=(
        Layout(
            name="split v100",
            folders=(IMAGES, *LISTS),
            read=read,
            parse=parse,
            subsets=(Subset("train", TRAIN), Subset("query", "query:all"), Subset("gallery", "gallery:all")),
        ),
    ),
)
