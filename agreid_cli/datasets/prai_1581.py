"""PRAI-1581 (TMM 2020): two drones at 20 to 60 m, 1,581 people.

In the published layout, all images are in `images/` and a pickle, `partitions.pkl`, lists the training images
(`trainval_im_names`), and which of `test_im_names` are queries (`test_marks` 0) or gallery. Many copies are
sorted into three folders instead. A name has person, camera (1 or 2), and a running number:
`00000003_0002_00000007.jpg`. Names and fields follow readers of the data set, not checked on the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from agreid_cli.datasets.plain_pickle import load
from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Reading, Row, Subset
from agreid_cli.datasets.tree import MARKET_FOLDERS, printable, walk
from agreid_cli.errors import InputError, Problem

GRAMMAR = "00000003_0002_00000007.jpg"
PARTITIONS = "partitions.pkl"
QUERY_MARK = 0
_NAME = re.compile(r"(\d+)_(\d+)_\d+(?:_\d+)*", re.ASCII)


def parse(name: str) -> Row | None:
    """Person and camera.

    >>> row = parse("00000003_0002_00000007.jpg")
    >>> row.pid, row.camid
    (3, 2)
    """
    found = _NAME.fullmatch(PurePath(name).stem)
    if not found or int(found[2]) >= 2**15:
        return None
    return Row(name, int(found[1]), int(found[2]), "uav", ())


def read_sorted(root: Path) -> Iterator[Row | Problem]:
    """The images of a copy sorted into folders."""
    yield from walk(root, MARKET_FOLDERS, parse, GRAMMAR)


def read_published(root: Path) -> Iterator[Row | Problem]:
    """The images of `images/`, with the roles of `partitions.pkl`."""
    roles = _roles(load(root / PARTITIONS), root / PARTITIONS)
    seen: set[str] = set()
    for item in walk(root, {"images": ()}, parse, GRAMMAR):
        name = PurePath(item.path if isinstance(item, Row) else item.where).name
        seen.add(name)
        yield replace(item, roles=roles.get(name, ())) if isinstance(item, Row) else item
    for name in roles:
        if name not in seen:
            yield Problem(PARTITIONS, f"images/{printable(name)} is listed but does not exist")


def _roles(partitions: Any, source: Path) -> dict[str, tuple[str, ...]]:
    """Image name → roles."""
    wanted = ("trainval_im_names", "test_im_names", "test_marks")
    lacking = [key for key in wanted if not isinstance(partitions, Mapping) or key not in partitions]
    if lacking:
        raise InputError(f"{source} is not the partition of PRAI-1581: it lacks {', '.join(lacking)}")
    train, test, marks = (list(partitions[key]) for key in wanted)
    if len(test) != len(marks):
        raise InputError(f"{source}: {len(test)} test images, but {len(marks)} marks")
    roles: dict[str, tuple[str, ...]] = {PurePath(str(name)).name: (TRAIN,) for name in train}
    for name, mark in zip(test, marks, strict=True):
        role = "query:all" if int(mark) == QUERY_MARK else "gallery:all"
        roles[PurePath(str(name)).name] = (role,)
    return roles


_SUBSETS = (
    Subset("train", TRAIN, (Reading("later work (RotTrans, PRiDAN)", 19_523, 781),)),
    Subset("query", "query:all", (Reading("later work (RotTrans, PRiDAN)", 4_680, 799),)),
    Subset("gallery", "gallery:all", (Reading("later work (RotTrans, PRiDAN)", 15_258, 799),)),
)
PRAI_1581 = Dataset(
    name="prai-1581",
    title="PRAI-1581 (TMM 2020)",
    layouts=(
        Layout("as published", ("images", PARTITIONS), read_published, _SUBSETS, parse=parse),
        Layout("sorted into folders", tuple(MARKET_FOLDERS), read_sorted, _SUBSETS, parse=parse),
    ),
)
