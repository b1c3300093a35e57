"""The test crops of one workspace, embedded with a run of another; kept until either changes."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import torch

from agreid_cli.progress import Progress
from agreid_cli.records.artefact import metadata
from agreid_cli.records.files import sha256
from agreid_cli.records.run_inputs import data_digests
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.devices import find_device
from agreid_cli.stages.run.embed import embed_part
from agreid_cli.training.saved import load_network


def embedded_on(place: Workspace, run: Run, *, device: str, progress: Progress) -> Path:
    """`results/<run>-embeddings.parquet` of `place`, computed if it is missing or out of date.

    Runs of two workspaces may share a name, so the file is known by the digest of the run's weights.
    """
    path = place.results / f"{run.name}-{sha256(run.weights)[:8]}-embeddings.parquet"
    marks = {"weights_sha256": sha256(run.weights), **data_digests(place)}
    if path.is_file():
        schema = pq.read_schema(path)
        stored = metadata(schema.empty_table().replace_schema_metadata(schema.metadata))
        if all(stored.get(name) == value for name, value in marks.items()):
            return path
    progress.note(f"embedding the test crops of {place.root} with the run '{run.name}'")
    network = load_network(run)
    embed_part(place, network, run.name, path, marks, torch.device(find_device(device)), None, progress)
    return path
