"""Embedding in ONNX Runtime: torch's embeddings, reproducible bytes, and torch as the fallback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from agreid_cli.errors import AgreidError, UsageError
from agreid_cli.nn.backbones import make_backbone
from agreid_cli.records.artefact import metadata
from agreid_cli.records.embeddings import matrix
from agreid_cli.records.training_log import read_log
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run import backends
from agreid_cli.stages.run.backends import FEW, MANY, encoder_for, encoder_for_once
from agreid_cli.stages.run.embed import embed
from agreid_cli.stages.run.pretrained import Pretrained, pretrained_network
from agreid_cli.stages.run.train import train
from agreid_cli.training.checkpoint import load_weights
from agreid_cli.training.saved import Loaded
from tests.support.heard import Heard
from tests.support.people_on_disk import write_people
from tests.training.trained import small


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("files") / "osnet_x0_25_drawn.pt"
    torch.save(make_backbone("osnet-x0.25", size=(64, 32)).named_weights(), path)
    return path


@pytest.fixture
def network(weights: Path) -> Loaded:
    return pretrained_network(Pretrained(str(weights), size=(64, 32)))


def test_the_vectors_are_torch_s_and_the_bytes_are_the_same_each_time(weights: Path, tmp_path: Path) -> None:
    workspace = write_people(tmp_path / "w")
    given, made = Pretrained(str(weights), size=(64, 32)), {}
    for name, backend in (("a", "onnxruntime"), ("b", "onnxruntime"), ("t", "torch"), ("auto", "auto")):
        made[name] = embed(
            workspace, pretrained=given, crops=workspace.manifest, flip=True,
            out=tmp_path / f"{name}.parquet", backend=backend, device="cpu",
        ).path  # fmt: skip
    assert made["a"].read_bytes() == made["b"].read_bytes()
    tables = {name: pq.read_table(path) for name, path in made.items()}
    vectors = {name: matrix(table["embedding"]) for name, table in tables.items()}
    np.testing.assert_allclose(vectors["a"], vectors["t"], rtol=1e-3, atol=1e-5)
    said = {name: metadata(table)["backend"] for name, table in tables.items()}
    assert said["a"].startswith("onnxruntime 1.")
    assert said["t"] == said["auto"] == "torch", "auto: so few crops are embedded before anything is traced"
    assert len(list(workspace.traced.iterdir())) == 1, "traced once"


def test_auto_traces_for_many_crops_on_a_cpu_and_keeps_the_file(network: Loaded, tmp_path: Path) -> None:
    few = encoder_for(network, device="cpu", crops=FEW - 1, folder=tmp_path)
    assert few.backend == "torch"
    assert not list(tmp_path.iterdir())
    many = encoder_for(network, device="cpu", crops=FEW, folder=tmp_path)
    assert many.backend.startswith("onnxruntime")
    [kept] = tmp_path.iterdir()
    before = kept.stat().st_mtime_ns
    encoder_for(network, device="cpu", crops=FEW, folder=tmp_path)
    assert kept.stat().st_mtime_ns == before


def test_a_network_that_cannot_be_traced_runs_in_torch(
    network: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(encoder: object) -> bytes:
        raise AgreidError("ONNX Runtime cannot run this network: too odd")

    monkeypatch.setattr(backends, "trace", refuse)
    heard = Heard()
    found = encoder_for(network, device="cpu", crops=FEW, folder=tmp_path, progress=heard)
    assert found.backend == "torch"
    assert heard.notes == ["ONNX Runtime cannot run this network: too odd; torch runs it instead"]
    with pytest.raises(AgreidError, match="too odd"):
        encoder_for(network, device="cpu", crops=1, folder=tmp_path, backend="onnxruntime")


def test_a_folder_that_cannot_be_written_to_is_no_obstacle(network: Loaded, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    found = encoder_for(network, device="cpu", crops=FEW, folder=tmp_path / "file")
    assert found.backend.startswith("onnxruntime")


def test_wrong_names_are_refused(network: Loaded, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'torch'"):
        encoder_for(network, device="cpu", crops=1, folder=tmp_path, backend="torsh")
    with pytest.raises(UsageError, match="runs on the CPU"):
        encoder_for(network, device="cuda", crops=1, folder=tmp_path, backend="onnxruntime")


def test_workspaces_keep_traced_networks_in_the_cache() -> None:
    assert Workspace(Path("w")).traced == Path("w/cache/networks")


def test_validation_in_onnx_runtime_says_so_and_changes_nothing_of_the_training(tmp_path: Path) -> None:
    workspace = write_people(tmp_path / "w")
    runs = {}
    for backend in ("torch", "onnxruntime"):
        config = small("ema=0.5", "schedule.epochs=1", f"validation.backend={backend}")
        runs[backend] = train(workspace, config=config, name=backend, device="cpu").run
    weights = [load_weights(run.last).tensors for run in runs.values()]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    rows = {b: [r for r in read_log(run.log) if r["kind"] == "eval"] for b, run in runs.items()}
    assert {row["backend"] for row in rows["torch"]} == {"torch"}
    assert all(row["backend"].startswith("onnxruntime 1.") for row in rows["onnxruntime"])
    for slow, fast in zip(*rows.values(), strict=True):
        assert fast["mAP"] == pytest.approx(slow["mAP"], abs=1e-4)
        assert (fast["fingerprint"], fast["epoch"]) == (slow["fingerprint"], slow["epoch"])


def test_where_weights_change_only_very_many_crops_are_worth_a_tracing(network: Loaded) -> None:
    encoder = network.encoder()
    assert encoder_for_once(encoder, crops=MANY - 1) is encoder
    assert encoder_for_once(encoder, crops=MANY).backend.startswith("onnxruntime 1.")
    assert encoder_for_once(encoder, crops=MANY, backend="torch") is encoder
