"""One reader per file format: path → parts. No reader runs code from a file; pickles are refused."""

from __future__ import annotations

import csv
import importlib
import io
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from agreid_cli.datasets.embedding_dump import unpack
from agreid_cli.datasets.embedding_keys import place
from agreid_cli.datasets.embedding_stream import mapped_vectors
from agreid_cli.errors import AgreidError, InputError, Problems
from agreid_cli.records.csv_text import csv_text
from agreid_cli.records.embeddings import Part, embeddings_artefact

PICKLE = "a pickle can run code when it is opened, so agreid does not open it"
SAVE_NPZ = (
    "Save the arrays with numpy.savez(file, query_f=…, gallery_f=…, query_pid=…, …) and give that file."
)
#: What a table beside an array provides; the array has the rest.
_NOT_IN_CSV = ("embedding", "distance", "similarity", "num_query")


def read_parquet(path: Path) -> list[Part]:
    import pyarrow as pa

    columns: dict[str, Any] = dict(mapped_vectors(path))
    table = embeddings_artefact(1).load(path, without=columns)
    others: list[str] = []
    with _reading(path, "Parquet"):
        for name in table.column_names:
            column = table[name].combine_chunks()
            kind = column.type
            if pa.types.is_fixed_size_list(kind) and not column.null_count:
                columns[name] = np.asarray(column.flatten()).reshape(len(column), kind.list_size)
            elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
                columns[name] = _equal_lists(column.to_pylist(), path, name)
            elif place(name, 1) is None:
                others.append(name)
            elif column.null_count:
                columns[name] = _objects(column.to_pylist())
            else:
                columns[name] = column.to_numpy(zero_copy_only=False)
    return unpack(columns, str(path), others)


def _equal_lists(lists: Sequence[Any], path: Path, name: str) -> np.ndarray:
    """Lists of equal length as a matrix; `InputError` names the rows that differ from the first."""
    width = len(lists[0] or ()) if lists else 0
    problems = Problems()
    for row, values in enumerate(lists):
        if values is None or len(values) != width:
            held = "is empty" if values is None else f"has {len(values)} values"
            problems.add(f"{path}, {name}, row {row + 1}", f"{held}, but the first row has {width}")
    problems.raise_if_any("the embeddings differ in width")
    return np.array(lists, dtype=np.float32).reshape(len(lists), width)


def _objects(values: Sequence[Any]) -> np.ndarray:
    out = np.empty(len(values), object)
    out[:] = values
    return out


def read_npz(path: Path) -> list[Part]:
    with _reading(path, "an .npz file"), np.load(path, allow_pickle=False) as dump:
        known = [name for name in dump.files if place(name)]
        arrays = {name: dump[name] for name in known}
        others = [name for name in dump.files if name not in arrays]
    return unpack(arrays, str(path), others)


def read_npy(path: Path, table: Path) -> list[Part]:
    with _reading(path, "a .npy file"):
        features = np.load(path, mmap_mode="r", allow_pickle=False)
    columns, others = _read_csv(table)
    rows = len(next(iter(columns.values()), []))
    if features.ndim == 2 and rows != len(features):
        raise InputError(f"{table} has {rows} rows, but {path} has {len(features)}")
    parts = unpack({"embedding": features, **columns}, str(path), others)
    return [replace(part, array="") for part in parts]


def _read_csv(path: Path) -> tuple[dict[str, list[str]], list[str]]:
    """The columns that we know by name, and the names of the others.

    Equal words are one object, since a million rows may follow.
    """
    problems = Problems()
    with _reading(path, "a UTF-8 csv file"):
        found = csv_text(path, problems)
        problems.raise_if_any(f"{path} cannot be used")
        text, separator = (found.text, found.separator) if found else ("", ",")
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        header = [name.strip().lower() for name in next((row for row in rows if any(row)), [])]
        places = [(at, name) for at, name in enumerate(header) if _of_a_row(name)]
        for name in {name for _, name in places if header.count(name) > 1}:
            problems.add(f"{path}, column {name}", "occurs more than once")
        columns: dict[str, list[str]] = {name: [] for _, name in places}
        words: dict[str, str] = {}
        for row in rows:
            if len(row) == len(header):
                for at, name in places:
                    word = row[at]
                    columns[name].append(words.setdefault(word, word) if len(word) < 10 else word)
            elif row:
                held = f"has {len(row)} values, but the header has {len(header)}"
                problems.add(f"{path}, line {rows.line_num}", held)
    if not columns:
        raise InputError(
            f"{path} has no header with column names that agreid knows: {', '.join(header) or 'it is empty'}",
            hint="Columns: crop_id, pid, camid, platform, role",
        )
    problems.raise_if_any(f"{path} cannot be used")
    others = [name or f"column {at + 1} (no name)" for at, name in enumerate(header) if name not in columns]
    return columns, others


