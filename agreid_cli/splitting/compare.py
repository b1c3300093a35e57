"""The differences between the split on disk and a new one."""

from __future__ import annotations

import pyarrow as pa

from agreid_cli.errors import Problem
from agreid_cli.splitting.refusals import listed


def moved(old: pa.Table, new: pa.Table, pid_of: dict[str, int]) -> list[Problem]:
    """Which crops change their role, and which identities move between train and test."""
    before, after = _parts(old), _parts(new)
    if before == after:
        return []
    changed = sum(before.get(crop) != after.get(crop) for crop in {**before, **after})
    found = [Problem("roles", f"{changed} of {len({**before, **after})} crops change their role")]
    gone = len(before.keys() - after.keys())
    if gone:
        found.append(Problem("crops", f"{gone} crops of the old split are not in the manifest"))
    sides = [_sides(parts, pid_of) for parts in (before, after)]
    swapped = sorted(pid for pid in sides[0].keys() & sides[1].keys() if sides[0][pid] != sides[1][pid])
    if swapped:
        found.append(Problem("identities", f"{len(swapped)} move between train and test: {listed(swapped)}"))
    return found


def _parts(table: pa.Table) -> dict[str, frozenset[tuple[str, str | None]]]:
    parts: dict[str, set[tuple[str, str | None]]] = {}
    for crop, role, direction in zip(
        *(table[n].to_pylist() for n in ("crop_id", "role", "direction")), strict=True
    ):
        parts.setdefault(crop, set()).add((role, direction))
    return {crop: frozenset(found) for crop, found in parts.items()}


def _sides(parts: dict[str, frozenset[tuple[str, str | None]]], pid_of: dict[str, int]) -> dict[int, str]:
    sides: dict[int, str] = {}
    for crop, found in parts.items():
        roles = {role for role, _ in found}
        pid = pid_of.get(crop, -1)
        if pid >= 0 and roles != {"unused"}:
            sides[pid] = "train" if "train" in roles else "test"
    return sides
