"""Run or pretrained weights + crops → Embeddings: of the split's test part, or of any other crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from agreid_cli.errors import InputError, UsageError
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.run_inputs import data_digests
from agreid_cli.records.runs import Run, find_run
from agreid_cli.records.side import NOT_GIVEN, GivenSide
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.backends import encoder_for
from agreid_cli.stages.run.crop_sources import crop_rows
from agreid_cli.stages.run.devices import find_device
from agreid_cli.stages.run.embed_units import HERE, Asked, How, Ready, embed_ranges, forget
from agreid_cli.stages.run.pretrained import Pretrained, pretrained_network
from agreid_cli.stages.run.ranked import load_testing
from agreid_cli.stages.run.stale import made_from
from agreid_cli.stages.run.written import write_embeddings
from agreid_cli.training.pixels import said_of
from agreid_cli.training.precision import inference_precision
from agreid_cli.training.saved import Loaded, load_network
from agreid_cli.training.side import side_columns
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
    how: How = HERE,
    progress: Progress = SILENT,
) -> Embedded:
    """Embed with the newest run, the one named, or pretrained weights, and write an embeddings table.

    Without `crops`, every query and gallery crop of the split is embedded: into the run, where `evaluate`
    looks, or for pretrained weights into `out` or `<weights>-embeddings.parquet`. With `crops`, the source is
    a crops or manifest table, a list or a folder of images, and the output `out` or
    `<name>-embeddings.parquet`. `given` describes crops of unknown platform, for a network that needs the
    view or the camera. backend: one of `stages.run.backends`; the one used is stored in the table's metadata.

    Ranges of crops are the units of work of `how`. A shard writes no table; a later call without a shard
    does. The result does not depend on the division.
    """
    if pretrained is not None and run is not None:
        raise UsageError("--run and --weights exclude each other", hint="Give one of them.")
    target = torch.device(find_device(device if how.engine.name == "local" else "auto"))
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
            there = Elsewhere(found.root.resolve(), device)
            return embed_test_part(
                workspace, found, network, device=target, flip=flip, backend=backend, there=there, how=how,
                progress=progress,
            )  # fmt: skip
        path = out or Path(f"{name}-embeddings.parquet")
        marks = {"weights_sha256": network.weights_sha256, **data_digests(workspace)}
        return embed_part(
            workspace, network, name, path, marks, target, flip, progress, backend=backend,
            there=Elsewhere(pretrained, device), how=how,
        )  # fmt: skip
    rows = crop_rows(crops, progress)
    if given and None not in rows.platform:
        raise needless(str(crops))
    rows = rows.described(given)
    side = side_columns(
        network.model.needs, network.facts, camid=rows.camid, platform=rows.platform, run=name
    )
    path = out or Path(f"{crops.stem}-embeddings.parquet")
    asked = Asked([_stamp(*each) for each in zip(rows.crop_id, rows.path, strict=True)], side, rows.path)
    there = Elsewhere(pretrained or found.root.resolve(), device)
    opening = _Opening(Workspace(workspace.root.resolve()), there, backend, len(rows.path), bool(flip))
    ready = opening.here(network, target, progress)
    marks = {"weights_sha256": network.weights_sha256, "run": name, **opening.marks(ready)}
    features, converted = embed_ranges(path, asked, ready, marks, opening.elsewhere, how, progress)
    if said := said_of(converted):
        progress.note(said)
    passed_over = [group.as_data() for group in rows.unused]
    if features is None:
        return Embedded(path, name, len(rows.path), 0, bool(flip), passed_over)
    write_embeddings(path, rows.columns(), features, marks)
    forget(path)
    return Embedded(path, name, len(features), features.shape[1], bool(flip), passed_over)


def embed_test_part(
    workspace: Workspace,
    run: Run,
    network: Loaded,
    *,
    device: torch.device,
    flip: bool | None = None,
    backend: str = "auto",
    there: Elsewhere | None = None,
    how: How = HERE,
    progress: Progress = SILENT,
) -> Embedded:
    """The split's queries and galleries into `embeddings.parquet` of the run, with marks of their origin."""
    marks = made_from(workspace, run)
    return embed_part(
        workspace, network, run.name, run.embeddings, marks, device, flip, progress, backend=backend,
        there=there, how=how,
    )  # fmt: skip


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
    there: Elsewhere | None = None,
    how: How = HERE,
) -> Embedded:
    """The split's queries and galleries by a loaded network, into `path`, with `marks` of their origin.

    there: what remote workers load, which `how` may require.
    """
    loaded = load_testing(workspace, network.config, progress)
    if loaded is None:
        raise InputError(
            f"{workspace.split} has no query and no gallery crop, so there is nothing to embed",
            hint="Give crops: agreid embed --crops FOLDER",
        )
    testing, images = loaded
    flip = network.config.validation.flip if flip is None else flip
    ask: dict[str, Any] = {"needs": network.model.needs, "facts": network.facts, "run": name}
    asked = Asked(testing.crop_id, sided(testing, images, **ask).side)
    opening = _Opening(
        Workspace(workspace.root.resolve()), there, backend, len(testing.crop_id), flip, packed=True
    )
    ready = replace(opening.here(network, device, progress), pixels=images)
    marks = {**opening.marks(ready), **marks}
    features, _ = embed_ranges(path, asked, ready, marks, opening.elsewhere, how, progress)
    if features is None:
        return Embedded(path, name, len(testing.crop_id), 0, flip)
    said = [(k.pid, k.camid, k.platform) for k in testing.known]
    columns: dict[str, Sequence[Any]] = {"crop_id": testing.crop_id}
    columns |= dict(zip(("pid", "camid", "platform"), map(list, zip(*said, strict=True)), strict=True))
    write_embeddings(path, columns, features, marks)
    forget(path)
    return Embedded(path, name, len(features), features.shape[1], flip)


