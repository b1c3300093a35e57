"""A public data set → manifest and split. The images stay where they are, as they are."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agreid_cli.config.build_split import SplitConfig
from agreid_cli.config.import_dataset import ImportConfig
from agreid_cli.datasets import dataset
from agreid_cli.datasets.copies import judge, same_pictures
from agreid_cli.datasets.counts import Found, compare, people
from agreid_cli.datasets.formats import admits
from agreid_cli.datasets.manifest_rows import manifest_table
from agreid_cli.datasets.recognise import choose_layout, image_folders, looks_like
from agreid_cli.datasets.rows import Dataset, Layout, Row
from agreid_cli.datasets.sizes import image_sizes
from agreid_cli.datasets.tree import find_file
from agreid_cli.datasets.unused import NOT_READ, Unused, say_unused, say_vanished, unused, vanished
from agreid_cli.errors import InputError, Problem
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.directions import DIRECTIONS
from agreid_cli.records.manifest import CODEBOOK_KEY, JUNK_PID, manifest_artefact
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.data.attribute_files import Attributes, read_attributes
from agreid_cli.stages.data.build_split import SplitResult, build_split

SHOWN = 20


@dataclass(frozen=True)
class ImportResult:
    """What was imported, and what was found beside what is published."""

    dataset: str
    layout: str
    manifest: Path
    images: int
    identities: int
    distractors: int
    junk: int
    left_out: int
    left_out_files: list[Problem]  # each with what is wrong with it
    unused: list[dict[str, object]]  # files that nothing was made of, by folder, ending and reason
    attributes: Path | None
    identities_with_attributes: int
    counts: list[Found]
    split: SplitResult | None


def import_dataset(
    workspace: Workspace,
    name: str,
    root: Path,
    config: ImportConfig,
    *,
    attributes: Path | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> ImportResult:
    """Read the tree under `root` and write `manifest.parquet` and `split.parquet`.

    `attributes` is the attribute .mat where it does not lie with the images. Raises `InputError` for a
    tree of another shape, names outside the grammar and unreadable images, unless `config.skip_bad`; for
    a workspace that holds other data, unless `overwrite`.
    """
    source = dataset(name)
    _refuse_other_data(workspace, overwrite)
    layout = choose_layout(source, root)
    rows, bad = _read(layout, root, progress)
    rows, sizes, unreadable = _measure(rows, root, config, progress)
    rows, sizes, copies = _without_copies(rows, sizes, layout, root, config, progress)
    left_out = [*bad, *unreadable, *copies]
    _refuse(left_out, source, root, config)
    _refuse_empty(rows, source, root)
    told = read_attributes(source, root, attributes, progress)
    if left_out:
        progress.warn(f"{_files(len(left_out))} left out, the first: {left_out[0]}")
    passed_over = _unused(rows, left_out, source, layout, root, told.path, workspace)
    _say_unused(rows, left_out, passed_over, source, layout, progress)

    group_sizes = told.codebook.sizes
    prefix = _prefix(workspace, root)
    manifest_artefact(group_sizes).write(
        manifest_table(rows, sizes, group_sizes, told.of_pid, prefix=prefix),
        workspace.manifest,
        {
            CODEBOOK_KEY: told.codebook.to_json(),
            "dataset": source.name,
            "layout": layout.name,
            "distractor_pids": ",".join(str(pid) for pid in sorted(source.distractor_pids)),
        },
    )
    _advise(source, layout, rows, told, root, progress)
    return ImportResult(
        dataset=source.name,
        layout=layout.name,
        manifest=workspace.manifest,
        images=len(rows),
        identities=len(people(source, rows)),
        distractors=sum(row.pid in source.distractor_pids for row in rows),
        junk=sum(row.pid == JUNK_PID for row in rows),
        left_out=len(left_out),
        left_out_files=left_out,
        unused=[group.as_data() for group in passed_over],
        attributes=told.path,
        identities_with_attributes=len(people(source, rows) & set(told.of_pid)),
        counts=compare(source, layout, rows),
        split=_split(workspace, overwrite, progress),
    )


def _refuse_other_data(workspace: Workspace, overwrite: bool) -> None:
    """Neither footage of one's own nor another data set may be mixed with this one."""
    if workspace.crops.exists():
        raise InputError(
            f"{workspace.root} holds crops of your own footage ({workspace.crops})",
            hint="Import into a workspace of its own: agreid import-dataset NAME ROOT --workspace my-data",
        )
    here = [path for path in (workspace.manifest, workspace.split) if path.exists()]
    if here and not overwrite:
        raise InputError(
            f"{here[0]} exists",
            hint="Add --overwrite to replace manifest and split, or choose another folder with --workspace.",
        )


def _read(layout: Layout, root: Path, progress: Progress) -> tuple[list[Row], list[Problem]]:
    rows: list[Row] = []
    bad: list[Problem] = []
    with progress.task("reading names", None, "images") as task:
        for item in layout.read(root):
            if isinstance(item, Problem):
                bad.append(item)
            else:
                rows.append(item)
                if len(rows) % 1000 == 0:
                    task.advance(1000)
        task.advance(len(rows) % 1000)
    return sorted(rows, key=lambda row: row.path), bad


