"""CUHK03-NP (CVPR 2017): CUHK03 in Market-1501's folders, with 767 people to train on and 700 to test.

`0001_c1_1.png` is person 1, camera 1, image 1. The archive has two versions of the crops, in the folders
`labeled` and `detected`; each is a separate data set. The original `cuhk-03.mat` is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Reading, Row, Subset
from agreid_cli.datasets.tree import MARKET_FOLDERS, walk
from agreid_cli.errors import Problem

GRAMMAR = "0001_c1_1.png"
_NAME = re.compile(r"(\d+)_c([12])_([1-9]\d{0,2})", re.ASCII)


def parse(name: str) -> Row | None:
    """Person and camera.

    >>> row = parse("0001_c2_7.png")
    >>> row.pid, row.camid
    (1, 2)
    """
    found = _NAME.fullmatch(PurePath(name).stem)
    return Row(name, int(found[1]), int(found[2]), "cctv", ()) if found else None


def read(root: Path) -> Iterator[Row | Problem]:
    """The images under `root`."""
    yield from walk(root, MARKET_FOLDERS, parse, GRAMMAR)


CUHK03_NP = Dataset(
    name="cuhk03-np",
    title="CUHK03-NP (CVPR 2017)",
    layouts=(
        Layout(
            name="labeled or detected",
            folders=tuple(MARKET_FOLDERS),
            read=read,
            parse=parse,
            subsets=(
                Subset(
                    "train",
                    TRAIN,
                    (Reading("README, labeled", 7_368, 767), Reading("README, detected", 7_365, 767)),
                ),
                Subset("query", "query:all", (Reading("README, labeled and detected", 1_400, 700),)),
                Subset(
                    "gallery",
                    "gallery:all",
                    (Reading("README, labeled", 5_328, 700), Reading("README, detected", 5_332, 700)),
                ),
            ),
        ),
    ),
    camids=range(1, 3),
)
