"""Embeddings of a large Parquet file: copied to a mapped file, batch by batch."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

#: Bytes of vectors from which they are mapped and not held in memory.
MAPPED_BYTES = 1 << 30
_ROWS_A_BATCH = 16_384


def mapped_vectors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The vectors of each large column of fixed-size lists, by its name; (rows, D), mapped, and read-only.

    The copy is in the folder for temporary files (`TMPDIR`) and is deleted with the process. Double precision
    becomes single, as in small files. Columns with empty rows are left to the reader of small files.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: dict[str, npt.NDArray[Any]] = {}
    try:
        opened = pq.ParquetFile(path)
    except (ValueError, OSError):
        return found  # the reader of small files says what is wrong with it
    with opened as file:
        for field in file.schema_arrow:
            kind = field.type
            if not pa.types.is_fixed_size_list(kind) or not pa.types.is_floating(kind.value_type):
                continue
            shape = (file.metadata.num_rows, kind.list_size)
            dtype = np.dtype(np.float16 if pa.types.is_float16(kind.value_type) else np.float32)
            if shape[0] * shape[1] * dtype.itemsize < MAPPED_BYTES:
                continue
            with suppress(pa.ArrowInvalid):  # Arrow cannot read lists of different lengths as fixed-size
                rows = _copied(file, field.name, dtype, shape)
                if rows is not None:
                    found[field.name] = rows
    return found


def _copied(file: Any, name: str, dtype: np.dtype[Any], shape: tuple[int, int]) -> npt.NDArray[Any] | None:
    with tempfile.TemporaryFile(prefix="agreid-") as copy:
        start = 0
        for batch in file.iter_batches(batch_size=_ROWS_A_BATCH, columns=[name]):
            column = batch.column(0)
            if column.null_count:
                return None
            values = np.ascontiguousarray(column.flatten().to_numpy(zero_copy_only=False), dtype)
            copy.write(values.tobytes())
            start += len(column)
        copy.flush()
        return np.memmap(copy, dtype, "r", shape=shape) if start == shape[0] and start else None
