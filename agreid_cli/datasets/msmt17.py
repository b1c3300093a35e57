"""MSMT17 (CVPR 2018): fifteen cameras, indoors and outdoors, 4,101 people.

`0000/0000_000_01_0303morning_0015_0.jpg` is person 0, camera 1, on 3 March in the morning. Four lists
give the label and the role of each image; `list_train.txt` and `list_val.txt` are both trained on. Train
and test both count their people from 0, so 10,000 is added to the pids of the test part. Many copies are
sorted into Market-1501's folders, with names like `0000_c1_0002.jpg`. Lists and names follow public
readers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePath

from agreid_cli.datasets.listed import Entry, Interpret, entries_of, listed_rows
from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Reading, Row, Subset
from agreid_cli.datasets.tree import MARKET_FOLDERS, walk
from agreid_cli.errors import Problem

LISTS = {
    "list_train.txt": TRAIN, "list_val.txt": TRAIN,
    "list_query.txt": "query:all", "list_gallery.txt": "gallery:all",
}  # fmt: skip
GRAMMAR = "0000_000_01_0303morning_0015_0.jpg"
GRAMMAR_SORTED = "0000_c1_0002.jpg"
TEST_PIDS_FROM = 10_000
_NAME = re.compile(r"(\d+)_\d+_(\d+)_(\d{4}[a-z]+)_\d+_\d+(?:_ex)?", re.ASCII)
_SORTED = re.compile(r"(-1|\d+)_c(\d+)_\d{4,}", re.ASCII)


def parse(name: str) -> Row | None:
    """Person, camera and time of day.

    >>> row = parse("0007_011_13_0303afternoon_0015_0_ex.jpg")
    >>> row.pid, row.camid, row.session
    (7, 13, '0303afternoon')
    """
    found = _NAME.fullmatch(PurePath(name).stem)
    return Row(name, int(found[1]), int(found[2]), "cctv", (), session=found[3]) if found else None


def parse_sorted(name: str) -> Row | None:
    """Person and camera of a copy that is sorted into folders."""
    found = _SORTED.fullmatch(PurePath(name).stem)
    return Row(name, int(found[1]), int(found[2]), "cctv", ()) if found else None


def _in_folder(folder: str, role: str) -> Interpret:
    """Lines `path label`, relative to an image folder."""

    def interpret(line: str, place: str) -> Entry | Problem | None:
        path, _, label = line.rpartition(" ")
        if not path or not label.isdecimal():
            return Problem(place, f"'{line}' is not an image and a label")
        return Entry(place, f"{folder}/{path.strip()}", role, label)

    return interpret


def _read(root: Path, train: str, test: str) -> Iterator[Row | Problem]:
    labels: dict[str, int] = {}
    lists = {name: _in_folder(train if role == TRAIN else test, role) for name, role in LISTS.items()}

    def labelled() -> Iterator[Entry | Problem]:
        for entry in entries_of(root, lists):
            if isinstance(entry, Entry):
                labels.setdefault(entry.path, int(entry.rest))
            yield entry

    for item in listed_rows(root, labelled(), parse, GRAMMAR):
        yield _of_test(replace(item, pid=labels[item.path])) if isinstance(item, Row) else item


def read_v1(root: Path) -> Iterator[Row | Problem]:
    """The listed images of MSMT17_V1."""
    yield from _read(root, "train", "test")


def read_v2(root: Path) -> Iterator[Row | Problem]:
    """The listed images of MSMT17_V2, in which faces are masked."""
    yield from _read(root, "mask_train_v2", "mask_test_v2")


def read_sorted(root: Path) -> Iterator[Row | Problem]:
    """The images of a copy in Market-1501's folders."""
    for item in walk(root, MARKET_FOLDERS, parse_sorted, GRAMMAR_SORTED):
        yield _of_test(item) if isinstance(item, Row) else item


def _of_test(row: Row) -> Row:
    return row if TRAIN in row.roles or row.pid < 0 else replace(row, pid=row.pid + TEST_PIDS_FROM)


_SUBSETS = (
    Subset("train", TRAIN, (Reading("paper", 32_621, 1_041),)),
    Subset("query", "query:all", (Reading("paper", 11_659, 3_060),)),
    Subset("gallery", "gallery:all", (Reading("paper", 82_161, 3_060),)),
)
MSMT17 = Dataset(
    name="msmt17",
    title="MSMT17 (CVPR 2018)",
    layouts=(
        Layout("V1", ("train", "test", *LISTS), read_v1, _SUBSETS, parse=parse),
        Layout("V2", ("mask_train_v2", "mask_test_v2", *LISTS), read_v2, _SUBSETS, parse=parse),
        Layout("sorted into folders", tuple(MARKET_FOLDERS), read_sorted, _SUBSETS, parse=parse_sorted),
    ),
    camids=range(1, 16),
    remark=f"MSMT17 counts its people from 0 in train and in test; {TEST_PIDS_FROM:,} is added to test pids.",
)
