"""Miniature trees with the official names, each with its expected row.

An entry is path → (pid, camid, platform, roles, session, altitude, frame).
"""

from __future__ import annotations

import functools
import io
import pickle
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from agreid_cli.attributes.market import market_codebook, write_market_mat
from agreid_cli.attributes.mat import write_mat
from agreid_cli.attributes.official import official_codebook
from tests.support.tables import one_hot

Truth = tuple[int, int, str, tuple[str, ...], "str | None", "int | None", "int | None"]

AG_REID: dict[str, Truth] = {
    "bounding_box_train/P0001T04041A0C0F31.jpg": (1040410, 0, "uav", ("train",), "04041", 0, 30),
    "bounding_box_train/P0001T04041A0C3F61.jpg": (1040410, 3, "cctv", ("train",), "04041", 0, 60),
    # The same P at another altitude is another identity.
    "bounding_box_train/P0001T04041A2C0F31.jpg": (1040412, 0, "uav", ("train",), "04041", 2, 30),
    "query_all_c0/P0000T02140A0C0F91.jpg": (21400, 0, "uav", ("query:a2g",), "02140", 0, 90),
    "query_all_c0/P0006T02140A0C0F1831.jpg": (6021400, 0, "uav", ("query:a2g",), "02140", 0, 1830),
    "bounding_box_test_all_c3/P0000T02140A0C3F691.jpg": (
        21400, 3, "cctv", ("gallery:a2g",), "02140", 0, 690),
    "bounding_box_test_all_c3/P0006T02140A0C3F721.jpg": (
        6021400, 3, "cctv", ("gallery:a2g",), "02140", 0, 720),
    "query_all_c3/P0000T02140A0C3F751.jpg": (21400, 3, "cctv", ("query:g2a",), "02140", 0, 750),
    "query_all_c3/P0006T02140A0C3F901.jpg": (6021400, 3, "cctv", ("query:g2a",), "02140", 0, 900),
    "bounding_box_test_all_c0/P0000T02140A0C0F31.jpg": (21400, 0, "uav", ("gallery:g2a",), "02140", 0, 30),
    "bounding_box_test_all_c0/P0006T02140A0C0F61.jpg": (6021400, 0, "uav", ("gallery:g2a",), "02140", 0, 60),
}  # fmt: skip

AG_REID_V2: dict[str, Truth] = {
    "train_all/P0001T04041A0/P0001T04041A0C0F00031.jpg": (1040410, 0, "uav", ("train",), "04041", 0, 30),
    "train_all/P0001T04041A0/P0001T04041A0C2F61.jpg": (1040410, 2, "wearable", ("train",), "04041", 0, 60),
    "train_all/P0002T04041A1/P0002T04041A1C3F8671Z.jpg": (2040411, 3, "cctv", ("train",), "04041", 1, 8670),
    "query/P0313T02220A0/P0313T02220A0C0F11011.jpg": (
        313022200, 0, "uav", ("query:a2g", "query:a2w", "query:all"), "02220", 0, 11010),
    "query/P0313T02220A0/P0313T02220A0C3F61.jpg": (
        313022200, 3, "cctv", ("query:g2a", "query:all"), "02220", 0, 60),
    "query/P0313T02220A0/P0313T02220A0C2F91.jpg": (
        313022200, 2, "wearable", ("query:w2a", "query:all"), "02220", 0, 90),
    "query/P0400T02220A1/P0400T02220A1C0F31.jpg": (400022201, 0, "uav", ("query:all",), "02220", 1, 30),
    "gallery/P0313T02220A0/P0313T02220A0C0F121.jpg": (
        313022200, 0, "uav", ("gallery:g2a", "gallery:w2a", "gallery:all"), "02220", 0, 120),
    "gallery/P0313T02220A0/P0313T02220A0C3F06811.jpg": (
        313022200, 3, "cctv", ("gallery:a2g", "gallery:all"), "02220", 0, 6810),
    "gallery/P0313T02220A0/P0313T02220A0C2F151.jpg": (
        313022200, 2, "wearable", ("gallery:a2w", "gallery:all"), "02220", 0, 150),
    "gallery/P0400T02220A1/P0400T02220A1C2F61.jpg": (
        400022201, 2, "wearable", ("gallery:all",), "02220", 1, 60),
}  # fmt: skip
LISTS = {
    "a2g": "exp1_aerial_to_cctv.txt", "a2w": "exp2_aerial_to_wearable.txt",
    "g2a": "exp4_cctv_to_aerial.txt", "w2a": "exp5_wearable_to_aerial.txt",
}  # fmt: skip

