"""Multi-query: a query is the mean of all crops of its person in its camera (Zheng et al., ICCV 2015)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from agreid_cli.errors import InputError
from agreid_cli.records.embeddings import Part

MULTI = "mquery"


def with_multi_query(parts: Sequence[Part]) -> list[Part]:
    """The parts with every multi-query part taken into the queries of the same pid and camera.

    Without queries, each pid and camera of the multi-query crops is one query. Raises `InputError` where pid
    or camid is not in the files.
    """
    multi = [part for part in parts if part.role and part.role[0] == MULTI]
    rest = [part for part in parts if not part.role or part.role[0] != MULTI]
    if not multi:
        return rest
    rows: dict[tuple[int, int], list[np.ndarray]] = defaultdict(list)
    for part in multi:
        pid, camid = _labels(part)
        for row, key in enumerate(zip(pid, camid, strict=True)):
            rows[key].append(part.features[row])
    means = {key: np.mean(of, axis=0, dtype=np.float64).astype(np.float32) for key, of in rows.items()}
    found: list[Part] = []
    used: set[tuple[int, int]] = set()
    replaced = kept = 0
    for part in rest:
        if not part.role or "query" not in part.role:
            found.append(part)
            continue
        pid, camid = _labels(part)
        features = np.array(part.features, np.float32)
        for row, key in enumerate(zip(pid, camid, strict=True)):
            if part.role[row] == "query" and key in means:
                features[row] = means[key]
                used.add(key)
                replaced += 1
            elif part.role[row] == "query":
                kept += 1
        found.append(replace(part, features=features))
    if not replaced and not kept:
        keys = sorted(means)
        queries = Part(
            multi[0].file,
            np.stack([means[key] for key in keys]),
            multi[0].array,
            pid=np.array([pid for pid, _ in keys], np.int64),
            camid=np.array([camid for _, camid in keys], np.int64),
            role=["query"] * len(keys),
        )
        found, replaced, used = [queries, *found], len(keys), set(keys)
    n = sum(len(of) for key, of in rows.items() if key in used)
    idle = sum(map(len, multi)) - n
    note = f"multi-query: {replaced:,} queries are the mean of the {n:,} crops of their pid and camera"
    note += f"; {kept:,} queries have no such crops and stay as they are" if kept else ""
    note += f"; {idle:,} crops match the pid and camera of no query and are not used" if idle else ""
    return [
        replace(found[0], notes=(*(m for part in multi for m in part.notes), note, *found[0].notes)),
        *found[1:],
    ]


def _labels(part: Part) -> tuple[list[int], list[int]]:
    if part.pid is None or part.camid is None:
        raise InputError(
            f"{part.source}: multi-query needs the pid and the camid of every row",
            hint="Save them in the file.",
        )
    return part.pid.tolist(), part.camid.tolist()
