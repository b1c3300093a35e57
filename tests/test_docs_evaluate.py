"""The evaluation guide is correct: its scripts and commands run, and print the output shown."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.records.directions import DIRECTIONS

PAGE = Path(__file__).parent.parent / "assets" / "guide" / "evaluate.md"
FENCE = re.compile(r"```(python|console)\n(.*?)```", re.S)


def blocks(kind: str) -> list[str]:
    return [text for found, text in FENCE.findall(PAGE.read_text(encoding="utf-8")) if found == kind]


def run(command: str) -> str:
    done = CliRunner().invoke(app, command.split()[2:])  # "$ agreid evaluate …"
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_the_scripts_and_commands_run_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for script in blocks("python"):
        subprocess.run([sys.executable, "-c", script], check=True)
    first, worked = blocks("console")
    found = json.loads(run(first.strip()))
    assert found["direction"] == "a2g"
    assert found["n_query"] == found["n_valid"] == 20
    command, _, printed = worked.partition("\n")
    assert [line.rstrip() for line in run(command).splitlines()] == printed.splitlines()


def test_the_first_script_is_at_most_ten_lines() -> None:
    assert len([line for line in blocks("python")[0].splitlines() if line.strip()]) <= 10


def test_the_readme_shows_the_same_script_and_call() -> None:
    readme = (PAGE.parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"```python\n{blocks('python')[0]}```" in readme
    assert blocks("console")[0].removeprefix("$ ") in readme


def test_the_numbers_worked_by_hand() -> None:
    """The page's arithmetic, in fractions, against the percentages that the command prints there."""
    printed = dict(re.findall(r"^(mAP|Rank-1|mINP) % +([\d.]+)$", blocks("console")[1], re.M))
    ap, inverse = ((1 / 3 + 2 / 4) / 2, 1), (2 / 4, 1)
    by_hand = {"mAP": sum(ap) / 2, "Rank-1": 1 / 2, "mINP": sum(inverse) / 2}
    assert printed == {name: f"{100 * value:.2f}" for name, value in by_hand.items()}


def test_every_direction_and_alias_stands_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for row in DIRECTIONS.values():
        assert f"`{row.name}`" in page
    exps = [f"exp{n}" for n in range(1, 7)]
    for alias in (*exps, "cargo-all", "cargo-gg", "cargo-aa", "cargo-ag", "market1501"):
        assert f"`{alias}`" in page
