"""Large Parquet files of embeddings: mapped from a copy, with the values and the errors of small ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agreid_cli.datasets import embedding_stream
from agreid_cli.datasets.embedding_files import read_files
from agreid_cli.errors import InputError

N, D = 40_000, 4  # more than one batch


def write(path: Path, dtype: type = np.float32, hole: bool = False) -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(N, D)).astype(dtype)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), D)
    if hole:
        lists = pa.array([None, *lists[1:].to_pylist()], pa.list_(pa.float32(), D))
    names = [f"c{i}" for i in range(N)]
    pq.write_table(pa.table({"crop_id": names, "pid": np.arange(N), "camid": np.zeros(N, int),
                             "embedding": lists}), path, row_group_size=9_000)  # fmt: skip
    return vectors


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_large_file_is_mapped_and_holds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: type
) -> None:
    vectors = write(tmp_path / "e.parquet", dtype)
    [small] = read_files([tmp_path / "e.parquet"])
    monkeypatch.setattr(embedding_stream, "MAPPED_BYTES", 1)
    [large] = read_files([tmp_path / "e.parquet"])
    assert isinstance(large.features, np.memmap)
    assert not isinstance(small.features, np.memmap)
    assert np.array_equal(large.features, small.features)
    assert np.array_equal(small.features, vectors.astype(small.features.dtype))
    assert large.crop_id == small.crop_id
    assert large.pid is not None
    assert np.array_equal(large.pid, np.arange(N))


def test_an_empty_row_is_an_error_as_in_a_small_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "e.parquet", hole=True)
    monkeypatch.setattr(embedding_stream, "MAPPED_BYTES", 1)
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_files([tmp_path / "e.parquet"])