KAGGLE: dict[str, Truth] = {
    "bounding_box_train/P0001T04041A0C0F31.jpg": (1040410, 0, "uav", ("train",), "04041", 0, 30),
    "bounding_box_train/P0001T04041A0C2F31.jpg": (1040410, 2, "wearable", ("train",), "04041", 0, 30),
    "exp3_aerial_to_ground/query/P0006T02140A0C0F31.jpg": (
        6021400, 0, "uav", ("query:a2gw",), "02140", 0, 30),
    "exp3_aerial_to_ground/bounding_box_test/P0006T02140A0C2F31.jpg": (
        6021400, 2, "wearable", ("gallery:a2gw",), "02140", 0, 30),
    # Asks in exp6 and is searched in exp3: one crop with two parts, found where it comes first.
    "exp3_aerial_to_ground/bounding_box_test/P0006T02140A0C3F31.jpg": (
        6021400, 3, "cctv", ("gallery:a2gw", "query:gw2a"), "02140", 0, 30),
    "exp6_ground_to_aerial/query/P0006T02140A0C3F31.jpg": (),  # type: ignore[dict-item]
    "exp6_ground_to_aerial/bounding_box_test/P0006T02140A0C0F61.jpg": (
        6021400, 0, "uav", ("gallery:gw2a",), "02140", 0, 60),
    "gallery_add_on/exp3_aerial_to_ground/P0007T02140A0C3F31.jpg": (
        7021400, 3, "cctv", ("gallery:a2gw",), "02140", 0, 30),
    "gallery_add_on/exp6_ground_to_aerial/P0007T02140A0C0F31.jpg": (
        7021400, 0, "uav", ("gallery:gw2a",), "02140", 0, 30),
}  # fmt: skip

CARGO: dict[str, Truth] = {
    "train/Cam1/Cam1_night_7_1.jpg": (7, 1, "uav", ("train",), "night", None, None),
    "train/Cam13/Cam13_day_7_2.jpg": (7, 13, "cctv", ("train",), "day", None, None),
    "query/Cam2/Cam2_day_2519_320.jpg": (2519, 2, "uav", ("query:all",), "day", None, None),
    "query/Cam6/Cam6_day_2519_321.jpg": (2519, 6, "cctv", ("query:all",), "day", None, None),
    "gallery/Cam5/Cam5_day_2519_1.jpg": (2519, 5, "uav", ("gallery:all",), "day", None, None),
    "gallery/Cam7/Cam7_night_2519_2.jpg": (2519, 7, "cctv", ("gallery:all",), "night", None, None),
    "gallery/Cam7/Cam7_night_2600_2.jpg": (2600, 7, "cctv", ("gallery:all",), "night", None, None),
}

