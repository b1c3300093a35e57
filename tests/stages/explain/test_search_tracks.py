"""`agreid search --level track`: the nearest tracks against a loop over them, and what has no tracks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.explain_pages import SearchConfig
from agreid_cli.config.load import build
from agreid_cli.errors import InputError, MissingError, UsageError
from agreid_cli.metrics.quality import crop_quality
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.search import search
from agreid_cli.stages.explain.search_embeddings import Matches, search_embeddings
from tests.metrics.plain import squared_distance
from tests.support.embedded import drawn, vectors, workspace_with, write_embeddings
from tests.support.streams import copy_of_stream

HOW = {"n_pids": 9, "crops_per_pid": (1, 4)}


@pytest.fixture
def made(tmp_path: Path) -> tuple[Workspace, Path, np.ndarray, list[dict[str, object]]]:
    workspace, _ = workspace_with(tmp_path, 4, **HOW)
    table = drawn(4, **HOW)
    file = write_embeddings(table, tmp_path / "e.parquet")
    return workspace, file, vectors(table), read_manifest(workspace.manifest).to_pylist()


def find(workspace: Workspace, file: Path, pool: str, crop: str, **how: object) -> Matches:
    config = build(SearchConfig, {"level": "track", "pool": pool, "top": 5, "metric": "euclidean"}, "")
    return search_embeddings(workspace, [file], config=config, crop=crop, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("pool", ["mean", "weighted", "best"])
def test_the_nearest_tracks_are_those_of_the_slow_loop(made, pool: str) -> None:  # type: ignore[no-untyped-def]
    workspace, file, x, rows = made
    signals = np.array([[row[n] for n in ("score", "in_frame", "sharpness")] for row in rows], float).T
    quality = crop_quality(*signals, np.array([row["camid"] for row in rows]))
    tracks: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        tracks.setdefault(f"{row['video_id']}:{row['track_id']}", []).append(at)

    def pooled(at: list[int]) -> np.ndarray:
        weight = quality[at] if pool == "weighted" else np.ones(len(at))
        return (np.float64(x[at]) * weight[:, None]).sum(axis=0) / weight.sum()

    own = "campus-uav:3"
    distance = {}
    for name, at in tracks.items():
        if pool == "best":
            found = min(squared_distance(a, b, "euclidean") for a in x[tracks[own]] for b in x[at])
        else:
            found = float(((pooled(tracks[own]) - pooled(at)) ** 2).sum())
        distance[name] = found**0.5
    expected = sorted((d, name) for name, d in distance.items() if name != own)[:5]
    found = find(workspace, file, pool, str(rows[tracks[own][-1]]["crop_id"]))
    assert [answer.track for answer in found.answers] == [name for _, name in expected]
    assert [a.distance for a in found.answers] == pytest.approx([d for d, _ in expected], rel=1e-5)
    assert (found.searched, found.level) == (len(tracks), "track")
    for answer in found.answers:
        assert answer.crops == len(tracks[str(answer.track)])
        assert answer.crop in {rows[at]["crop_id"] for at in tracks[str(answer.track)]}


def test_what_has_no_tracks_is_refused(made, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    workspace, file, _, rows = made
    with pytest.raises(UsageError, match="--index is for crops"):
        find(workspace, file, "mean", str(rows[0]["crop_id"]), index=True)
    with pytest.raises(MissingError, match="tracks are read from the manifest"):
        find(Workspace(tmp_path / "elsewhere"), file, "mean", str(rows[0]["crop_id"]))
    np.save(tmp_path / "other.npy", np.eye(3, dtype=np.float32))
    (tmp_path / "other.csv").write_text("crop_id,camid\nx,0\ny,0\nz,0\n")
    with pytest.raises(InputError, match="none of the searched crops belongs to a track"):
        find(workspace, tmp_path / "other.npy", "mean", "x")


def test_an_explainable_run_finds_tracks_by_description_and_by_image(tmp_path: Path) -> None:
    workspace = copy_of_stream(tmp_path / "stream")
    rows = read_manifest(workspace.manifest).to_pylist()
    config = SearchConfig(top=3, level="track")
    found = search(workspace, config=config, attributes="gender=male", out=tmp_path)
    tracks = {f"{row['video_id']}:{row['track_id']}" for row in rows}
    assert {answer["track"] for answer in found.answers} <= tracks
    scores = [answer["score"] for answer in found.answers]
    assert scores == sorted(scores, reverse=True)
    assert f"of {found.searched} tracks" in found.page.read_text()
    assert found.page.stem.endswith("-tracks")
    image = workspace.root / rows[0]["path"]
    near = search(workspace, config=config, image=image, out=tmp_path)
    assert len(near.answers) == 3
    distances = [answer["track_distance"] for answer in near.answers]
    assert distances == sorted(distances)


def test_the_command(made) -> None:  # type: ignore[no-untyped-def]
    workspace, file, _, rows = made
    words = ["search", "--workspace", str(workspace.root), "--embeddings", str(file), "--crop"]
    words.append(str(rows[0]["crop_id"]))
    done = CliRunner().invoke(app, [*words, "--level", "track"])
    assert done.exit_code == 0, done.output
    assert "tracks searched" in done.output
    data = json.loads(CliRunner().invoke(app, [*words, "--level", "track", "--json"]).stdout)
    assert {"track", "crops"} <= set(data["answers"][0])
    assert "track" not in json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)["answers"][0]
    assert CliRunner().invoke(app, [*words, "--pool", "best"]).exit_code == 2
