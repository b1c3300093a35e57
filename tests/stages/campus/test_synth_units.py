"""A campus in shards and on a real Ray: the bytes of one call, with and without videos."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.engine import EngineConfig
from agreid_cli.config.synth import SynthConfig
from agreid_cli.errors import AgreidError, UsageError
from agreid_cli.records.locks import locked
from agreid_cli.records.shard import Shard
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.campus.synth import synth
from tests.engine.conftest import ray_engine
from tests.support.tiny import tree

__all__ = ["ray_engine"]  # the fixture, which pytest finds by its name here
SMALL = SynthConfig(identities=4, seed=3, pairs=2, seconds=1, fps=4, every=2, size=0.12, workers=1)


def test_shards_and_a_joining_call_give_the_bytes_of_one_call(tmp_path: Path) -> None:
    synth(Workspace(tmp_path / "whole"), SMALL, truth_only=True)
    parts = Workspace(tmp_path / "parts")
    for number in (2, 1):
        assert synth(parts, SMALL, truth_only=True, shard=Shard(number, 2)).state == "shard"
        done = sorted(path.stem for path in parts.truth.crops("x").parent.glob("*.parquet"))
        assert len(done) == (2 if number == 2 else 4), "every second video"
        assert not parts.manifest.exists()
    joined = synth(parts, SMALL, truth_only=True)
    assert joined.state == "resumed"
    assert tree(parts.root) == tree(tmp_path / "whole")
    assert synth(parts, SMALL, truth_only=True, shard=Shard(1, 2)).state == "unchanged"


def test_a_call_for_all_is_refused_beside_a_shard_and_a_shard_replaces_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    synth(workspace, SMALL, truth_only=True, shard=Shard(1, 2))
    with (
        locked(workspace.truth.root / ".shards" / "2-of-2"),
        pytest.raises(AgreidError, match="shard 2/2 is working on the campus"),
    ):
        synth(workspace, SMALL, truth_only=True)
    with pytest.raises(UsageError, match="exclude each other"):
        synth(workspace, SMALL, truth_only=True, overwrite=True, shard=Shard(1, 2))


def test_a_shard_on_the_command_line(tmp_path: Path) -> None:
    sets = [word for name, value in SMALL.model_dump(exclude={"min_height", "faces"}).items()
            for word in ("--set", f"{name}={value}")]  # fmt: skip
    words = ["synth", "-w", str(tmp_path), "--truth-only", *sets]
    told = CliRunner().invoke(app, [*words, "--shard", "1/2"])
    assert told.exit_code == 0, told.output
    assert "shard 1/2 is done" in told.stdout
    whole = CliRunner().invoke(app, [*words, "--json"])
    assert json.loads(whole.stdout)["state"] == "resumed"


@pytest.mark.slow
@pytest.mark.parametrize("truth_only", [True, False])
def test_a_campus_on_ray_is_as_here(ray_engine: EngineConfig, tmp_path: Path, truth_only: bool) -> None:
    synth(Workspace(tmp_path / "here"), SMALL, truth_only=truth_only)
    there = Workspace(tmp_path / "ray")
    synth(there, SMALL, truth_only=truth_only, engine=ray_engine)
    assert tree(there.root) == tree(tmp_path / "here")
    assert synth(there, SMALL, truth_only=truth_only, engine=ray_engine).state == "unchanged"