MARKET: dict[str, Truth] = {
    "bounding_box_train/0002_c1s1_000451_03.jpg": (2, 1, "cctv", ("train",), "s1", None, 451),
    "bounding_box_train/0002_c2s1_000301_01.jpg": (2, 2, "cctv", ("train",), "s1", None, 301),
    "bounding_box_train/0007_c3s3_077419_03.jpg": (7, 3, "cctv", ("train",), "s3", None, 77419),
    "query/0001_c1s1_001051_00.jpg": (1, 1, "cctv", ("query:all",), "s1", None, 1051),
    "query/0003_c4s6_015641_00.jpg": (3, 4, "cctv", ("query:all",), "s6", None, 15641),
    "bounding_box_test/-1_c1s1_000401_03.jpg": (-1, 1, "cctv", ("gallery:all",), "s1", None, 401),
    "bounding_box_test/0000_c1s1_000151_01.jpg": (0, 1, "cctv", ("gallery:all",), "s1", None, 151),
    "bounding_box_test/0000_c5s2_000151_01.jpg": (0, 5, "cctv", ("gallery:all",), "s2", None, 151),
    "bounding_box_test/0001_c2s1_000301_00.jpg": (1, 2, "cctv", ("gallery:all",), "s1", None, 301),
    "bounding_box_test/0001_c1s1_001051_01.jpg": (1, 1, "cctv", ("gallery:all",), "s1", None, 1051),
    "bounding_box_test/0001_c1s1_001051_02.jpg": (1, 1, "cctv", ("gallery:all",), "s1", None, 1051),
    "bounding_box_test/0003_c5s3_065187_01.jpg.jpg": (3, 5, "cctv", ("gallery:all",), "s3", None, 65187),
}

_UAV = "G10B10H10UC022000LC021000A"
UAV_HUMAN: dict[str, Truth] = {
    f"bounding_box_train/P000S00{_UAV}000R0_08241716_170_bbx.jpg": (
        0, 0, "uav", ("train",), "08241716", None, 170),
    f"bounding_box_train/P000S00{_UAV}001R0_08241716_216_bbx.jpg": (
        0, 1, "uav", ("train",), "08241716", None, 216),
    f"bounding_box_train/P000S01{_UAV}001R0_08241716_216_bbx.jpg": (
        1, 0, "uav", ("train",), "08241716", None, 216),
    f"query/P031S09{_UAV}031R0_09131758_117_bbx.jpg": (3109, 1, "uav", ("query:all",), "09131758", None, 117),
    # The same action and frame as the query: one moment, hence junk for it.
    f"bounding_box_test/P031S09{_UAV}031R1_09131758_117_bbx.jpg": (
        3109, 1, "uav", ("gallery:all",), "09131758", None, 117),
    f"bounding_box_test/P031S09{_UAV}000R0_09131758_30_bbx.jpg": (
        3109, 0, "uav", ("gallery:all",), "09131758", None, 30),
    "bounding_box_test/D001_00017_bbx.jpg": (50000, 0, "uav", ("gallery:all",), None, None, 17),
    "bounding_box_test/D001_00018_bbx.jpg": (50000, 0, "uav", ("gallery:all",), None, None, 18),
}  # fmt: skip

PRAI: dict[str, Truth] = {
    "images/00000001_0001_00000001.jpg": (1, 1, "uav", ("train",), None, None, None),
    "images/00000001_0002_00000002.jpg": (1, 2, "uav", ("train",), None, None, None),
    "images/00000005_0001_00000003.jpg": (5, 1, "uav", ("query:all",), None, None, None),
    "images/00000005_0002_00000004.jpg": (5, 2, "uav", ("gallery:all",), None, None, None),
    "images/00000006_0002_00000005.jpg": (6, 2, "uav", (), None, None, None),
}
PRAI_SORTED: dict[str, Truth] = {
    "bounding_box_train/00000001_0001_00000001.jpg": PRAI["images/00000001_0001_00000001.jpg"],
    "bounding_box_train/00000001_0002_00000002.jpg": PRAI["images/00000001_0002_00000002.jpg"],
    "query/00000005_0001_00000003.jpg": PRAI["images/00000005_0001_00000003.jpg"],
    "bounding_box_test/00000005_0002_00000004.jpg": PRAI["images/00000005_0002_00000004.jpg"],
}

