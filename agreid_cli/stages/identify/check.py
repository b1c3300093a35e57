"""Crops + identities.csv → checks/: what is probably wrong in the identities, and a page to correct it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from agreid_cli.attributes.words import listed, many
from agreid_cli.config.identify import CheckConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.metrics.clustering.chance import Curve
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.files import write_text
from agreid_cli.records.manifest import JUNK_PID
from agreid_cli.records.suspicions import KINDS, SCHEMA, SUSPICIONS
from agreid_cli.records.workspace import Workspace
from agreid_cli.reporting.check.page import check_page
from agreid_cli.stages.annotate.review import image_link
from agreid_cli.stages.identify.check_page import page_data
from agreid_cli.stages.identify.compare import pids
from agreid_cli.stages.identify.embedders import find_embedder
from agreid_cli.stages.identify.suspect import Suspicion, piece_name, suspect
from agreid_cli.stages.identify.tracks import Tracks, describe, read_tracks

HOW = (
    "Annotate some tracks first: agreid propose-identities, then agreid review; or give a file with "
    "--identities."
)


@dataclass(frozen=True)
class CheckResult:
    """What was written. counts: suspicions of each kind."""

    folder: Path
    page: Path
    embedder: str
    n_tracks: int  # with an identity
    n_identities: int
    counts: dict[str, int]
    suspicions: tuple[dict[str, Any], ...]  # worst first, as in the file
    within: Curve
    across: Curve


def check_identities(
    workspace: Workspace,
    config: CheckConfig,
    *,
    embedder: str | None = None,
    identities: Path | None = None,
    judgements: Path | None = None,
    device: str = "auto",
    progress: Progress = SILENT,
) -> CheckResult:
    """Write `checks/`: suspicions.parquet, worst first, and check.html.

    Annotations are not changed. Judgements are used: what a person has confirmed is not listed again.
    """
    if identities is None and not workspace.identities.is_file():
        raise MissingError(f"{workspace.identities} does not exist, so there is nothing to check", hint=HOW)
    tracks = read_tracks(workspace, identities=identities, judgements=judgements)
    for text in tracks.notes:
        progress.note(text)
    every = pids(tracks)
    people = every[every >= 0]
    if not len(people):
        raise InputError("no track has an identity yet", hint=HOW)
    if n := int((every == -2).sum()):
        progress.note(f"{many(n, 'track')} without an identity, which are not checked")
    if n := int((every == JUNK_PID).sum()):
        progress.note(f"{many(n, 'track')} marked as not a person, which are not checked")
    if len(set(people.tolist())) == 1:
        progress.note("all tracks are of one identity: they are only checked for two people")
    if len(set(tracks.camera[every >= 0].tolist())) == 1:
        progress.note("all tracks are of one camera: only tracks of this camera are compared")
    n = tracks.n_embedded(config.crops)
    found = find_embedder(workspace, embedder, device=device, batch=config.batch, crops=n, progress=progress)
    described = describe(workspace, tracks, found, config, progress)
    done = suspect(tracks, described, config, progress.note)
    folder = workspace.checks
    page = folder / "check.html"
    gone: list[str] = []

    def address(row: dict[str, Any]) -> str:
        image = workspace.crops_dir / str(row["path"])
        if not image.is_file():
            gone.append(row["path"])
        return image_link(image, page)

    table = _table(tracks, done.found)
    data = page_data(tracks, done.found, address)
    name = workspace.root.resolve().name
    SUSPICIONS.write(table, folder / "suspicions.parquet", {"embedder": found.name})
    write_text(page, check_page(data, f"Check of {name}"))
    if gone:
        progress.warn(f"{many(len(gone), 'image')} cannot be shown: {listed(gone, 3)}")
    return CheckResult(
        folder, page, found.name, len(people), len(set(people.tolist())),
        {kind: sum(one.kind == kind for one in done.found) for kind in KINDS},
        tuple(table.to_pylist()), done.within, done.across,
    )  # fmt: skip


def _table(tracks: Tracks, found: list[Suspicion]) -> pa.Table:
    rows = []
    for one in found:
        piece = tracks.pieces[one.unit]
        near = None if one.near is None else tracks.pieces[one.near]
        crops = [piece.rows[at] for at in one.marked] if one.kind == "mixed-track" else []
        rows.append(
            {
                "kind": one.kind, "probability": one.probability, "pid": one.pid, "other_pid": one.other,
                "video_a": piece.track[0], "track_a": piece.track[1], "frame_a": piece.frame,
                "video_b": near and near.track[0], "track_b": near and near.track[1],
                "frame_b": near and near.frame,
                "frame_from": crops[0]["frame"] if crops else None,
                "frame_to": crops[-1]["frame"] if crops else None,
                "apart": [piece_name(tracks.pieces[at]) for at in one.marked]
                if one.kind == "mixed-identity" else None,
                "reason": one.reason,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMA)
