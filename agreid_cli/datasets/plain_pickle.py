"""Read a pickle of plain data without executing code from it."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

from agreid_cli.errors import InputError

#: Names in a pickle of dictionaries, lists, strings, numbers and numpy arrays; none of them runs code.
_ALLOWED = {
    "builtins.set",
    "builtins.frozenset",
    "builtins.bytearray",
    "__builtin__.set",
    "collections.OrderedDict",
    "_codecs.encode",
    "numpy.dtype",
    "numpy.ndarray",
    *(
        f"numpy.{core}.{name}"
        for core in ("core", "_core")
        for name in ("multiarray._reconstruct", "multiarray.scalar", "numeric._frombuffer")
    ),
}


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if f"{module}.{name}" not in _ALLOWED:
            raise pickle.UnpicklingError(f"it uses {module}.{name}, which is not plain data")
        return super().find_class(module, name)


def load(path: Path) -> Any:
    """The plain data in the pickle at `path`; `InputError` if it is no pickle, or contains anything else."""
    try:
        # latin1 reads strings and arrays written by Python 2.
        return _Plain(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except Exception as error:  # a damaged pickle can raise almost anything
        raise InputError(
            f"{path} cannot be read as plain data: {error}",
            hint="Only dictionaries, lists, strings, numbers and arrays are read from pickles, no code.",
        ) from error
