"""Fixtures for every test: no network, no colour, and real videos if they exist beside the checkout."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.forked import Warm

if "PYTEST_XDIST_WORKER" in os.environ:
    # One process a core already: threads of their own would make each wait for the others.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

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


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """Runs of the command line as processes of their own, quickly."""
    process = Warm(tmp_path_factory.mktemp("streams"))
    yield process
    process.close()
