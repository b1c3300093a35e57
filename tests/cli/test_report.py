"""The output of `agreid report`."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from agreid_cli.cli.app import app
from tests.support.reported import add_run, workspace_of

QUICK = ("--set", "rounds=50", "--set", "queries=2")


def agreid(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["report", *map(str, words)])


def test_the_path_the_counts_and_json(tmp_path: Path) -> None:
    add_run(
        workspace_of(tmp_path, n_pids=4, crops_per_pid=1), "run", noise=1, made=1, n_pids=4, crops_per_pid=1
    )
    done = agreid("-w", tmp_path, *QUICK)
    assert done.exit_code == 0, done.stderr
    assert f"{tmp_path / 'report.html'}: run; a2g, g2a; 4 queries with" in done.stdout
    told = agreid("-w", tmp_path, *QUICK, "--worst", "--out", tmp_path / "w.html", "--json")
    found = json.loads(told.stdout)
    assert found["report"] == str(tmp_path / "w.html")
    assert found["bytes"] == (tmp_path / "w.html").stat().st_size
    assert "worst of run first" in (tmp_path / "w.html").read_text()


def test_nothing_to_report_is_one_sentence(tmp_path: Path) -> None:
    done = agreid("-w", tmp_path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "nothing to report" in done.stderr
    assert "agreid evaluate --embeddings FILE" in done.stderr
    assert list(tmp_path.iterdir()) == []
