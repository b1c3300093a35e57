"""Walking a published folder tree: which layout it has, which images lie where."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from agreid_cli.datasets import DATASETS
from agreid_cli.datasets import dataset as find_dataset
from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Row
from agreid_cli.errors import InputError, Problem

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
MAX_PID, MAX_FRAME = 2**63 - 1, 2**31 - 1
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".rar", ".7z")


def choose_layout(dataset: Dataset, root: Path) -> Layout:
    """The layout of `dataset` that `root` has; `InputError` says what is missing, and where it may be."""
    if not root.is_dir():
        kind = "is a file, not a folder" if root.exists() else "does not exist"
        packed = root.suffix.lower() in ARCHIVES
        raise InputError(
            f"{root} {kind}",
            hint="Unpack it first, then give the folder." if packed else "Give the folder of the data set.",
        )
    for layout in dataset.layouts:
        if not missing(layout, root):
            return layout
    nearest = min(dataset.layouts, key=lambda layout: len(missing(layout, root)))
    inside = [child for child in _folders(root) if any(not missing(o, child) for o in dataset.layouts)]
    above = root.parent if any(not missing(o, root.parent) for o in dataset.layouts) else None
    hint = dataset.hint
    if inside or above:
        there = inside[0] if inside else above
        way = "one level down" if inside else "one level up"
        hint = f"The data set lies {way}: agreid import-dataset {dataset.name} '{there}'"
    elif others := [name for name in DATASETS if _fits(name, root)]:
        hint = f"It is laid out like {' or '.join(others)}: agreid import-dataset {others[0]} '{root}'"
    begun = [o for o in dataset.layouts if o is nearest or len(missing(o, root)) < len(o.folders)]
    where = [p for o in begun for p in _lacking(o, root, several=len(dataset.layouts) > 1)]
    raise InputError(f"{root} is not laid out like {dataset.title}", problems=where, hint=hint)


def _fits(name: str, root: Path) -> bool:
    return any(not missing(layout, root) for layout in find_dataset(name).layouts)


def missing(layout: Layout, root: Path) -> list[str]:
    """The folders and files of `layout` that `root` lacks."""
    return [name for name in layout.folders if not (root / name).exists()]


def _lacking(layout: Layout, root: Path, *, several: bool) -> list[Problem]:
    suffix = f" (layout: {layout.name})" if several else ""
    return [Problem(name, f"is missing{suffix}") for name in missing(layout, root)]


def find_file(root: Path, names: tuple[str, ...]) -> Path | None:
    """The first of `names` that lies in `root`, or else in the folder above it.

    AG-ReID.v2 and the Market-1501 attributes unpack beside the image folder rather than into it.
    """
    for folder in (root, Path(os.path.realpath(root)).parent):
        for name in names:
            if (folder / name).is_file():
                return folder / name
    return None


def images(root: Path, folder: str) -> list[str]:
    """The image files anywhere under `root/folder`, relative to `root` with `/`, in order of name.

    Hidden files (among them the `._x.jpg` that macOS leaves in archives) are passed over, and so are
    links that lead back to a folder already seen.
    """
    found: list[str] = []
    waiting, seen = [folder], {os.path.realpath(root / folder)}
    while waiting:
        here = waiting.pop()
        for entry in _entries(root / here):
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                real = os.path.realpath(entry.path)
                if real not in seen:
                    seen.add(real)
                    waiting.append(f"{here}/{entry.name}")
            elif entry.name.lower().endswith(IMAGE_SUFFIXES):
                found.append(f"{here}/{entry.name}")
    return sorted(found)


def read_lines(path: Path) -> list[str]:
    """The lines of a list of the publisher's, whatever its line ends."""
    try:
        return path.read_text(encoding="utf-8-sig", errors="backslashreplace").splitlines()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise InputError(f"cannot read the folder {folder}: {error.strerror}") from error


def walk(
    root: Path, folders: Mapping[str, tuple[str, ...]], parse: Callable[[str], Row | None], grammar: str
) -> Iterator[Row | Problem]:
    """Every image of `folders` (folder → roles) as a row.

    `parse` turns a file name into a row without path and roles, or None when it does not follow
    `grammar`, which the problem then names.
    """
    for folder, roles in folders.items():
        for path in images(root, folder):
            shown = printable(path)
            row = parse(path.rpartition("/")[2]) if shown == path else None
            if row is None:
                yield Problem(shown, f"is not named like {grammar}")
            elif row.pid > MAX_PID or (row.frame or 0) > MAX_FRAME:
                yield Problem(shown, "has a number in its name that is too large")
            else:
                yield replace(row, path=path, roles=(*row.roles, *roles))


def one_crop_a_name(items: Iterable[Row | Problem]) -> Iterator[Row | Problem]:
    """Join the rows of images with one name: a crop that has a part in several folders of the test set.

    A name that is trained on as well is a problem.
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
        if TRAIN in {*first.roles, *item.roles}:
            yield Problem(item.path, f"is also in {first.path.rpartition('/')[0]}, one of them for training")
        else:
            rows[name] = replace(first, roles=tuple(dict.fromkeys((*first.roles, *item.roles))))
    yield from rows.values()


def printable(path: str) -> str:
    """`path` with the bytes that are no text made visible."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError:
        return []
