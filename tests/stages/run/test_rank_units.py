"""`evaluate` over ranges of the gallery: shards add up to the bytes of one call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agreid_cli.config.evaluate import EvaluateConfig, RerankConfig
from agreid_cli.errors import UsageError
from agreid_cli.records.shard import Shard
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run import rank_units
from agreid_cli.stages.run.evaluate import evaluate
from agreid_cli.stages.run.rank_units import FileRows, mapped_rows


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rng, saved = np.random.default_rng(0), {}
    people = rng.normal(size=(20, 16))
    for side, platform, camid, each in (("query", "uav", 0, 1), ("gallery", "cctv", 3, 5)):
        pid = saved[f"{side}_pid"] = np.repeat(np.arange(20), each)
        saved[f"{side}_f"] = (people[pid] + rng.normal(size=(len(pid), 16))).astype(np.float32)
        saved[f"{side}_camid"] = np.full(len(pid), camid)
        saved[f"{side}_platform"] = np.full(len(pid), platform)
    np.savez(tmp_path / "f.npz", **saved)
    return tmp_path / "f.npz"


def run(file: Path, out: Path, **how: Any) -> Any:
    config = how.pop("config", EvaluateConfig())
    return evaluate(Workspace(out), config=config, files=[file], directions=["a2g"], out=out, **how)


def test_shards_add_up_to_the_bytes_of_one_call(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank_units, "RANGE", 13)
    whole = run(file, tmp_path / "whole")
    for number in (1, 2, 3):
        assert run(file, tmp_path / "out", shard=Shard(number, 3)) == []
        assert not list((tmp_path / "out").glob("*.json"))
    counted: list[int] = []
    real = rank_units.count_range
    monkeypatch.setattr(rank_units, "count_range", lambda *a, **k: counted.append(1) or real(*a, **k))
    joined = run(file, tmp_path / "out")
    assert counted == [], "what the shards counted is not counted again"
    assert joined == whole
    [here], [there] = (list((tmp_path / name).glob("*.json")) for name in ("whole", "out"))
    assert here.read_bytes() == there.read_bytes()
    assert not list((tmp_path / "out").glob(".*")), "the counts are removed"


def test_the_joining_call_counts_what_is_missing(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank_units, "RANGE", 13)
    run(file, tmp_path / "out", shard=Shard(2, 3))
    assert run(file, tmp_path / "out") == run(file, tmp_path / "whole")


def test_re_ranking_is_not_divided(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="without --rerank"):
        run(file, tmp_path / "out", shard=Shard(1, 2), config=EvaluateConfig(rerank=RerankConfig()))


def test_rows_of_a_mapped_file_are_found_where_they_lie(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(60, dtype=np.float16).reshape(20, 3))
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    for part in (mapped, mapped[4:11], mapped[4:11][2:5]):
        found = mapped_rows(part)
        assert isinstance(found, FileRows)
        assert np.array_equal(found.open(), part)
    assert mapped_rows(mapped[::2]) is None
    assert mapped_rows(np.zeros((3, 3))) is None
