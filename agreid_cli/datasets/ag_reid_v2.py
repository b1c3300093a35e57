"""AG-ReID.v2 (TIFS 2024): UAV, CCTV and wearable camera, in its two published layouts.

In the download, an image is in a folder of its identity (`query/P0313T02220A0/P0313T02220A0C0F11011.jpg`),
and four lists beside the image folders give the queries and gallery of each direction. The Kaggle
competition of 2023 has flat folders per protocol instead: its "ground" is CCTV and wearable together. That
the Kaggle test images have official names was read in its starter code, not checked on the files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from agreid_cli.datasets.ag_reid import GRAMMAR, parse
from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Reading, Row, Subset
from agreid_cli.datasets.tree import find_file, one_crop_a_name, printable, read_lines, walk
from agreid_cli.errors import Problem

#: The list of a protocol → the direction it describes.
LISTS = {
    "exp1_aerial_to_cctv.txt": "a2g",
    "exp2_aerial_to_wearable.txt": "a2w",
    "exp4_cctv_to_aerial.txt": "g2a",
    "exp5_wearable_to_aerial.txt": "w2a",
}
FOLDERS: dict[str, tuple[str, ...]] = {
    "train_all": (TRAIN,),
    "query": ("query:all",),
    "gallery": ("gallery:all",),
}
KAGGLE_FOLDERS: dict[str, tuple[str, ...]] = {
    "bounding_box_train": (TRAIN,),
    "exp3_aerial_to_ground/query": ("query:a2gw",),
    "exp3_aerial_to_ground/bounding_box_test": ("gallery:a2gw",),
    "exp6_ground_to_aerial/query": ("query:gw2a",),
    "exp6_ground_to_aerial/bounding_box_test": ("gallery:gw2a",),
    "gallery_add_on/exp3_aerial_to_ground": ("gallery:a2gw",),
    "gallery_add_on/exp6_ground_to_aerial": ("gallery:gw2a",),
}


def read(root: Path) -> Iterator[Row | Problem]:
    """The images of the three folders, with the roles from the lists in addition to those of the folder."""
    listed: dict[str, list[str]] = defaultdict(list)
    places: dict[str, str] = {}
    for name, direction in LISTS.items():
        path = find_file(root, (name,))
        if path is None:
            continue
        for number, line in enumerate(read_lines(path), 1):
            image = line.strip().replace("\\", "/").removeprefix("./")
            if not image:
                continue
            role = image.partition("/")[0]
            if role not in ("query", "gallery"):
                yield Problem(f"{name}, line {number}", f"'{image}' does not start with query/ or gallery/")
                continue
            listed[image].append(f"{role}:{direction}")
            places.setdefault(image, f"{name}, line {number}")
    seen: set[str] = set()
    for item in walk(root, FOLDERS, parse, GRAMMAR):
        if isinstance(item, Row):
            seen.add(item.path)
            roles = (*listed.get(item.path, ()), *item.roles)
            yield replace(item, roles=tuple(dict.fromkeys(roles)))
        else:
            seen.add(item.where)
            yield item
    for image, place in places.items():
        if image not in seen:
            yield Problem(place, f"{printable(image)} does not exist")


def read_kaggle(root: Path) -> Iterator[Row | Problem]:
    """The images of the competition; a name in two folders is one crop."""
    yield from one_crop_a_name(walk(root, KAGGLE_FOLDERS, parse, GRAMMAR))


_DOWNLOAD = "counted in the download"
_CAMERAS = "the 8,499 queries of v2 by camera"
AG_REID_V2 = Dataset(
    name="ag-reid-v2",
    title="AG-ReID.v2 (TIFS 2024)",
    layouts=(
        Layout(
            name="as downloaded",
            folders=tuple(FOLDERS),
            read=read,
            parse=parse,
            optional=tuple((name, f"its crops have no role in {d}") for name, d in LISTS.items()),
            subsets=(
                Subset("train", TRAIN, (Reading("paper", 51_530, 807),)),
                Subset("train, UAV", TRAIN, (Reading(_DOWNLOAD, 21_217),), platform="uav"),
                Subset("train, wearable", TRAIN, (Reading(_DOWNLOAD, 21_298),), platform="wearable"),
                Subset("train, CCTV", TRAIN, (Reading(_DOWNLOAD, 9_015),), platform="cctv"),
                Subset("query", "query:all", (Reading("paper", 8_499, 808),)),
                Subset("gallery", "gallery:all", (Reading("paper", 40_473, 808),)),
                Subset("query exp1, UAV → CCTV", "query:a2g", (Reading(_DOWNLOAD, 2_356, 534),)),
                Subset(
                    "gallery exp1, UAV → CCTV",
                    "gallery:a2g",
                    (Reading("paper; transposes 6,347", 6_374), Reading(_DOWNLOAD, 6_347, 534)),
                ),
                Subset("query exp2, UAV → wearable", "query:a2w", (Reading(_DOWNLOAD, 2_209, 519),)),
                Subset("gallery exp2, UAV → wearable", "gallery:a2w", (Reading(_DOWNLOAD, 12_912, 519),)),
                Subset("query exp4, CCTV → UAV", "query:g2a", (Reading(_DOWNLOAD, 1_811, 534),)),
                Subset("gallery exp4, CCTV → UAV", "gallery:g2a", (Reading(_DOWNLOAD, 14_362, 534),)),
                Subset("query exp5, wearable → UAV", "query:w2a", (Reading(_DOWNLOAD, 2_340, 519),)),
                Subset(
                    "gallery exp5, wearable → UAV",
                    "gallery:w2a",
                    (Reading("paper; the authors confirm 12,568", 12_256), Reading(_DOWNLOAD, 12_568, 519)),
                ),
            ),
        ),
        Layout(
            name="Kaggle 2023",
            folders=tuple(KAGGLE_FOLDERS),
            read=read_kaggle,
            parse=parse,
            subsets=(
                Subset("train", TRAIN, (Reading("paper", 51_530, 807),)),
                Subset("query exp3, aerial → ground", "query:a2gw", (Reading(_CAMERAS, 4_348),)),
                Subset("gallery exp3, aerial → ground", "gallery:a2gw"),
                Subset("query exp6, ground → aerial", "query:gw2a", (Reading(_CAMERAS, 4_151),)),
                Subset("gallery exp6, ground → aerial", "gallery:gw2a"),
            ),
        ),
    ),
    attribute_files=("qut_attribute_v8.mat",),
    hint="The first AG-ReID has other folders: agreid import-dataset ag-reid ROOT",
)
