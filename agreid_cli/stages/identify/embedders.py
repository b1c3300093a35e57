"""Crops to vectors by the name of an embedder: a run, a weight file, colours; kept per video in the cache."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from agreid_cli.errors import InputError, MissingError, Problem
from agreid_cli.nn.encoder import TORCH
from agreid_cli.nn.shipped import NAME, is_named
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.files import write_bytes
from agreid_cli.records.images.reading import read_picture
from agreid_cli.records.runs import all_runs, run_at
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.backends import encoder_for
from agreid_cli.stages.run.decoded import Decoded
from agreid_cli.stages.run.devices import find_device
from agreid_cli.stages.run.pretrained import Pretrained, pretrained_network
from agreid_cli.training.embed import SidedCrops
from agreid_cli.training.embed import embed as embed_crops
from agreid_cli.training.precision import inference_precision
from agreid_cli.training.saved import Loaded, load_network
from agreid_cli.training.side import side_columns

COLOUR = "colour"
Features = npt.NDArray[np.float32]
Work = Callable[[Sequence[Path], Sequence[int], Sequence[str]], Features]


@dataclass(frozen=True)
class CropEmbedder:
    """embed(paths, camid, platform) gives float32 (n, D). `digest` changes with the weights and with what
    runs them."""

    name: str
    digest: str
    embed: Work


def find_embedder(
    workspace: Workspace,
    name: str | None,
    *,
    device: str,
    batch: int,
    crops: int,
    progress: Progress = SILENT,
) -> CropEmbedder:
    """The embedder of this name: a run (name or path), a weight file, `shipped`, timm:NAME, or `colour`.

    Without a name, the newest run that has weights, else `shipped`. `MissingError` says what can be given.
    crops: of all videos, which determines what runs the network (`stages.run.backends`).
    """
    network = partial(
        _network, device=device, batch=batch, crops=crops, folder=workspace.traced, progress=progress
    )
    if name is None:
        run = next((run for run in all_runs(workspace) if run.weights.is_file()), None)
        if run is None:
            progress.note(
                "there is no trained run, so tracks are compared by the network that ships with agreid; "
                "a run trained on other people of the same cameras is better"
            )
            return find_embedder(workspace, NAME, device=device, batch=batch, crops=crops, progress=progress)
        progress.note(f"tracks are compared by the run '{run.name}'")
        return network(load_network(run), run.name)
    if name == COLOUR:
        return CropEmbedder(COLOUR, "colour/1", _colours)
    if is_named(name) or Path(name).expanduser().is_file():
        given = Pretrained(name if is_named(name) else str(Path(name).expanduser()))
        return network(pretrained_network(given, progress=progress), given.name)
    try:
        run = run_at(workspace, name)
    except MissingError as error:
        raise MissingError(
            f"there is no embedder '{name}': it is not a file, and {error.message}",
            hint="Give a run, a weight file, shipped, timm:NAME, or colour.",
        ) from error
    return network(load_network(run), run.name)


def _network(
    network: Loaded, name: str, *, device: str, batch: int, crops: int, folder: Path, progress: Progress
) -> CropEmbedder:
    target = torch.device(find_device(device))
    encoder = encoder_for(
        network, device=target, crops=crops, folder=folder, progress=progress,
        autocast=inference_precision(network.config.precision, target).autocast,
    )  # fmt: skip
    digest = network.weights_sha256
    if encoder.backend != TORCH:
        digest += f" {encoder.backend}"

    def work(paths: Sequence[Path], camid: Sequence[int], platform: Sequence[str]) -> Features:
        side = side_columns(
            network.model.needs, network.facts, camid=list(camid), platform=list(platform), run=name
        )
        pixels = Decoded(paths, network.config.model.size, network.config.data.interpolation)
        return embed_crops(encoder, SidedCrops(pixels, side), batch=batch)

    return CropEmbedder(name, digest, work)


def _colours(paths: Sequence[Path], camid: Sequence[int], platform: Sequence[str]) -> Features:
    from agreid_cli.vision.embedders.colour import ColourEmbedder

    describe, rows, bad = ColourEmbedder(), [], []
    for path in paths:
        try:
            frame = read_picture(path).pixels[..., ::-1]
        except (OSError, ValueError) as error:
            bad.append(Problem(str(path), getattr(error, "strerror", None) or str(error)))
            continue
        height, width = frame.shape[:2]
        rows.append(describe(np.array([[0, 0, width, height]], np.float32), np.ascontiguousarray(frame))[0])
    if bad:
        raise InputError(f"{len(bad)} crops cannot be read", problems=bad)
    return np.stack(rows) if rows else np.zeros((0, describe.width), np.float32)


def kept_at(
    workspace: Workspace,
    embedder: CropEmbedder,
    video: str,
    paths: Sequence[Path],
    camid: Sequence[int],
    platform: Sequence[str],
) -> Path:
    """The file of the cache for these crops; `InputError` if one is missing."""
    digest = hashlib.sha256(embedder.digest.encode())
    for path, camera, carrier in zip(paths, camid, platform, strict=True):  # some networks need both
        try:
            facts = path.stat()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        digest.update(f"{path.name}\0{facts.st_size}\0{facts.st_mtime_ns}\0{camera}\0{carrier}\n".encode())
    return workspace.cache / "tracks" / f"{video}-{digest.hexdigest()[:16]}.npy"


def embed_video(
    workspace: Workspace,
    embedder: CropEmbedder,
    video: str,
    paths: Sequence[Path],
    camid: Sequence[int],
    platform: Sequence[str],
) -> Features:
    """The vectors of one video's crops, from the cache if it has them, so an interrupted command continues
    with the next video.
    """
    place = kept_at(workspace, embedder, video, paths, camid, platform)
    if place.is_file():
        kept: Features = np.load(place)
        if len(kept) == len(paths):
            return kept
    rows = embedder.embed(paths, camid, platform)
    data = io.BytesIO()
    np.save(data, rows)
    write_bytes(place, data.getvalue())
    return rows