def _of_a_row(name: str) -> bool:
    found = place(name, 1)
    return found is not None and found[0] is None and found[1] not in _NOT_IN_CSV


def read_torch(path: Path) -> list[Part]:
    """A dictionary of tensors, numpy arrays or lists, as `torch.save` writes it."""
    import torch

    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    # Before torch 2.6 the safe loader cannot be told numpy's names; it still reads tensors and lists.
    numpy_too = torch.serialization.safe_globals(_numpy_globals()) if version >= (2, 6) else nullcontext()
    with _reading(path, "a torch file"), numpy_too:
        dump = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(dump, dict):
        raise InputError(
            f"{path} contains a {type(dump).__name__}, not a dictionary of arrays", hint=SAVE_NPZ
        )
    return unpack({str(name): _plain(value) for name, value in dump.items()}, str(path))


def _plain(value: Any) -> Any:
    if hasattr(value, "detach"):
        value = value.detach()
        return (value.float() if value.is_floating_point() else value).numpy()
    if isinstance(value, list | tuple) and value and all(hasattr(item, "detach") for item in value):
        return np.stack([_plain(item) for item in value])
    return value


def _numpy_globals() -> list[Any]:
    """What torch's safe loader needs to rebuild numpy arrays, under the module names of numpy 1 and 2.

    None of these runs code from the file: an array of objects is read by the same safe loader.
    """
    core = importlib.import_module("numpy._core.multiarray")
    rebuilt = (core._reconstruct, core.scalar)
    old = [(what, f"numpy.core.multiarray.{what.__name__}") for what in rebuilt]
    new = [(what, f"numpy._core.multiarray.{what.__name__}") for what in rebuilt]
    kinds = [getattr(np.dtypes, name) for name in np.dtypes.__all__]
    return [*old, *new, np.ndarray, np.dtype, *kinds]


def read_mat(path: Path) -> list[Part]:
    from scipy.io import loadmat

    with _reading(path, "a .mat file"):
        try:
            dump = loadmat(path, squeeze_me=False)
        except NotImplementedError as error:
            raise InputError(
                f"{path} is a Matlab 7.3 file", hint="Save it with -v7, or from Python with scipy.io.savemat."
            ) from error
    return unpack({name: value for name, value in dump.items() if not name.startswith("__")}, str(path))


@contextmanager
def _reading(path: Path, kind: str) -> Iterator[None]:
    """Turn any parser error into a message; a damaged file can raise almost anything."""
    try:
        yield
    except AgreidError:
        raise
    except Exception as error:
        with open(path, "rb") as handle:
            start = handle.read(8)
        # numpy takes any file that is not its own for a pickle; torch files are pickles in a zip.
        objects = "allow_pickle" in str(error) or "Python objects" in str(error)
        of_numpy = objects and start.startswith((b"\x93NUMPY", b"PK"))
        of_torch = start.startswith(b"PK") and isinstance(error, pickle.UnpicklingError)
        if of_numpy or of_torch or start.startswith(pickle.PROTO):
            raise InputError(f"{path} contains Python objects: {PICKLE}", hint=SAVE_NPZ) from error
        said = str(error).strip().partition("\n")[0]
        why = f": {said}" if said and not isinstance(error, pickle.UnpicklingError | ValueError) else ""
        raise InputError(f"{path} cannot be read as {kind}{why}") from error
