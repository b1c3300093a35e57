"""A public data set → manifest and split. The images stay where they are, as they are."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.config.build_split import SplitConfig
from agreid_cli.config.import_dataset import ImportConfig
from agreid_cli.datasets import dataset
from agreid_cli.datasets.counts import Found, compare, people
from agreid_cli.datasets.formats import admits
from agreid_cli.datasets.manifest_rows import manifest_table
from agreid_cli.datasets.rows import Dataset, Layout, Row
from agreid_cli.datasets.sizes import image_sizes
from agreid_cli.datasets.tree import choose_layout, find_file
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
    _refuse(bad, source, root, config)
    _refuse_empty(rows, source, root)
    told = read_attributes(source, root, attributes, progress)
    rows, sizes, unreadable = _measure(rows, root, config, progress)
    _refuse(unreadable, source, root, config)
    _refuse_empty(rows, source, root)
    for lost in (bad, unreadable):
        if lost:
            progress.warn(f"{_files(len(lost))} left out, the first: {lost[0]}")

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
        left_out=len(bad) + len(unreadable),
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
    hint = "Mend them, or add --skip-bad to leave them out."
    raise InputError(
        f"{root}: {_files(len(bad))} cannot be read as {source.title}",
        problems=shown,
        hint=f"{source.hint}\n{hint}" if source.hint else hint,
    )


def _refuse_empty(rows: Sequence[Row], source: Dataset, root: Path) -> None:
    if not rows:
        raise InputError(f"no image that can be read lies in the folders of {root}", hint=source.hint)


def _files(n: int) -> str:
    return "1 file" if n == 1 else f"{n:,} files"


def _measure(
    rows: list[Row], root: Path, config: ImportConfig, progress: Progress
) -> tuple[list[Row], list[tuple[int, int]], list[Problem]]:
    """The readable rows, their sizes, and the images that cannot be read."""
    with progress.task("reading image sizes", len(rows), "images") as task:
        found = image_sizes([root / row.path for row in rows], threads=config.threads, advance=task.advance)
    good = [(row, size) for row, size in zip(rows, found, strict=True) if not isinstance(size, str)]
    bad = [Problem(row.path, size) for row, size in zip(rows, found, strict=True) if isinstance(size, str)]
    return [row for row, _ in good], [size for _, size in good], bad


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
