"""The output of `agreid export-dataset`."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from agreid_cli.cli.app import app
from tests.datasets.trees import build
from tests.support.tables import write_crops


def run(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.stdout, done.stderr


def cargo(root: Path) -> Path:
    build("cargo", "official", root / "data")
    assert run("import-dataset", "cargo", root / "data", "--workspace", root / "ws")[0] == 0
    return root / "ws"


def test_it_says_what_was_written_and_what_the_layout_cannot_tell(tmp_path: Path) -> None:
    out_dir = tmp_path / "out"
    words = (
        "export-dataset",
        "market-1501",
        out_dir,
        "--workspace",
        cargo(tmp_path),
        "--direction",
        "cargo-ag",
    )
    code, out, err = run(*words)
    assert (code, out) == (0, f"{out_dir}: 7 images (market-1501)\n")
    assert "the layout cannot store that in ag the query's own view is junk" in err
    code, _, err = run(*words)
    assert (code, "Add --overwrite" in err) == (1, True)
    code, out, _ = run(*words, "--overwrite", "--link", "hard", "--json")
    found = json.loads(out)
    assert (found["format"], found["images"], found["path"]) == ("market-1501", 7, str(out_dir))
    assert len(found["notes"]) == 2


def test_boxes_are_told_by_their_files(tmp_path: Path) -> None:
    write_crops(tmp_path / "ws")
    code, out, _ = run("export-dataset", "mot", tmp_path / "out", "--workspace", tmp_path / "ws")
    assert code == 0
    listed = "campus-cctv/gt/gt.txt, campus-cctv/seqinfo.ini, campus-uav/gt/gt.txt, 1 more files"
    assert out == f"{tmp_path / 'out'}: {listed} (mot)\n"


def test_mistakes_are_one_readable_error(tmp_path: Path) -> None:
    workspace = cargo(tmp_path)
    out = tmp_path / "out"
    code, _, err = run("export-dataset", "ag-reid", out, "--workspace", workspace)
    assert (code, "camera 13: is a cctv camera" in err) == (1, True)
    code, _, err = run("export-dataset", "market", out, "--workspace", workspace)
    assert (code, "did you mean 'market-1501'?" in err) == (1, True)
    code, _, err = run("export-dataset", "market-1501", out, "--workspace", workspace, "--direction", "b2b")
    assert (code, "unknown direction 'b2b'" in err) == (1, True)
    code, _, err = run("export-dataset", "coco", out, "--workspace", workspace, "--link", "soft")
    assert (code, "'copy', 'hard' or 'symbolic'" in err) == (1, True)
    code, _, err = run("export-dataset", "ag-reid", out, "--workspace", tmp_path / "nothing")
    assert (code, "does not exist" in err) == (1, True)
    assert not out.exists()
