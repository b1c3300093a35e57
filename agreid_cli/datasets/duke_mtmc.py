"""DukeMTMC-reID (ICCV 2017): eight fixed cameras, 1,404 people seen by two or more, 408 by one.

`0001_c2_f0046182.jpg` is person 1, camera 2, frame 46182. The 408 people of one camera are distractors in
the gallery, under pids of their own. The authors withdrew the data set; check whether you may use a copy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Reading, Row, Subset
from agreid_cli.datasets.tree import MARKET_FOLDERS, walk
from agreid_cli.errors import Problem

GRAMMAR = "0001_c2_f0046182.jpg"
CAMIDS = range(1, 9)
_NAME = re.compile(r"(\d+)_c(\d+)_f(\d+)", re.ASCII)


def parse(name: str) -> Row | None:
    """Person, camera and frame.

    >>> row = parse("0001_c2_f0046182.jpg")
    >>> row.pid, row.camid, row.frame
    (1, 2, 46182)
    """
    found = _NAME.fullmatch(PurePath(name).stem)
    return Row(name, int(found[1]), int(found[2]), "cctv", (), frame=int(found[3])) if found else None


def read(root: Path) -> Iterator[Row | Problem]:
    """The images under `root`."""
    yield from walk(root, MARKET_FOLDERS, parse, GRAMMAR)


def layout(readings: dict[str, Reading]) -> Layout:
    """The three folders, with the published counts of a data set that has them."""
    return Layout(
        name="official",
        folders=tuple(MARKET_FOLDERS),
        read=read,
        parse=parse,
        subsets=(
            Subset("train", TRAIN, (readings["train"],)),
            Subset("query", "query:all", (readings["query"],)),
            Subset("gallery", "gallery:all", (readings["gallery"],)),
        ),
    )


_README = "README of the evaluation code"
DUKE_MTMC = Dataset(
    name="duke-mtmc",
    title="DukeMTMC-reID (ICCV 2017)",
    layouts=(
        layout(
            {
                "train": Reading(_README, 16_522, 702),
                "query": Reading(_README, 2_228, 702),
                "gallery": Reading(_README, 17_661, 1_110),
            }
        ),
    ),
    camids=CAMIDS,
)
