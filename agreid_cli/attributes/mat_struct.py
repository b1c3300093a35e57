"""The door to scipy.io: MATLAB's many shapes of a struct become plain lists by field name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from agreid_cli.errors import InputError, MissingError, did_you_mean

TOP = "qut_attribute"
PARTS = ("train", "test")


def load_parts(path: Path) -> dict[str, Any | None]:
    """The structs `train` and `test` of the file; an absent one is None, `InputError` when both are."""
    variables = _load(path)
    if TOP not in variables:
        near = did_you_mean(TOP, variables)
        raise InputError(f"{path} holds no variable {TOP}{near}", hint="Give the official attribute file.")
    fields = columns_of(variables[TOP], keep=True)
    parts = {part: fields.get(part) for part in PARTS}
    if all(part is None for part in parts.values()):
        held = ", ".join(fields) or "nothing"
        raise InputError(f"{path}: {TOP} holds neither train nor test (it holds {held})")
    return parts


def columns_of(struct: Any, *, keep: bool = False) -> dict[str, Any]:
    """The fields of a struct by lower-case name: lists of scalars, or the raw values with `keep`.

    A struct in a cell is unwrapped, and the elements of a struct array are strung together.

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
        raise MissingError(f"{path} does not exist" if not path.exists() else f"{path} is no file")
    try:
        variables: dict[str, Any] = loadmat(str(path), appendmat=False)
    except NotImplementedError as error:
        raise InputError(
            f"{path} is a MATLAB 7.3 (HDF5) file, which cannot be read here",
            hint="Save it again in MATLAB with: save(file, 'qut_attribute', '-v7')",
        ) from error
    except Exception as error:  # scipy raises a dozen kinds on bytes that are not a .mat
        raise InputError(
            f"{path} cannot be read as a MATLAB file: {error}",
            hint="The file may be cut short, or of another kind; fetch or save it again.",
        ) from error
    return {name: value for name, value in variables.items() if not name.startswith("__")}
