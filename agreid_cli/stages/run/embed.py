"""Run or pretrained weights + crops → Embeddings: of the split's test part, or of any other crops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from agreid_cli.cores import usable_cores
from agreid_cli.errors import InputError, Problem, UsageError
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.run_inputs import data_digests
from agreid_cli.records.runs import Run, find_run
from agreid_cli.records.side import NOT_GIVEN, GivenSide
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.backends import encoder_for
from agreid_cli.stages.run.crop_sources import crop_rows
from agreid_cli.stages.run.devices import find_device
from agreid_cli.stages.run.pretrained import Pretrained, pretrained_network
from agreid_cli.stages.run.ranked import load_testing
from agreid_cli.stages.run.stale import made_from
from agreid_cli.stages.run.written import write_embeddings
from agreid_cli.training.embed import SidedCrops
from agreid_cli.training.embed import embed as embed_crops
from agreid_cli.training.pixels import read_converted, said_of
from agreid_cli.training.precision import choose_precision
from agreid_cli.training.saved import Loaded, load_network
from agreid_cli.training.side import side_columns
from agreid_cli.training.threads import one_core_each
from agreid_cli.training.validate import sided

MOST_NAMED = 20


@dataclass(frozen=True)
class Embedded:
    """What was written. run: the name of the run, or of the pretrained weights."""

    path: Path
    run: str
    crops: int
    width: int
    flip: bool
    unused: list[dict[str, object]] = field(default_factory=list)  # skipped files of a folder


def embed(
    workspace: Workspace,
    *,
    run: str | None = None,
    pretrained: Pretrained | None = None,
    crops: Path | None = None,
    out: Path | None = None,
    flip: bool | None = None,
    given: GivenSide = NOT_GIVEN,
    device: str = "auto",
    backend: str = "auto",
    progress: Progress = SILENT,
) -> Embedded:
    """Embed with the newest run, the one named, or pretrained weights, and write an embeddings table.

    Without `crops`, every query and gallery crop of the split: of a run into the run, where `evaluate` looks,
    of pretrained weights into `out` or `<weights>-embeddings.parquet`. With `crops`, a crops or manifest
    table, a list or a folder of images, into `out` or `<name>-embeddings.parquet`. `given` describes crops of
    which the source does not tell the platform, for a network that needs the view or the camera. backend: of
    `stages.run.backends`; what ran the network stands in the table's metadata.
    """
    if pretrained is not None and run is not None:
        raise UsageError("--run and --weights exclude each other", hint="Give one of them.")
    target = torch.device(find_device(device))
    if pretrained is None:
        found = find_run(workspace, run)
        network, name = load_network(found), found.name
    else:
        network = pretrained_network(pretrained, progress=progress)
        name = pretrained.name
    if crops is None:
        if given:
            raise needless("the split")
        if pretrained is None:
            if out is not None:
                raise UsageError("--out needs --crops", hint=f"The test crops go to {found.embeddings}")
            return embed_test_part(
                workspace, found, network, device=target, flip=flip, backend=backend, progress=progress
            )
        path = out or Path(f"{name}-embeddings.parquet")
        marks = {"weights_sha256": network.weights_sha256, **data_digests(workspace)}
        return embed_part(workspace, network, name, path, marks, target, flip, progress, backend=backend)
    rows = crop_rows(crops, progress)
    if given and None not in rows.platform:
        raise needless(str(crops))
    rows = rows.described(given)
    side = side_columns(
        network.model.needs, network.facts, camid=rows.camid, platform=rows.platform, run=name
    )
    pixels = Decoded(rows.path, network.config.model.size, network.config.data.interpolation)
    how = _How(workspace, target, backend, progress)
    features, made = how.features(network, SidedCrops(pixels, side), bool(flip))
    if said := said_of(pixels.converted):
        progress.note(said)
    path = out or Path(f"{crops.stem}-embeddings.parquet")
    marks = {"weights_sha256": network.weights_sha256, "run": name, **made}
    write_embeddings(path, rows.columns(), features, marks)
    passed_over = [group.as_data() for group in rows.unused]
    return Embedded(path, name, len(features), features.shape[1], bool(flip), passed_over)


def embed_test_part(
    workspace: Workspace,
    run: Run,
    network: Loaded,
    *,
    device: torch.device,
    flip: bool | None = None,
    backend: str = "auto",
    progress: Progress = SILENT,
) -> Embedded:
    """The split's queries and galleries into `embeddings.parquet` of the run, with marks of their origin."""
    marks = made_from(workspace, run)
    return embed_part(
        workspace, network, run.name, run.embeddings, marks, device, flip, progress, backend=backend
    )