DUKE: dict[str, Truth] = {
    "bounding_box_train/0001_c2_f0046182.jpg": (1, 2, "cctv", ("train",), None, None, 46182),
    "bounding_box_train/0001_c1_f0044158.jpg": (1, 1, "cctv", ("train",), None, None, 44158),
    "query/0005_c2_f0046985.jpg": (5, 2, "cctv", ("query:all",), None, None, 46985),
    "bounding_box_test/0005_c5_f0051000.jpg": (5, 5, "cctv", ("gallery:all",), None, None, 51000),
    "bounding_box_test/4000_c8_f0051000.jpg": (4000, 8, "cctv", ("gallery:all",), None, None, 51000),
}
CUHK03: dict[str, Truth] = {
    "bounding_box_train/0003_c1_21.png": (3, 1, "cctv", ("train",), None, None, None),
    "query/0001_c1_1.png": (1, 1, "cctv", ("query:all",), None, None, None),
    "bounding_box_test/0001_c2_6.png": (1, 2, "cctv", ("gallery:all",), None, None, None),
}
VERI: dict[str, Truth] = {
    "image_train/0001_c001_00016450_0.jpg": (1, 1, "cctv", ("train",), None, None, 16450),
    "image_query/0002_c002_00030600_0.jpg": (2, 2, "cctv", ("query:all",), None, None, 30600),
    "image_test/0002_c013_00030605_1.jpg": (2, 13, "cctv", ("gallery:all",), None, None, 30605),
}
VERI_SORTED = {
    path.replace("image_train", "bounding_box_train")
    .replace("image_query", "query")
    .replace("image_test", "bounding_box_test"): truth
    for path, truth in VERI.items()
}
MSMT: dict[str, Truth] = {
    "train/0000/0000_000_01_0303morning_0015_0.jpg": (0, 1, "cctv", ("train",), "0303morning", None, None),
    "train/0000/0000_001_14_0303noon_0200_1_ex.jpg": (0, 14, "cctv", ("train",), "0303noon", None, None),
    # Person 0 of the test part is another one.
    "test/0000/0000_000_01_0302afternoon_1166_0.jpg": (
        10_000, 1, "cctv", ("query:all",), "0302afternoon", None, None),
    "test/0000/0000_003_05_0302afternoon_1169_0.jpg": (
        10_000, 5, "cctv", ("gallery:all",), "0302afternoon", None, None),
}  # fmt: skip
MSMT_V2 = {f"mask_{path.replace('/', '_v2/', 1)}": truth for path, truth in MSMT.items()}
MSMT_SORTED: dict[str, Truth] = {
    "bounding_box_train/0000_c1_0002.jpg": (0, 1, "cctv", ("train",), None, None, None),
    "query/0000_c12_0003.jpg": (10_000, 12, "cctv", ("query:all",), None, None, None),
    "bounding_box_test/0000_c2_0004.jpg": (10_000, 2, "cctv", ("gallery:all",), None, None, None),
}
PREPARED = {
    path: MARKET[source]
    for path, source in (
        ("train_all/0002/0002_c1s1_000451_03.jpg", "bounding_box_train/0002_c1s1_000451_03.jpg"),
        ("query/0001/0001_c1s1_001051_00.jpg", "query/0001_c1s1_001051_00.jpg"),
        ("gallery/-1/-1_c1s1_000401_03.jpg", "bounding_box_test/-1_c1s1_000401_03.jpg"),
        ("gallery/0001/0001_c2s1_000301_00.jpg", "bounding_box_test/0001_c2s1_000301_00.jpg"),
    )
}
LAGPER: dict[str, Truth] = {
    "bounding_box_train/0001/0001_c3s1_000001_01.jpg": (1, 3, "uav", ("train",), None, None, None),
    "bounding_box_train/0001/0001_c12s1_000002_01.jpg": (1, 12, "cctv", ("train",), None, None, None),
    "query_A/0005/0005_c16_000003.jpg": (5, 16, "uav", ("query:a2g", "query:a2g+"), None, None, None),
    "query_G/0005/0005_c1_000003.jpg": (5, 1, "cctv", ("query:g2a", "query:g2ag"), None, None, None),
    "test_G/0005/0005_c2_000004.jpg": (
        5, 2, "cctv", ("gallery:a2g", "gallery:a2g+", "gallery:g2ag"), None, None, None),
    "test_A/0005/0005_c22_000005.jpg": (5, 22, "uav", ("gallery:g2a", "gallery:g2ag"), None, None, None),
    "more/0900_c2_000004.jpg": (900, 2, "cctv", ("gallery:a2g+",), None, None, None),
}  # fmt: skip
G2APS: dict[str, Truth] = {
    "bounding_box_train/1/0001_c0v1_000001.jpg": (1, 0, "uav", ("train",), "v1", None, 1),
    "query_c0/7/0007_c0v2_000010.jpg": (
        7, 0, "uav", ("query:a2g", "gallery:g2a", "query:a2g+"), "v2", None, 10),
    "bounding_box_test_c0/7/0007_c0v2_000010.jpg": (),  # type: ignore[dict-item]
    "bounding_box_test_c0/7/0007_c0v2_000011.jpg": (7, 0, "uav", ("gallery:g2a",), "v2", None, 11),
    "query_c3/7/0007_c3v2_000012.jpg": (7, 3, "cctv", ("query:g2a",), "v2", None, 12),
    "bounding_box_test_c3/7/0007_c3v2_000013.jpg": (
        7, 3, "cctv", ("gallery:a2g", "gallery:a2g+"), "v2", None, 13),
    "bounding_box_gallery/5555_c3v2_000014.jpg": (5555, 3, "cctv", ("gallery:a2g+",), "v2", None, 14),
}  # fmt: skip
AG_VPREID: dict[str, Truth] = {
    "train/81/a/P81T2310171A2C0E152K7F7528.jpg": (81, 0, "cctv", ("train",), "2310171", None, 7528),
    "train/81/b/P81T2310171A2C4E152K7F1.jpg": (81, 4, "uav", ("train",), "2310171", None, 1),
    # Asks from the air in case 1 and is searched in case 2.
    "case1_aerial_to_ground/query/1604/a/P4T2310171A1C5E1K1F10.jpg": (
        1604, 5, "uav", ("query:a2gw", "gallery:gw2a"), "2310171", None, 10),
    "case2_ground_to_aerial/gallery/1604/a/P4T2310171A1C5E1K1F10.jpg": (),  # type: ignore[dict-item]
    "case1_aerial_to_ground/gallery/1604/b/P4T2310171A1C2E1K1F10.jpg": (
        1604, 2, "wearable", ("gallery:a2gw",), "2310171", None, 10),
    "case2_ground_to_aerial/query/1604/c/P4T2310171A1C1E1K1F10.jpg": (
        1604, 1, "cctv", ("query:gw2a",), "2310171", None, 10),
}  # fmt: skip
DETREIDX: dict[str, Truth] = {
    "train/12/tracklet1/a_b_c_d_e_f_30.0_20.0_60_1_0001.jpg": (12, 1, "uav", ("train",), "s1", None, None),
    "train/12/tracklet2/a_b_0002.jpg": (12, 0, "cctv", ("train",), None, None, None),
    "case1_aerial_to_ground/query/40/t/a_b_c_d_e_f_5.8_10.0_30_2_0003.jpg": (
        40, 2, "uav", ("query:a2g", "query:a2a"), "s2", None, None),
    "case3_aerial_to_aerial/query/40/t/a_b_c_d_e_f_5.8_10.0_30_2_0003.jpg": (),  # type: ignore[dict-item]
    "case1_aerial_to_ground/gallery/40/u/a_b_0004.jpg": (40, 0, "cctv", ("gallery:a2g",), None, None, None),
    "case2_ground_to_aerial/query/40/v/a_b_0005.jpg": (40, 0, "cctv", ("query:g2a",), None, None, None),
    "case2_ground_to_aerial/gallery/40/w/a_b_c_d_e_f_5.8_10.0_30_1_0006.jpg": (
        40, 1, "uav", ("gallery:g2a", "gallery:a2a"), "s1", None, None),
    "case3_aerial_to_aerial/gallery/40/w/a_b_c_d_e_f_5.8_10.0_30_1_0006.jpg": (),  # type: ignore[dict-item]
}  # fmt: skip
CP2108: dict[str, Truth] = {
    "images_v100/0001_3_0_1_0001.jpg": (1, 3, "cctv", ("train",), "0", None, None),
    "images_v100/0001_23_1_1_0002.jpg": (1, 23, "uav", ("train",), "1", None, None),
    "images_v100/0009_24_1_1_0003.jpg": (9, 24, "uav", ("query:all",), "1", None, None),
    "images_v100/0009_22_1_1_0004.jpg": (9, 22, "cctv", ("gallery:all",), "1", None, None),
}

