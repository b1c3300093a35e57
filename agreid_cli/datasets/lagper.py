"""LAGPeR (CVPR 2025): seven places, each with two ground cameras and a drone, 4,231 people.

`bounding_box_train` has the training images. Lists give the test part: each line is a path whose first
folder begins with `query` for a query; all others are gallery images. Names begin with person
and camera, `0011_c3…`; cameras 3, 6, 9, 13, 16, 19 and 22 are drones. The `+` lists have a larger
gallery, and the gallery of `G2A+G` has both views. Lists and names follow the authors' reader; the data
set has not been released yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from agreid_cli.datasets.listed import entries_of, listed_rows, roles_by_folder
from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Reading, Row, Subset
from agreid_cli.datasets.tree import walk
from agreid_cli.errors import Problem

LISTS = {
    "exp1_A2G.txt": "a2g", "exp2_G2A.txt": "g2a", "exp3_A2G+.txt": "a2g+", "exp4_G2A+.txt": "g2a+",
    "exp5_G2A+G.txt": "g2ag",
}  # fmt: skip
TRAINED = "bounding_box_train"
DRONES = frozenset({3, 6, 9, 13, 16, 19, 22})
GRAMMAR = "0011_c3s1_000001_01.jpg"
_NAME = re.compile(r"(-1|\d+)_c(\d+)(?![\dv]).*", re.ASCII)


def parse(name: str) -> Row | None:
    """Person and camera, and the platform of the camera.

    >>> row = parse("0011_c13s1_000001_01.jpg")
    >>> row.pid, row.camid, row.platform
    (11, 13, 'uav')
    """
    found = _NAME.fullmatch(PurePath(name).stem)
    if not found:
        return None
    camid = int(found[2])
    return Row(name, int(found[1]), camid, "uav" if camid in DRONES else "cctv", ())


def read(root: Path) -> Iterator[Row | Problem]:
    """The training images, and the images that the lists name."""
    yield from walk(root, {TRAINED: (TRAIN,)}, parse, GRAMMAR)
    lists = {name: roles_by_folder(direction) for name, direction in LISTS.items()}
    yield from listed_rows(root, entries_of(root, lists), parse, GRAMMAR)


_README = "README of SeCap"
LAGPER = Dataset(
    name="lagper",
    title="LAGPeR (CVPR 2025)",
    layouts=(
        Layout(
            name="with lists",
            folders=(TRAINED,),
            any_of=tuple(LISTS),
            read=read,
            parse=parse,
            strict=False,
            optional=tuple((name, f"its images have no role in {d}") for name, d in LISTS.items()),
            subsets=(
                Subset("train", TRAIN, (Reading(_README, 40_770, 2_708),)),
                Subset("query A→G", "query:a2g", (Reading(_README, 3_046, 1_523),)),
                Subset("gallery A→G", "gallery:a2g", (Reading(_README, 15_533, 1_523),)),
                Subset("query G→A", "query:g2a", (Reading(_README, 3_046, 1_523),)),
                Subset("gallery G→A", "gallery:g2a", (Reading(_README, 7_717, 1_523),)),
                Subset("query A→G+", "query:a2g+"),
                Subset("gallery A→G+", "gallery:a2g+"),
                Subset("query G→A+", "query:g2a+"),
                Subset("gallery G→A+", "gallery:g2a+"),
                Subset("query G→A+G", "query:g2ag", (Reading(_README, 3_046, 1_523),)),
                Subset("gallery G→A+G", "gallery:g2ag", (Reading(_README, 20_204, 1_523),)),
            ),
        ),
    ),
)
