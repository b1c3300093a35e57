"""The re-ID network that ships with agreid: its file, its names, and that it knows people apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from agreid_cli.assets import asset
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.nn import shipped
from agreid_cli.nn.backbones import make_backbone
from agreid_cli.nn.weights import load_pretrained
from agreid_cli.stages.run.embed import embed
from agreid_cli.stages.run.evaluate import evaluate
from agreid_cli.stages.run.pretrained import Pretrained, pretrained_network
from tests.support.people_on_disk import write_people


def test_the_file_is_small_and_all_of_the_backbone() -> None:
    assert asset(shipped.FILE).stat().st_size <= 4_000_000
    stored = load_file(asset(shipped.FILE))
    wanted = make_backbone(shipped.BACKBONE, size=shipped.SIZE).named_weights()
    assert {name: tensor.shape for name, tensor in stored.items()} == {
        name: tensor.shape for name, tensor in wanted.items()
    }
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16, torch.int64}
    assert all(torch.isfinite(tensor).all() for tensor in stored.values())


def test_it_is_loaded_as_float32_and_said() -> None:
    backbone = make_backbone(shipped.BACKBONE, size=shipped.SIZE)
    report = load_pretrained(backbone, shipped.NAME)
    assert (report.share, report.missing, report.unexpected) == (1.0, (), ())
    assert str(report).startswith(
        "weights: the network that ships with agreid, trained on synthetic campuses: "
    )
    for name, tensor in load_file(asset(shipped.FILE)).items():
        loaded = backbone.named_weights()[name]
        assert loaded.dtype == (torch.int64 if tensor.dtype == torch.int64 else torch.float32)
        assert torch.equal(loaded, tensor.to(loaded.dtype))


def test_another_backbone_is_refused_and_so_is_an_installation_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(InputError, match="nothing was loaded"):
        load_pretrained(make_backbone("timm:resnet10t", size=(64, 32)), shipped.NAME)

    def lacking(name: str) -> Path:
        raise FileNotFoundError(f"asset {name} is missing")

    monkeypatch.setattr(shipped, "asset", lacking)
    with pytest.raises(MissingError, match=r"model\.weights=shipped is not available"):
        load_pretrained(make_backbone(shipped.BACKBONE, size=shipped.SIZE), shipped.NAME)


def test_it_embeds_without_training_at_its_own_size() -> None:
    given = Pretrained(shipped.NAME)
    assert (given.input_size, given.name) == (shipped.SIZE, "shipped")
    assert Pretrained(shipped.NAME, size=(64, 32)).input_size == (64, 32)
    network = pretrained_network(given)
    assert len(network.weights_sha256) == 64
    rows = network.model.embed(torch.zeros(2, 3, *shipped.SIZE))
    assert rows.shape == (2, network.model.backbone.channels)


def test_it_ranks_drawn_people_it_has_never_seen_better_than_random_weights(tmp_path: Path) -> None:
    workspace = write_people(tmp_path / "w")
    found = {}
    torch.manual_seed(0)
    random = tmp_path / f"{shipped.BACKBONE}.pt"
    torch.save(make_backbone(shipped.BACKBONE, size=shipped.SIZE).named_weights(), random)
    for given in (Pretrained(shipped.NAME), Pretrained(str(random), shipped.BACKBONE, shipped.SIZE)):
        made = embed(
            workspace, pretrained=given, crops=workspace.manifest, out=tmp_path / "e.parquet", device="cpu"
        )
        results = evaluate(workspace, config=EvaluateConfig(), files=[made.path], directions=["a2g", "g2a"])
        found[given.name] = np.mean([result.mAP for result in results])
    assert found["shipped"] > found[random.stem] + 0.1, found
