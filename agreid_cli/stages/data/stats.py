"""Manifests (or crops) → the paper's Table I for this data; writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from agreid_cli.datasets.census import Census, PlatformCensus, census
from agreid_cli.datasets.table_one import LINES, PUBLISHED
from agreid_cli.errors import InputError, MissingError, Problem, Problems
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.crops import CROPS
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.data.manifest_inputs import manifest_is_stale

__all__ = ["LINES", "PUBLISHED", "Census", "PlatformCensus", "stats"]

NO_NAMES = (
    "the persons in these crops have no identities yet. "
    "Annotate them in identities.csv (agreid build-manifest --template), then run: agreid build-manifest"
)


def stats(sources: Sequence[Path], *, progress: Progress = SILENT) -> tuple[Census, ...]:
    """One census per source: a workspace folder, or a manifest or crops file.

    For a workspace without a manifest, the crops are counted, whose persons have no identities yet. Raises
    one `InputError` that lists every source that cannot be counted.
    """
    problems, found = Problems(), []
    hint = ""
    for source in sources:
        try:
            table = _table(source, progress)
        except InputError as error:
            problems.add("", error.message)
            problems.extend(Problem("", f"  {problem}") for problem in error.problems)
            hint = hint or error.hint
            continue
        if "pid" not in table.column_names:
            progress.warn(f"{_name(source)}: {NO_NAMES}")
        found.append(census(table, _name(source)))
    problems.raise_if_any("{n} problems; not every source can be counted", hint=hint)
    return tuple(found)


def _table(source: Path, progress: Progress) -> pa.Table:
    """The manifest of a workspace, else its crops; or the file itself."""
    if source.is_file():
        return read_manifest(source) if _has_pids(source) else CROPS.read(source)
    workspace = Workspace(source)
    if workspace.manifest.is_file():
        if manifest_is_stale(workspace):
            progress.warn(
                f"{workspace.manifest} is older than its inputs; update it with: agreid build-manifest"
            )
        return read_manifest(workspace.manifest)
    if workspace.crops.is_file():
        return CROPS.read(workspace.crops)
    what = "has no manifest and no crops" if source.is_dir() else "does not exist"
    raise MissingError(
        f"{source} {what}",
        hint="Create them with agreid extract-crops VIDEO, or agreid import-dataset NAME ROOT; or give "
        "another workspace: agreid stats FOLDER",
    )


def _has_pids(path: Path) -> bool:
    try:
        return "pid" in pq.read_schema(path).names
    except (ValueError, OSError):
        return True  # reading it as a manifest reports what is wrong with it


def _name(source: Path) -> str:
    """The name of the column: the folder of a workspace, or of a manifest file."""
    whole = source.resolve()
    return whole.name if whole.is_dir() else f"{whole.parent.name}/{whole.name}"
