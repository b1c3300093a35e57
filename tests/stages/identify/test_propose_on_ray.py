"""`propose-identities` on a real Ray: the files of this process, and videos that failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agreid_cli.config.engine import EngineConfig
from agreid_cli.config.identify import ProposeConfig
from agreid_cli.engine import on_ray
from agreid_cli.errors import InputError
from agreid_cli.records.crops import CROPS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.identify.propose import propose_identities
from tests.engine.conftest import ray_engine
from tests.support.faces import write_pictured

pytestmark = pytest.mark.slow
__all__ = ["ray_engine"]  # the fixture, which pytest finds by its name here


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def propose(workspace: Workspace, engine: EngineConfig) -> dict[str, bytes]:
    propose_identities(workspace, ProposeConfig(), embedder="colour", device="cpu", engine=engine)
    return files(workspace.proposals)


def test_proposals_on_ray_are_as_here(
    ray_engine: EngineConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = (
        write_pictured(tmp_path / name, 3, n_pids=6, crops_per_pid=4) for name in ("here", "there")
    )
    assert propose(there, ray_engine) == propose(here, EngineConfig())
    vectors = [{path.name.rpartition("-")[0]: path.read_bytes() for path in one.cache.glob("tracks/*.npy")}
               for one in (here, there)]  # fmt: skip
    assert vectors[0] == vectors[1]
    assert len(vectors[0]) == 2

    def never(*args: Any, **more: Any) -> Any:
        raise AssertionError("there is nothing left to embed")

    monkeypatch.setattr(on_ray, "run_on_ray", never)
    assert propose(there, ray_engine) == files(here.proposals)


def test_a_video_with_an_unreadable_crop_is_named(ray_engine: EngineConfig, tmp_path: Path) -> None:
    workspace = write_pictured(tmp_path, 3, n_pids=6, crops_per_pid=4)
    row = next(row for row in CROPS.read(workspace.crops).to_pylist() if row["video_id"] == "campus-uav")
    (workspace.crops_dir / row["path"]).write_bytes(b"no image")
    with pytest.raises(InputError, match="1 of 2 videos failed; the others are finished") as caught:
        propose(workspace, ray_engine)
    assert caught.value.problems[0].where == "campus-uav"
    assert len(list(workspace.cache.glob("tracks/campus-cctv-*.npy"))) == 1
