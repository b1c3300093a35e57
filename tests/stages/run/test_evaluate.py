"""`evaluate`: scores, crops, output files, and errors before any work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.import_dataset import ImportConfig
from agreid_cli.config.load import build as build_config
from agreid_cli.errors import InputError, MissingError, UsageError
from agreid_cli.metrics import scoring
from agreid_cli.records.results import RankingResult, read_result
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.data.import_dataset import import_dataset
from agreid_cli.stages.run.evaluate import evaluate
from tests.datasets.trees import build
from tests.support.embedded import as_npz, drawn, slow_score, vectors, workspace_with, write_embeddings

EUCLIDEAN = EvaluateConfig(metric="euclidean")
HOW: dict[str, Any] = {"crops_per_pid": (1, 4), "paired": 0.7, "junk_tracks": 2}


def score(
    root: Path | Workspace, *files: Path, config: EvaluateConfig = EUCLIDEAN, **how: Any
) -> list[RankingResult]:
    workspace = root if isinstance(root, Workspace) else Workspace(root)
    return evaluate(workspace, config=config, files=files, **how)


def slow(table: pa.Table, query_camid: int) -> tuple[float, float, float, int]:
    pid, camid = (np.array(table[name].to_pylist()) for name in ("pid", "camid"))
    asks = camid == query_camid
    return slow_score(
        vectors(table)[asks], vectors(table)[~asks], (pid[asks], pid[~asks]), (camid[asks], camid[~asks])
    )


def write_run(workspace: Workspace, name: str, table: pa.Table, *, age_s: int = 0) -> Path:
    path = write_embeddings(table, workspace.runs / name / "embeddings.parquet")
    os.utime(path, (path.stat().st_mtime - age_s,) * 2)
    return path


@pytest.mark.parametrize("seed", range(3))
def test_a_run_scores_what_the_slow_loop_scores_in_both_directions(tmp_path: Path, seed: int) -> None:
    workspace, table = workspace_with(tmp_path, seed, **HOW)
    write_run(workspace, "bot", table)
    both = score(workspace)
    assert [r.direction for r in both] == ["a2g", "g2a"]
    for result, camid in zip(both, (0, 3), strict=True):
        mAP, rank1, mINP, n_valid = slow(table, camid)
        assert (result.mAP, result.rank(1), result.mINP) == pytest.approx((mAP, rank1, mINP), abs=1e-6)
        assert result.n_valid == n_valid
        assert result.n_query == result.n_valid + result.n_dropped
        assert (result.roles, result.source, result.made_ids) == ("split", "runs/bot", False)
        assert read_result(workspace.runs / "bot" / "eval" / f"{result.direction}.json") == result


def test_the_same_crops_have_one_fingerprint_whatever_the_file(tmp_path: Path) -> None:
    workspace, table = workspace_with(tmp_path / "w", **HOW)
    shuffled = table.take(np.random.default_rng(0).permutation(table.num_rows))
    np.save(tmp_path / "dump.npy", vectors(table))
    pq.write_table(table, tmp_path / "plain.parquet")
    rows = zip(*(table[name].to_pylist() for name in ("crop_id", "pid", "camid", "platform")), strict=True)
    lines = ["crop_id,pid,camid,platform", *(",".join(map(str, row)) for row in rows)]
    (tmp_path / "dump.csv").write_text("\n".join(lines))
    files = [
        write_embeddings(table, tmp_path / "a.parquet"),
        write_embeddings(shuffled, tmp_path / "b.parquet"),
        as_npz(table, tmp_path / "c.npz"),
        as_npz(table, tmp_path / "d.npz", query_pid=None, gallery_camid=None),  # the manifest knows
        tmp_path / "dump.npy",
        tmp_path / "plain.parquet",
    ]
    found = [score(workspace, file, directions=["a2g"])[0] for file in files]
    assert len({r.fingerprint for r in found}) == 1
    assert {r.roles for r in found} == {"split"}
    np.testing.assert_allclose([r.mAP for r in found], found[0].mAP, atol=1e-12)
    elsewhere = Workspace(tmp_path / "empty")
    by_file = score(elsewhere, files[2], directions=["a2g"])[0]
    by_platform = score(elsewhere, files[0], directions=["a2g"])[0]
    assert (by_file.roles, by_platform.roles) == ("file", "platforms")
    assert by_file.fingerprint == by_platform.fingerprint == found[0].fingerprint


def test_rows_without_ids_have_another_fingerprint_and_say_so(tmp_path: Path) -> None:
    table = drawn(1)
    named, bare = (as_npz(table, tmp_path / f"{ids}.npz", ids=ids) for ids in (True, False))
    one, two = (score(tmp_path, file, directions=["a2g"])[0] for file in (named, bare))
    assert (one.made_ids, two.made_ids) == (False, True)
    assert one.mAP == two.mAP
    assert one.fingerprint != two.fingerprint
    assert (tmp_path / "results" / "True-a2g.json").is_file()


def test_a_split_of_other_crops_is_not_used_unless_asked_for(tmp_path: Path) -> None:
    workspace, _ = workspace_with(tmp_path)
    others = drawn(0, n_pids=3, first_pid=50)
    file = write_embeddings(others, tmp_path / "o.parquet")
    assert score(workspace, file, directions=["a2g"])[0].roles == "platforms"
    forced = EvaluateConfig(metric="euclidean", roles="split")
    with pytest.raises(InputError, match="of the split have no embedding") as caught:
        score(workspace, file, config=forced, directions=["a2g"])
    assert "query, no embedding" in str(caught.value)


def test_crops_of_the_split_without_embedding_are_listed(tmp_path: Path) -> None:
    workspace, table = workspace_with(tmp_path)
    file = write_embeddings(table.slice(2), tmp_path / "part.parquet")
    with pytest.raises(InputError, match="crops of the split have no embedding") as caught:
        score(workspace, file, directions=["a2g"])
    assert f"crop {table['crop_id'][0]}: " in str(caught.value)
    from_file = EvaluateConfig(roles="file")
    assert score(workspace, file, config=from_file, directions=["a2g"])[0].roles == "platforms"


def test_named_protocols_and_the_default_direction(tmp_path: Path) -> None:
    workspace, table = workspace_with(tmp_path, directions=["all"], **HOW)
    file = write_embeddings(table, tmp_path / "e.parquet")
    by_name = {
        name: score(workspace, file, directions=[name])[0] for name in ("cargo-all", "cargo-ag", "exp1")
    }
    assert [r.direction for r in by_name.values()] == ["all", "ag", "a2g"]
    assert by_name["cargo-all"].n_gallery == by_name["cargo-ag"].n_gallery > by_name["exp1"].n_gallery
    assert len({r.fingerprint for r in by_name.values()}) == 3
    bare = as_npz(table, tmp_path / "bare.npz", ids=False, query_platform=None, gallery_platform=None)
    assert [r.direction for r in score(tmp_path / "x", bare)] == ["all"]
    told = EvaluateConfig(platform_of_camid={0: "uav", 3: "cctv"})
    assert [r.direction for r in score(tmp_path / "x", bare, config=told)] == ["a2g"]
    with pytest.raises(InputError, match="did you mean"):
        score(workspace, file, directions=["a2gg"])


def test_the_newest_run_is_ranked_and_another_on_request(tmp_path: Path) -> None:
    workspace, table = workspace_with(tmp_path)
    with pytest.raises(MissingError, match="there is no run"):
        score(workspace)
    write_run(workspace, "old", table, age_s=100)
    write_run(workspace, "new", table)
    assert score(workspace, directions=["a2g"])[0].source == "runs/new"
    assert score(workspace, run="old", directions=["a2g"])[0].source == "runs/old"
    with pytest.raises(MissingError, match="did you mean 'old'"):
        score(workspace, run="odl")
    (workspace.runs / "new" / "embeddings.parquet").unlink()
    with pytest.raises(MissingError, match="'new' has no embeddings"):
        score(workspace, run="new")


def test_compare_needs_the_same_crops_and_pairs_the_queries(tmp_path: Path) -> None:
    workspace, table = workspace_with(tmp_path, n_pids=12)
    better = drawn(0, noise=0.1, n_pids=12)
    order = np.random.default_rng(1).permutation(table.num_rows)
    write_run(workspace, "base", drawn(0, noise=3, n_pids=12).take(order))
    [base] = score(workspace, directions=["a2g"])
    path = workspace.runs / "base" / "eval" / "a2g.json"
    file = write_embeddings(better, tmp_path / "better.parquet")
    [result] = score(workspace, file, compare_with=path)
    assert result.direction == "a2g", "the direction of the other"
    found = result.comparison
    assert found is not None
    assert found.mAP == pytest.approx(result.mAP - base.mAP, abs=1e-12)
    assert found.rank1 == pytest.approx(result.rank(1) - base.rank(1), abs=1e-12)
    assert 0 < found.mAP_interval[0] <= found.mAP <= found.mAP_interval[1]
    [same] = score(workspace, run="base", compare_with=path)
    assert same.comparison is not None
    assert (same.comparison.mAP, same.comparison.mAP_interval, same.comparison.mAP_share) == (0, (0, 0), 1)
    with pytest.raises(UsageError, match="one direction"):
        score(workspace, compare_with=path, directions=["both"])


def test_compare_refuses_other_crops_before_ranking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, table = workspace_with(tmp_path)
    file = write_embeddings(table, tmp_path / "e.parquet")
    [a2g, g2a] = score(workspace, file, directions=["both"])
    monkeypatch.setattr(scoring, "rank", None)
    with pytest.raises(InputError, match="not comparable") as caught:
        score(workspace, file, directions=["g2a"], compare_with=tmp_path / "results" / "e-a2g.json")
    assert a2g.fingerprint in str(caught.value)
    assert g2a.fingerprint in str(caught.value)


def test_intervals_hold_the_score_and_repeat(tmp_path: Path) -> None:
    file = write_embeddings(drawn(5, n_pids=20, noise=2), tmp_path / "e.parquet")
    config = EvaluateConfig(ci=True, rounds=200)
    [first], [second] = (score(tmp_path, file, config=config, directions=["a2g"]) for _ in range(2))
    assert first == second
    assert first.ci is not None
    assert first.ci.mAP[0] < first.mAP < first.ci.mAP[1]
    assert first.ci.n_identities == 20


def test_saved_ranks_tell_the_same_first_hits(tmp_path: Path) -> None:
    table = drawn(7, **HOW, noise=2)
    file = write_embeddings(table, tmp_path / "e.parquet")
    results = score(tmp_path, file, directions=["both"], save_ranks=tmp_path / "r.parquet")
    ranks = pq.read_table(tmp_path / "r.parquet").to_pandas()
    pid = dict(zip(table["crop_id"].to_pylist(), table["pid"].to_pylist(), strict=True))
    assert (ranks["match"] == (ranks["query"].map(pid) == ranks["gallery"].map(pid))).all()
    assert -1 not in set(ranks["gallery"].map(pid))
    for result in results:
        mine = ranks[ranks["direction"] == result.direction]
        first = mine[mine["match"]].groupby("query")["rank"].min()
        assert [first.get(crop) for crop in result.per_query.crop_id] == list(result.per_query.first_hit)
    with pytest.raises(UsageError, match="would overwrite"):
        score(tmp_path, file, save_ranks=file)


def test_steps_of_the_progress_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_embeddings(drawn(4, **HOW), tmp_path / "e.parquet")
    whole = score(tmp_path, file, directions=["a2g"])
    small = EvaluateConfig(metric="euclidean", block_query=1, block_gallery=3)
    monkeypatch.setattr(scoring, "LEAST_A_STEP", 2)
    assert score(tmp_path, file, config=small, directions=["a2g"]) == whole


def test_reranking_is_recorded_and_with_lambda_1_changes_nothing(tmp_path: Path) -> None:
    file = write_embeddings(drawn(6, **HOW, n_pids=12, noise=1.5), tmp_path / "e.parquet")
    settings = {"metric": "euclidean", "top_k": 5}
    plain, idle, changed = (
        score(
            tmp_path, file, config=build_config(EvaluateConfig, {**settings, **rerank}, "test"),
            directions=["a2g"], save_ranks=tmp_path / f"{len(rerank)}.parquet",
        )[0]
        for rerank in ({}, {"rerank": "5,3,1"}, {"rerank": "5,3,0.3"})
    )  # fmt: skip
    assert (plain.rerank, idle.rerank, changed.rerank) == ("", "5,3,1", "5,3,0.3")
    assert plain.per_query == idle.per_query
    assert plain.per_query.average_precision != changed.per_query.average_precision
    assert plain.fingerprint == changed.fingerprint
    ranks = pq.read_table(tmp_path / "1.parquet").to_pandas()
    first = ranks[ranks["match"]].groupby("query")["rank"].min()
    queries = zip(changed.per_query.crop_id, changed.per_query.first_hit, strict=True)
    assert {crop: hit for crop, hit in queries if hit and hit <= 5} == first.to_dict()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    table = drawn(1)
    file = tmp_path / "e.parquet"
    pq.write_table(table.replace_schema_metadata({"agreid.schema": "embeddings/9"}), file)
    with pytest.raises(InputError, match="Upgrade agreid"):
        score(tmp_path, file)
    workspace, table = workspace_with(tmp_path)
    write_embeddings(table, file)
    for path in (workspace.manifest, workspace.split):
        name = path.stem
        kept = path.read_bytes()
        newer = pq.read_table(path).replace_schema_metadata({"agreid.schema": f"{name}/9"})
        pq.write_table(newer, path)
        with pytest.raises(InputError, match=f"{name}/9"):
            score(workspace, file)
        path.write_bytes(kept)


@pytest.mark.parametrize(
    ("name", "layout", "direction", "counts"),
    [
        ("cargo", "official", "cargo-all", (2, 2, 3, 0)),
        ("cargo", "official", "cargo-ag", (2, 2, 3, 0)),
        ("cargo", "official", "cargo-gg", (1, 1, 2, 0)),
        ("cargo", "official", "cargo-aa", (1, 1, 1, 0)),
        ("market-1501", "official", "market1501", (2, 2, 6, 1)),
        ("ag-reid", "official", "g2a", (2, 2, 2, 0)),
        ("ag-reid-v2", "as downloaded", "exp5", (1, 1, 1, 0)),
        ("ag-reid-v2", "as downloaded", "all", (4, 4, 4, 0)),
        ("ag-reid-v2", "Kaggle 2023", "exp3", (1, 1, 3, 0)),
    ],
)
def test_the_protocols_of_public_data_sets_over_paths_of_their_images(
    tmp_path: Path, name: str, layout: str, direction: str, counts: tuple[int, int, int, int]
) -> None:
    tree = build(name, layout, tmp_path / "data")
    workspace = Workspace(tmp_path / "w")
    import_dataset(workspace, name, tmp_path / "data", ImportConfig(threads=1))
    paths = [f"/elsewhere/{path}" for path in tree]
    features = np.random.default_rng(0).normal(size=(len(paths), 4))
    np.savez(tmp_path / "dump.npz", features=features, img_paths=paths)
    [found] = score(workspace, tmp_path / "dump.npz", directions=[direction])
    assert (found.n_query, found.n_valid, found.n_gallery, found.n_junk) == counts
    assert found.roles == "split"
