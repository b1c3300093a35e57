"""CARGO (CVPR 2024): rendered people, five aerial cameras (1–5) and eight ground cameras (6–13).

One query list and one gallery list serve all four protocols: `all`, `g2g` and `a2a` by camera, and A↔G.
Two protocols are published as "A↔G". The authors' own, here `ag`, keeps every query and every gallery image
and relabels the cameras into two, so that a person's images in the query's own view are junk but other people
in that view remain. Other papers use a gallery of the other view only: `a2g` and `g2a`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Reading, Row, Subset
from agreid_cli.datasets.tree import walk
from agreid_cli.errors import Problem

FOLDERS: dict[str, tuple[str, ...]] = {
    "train": (TRAIN,),
    "query": ("query:all",),
    "gallery": ("gallery:all",),
}
GRAMMAR = "Cam2_day_2519_320.jpg"
AERIAL_CAMIDS = range(1, 6)
CAMIDS = range(1, 14)
_NAME = re.compile(r"Cam(\d+)_(day|night)_(\d+)_\d+", re.ASCII | re.IGNORECASE)


def parse(name: str) -> Row | None:
    """Camera, time of day, person, and a meaningless index.

    >>> row = parse("Cam2_day_2519_320.jpg")
    >>> row.camid, row.session, row.pid, row.platform
    (2, 'day', 2519, 'uav')
    """
    found = _NAME.fullmatch(PurePath(name).stem)
    if not found or int(found[1]) not in CAMIDS:
        return None
    camid = int(found[1])
    platform = "uav" if camid in AERIAL_CAMIDS else "cctv"
    return Row(name, int(found[3]), camid, platform, (), session=found[2].lower())


def read(root: Path) -> Iterator[Row | Problem]:
    """The images under `root`."""
    yield from walk(root, FOLDERS, parse, GRAMMAR)


CARGO = Dataset(
    name="cargo",
    title="CARGO (CVPR 2024)",
    layouts=(
        Layout(
            name="official",
            folders=tuple(FOLDERS),
            read=read,
            parse=parse,
            subsets=(
                Subset("train", TRAIN, (Reading("README", 51_451, 2_500),)),
                Subset("query", "query:all", (Reading("sum of A and G", 312),)),
                Subset("gallery", "gallery:all", (Reading("README, 51,024 less the queries", 50_712),)),
                Subset("query of GG", "query:all", (Reading("README", 134, 60),), platform="cctv"),
                Subset("gallery of GG", "gallery:all", (Reading("README", 18_444, 2_404),), platform="cctv"),
                Subset("query of AA", "query:all", (Reading("README", 178, 89),), platform="uav"),
                Subset("gallery of AA", "gallery:all", (Reading("README", 32_268, 2_447),), platform="uav"),
            ),
        ),
    ),
    remark="Two protocols are published as A↔G: --direction ag is the authors' own, where the query's own "
    "view is junk; a2g and g2a use a gallery of the other view only. Their figures are not comparable.",
)
