"""Explainable streams: which run is meant, its network ready to work, and what the manifest knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.manifest import attribute_matrix, codebook_of, read_manifest
from agreid_cli.records.runs import Run, all_runs, find_run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.devices import find_device
from agreid_cli.stages.run.runs import load_network, stored_config
from agreid_cli.training.decompose import Stream
from agreid_cli.training.explain_objective import Bits
from agreid_cli.training.held_out import from_facts

HOW = "Train one with: agreid train --recipe explain-campus --set explain.teacher=runs/campus"


@dataclass(frozen=True)
class OpenStream:
    """A trained stream: its run, its network on its device, and the words stored with its weights."""

    run: Run
    stream: Stream
    config: TrainConfig
    words: dict[str, str]
    weights_sha256: str

    @property
    def codebook(self) -> Codebook:
        return Codebook.from_json(self.words["codebook"])

    @property
    def held_out(self) -> list[int]:
        """The training pids that the stream has not seen."""
        return from_facts(self.words)

    @property
    def strangers(self) -> bool:
        """The re-ID model has not seen them either."""
        return self.words.get("strangers_to_teacher") == "True"


def open_stream(
    workspace: Workspace, name: str | None, *, device: str = "auto", batch: int = 32
) -> OpenStream:
    """The explainable stream of this run, or the newest there is; `MissingError` says how to train one."""
    run = find_stream(workspace, name)
    loaded = load_network(run)
    stream = Stream(loaded.model, device=torch.device(find_device(device)), batch=batch)
    return OpenStream(run, stream, loaded.config, loaded.words, loaded.weights_sha256)


def find_stream(workspace: Workspace, name: str | None) -> Run:
    """The run of this name if it is a stream, else the newest that is one."""
    if name is not None:
        run = find_run(workspace, name)
        if not _is_stream(run):
            raise InputError(f"the run '{run.name}' is a re-ID model and explains nothing", hint=HOW)
        return run
    for run in all_runs(workspace):
        if run.config.is_file() and _is_stream(run):
            return run
    raise MissingError(f"there is no explainable stream in {workspace.runs}", hint=HOW)


def _is_stream(run: Run) -> bool:
    return stored_config(run).explain is not None


@dataclass(frozen=True)
class KnownBits:
    """crop → the bits of a codebook, as the manifest has them; a crop without attributes is all zero."""

    codebook: Codebook
    row_of: dict[str, int]
    bits: npt.NDArray[np.uint8]

    def of(self, crop_ids: Sequence[str]) -> npt.NDArray[np.uint8]:
        """uint8 (n, M)."""
        rows = [self.row_of.get(crop, -1) for crop in crop_ids]
        found: npt.NDArray[np.uint8] = self.bits[rows]
        return found


def known_bits(workspace: Workspace, codebook: Codebook) -> KnownBits:
    """What the manifest knows; `InputError` when it lacks a bit of the codebook."""
    table = read_manifest(workspace.manifest)
    stored = stored_codebook(table, workspace.manifest)
    lacking = [bit for bit in codebook.bits if bit not in stored.bits]
    if lacking:
        raise InputError(
            f"{workspace.manifest} has not the attributes that the stream was trained on: "
            f"{', '.join(lacking[:5])}{' …' if len(lacking) > 5 else ''}",
            hint="Make the manifest with the same attribute groups: agreid build-manifest",
        )
    columns = tuple(stored.bits.index(bit) for bit in codebook.bits)
    taken = Bits(codebook, columns).take(attribute_matrix(table))
    row_of = {crop: row for row, crop in enumerate(table["crop_id"].to_pylist())}
    return KnownBits(codebook, row_of, np.concatenate([taken, np.zeros((1, codebook.n_bits), np.uint8)]))


def stored_codebook(table: Any, path: Path) -> Codebook:
    """The codebook of a manifest; `InputError` when it holds no attributes."""
    if not table["attr_bits"].type.list_size or table["attr_bits"].null_count == len(table):
        raise InputError(
            f"{path} holds no attributes, and the explainable stream learns from them",
            hint="Give them with: agreid build-manifest, which reads attributes.csv",
        )
    stored = codebook_of(table)
    return Codebook.from_json(stored) if stored else official_codebook()
