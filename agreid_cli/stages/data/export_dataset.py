"""The workspace → another program's layout, in a folder that is written completely or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.config.export_dataset import ExportConfig, Link
from agreid_cli.datasets import planner
from agreid_cli.datasets.formats import BY_ROLE, TO_ANNOTATE, Plan, crops_of, roles_of
from agreid_cli.errors import InputError, MissingError, Problem
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.crops import CROPS
from agreid_cli.records.files import sha256
from agreid_cli.records.folders import writing_folder
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.split import read_split
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.rows import annotation_table
from agreid_cli.stages.data.attribute_files import write_attributes

MARK = "agreid-export.json"


@dataclass(frozen=True)
class ExportResult:
    """What was written where; `notes` say what the format cannot store."""

    format: str
    path: Path
    images: int
    texts: tuple[str, ...]
    attributes: str
    notes: tuple[str, ...]


def export_dataset(
    workspace: Workspace,
    format_name: str,
    out: Path,
    config: ExportConfig,
    *,
    direction: str = "",
    overwrite: bool = False,
    manifest: ManifestConfig | None = None,
    progress: Progress = SILENT,
) -> ExportResult:
    """Write the workspace's crops into `out` in the layout `format_name`.

    Folder layouts need a manifest and a split; COCO and MOT need only crops; annotation formats get every
    crop, with the content of identities.csv and attributes.csv (groups as in `manifest`). Raises `InputError`
    if the layout cannot store the data, if images are missing, and if `out` may not be replaced.
    """
    make_plan = planner(format_name)
    name = format_name.lower()
    table = _table(workspace, name, manifest or ManifestConfig(), progress)
    base = os.path.realpath(workspace.root)  # a path with .. leads elsewhere from a linked folder
    sources = {
        crop: Path(os.path.normpath(os.path.join(base, path)))
        for crop, path in zip(table["crop_id"].to_pylist(), table["path"].to_pylist(), strict=True)
    }
    _refuse_out(out, workspace, sources.values(), overwrite)
    roles = roles_of(read_split(workspace.split, table)) if name in BY_ROLE else {}
    plan = make_plan(table, crops_of(table, roles) if name in BY_ROLE else [], direction)
    if name in BY_ROLE and not plan.images:
        raise InputError(
            f"no crop has a role that the layout of {name} can store",
            problems=[Problem("", note) for note in plan.notes],
        )
    _refuse_missing([sources[crop] for crop, _ in plan.images])
    notes = list(plan.notes)
    with writing_folder(Path(os.path.realpath(out)), overwrite=overwrite) as folder:
        for inner in plan.folders:
            (folder / inner).mkdir(parents=True, exist_ok=True)
        attributes, told = (
            write_attributes(folder, plan.mat, table, roles, {crop for crop, _ in plan.images})
            if plan.mat
            else ("", [])
        )
        notes += told
        for path, text in plan.texts:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", newline="\n")
        with progress.task("writing images", len(plan.images), "images") as task:
            for crop, path in plan.images:
                _place(sources[crop], folder / path, out / path, config.link)
                task.advance()
        (folder / MARK).write_text(_mark(workspace, name, direction, plan, notes), encoding="utf-8")
    return ExportResult(
        name, out, len(plan.images), tuple(path for path, _ in plan.texts), attributes, tuple(notes)
    )


def _table(workspace: Workspace, name: str, manifest: ManifestConfig, progress: Progress) -> pa.Table:
    if name in TO_ANNOTATE:
        return annotation_table(workspace, manifest, progress)
    if name in BY_ROLE or workspace.manifest.exists():
        return read_manifest(workspace.manifest)
    table = CROPS.read(workspace.crops)
    folder = workspace.crops_dir.relative_to(workspace.root).as_posix()
    paths = pa.array([f"{folder}/{path}" for path in table["path"].to_pylist()], pa.string())
    return table.set_column(table.column_names.index("path"), table.schema.field("path"), paths)


def _refuse_out(out: Path, workspace: Workspace, sources: Iterable[Path], overwrite: bool) -> None:
    """Only an earlier export may be replaced, and never the images to be exported."""
    there = Path(os.path.realpath(out))
    if there.exists() and not there.is_dir():
        raise InputError(f"{out} is a file; an export is a folder")
    full = there.is_dir() and any(there.iterdir())
    if full and not (there / MARK).is_file():
        raise InputError(
            f"{out} exists and is not an agreid export (it has no {MARK})",
            hint="Choose a folder that does not exist yet.",
        )
    if full and not overwrite:
        raise InputError(f"{out} already exists", hint="Add --overwrite to replace this earlier export.")
    if Path(os.path.realpath(workspace.root)).is_relative_to(there):
        raise InputError(f"{out} contains the workspace itself", hint="Choose another folder.")
    for source in sources:
        if full and Path(os.path.realpath(source)).is_relative_to(there):
            raise InputError(
                f"{out} contains images of this workspace, such as {source}", hint="Choose another folder."
            )


def _refuse_missing(sources: Sequence[Path]) -> None:
    gone = [source for source in sources if not source.is_file()]
    if gone:
        raise MissingError(
            f"{len(gone)} images of the manifest are missing",
            problems=[Problem(str(source), "does not exist") for source in gone],
            hint="Were the images or the workspace moved? Import or extract them again.",
        )


def _place(source: Path, target: Path, final: Path, link: Link) -> None:
    """Copy or link one image. `final` is the path of `target` once the folder has its final name."""
    import shutil

    real = os.path.realpath(source)
    if link == "copy":
        shutil.copyfile(real, target)
    elif link == "symbolic":
        os.symlink(os.path.relpath(real, os.path.realpath(final.parent)), target)
    else:
        os.link(real, target)


def _mark(workspace: Workspace, name: str, direction: str, plan: Plan, notes: Sequence[str]) -> str:
    """Description of this folder, for people and for `--overwrite`."""
    source = workspace.manifest if workspace.manifest.exists() else workspace.crops
    content = {
        "schema": "export/1",
        "format": name,
        "direction": direction,
        "images": len(plan.images),
        "sha256": {source.name: sha256(source)},
        "notes": list(notes),
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
