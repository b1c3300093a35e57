"""`extract_crops` and `evaluate` on a real Ray: the bytes of this process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agreid_cli.config.engine import EngineConfig
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.errors import InputError
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run import rank_units
from agreid_cli.stages.run.evaluate import evaluate
from agreid_cli.stages.video.extract_crops import extract_crops
from agreid_cli.stages.video.jobs import Given
from tests.engine.conftest import ray_engine
from tests.support import tiny

pytestmark = pytest.mark.slow
__all__ = ["ray_engine"]  # the fixture, which pytest finds by its name here
CONFIG = ExtractConfig(every=5, detector={"weights": "campus"})


def test_videos_on_ray_are_as_here_and_a_damaged_one_is_named(
    ray_engine: EngineConfig, tmp_path: Path
) -> None:
    videos = [tiny.write(tmp_path / f"v{n}.avi", tiny.clip(10 + n)) for n in range(3)]
    given = Given("cctv")
    extract_crops(videos, Workspace(tmp_path / "here"), config=CONFIG, given=given)
    good = videos[1].read_bytes()
    videos[1].write_bytes(b"RIFF nothing")
    there = Workspace(tmp_path / "ray")
    with pytest.raises(InputError, match="1 of 3 videos failed; the others are finished") as caught:
        extract_crops(videos, there, config=CONFIG, given=given, engine=ray_engine)
    assert caught.value.problems[0].where == "v1"
    videos[1].write_bytes(good)
    again = extract_crops(videos, there, config=CONFIG, given=given, engine=ray_engine)
    assert again.skipped == ("v0", "v2")
    assert tiny.tree(tmp_path / "ray") == tiny.tree(tmp_path / "here")


def test_a_gallery_on_ray_is_ranked_as_here(
    ray_engine: EngineConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank_units, "RANGE", 40)
    rng = np.random.default_rng(3)
    pid = rng.integers(0, 9, 150)
    saved = {"query_f": rng.normal(size=(20, 8)), "gallery_f": rng.normal(size=(150, 8)),
             "query_pid": pid[:20], "gallery_pid": pid, "query_camid": np.zeros(20, int),
             "gallery_camid": np.ones(150, int)}  # fmt: skip
    np.savez(tmp_path / "f.npz", **saved, query_platform=["uav"] * 20, gallery_platform=["cctv"] * 150)
    made = {}
    for name, engine in (("here", EngineConfig()), ("ray", ray_engine)):
        evaluate(
            Workspace(tmp_path), config=EvaluateConfig(), files=[tmp_path / "f.npz"], directions=["a2g"],
            out=tmp_path / name, engine=engine,
        )  # fmt: skip
        [file] = (tmp_path / name).iterdir()
        made[name] = file.read_bytes()
    assert made["ray"] == made["here"]
