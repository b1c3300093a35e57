"""Load the crops to rank: the test crops of the split, or held-out training people, at the network's size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow.compute as pc

from agreid_cli.config.train import TrainConfig
from agreid_cli.metrics.protocol import Lists
from agreid_cli.progress import Progress
from agreid_cli.records.manifest import Known, read_manifest
from agreid_cli.records.split import read_split, sides_of
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.intake import load_crops
from agreid_cli.training.samples import Samples
from agreid_cli.training.validate import Testing


def load_testing(workspace: Workspace, config: TrainConfig, progress: Progress) -> tuple[Testing, Any] | None:
    """Every query and gallery crop, and their pixels (n×H×W×3 uint8); None if there is none.

    A crop whose image cannot be read is left out (`--on-bad-image skip`).
    """
    lists = sides_of(read_split(workspace.split, read_manifest(workspace.manifest)))
    crops = list(dict.fromkeys(crop for pair in lists.values() for side in pair for crop in side))
    if not crops:
        return None
    samples, images = load_crops(workspace, crops, config, part="test", progress=progress)
    if len(samples) < len(crops):
        here = set(samples.crop_id.tolist())
        lists = {
            name: ([c for c in query if c in here], [c for c in gallery if c in here])
            for name, (query, gallery) in lists.items()
        }
    return _testing(samples, lists), images


def load_held_out(
    workspace: Workspace,
    pids: Sequence[int],
    config: TrainConfig,
    progress: Progress,
    *,
    part: str = "held-out",
) -> tuple[Testing, Any] | None:
    """The training crops of these people and their pixels; None if there are none."""
    manifest = read_manifest(workspace.manifest)
    split = read_split(workspace.split, manifest)
    train = set(split["crop_id"].filter(pc.equal(split["role"], "train")).to_pylist())
    said = zip(manifest["crop_id"].to_pylist(), manifest["pid"].to_pylist(), strict=True)
    people = set(pids)
    wanted = [crop for crop, pid in said if crop in train and pid in people]
    if not wanted:
        return None
    samples, images = load_crops(workspace, wanted, config, part=part, progress=progress)
    return replace(_testing(samples, None), who="held-out"), images


def _testing(samples: Samples, lists: Lists | None) -> Testing:
    said = zip(samples.pid.tolist(), samples.camid.tolist(), samples.platform.tolist(), strict=True)
    known = tuple(Known(*s) for s in said)
    return Testing(tuple(samples.crop_id.tolist()), known, lists, box=samples.box)
