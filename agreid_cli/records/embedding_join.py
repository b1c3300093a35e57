"""Join several files of embeddings into one set: fill in columns, check everything, report all problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from agreid_cli.errors import Problems, did_you_mean
from agreid_cli.records.crop_names import match_names
from agreid_cli.records.crops import PLATFORMS
from agreid_cli.records.embeddings import Embeddings, Part, all_zero, not_finite
from agreid_cli.records.manifest import Known

SHOWN = 20
ROLES = ("query", "gallery")


def join(
    parts: Sequence[Part],
    *,
    manifest: Mapping[str, Known],
    platform_of_camid: Mapping[int, str],
    note: Callable[[str], None],
) -> Embeddings:
    """One set from all parts; the manifest's values for a crop take precedence over the file's.

    Raises `InputError` with every row that is incomplete, duplicated or not finite.
    """
    problems = Problems()
    for part in parts:
        for text in part.notes:
            note(text)
        for row, crop in enumerate(part.crop_id or []):
            if not crop:
                problems.add(f"{part.source}, row {row + 1}", "has no crop id")
    problems.raise_if_any("the embeddings cannot be ranked")
    parts = [_in_manifest(part, manifest, note, problems) for part in parts]
    _check_widths(parts, problems)
    _check_distances(parts, problems)
    for part in parts:
        if part.distances is None and (zero := all_zero(part.features)):
            note(f"{part.source}: {len(zero):,} embeddings are all zero, the first in row {zero[0] + 1}")
    made_ids = any(part.crop_id is None for part in parts)
    if made_ids:
        note(
            "these embeddings have no crop ids: rows are identified by role and number, so the fingerprint "
            "is only comparable for the same rows in the same order"
        )
    roles = [part.role or [None] * len(part) for part in parts]
    ids = _made_ids(roles) if made_ids else [crop for part in parts for crop in part.crop_id or []]
    start = 0
    for part in parts:
        _check_columns(part, ids[start : start + len(part)], problems)
        start += len(part)
    role = [value for column in roles for value in column]
    for crop, side in _twice(ids, role):
        among = {"query": " among the queries", "gallery": " in the gallery"}.get(side or "", "")
        problems.add(f"crop {crop}", f"occurs more than once{among}")
    problems.raise_if_any("the embeddings cannot be ranked")
    platform = [value for part in parts for value in part.platform or [None] * len(part)]
    camid = np.concatenate([part.camid for part in parts if part.camid is not None])
    if platform_of_camid:
        told = [platform_of_camid.get(int(c)) for c in camid]
        platform = [value or new for value, new in zip(platform, told, strict=True)]
    return Embeddings(
        blocks=tuple(part.features for part in parts),
        crop_id=_objects(ids),
        pid=np.concatenate([part.pid for part in parts if part.pid is not None]),
        camid=camid,
        platform=_objects(platform),
        role=_objects(role),
        made_ids=made_ids,
        sources=tuple(dict.fromkeys(part.file for part in parts)),
        distances=parts[0].distances,
    )


def crops_of(embeddings: Embeddings) -> pa.Table:
    """Who each crop shows, by the embeddings alone, as a split is checked against a manifest."""
    names = ("crop_id", "pid", "platform")
    return pa.table({name: pa.array(getattr(embeddings, name).tolist()) for name in names})


def _in_manifest(
    part: Part, manifest: Mapping[str, Known], note: Callable[[str], None], problems: Problems
) -> Part:
    """The part with the manifest's values for every crop it lists; file paths may replace crop ids."""
    if part.crop_id is None or not manifest:
        return part
    matched = match_names(part.crop_id, manifest)
    ids = [match or name for match, name in zip(matched, part.crop_id, strict=True)]
    found = [manifest[match] if match else None for match in matched]
    if not any(matched):
        note(f"{part.source}: none of its crops is in the workspace's manifest; using the file's own values")
        return part
    if part.pid is None or part.camid is None:
        strange = [crop for crop, k in zip(ids, found, strict=True) if k is None]
        for crop in strange:
            problems.add(
                f"{part.source}, crop {crop}",
                "is not in the manifest, and the file has no pid and camid for it",
            )
        if strange:
            return replace(part, crop_id=ids)
    pid = _filled([k.pid if k else None for k in found], part.pid)
    camid = _filled([k.camid if k else None for k in found], part.camid)
    own = part.platform or [None] * len(part)
    platform = [k.platform if k else p for k, p in zip(found, own, strict=True)]
    for name, before, after in (("pid", part.pid, pid), ("camid", part.camid, camid)):
        if before is not None and (differing := int(np.sum(before != after))):
            note(
                f"{part.source}: {differing} rows have another {name} than the manifest; using the manifest's"
            )
    return replace(part, crop_id=ids, pid=pid, camid=camid, platform=platform)


