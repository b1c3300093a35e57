"""Embedding in ranges of crops: shards and stopped calls give the bytes of one call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from agreid_cli.errors import InputError
from agreid_cli.records import artefact
from agreid_cli.records.embeddings import matrix
from agreid_cli.records.shard import Shard
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run import embed as embed_module
from agreid_cli.stages.run import embed_units
from agreid_cli.stages.run.embed import embed
from agreid_cli.stages.run.embed_units import How
from agreid_cli.stages.run.pretrained import Pretrained
from tests.support.heard import Heard
from tests.support.people_on_disk import write_people

NETWORK = Pretrained("timm:mobilenetv2_100", None, (64, 32))


@pytest.fixture(autouse=True)
def _small_ranges(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ranges of one batch, and one thread."""
    monkeypatch.setattr(embed_units, "RANGE", 1)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return write_people(tmp_path / "people", n_pids=10, crops_per_pid=8)


def run(workspace: Workspace, out: Path, shard: Shard | None = None, heard: Heard | None = None) -> bytes:
    embed(
        workspace, pretrained=NETWORK, crops=workspace.manifest, out=out, how=How(shard=shard),
        progress=heard or Heard(),
    )  # fmt: skip
    return out.read_bytes() if out.is_file() else b""


def test_shards_and_a_joining_call_give_the_bytes_of_one_call(workspace: Workspace, tmp_path: Path) -> None:
    whole = run(workspace, tmp_path / "whole.parquet")
    out = tmp_path / "e.parquet"
    for number in (1, 2, 3):
        assert run(workspace, out, Shard(number, 3)) == b"", "a shard writes no table"
    heard = Heard()
    assert run(workspace, out, heard=heard) == whole
    assert any("are already embedded" in note for note in heard.notes)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == [], "the ranges are removed"


def test_the_joined_rows_stay_in_files(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []
    real = embed_module.write_embeddings

    def spy(path: Path, columns: object, features: object, marks: object) -> None:
        written.append(features)
        real(path, columns, features, marks)  # type: ignore[arg-type]

    monkeypatch.setattr(embed_module, "write_embeddings", spy)
    monkeypatch.setattr(artefact, "ROWS_A_GROUP", 32)
    run(workspace, tmp_path / "e.parquet")
    assert isinstance(written[0], np.memmap)
    file = pq.ParquetFile(tmp_path / "e.parquet")
    assert file.metadata.num_rows == 160
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [32] * 5
    np.testing.assert_array_equal(matrix(file.read()["embedding"]), written[0])


def test_a_bad_image_spoils_its_range_alone(workspace: Workspace, tmp_path: Path) -> None:
    whole = run(workspace, tmp_path / "whole.parquet")
    image = sorted(workspace.root.rglob("*.jpg"))[0]
    good = image.read_bytes()
    image.write_bytes(b"no image")
    out = tmp_path / "e.parquet"
    with pytest.raises(InputError, match="ranges of crops failed") as caught:
        run(workspace, out)
    assert any(image.name in str(problem) for problem in caught.value.problems)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob(".e.parquet.*/*.npy")}
    assert kept
    image.write_bytes(good)
    seen: list[Path] = []
    real = embed_units.write_bytes

    def counted(path: Path, data: bytes) -> None:
        seen.append(path)
        real(path, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embed_units, "write_bytes", counted)
        assert run(workspace, out) == whole
    assert len(seen) == 1
    assert seen[0] not in kept
