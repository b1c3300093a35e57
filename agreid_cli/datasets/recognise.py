"""Determine the layout of a folder and, if it is not the requested one, which reader fits."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from agreid_cli.datasets import DATASETS
from agreid_cli.datasets import dataset as find_dataset
from agreid_cli.datasets.rows import Dataset, Layout
from agreid_cli.datasets.tree import find_file
from agreid_cli.errors import InputError, Problem
from agreid_cli.records.image_files import IMAGE_ENDINGS, ending_of, is_litter

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".rar", ".7z")
#: Number of images whose names are checked, of folders opened for them, and the fraction that must fit.
SAMPLE, FOLDERS, SHARE = 40, 200, 0.8
#: Number of folders below the given one to search for a data set.
LOOKED_AT = 500


def choose_layout(dataset: Dataset, root: Path) -> Layout:
    """The layout of `dataset` found in `root`; `InputError` says what is missing, and which reader fits."""
    if not root.is_dir():
        kind = "is a file, not a folder" if root.exists() else "does not exist"
        packed = root.suffix.lower() in ARCHIVES
        raise InputError(
            f"{root} {kind}",
            hint="Unpack it first, then give the folder." if packed else "Give the folder of the data set.",
        )
    here = [layout for layout in dataset.layouts if not missing(layout, root)]
    if not here:
        raise _not_laid_out(dataset, root)
    layout = max(here, key=lambda layout: share(layout, root) or 0.0)
    others = {name: found for name, found in recognised(root).items() if name != dataset.name}
    if share(layout, root) == 0.0 and others:
        names = _either(others)
        raise InputError(
            f"{root} has the folders of {dataset.title}, and its images are named like those of {names}",
            hint=f"It looks like {names}: {_command(next(iter(others)), root)}",
        )
    if share(layout, root) == 0.0 and (
        like := named_like(list(_names(root, layout.folders)), but=dataset.name)
    ):
        raise InputError(
            f"{root} has the folders of {dataset.title}, but its images are not named like it", hint=like
        )
    lists_here = {*layout.any_of, *(name for name, _ in layout.optional)}
    closer = [name for name, found in others.items() if found.any_of and not lists_here & {*found.any_of}]
    if closer:
        lists = [name for name in others[closer[0]].any_of if find_file(root, (name,))]
        raise InputError(
            f"{root} has the lists of {closer[0]} ({', '.join(lists)}), which {dataset.title} does not have",
            hint=f"It looks like {closer[0]}: {_command(closer[0], root)}",
        )
    return layout


def looks_like(root: Path, *, but: str) -> str:
    """A message naming the readers whose layout and names match `root`; empty if there is none."""
    others = {name: layout for name, layout in recognised(root).items() if name != but}
    return f"It looks like {_either(others)}: {_command(next(iter(others)), root)}" if others else ""


def named_like(names: Sequence[str], *, but: str) -> str:
    """A message naming the data sets that name files like `names`, in any folder; "" if there is none."""
    found = {}
    for name in DATASETS:
        for layout in find_dataset(name).layouts:
            if name == but or layout.parse is None or not layout.strict or name in found:
                continue
            if names and sum(layout.parse(n) is not None for n in names) >= SHARE * len(names):
                found[name] = layout
    if not found:
        return ""
    name, layout = next(iter(found.items()))
    return (
        f"These files are named like those of {_either(found)}. {name} is read from the folders "
        f"{', '.join(layout.folders)}."
    )


def recognised(root: Path) -> dict[str, Layout]:
    """The data sets whose folders are in `root` and whose name grammar matches, best match first."""
    fits: list[tuple[float, str, Layout]] = []
    for name in DATASETS:
        for layout in find_dataset(name).layouts:
            if layout.parse is None or missing(layout, root):
                continue
            part = share(layout, root)
            if part is not None and part >= SHARE:
                fits.append((part, name, layout))
    fits.sort(key=lambda fit: (-fit[0], not fit[2].any_of))
    found: dict[str, Layout] = {}
    for _, name, layout in fits:
        found.setdefault(name, layout)
    return found


def missing(layout: Layout, root: Path) -> list[str]:
    """The folders and files of `layout` missing in `root`."""
    lacking = [name for name in layout.folders if not (root / name).exists()]
    if layout.any_of and find_file(root, layout.any_of) is None:
        lacking.append(" or ".join(layout.any_of))
    return lacking


def image_folders(layout: Layout, root: Path) -> list[str]:
    """The folders of `layout` that exist: they contain all images of the data set."""
    return [""] if layout.whole else [name for name in layout.folders if (root / name).is_dir()]


def share(layout: Layout, root: Path) -> float | None:
    """Fraction of the first image names that match the layout's grammar, 0 to 1; None without images."""
    if layout.parse is None:
        return None
    names = list(_names(root, layout.folders))
    return sum(layout.parse(name) is not None for name in names) / len(names) if names else None