def _refuse(bad: Sequence[Problem], source: Dataset, root: Path, config: ImportConfig) -> None:
    if not bad or config.skip_bad:
        return
    shown = list(bad[:SHOWN])
    if len(bad) > SHOWN:
        shown.append(Problem("", f"… and {len(bad) - SHOWN} more"))
    hints = [source.hint, "Mend them, or add --skip-bad to leave them out."]
    if like := looks_like(root, but=source.name):
        hints.insert(0, like)
    raise InputError(
        f"{root}: {_files(len(bad))} cannot be read as {source.title}",
        problems=shown,
        hint="\n".join(filter(None, hints)),
    )


def _refuse_empty(rows: Sequence[Row], source: Dataset, root: Path) -> None:
    if not rows:
        raise InputError(f"no image that can be read lies in the folders of {root}", hint=source.hint)


def _files(n: int) -> str:
    return "1 file" if n == 1 else f"{n:,} files"


def _measure(
    rows: list[Row], root: Path, config: ImportConfig, progress: Progress
) -> tuple[list[Row], list[tuple[int, int]], list[Problem]]:
    """The readable rows, their sizes, and the images that cannot be read.

    A crop that lies in several places keeps those that can be read.
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


def _without_copies(
    rows: list[Row],
    sizes: list[tuple[int, int]],
    layout: Layout,
    root: Path,
    config: ImportConfig,
    progress: Progress,
) -> tuple[list[Row], list[tuple[int, int]], list[Problem]]:
    """The rows less those of one picture that must not stand twice; strange copies are only said."""
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


def _unused(
    rows: Sequence[Row],
    left_out: Sequence[Problem],
    source: Dataset,
    layout: Layout,
    root: Path,
    attributes: Path | None,
    workspace: Workspace,
) -> list[Unused]:
    """What lies under `root` and is neither a row, nor named as left out, nor a list that was read."""
    used = {path for row in rows for path in (row.path, *row.also)} | {problem.where for problem in left_out}
    lists = (*layout.folders, *layout.any_of, *(name for name, _ in layout.optional))
    read = [root / name for name in lists] + ([attributes] if attributes else [])
    used |= {os.path.relpath(path, root).replace(os.sep, "/") for path in read if path.is_file()}
    here = os.path.realpath(root)
    own = [os.path.relpath(path, here).replace(os.sep, "/") for path in workspace.own_files()]
    return unused(root, used, image_folders(layout, root), own)


def _say_unused(
    rows: Sequence[Row],
    left_out: Sequence[Problem],
    passed_over: Sequence[Unused],
    source: Dataset,
    layout: Layout,
    progress: Progress,
) -> None:
    warnings, notes = say_unused(passed_over)
    lost = [problem.where for problem in left_out]
    lost += [path for group in passed_over if group.why == NOT_READ for path in group.paths]
    if gone := vanished(rows, lost, layout, source.distractor_pids):
        warnings.append(say_vanished(gone))
    for text in warnings:
        progress.warn(text)
    for text in notes:
        progress.note(text)


def _prefix(workspace: Workspace, root: Path) -> str:
    """What leads from the workspace to `root`: relative, so that both can be moved together."""
    there, here = os.path.realpath(root), os.path.realpath(workspace.root)
    try:
        return Path(os.path.relpath(there, here)).as_posix()
    except ValueError:  # on another drive of Windows
        return Path(there).as_posix()


def _split(workspace: Workspace, overwrite: bool, progress: Progress) -> SplitResult | None:
    """The published split. Where the tree has none that can be tested, the manifest stays alone."""
    try:
        return build_split(workspace, SplitConfig(like="published"), overwrite=overwrite, progress=progress)
    except InputError as error:
        workspace.split.unlink(missing_ok=True)  # of an older manifest
        progress.warn(f"no split was written: {error}")
        return None


def _advise(
    source: Dataset, layout: Layout, rows: Sequence[Row], found: Attributes, root: Path, progress: Progress
) -> None:
    """What the counts alone do not say."""
    if source.remark:
        progress.note(source.remark)
    for name, loss in layout.optional:
        if find_file(root, (name,)) is None:
            progress.warn(f"{name} lies neither in {root} nor beside it: {loss}")
    if others := sorted({row.camid for row in rows} - set(source.camids)) if source.camids else []:
        shown = ", ".join(map(str, others[:10])) + (" …" if len(others) > 10 else "")
        platforms = " and ".join(sorted({row.platform for row in rows if row.camid in others}))
        progress.warn(
            f"camera {shown}: {source.title} has cameras {source.camids[0]} to {source.camids[-1]} only. "
            f"All their crops are taken for {platforms}; is this another data set?"
        )
    strangers: Counter[tuple[str, str]] = Counter()
    for row in rows:
        for role in row.roles:
            part, _, direction = role.partition(":")
            if direction and not admits(DIRECTIONS[direction], part, row.platform):
                strangers[role, row.platform] += 1
    for (role, platform), n in sorted(strangers.items()):
        progress.warn(f"{n} crops published as {role} come from a {platform} camera; they keep that role")
    if found.path is not None:
        lacking = people(source, rows) - set(found.of_pid)
        if lacking:
            shown = ", ".join(str(pid) for pid in sorted(lacking)[:5])
            progress.warn(f"{len(lacking)} identities stand not in {found.path.name}: {shown}")
