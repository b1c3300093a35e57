"""DetReIDX (2025), in the layout of its video challenge: drones up to 120 m high, people in two sessions.

`train/PID/trackletX/*.jpg`, and query and gallery folders for three cases. Of the file names only what
one public reader uses is known: fields are separated by `_`; a name with fewer than eight fields is from the
ground; otherwise fields 7 to 9 are height, distance and angle, and the second to last is the session. That
reader treats the ground as one camera and each session of the drone as another, and so does this one.
The layout `train`, `query`, `gallery` of the data set's README is not read, because it does not
give directions. The reader has not been checked on files of the data set.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath

from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Row, Subset
from agreid_cli.datasets.tracklets import walk_tracklets
from agreid_cli.datasets.tree import one_crop_a_name
from agreid_cli.errors import Problem

FOLDERS: dict[str, tuple[str, ...]] = {
    "train": (TRAIN,),
    "case1_aerial_to_ground/query": ("query:a2g",),
    "case1_aerial_to_ground/gallery": ("gallery:a2g",),
    "case2_ground_to_aerial/query": ("query:g2a",),
    "case2_ground_to_aerial/gallery": ("gallery:g2a",),
    "case3_aerial_to_aerial/query": ("query:a2a",),
    "case3_aerial_to_aerial/gallery": ("gallery:a2a",),
}
GRAMMAR = "…_HEIGHT_DISTANCE_ANGLE_…_SESSION_N.jpg, or fewer than 8 fields for the ground"
AERIAL_FIELDS = 8
GROUND_CAMID = 0


def parse(name: str) -> Row | None:
    """Platform, and session as camera; the person is the folder's number.

    >>> row = parse("a_b_c_d_e_f_30.0_20.0_60_1_0007.jpg")
    >>> row.platform, row.camid, parse("a_b_0007.jpg").platform, parse("a_b_c_d_e_f_g_h_i_1_7.jpg")
    ('uav', 1, 'cctv', None)
    """
    fields = PurePath(name).stem.split("_")
    if len(fields) < 2:
        return None
    if len(fields) < AERIAL_FIELDS:
        return Row(name, 0, GROUND_CAMID, "cctv", ())
    numbers = [field.replace(".", "", 1) for field in fields[6:9]]
    session = fields[-2]
    if len(numbers) < 3 or not all(n.isdecimal() for n in (*numbers, session)):
        return None
    return Row(name, 0, 1 if int(session) == 1 else 2, "uav", (), session=f"s{int(session)}")


def read(root: Path) -> Iterator[Row | Problem]:
    """Every frame under `root`; one name in several cases is one crop."""
    yield from one_crop_a_name(walk_tracklets(root, FOLDERS, parse, GRAMMAR))


DETREIDX = Dataset(
    name="detreidx",
    title="DetReIDX (video challenge)",
    layouts=(
        Layout(
            name="video challenge",
            folders=tuple(FOLDERS),
            read=read,
            parse=parse,
            strict=False,
            subsets=(
                Subset("train", TRAIN),
                *(
                    Subset(f"{part} {direction}", f"{part}:{direction}")
                    for direction in ("a2g", "g2a", "a2a")
                    for part in ("query", "gallery")
                ),
            ),
        ),
    ),
    remark="The challenge ranks the tracklets of DetReIDX: agreid evaluate --level track. Rankings of single "
    "frames do not compare.",
)
