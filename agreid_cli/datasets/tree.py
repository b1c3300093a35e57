"""Walk a published folder tree: find images, and parse their names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from agreid_cli.datasets.rows import TRAIN, Row
from agreid_cli.errors import InputError, Problem
from agreid_cli.records.image_files import is_image

#: Folder → roles in Market-1501, and in the copies of many data sets that are sorted like it.
MARKET_FOLDERS: dict[str, tuple[str, ...]] = {
    "bounding_box_train": (TRAIN,),
    "query": ("query:all",),
    "bounding_box_test": ("gallery:all",),
}
MAX_PID, MAX_CAMID, MAX_FRAME = 2**63 - 1, 2**15 - 1, 2**31 - 1


def find_file(root: Path, names: tuple[str, ...]) -> Path | None:
    """The first of `names` that exists in `root`, or else in the folder above it.

    AG-ReID.v2 and the Market-1501 attributes are unpacked beside the image folder rather than into it.
    """
    for folder in (root, Path(os.path.realpath(root)).parent):
        for name in names:
            if (folder / name).is_file():
                return folder / name
    return None


def images(root: Path, folder: str) -> Iterator[tuple[str, bool]]:
    """The image files anywhere under `root/folder`, ordered by name, and whether each is a regular file.

    Paths are relative to `root`, with `/`. Hidden files (including the `._x.jpg` that macOS adds to
    archives) are skipped, and so are links that lead back to a folder already visited.
    """
    found: list[tuple[str, bool]] = []
    waiting, seen = [folder], {os.path.realpath(root / folder)}
    while waiting:
        here = waiting.pop()
        for entry in entries(root / here):
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                real = os.path.realpath(entry.path)
                if real not in seen:
                    seen.add(real)
                    waiting.append(f"{here}/{entry.name}")
            elif is_image(entry.path):
                found.append((f"{here}/{entry.name}", entry.is_file()))
    yield from sorted(found)


def read_lines(path: Path) -> list[str]:
    """The lines of a published list, with any line endings."""
    try:
        return path.read_text(encoding="utf-8-sig", errors="backslashreplace").splitlines()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def entries(folder: Path) -> list[os.DirEntry[str]]:
    """The entries of a folder; `InputError` if it cannot be listed."""
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError as error:
        raise InputError(f"cannot read the folder {folder}: {error.strerror}") from error


def walk(
    root: Path, folders: Mapping[str, tuple[str, ...]], parse: Callable[[str], Row | None], grammar: str
) -> Iterator[Row | Problem]:
    """Every image of `folders` (folder → roles) as a row.

    `parse` turns a file name into a row without path and roles, or None if it does not match
    `grammar`, which is then named in the problem.
    """
    for folder, roles in folders.items():
        for path, regular in images(root, folder):
            yield (
                named_row(path, roles, parse, grammar) if regular else Problem(path, "is not a regular file")
            )


def named_row(
    path: str, roles: tuple[str, ...], parse: Callable[[str], Row | None], grammar: str
) -> Row | Problem:
    """The row of one image, or what is wrong with its name."""
    shown = printable(path)
    row = parse(path.rpartition("/")[2]) if shown == path else None
    if row is None:
        return Problem(shown, f"is not named like {grammar}")
    if row.pid > MAX_PID or row.camid > MAX_CAMID or (row.frame or 0) > MAX_FRAME:
        return Problem(shown, "has a number in its name that is too large")
    return replace(row, path=path, roles=(*row.roles, *roles))


def one_crop_a_name(items: Iterable[Row | Problem]) -> Iterator[Row | Problem]:
    """Merge the rows of images with one name: a crop with roles in several folders of the test set.

    A name that is also in training is a problem. `also` has the other paths of a merged crop.
    """
    rows: dict[str, Row] = {}
    for item in items:
        if isinstance(item, Problem):
            yield item
            continue
        name = item.path.rpartition("/")[2]
        first = rows.setdefault(name, item)
        if first is item:
            continue
        if first.pid != item.pid:
            yield Problem(item.path, f"has the name of {first.path}, which is pid {first.pid}")
        elif (TRAIN in first.roles) != (TRAIN in item.roles):
            yield Problem(item.path, f"is also in {first.path.rpartition('/')[0]}, one of them for training")
        else:
            roles = tuple(dict.fromkeys((*first.roles, *item.roles)))
            also = first.also if item.path in (first.path, *first.also) else (*first.also, item.path)
            rows[name] = replace(first, roles=roles, also=also)
    yield from rows.values()


def printable(path: str) -> str:
    """`path` with undecodable bytes made visible."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
