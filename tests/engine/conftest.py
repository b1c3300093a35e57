"""One small Ray for the tests of a session; `AGREID_TEST_RAY` names a running one (`auto`, host:port)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from agreid_cli.config.engine import EngineConfig


@pytest.fixture(scope="session")
def ray_engine() -> Iterator[EngineConfig]:
    """The configuration of an engine with two workers."""
    ray = pytest.importorskip("ray")
    from agreid_cli.engine.on_ray import connected

    config = EngineConfig(name="ray", workers=2, address=os.environ.get("AGREID_TEST_RAY", ""))
    with connected(ray, config):
        yield config