def needless(what: str) -> UsageError:
    """The error for options that would contradict known values."""
    return UsageError(
        f"--platform and --camid describe crops of unknown platform, but {what} gives that of each crop",
        hint="Leave them out.",
    )


@dataclass(frozen=True)
class Elsewhere:
    """What a remote worker loads: the folder of a run or pretrained weights, and its device."""

    source: Path | Pretrained
    device: str

    def load(self) -> tuple[Loaded, torch.device]:
        """The network, and the device of that machine."""
        source = self.source
        network = load_network(Run(source)) if isinstance(source, Path) else pretrained_network(source)
        return network, torch.device(find_device(self.device))


@dataclass(frozen=True)
class _Opening:
    """How a network is prepared, here and in workers. crops: of all units, which determines the backend.

    workspace: where traced networks are stored; packed: the pixels are in its cache.
    """

    workspace: Workspace
    there: Elsewhere | None
    backend: str
    crops: int
    flip: bool
    packed: bool = False

    def here(self, network: Loaded, device: torch.device, progress: Progress) -> Ready:
        precision = inference_precision(network.config.precision, device)
        encoder = encoder_for(
            network, device=device, crops=self.crops, folder=self.workspace.traced, backend=self.backend,
            autocast=precision.autocast, progress=progress,
        )  # fmt: skip
        return Ready(network, encoder, self.flip, None)

    def elsewhere(self) -> Ready:
        assert self.there is not None
        network, device = self.there.load()
        ready = self.here(network, device, SILENT)
        loaded = load_testing(self.workspace, network.config, SILENT) if self.packed else None
        return replace(ready, pixels=loaded[1]) if loaded else ready

    def marks(self, ready: Ready) -> dict[str, str]:
        """The metadata to write with the embeddings."""
        return {"flip": str(self.flip), "backend": ready.encoder.backend}


def _stamp(crop_id: str, path: Path) -> str:
    """Identifies an unchanged crop: its name, and the size and time of its file."""
    try:
        said = path.stat()
    except OSError:
        return crop_id  # which is named when it is read
    return f"{crop_id} {said.st_size} {said.st_mtime_ns}"
