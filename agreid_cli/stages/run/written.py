"""Write an embeddings table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from agreid_cli.records.embeddings import embeddings_artefact


def write_embeddings(
    path: Path,
    columns: Mapping[str, Sequence[Any]],
    features: npt.NDArray[np.float32],
    marks: Mapping[str, str],
) -> None:
    """The columns crop_id, pid, camid, platform and the features, (n, D), with marks in the metadata."""
    width = features.shape[1]
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(features.ravel()), width)
    arrays: Iterable[Any] = [pa.array(values) for values in columns.values()]
    table = pa.table([*arrays, vectors], names=[*columns, "embedding"])
    embeddings_artefact(width).write(table, path, dict(marks))
