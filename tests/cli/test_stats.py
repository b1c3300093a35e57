"""The output of `agreid stats`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from tests.support.tables import write_crops, write_manifest, write_sightings


def run(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["stats", *map(str, words)])
    return done.exit_code, done.stdout, done.stderr


def test_table_one_has_this_data_beside_the_published_columns(tmp_path: Path) -> None:
    write_manifest(tmp_path / "campus", n_pids=7, crops_per_pid=2)
    code, out, _ = run("--workspace", tmp_path / "campus")
    assert code == 0
    lines = {line[:11].strip(): line.split() for line in out.splitlines()}
    names = ["campus", "Market-1501", "DukeMTMC", "PRAI-1581", "UAV-Human", "AG-ReID"]
    assert names in [line.split() for line in out.splitlines()]
    assert lines["identities"][1:] == ["7", "1,501", "1,404", "1,581", "1,144", "388"]
    assert lines["images"][1:] == ["28", "32,668", "36,411", "39,461", "41,290", "21,983"]
    assert lines["attributes"][1:] == ["15", "×", "×", "×", "7", "15"]
    assert lines["on images"][2:] == ["28", "×", "×", "×", "22,263", "21,983"]
    assert "21,893, which swaps two digits" in out


def test_several_sources_stand_side_by_side(tmp_path: Path) -> None:
    write_manifest(tmp_path / "one")
    write_crops(tmp_path / "two")
    code, out, err = run(tmp_path / "one", tmp_path / "two")
    assert code == 0
    assert out.splitlines()[1].split()[:2] == ["one", "two"]
    assert "not yet" in out
    assert "two: the persons in these crops have no identities yet" in err


def test_json_holds_the_data_and_the_published_columns(tmp_path: Path) -> None:
    write_sightings(tmp_path, (1, "uav0", 2), (1, "cctv3", 1), (2, "cctv3", 4))
    code, out, _ = run("--workspace", tmp_path, "--json")
    found = json.loads(out)
    assert code == 0
    assert [(d["identities"], d["images"]) for d in found["data"]] == [(2, 7)]
    assert {p["name"]: p["identities"] for p in found["published"]}["AG-ReID"] == 388


@pytest.mark.parametrize("words", [[], ["nothing"]])
def test_nothing_to_count_is_one_sentence(tmp_path: Path, words: list[str]) -> None:
    code, out, err = run("--workspace", tmp_path, *words)
    assert (code, out) == (1, "")
    assert "agreid extract-crops VIDEO" in err
    assert "Traceback" not in err
