"""G2APS-ReID (CVPR 2025): crops of the person search set G2APS, one drone and one ground camera.

The authors' scripts cut the crops: `0017_c0v3_000120.jpg` is person 17, camera 0 (the drone; 3 is on the
ground), sequence 3, frame 120. They copy the queries out of the gallery folders, so one name in two
folders is one crop. `bounding_box_gallery` has crops of unlabelled people, all under pid 5555:
distractors, which only the lists `exp3_A2G+.txt` and `exp4_G2A+.txt` use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from agreid_cli.datasets.listed import entries_of, listed_rows, roles_by_folder
from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Reading, Row, Subset
from agreid_cli.datasets.tree import one_crop_a_name, walk
from agreid_cli.errors import Problem

FOLDERS: dict[str, tuple[str, ...]] = {
    "bounding_box_train": (TRAIN,),
    "query_c0": ("query:a2g",),
    "bounding_box_test_c3": ("gallery:a2g",),
    "query_c3": ("query:g2a",),
    "bounding_box_test_c0": ("gallery:g2a",),
}
LISTS = {"exp3_A2G+.txt": "a2g+", "exp4_G2A+.txt": "g2a+"}
GRAMMAR = "0017_c0v3_000120.jpg"
DISTRACTOR_PID = 5555
_NAME = re.compile(r"(-1|\d+)_c(\d)v(\d+)_(\d+)", re.ASCII)


def parse(name: str) -> Row | None:
    """Person, camera, sequence and frame.

    >>> row = parse("0017_c3v2_000120.jpg")
    >>> row.pid, row.camid, row.platform, row.session, row.frame
    (17, 3, 'cctv', 'v2', 120)
    """
    found = _NAME.fullmatch(PurePath(name).stem)
    if not found:
        return None
    camid = int(found[2])
    platform = "cctv" if camid else "uav"
    return Row(name, int(found[1]), camid, platform, (), session=f"v{int(found[3])}", frame=int(found[4]))


def read(root: Path) -> Iterator[Row | Problem]:
    """The images of the folders, and of the lists where they are."""
    lists = {name: roles_by_folder(direction) for name, direction in LISTS.items()}

    def everything() -> Iterator[Row | Problem]:
        yield from walk(root, FOLDERS, parse, GRAMMAR)
        yield from listed_rows(root, entries_of(root, lists), parse, GRAMMAR)

    yield from one_crop_a_name(everything())


_README = "README of SeCap"
G2APS_REID = Dataset(
    name="g2aps-reid",
    title="G2APS-ReID (CVPR 2025)",
    layouts=(
        Layout(
            name="as the scripts build it",
            folders=tuple(FOLDERS),
            read=read,
            parse=parse,
            optional=tuple((name, f"its images have no role in {d}") for name, d in LISTS.items()),
            subsets=(
                Subset("train", TRAIN, (Reading(_README, 100_871, 1_569),)),
                Subset("query A→G", "query:a2g", (Reading(_README, 4_876, 1_219),)),
                Subset("gallery A→G", "gallery:a2g", (Reading(_README, 37_202, 1_219),)),
                Subset("query G→A", "query:g2a", (Reading(_README, 4_876, 1_219),)),
                Subset("gallery G→A", "gallery:g2a", (Reading(_README, 62_791, 1_219),)),
                Subset("gallery A→G+", "gallery:a2g+"),
                Subset("gallery G→A+", "gallery:g2a+"),
            ),
        ),
    ),
    distractor_pids=frozenset({DISTRACTOR_PID}),
)
