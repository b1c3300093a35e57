"""AG-ReID (ICME 2023), the first release: five flat folders and a .mat of 88 attribute bits.

The identity is P‖T‖A joined, because P counts people within one video only. A→G uses the queries of
`query_all_c0` and the gallery `bounding_box_test_all_c3`; G→A uses `query_all_c3` and
`bounding_box_test_all_c0`. An early release had images of camera 2 in the C3 gallery; they keep the role of
their folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Reading, Row, Subset
from agreid_cli.datasets.tree import one_crop_a_name, walk
from agreid_cli.errors import Problem
from agreid_cli.records.crops import CAMID_OF_PLATFORM
from agreid_cli.records.naming import is_session, parse_name

FOLDERS: dict[str, tuple[str, ...]] = {
    "bounding_box_train": (TRAIN,),
    "query_all_c0": ("query:a2g",),
    "bounding_box_test_all_c3": ("gallery:a2g",),
    "query_all_c3": ("query:g2a",),
    "bounding_box_test_all_c0": ("gallery:g2a",),
}
MAT_NAME = "qut_attribute_v4_88_attributes.mat"
GRAMMAR = "P0001T04041A0C0F31.jpg"
PLATFORM_OF_CAMID = {camid: platform for platform, camid in CAMID_OF_PLATFORM.items()}


def parse(name: str) -> Row | None:
    """The row of an official file name."""
    official = parse_name(name)
    if official is None or official.camid not in PLATFORM_OF_CAMID or official.frame < 1:
        return None
    session, altitude = told(official.session, official.altitude)
    return Row(
        path=name,
        pid=official.pid,
        camid=official.camid,
        platform=PLATFORM_OF_CAMID[official.camid],
        roles=(),
        altitude=altitude,
        session=session,
        frame=official.frame - 1,
    )


def told(session: str, altitude: int) -> tuple[str | None, int | None]:
    """The session and altitude given by T and A: none if T is not a date and they only encode a pid.

    `export-dataset` has to write any pid as P, T and A.

    >>> told("02140", 0), told("00000", 7)
    (('02140', 0), (None, None))
    """
    return (session, altitude) if is_session(session) and altitude <= 2 else (None, None)


def read(root: Path) -> Iterator[Row | Problem]:
    """The images under `root`. A name in two test folders is one crop with two roles."""
    yield from one_crop_a_name(walk(root, FOLDERS, parse, GRAMMAR))


AG_REID = Dataset(
    name="ag-reid",
    title="AG-ReID (ICME 2023)",
    layouts=(
        Layout(
            name="official",
            folders=tuple(FOLDERS),
            read=read,
            parse=parse,
            subsets=(
                Subset("train", TRAIN, (Reading("paper", 11_554, 199),)),
                Subset(
                    "query A→G",
                    "query:a2g",
                    (
                        Reading("paper and README", 1_701, 189),
                        Reading("counted in the download; 1,701 transposes it", 1_071),
                    ),
                ),
                Subset(
                    "gallery A→G",
                    "gallery:a2g",
                    (
                        Reading("paper", 3_255, 189),
                        Reading("counted in the first download", 3_225, 185),
                        Reading("README since 2023-09-13", 3_331, 189),
                    ),
                ),
                Subset("query G→A", "query:g2a", (Reading("paper and README", 962),)),
                Subset(
                    "gallery G→A",
                    "gallery:g2a",
                    (Reading("paper and README", 7_204, 189),),
                ),
            ),
        ),
    ),
    attribute_files=(MAT_NAME,),
    hint="AG-ReID.v2 has other folders: agreid import-dataset ag-reid-v2 ROOT",
)