def _filled(values: Sequence[int | None], own: npt.NDArray[np.int64] | None) -> npt.NDArray[np.int64]:
    spare = own if own is not None else np.zeros(len(values), np.int64)
    return np.array([o if v is None else v for v, o in zip(values, spare.tolist(), strict=True)], np.int64)


def _check_widths(parts: Sequence[Part], problems: Problems) -> None:
    widths = {part.features.shape[1] for part in parts}
    if len(widths) > 1:
        for part in parts:
            problems.add(part.source, f"its embeddings have {part.features.shape[1]} values")


def _check_columns(part: Part, ids: Sequence[str], problems: Problems) -> None:
    for name in ("pid", "camid"):
        if getattr(part, name) is None:
            problems.add(
                part.source,
                f"has no {name}, and not all of its crops are in a manifest; save one number per row with "
                f"the embeddings: query_{name} and gallery_{name}, or {name} if one array holds all rows",
            )
    for name, allowed in (("platform", PLATFORMS), ("role", ROLES)):
        first: dict[str, int] = {}
        for row, value in enumerate(getattr(part, name) or []):
            if value and value not in allowed:
                first.setdefault(value, row)
        for value, row in sorted(first.items()):
            place = f"{part.source}, row {row + 1} (crop {ids[row]})"
            what = partial(_not_allowed, value, name, allowed)
            problems.add(place, what, kind=f"not a valid {name}")
    bad = not_finite(part.features)
    for row in bad[:SHOWN]:
        problems.add(
            f"{part.source}, row {row + 1} (crop {ids[row]})", "the embedding contains NaN or infinity"
        )
    if len(bad) > SHOWN:
        problems.add(part.source, f"and {len(bad) - SHOWN} more rows that are not finite")


def _not_allowed(value: str, name: str, allowed: Sequence[str]) -> str:
    return f"'{value}' is not a valid {name}{did_you_mean(value, allowed)}"


def _check_distances(parts: Sequence[Part], problems: Problems) -> None:
    """Distances must come from a single file without other parts."""
    given = [part for part in parts if part.distances is not None]
    if given and (len(given) > 1 or len(parts) > 2):
        for part in parts:
            held = "distances" if part.distances is not None else f"{part.features.shape[1]} values a crop"
            problems.add(part.source, f"has {held}; distances can only be ranked by themselves")


def _twice(ids: Sequence[str], role: Sequence[str | None]) -> list[tuple[str, str | None]]:
    """The (crop id, role) that occur more than once; one role at a time to save memory."""
    found: list[tuple[str, str | None]] = []
    for side in dict.fromkeys(role):
        mine = [crop for crop, its in zip(ids, role, strict=True) if its == side]
        if len(set(mine)) < len(mine):
            found += [(crop, side) for crop, n in Counter(mine).items() if n > 1]
    return found


def _made_ids(roles: Sequence[Sequence[str | None]]) -> list[str]:
    counts: Counter[str] = Counter()
    ids = []
    for role in (value or "row" for column in roles for value in column):
        ids.append(f"{role}-{counts[role]}")
        counts[role] += 1
    return ids


def _objects(values: Sequence[Any]) -> npt.NDArray[np.object_]:
    out = np.empty(len(values), object)
    out[:] = values
    return out
