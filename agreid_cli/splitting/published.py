"""The published split of a public data set, from the `published` column that import-dataset writes.

An entry is `train`, or `query:a2g;gallery:w2a` for a test crop with roles in several directions; empty
means that the authors do not use the crop.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from agreid_cli.errors import InputError, Problem, Problems, did_you_mean
from agreid_cli.records.directions import DIRECTIONS
from agreid_cli.records.split import PUBLISHED as COLUMN
from agreid_cli.splitting.roles import GALLERY, QUERY, Roles
from agreid_cli.splitting.rows import Rows

PARTS = {"query": QUERY, "gallery": GALLERY}


def published_split(rows: Rows, table: pa.Table, wanted: Sequence[str] = ()) -> Roles:
    """The roles that the `published` column of the manifest `table` gives to `rows`.

    Raises `InputError` if the column is absent or empty, with every invalid entry.
    """
    if COLUMN not in table.column_names:
        raise InputError(
            f"this manifest has no published roles (no column '{COLUMN}'): it is not from import-dataset",
            hint="Import the official data with: agreid import-dataset NAME ROOT, or leave out --like "
            "published to make a new split.",
        )
    entry = dict(zip(table["crop_id"].to_pylist(), table[COLUMN].to_pylist(), strict=True))
    entries = [entry[crop] or "" for crop in rows.crop_id.tolist()]
    parsed = {text: _parse(text) for text in dict.fromkeys(entries)}
    problems = Problems()
    reported: set[str] = set()
    for crop, text in zip(rows.crop_id.tolist(), entries, strict=True):
        wrong = parsed[text][1]
        if wrong and text not in reported:
            reported.add(text)
            problems.add(f"crop {crop}, column {COLUMN}", wrong)
    problems.raise_if_any(
        "the published roles cannot be read",
        hint="Import the data again with: agreid import-dataset NAME ROOT",
    )
    train = np.array([parsed[text][0].get("train", 0) > 0 for text in entries], bool)
    found = {direction for text in parsed for direction in parsed[text][0] if direction != "train"}
    if not found or not train.any():
        lacking = "test" if train.any() else "train"
        raise InputError(f"column '{COLUMN}' of the manifest has no {lacking} crop")
    if absent := [name for name in wanted if name not in found]:
        raise InputError(
            "the published split has no such direction",
            problems=[Problem(f"direction {name}", _where(found)) for name in absent],
        )
    tested = {
        name: np.array([parsed[text][0].get(name, 0) for text in entries], np.int8)
        for name in _listed(found)
        if not wanted or name in wanted
    }
    return Roles(train, tested)


def _parse(text: str) -> tuple[dict[str, int], str]:
    """The roles in one entry by direction (`train` for training), and what is wrong with it.

    >>> _parse("query:a2g;gallery:w2a")
    ({'a2g': 1, 'w2a': 2}, '')
    >>> _parse("probe:a2g")[1]
    "'probe:a2g' is not one of train, query:DIRECTION, gallery:DIRECTION"
    """
    parts: dict[str, int] = {}
    for word in filter(None, (piece.strip() for piece in text.split(";"))):
        part, _, direction = word.partition(":")
        if word == "train":
            key, value = "train", 1
        elif part not in PARTS or not direction:
            return {}, f"'{word}' is not one of train, query:DIRECTION, gallery:DIRECTION"
        elif direction not in DIRECTIONS:
            return {}, f"unknown direction '{direction}'{did_you_mean(direction, DIRECTIONS)}"
        else:
            key, value = direction, PARTS[part]
        if parts.get(key, value) != value:
            return {}, f"'{text}' is both a query and a gallery crop of {direction}"
        parts[key] = value
    if "train" in parts and len(parts) > 1:
        return {}, f"'{text}' is both a train and a test crop"
    return parts, ""


def _listed(found: set[str]) -> list[str]:
    return [name for name in DIRECTIONS if name in found]


def _where(found: set[str]) -> str:
    return f"not published; available: {', '.join(_listed(found))}"
