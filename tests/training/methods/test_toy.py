"""A new method by one file and one table line: it trains, resumes, embeds, exports, and gives clear
errors."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import recipe
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError, UsageError
from agreid_cli.records.extraction import Facts as VideoFacts
from agreid_cli.records.runs import Run
from agreid_cli.records.side import GivenSide
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run import keeper as run_keeper
from agreid_cli.stages.run.embed import embed
from agreid_cli.stages.run.export_model import export_model
from agreid_cli.stages.run.train import train
from agreid_cli.stages.video.run_embedder import RunEmbedder
from agreid_cli.training.checkpoint import load_state, load_weights
from agreid_cli.training.methods import METHODS
from agreid_cli.training.saved import load_network
from agreid_cli.training.state import Training
from agreid_cli.training.stored import stored_config
from tests.support.people_on_disk import write_people
from tests.training.trained import SMALL

HOW = (
    "method.name=toy", "method.options={apart=0.2}", "model.backbone=timm:test_vit", "optim.lr=0.01",
    "ema=0.5", "data.p=2",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _in_the_table() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(METHODS, "toy", "tests.support.toy_method:METHOD")
        yield
    torch.set_num_threads(threads)


def config(*sets: str) -> TrainConfig:
    return with_overrides(recipe("campus"), [*SMALL, *HOW, *sets])


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = write_people(tmp_path_factory.mktemp("toy"), size=(32, 32))
    train(workspace, config=config(), name="toy")
    return workspace


def test_it_trains_with_its_own_labels_and_its_own_parameter(done: Workspace) -> None:
    run = Run(done.runs / "toy")
    assert stored_config(run).method.options == {"view_weight": 0.5, "apart": 0.2}  # complete, as it ran
    state = load_state(run.state)
    assert state["objective"]["terms.apart.s"].item() != 0
    assert 0 < state["ema_of_terms"]["updates"] == state["ema"]["updates"]
    assert not any("apart" in name for name in load_weights(run.last).tensors)
    facts = load_network(run).facts
    assert (facts.n_ids, facts.cameras, facts.views) == (4, (0, 3), ("aerial", "ground"))
    assert len(pq.read_table(run.embeddings)) == 32


def test_it_resumes_to_the_same_bits(done: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: run_keeper.RunKeeper, training: Training, *, lr: float) -> None:
        own(self, training, lr=lr)
        training.position.next_epoch()
        self.save(training)
        raise KeyboardInterrupt

    own = run_keeper.RunKeeper.log_epoch
    with monkeypatch.context() as patch:
        patch.setattr(run_keeper.RunKeeper, "log_epoch", stop)
        with pytest.raises(KeyboardInterrupt):
            train(done, config=config(), name="halves")
    train(done, config=config(), name="halves", resume=True)
    for part in ("model", "objective", "optimiser"):
        one, other = (load_state(Run(done.runs / name).state)[part] for name in ("toy", "halves"))
        assert str(one) == str(other), part
    one, other = (load_weights(Run(done.runs / name).last).tensors for name in ("toy", "halves"))
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_the_view_counts_and_an_unknown_one_is_refused(done: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for number, path in enumerate(sorted(done.root.rglob("*.jpg"))[:3]):
        shutil.copy(path, folder / f"{number}.jpg")
    out = tmp_path / "out.parquet"
    with pytest.raises(InputError, match="the run 'toy' needs the view of each crop") as caught:
        embed(done, run="toy", crops=folder, out=out)
    assert "--platform PLATFORM" in caught.value.hint
    with pytest.raises(InputError, match="needs the camera of each crop") as caught:
        embed(done, run="toy", crops=folder, out=out, given=GivenSide("uav"))
    assert "--camid NUMBER" in caught.value.hint
    with pytest.raises(InputError, match="camid 7") as caught:
        embed(done, run="toy", crops=folder, out=out, given=GivenSide("uav", 7))
    assert "It was trained on camid 0, 3" in caught.value.hint
    with pytest.raises(UsageError, match="unknown platform 'drone'"):
        GivenSide("drone")
    assert not out.exists()
    words = ["embed", "-w", str(done.root), "--run", "toy", "--crops", str(folder), "--out", str(out)]
    told = CliRunner().invoke(app, [*words, "--platform", "uav", "--camid", "0"])
    assert told.exit_code == 0, told.stderr
    aerial = pq.read_table(out)
    embed(done, run="toy", crops=folder, out=out, given=GivenSide("cctv", 0))
    ground = pq.read_table(out)
    assert set(aerial["platform"].to_pylist()) == {"uav"}
    assert aerial["embedding"].to_pylist() != ground["embedding"].to_pylist()


def test_the_tracker_gets_the_view_from_the_video(done: Workspace) -> None:
    embedder = RunEmbedder(Run(done.runs / "toy"), folder=done.traced)
    frame = np.random.default_rng(0).integers(0, 255, (64, 48, 3), np.uint8)
    boxes = np.array([[2, 2, 20, 60], [10, 5, 40, 50]], np.float32)
    aerial = embedder.of_video(VideoFacts("uav", 0))(boxes, frame)
    ground = embedder.of_video(VideoFacts("cctv", 3))(boxes, frame)
    assert aerial.shape == ground.shape
    np.testing.assert_allclose(np.linalg.norm(aerial, axis=1), 1, rtol=1e-5)
    assert np.abs(aerial - ground).max() > 1e-4
    with pytest.raises(InputError, match="camid 5"):
        embedder.of_video(VideoFacts("cctv", 5))


def test_options_that_it_does_not_have_are_named(done: Workspace) -> None:
    with pytest.raises(InputError, match="options of the method 'toy'") as caught:
        train(done, config=config("method.options={aparts=1}"), name="other")
    assert "method.options.aparts: unknown key; did you mean 'apart'" in str(caught.value)
    with pytest.raises(InputError, match="unknown method 'toi'; did you mean 'toy'"):
        train(done, config=config("method.name=toi"), name="other")
    assert not (done.runs / "other").exists()


@pytest.mark.slow
def test_it_exports_with_its_side_inputs(done: Workspace) -> None:
    import onnx

    made = export_model(done, run="toy")
    assert made.difference < 1e-4
    proto = onnx.load(made.path)
    assert [entry.name for entry in proto.graph.input] == ["images", "camera", "view"]
    words = {entry.key: entry.value for entry in proto.metadata_props}
    assert words["cameras"].startswith("0 3 ")
    assert words["views"] == "0 aerial 1 ground"
