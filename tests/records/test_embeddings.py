"""Embeddings: errors of the artefact, and joining several files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agreid_cli.errors import InputError
from agreid_cli.records.embedding_join import join
from agreid_cli.records.embeddings import Embeddings, Part, embeddings_artefact, matrix, not_finite
from agreid_cli.records.manifest import Known
from tests.support.embedded import drawn, write_embeddings


def part(n: int = 3, *, file: str = "f", first: int = 0, **changed: object) -> Part:
    base = Part(
        file, np.full((n, 2), 1.0 + first, np.float32), crop_id=[f"c{first + i}" for i in range(n)],
        pid=np.arange(n), camid=np.zeros(n, np.int64), platform=["uav"] * n,
    )  # fmt: skip
    return replace(base, **changed)  # type: ignore[arg-type]


def joined(*parts: Part, manifest: dict[str, Known] | None = None, **rest: dict[int, str]) -> Embeddings:
    said: list[str] = []
    return join(parts, manifest=manifest or {}, platform_of_camid=rest.get("platforms", {}), note=said.append)


def faults(*parts: Part, **rest: object) -> str:
    with pytest.raises(InputError) as caught:
        joined(*parts, **rest)  # type: ignore[arg-type]
    return str(caught.value)


def test_the_artefact_reads_back_and_refuses_what_cannot_be_ranked(tmp_path: Path) -> None:
    table = drawn(1)
    back = embeddings_artefact(8).read(write_embeddings(table, tmp_path / "e.parquet"))
    assert back.equals(table.cast(back.schema))
    bad = matrix(table["embedding"]).copy()
    bad[4, 1] = np.nan
    broken = table.set_column(4, "embedding", pa.FixedSizeListArray.from_arrays(pa.array(bad.ravel()), 8))
    with pytest.raises(InputError) as caught:
        write_embeddings(pa.concat_tables([broken, table.slice(0, 1)]), tmp_path / "bad.parquet")
    assert f"crop {table['crop_id'][4]}: its embedding contains NaN" in str(caught.value)
    assert f"crop {table['crop_id'][0]}: occurs more than once" in str(caught.value)
    assert not (tmp_path / "bad.parquet").exists()


def test_large_values_whose_sum_overflows_are_finite() -> None:
    assert not_finite(np.full((4, 3), 3e38, np.float32)) == []
    assert not_finite(np.full((4, 3), 3e39)) == [0, 1, 2, 3]


def test_all_faults_of_all_files_are_named_at_once() -> None:
    nan = np.ones((3, 2), np.float32)
    nan[1] = np.inf
    said = faults(
        part(features=nan),
        part(file="g", first=2, platform=["uav", "drone", "uav"]),
        part(
            file="h", first=9, features=np.ones((3, 5), np.float32), pid=None, role=["query", "probe", None]
        ),
    )
    for fault in (
        "f, row 2 (crop c1): the embedding contains NaN or infinity",
        "crop c2: occurs more than once",
        "g, row 2 (crop c3): 'drone' is not a valid platform",
        "h: its embeddings have 5 values",
        "h: has no pid",
        "h, row 2 (crop c10): 'probe' is not a valid role",
    ):
        assert fault in said


def test_the_manifest_says_who_a_crop_is_also_by_file_name() -> None:
    manifest = {f"c{i}": Known(pid=70 + i, camid=3, platform="cctv") for i in range(3)}
    found = joined(
        part(crop_id=["query/c0.jpg", "query/c1.jpg", "query/x.jpg"], pid=np.array([5, 5, 5])),
        manifest=manifest,
    )
    assert found.pid.tolist() == [70, 71, 5]
    assert found.platform.tolist() == ["cctv", "cctv", "uav"]
    said = faults(part(crop_id=["c0", "c1", "x"], pid=None), manifest=manifest)
    assert "crop x: is not in the manifest, and the file has no pid and camid for it" in said


def test_a_crop_may_stand_on_both_sides_but_not_twice_on_one() -> None:
    query, gallery = part(role=["query"] * 3), part(role=["gallery"] * 3)
    assert len(joined(query, gallery)) == 6
    assert "crop c0: occurs more than once in the gallery" in faults(query, gallery, gallery)


def test_rows_without_ids_get_role_and_number_and_cameras_can_tell_the_platform() -> None:
    query, gallery = (
        part(crop_id=None, platform=None, role=[role] * 3, camid=np.full(3, cam))
        for role, cam in (("query", 0), ("gallery", 3))
    )
    found = joined(query, gallery, platforms={0: "uav", 3: "cctv"})
    assert found.made_ids
    assert found.crop_id.tolist()[2:4] == ["query-2", "gallery-0"]
    assert found.platform.tolist() == ["uav"] * 3 + ["cctv"] * 3


def test_rows_are_taken_as_a_view_where_they_lie_together_and_lazily_from_disk(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "a.npy", rng.normal(size=(5, 2)).astype(np.float32))
    stored = np.load(tmp_path / "a.npy", mmap_mode="r")
    loose = rng.normal(size=(3, 2)).astype(np.float32)
    both = joined(part(5, features=stored), part(3, first=5, features=loose))
    everything = np.concatenate([stored, loose])
    assert isinstance(both.take(np.arange(1, 4)), np.memmap)
    rows = np.array([7, 0, 5, 2])
    picked = both.take(rows)
    assert picked.shape == (4, 2)
    np.testing.assert_array_equal(picked[:], everything[rows])
    np.testing.assert_array_equal(picked[1:3], everything[[0, 5]])
    in_memory = joined(part(3, features=loose)).take(np.array([2, 0]))
    np.testing.assert_array_equal(in_memory, loose[[2, 0]])


def test_one_chunk_is_checked_and_written_without_a_copy(tmp_path: Path) -> None:
    vectors = np.ones((64, 8), np.float32)
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 8)
    assert np.shares_memory(matrix(pa.chunked_array([column])), vectors)
    table = pa.table(
        {"crop_id": [f"c{n}" for n in range(64)], "pid": [0] * 64, "camid": [0] * 64, "embedding": column}
    )
    assert np.shares_memory(matrix(embeddings_artefact(8).conform(table, "e")["embedding"]), vectors)
