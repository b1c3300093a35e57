"""Check whether the embeddings of a run belong to its weights and to the split."""

from __future__ import annotations

import pyarrow.parquet as pq

from agreid_cli.records.artefact import metadata
from agreid_cli.records.files import sha256
from agreid_cli.records.run_inputs import data_digests
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace


def made_from(workspace: Workspace, run: Run) -> dict[str, str]:
    """What the embeddings of a run depend on: its weights, and the crops of the split."""
    return {"weights_sha256": sha256(run.weights), **data_digests(workspace)}


def why_stale(workspace: Workspace, run: Run) -> str:
    """What has changed since the embeddings were made; empty if they can be used unchanged."""
    if not run.embeddings.is_file():
        return "there are none yet"
    try:
        schema = pq.read_schema(run.embeddings)
    except (ValueError, OSError):
        return ""  # reading it will report what is wrong with it
    marks = metadata(schema.empty_table().replace_schema_metadata(schema.metadata))
    if "weights_sha256" not in marks:
        return ""  # of another program, used unchanged
    now = made_from(workspace, run)
    changed = [name.removesuffix("_sha256") for name, digest in now.items() if marks.get(name) != digest]
    return f"changed since: {', '.join(changed)}" if changed else ""
