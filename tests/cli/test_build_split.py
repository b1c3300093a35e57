"""The output of `agreid build-split`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from tests.support.tables import write_sightings

PEOPLE = [s for pid in (1, 2, 3, 4) for s in ((pid, "uav0", 10), (pid, "cctv3", 4))]


def run(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["build-split", *map(str, words)])
    return done.exit_code, done.stdout, done.stderr


def test_the_counts_are_listed_as_the_paper_lists_them(tmp_path: Path) -> None:
    write_sightings(tmp_path, *PEOPLE, (-1, "cctv3", 5))
    code, out, _ = run("--workspace", tmp_path, "--queries-per-camera", 2)
    assert code == 0
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.strip()}
    assert lines["train"] == ["2", "2", "28"]
    assert lines["test"] == ["2", "2", "28"]
    assert lines["unused"] == ["5"]
    assert lines["query"] == ["4", "4", "8"]
    assert lines["gallery"] == ["16", "4", "20"]
    assert lines["a2g"] == ["4", "4", "0", "4", "2"]
    assert lines["g2a"] == ["4", "4", "0", "16", "2"]
    assert lines["Wrote"] == [str(tmp_path / "split.parquet")]
    code, out, _ = run("--workspace", tmp_path, "--queries-per-camera", 2)
    assert (code, out.splitlines()[-1]) == (0, f"Unchanged: {tmp_path / 'split.parquet'}")


def test_junk_in_the_galleries_is_counted_apart(tmp_path: Path) -> None:
    write_sightings(tmp_path, *PEOPLE, (-1, "cctv3", 5))
    _, out, _ = run("--workspace", tmp_path, "--set", "junk=gallery", "--set", "queries_per_camera=2")
    assert "junk in galleries 5" in " ".join(out.split())
    assert "a2g 4 4 0 4 2" in " ".join(out.split())


def test_json_is_one_object_on_stdout(tmp_path: Path) -> None:
    write_sightings(tmp_path, *PEOPLE)
    code, out, _ = run("--workspace", tmp_path, "--json", "--set", "seed=4")
    found = json.loads(out)
    assert code == 0
    assert found["state"] == "written"
    assert found["config"]["seed"] == 4
    assert found["train_identities"] == found["test_identities"] == 2
    assert [d["direction"] for d in found["directions"]] == ["a2g", "g2a"]
    assert found["directions"][0]["n_valid"] == found["directions"][0]["n_query"] == 12


def test_settings_come_from_the_workspace_s_file(tmp_path: Path) -> None:
    write_sightings(tmp_path, *PEOPLE)
    (tmp_path / "agreid.toml").write_text('[build-split]\nqueries_per_camera = 1\ndirections = ["a2g"]\n')
    code, out, _ = run("--workspace", tmp_path, "--json")
    assert code == 0
    assert [(d["direction"], d["n_query"]) for d in json.loads(out)["directions"]] == [("a2g", 2)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--like", "published"], "agreid import-dataset NAME ROOT"),
        (["--like", "publishd"], "'published'"),
        (["--queries-per-camera", "0"], "greater than or equal to 1"),
        (["--set", "train_fraction=1.5"], "less than 1"),
        (["--set", "sead=1"], "did you mean 'seed'?"),
        (["--set", 'directions=["a2w"]'], "no wearable crops for the gallery"),
    ],
)
def test_a_wrong_word_is_one_sentence_and_exit_1(tmp_path: Path, words: list[str], said: str) -> None:
    write_sightings(tmp_path, *PEOPLE)
    code, out, err = run("--workspace", tmp_path, *words)
    assert (code, out) == (1, "")
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "split.parquet").exists()
