"""The interface to scipy.io: convert MATLAB structs of many shapes to plain lists by field name, and back."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from agreid_cli.errors import InputError, MissingError, did_you_mean
from agreid_cli.records.files import write_bytes

TOP = "qut_attribute"
PARTS = ("train", "test")
#: scipy writes the date into the first 116 bytes; equal attributes must give equal bytes.
_HEADER = b"MATLAB 5.0 MAT-file, attributes of identities, written by agreid".ljust(116)


def load_parts(path: Path, top: str = TOP) -> dict[str, Any | None]:
    """The structs `train` and `test` of the variable `top`; one may be missing (None), not both."""
    variables = _load(path)
    if top not in variables:
        near = did_you_mean(top, variables)
        raise InputError(f"{path} has no variable {top}{near}", hint="Give the official attribute file.")
    fields = columns_of(variables[top], keep=True)
    parts = {part: fields.get(part) for part in PARTS}
    if all(part is None for part in parts.values()):
        held = ", ".join(fields) or "nothing"
        raise InputError(f"{path}: {top} has neither train nor test (it has {held})")
    return parts


def columns_of(struct: Any, *, keep: bool = False) -> dict[str, Any]:
    """The fields of a struct by lower-case name: lists of scalars, or the raw values with `keep`.

    A struct in a cell is unwrapped, and the elements of a struct array are concatenated.

    >>> one = np.array([[(np.array([[1, 2]]), np.array([["07"], ["11"]]))]], dtype=[("A", "O"), ("b", "O")])
    >>> columns_of(one)
    {'a': [1, 2], 'b': ['07', '11']}
    """
    while isinstance(struct, np.ndarray) and struct.dtype == object and struct.size == 1:
        struct = struct.item()
    names = getattr(getattr(struct, "dtype", None), "names", None)
    if not names:
        return {}
    elements = np.atleast_1d(struct).ravel(order="F")
    if keep:
        return {name.lower(): elements[0][name] for name in names if len(elements)}
    return {name.lower(): [x for element in elements for x in _flat(element[name])] for name in names}


def save_parts(path: Path, parts: Mapping[str, Mapping[str, np.ndarray]], top: str = TOP) -> None:
    """Write the structs as fields of the variable `top`, atomically; equal parts give equal bytes."""
    from scipy.io import savemat

    stream = io.BytesIO()
    savemat(stream, {top: {part: dict(columns) for part, columns in parts.items()}})
    write_bytes(path, _HEADER + stream.getvalue()[len(_HEADER) :])


def words(values: list[str]) -> np.ndarray:
    """A row of strings in MATLAB's form: one cell each."""
    cells = np.empty((1, len(values)), dtype=object)
    cells[0, :] = values
    return cells


def _flat(value: Any) -> list[Any]:
    if hasattr(value, "toarray"):  # sparse
        value = value.toarray()
    if not isinstance(value, np.ndarray):
        return [value]
    if value.dtype == object:
        return [x for cell in value.ravel(order="F") for x in _flat(cell)]
    return list(value.ravel(order="F").tolist())


def _load(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat

    if not path.is_file():
        raise MissingError(f"{path} does not exist" if not path.exists() else f"{path} is not a file")
    try:
        variables: dict[str, Any] = loadmat(str(path), appendmat=False)
    except NotImplementedError as error:
        raise InputError(
            f"{path} is a MATLAB 7.3 (HDF5) file, which cannot be read here",
            hint="Save it again in MATLAB with: save(file, '-v7')",
        ) from error
    except Exception as error:  # scipy raises many kinds of errors on bytes that are not a .mat
        raise InputError(
            f"{path} cannot be read as a MATLAB file: {error}",
            hint="The file may be truncated, or of another kind; download or save it again.",
        ) from error
    return {name: value for name, value in variables.items() if not name.startswith("__")}