#: (data set, layout) → what lies there.
TREES: dict[tuple[str, str], dict[str, Truth]] = {
    ("ag-reid", "official"): AG_REID,
    ("ag-reid-v2", "as downloaded"): AG_REID_V2,
    ("ag-reid-v2", "Kaggle 2023"): KAGGLE,
    ("cargo", "official"): CARGO,
    ("market-1501", "official"): MARKET,
    ("uav-human", "official"): UAV_HUMAN,
    ("prai-1581", "as published"): PRAI,
    ("prai-1581", "sorted into folders"): PRAI_SORTED,
    ("market-1501", "prepared"): PREPARED,
    ("duke-mtmc", "official"): DUKE,
    ("occluded-duke", "official"): DUKE,
    ("cuhk03-np", "labeled or detected"): CUHK03,
    ("veri-776", "official"): VERI,
    ("veri-776", "sorted into folders"): VERI_SORTED,
    ("msmt17", "V1"): MSMT,
    ("msmt17", "V2"): MSMT_V2,
    ("msmt17", "sorted into folders"): MSMT_SORTED,
    ("lagper", "with lists"): LAGPER,
    ("g2aps-reid", "as the scripts build it"): G2APS,
    ("ag-vpreid", "competition"): AG_VPREID,
    ("detreidx", "video challenge"): DETREIDX,
    ("cp2108", "split v100"): CP2108,
}
#: Layouts whose images are those that lists name: another image is in no list, whatever its name.
BY_LIST = {("msmt17", "V1"), ("msmt17", "V2"), ("cp2108", "split v100")}


