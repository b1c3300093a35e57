"""The README's lines for own crops run, on drawn people, from the folder to the score."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from tests.support.people_on_disk import picture

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
#: What makes a training of a few drawn people a matter of seconds.
SMALL = ["--recipe", "campus", "--set", "data.p=4", "--set", "data.k=2", "--set", "schedule.epochs=2"]


@pytest.mark.slow
def test_from_a_folder_of_crops_to_a_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for pid in range(1, 13):
        for platform in ("uav", "cctv"):
            for n in range(3):
                path = tmp_path / "my-crops" / f"person_{pid:03d}" / f"{platform}_{n:03d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), picture(pid, platform, (64, 32), rng))
    block = README.partition("## Your own crops")[2].partition("```sh\n")[2].partition("```")[0]
    lines = re.findall(r"^agreid (.+)$", block, re.M)
    assert len(lines) <= 5
    assert [line.split()[0] for line in lines] == ["import-dataset", "build-split", "train", "evaluate"]
    for line in lines:
        words = line.split()
        done = CliRunner().invoke(app, [*words, *(SMALL if words[0] == "train" else [])])
        assert done.exit_code == 0, done.stderr
    assert "mAP" in done.stdout
