"""The data set guide is correct: its commands run, and its table lists every set, folder and format."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.datasets import DATASETS, FORMATS, dataset
from agreid_cli.records.directions import DIRECTIONS
from tests.datasets.trees import build

PAGE = (Path(__file__).parent.parent / "assets" / "guide" / "datasets.md").read_text(encoding="utf-8")
ROWS = [
    re.findall(r"`([^`]+)`", cell)
    for line in PAGE.splitlines()
    if line[:3] == "| `"
    for cell in line.split("|")
]
WORDS = {word for cell in ROWS for word in cell}


def test_the_commands_run_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    build("ag-reid", "official", tmp_path / "AG-ReID")
    commands = re.findall(r"^\$ agreid (.*)$", PAGE, re.M)
    assert len(commands) == 3
    for command in commands:
        done = CliRunner().invoke(app, command.split())
        assert done.exit_code == 0, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["AG-ReID", "campus", "exported", "exported-market"]


def test_every_data_set_folder_and_format_is_named() -> None:
    assert set(DATASETS) | set(FORMATS) <= WORDS
    for name in DATASETS:
        for layout in dataset(name).layouts:
            assert set(layout.folders) <= WORDS, layout.name
            told = {s.role.partition(":")[2] for s in layout.subsets} - {""}
            assert told <= WORDS & set(DIRECTIONS)
