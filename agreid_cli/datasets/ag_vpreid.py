"""AG-VPReID (CVPR 2025): video; CCTV (cameras 0, 1), wearable (2, 3) and drones (4, 5), 3,027 people.

`train/81/<tracklet>/P81T2310171A2C2E152K7F7528.jpg` is a frame of person 81 by camera 2. Camera 0 is CCTV
here, where AG-ReID's is the drone. The published protocol ranks tracklets: `evaluate --level track`.
Ranking every frame by itself gives other figures. Folders and names follow the authors' reader and another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Row, Subset
from agreid_cli.datasets.tracklets import walk_tracklets
from agreid_cli.datasets.tree import one_crop_a_name
from agreid_cli.errors import Problem

FOLDERS: dict[str, tuple[str, ...]] = {
    "train": (TRAIN,),
    "case1_aerial_to_ground/query": ("query:a2gw",),
    "case1_aerial_to_ground/gallery": ("gallery:a2gw",),
    "case2_ground_to_aerial/query": ("query:gw2a",),
    "case2_ground_to_aerial/gallery": ("gallery:gw2a",),
}
GRAMMAR = "P81T2310171A2C2E152K7F7528.jpg"
PLATFORM_OF_CAMID = {0: "cctv", 1: "cctv", 2: "wearable", 3: "wearable", 4: "uav", 5: "uav"}
_NAME = re.compile(r"P(\d+)T(\d+)A(\d+)C(\d+)E(\d+)K(\d+)F(\d+)", re.ASCII)


def parse(name: str) -> Row | None:
    """Camera, session and frame; the person is the folder's number, and P's until then.

    >>> row = parse("P81T2310171A2C4E152K7F7528.jpg")
    >>> row.camid, row.platform, row.session, row.frame
    (4, 'uav', '2310171', 7528)
    """
    found = _NAME.fullmatch(PurePath(name).stem)
    if not found or int(found[4]) not in PLATFORM_OF_CAMID:
        return None
    camid = int(found[4])
    return Row(
        name, int(found[1]), camid, PLATFORM_OF_CAMID[camid], (), session=found[2], frame=int(found[7])
    )


def read(root: Path) -> Iterator[Row | Problem]:
    """Every frame under `root`; one name in both cases is one crop."""
    yield from one_crop_a_name(walk_tracklets(root, FOLDERS, parse, GRAMMAR))


AG_VPREID = Dataset(
    name="ag-vpreid",
    title="AG-VPReID (CVPR 2025)",
    layouts=(
        Layout(
            name="competition",
            folders=tuple(FOLDERS),
            read=read,
            parse=parse,
            subsets=(
                Subset("train", TRAIN),
                Subset("query, aerial → ground", "query:a2gw"),
                Subset("gallery, aerial → ground", "gallery:a2gw"),
                Subset("query, ground → aerial", "query:gw2a"),
                Subset("gallery, ground → aerial", "gallery:gw2a"),
            ),
        ),
    ),
    remark="Publications rank the tracklets of AG-VPReID: agreid evaluate --level track. Rankings of single "
    "frames do not compare.",
)