def build(name: str, layout: str, root: Path) -> dict[str, Truth]:
    """Write the tree under `root` with everything that belongs to it; what it must be read as."""
    tree = TREES[name, layout]
    sizes: dict[str, int] = {}
    for path in tree:  # one name is one picture
        nth = sizes.setdefault(Path(path).name, len(sizes))
        put(root / path, jpeg(8 + nth, 16 + nth))
    beside: dict[tuple[str, str], Callable[[Path], Any]] = {
        ("ag-reid", "official"): lambda r: qut_mat(r / "qut_attribute_v4_88_attributes.mat", tree.values()),
        ("ag-reid-v2", "as downloaded"): _v2_extras,
        ("market-1501", "official"): market_mat,
        ("prai-1581", "as published"): partitions,
        ("msmt17", "V1"): lambda r: msmt_lists(r, MSMT),
        ("msmt17", "V2"): lambda r: msmt_lists(r, MSMT_V2),
        ("lagper", "with lists"): lambda r: role_lists(r, LAGPER_LISTS, LAGPER),
        ("g2aps-reid", "as the scripts build it"): lambda r: role_lists(r, G2APS_LISTS, G2APS),
        ("cp2108", "split v100"): cp2108_lists,
    }
    beside.get((name, layout), lambda r: None)(root)
    return {path: truth for path, truth in tree.items() if truth}


