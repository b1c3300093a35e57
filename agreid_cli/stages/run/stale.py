"""Whether the embeddings of a run belong to its weights and to the split."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from agreid_cli.records.artefact import metadata
from agreid_cli.records.files import sha256
from agreid_cli.records.run_inputs import data_digests
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace


def made_from(workspace: Workspace, run: Run) -> dict[str, str]:
    """What the embeddings of a run depend on: its weights, and which crops the split asks for."""
    return {"weights_sha256": sha256(run.weights), **data_digests(workspace)}


def why_stale(workspace: Workspace, run: Run) -> str:
    """What has changed since the embeddings were made; empty where they can be ranked as they are."""
    if not run.embeddings.is_file():
        return "there are none yet"
    try:
        schema = pq.read_schema(run.embeddings)
    except (pa.ArrowInvalid, OSError):
        return ""  # whoever reads it says what is wrong with it
    marks = metadata(schema.empty_table().replace_schema_metadata(schema.metadata))
    if "weights_sha256" not in marks:
        return ""  # another program's, which are ranked as they are
    now = made_from(workspace, run)
    changed = [name.removesuffix("_sha256") for name, digest in now.items() if marks.get(name) != digest]
    return f"changed since: {', '.join(changed)}" if changed else ""
