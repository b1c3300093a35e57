"""Reading a pickle that should hold plain data, without running what it may contain."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

from agreid_cli.errors import InputError

#: What a pickle of dictionaries, lists, words, numbers and numpy arrays names; nothing here runs code.
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
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is no plain data")
        return super().find_class(module, name)


def load(path: Path) -> Any:
    """The plain data in the pickle at `path`; `InputError` when it is none, or holds anything else."""
    try:
        # latin1 reads the words and arrays that Python 2 wrote.
        return _Plain(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except Exception as error:  # a damaged pickle raises almost anything
        raise InputError(
            f"{path} cannot be read as plain data: {error}",
            hint="Of a pickle only dictionaries, lists, words, numbers and arrays are read; no code is run.",
        ) from error
