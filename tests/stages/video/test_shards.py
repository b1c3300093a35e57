"""`extract_crops` in shares: the same bytes as in one call, and who may work beside whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.errors import AgreidError, InputError
from agreid_cli.records.locks import locked
from agreid_cli.records.shard import Shard
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.video import extract_crops as stage
from agreid_cli.stages.video.jobs import Given
from tests.support import tiny

CONFIG = ExtractConfig(every=5)


@pytest.fixture
def videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.setattr(stage, "load_networks", tiny.loader())
    return [tiny.write(tmp_path / f"{name}.avi", tiny.clip(frames)) for name, frames in
            (("a", 12), ("b", 14), ("c", 16))]  # fmt: skip


def run(videos: list[Path], root: Path, shard: Shard | None = None, **how: Any) -> Any:
    how.setdefault("given", Given("cctv"))
    return stage.extract_crops(videos, Workspace(root), config=CONFIG, shard=shard, **how)


def test_shards_and_a_joining_call_give_the_bytes_of_one_call(videos: list[Path], tmp_path: Path) -> None:
    run(videos, tmp_path / "whole")
    first = run(videos, tmp_path / "parts", Shard(1, 2))
    assert [r.video_id for r in first.videos] == ["a", "c"]
    assert not (tmp_path / "parts/crops/crops.parquet").exists()
    assert [r.video_id for r in run(videos, tmp_path / "parts", Shard(2, 2)).videos] == ["b"]
    joined = run(videos, tmp_path / "parts")
    assert joined.skipped == ("a", "b", "c")
    assert tiny.tree(tmp_path / "parts") == tiny.tree(tmp_path / "whole")


def test_a_damaged_video_is_named_and_the_others_of_the_shard_are_kept(
    videos: list[Path], tmp_path: Path
) -> None:
    good = videos[0].read_bytes()
    videos[0].write_bytes(b"RIFF nothing")
    with pytest.raises(InputError, match="1 of 2 videos failed; the others are finished") as caught:
        run(videos, tmp_path / "w", Shard(1, 2))
    assert caught.value.problems[0].where == "a"
    videos[0].write_bytes(good)
    again = run(videos, tmp_path / "w", Shard(1, 2))
    assert again.skipped == ("c",)
    assert {r.video_id for r in again.videos} == {"a", "c"}


def test_shards_of_one_division_work_beside_each_other_and_no_others(
    videos: list[Path], tmp_path: Path
) -> None:
    shards = tmp_path / "w" / "crops" / ".shards"
    free = AgreidError("taken")
    with locked(shards / "2-of-2", free):
        run(videos, tmp_path / "w", Shard(1, 2))
        with pytest.raises(AgreidError, match="shard 2/2 is extracting crops"):
            run(videos, tmp_path / "w")
        with pytest.raises(AgreidError, match="shard 2/2 is extracting crops"):
            run(videos, tmp_path / "w", Shard(1, 3))
        with pytest.raises(AgreidError, match="already"):
            run(videos, tmp_path / "w", Shard(2, 2))
    run(videos, tmp_path / "w")


def test_a_whole_call_keeps_shards_out(
    videos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agreid_cli.stages.run import sharing

    monkeypatch.setattr(sharing, "PATIENCE_S", 0.1)
    with (
        locked(tmp_path / "w" / "crops" / ".lock", AgreidError("taken")),
        pytest.raises(AgreidError, match="another agreid"),
    ):
        run(videos, tmp_path / "w", Shard(1, 2))


def test_one_name_for_two_videos_is_refused_in_every_shard(videos: list[Path], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tiny.write(tmp_path / "other" / "a.avi", tiny.clip(10))
    for number in (1, 2):
        with pytest.raises(InputError, match="the same name: a"):
            run([*videos, other], tmp_path / "w", Shard(number, 2))
