"""Crops + identities.csv + attributes.csv (or the official .mat) → manifest.parquet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agreid_cli.attributes.attributes_csv import read_attributes
from agreid_cli.attributes.bits import support
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.identities_csv import Identities, read_identities
from agreid_cli.attributes.mat import read_mat
from agreid_cli.attributes.official import official_codebook
from agreid_cli.attributes.words import listed, many, people
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.errors import InputError, MissingError, Problem, Problems
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.crops import CROPS, VIEW_OF_PLATFORM
from agreid_cli.records.manifest import CODEBOOK_KEY, JUNK_PID, manifest_artefact
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.match_truth import take_over
from agreid_cli.stages.annotate.rows import Track, joined, tracks_of
from agreid_cli.stages.data.manifest_inputs import (
    INPUTS_KEY,
    SETTINGS_KEY,
    inputs_mark,
    manifest_is_stale,
    read_recipe,
)

_TEMPLATE = "Write one to fill in with: agreid build-manifest --template"


@dataclass(frozen=True)
class ManifestResult:
    """The content of the manifest and what was left out; `support` counts identities, shape (M,)."""

    path: Path
    codebook: Codebook
    n_crops: int
    n_identities: int
    n_both_views: int
    n_with_attributes: int
    n_junk_crops: int
    n_unannotated_crops: int
    n_unannotated_tracks: int
    support: np.ndarray


def build_manifest(
    workspace: Workspace,
    config: ManifestConfig,
    *,
    identities: Path | None = None,
    attributes: Path | None = None,
    progress: Progress = SILENT,
) -> ManifestResult:
    """Join identities and attributes to the crops; rows sorted by crop_id, equal inputs give equal bytes.

    `InputError` lists every invalid row of both files, before anything is written.
    """
    if identities is None or identities == workspace.identities:
        take_over(workspace, progress)
    crops = CROPS.read(workspace.crops)
    codebook = official_codebook(config.age_fold).excluding(config.exclude)
    who_file = identities or workspace.identities
    what_file = attributes or (workspace.attributes if workspace.attributes.is_file() else None)
    for path in (who_file, what_file):
        if path is not None and not path.is_file():
            raise MissingError(f"{path} does not exist", hint=_TEMPLATE)
    problems = Problems()
    tracks = tracks_of(crops)
    who = read_identities(who_file, {t for t in tracks if t is not None}, problems)
    what, notes = _vectors(what_file, codebook, problems)
    problems.raise_if_any(
        "{n} problems in the annotations; nothing was written",
        hint="Fix them all, then run the same command again.",
    )
    frames = crops["frame"].to_pylist()
    pids = [who.pid(t, frame) if t else None for t, frame in zip(tracks, frames, strict=True)]
    if not any(pid is not None and pid != JUNK_PID for pid in pids):
        raise InputError(
            f"{who_file} contains no identity yet",
            hint="Fill in the column pid, with the same number for the same person: by hand, from "
            "crops/contact-*.jpg, or on the page written by: agreid review",
        )
    for text in (*who.notes, *notes):
        progress.note(text)
    _say(tracks, pids, who, what, what_file, progress)
    table = joined(crops, pids, what, codebook)
    marks = {
        CODEBOOK_KEY: codebook.to_json(),
        INPUTS_KEY: inputs_mark(
            {"crops": workspace.crops, "identities": who_file, "attributes": what_file}, workspace
        ),
        SETTINGS_KEY: config.model_dump_json(),
    }
    if workspace.manifest.is_file() and read_recipe(workspace) is None:
        progress.warn(f"{workspace.manifest} was made by another command and is replaced")
    manifest_artefact(codebook.sizes).write(table, workspace.manifest, marks)
    return _result(workspace, codebook, table, tracks, pids, what)


def refresh_manifest(workspace: Workspace, *, progress: Progress = SILENT) -> ManifestResult | None:
    """Build the manifest if it is missing or older than its inputs, with the same settings; else None."""
    if not manifest_is_stale(workspace):
        return None
    recipe = read_recipe(workspace)
    if recipe is None:
        return build_manifest(workspace, ManifestConfig(), progress=progress)
    progress.note(f"{workspace.manifest} is older than its inputs and is rebuilt")
    return build_manifest(
        workspace,
        recipe.config,
        identities=recipe.path("identities"),
        attributes=recipe.path("attributes"),
        progress=progress,
    )


def _vectors(
    path: Path | None, codebook: Codebook, problems: Problems
) -> tuple[dict[int, np.ndarray], list[str]]:
    """pid to bits from either kind of file, and notes on it."""
    if path is None:
        return {}, ["no attributes.csv: the manifest has identities only"]
    if path.suffix.lower() == ".mat":
        try:
            found = read_mat(path, codebook)
        except InputError as error:  # reported together with the problems of the identities
            for fault in error.problems or (Problem("", error.message),):
                problems.add(", ".join(word for word in (path.name, fault.where) if word), fault.what)
            return {}, []
        return found.union, found.notes
    rows = read_attributes(path, codebook, problems)
    return rows.bits, rows.notes


def _say(
    tracks: list[Track | None],
    pids: list[int | None],
    who: Identities,
    what: Mapping[int, np.ndarray],
    what_file: Path | None,
    progress: Progress,
) -> None:
    """Report what is left out, and what does not match."""
    pairs = list(zip(tracks, pids, strict=True))
    for why, found in (
        ("without a track", [t for t, _ in pairs if t is None]),
        ("without a row in the identities", [t for t, _ in pairs if t and t not in who.spans]),
        ("without a pid yet", [t for t, p in pairs if t in who.spans and p is None]),
    ):
        if found:
            n = len({t for t in found if t})
            of = f" of {many(n, 'track')}" if n else ""
            progress.note(f"left out: {many(len(found), 'crop')}{of} {why}")
    if what_file is None:
        return
    shown = {pid for pid in pids if pid is not None and pid != JUNK_PID}
    if without := sorted(shown - set(what)):
        progress.note(f"no attributes for {people(len(without))}: {listed(without)}")
    if idle := sorted(set(what) - shown):
        text = f"{what_file.name}: no crop of {people(len(idle))}: {listed(idle)}"
        # The official file describes everybody, whichever part of the data is here.
        (progress.note if what_file.suffix.lower() == ".mat" else progress.warn)(text)


def _result(
    workspace: Workspace,
    codebook: Codebook,
    table: pa.Table,
    tracks: list[Track | None],
    pids: list[int | None],
    what: Mapping[int, np.ndarray],
) -> ManifestResult:
    junk = pc.equal(table["pid"], JUNK_PID)
    seen = table.filter(pc.invert(junk))
    views: dict[int, set[str]] = {}
    for pid, platform in zip(seen["pid"].to_pylist(), seen["platform"].to_pylist(), strict=True):
        views.setdefault(pid, set()).add(VIEW_OF_PLATFORM[platform])
    known = [what[pid] for pid in views if pid in what]
    left = [track for track, pid in zip(tracks, pids, strict=True) if pid is None]
    return ManifestResult(
        path=workspace.manifest,
        codebook=codebook,
        n_crops=table.num_rows,
        n_identities=len(views),
        n_both_views=sum(len(both) == 2 for both in views.values()),
        n_with_attributes=len(known),
        n_junk_crops=int(pc.sum(junk).as_py() or 0),
        n_unannotated_crops=len(left),
        n_unannotated_tracks=len({track for track in left if track}),
        support=support(np.array(known, dtype=np.uint8).reshape(-1, codebook.n_bits)),
    )
