"""The main workflow on a campus without options: videos, crops by the shipped detector, split, score."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.records.crops import CROPS
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.workspace import Workspace

pytestmark = pytest.mark.slow

SMALL = ["--identities", "8", "--seconds", "5", "--size", "0.25", "--seed", "52"]
SMALL += ["--set", "pairs=1", "--set", "fps=10", "--set", "every=5", "--set", "workers=2"]


def agreid(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_bare_commands_take_people_over_from_the_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("trackeval")
    monkeypatch.chdir(tmp_path)
    agreid("synth", *SMALL)
    videos = sorted(str(path) for path in Path("videos").glob("*.mp4"))
    # CCTV frames of this size are no published ones; the names of the videos tell the platform.
    agreid("extract-crops", *videos, "--every", "5", "--save-mot")
    agreid("build-split")
    space = Workspace(tmp_path)
    crops, manifest = CROPS.read(space.crops), read_manifest(space.manifest)
    assert len(videos) == 2
    assert set(crops["platform"].to_pylist()) == {"uav", "cctv"}
    known = [pid for pid in manifest["pid"].to_pylist() if pid >= 0]
    assert len(known) > 0.6 * crops.num_rows, "most crops show somebody"
    assert len(set(known)) >= 4
    scores = json.loads(agreid("score-tracks", "--json"))["scores"]
    assert [one["video"] for one in scores] == [*sorted(Path(v).stem for v in videos), "COMBINED"]
    together = scores[-1]
    assert together["recall"] > 0.4
    assert together["HOTA"] > 0.3
    assert together["switches"] < together["boxes"] / 10
