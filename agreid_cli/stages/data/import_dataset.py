"""A public data set, or your own crops → manifest and split. The images stay where they are, unchanged."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.config.build_split import SplitConfig
from agreid_cli.config.import_dataset import ImportConfig
from agreid_cli.datasets import dataset
from agreid_cli.datasets.counts import Found, compare, people
from agreid_cli.datasets.manifest_rows import manifest_table
from agreid_cli.datasets.recognise import choose_layout
from agreid_cli.datasets.rows import Dataset, JunkRule, Layout, Remark, Row
from agreid_cli.errors import InputError, Problem, did_you_mean, shortened
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.manifest import CODEBOOK_KEY, JUNK_PID, manifest_artefact
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.data.attribute_files import read_attributes
from agreid_cli.stages.data.build_split import SplitResult, build_split
from agreid_cli.stages.data.given_parts import divide_test_part
from agreid_cli.stages.data.import_checks import (
    files,
    measure,
    refuse,
    refuse_empty,
    without_copies,
)
from agreid_cli.stages.data.import_report import advise, find_unused, report_unused
from agreid_cli.stages.run.crop_list import LIST

FOLDER = "folder"


@dataclass(frozen=True)
class ImportResult:
    """What was imported, with the published counts."""

    dataset: str
    layout: str
    manifest: Path
    images: int
    identities: int
    distractors: int
    junk: int
    left_out: int
    left_out_files: list[Problem]  # each with the reason
    unused: list[dict[str, object]]  # unused files, by folder, suffix and reason
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

    `attributes` is the attribute .mat if it is not beside the images. Raises `InputError` for a
    tree with another layout, names outside the grammar and unreadable images, unless `config.skip_bad`; for
    a workspace with other data, unless `overwrite`.
    """
    _refuse_other_data(workspace, overwrite)
    source, layout, base = _open(name, root)
    rule = _junk_rule(source, config.junk)
    rows, bad = _read(layout, root, config, progress)
    if rule:
        rows = rule.renumber(rows)
        progress.note(_on_junk(source, rule))
    rows, sizes, unreadable = measure(rows, base, config, progress)
    rows, sizes, copies = without_copies(rows, sizes, layout, base, config, progress)
    left_out = [*bad, *unreadable, *copies]
    refuse(left_out, source, root, config)
    refuse_empty(rows, source, root)
    told = read_attributes(source, base, attributes, progress)
    if left_out:
        progress.warn("\n  ".join([f"{files(len(left_out))} left out:", *map(str, shortened(left_out))]))
    # A list names its images; the folder around it may contain anything.
    listed = source.name == LIST.name
    passed_over = [] if listed else find_unused(rows, left_out, source, layout, base, told.path, workspace)
    report_unused(rows, left_out, passed_over, source, layout, progress)

    group_sizes = told.codebook.sizes
    prefix = _prefix(workspace, base)
    table = manifest_table(rows, sizes, group_sizes, told.of_pid, prefix=prefix)
    table = divide_test_part(table, progress)
    manifest_artefact(group_sizes).write(
        table,
        workspace.manifest,
        {
            CODEBOOK_KEY: told.codebook.to_json(),
            "dataset": source.name,
            "layout": layout.name,
            **({"junk": rule.name} if rule else {}),
            "distractor_pids": ",".join(str(pid) for pid in sorted(source.distractor_pids)),
        },
    )
    advise(source, layout, rows, told, base, progress)
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
        split=_split(workspace, rows, overwrite, progress),
    )


def _junk_rule(source: Dataset, name: str) -> JunkRule | None:
    """The rule of that name, or the publisher's; `InputError` for one that the data set does not have."""
    names = [rule.name for rule in source.junk_rules]
    if name and name not in names:
        near = did_you_mean(name, names) if names else f"; {source.title} has one rule only"
        raise InputError(
            f"junk: there is no rule '{name}'{near}", hint="Leave out --set junk=…" if not names else ""
        )
    return next((rule for rule in source.junk_rules if rule.name == (name or names[0])), None)


def _on_junk(source: Dataset, rule: JunkRule) -> str:
    others = [f"{other.says} (--set junk={other.name})" for other in source.junk_rules if other is not rule]
    return (
        f"junk: {rule.says}. Other published figures follow another rule: {'; '.join(others)}. Scores under "
        "different rules cannot be compared"
    )


def _open(name: str, root: Path) -> tuple[Dataset, Layout, Path]:
    """What `root` is, and the folder that paths are relative to."""
    if name.lower() != LIST.name:
        source = dataset(name, also=(LIST.name,))
        if source.name == FOLDER and root.is_file():
            raise InputError(
                f"{root} is a file, not a folder", hint=f"For a list: agreid import-dataset list '{root}'"
            )
        return source, choose_layout(source, root), root
    if not root.is_file():
        what = "is a folder, not a list" if root.is_dir() else "does not exist"
        hint = f"For a folder of crops: agreid import-dataset folder '{root}'" if root.is_dir() else LIST.hint
        raise InputError(f"{root} {what}", hint=hint)
    return LIST, LIST.layouts[0], root.parent


def _refuse_other_data(workspace: Workspace, overwrite: bool) -> None:
    """The data set must not be mixed with own footage or another data set."""
    if workspace.crops.exists():
        raise InputError(
            f"{workspace.root} contains crops of your own footage ({workspace.crops})",
            hint="Import into a separate workspace: agreid import-dataset NAME ROOT --workspace my-data",
        )
    here = [path for path in (workspace.manifest, workspace.split) if path.exists()]
    if here and not overwrite:
        raise InputError(
            f"{here[0]} already exists",
            hint="Add --overwrite to replace manifest and split, or choose another folder with --workspace.",
        )


def _read(
    layout: Layout, root: Path, config: ImportConfig, progress: Progress
) -> tuple[list[Row], list[Problem]]:
    rows: list[Row] = []
    bad: list[Problem] = []
    how = {"platform": config.platform} if layout.takes_platform else {}
    with progress.task("reading names", None, "images") as task:
        for item in layout.read(root, **how):
            if isinstance(item, Problem):
                bad.append(item)
            elif isinstance(item, Remark):
                progress.note(item.text)
            else:
                rows.append(item)
                if len(rows) % 1000 == 0:
                    task.advance(1000)
        task.advance(len(rows) % 1000)
    return sorted(rows, key=lambda row: row.path), bad


def _prefix(workspace: Workspace, root: Path) -> str:
    """What leads from the workspace to `root`: relative, so that both can be moved together."""
    there, here = os.path.realpath(root), os.path.realpath(workspace.root)
    try:
        return Path(os.path.relpath(there, here)).as_posix()
    except ValueError:  # on another drive of Windows
        return Path(there).as_posix()


def _split(
    workspace: Workspace, rows: Sequence[Row], overwrite: bool, progress: Progress
) -> SplitResult | None:
    """The published split. If the data has none, or none that can be tested, there is only the manifest."""
    if not any(row.roles for row in rows):
        workspace.split.unlink(missing_ok=True)  # of an older manifest
        progress.note("no image has a part (train, query, gallery); divide them with: agreid build-split")
        return None
    try:
        return build_split(workspace, SplitConfig(like="published"), overwrite=overwrite, progress=progress)
    except InputError as error:
        workspace.split.unlink(missing_ok=True)  # of an older manifest
        progress.warn(f"no split was written: {error}")
        return None
