"""A baseline without a network, ranked like a run, that a trained network must exceed."""

from __future__ import annotations

from pathlib import Path

from agreid_cli.config.model import ModelConfig
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError, UsageError, did_you_mean
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.baselines import BASELINES
from agreid_cli.records.directions import BOTH
from agreid_cli.records.run_inputs import data_digests
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.ranked import load_testing
from agreid_cli.stages.run.written import write_embeddings
from agreid_cli.training.validate import mean_figure, validate
from agreid_cli.vision.colour_histograms import SIZE, described


def embed_baseline(workspace: Workspace, name: str = "colour", *, progress: Progress = SILENT) -> Path:
    """Embeddings of the split's test crops by the strongest colour histogram, in the workspace's cache.

    The strongest has the highest mean mAP over the directions, measured on the very crops that are ranked, so
    that the baseline is not too low. Raises `UsageError` for an unknown name.
    """
    if name not in BASELINES:
        raise UsageError(f"unknown baseline '{name}'{did_you_mean(name, BASELINES)}")
    loaded = load_testing(workspace, TrainConfig(model=ModelConfig(size=SIZE)), progress)
    if loaded is None:
        raise InputError(f"{workspace.split} has no query and no gallery crop, so there is nothing to rank")
    testing, images = loaded
    best: tuple[float, str] = (-1.0, "")
    chosen = None
    for words, features in described(images):
        found = validate(testing, features, directions=BOTH, metric="cosine")
        figure = mean_figure(found, "mAP") or 0.0
        shown = ", ".join(f"{row['direction']} {row['mAP']:.1%}" for row in found)
        progress.note(f"{words}: mAP {shown}")
        if figure > best[0]:
            best, chosen = (figure, words), features
    assert chosen is not None
    progress.note(f"the strongest is ranked: {best[1]}")
    path = workspace.cache / f"{BASELINES[name]}.parquet"
    said = [(k.pid, k.camid, k.platform) for k in testing.known]
    columns = dict(zip(("pid", "camid", "platform"), map(list, zip(*said, strict=True)), strict=True))
    marks = {"baseline": best[1], **data_digests(workspace)}
    write_embeddings(path, {"crop_id": testing.crop_id, **columns}, chosen, marks)
    return path
