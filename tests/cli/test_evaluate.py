"""`agreid evaluate`: its output and exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from agreid_cli.cli.app import app
from tests.support.embedded import as_npz, drawn, vectors, workspace_with, write_embeddings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def agreid(*words: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", *words])


def test_json_is_one_object_a_direction_and_nothing_else(here: Path) -> None:
    workspace_with(here)
    write_embeddings(drawn(0), here / "e.parquet")
    done = agreid("--embeddings", "e.parquet", "--direction", "both", "--json")
    assert done.exit_code == 0, done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["direction"], second["direction"]) == ("a2g", "g2a")
    asked = {"mAP", "mINP", "rank1", "rank5", "rank10", "n_query", "n_valid", "n_gallery", "fingerprint"}
    assert asked <= set(first)
    assert 0 < first["mAP"] <= 1


def test_every_score_stands_beside_what_it_is_over(here: Path) -> None:
    as_npz(drawn(3, paired=0.5), here / "dump.npz")
    done = agreid("--embeddings", "dump.npz", "--ci", "--worst", "2", "--metric", "euclidean", "-w", ".")
    assert done.exit_code == 0, done.stderr
    result = json.loads((here / "results" / "dump-a2g.json").read_text())
    lines = {
        line.rsplit(maxsplit=1)[0].strip(): line.split()[-1] for line in done.stdout.splitlines() if line
    }
    for name in ("n_query", "n_valid", "n_dropped", "n_gallery", "metric", "fingerprint"):
        assert lines[name] == str(result[name])
    assert f"{100 * result['mAP']:.2f} [" in done.stdout
    assert f"excluded queries without a true match: {result['n_dropped']} of" in done.stdout
    assert "95% CI, 1,000 bootstrap resamples" in done.stdout
    assert "Worst queries of a2g" in done.stdout
    assert "written to results" in done.stderr


def test_several_files_may_follow_one_flag(here: Path) -> None:
    table = drawn(2)
    asks = np.array(table["platform"].to_pylist()) == "uav"
    for side, rows in (("query", asks), ("gallery", ~asks)):
        np.save(here / f"my_{side}.npy", vectors(table)[rows])
        some = table.filter(rows.tolist()).to_pylist()
        lines = [f"{row['crop_id']},{row['pid']},{row['camid']},{row['platform']}" for row in some]
        (here / f"my_{side}.csv").write_text("\n".join(["crop_id,pid,camid,platform", *lines]))
    done = agreid(
        "--embeddings", "my_query.npy", "my_gallery.npy", "--direction", "a2g", "--out", "kept", "--json"
    )
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["roles"] == "file"
    assert (here / "kept" / "my_query+my_gallery-a2g.json").is_file()
    assert not (here / "results").exists()


def test_outside_a_workspace_results_are_printed_and_nothing_is_written(here: Path) -> None:
    write_embeddings(drawn(0), here / "e.parquet")
    done = agreid("--embeddings", "e.parquet")
    assert done.exit_code == 0, done.stderr
    assert "mAP" in done.stdout
    assert "written to" not in done.stderr
    assert [path.name for path in here.iterdir()] == ["e.parquet"]
    workspace_with(here)
    assert agreid("--embeddings", "e.parquet").exit_code == 0
    assert (here / "results" / "e-a2g.json").is_file()
    refused = agreid("--out", "kept", "-w", ".")
    assert (refused.exit_code, "--out needs --embeddings" in refused.stderr) == (2, True)


def test_compare_prints_the_difference_or_both_fingerprints(here: Path) -> None:
    for name, noise in (("a", 3.0), ("b", 0.1)):
        write_embeddings(drawn(0, n_pids=12, noise=noise), here / f"{name}.parquet")
    agreid("--embeddings", "a.parquet", "--workspace", ".")
    done = agreid("--embeddings", "b.parquet", "--compare", "results/a-a2g.json")
    assert done.exit_code == 0, done.stderr
    assert "a2g: difference to results/a-a2g.json, over the same 36 queries" in done.stdout
    assert "p < 0.002: significant" in done.stdout
    refused = agreid("--embeddings", "b.parquet", "-d", "g2a", "--compare", "results/a-a2g.json")
    assert refused.exit_code == 1
    assert refused.stderr.count("fingerprint") == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--embeddings", "gone.npz"], 1, "gone.npz does not exist"),
        (["--embeddings", "e.parquet", "-d", "w2a"], 1, "Directions that can be ranked here: a2g, g2a"),
        (["--embeddings", "e.parquet", "-d", "g2b"], 1, "did you mean"),
        (["--embeddings", "e.parquet", "--metric", "l2"], 1, "metric"),
        (["--embeddings", "e.parquet", "--rerank", "20"], 1, "three numbers"),
        (["--embeddings", "e.parquet", "--set", "seeds=1"], 1, "did you mean 'seed'"),
        (["--embeddings", "e.parquet", "--run", "x"], 2, "exclude each other"),
        (["e.parquet"], 2, "--embeddings e.parquet"),
        (["--explain", "--shard", "1/2"], 2, "--shard cannot be combined with --explain"),
        (["--explain", "--engine", "ray"], 2, "--engine cannot be combined with --explain"),
        ([], 1, "agreid evaluate --embeddings FILE"),
    ],
)
def test_a_mistake_is_one_error_and_leaves_nothing(
    here: Path, words: list[str], code: int, said: str
) -> None:
    write_embeddings(drawn(0), here / "e.parquet")
    done = agreid(*words)
    assert (done.exit_code, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert os.listdir(here) == ["e.parquet"]
