"""The output of `agreid synth` and `agreid match-truth`."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from agreid_cli.cli.app import app

TINY = ["--identities", "2", "--seconds", "1", "--size", "0.1"]
TINY += [word for value in ("fps=4", "every=2", "pairs=1", "workers=1") for word in ("--set", value)]


def run(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(map(str, words)))
    return done.exit_code, done.stdout, done.stderr


def test_it_names_the_videos_and_the_next_step(tmp_path: Path) -> None:
    code, out, err = run("synth", "--workspace", tmp_path, *TINY)
    assert code == 0
    assert "uav: 4/4 frames" in err
    assert "cctv: 4/4 frames" in err
    assert "2 videos of 2 people (done)" in out
    assert f"Next: agreid extract-crops {tmp_path}/videos/*.mp4 && agreid build-split" in out
    assert 'recipe = "campus"' in (tmp_path / "agreid.toml").read_text()
    code, out, err = run("synth", "--workspace", tmp_path, *TINY)
    assert "(unchanged)" in out
    assert "left unchanged" in err
    code, _, err = run("synth", "--workspace", tmp_path, *TINY, "--seed", "9")
    assert code == 1
    assert "seed: was 0, now 9" in err
    assert "--overwrite" in err
    code, _, err = run("match-truth", "--workspace", tmp_path)
    assert code == 1
    assert "crops.parquet does not exist" in err


def test_json_of_truth_only(tmp_path: Path) -> None:
    code, out, _ = run("synth", "--workspace", tmp_path, *TINY, "--truth-only", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["crops"] > 0
    assert found["videos"] == []
    assert Path(found["manifest"]).is_file()


def test_bad_numbers_and_words(tmp_path: Path) -> None:
    code, _, err = run("synth", "--workspace", tmp_path, "--identities", "0", "--size", "0")
    assert code == 1
    assert "identities" in err
    code, _, err = run("synth", "--workspace", tmp_path, "--like", "ag-reid")
    assert code == 2
    assert "did you mean 'agreid'?" in err
    code, _, err = run("synth", "--workspace", tmp_path, *TINY, "--set", "pair=3")
    assert code == 1
    assert "did you mean 'pairs'?" in err
    assert list(tmp_path.iterdir()) == []
