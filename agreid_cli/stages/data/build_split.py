"""Manifest → split: roles and protocols, validated before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.config.build_split import SplitConfig
from agreid_cli.config.load import difference, from_toml, load_section, to_toml
from agreid_cli.errors import InputError, Problem
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.artefact import metadata
from agreid_cli.records.files import sha256
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.split import SPLIT
from agreid_cli.records.workspace import Workspace
from agreid_cli.splitting.compare import moved
from agreid_cli.splitting.counts import SplitCounts, count, problems_of
from agreid_cli.splitting.directions import add_view_hint, cameras_of, refuse_unknown
from agreid_cli.splitting.own import own_split
from agreid_cli.splitting.published import published_split
from agreid_cli.splitting.refusals import listed
from agreid_cli.splitting.roles import Roles, to_table
from agreid_cli.splitting.rows import Rows, rows_of
from agreid_cli.stages.data.build_manifest import build_manifest, refresh_manifest

State = Literal["written", "unchanged", "refreshed", "replaced"]
REPLACE = "To replace it, add --overwrite. Figures on the old split and on the new one are not comparable."


@dataclass(frozen=True)
class SplitResult:
    """The split on disk: `unchanged` if equal inputs had made it, `refreshed` if equal roles had."""

    path: Path
    state: State
    config: SplitConfig
    counts: SplitCounts


def build_split(
    workspace: Workspace,
    config: SplitConfig,
    *,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> SplitResult:
    """Divide the manifest's identities and choose the queries, or use the published roles.

    The manifest is built first if it is missing or older than its inputs. A split made with other settings
    or from another manifest is replaced only with `overwrite`; otherwise `InputError` shows the
    difference. No split is written if the protocol is not valid.
    """
    refuse_unknown(config.directions)
    _fresh_manifest(workspace, progress)
    manifest = read_manifest(workspace.manifest)
    rows = rows_of(manifest)
    roles = _roles(rows, manifest, config)
    counts = count(rows, roles)
    if problems := problems_of(rows, roles, counts):
        raise InputError(
            "this split cannot be evaluated; nothing was written",
            problems=problems,
            hint="Correct the identities (identities.csv, or the imported data), then run the same command.",
        )
    table = to_table(rows, roles)
    marks = {
        "config": to_toml(config),
        "seed": str(config.seed),
        "manifest_sha256": sha256(workspace.manifest),
    }
    runs = _runs_on(workspace)
    state = _place(workspace, rows, table, marks, overwrite)
    if runs and state == "replaced":
        progress.warn(f"trained on the replaced split: {', '.join(runs)}. Train again to compare.")
    _advise(rows, roles, counts, config, progress)
    return SplitResult(workspace.split, state, config, counts)


def _fresh_manifest(workspace: Workspace, progress: Progress) -> None:
    if workspace.manifest.is_file():
        refresh_manifest(workspace, progress=progress)
        return
    file = workspace.config if workspace.config.is_file() else None
    build_manifest(workspace, load_section(ManifestConfig, "build-manifest", file), progress=progress)


def _roles(rows: Rows, manifest: pa.Table, config: SplitConfig) -> Roles:
    if config.like == "published":
        return published_split(rows, manifest, config.directions)
    return own_split(
        rows,
        seed=config.seed,
        train_fraction=config.train_fraction,
        queries_per_camera=config.queries_per_camera,
        paired_in_train=config.paired_in_train,
        wanted=config.directions,
        junk_in_gallery=config.junk == "gallery",
    )


def _place(
    workspace: Workspace, rows: Rows, table: pa.Table, marks: dict[str, str], overwrite: bool
) -> State:
    """Write the table unless an equal one exists, or one that may not be replaced."""
    path = workspace.split
    if not path.exists():
        SPLIT.write(table, path, marks)
        return "written"
    try:
        old = SPLIT.read(path)
    except InputError as error:
        differences = [Problem("the old file", error.message), *error.problems]
    else:
        changes = moved(old, table, dict(zip(rows.crop_id.tolist(), rows.pid.tolist(), strict=True)))
        if not changes and marks.items() <= metadata(old).items():
            return "unchanged"
        if not changes:
            # No figures change, so only the record of its inputs is updated.
            SPLIT.write(table, path, marks)
            return "refreshed"
        differences = [*_other_inputs(metadata(old), marks), *changes]
    if not overwrite:
        raise InputError(f"{path} exists and differs from this split", problems=differences, hint=REPLACE)
    SPLIT.write(table, path, marks)
    return "replaced"


def _runs_on(workspace: Workspace) -> list[str]:
    """The runs whose recorded inputs include the current split."""
    records = sorted(workspace.runs.glob("*/inputs.json")) if workspace.split.is_file() else []
    split = sha256(workspace.split) if records else ""
    return [path.parent.name for path in records if split in path.read_text(errors="replace")]


def _other_inputs(old: dict[str, str], new: dict[str, str]) -> list[Problem]:
    """The settings, and the manifest, in which the inputs of two splits differ."""
    if "config" not in old:
        return [Problem("settings", "those of the old file are unknown: another program made it")]
    now = from_toml(SplitConfig, new["config"], "the configuration")
    try:
        found = difference(from_toml(SplitConfig, old["config"], "the old split"), now)
    except InputError:
        found = [Problem("settings", "those of the old file cannot be read by this version")]
    if old.get("manifest_sha256") != new["manifest_sha256"]:
        before, after = (marks.get("manifest_sha256", "unknown")[:12] for marks in (old, new))
        found.append(Problem("manifest", f"was {before}, now {after} (sha256)"))
    return found


def _advise(rows: Rows, roles: Roles, counts: SplitCounts, config: SplitConfig, progress: Progress) -> None:
    """Report what the numbers alone do not show."""
    for part in counts.directions:
        if part.n_dropped:
            progress.warn(
                f"{part.direction}: {part.n_dropped} of {part.n_query} queries have no true match in the "
                f"gallery and are excluded; pid {listed(part.dropped_pids)}"
            )
    if config.like == "published":
        return
    for name, why in roles.left_out.items():
        progress.note(f"direction {name} is left out: {why}")
    here = [name for name, cameras in cameras_of(rows).items() if cameras]
    if not (rows.aerial[rows.person].any() and (~rows.aerial[rows.person]).any()):
        progress.warn(
            f"all crops are from {' and '.join(here)}, so there is no direction across the views. "
            + add_view_hint("cctv" if here == ["uav"] else "uav")
        )
    paired = counts.train_identities_both_views + counts.test_identities_both_views
    if counts.train_identities_both_views < config.train_fraction * paired / 2:
        progress.warn(
            f"only {counts.train_identities_both_views} of the {counts.train_identities} training identities "
            f"are seen in both views, but {counts.test_identities_both_views} test identities. "
            "--set paired_in_train=0.5 keeps half of them for training."
        )
