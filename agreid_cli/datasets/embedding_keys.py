"""The names under which other programs save embeddings, as one table, and the reading of a dump by it.

A dump is a mapping of names to arrays. It holds either two groups of arrays (`query_f`, `q_pids`,
`gallery_cam` …) or one group for all rows (`features`, `pids`, `camids`), then perhaps with a `role`
column or the number of queries that come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.errors import InputError, Problems, did_you_mean
from agreid_cli.records.embeddings import Part

#: Our column → the names others give it. Upper and lower case are the same.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "embedding": ("f", "feat", "feats", "feature", "features", "emb", "embs", "embedding", "embeddings"),
    "pid": ("pid", "pids", "label", "labels", "person_id", "person_ids", "id", "ids"),
    "camid": ("camid", "camids", "cam", "cams", "cam_id", "cam_ids", "camera", "cameras", "camera_id"),
    "platform": ("platform", "platforms"),
    "crop_id": (
        "crop_id", "crop_ids", "path", "paths", "img_path", "img_paths", "image_path", "image_paths",
        "name", "names", "filename", "filenames",
    ),
    "role": ("role", "roles"),
    "num_query": ("num_query", "n_query"),
}  # fmt: skip
#: What stands before the name when a group belongs to one role.
PREFIXES: dict[str, tuple[str, ...]] = {"query": ("query_", "q_", "q"), "gallery": ("gallery_", "g_", "g")}

_COLUMN_OF = {spelling: column for column, names in SPELLINGS.items() for spelling in names}


def place(name: str) -> tuple[str | None, str] | None:
    """The (role, column) that a dump's name means; None for a name that we do not know.

    >>> place("query_f"), place("q_pids"), place("gf"), place("camids"), place("epoch")
    (('query', 'embedding'), ('query', 'pid'), ('gallery', 'embedding'), (None, 'camid'), None)
    """
    word = name.strip().lower()
    if word in _COLUMN_OF:
        return None, _COLUMN_OF[word]
    for role, prefixes in PREFIXES.items():
        for prefix in prefixes:
            column = _COLUMN_OF.get(word.removeprefix(prefix)) if word.startswith(prefix) else None
            if column:
                return role, column
    return None


def unpack(dump: Mapping[str, Any], file: str) -> list[Part]:
    """The parts of a dump; `InputError` says which names are missing or which shapes do not fit."""
    names: dict[tuple[str | None, str], str] = {}
    for name in dump:
        if found := place(str(name)):
            names.setdefault(found, name)
    roles = [role for role in (None, "query", "gallery") if (role, "embedding") in names]
    if not roles:
        near = did_you_mean(str(next(iter(dump), "")), ("query_f", "gallery_f", "features"))
        raise InputError(
            f"{file} holds no embeddings: its arrays are {', '.join(map(str, dump)) or 'none'}{near}",
            hint=_expected(),
        )
    problems = Problems()
    parts: list[Part] = []
    for role in roles:
        mine = {column: name for (of, column), name in names.items() if of == role}
        values = {column: dump[name] for column, name in mine.items()}
        parts += _part(values, mine, role, file, problems)
    problems.raise_if_any(f"{file} cannot be used", hint=_expected())
    return parts


def _part(
    values: dict[str, Any], names: dict[str, str], role: str | None, file: str, problems: Problems
) -> Iterator[Part]:
    features = np.asanyarray(values["embedding"])  # a memory map stays one
    array = names["embedding"]
    if features.ndim != 2 or features.dtype.kind not in "fiu" or 0 in features.shape:
        shape = "×".join(map(str, features.shape))
        problems.add(f"{file}, {array}", f"is {shape} of {features.dtype}, not crops × values")
        return
    columns: dict[str, Any] = {}
    for column in ("pid", "camid", "platform", "crop_id", "role"):
        if column not in values:
            continue
        found = _words(values[column]) if column not in ("pid", "camid") else _whole(values[column])
        if isinstance(found, str):
            problems.add(f"{file}, {names[column]}", found)
        elif len(found) != len(features):
            problems.add(
                f"{file}, {names[column]}", f"has {len(found)} rows where {array} has {len(features)}"
            )
        else:
            columns[column] = found
    if role:
        columns["role"] = [role] * len(features)
    elif "num_query" in values and "role" not in columns:
        first = int(np.asarray(values["num_query"]).ravel()[0])
        columns["role"] = ["query" if row < first else "gallery" for row in range(len(features))]
    yield Part(file=file, features=as_float(features), array=array, **columns)


def as_float(features: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """float32 in memory; a memory-mapped file of floats stays as it is."""
    if isinstance(features, np.memmap) and features.dtype.kind == "f":
        return features
    with np.errstate(over="ignore"):  # what overflows is named as not finite later
        return features.astype(np.float32, copy=False)


def _words(values: Any) -> list[str | None]:
    flat = values if isinstance(values, list) else np.asarray(values).ravel().tolist()
    return [_word(value) for value in flat]


def _word(value: Any) -> str | None:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if isinstance(text, str):
        return text.strip() or None
    text = text[0] if isinstance(text, np.ndarray) and text.size == 1 else text  # a cell of a .mat file
    return str(text).strip() or None if text is not None else None


def _whole(values: Any) -> npt.NDArray[np.int64] | str:
    """Whole numbers, also from strings of digits and floats without a fraction; a text says what is wrong."""
    flat = np.asarray(values).ravel()
    if flat.dtype.kind in "iu":
        return flat.astype(np.int64)
    found = np.zeros(len(flat), np.int64)
    for row, value in enumerate(flat.tolist()):
        try:
            found[row] = int(value)
        except (TypeError, ValueError, OverflowError):
            return f"row {row + 1} is {value!r}, not a whole number"
        if not isinstance(value, str | bytes) and found[row] != value:
            return f"row {row + 1} is {value!r}, not a whole number"
    return found


def by_file_name(parts: Sequence[Part], stems: Sequence[str]) -> list[str | None]:
    """The role that each file's name tells, when no part has one and both roles are told.

    >>> from agreid_cli.records.embeddings import Part
    >>> parts = [Part("q", np.ones((1, 2))), Part("g", np.ones((1, 2)))]
    >>> by_file_name(parts, ["bot_query", "bot_gallery"])
    ['query', 'gallery']
    >>> by_file_name(parts, ["query", "rest"])
    [None, None]
    """
    none: list[str | None] = [None] * len(parts)
    if any(part.role for part in parts):
        return none
    told = [next((role for role in PREFIXES if role in stem.lower()), None) for stem in stems]
    return [*told] if set(told) == set(PREFIXES) else none


def _expected() -> str:
    return (
        "Expected: query_f, gallery_f, query_pid, gallery_pid, query_camid, gallery_camid "
        "(and query_platform, gallery_platform, query_crop_id, gallery_crop_id where known)"
    )
