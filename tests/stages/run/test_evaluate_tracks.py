"""`evaluate --level track`: pooled scores, fingerprints, what is named, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.load import build
from agreid_cli.config.report import ReportConfig
from agreid_cli.errors import InputError, MissingError, UsageError
from agreid_cli.metrics.quality import crop_quality
from agreid_cli.records.manifest import manifest_artefact, read_manifest
from agreid_cli.records.ranks import RANKS
from agreid_cli.records.results import RankingResult, read_result
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.report.report import report
from agreid_cli.stages.run.compare import compare
from agreid_cli.stages.run.evaluate import evaluate
from tests.metrics.plain import plain_ranks, squared_distance
from tests.support.embedded import as_npz, drawn, vectors, workspace_with, write_embeddings
from tests.support.heard import Heard
from tests.support.tables import GROUP_SIZES

HOW: dict[str, Any] = {"n_pids": 12, "crops_per_pid": (1, 5), "paired": 0.8, "junk_tracks": 2, "noise": 2.0}


def made(root: Path, seed: int = 0, **how: Any) -> tuple[Workspace, pa.Table, Path]:
    noise = {**HOW, **how}.pop("noise")
    words = {name: value for name, value in {**HOW, **how}.items() if name != "noise"}
    workspace, _ = workspace_with(root, seed, **words)
    table = drawn(seed, noise=noise, **{k: v for k, v in words.items() if k != "directions"})
    return workspace, table, write_embeddings(table, root / "e.parquet")


def score(
    workspace: Workspace, file: Path, pool: str = "mean", metric: str = "cosine", **how: Any
) -> RankingResult:
    config = build(
        EvaluateConfig, {"level": "track", "pool": pool, "metric": metric} | how.pop("set", {}), ""
    )
    return evaluate(workspace, config=config, files=[file], directions=how.pop("directions", ["a2g"]), **how)[
        0
    ]


def change(workspace: Workspace, **columns: Any) -> None:
    """Columns of the manifest, each a function of its values and the table."""
    table = read_manifest(workspace.manifest)
    for name, of in columns.items():
        at = table.column_names.index(name)
        values = [
            of(value, row) for value, row in zip(table[name].to_pylist(), table.to_pylist(), strict=True)
        ]
        table = table.set_column(at, table.field(at), pa.array(values, table.field(at).type))
    manifest_artefact(GROUP_SIZES).write(table, workspace.manifest, {})


def slow(workspace: Workspace, table: pa.Table, pool: str, metric: str) -> tuple[float, float, int]:
    """mAP, Rank-1 and the number of valid queries, a loop over tracks and pairs of crops."""
    rows = {row["crop_id"]: row for row in read_manifest(workspace.manifest).to_pylist()}
    signals = [[rows[c][n] for n in ("score", "in_frame", "sharpness")] for c in table["crop_id"].to_pylist()]
    quality = crop_quality(*np.array(signals, float).T, np.array(table["camid"].to_pylist()))
    tracks: dict[tuple[str, int], list[int]] = {}
    for at, crop in enumerate(table["crop_id"].to_pylist()):
        tracks.setdefault((rows[crop]["video_id"], rows[crop]["track_id"]), []).append(at)
    found, x = [], np.float64(vectors(table))
    for at in tracks.values():
        own = x[at] / np.linalg.norm(x[at], axis=1, keepdims=True) if metric == "cosine" else x[at]
        weight = quality[at] if pool == "weighted" else np.ones(len(at))
        first = rows[table["crop_id"][at[0]].as_py()]
        found.append(
            (first["pid"], first["camid"], x[at], (own * weight[:, None]).sum(axis=0) / weight.sum())
        )
    queries = [one for one in found if one[1] == 0]
    gallery = [one for one in found if one[1] == 3 and one[0] != -1]
    if pool == "best":
        ranks = []
        for pid, _, crops, _ in queries:
            near = [
                (min(squared_distance(a, b, metric) for a in crops for b in other[2]), other[0] == pid)
                for other in gallery
            ]
            hits = [n for n, (_, match) in enumerate(sorted(near), 1) if match and pid != -1]
            ranks.append(hits)
    else:
        ranks = plain_ranks(
            np.array([q[3] for q in queries], np.float32), np.array([g[3] for g in gallery], np.float32),
            [q[0] for q in queries], [g[0] for g in gallery], [0] * len(queries), [3] * len(gallery), metric,
        )  # fmt: skip
    valid = [hits for hits in ranks if hits]
    ap = [np.mean([n / rank for n, rank in enumerate(hits, 1)]) for hits in valid]
    return float(np.mean(ap)), float(np.mean([hits[0] == 1 for hits in valid])), len(valid)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("pool", ["mean", "weighted", "best"])
def test_scores_are_those_of_the_slow_loop(tmp_path: Path, pool: str, metric: str) -> None:
    workspace, table, file = made(tmp_path, 3)
    found = score(workspace, file, pool, metric)
    mAP, rank1, n_valid = slow(workspace, table, pool, metric)
    assert (found.mAP, found.rank(1), found.n_valid) == (pytest.approx(mAP), pytest.approx(rank1), n_valid)
    assert (found.level, found.pool, found.metric) == ("track", pool, metric)
    aerial = sum(camid == 0 for camid in table["camid"].to_pylist())
    assert found.n_query_crops == aerial > found.n_query
    assert read_result(workspace.results / "e-a2g-track.json") == found


def test_tracks_have_fingerprints_of_their_own_and_one_for_all_pools(tmp_path: Path) -> None:
    workspace, _, file = made(tmp_path)
    by_crop = evaluate(workspace, config=EvaluateConfig(), files=[file], directions=["a2g"])[0]
    found = {pool: score(workspace, file, pool) for pool in ("mean", "weighted", "best")}
    [mark] = {result.fingerprint for result in found.values()}
    assert mark != by_crop.fingerprint
    crops = workspace.results / "e-a2g.json"
    with pytest.raises(InputError, match="crops and tracks, so they are not comparable") as caught:
        score(workspace, file, compare_with=crops)
    assert "--level crop" in str(caught.value)
    against = score(
        workspace, file, "best", compare_with=workspace.results / "e-a2g-track.json", set={"ci": True}
    )
    assert against.comparison is not None
    assert against.ci is not None
    change(workspace, track_id=lambda value, row: 99 if row["crop_id"] == "campus-uav-0001-000000" else value)
    assert score(workspace, file).fingerprint != mark  # other crops are pooled


def test_a_split_that_lists_some_crops_of_a_track_pools_all_that_have_a_role(tmp_path: Path) -> None:
    workspace, table, file = made(tmp_path, directions=["all"])
    heard = Heard()
    found = score(workspace, file, directions=["all"], progress=heard)
    assert found.n_query == sum(crop.endswith("000000") for crop in table["crop_id"].to_pylist())
    assert found.n_query_crops == len(table)
    assert any("tracks with crops on both sides (" in note and "junk" in note for note in heard.notes)


def test_odd_tracks_are_counted_and_named(tmp_path: Path) -> None:
    workspace, _, file = made(tmp_path, crops_per_pid=3)
    change(
        workspace,
        pid=lambda value, row: 777 if row["crop_id"] == "campus-uav-0002-000030" else value,
        track_id=lambda value, row: None if row["crop_id"] == "campus-uav-0003-000000" else value,
    )
    heard = Heard()
    found = score(workspace, file, progress=heard)
    said = " ".join(heard.notes)
    assert "1 track with crops of several identities (campus-uav:2)" in said
    assert "crops that belong to no track, each ranked as a track of one crop: 1" in said
    names = set(found.per_query.crop_id)
    assert {"campus-uav:2 pid 2", "campus-uav:2 pid 777", "campus-uav-0003-000000", "campus-uav:3"} <= names
    change(workspace, camid=lambda value, row: 2 if row["crop_id"] == "campus-uav-0005-000000" else value)
    with pytest.raises(InputError, match="1 tracks cannot be pooled") as caught:
        score(workspace, file)
    assert "track campus-uav:5: its crops are of cameras 0 and 2" in str(caught.value)


def test_what_cannot_be_pooled_is_refused(tmp_path: Path) -> None:
    workspace, table, file = made(tmp_path)
    with pytest.raises(MissingError, match="tracks are read from the manifest"):
        score(Workspace(tmp_path / "elsewhere"), file)
    with pytest.raises(UsageError, match="--pool best"):
        score(workspace, file, "best", set={"rerank": "5,3,0.3"})
    assert score(workspace, file, "mean", set={"rerank": "5,3,0.3"}).rerank == "5,3,0.3"
    bare = as_npz(table, tmp_path / "bare.npz", ids=False)
    with pytest.raises(InputError, match="need the crop ids"):
        score(workspace, bare)
    n = (12, 7)
    np.savez(
        tmp_path / "d.npz", distmat=np.zeros(n), query_pid=np.zeros(n[0], int),
        gallery_pid=np.zeros(n[1], int), query_camid=np.zeros(n[0], int), gallery_camid=np.ones(n[1], int),
    )  # fmt: skip
    with pytest.raises(InputError, match="only distances"):
        score(workspace, tmp_path / "d.npz", directions=["all"])
    change(workspace, track_id=lambda value, row: None)
    with pytest.raises(InputError, match="has no tracks: columns track_id") as caught:
        score(workspace, file)
    assert "agreid extract-crops" in str(caught.value)


def test_without_any_quality_the_weighted_mean_is_the_mean_and_that_is_said(tmp_path: Path) -> None:
    workspace, _, file = made(tmp_path)
    nothing = {name: (lambda value, row: None) for name in ("score", "in_frame", "sharpness")}
    change(workspace, **nothing)
    heard = Heard()
    assert score(workspace, file, "weighted", progress=heard).mAP == score(workspace, file, "mean").mAP
    assert any("no crop has a quality" in note for note in heard.notes)


def test_lists_and_worst_queries_name_tracks(tmp_path: Path) -> None:
    workspace, _, file = made(tmp_path)
    for pool in ("weighted", "best"):
        score(workspace, file, pool, save_ranks=tmp_path / "ranks.parquet")
        rows = RANKS.read(tmp_path / "ranks.parquet").to_pylist()
        assert {row["query"].rpartition(":")[0] for row in rows} == {"campus-uav"}
        assert {row["gallery"].rpartition(":")[0] for row in rows} == {"campus-cctv"}


def test_the_report_and_the_comparison_state_the_level(tmp_path: Path) -> None:
    workspace, table, file = made(tmp_path)
    write_embeddings(table, workspace.runs / "bot" / "embeddings.parquet")
    for level in ("crop", "track"):
        evaluate(workspace, config=EvaluateConfig(level=level), run="bot", directions=["a2g"])
    found = report(workspace, config=ReportConfig(), out=tmp_path / "report.html")
    assert found.systems == ("bot", "bot, tracks (weighted mean)")
    text = (tmp_path / "report.html").read_text()
    assert "bot, with the crops of each track pooled" in text
    assert "did not rank the same crops or tracks" in text
    assert "ranked over tracks; the paper ranks crops" in text
    done = compare(
        workspace, systems=["bot", str(file)], config=EvaluateConfig(level="track", rounds=20),
        directions=["a2g"], out=tmp_path / "compare.html",
    )  # fmt: skip
    assert done.rows[1].comparison is not None
    assert "gallery tracks" in (tmp_path / "compare.html").read_text()


def test_the_command(tmp_path: Path) -> None:
    workspace, _, file = made(tmp_path)
    words = ["evaluate", "--workspace", str(tmp_path), "--embeddings", str(file), "--direction", "a2g"]
    wrong = CliRunner().invoke(app, [*words, "--pool", "mean"])
    assert wrong.exit_code == 2
    assert "Add --level track" in wrong.output
    unknown = CliRunner().invoke(app, [*words, "--level", "trac"])
    assert unknown.exit_code == 1
    done = CliRunner().invoke(app, [*words, "--level", "track", "--json"])
    data = json.loads(done.stdout)
    assert (data["level"], data["pool"]) == ("track", "weighted")
    shown = CliRunner().invoke(app, [*words, "--level", "track"])
    assert "track, weighted mean" in " ".join(shown.stdout.split())
    toml = workspace.root / "agreid.toml"
    toml.write_text('[evaluate]\nlevel = "track"\n')
    assert "track, weighted mean" in " ".join(CliRunner().invoke(app, words).stdout.split())
    both = CliRunner().invoke(app, ["evaluate", "--workspace", str(tmp_path), "--explain"])
    assert "--level track cannot be combined with --explain" in " ".join(both.output.split())
