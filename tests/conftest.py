"""Fixtures for every test: no network, no colour, and the real videos where they lie beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same words on every machine: no colour, wide lines, no workspace from the environment."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("AGREID_WORKSPACE", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real videos and weights; the test is skipped where it is absent."""
    if not (SHARED / "videos").is_dir():
        pytest.skip("the real videos are not here")
    return SHARED