def _names(root: Path, folders: tuple[str, ...]) -> Iterator[str]:
    """Names of up to `SAMPLE` images of each folder, from up to `FOLDERS` folders in it."""
    for folder in folders:
        waiting, seen, found = [root / folder], 0, 0
        while waiting and seen < FOLDERS and found < SAMPLE:
            here = waiting.pop()
            seen += 1
            for entry in _listed(here):
                if is_litter(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif found < SAMPLE and ending_of(entry.name) in IMAGE_ENDINGS:
                    found += 1
                    yield entry.name


def _not_laid_out(dataset: Dataset, root: Path) -> InputError:
    nearest = min(dataset.layouts, key=lambda layout: len(missing(layout, root)))
    begun = [o for o in dataset.layouts if o is nearest or len(missing(o, root)) < len(o.folders)]
    places = [
        Problem(name, "is missing" + (f" (layout: {o.name})" if len(dataset.layouts) > 1 else ""))
        for o in begun
        for name in missing(o, root)
    ]
    message = f"{root} does not have the layout of {dataset.title}"
    near = [
        (level, folder)
        for level, folder in _around(root)
        if any(not missing(layout, folder) for layout in dataset.layouts)
    ]
    if near:
        level = near[0][0]
        lines = [_command(dataset.name, folder) for at, folder in near if at == level][:3]
        hint = f"The data set is {level}: " + "\nor: ".join(lines)
        return InputError(message, problems=places, hint=hint)
    for level, folder in [("", root), *_around(root)]:
        if others := recognised(folder):
            where = f" ({level})" if level else ""
            names = _either(others)
            hint = f"It looks like {names}{where}: {_command(next(iter(others)), folder)}"
            return InputError(message, problems=places, hint=hint)
    own = "For your own crops, one folder per person: agreid import-dataset folder"
    hints = [dataset.hint, f"{own} '{root}'" if next(_names(root, ("",)), None) else ""]
    return InputError(message, problems=places, hint="\n".join(filter(None, hints)))


def _around(root: Path) -> Iterator[tuple[str, Path]]:
    """Folders in and around `root`, nearest first, with a description of where each is."""
    here, looked = [root], 0
    for words in ("one level down", "two levels down"):
        here = [
            Path(e.path) for folder in here for e in _listed(folder) if e.is_dir() and not is_litter(e.name)
        ]
        here.sort()
        for folder in here[: LOOKED_AT - looked]:
            yield words, folder
        looked += len(here)
        if looked >= LOOKED_AT:
            break
    parents = Path(os.path.abspath(root)).parents
    for words, parent in zip(("one level up", "two levels up"), parents, strict=False):
        yield words, Path(os.path.relpath(parent)) if not root.is_absolute() else parent


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []


def _either(names: dict[str, Layout]) -> str:
    return " or ".join(names)


def _command(name: str, root: Path) -> str:
    return f"agreid import-dataset {name} '{root}'"