def embed_part(
    workspace: Workspace,
    network: Loaded,
    name: str,
    path: Path,
    marks: dict[str, str],
    device: torch.device,
    flip: bool | None,
    progress: Progress,
    *,
    backend: str = "auto",
) -> Embedded:
    """The split's queries and galleries by a loaded network, into `path`, with `marks` of their origin."""
    loaded = load_testing(workspace, network.config, progress)
    if loaded is None:
        raise InputError(
            f"{workspace.split} has no query and no gallery crop, so there is nothing to embed",
            hint="Give crops: agreid embed --crops FOLDER",
        )
    testing, images = loaded
    flip = network.config.validation.flip if flip is None else flip
    ask: dict[str, Any] = {"needs": network.model.needs, "facts": network.facts, "run": name}
    how = _How(workspace, device, backend, progress)
    features, made = how.features(network, sided(testing, images, **ask), flip)
    said = [(k.pid, k.camid, k.platform) for k in testing.known]
    columns: dict[str, Sequence[Any]] = {"crop_id": testing.crop_id}
    columns |= dict(zip(("pid", "camid", "platform"), map(list, zip(*said, strict=True)), strict=True))
    write_embeddings(path, columns, features, {**made, **marks})
    return Embedded(path, name, len(features), features.shape[1], flip)


class Decoded:
    """Image files that are decoded when a slice is read; bad ones are reported together."""

    def __init__(self, paths: Sequence[Path], size: tuple[int, int], interpolation: str) -> None:
        self.paths, self.size, self.interpolation = paths, size, interpolation
        self.converted: Counter[str] = Counter()
        self.pool = one_core_each(usable_cores(), "decode")

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: slice) -> npt.NDArray[np.uint8]:
        made = list(self.pool.map(self._one, self.paths[rows]))
        bad = [item for item in made if isinstance(item, Problem)]
        if bad:
            raise InputError(f"{len(bad)} crops cannot be read", problems=bad[:MOST_NAMED])
        read = [item for item in made if not isinstance(item, Problem)]
        self.converted.update(what for _, what in read if what)
        return np.stack([pixels for pixels, _ in read])

    def _one(self, path: Path) -> tuple[npt.NDArray[np.uint8], str] | Problem:
        try:
            return read_converted(path, self.size, self.interpolation)
        except (OSError, ValueError) as error:
            return Problem(repr(str(path))[1:-1], getattr(error, "strerror", None) or str(error))


def needless(what: str) -> UsageError:
    """The error for options that would contradict known values."""
    return UsageError(
        f"--platform and --camid describe crops of unknown platform, but {what} gives that of each crop",
        hint="Leave them out.",
    )


@dataclass(frozen=True)
class _How:
    """On what crops are embedded, and where the networks that are traced for it are kept."""

    workspace: Workspace
    device: torch.device
    backend: str
    progress: Progress

    def features(
        self, network: Loaded, crops: SidedCrops, flip: bool
    ) -> tuple[npt.NDArray[np.float32], dict[str, str]]:
        """The embeddings, and what to write beside them."""
        precision = choose_precision(network.config.precision, self.device)
        encoder = encoder_for(
            network, device=self.device, crops=len(crops), folder=self.workspace.traced,
            backend=self.backend, autocast=precision.autocast, progress=self.progress,
        )  # fmt: skip
        batch = network.config.validation.batch
        with self.progress.task("embedding", len(crops), "crops") as task:
            vectors = embed_crops(encoder, crops, batch=batch, flip=flip, task=task)
        return vectors, {"flip": str(flip), "backend": encoder.backend}
