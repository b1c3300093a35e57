"""CSV files of several annotators → merged file, agreement, and list of disagreements."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.attributes.csv_table import read_csv
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.config.merge_annotations import MergeConfig
from agreid_cli.errors import InputError, Problems, UsageError
from agreid_cli.metrics.agreement import Agreement
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.crops import CROPS
from agreid_cli.records.files import write_csv
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.merging import merge_attributes, merge_identities, short_names


@dataclass(frozen=True)
class MergeResult:
    """What was written, and the agreement of the annotators; `counts` are numbers of cells by reason."""

    kind: str  # attributes or identities
    path: Path
    disagreements: Path
    annotators: tuple[str, ...]
    n_rows: int
    n_disagreements: int
    n_to_settle: int
    counts: dict[str, int]
    agreement: dict[str, Agreement]


def merge_annotations(
    workspace: Workspace,
    files: Sequence[Path],
    config: MergeConfig,
    *,
    manifest: ManifestConfig | None = None,
    out: Path | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> MergeResult:
    """Compare the files and write the two CSV files. `InputError` lists every invalid row of all of them.

    Cells without a majority stay blank in the merged file and are in the list of disagreements.
    """
    if len(files) < 2:
        raise UsageError("give the files of two annotators or more")
    if len({os.path.realpath(file) for file in files}) < len(files):
        raise InputError("one file is given twice, and would agree with itself")
    kind = _kind(files)
    target = out or (workspace.attributes if kind == "attributes" else workspace.identities)
    listing = target.with_name(f"{target.stem}-disagreements.csv")
    _refuse(files, (target, listing), overwrite)
    names = short_names(files)
    problems = Problems()
    if kind == "attributes":
        settings = manifest or ManifestConfig()
        codebook = official_codebook(settings.age_fold).excluding(settings.exclude)
        found = merge_attributes(files, names, codebook, config, problems)
    else:
        found = merge_identities(files, names, CROPS.read(workspace.crops), config, problems)
    problems.raise_if_any(
        "{n} problems in the annotations; nothing was written",
        hint="Fix them all, then run the same command again.",
    )
    for note in found.notes:
        progress.note(note)
    write_csv(listing, found.disputed)
    write_csv(target, found.merged)
    to_settle = sum(found.counts.get(why, 0) for why in ("no majority", "too few votes"))
    return MergeResult(
        kind,
        target,
        listing,
        tuple(names),
        len(found.merged) - 1,
        len(found.disputed) - 1,
        to_settle,
        found.counts,
        found.agreement,
    )


def _kind(files: Sequence[Path]) -> str:
    """attributes or identities, by the headers; files of both kinds cannot be compared."""
    problems = Problems()
    kinds = {}
    for file in files:
        header = read_csv(file, problems).header
        kinds[file] = "identities" if "trackid" in header else "attributes"
    problems.raise_if_any("{n} problems in the files; nothing was written")
    if len(set(kinds.values())) > 1:
        for file, kind in kinds.items():
            problems.add(str(file), f"contains {kind}")
        problems.raise_if_any("the files are not of one kind")
    return kinds[files[0]]


def _refuse(files: Sequence[Path], written: Sequence[Path], overwrite: bool) -> None:
    """An annotator's own file is never replaced, another one only on request."""
    own = {os.path.realpath(file) for file in files}
    for path in written:
        if os.path.realpath(path) in own:
            raise InputError(f"{path} is one of the files to compare", hint="Choose another with --out.")
        if path.exists() and not overwrite:
            raise InputError(
                f"{path} already exists", hint="Choose another with --out, or replace it with --overwrite."
            )
