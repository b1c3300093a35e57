"""The output of `agreid import-dataset`."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from agreid_cli.cli.app import app
from tests.datasets.trees import build, jpeg, put


def run(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["import-dataset", *map(str, words)])
    return done.exit_code, done.stdout, done.stderr


def test_every_published_reading_stands_beside_what_was_found(tmp_path: Path) -> None:
    build("ag-reid", "official", tmp_path / "data")
    code, out, err = run("ag-reid", tmp_path / "data", "--workspace", tmp_path / "ws")
    assert code == 0
    text = " ".join(out.split())
    assert "train 3 2 11,554 / 199 -11,551 / -197 paper" in text
    assert "query A→G 2 2 1,701 / 189 -1,699 / -187 paper and README" in text
    assert "1,071 -1,069 counted in the download" in text
    for images, identities in (("3,255", "189"), ("3,225", "185"), ("3,331", "189")):
        assert f"{images} / {identities}" in text
    assert f"{tmp_path / 'ws' / 'manifest.parquet'}: 11 crops of 4 identities" in out
    assert "attributes of 4 identities from qut_attribute_v4_88_attributes.mat" in out
    assert f"{tmp_path / 'ws' / 'split.parquet'}: published roles" in out
    assert "warning: no published count matches the number read for: train, query A→G" in err


def test_counts_that_agree_give_no_warning(tmp_path: Path) -> None:
    for folder in (
        "bounding_box_train",
        "query_all_c3",
        "bounding_box_test_all_c0",
        "bounding_box_test_all_c3",
    ):
        (tmp_path / "data" / folder).mkdir(parents=True)
    for n in range(1071):
        put(tmp_path / "data" / "query_all_c0" / f"P{n:04d}T04041A0C0F31.jpg", jpeg())
    _, out, err = run("ag-reid", tmp_path / "data", "--workspace", tmp_path / "ws")
    assert "1,071 none counted in the download" in " ".join(out.split())
    warned = next(line for line in err.splitlines() if "no published count" in line)
    assert "gallery A→G" in warned
    assert "query A→G" not in warned
    assert "no split was written" in err


def test_json_is_one_object(tmp_path: Path) -> None:
    build("market-1501", "official", tmp_path / "data")
    code, out, _ = run("Market-1501", tmp_path / "data", "--workspace", tmp_path / "ws", "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["dataset"], found["images"], found["distractors"], found["junk"]) == (
        "market-1501",
        12,
        2,
        1,
    )
    train = found["counts"][0]
    assert (train["subset"], train["images"], train["identities"]) == ("train", 3, 2)
    assert train["readings"] == [{"source": "paper", "images": 12936, "identities": 751}]
    assert found["split"] == str(tmp_path / "ws" / "split.parquet")


def test_mistakes_are_one_readable_error(tmp_path: Path) -> None:
    build("ag-reid", "official", tmp_path / "in" / "AG-ReID")
    code, _, err = run("ag-ried", tmp_path)
    assert (code, "did you mean 'ag-reid'?" in err, "cargo" in err) == (1, True, True)
    code, _, err = run("ag-reid", tmp_path / "in", "--workspace", tmp_path / "ws")
    assert code == 1
    assert f"agreid import-dataset ag-reid '{tmp_path / 'in' / 'AG-ReID'}'" in err
    assert "bounding_box_train: is missing" in err
    code, _, err = run("ag-reid-v2", tmp_path / "in" / "AG-ReID", "--workspace", tmp_path / "ws")
    assert (code, "It looks like ag-reid" in err) == (1, True)
    code, _, err = run("ag-reid", tmp_path, "--set", "thraeds=2")
    assert (code, "did you mean 'threads'?" in err) == (1, True)


def test_bad_files_can_be_left_out(tmp_path: Path) -> None:
    build("cargo", "official", tmp_path / "data")
    put(tmp_path / "data" / "query" / "Cam2" / "Cam2_dusk_2519_320.jpg", jpeg())
    code, _, err = run("cargo", tmp_path / "data", "--workspace", tmp_path / "ws")
    assert code == 1
    assert "query/Cam2/Cam2_dusk_2519_320.jpg: is not named like Cam2_day_2519_320.jpg" in err
    assert "1 file cannot be read" in err
    code, _, err = run("cargo", tmp_path / "data", "--workspace", tmp_path / "ws", "--skip-bad")
    assert (code, "1 file left out" in err) == (0, True)
