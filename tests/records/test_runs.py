"""Runs are found by name in their workspace, and by path anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreid_cli.errors import MissingError
from agreid_cli.records.runs import place_of, run_at
from agreid_cli.records.workspace import Workspace


def test_a_name_is_of_this_workspace_and_a_path_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, other = Workspace(tmp_path / "here"), Workspace(tmp_path / "other")
    for workspace in (here, other):
        (workspace.runs / "bot-vit").mkdir(parents=True)
    (other.runs / "theirs").mkdir()
    for word in ("bot-vit", "runs/bot-vit", str(here.runs / "bot-vit")):
        assert run_at(here, word).root == here.runs / "bot-vit"
        assert place_of(here, run_at(here, word)) == "runs/bot-vit"
    for word in (str(other.runs / "bot-vit"), "../other/runs/bot-vit"):
        found = run_at(here, word)
        assert found.root == (other.runs / "bot-vit").resolve()
        assert run_at(here, place_of(here, found)) == found
    monkeypatch.chdir(tmp_path)
    assert run_at(here, "other/runs/theirs").root == (other.runs / "theirs").resolve()
    for word, said in (
        ("bot-vti", "did you mean 'bot-vit'"),
        ("runs/bot-vti", "did you mean 'bot-vit'"),
        ("/nowhere/runs/bot-vit", "no run at /nowhere/runs/bot-vit"),
        ("theirs", "no run 'theirs'"),
    ):
        with pytest.raises(MissingError, match=said):
            run_at(here, word)
