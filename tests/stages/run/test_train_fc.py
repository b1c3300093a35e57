"""A published OSNet file, evaluated unchanged: its layer is in the configuration and in the embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch

from agreid_cli.config.load import from_toml
from agreid_cli.config.train import TrainConfig
from agreid_cli.records.runs import Run
from agreid_cli.stages.run.train import train
from agreid_cli.training.saved import load_network
from tests.nn.test_fc import by_hand, torchreid_file
from tests.nn.test_fc import images as drawn
from tests.support.people_on_disk import write_people
from tests.training.trained import small


def test_a_published_file_is_measured_with_its_layer(tmp_path: Path) -> None:
    workspace = write_people(tmp_path)
    layer = torchreid_file(tmp_path / "osnet.pt")
    words = (f"model.weights={tmp_path / 'osnet.pt'}", "model.embedding=before", "schedule.epochs=0")
    train(workspace, config=small(*words), name="published")
    run = Run(workspace.runs / "published")
    ran = from_toml(TrainConfig, run.config.read_text(), "config.toml")
    assert ran.model.fc == 512
    vectors = np.stack(pq.read_table(run.embeddings)["embedding"].to_pylist())
    assert vectors.shape[1] == 512
    assert vectors.min() >= 0
    model = load_network(run).model
    with torch.no_grad():
        torch.testing.assert_close(model.embed(drawn()), by_hand(model, layer), rtol=1e-5, atol=1e-6)
    train(workspace, config=small(*words), name="published", resume=True)  # auto is no other configuration
