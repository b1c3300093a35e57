"""`agreid train`, `embed` and `export-model`: output, exit codes, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from agreid_cli.cli.app import app
from agreid_cli.config.load import to_toml
from agreid_cli.stages.run import export_model as stage
from tests.support.people_on_disk import write_people
from tests.training.trained import small


def agreid(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Result]]:
    """A workspace and what `agreid train --json` said in it."""
    root = tmp_path_factory.mktemp("people")
    write_people(root)
    (root / "agreid.toml").write_text("[train]\n" + to_toml(small()).replace("\n[", "\n[train."))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield root, agreid("train", "--json", "-w", str(root))
    torch.set_num_threads(before)


def test_train_and_evaluate_work_bare(trained: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    root, done = trained
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["run"], said["epochs"], len(said["evals"])) == ("campus", 2, 2)
    assert "weights: none" in done.stderr
    monkeypatch.chdir(root)
    ranked = agreid("evaluate", "--direction", "both", "--json")
    assert ranked.exit_code == 0, ranked.stderr
    figures = [json.loads(line) for line in ranked.stdout.splitlines()]
    assert [f["mAP"] for f in figures] == [e["mAP"] for e in said["evals"]]
    assert [f["fingerprint"] for f in figures] == [e["fingerprint"] for e in said["evals"]]


def test_a_second_train_says_how_to_go_on(trained: tuple[Path, Result]) -> None:
    root, _ = trained
    again = agreid("train", "-w", str(root))
    assert again.exit_code == 1
    assert "--resume" in again.stderr
    assert "--overwrite" in again.stderr
    both = agreid("train", "-w", str(root), "--resume", "--overwrite")
    assert both.exit_code == 2
    changed = agreid("train", "-w", str(root), "--resume", "--set", "seed=5")
    assert changed.exit_code == 2
    assert "seed: was 0, now 5" in changed.stderr


def test_no_gpu_is_said_where_one_was_asked_for(trained: tuple[Path, Result]) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    done = agreid("train", "-w", str(trained[0]), "--name", "other", "--device", "cuda")
    assert done.exit_code == 1
    assert "torch finds no GPU here" in done.stderr
    assert not (trained[0] / "runs" / "other").exists()


def test_embed_says_what_it_wrote(trained: tuple[Path, Result], tmp_path: Path) -> None:
    root, _ = trained
    out = tmp_path / "mine.parquet"
    done = agreid("embed", "-w", str(root), "--crops", str(root / "images"), "--out", str(out), "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["crops"] == 64
    assert out.is_file()


def test_export_model_writes_a_card_with_figures_and_fingerprints(
    trained: tuple[Path, Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "export_onnx", lambda encoder, notes: b"graph")
    monkeypatch.setattr(stage, "check_onnx", lambda data, encoder, rows: 1e-6)
    root, trained_said = trained
    out = tmp_path / "net.onnx"
    done = agreid("export-model", "-w", str(root), "--out", str(out))
    assert done.exit_code == 0, done.stderr
    assert out.read_bytes() == b"graph"
    card = out.with_suffix(".md").read_text()
    for row in json.loads(trained_said.stdout)["evals"]:
        assert f"{100 * row['mAP']:.2f}" in card
        assert row["fingerprint"] in card
    assert "4 identities" in card
    assert "## Limitations" in card
    wrong = agreid("export-model", "-w", str(root), "--out", "net.bin")
    assert wrong.exit_code == 2


@pytest.mark.slow
def test_the_exported_network_is_torch_s(trained: tuple[Path, Result], tmp_path: Path) -> None:
    done = agreid("export-model", "-w", str(trained[0]), "--out", str(tmp_path / "net.onnx"), "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["difference"] < 1e-4