LAGPER_LISTS = {
    "exp1_A2G.txt": "a2g", "exp2_G2A.txt": "g2a", "exp3_A2G+.txt": "a2g+", "exp5_G2A+G.txt": "g2ag",
}  # fmt: skip
G2APS_LISTS = {"exp3_A2G+.txt": "a2g+"}


def role_lists(root: Path, lists: dict[str, str], tree: dict[str, Truth]) -> None:
    """A list a direction, of every image that has a part in it."""
    for name, direction in lists.items():
        lines = [
            path
            for part in ("query", "gallery")
            for path, truth in tree.items()
            if truth and f"{part}:{direction}" in truth[3]
        ]
        put(root / name, ("\n".join(lines) + "\n").encode())


def msmt_lists(root: Path, tree: dict[str, Truth]) -> None:
    """The four lists with the labels of the part, train divided between two of them."""
    lines: dict[str, list[str]] = {name: [] for name in ("train", "val", "query", "gallery")}
    for path, truth in tree.items():
        part = truth[3][0].partition(":")[0]
        name = "val" if part == "train" and lines["train"] else part
        lines[name].append(f"{path.partition('/')[2]} {truth[0] % 10_000}")
    for name, found in lines.items():
        put(root / f"list_{name}.txt", ("\n".join(found) + "\n").encode())


def cp2108_lists(root: Path) -> None:
    for part in ("train", "query", "gallery"):
        found = [Path(p).name for p, t in CP2108.items() if t[3][0].partition(":")[0] == part]
        put(root / "split_v100" / f"{part}_v100.txt", "\n".join(found).encode())


def put(path: Path, data: bytes = b"") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@functools.cache
def jpeg(width: int = 8, height: int = 16) -> bytes:
    """A small JPEG, different for every size."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), (width * 7 % 256, height * 5 % 256, 90)).save(stream, "JPEG")
    return stream.getvalue()


def qut_mat(path: Path, truths: Iterable[Truth]) -> None:
    """A random official attribute file for the people of `truths`."""
    rng = np.random.default_rng(0)
    parts: dict[bool, dict[int, np.ndarray]] = {True: {}, False: {}}
    for truth in truths:
        if truth:
            parts["train" in truth[3]].setdefault(truth[0], one_hot(rng))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_mat(path, parts[True], parts[False], official_codebook())


def market_mat(root: Path) -> None:
    """A random `market_attribute.mat` for the people of `MARKET`."""
    rng, book = np.random.default_rng(0), market_codebook()
    train, test = ({p: one_hot(rng, book.sizes) for p in pids} for pids in ([2, 7], [1, 3]))
    write_market_mat(root / "market_attribute.mat", train, test, book)


def partitions(root: Path, protocol: int = 2) -> None:
    """`partitions.pkl` as published, with numpy marks."""
    named = {role: [Path(p).name for p, t in PRAI.items() if role in t[3]] for role in _PRAI_ROLES}
    test = [*named["query:all"], *named["gallery:all"]]
    tree = {
        "trainval_im_names": named["train"], "test_im_names": test,
        "test_marks": np.array([0] * len(named["query:all"]) + [1] * len(named["gallery:all"])),
        "trainval_ids2labels": {1: 0},
    }  # fmt: skip
    put(root / "partitions.pkl", pickle.dumps(tree, protocol))


_PRAI_ROLES = ("train", "query:all", "gallery:all")


def _v2_extras(root: Path) -> None:
    for direction, name in LISTS.items():
        lines = [
            path
            for path, truth in AG_REID_V2.items()
            for role in truth[3]
            if role.endswith(f":{direction}") and role.startswith(path.partition("/")[0])
        ]
        put(root / name, ("\r\n".join(lines) + "\r\n\r\n").encode())
    qut_mat(root / "qut_attribute_v8.mat", AG_REID_V2.values())
