"""What must not enter a manifest: unreadable images and copies; and the errors that name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agreid_cli.config.import_dataset import ImportConfig
from agreid_cli.datasets.copies import judge, same_pictures
from agreid_cli.datasets.recognise import image_folders, looks_like, named_like
from agreid_cli.datasets.rows import Dataset, Layout, Row
from agreid_cli.datasets.sizes import image_sizes
from agreid_cli.errors import InputError, Problem
from agreid_cli.progress import Progress


def refuse(bad: Sequence[Problem], source: Dataset, root: Path, config: ImportConfig) -> None:
    """Raise `InputError` with the first problems and the reader that fits, unless bad files are skipped."""
    if not bad or config.skip_bad:
        return
    hints = [source.hint, "Correct them, or add --skip-bad to leave them out."]
    names = [problem.where.rpartition("/")[2] for problem in bad]
    like = looks_like(root, but=source.name) if root.is_dir() else ""
    hints.insert(0, like or named_like(names, but=source.name))
    raise InputError(
        f"{root}: {files(len(bad))} cannot be read as {source.title}",
        problems=bad,
        hint="\n".join(filter(None, hints)),
    )


def refuse_empty(rows: Sequence[Row], source: Dataset, root: Path) -> None:
    """Raise `InputError` when no row is left."""
    if not rows:
        raise InputError(f"the folders of {root} contain no readable image", hint=source.hint)


def files(n: int) -> str:
    """The number of files in words."""
    return "1 file" if n == 1 else f"{n:,} files"


def measure(
    rows: list[Row], root: Path, config: ImportConfig, progress: Progress
) -> tuple[list[Row], list[tuple[int, int]], list[Problem]]:
    """The readable rows, their sizes, and the images that cannot be read.

    A crop with several paths keeps those that can be read.
    """
    paths = [path for row in rows for path in (row.path, *row.also)]
    with progress.task("reading image sizes", len(paths), "images") as task:
        found = image_sizes([root / path for path in paths], threads=config.threads, advance=task.advance)
    size_of = dict(zip(paths, found, strict=True))
    bad = [Problem(path, size) for path, size in size_of.items() if isinstance(size, str)]
    kept: list[Row] = []
    sizes: list[tuple[int, int]] = []
    for row in rows:
        readable = [path for path in (row.path, *row.also) if not isinstance(size_of[path], str)]
        size = size_of[readable[0]] if readable else ""
        if not isinstance(size, str):
            kept.append(replace(row, path=readable[0], also=tuple(readable[1:])))
            sizes.append(size)
    return kept, sizes, bad


def without_copies(
    rows: list[Row],
    sizes: list[tuple[int, int]],
    layout: Layout,
    root: Path,
    config: ImportConfig,
    progress: Progress,
) -> tuple[list[Row], list[tuple[int, int]], list[Problem]]:
    """The rows without copies that must not occur twice; other copies are only reported."""
    paths = [path for row in rows for path in (row.path, *row.also)]
    with progress.task("comparing images", len(paths), "images") as task:
        groups = same_pictures(root, paths, threads=config.threads, advance=task.advance)
    found = judge(rows, groups, image_folders(layout, root))
    for text in found.warnings:
        progress.warn(text)
    gone = {problem.where for problem in found.problems}
    kept = [
        (replace(row, also=tuple(path for path in row.also if path not in gone)), size)
        for row, size in zip(rows, sizes, strict=True)
        if row.path not in gone
    ]
    return [row for row, _ in kept], [size for _, size in kept], found.problems
