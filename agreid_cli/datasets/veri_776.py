"""VeRi-776 (ECCV 2016): vehicles, not people; 776 of them under twenty cameras.

`0001_c001_00016450_0.jpg` is vehicle 1, camera 1, frame 16450, box 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Reading, Row, Subset
from agreid_cli.datasets.tree import MARKET_FOLDERS, walk
from agreid_cli.errors import Problem

FOLDERS: dict[str, tuple[str, ...]] = {
    "image_train": (TRAIN,),
    "image_query": ("query:all",),
    "image_test": ("gallery:all",),
}
GRAMMAR = "0001_c001_00016450_0.jpg"
_NAME = re.compile(r"(\d+)_c(\d{3})_(\d+)_\d+", re.ASCII)


def parse(name: str) -> Row | None:
    """Vehicle, camera and frame.

    >>> row = parse("0001_c013_00016450_0.jpg")
    >>> row.pid, row.camid, row.frame
    (1, 13, 16450)
    """
    found = _NAME.fullmatch(PurePath(name).stem)
    return Row(name, int(found[1]), int(found[2]), "cctv", (), frame=int(found[3])) if found else None


def read(root: Path) -> Iterator[Row | Problem]:
    """The images of the official folders."""
    yield from walk(root, FOLDERS, parse, GRAMMAR)


def read_sorted(root: Path) -> Iterator[Row | Problem]:
    """The images of a copy in Market-1501's folders."""
    yield from walk(root, MARKET_FOLDERS, parse, GRAMMAR)


_SUBSETS = (
    Subset(
        "train", TRAIN, (Reading("paper", 37_778, 576), Reading("counted by public readers", 37_778, 575))
    ),
    Subset("query", "query:all", (Reading("paper", 1_678, 200),)),
    Subset("gallery", "gallery:all", (Reading("paper", 11_579, 200),)),
)
VERI_776 = Dataset(
    name="veri-776",
    title="VeRi-776 (ECCV 2016)",
    layouts=(
        Layout("official", tuple(FOLDERS), read, _SUBSETS, parse=parse),
        Layout("sorted into folders", tuple(MARKET_FOLDERS), read_sorted, _SUBSETS, parse=parse),
    ),
    camids=range(1, 21),
    remark="VeRi-776 shows vehicles: an identity is a vehicle.",
)
