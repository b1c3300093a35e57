"""What is refused before any long work: wrong shapes, wrong lengths, values that cannot be ranked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.errors import InputError, Problems, did_you_mean

METRICS = ("euclidean", "cosine")
Ints = npt.NDArray[np.int64]
_SHOWN = 10


def check_metric(metric: str) -> None:
    """`InputError` that lists the choices when `metric` is none of them."""
    if metric not in METRICS:
        raise InputError(f"unknown metric '{metric}'{did_you_mean(metric, METRICS)}")


def check_shapes(query: Any, gallery: Any, lengths: dict[str, tuple[Any, int]]) -> None:
    """Widths agree, and each labelled array has the length that is given beside it."""
    problems = Problems()
    for name, features in (("query", query), ("gallery", gallery)):
        if len(features.shape) != 2:
            problems.add(name, f"has shape {tuple(features.shape)}; expected rows × columns")
    if not problems.found and query.shape[1] != gallery.shape[1]:
        problems.add("query", f"is {query.shape[1]} wide and the gallery {gallery.shape[1]}")
    for name, (values, expected) in lengths.items():
        if len(values) != expected:
            problems.add(name, f"has {len(values)} entries for {expected} rows")
    problems.raise_if_any("the arrays to rank do not fit together", hint="Give one row of features a crop.")


def labels(name: str, values: npt.ArrayLike) -> Ints:
    """`values` as int64 (n,); whole numbers of any type are taken, anything else is an `InputError`."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"{name} has {array.ndim} dimensions; expected one label a row")
    if array.size and array.dtype.kind not in "iub":
        with np.errstate(invalid="ignore"):
            whole = array.dtype.kind == "f" and bool(np.all(array == np.floor(array)))
        if not whole:
            raise InputError(f"{name} must be whole numbers, not {array.dtype}")
    return array.astype(np.int64)


def refuse_rows(name: str, rows: npt.NDArray[np.int64], what: str, hint: str) -> None:
    """Raise `InputError` that names the first of `rows`, if there are any."""
    if len(rows):
        problems = Problems()
        for row in rows[:_SHOWN]:
            problems.add(f"{name} row {row}", what)
        more = f" (the first {_SHOWN} are shown)" if len(rows) > _SHOWN else ""
        problems.raise_if_any(f"{len(rows)} {name} rows cannot be ranked{more}", hint=hint)
