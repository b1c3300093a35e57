from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agreid_cli.attributes.mat import read_mat
from agreid_cli.attributes.official import official_codebook
from agreid_cli.cli.app import app
from tests.support.annotations import annotated
from tests.support.tables import write_crops, write_manifest


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["build-manifest", *map(str, words)])


def test_the_answer_in_words_and_as_json(tmp_path: Path) -> None:
    annotated(tmp_path, 1, n_pids=4, junk_tracks=1, junk_from=5)
    done = run("-w", tmp_path)
    assert done.exit_code == 0
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "crops 30" in lines
    assert "identities 4" in lines
    assert "junk crops (pid -1) 6" in lines
    assert any(line.startswith("Identities per bit (15 groups, 88 bits, codebook ") for line in lines)
    done = run("-w", tmp_path, "--json")
    answer = json.loads(done.stdout)
    assert (answer["n_crops"], answer["n_identities"], answer["n_bits"]) == (30, 4, 88)
    assert len(answer["bits"]) == 88
    assert answer["bits"][0].keys() == {"bit", "group", "label", "identities"}
    assert sum(bit["identities"] for bit in answer["bits"]) == 4 * 15
    assert answer["codebook"] == official_codebook().hash


def test_groups_are_left_out_by_flag_and_by_file(tmp_path: Path) -> None:
    annotated(tmp_path, 1)
    (tmp_path / "agreid.toml").write_text(
        '[build-manifest]\nexclude = ["bag"]\n[build-manifest.age_fold]\n"0-11" = "old"\n'
    )
    assert json.loads(run("-w", tmp_path, "--json").stdout)["n_bits"] == 79
    assert json.loads(run("-w", tmp_path, "--json", "--exclude", "ethnic, age").stdout)["n_bits"] == 79
    assert json.loads(run("-w", tmp_path, "--json", "--exclude", "").stdout)["n_bits"] == 88
    wrong = run("-w", tmp_path, "--exclude", "etnic")
    assert wrong.exit_code == 1
    assert "did you mean 'ethnic'" in wrong.stderr


def test_wrong_rows_end_in_words_and_exit_one(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, 1)
    with open(workspace.attributes, "a") as handle:
        handle.write("9,mael" + ",0" * 14 + "\n")
    done = run("-w", tmp_path)
    assert done.exit_code == 1
    assert (
        "attributes.csv, line 8, column gender: 'mael' is not a valid label; did you mean 'male'?"
        in done.stderr
    )
    assert done.stdout == ""
    error = json.loads(run("-w", tmp_path, "--json").stderr)["error"]
    assert error["problems"][0]["where"] == "attributes.csv, line 8, column gender"


def test_the_template_says_what_to_do(tmp_path: Path) -> None:
    workspace = write_crops(tmp_path, 1)
    done = run("-w", tmp_path, "--template")
    assert done.exit_code == 0
    assert "identities.csv: 12 rows" in done.stdout
    assert "0=Normal_glasses, 1=Sunglasses" in done.stdout
    answer = json.loads(run("-w", tmp_path, "--template", "--json").stdout)
    assert answer["written"] == {str(workspace.identities): 12, str(workspace.attributes): 0}
    assert len(answer["labels"]) == 15


@pytest.mark.parametrize("imported", [False, True])
def test_the_official_mat_is_written_from_annotations_and_from_imported_data(
    tmp_path: Path, imported: bool
) -> None:
    if imported:
        write_manifest(tmp_path, 1)
    else:
        annotated(tmp_path, 1)
    done = run("-w", tmp_path, "--write-mat", tmp_path / "a.mat", "--json")
    assert json.loads(done.stdout)["mat"] == {"path": str(tmp_path / "a.mat"), "n_train": 6, "n_test": 0}
    assert len(read_mat(tmp_path / "a.mat", official_codebook()).train) == 6
