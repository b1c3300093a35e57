"""The console if its output goes to a file."""

from __future__ import annotations

import pytest

from agreid_cli.cli.console import Console


def test_a_table_in_a_pipe_is_not_folded_and_words_are_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS")
    names = ["a" * 60, "b" * 60, "[red]c:smile:"]
    Console().table("T", ["x", "y", "z"], [names])
    Console().print("a:smile:[b]")
    out = capsys.readouterr().out.splitlines()
    assert out[2].split() == names
    assert out[3] == "a:smile:[b]"


def test_a_width_that_the_user_gives_is_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    Console().table("T", ["x"], [["a" * 60]])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40
