"""Every crop with what people have said of it so far, for the tools in which they go on."""

from __future__ import annotations

import pyarrow as pa

from agreid_cli.attributes.attributes_csv import read_attributes
from agreid_cli.attributes.identities_csv import Identities, read_identities
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.datasets.annotation_files import LABEL
from agreid_cli.errors import Problems
from agreid_cli.records.crops import CROPS
from agreid_cli.records.manifest import CODEBOOK_KEY
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.manifest_rows import tracks_of


def annotation_table(workspace: Workspace, manifest: ManifestConfig) -> pa.Table:
    """The crops with `pid` (null: not annotated yet) and a column `label:<group>` a group, with its codebook.

    It is made of identities.csv and attributes.csv, not of the manifest: that leaves out whom nobody has
    named yet, and its bits do not tell age bands apart.
    """
    crops = CROPS.read(workspace.crops)
    codebook = official_codebook(manifest.age_fold).excluding(manifest.exclude)
    tracks = tracks_of(crops)
    problems = Problems()
    who = Identities({})
    if workspace.identities.is_file():
        who = read_identities(workspace.identities, {t for t in tracks if t is not None}, problems)
    what: dict[int, dict[str, str]] = {}
    if workspace.attributes.is_file():
        what = read_attributes(workspace.attributes, codebook, problems).labels
    problems.raise_if_any("faults in the annotations: {n}; nothing was written")
    frames = crops["frame"].to_pylist()
    pids = [who.pid(t, frame) if t else None for t, frame in zip(tracks, frames, strict=True)]
    table = crops.drop_columns([name for name in ("pid",) if name in crops.column_names])
    table = table.append_column("pid", pa.array(pids, pa.int64()))
    for group in codebook.names:
        words = [what.get(pid, {}).get(group) or None if pid is not None else None for pid in pids]
        table = table.append_column(LABEL + group, pa.array(words, pa.string()))
    return table.replace_schema_metadata({f"agreid.{CODEBOOK_KEY}": codebook.to_json()})
