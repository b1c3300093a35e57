"""Input checks before any long work: shapes, lengths, and values that cannot be ranked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.errors import InputError, Problems, did_you_mean
from agreid_cli.metrics.ranking.features import Features
from agreid_cli.metrics.ranking.matches import Ints, Labels

METRICS = ("euclidean", "cosine")
_SHOWN = 10


def check_metric(metric: str) -> None:
    """`InputError` that lists the choices if `metric` is unknown."""
    if metric not in METRICS:
        raise InputError(f"unknown metric '{metric}'{did_you_mean(metric, METRICS)}")


def check_inputs(
    query: Any,
    gallery: Any,
    query_pid: npt.ArrayLike,
    gallery_pid: npt.ArrayLike,
    query_camid: npt.ArrayLike,
    gallery_camid: npt.ArrayLike,
) -> tuple[Labels, tuple[Features, Features]]:
    """The labels as arrays and the features as readers; `InputError` unless they fit together."""
    sources = check_features(query, gallery)
    sizes = (sources[0].n, sources[1].n)
    checked = check_labels(query_pid, gallery_pid, query_camid, gallery_camid, sizes)
    return checked, sources


def check_features(query: Any, gallery: Any) -> tuple[Features, Features]:
    """Readers of both; `InputError` unless they are matrices of one width."""
    problems = Problems()
    for name, features in (("query", query), ("gallery", gallery)):
        if len(features.shape) != 2:
            problems.add(name, f"has shape {tuple(features.shape)}; expected rows × columns")
        elif features.shape[1] == 0:
            problems.add(name, "has no columns")
    if len(query.shape) == len(gallery.shape) == 2 and query.shape[1] != gallery.shape[1]:
        problems.add("query", f"has {query.shape[1]} columns and the gallery {gallery.shape[1]}")
    problems.raise_if_any("these features cannot be ranked", hint="Give one row of features per crop.")
    return Features("query", query), Features("gallery", gallery)


def check_labels(
    query_pid: npt.ArrayLike,
    gallery_pid: npt.ArrayLike,
    query_camid: npt.ArrayLike,
    gallery_camid: npt.ArrayLike,
    sizes: tuple[int, int],
) -> Labels:
    """The labels as arrays; `InputError` unless there is one for each of the `sizes` queries and items."""
    given = {
        "query_pid": (query_pid, sizes[0]),
        "gallery_pid": (gallery_pid, sizes[1]),
        "query_camid": (query_camid, sizes[0]),
        "gallery_camid": (gallery_camid, sizes[1]),
    }
    checked = {name: labels(name, values) for name, (values, _) in given.items()}
    problems = Problems()
    for name, (_, rows) in given.items():
        if len(checked[name]) != rows:
            problems.add(name, f"has {len(checked[name])} entries for {rows} rows")
    problems.raise_if_any("the labels do not fit the features", hint="Give one label per row.")
    return Labels(**checked)


def labels(name: str, values: npt.ArrayLike) -> Ints:
    """`values` as int64 (n,); integers of any type are accepted, anything else is an `InputError`."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"{name} has {array.ndim} dimensions; expected one label per row")
    if array.size and array.dtype.kind not in "iub":
        with np.errstate(invalid="ignore"):
            whole = array.dtype.kind == "f" and bool(np.all(array == np.floor(array)))
        if not whole:
            raise InputError(f"{name} must contain integers, not {array.dtype}")
    return array.astype(np.int64)


def refuse_rows(name: str, rows: npt.NDArray[np.int64], what: str, hint: str) -> None:
    """Raise `InputError` that names the first of `rows`, if there are any."""
    if len(rows):
        problems = Problems()
        for row in rows[:_SHOWN]:
            problems.add(f"{name} row {row}", what)
        more = f" (the first {_SHOWN} are shown)" if len(rows) > _SHOWN else ""
        problems.raise_if_any(f"{len(rows)} {name} rows cannot be ranked{more}", hint=hint)
