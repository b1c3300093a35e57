"""Embeddings of a run: equal to those of validation, recomputed if stale, and of any crops."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import InputError, MissingError, UsageError
from agreid_cli.records.embeddings import matrix
from agreid_cli.records.runs import Run
from agreid_cli.records.split import SPLIT
from agreid_cli.records.training_log import read_log
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.embed import embed
from agreid_cli.stages.run.evaluate import evaluate
from agreid_cli.stages.run.stale import why_stale
from agreid_cli.stages.run.train import train
from tests.support.heard import Heard
from tests.support.people_on_disk import write_people
from tests.training.trained import small


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = write_people(tmp_path_factory.mktemp("people"))
    train(workspace, config=small())
    return workspace


@pytest.fixture
def workspace(trained: Workspace, tmp_path: Path) -> Workspace:
    """A copy that a test may change."""
    shutil.copytree(trained.root, tmp_path / "w")
    return Workspace(tmp_path / "w")


def test_evaluate_gives_the_figures_of_the_referee(workspace: Workspace) -> None:
    run = Run(workspace.runs / "campus")
    best = max(row["mAP"] for row in read_log(run.log) if row.get("direction") == "a2g")
    (result,) = evaluate(workspace, config=EvaluateConfig(), directions=["a2g"])
    rows = [row for row in read_log(run.log) if row["kind"] == "eval"]
    same = [row for row in rows if row["direction"] == "a2g" and row["mAP"] == result.mAP]
    assert same
    assert same[0]["fingerprint"] == result.fingerprint
    assert result.mAP <= best


def test_missing_and_stale_embeddings_are_made_anew(workspace: Workspace) -> None:
    run = Run(workspace.runs / "campus")
    before = matrix(pq.read_table(run.embeddings)["embedding"])
    assert why_stale(workspace, run) == ""
    run.embeddings.unlink()
    heard = Heard()
    evaluate(workspace, config=EvaluateConfig(), progress=heard)
    assert "there are none yet" in " ".join(heard.notes)
    np.testing.assert_array_equal(matrix(pq.read_table(run.embeddings)["embedding"]), before)
    shutil.copy(run.last, run.best)  # other weights
    fewer = SPLIT.read(workspace.split)
    SPLIT.write(fewer.slice(0, fewer.num_rows - 1), workspace.split)
    assert why_stale(workspace, run).startswith("changed since: ")
    assert "split" in why_stale(workspace, run)


def test_embeddings_of_another_program_in_a_run_are_left_alone(workspace: Workspace) -> None:
    run = Run(workspace.runs / "campus")
    pq.write_table(pq.read_table(run.embeddings).replace_schema_metadata(None), run.embeddings)
    assert why_stale(workspace, run) == ""


def test_the_test_crops_by_every_way_give_the_same_vectors(workspace: Workspace, tmp_path: Path) -> None:
    own = pq.read_table(Run(workspace.runs / "campus").embeddings)
    by_table = embed(workspace, crops=workspace.manifest, out=tmp_path / "a.parquet")
    by_folder = embed(workspace, crops=workspace.root / "images", out=tmp_path / "b.parquet")
    assert by_table.crops == by_folder.crops == 64
    want = dict(zip(own["crop_id"].to_pylist(), matrix(own["embedding"]), strict=True))
    pids = dict(zip(own["crop_id"].to_pylist(), own["pid"].to_pylist(), strict=True))
    table, folder = pq.read_table(by_table.path), pq.read_table(by_folder.path)
    found = dict(zip(table["crop_id"].to_pylist(), matrix(table["embedding"]), strict=True))
    named = dict(zip(folder["crop_id"].to_pylist(), matrix(folder["embedding"]), strict=True))
    for crop, vector in want.items():
        np.testing.assert_allclose(found[crop], vector, atol=1e-5)
        np.testing.assert_allclose(named[f"{crop}.jpg"], vector, atol=1e-5)
    said = dict(zip(table["crop_id"].to_pylist(), table["pid"].to_pylist(), strict=True))
    assert {crop: said[crop] for crop in pids} == pids
    assert set(folder["pid"].to_pylist()) == {-1}


def test_flip_averages_with_the_mirror_image(workspace: Workspace, tmp_path: Path) -> None:
    import cv2

    crops = workspace.root / "images"
    mirrored = tmp_path / "mirrored"
    mirrored.mkdir()
    for file in sorted(crops.glob("*.jpg")):
        cv2.imwrite(str(mirrored / f"{file.stem}.png"), cv2.imread(str(file))[:, ::-1])
    plain, other, flipped = (
        matrix(pq.read_table(embed(workspace, crops=c, out=tmp_path / n, flip=f).path)["embedding"])
        for c, n, f in ((crops, "p.pq", False), (mirrored, "m.pq", False), (crops, "f.pq", True))
    )
    # Resizing a mirrored picture rounds now and then another way, by one grey level.
    np.testing.assert_allclose(flipped, (plain + other) / 2, atol=0.02 * np.abs(plain).max())
    assert np.abs(flipped - plain).max() > 10 * np.abs(flipped - (plain + other) / 2).max()


def test_a_run_embeds_the_people_of_a_frame_for_the_tracker(workspace: Workspace, tmp_path: Path) -> None:
    import cv2

    from agreid_cli.config.extract_crops import EmbedderConfig
    from agreid_cli.stages.video.networks import embedder_of

    chosen, digest = embedder_of(EmbedderConfig(weights="runs/campus"), workspace, "cpu")
    picture = cv2.imread(str(sorted((workspace.root / "images").glob("*.jpg"))[0]))
    frame = np.zeros((100, 120, 3), np.uint8)
    frame[10:74, 20:52] = picture
    got = chosen(np.array([[20, 10, 52, 74], [60, 10, 500, 90]], np.float32), frame)
    (tmp_path / "one").mkdir()
    cv2.imwrite(str(tmp_path / "one" / "a.png"), picture)
    want = matrix(
        pq.read_table(embed(workspace, crops=tmp_path / "one", out=tmp_path / "a.pq").path)["embedding"]
    )
    np.testing.assert_allclose(got[0], want[0] / np.linalg.norm(want[0]), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), 1, atol=1e-5)
    assert chosen(np.zeros((0, 4), np.float32), frame).shape[0] == 0
    assert digest == chosen.sha256  # type: ignore[attr-defined]


def test_what_cannot_be_embedded_is_said(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--out needs --crops"):
        embed(workspace, out=tmp_path / "x.parquet")
    with pytest.raises(MissingError, match="does not exist"):
        embed(workspace, crops=tmp_path / "nowhere")
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="contains no image"):
        embed(workspace, crops=tmp_path / "none")
    (tmp_path / "none" / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match="1 crops cannot be read") as caught:
        embed(workspace, crops=tmp_path / "none", out=tmp_path / "x.parquet")
    assert "broken.jpg" in str(caught.value)
    Run(workspace.runs / "campus").last.unlink()
    with pytest.raises(MissingError, match="has no weights yet"):
        embed(workspace, run="campus")
