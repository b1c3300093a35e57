"""Load samples and their packed pixels from the workspace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.split import read_split
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.cache import Cache, open_cache
from agreid_cli.training.held_out import FEWEST, held_out, without
from agreid_cli.training.samples import Samples, samples_of, training_samples


def load_training(
    workspace: Workspace, config: TrainConfig, *, progress: Progress = SILENT
) -> tuple[Samples, np.ndarray, np.ndarray]:
    """The training crops, their pixels, N×H×W×3 uint8, row by row, and the held-out pids.

    Reports identities with a single crop, since they give no pair to learn from, and those that a sampler by
    view leaves out.
    """
    folder = workspace.manifest.parent
    manifest = read_manifest(workspace.manifest)
    samples = training_samples(manifest, read_split(workspace.split, manifest), folder)
    kept_out = held_out(samples, config.data.held_out, config.seed)
    if config.data.held_out and not len(kept_out):
        raise InputError(
            f"data.held_out={config.data.held_out:g} of {len(np.unique(samples.pid))} training identities, "
            f"of those seen in both views or by two cameras, are fewer than {FEWEST}",
            hint="Hold out a larger share, or none: --set data.held_out=0",
        )
    samples = without(samples, kept_out)
    samples, images = packed(workspace, samples, config, part="train", progress=progress)
    pids, counts = np.unique(samples.pid, return_counts=True)
    single = pids[counts == 1]
    if len(single):
        progress.warn(
            f"{len(single)} of {len(pids)} training identities have a single crop, which is repeated "
            f"{config.data.k} times: pid {_first(single)}"
        )
    one_view = np.setdiff1d(pids, np.intersect1d(*(samples.pid[samples.view == view] for view in (0, 1))))
    if len(one_view) and config.data.sampler.endswith("-views"):
        progress.warn(
            f"{len(one_view)} of {len(pids)} training identities are seen in one view only, and "
            f"data.sampler={config.data.sampler} uses none of them: pid {_first(one_view)}"
        )
    return samples, images, kept_out


def _first(pids: np.ndarray) -> str:
    return ", ".join(map(str, pids[:5])) + (" …" if len(pids) > 5 else "")


def load_crops(
    workspace: Workspace,
    crop_ids: Sequence[str],
    config: TrainConfig,
    *,
    part: str = "test",
    progress: Progress = SILENT,
) -> tuple[Samples, np.ndarray]:
    """Any crops of the manifest, in this order, and their pixels; `part` names their common cache."""
    samples = samples_of(read_manifest(workspace.manifest), crop_ids, workspace.manifest.parent)
    return packed(workspace, samples, config, part=part, progress=progress)


def packed(
    workspace: Workspace, samples: Samples, config: TrainConfig, *, part: str, progress: Progress = SILENT
) -> tuple[Samples, np.ndarray]:
    """The samples with readable images, and their pixels, from `cache/<part>-<size>-<interpolation>`."""
    height, width = config.model.size
    cache: Cache = open_cache(
        workspace.cache / f"{part}-{height}x{width}-{config.data.interpolation}",
        samples.path.tolist(),
        size=config.model.size,
        interpolation=config.data.interpolation,
        workers=None if config.data.workers == "auto" else config.data.workers,
        on_bad_image=config.data.on_bad_image,
        progress=progress,
    )
    if len(cache.kept) < len(samples):
        samples = samples.take(cache.kept)
    return samples, cache.images
