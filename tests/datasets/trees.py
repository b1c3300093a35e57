"""Miniature trees with the official names, and beside each name what it must be read as.

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
}


def build(name: str, layout: str, root: Path) -> dict[str, Truth]:
    """Write the tree under `root` with everything that belongs to it; what it must be read as."""
    tree = TREES[name, layout]
    for nth, path in enumerate(tree):
        put(root / path, jpeg(8 + nth, 16 + nth))
    beside: dict[tuple[str, str], Callable[[Path], Any]] = {
        ("ag-reid", "official"): lambda r: qut_mat(r / "qut_attribute_v4_88_attributes.mat", tree.values()),
        ("ag-reid-v2", "as downloaded"): _v2_extras,
        ("market-1501", "official"): market_mat,
        ("prai-1581", "as published"): partitions,
    }
    beside.get((name, layout), lambda r: None)(root)
    return {path: truth for path, truth in tree.items() if truth}


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
