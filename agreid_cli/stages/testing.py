"""The test part of the split: its crops at the network's size, and who plays where in which direction."""

from __future__ import annotations

from typing import Any

from agreid_cli.config.train import TrainConfig
from agreid_cli.progress import Progress
from agreid_cli.records.manifest import Known
from agreid_cli.records.split import SPLIT, sides_of
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.intake import load_crops
from agreid_cli.training.validate import Testing


def load_testing(workspace: Workspace, config: TrainConfig, progress: Progress) -> tuple[Testing, Any] | None:
    """Every crop that is a query or in a gallery, and their pixels (n×H×W×3 uint8); None where there is none.

    A crop whose image cannot be read plays no part (`--on-bad-image skip`).
    """
    lists = sides_of(SPLIT.read(workspace.split))
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
    said = zip(samples.pid.tolist(), samples.camid.tolist(), samples.platform.tolist(), strict=True)
    return Testing(tuple(samples.crop_id.tolist()), tuple(Known(*s) for s in said), lists), images
