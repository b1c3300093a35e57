"""Open explainable streams: find the run, load its network, and read attributes from the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.nn.encoder import Encoder
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.box_cues import CUES, Cues
from agreid_cli.records.manifest import attribute_matrix, read_manifest
from agreid_cli.records.runs import Run, all_runs, find_run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.backends import check_backend, encoder_for, stream_for
from agreid_cli.stages.run.devices import find_device
from agreid_cli.training.bits import Bits, stored_codebook
from agreid_cli.training.decompose import Stream
from agreid_cli.training.embed import SidedCrops
from agreid_cli.training.methods import method_of
from agreid_cli.training.methods.explain import ExplainFacts
from agreid_cli.training.saved import Loaded, load_network
from agreid_cli.training.side import SideColumns, side_columns
from agreid_cli.training.stored import stored_config
from agreid_cli.training.validate import Testing, sided

HOW = "Train one with: agreid train --recipe explain-campus --set explain.teacher=runs/campus"


@dataclass(frozen=True)
class OpenStream:
    """A trained stream: its run, its network on its device, and its facts.

    stream: for a few crops, in torch. backend: as configured, for `for_many`; folder: of traced networks.
    """

    run: Run
    stream: Stream
    loaded: Loaded
    facts: ExplainFacts
    folder: Path
    backend: str = "auto"

    @property
    def config(self) -> TrainConfig:
        return self.loaded.config

    @property
    def weights_sha256(self) -> str:
        return self.loaded.weights_sha256

    def for_many(self, crops: int, progress: Progress = SILENT) -> OpenStream:
        """The same, run by what is fastest for so many crops.

        It depends on this number only and not on earlier calls, so that results do not either.
        """
        stream = stream_for(
            self.loaded, device=self.stream.device, crops=crops, folder=self.folder, batch=self.stream.batch,
            backend=self.backend, progress=progress,
        )  # fmt: skip
        return replace(self, stream=stream)

    def encoder_for_many(self, crops: int, progress: Progress = SILENT) -> Encoder:
        """The explained run's network alone, for embedding so many crops."""
        return encoder_for(
            self.loaded, device=self.stream.device, crops=crops, folder=self.folder, backend=self.backend,
            progress=progress,
        )  # fmt: skip

    @property
    def codebook(self) -> Codebook:
        return self.facts.bits

    @property
    def reads(self) -> frozenset[str]:
        """The side information for its output."""
        return self.stream.model.reads

    def side(
        self, camid: Sequence[int | None], platform: Sequence[str | None], box: Cues | None
    ) -> SideColumns:
        """The side information of crops for its network; `InputError` if it is unknown.

        box: of `records.box_cues`.
        """
        return side_columns(
            self.reads, self.facts, camid=camid, platform=platform, run=self.run.name, box=box
        )

    def lacking(self, box: Cues | None) -> str:
        """A warning if the stream recognises from boxes in frames and some crops have none; else empty."""
        boxed = self.stream.model.boxed
        if boxed is None or box is None or not (boxed.placed and boxed.used):
            return ""
        lost = int((box[:, CUES.index("in_frame")] == 0).sum())
        who = "this image" if len(box) == 1 else f"{lost:,} of {len(box):,} crops"
        if not lost:
            return ""
        return (
            f"the position in the video frame is unknown for {who}. This stream also recognises attributes "
            "from it, so attributes such as height are guesses here. A table of crops has the positions"
        )

    def sided(self, testing: Testing, crops: Any) -> SidedCrops:
        """The crops with the side information for its network."""
        return sided(testing, crops, needs=self.reads, facts=self.facts, run=self.run.name)


def open_stream(
    workspace: Workspace, name: str | None, *, device: str = "auto", batch: int = 32, backend: str = "auto"
) -> OpenStream:
    """The explainable stream of this run, or the newest one; `MissingError` says how to train one."""
    run = find_stream(workspace, name)
    target = find_device(device)
    check_backend(backend, target)
    loaded = load_network(run)
    facts = loaded.facts
    assert isinstance(facts, ExplainFacts)
    encoder = loaded.encoder(target)
    if target == "cpu":  # convolutions are faster in this memory format
        encoder.model.to(memory_format=torch.channels_last)
    stream = Stream(encoder, batch=batch)
    return OpenStream(run, stream, loaded, facts, workspace.traced, backend)


def find_stream(workspace: Workspace, name: str | None) -> Run:
    """The run of this name if it is a stream, else the newest stream."""
    if name is not None:
        run = find_run(workspace, name)
        if not explains(run):
            raise InputError(f"the run '{run.name}' is a re-ID model, not an explainable stream", hint=HOW)
        return run
    for run in all_runs(workspace):
        if run.config.is_file() and explains(run):
            return run
    raise MissingError(f"there is no explainable stream in {workspace.runs}", hint=HOW)


def explains(run: Run) -> bool:
    """Whether the run gives attribute maps."""
    return method_of(stored_config(run)).explains


@dataclass(frozen=True)
class KnownBits:
    """crop → the bits of a codebook, from the manifest; a crop without attributes is all zero."""

    codebook: Codebook
    row_of: dict[str, int]
    bits: npt.NDArray[np.uint8]

    def of(self, crop_ids: Sequence[str]) -> npt.NDArray[np.uint8]:
        """uint8 (n, M)."""
        rows = [self.row_of.get(crop, -1) for crop in crop_ids]
        found: npt.NDArray[np.uint8] = self.bits[rows]
        return found


def known_bits(workspace: Workspace, codebook: Codebook) -> KnownBits:
    """The bits in the manifest; `InputError` if it lacks a bit of the codebook."""
    table = read_manifest(workspace.manifest)
    stored = stored_codebook(table, workspace.manifest)
    lacking = [bit for bit in codebook.bits if bit not in stored.bits]
    if lacking:
        raise InputError(
            f"{workspace.manifest} lacks attributes that the stream was trained on: "
            f"{', '.join(lacking[:5])}{' …' if len(lacking) > 5 else ''}",
            hint="Create the manifest with the same attribute groups: agreid build-manifest",
        )
    columns = tuple(stored.bits.index(bit) for bit in codebook.bits)
    taken = Bits(codebook, columns).take(attribute_matrix(table))
    row_of = {crop: row for row, crop in enumerate(table["crop_id"].to_pylist())}
    return KnownBits(codebook, row_of, np.concatenate([taken, np.zeros((1, codebook.n_bits), np.uint8)]))
