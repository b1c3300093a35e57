"""Market-1501 (ICCV 2015): six fixed cameras, 1,501 people, with distractors and junk in the gallery.

`0002_c1s1_000451_03.jpg` is person 2, camera 1, sequence 1, frame 451, third box. Person 0000 stands for
2,798 distractors: real people without queries, and therefore wrong matches. Person −1 is junk and is ignored
by every evaluation. The additional folders `gt_bbox`, `gt_query` (hand-drawn boxes, multi-query) and `images`
(500,000 distractors) are not part of the usual protocol and are not imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Reading, Row, Subset
from agreid_cli.datasets.tree import MARKET_FOLDERS, walk
from agreid_cli.errors import Problem
from agreid_cli.records.manifest import JUNK_PID

PREPARED: dict[str, tuple[str, ...]] = {
    "train_all": (TRAIN,),
    "query": ("query:all",),
    "gallery": ("gallery:all",),
}
GRAMMAR = "0002_c1s1_000451_03.jpg"
DISTRACTOR_PID = 0
MAT_NAME = "market_attribute.mat"
# Some published names have their suffix twice.
_NAME = re.compile(r"(-1|\d+)_c(\d+)s(\d+)_(\d+)_\d+(?:\.\w+)*", re.ASCII)


def parse(name: str) -> Row | None:
    """Person, camera, sequence and frame; the last number distinguishes boxes of one frame.

    >>> row = parse("-1_c3s2_000451_03.jpg")
    >>> row.pid, row.camid, row.platform, row.session, row.frame
    (-1, 3, 'cctv', 's2', 451)
    """
    found = _NAME.fullmatch(name)
    if not found or int(found[2]) >= 2**15:
        return None
    pid = JUNK_PID if found[1] == "-1" else int(found[1])
    return Row(name, pid, int(found[2]), "cctv", (), session=f"s{int(found[3])}", frame=int(found[4]))


def read(root: Path) -> Iterator[Row | Problem]:
    """The images under `root`."""
    yield from walk(root, MARKET_FOLDERS, parse, GRAMMAR)


def read_prepared(root: Path) -> Iterator[Row | Problem]:
    """The images of the `pytorch` folder that Person_reID_baseline_pytorch prepares, one folder per person.

    Its `train` and `val` divide `train_all`, and `multi-query` is not part of the usual protocol.
    """
    yield from walk(root, PREPARED, parse, GRAMMAR)


_SUBSETS = (
    Subset("train", TRAIN, (Reading("paper", 12_936, 751),)),
    Subset("query", "query:all", (Reading("paper", 3_368, 750),)),
    Subset("gallery", "gallery:all", (Reading("paper", 19_732, 750),)),
    Subset(
        "gallery, people",
        "gallery:all",
        (Reading("its attribute page", 13_115, 750),),
        kind="people",
    ),
    Subset(
        "gallery, distractors (0000)",
        "gallery:all",
        (Reading("15,913 without junk, less the people", 2_798),),
        kind="distractors",
    ),
    Subset(
        "gallery, junk (-1)",
        "gallery:all",
        (Reading("19,732 less the 15,913 without junk", 3_819),),
        kind="junk",
    ),
)
MARKET_1501 = Dataset(
    name="market-1501",
    title="Market-1501 (v15.09.15)",
    layouts=(
        Layout(
            name="official",
            folders=tuple(MARKET_FOLDERS),
            read=read,
            parse=parse,
            subsets=_SUBSETS,
        ),
        Layout("prepared", tuple(PREPARED), read_prepared, _SUBSETS, parse=parse),
    ),
    attribute_files=(MAT_NAME, f"attribute/{MAT_NAME}", f"Market-1501_Attribute/{MAT_NAME}"),
    attribute_kind="market",
    distractor_pids=frozenset({DISTRACTOR_PID}),
    camids=range(1, 7),
)
