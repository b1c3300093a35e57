"""List files in a data set folder that were not used, so that nothing is skipped silently."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.datasets.rows import Layout, Row
from agreid_cli.datasets.tree import entries, printable
from agreid_cli.records.image_files import ending_of, is_image, is_litter


@dataclass(frozen=True)
class Unused:
    """The files of one suffix in one folder of the root ("" is the root itself) that no row uses."""

    folder: str
    ending: str
    why: str
    paths: tuple[str, ...]

    def as_data(self) -> dict[str, object]:
        return {"folder": self.folder, "ending": self.ending, "why": self.why, "files": len(self.paths),
                "paths": list(self.paths)}  # fmt: skip


#: Reasons, in display order.
NOT_READ, NOT_LISTED, ELSEWHERE, LITTER = (
    "unknown suffix",
    "in no list",
    "not used by this reader",
    "file manager metadata",
)


def unused(
    root: Path, used: Collection[str], read_in: Sequence[str], own: Collection[str] = ()
) -> list[Unused]:
    """Every file under `root` that is not in `used`, grouped by folder, suffix and reason.

    `used` are paths relative to `root`, with `/`; `read_in` the folders whose images were read, "" for all;
    `own` the workspace's own files and folders, in the same form, if it is under `root`.
    """
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    known = set(used)
    for path, litter in _files(root, own):
        if path in known:
            continue
        folder = next((f for f in read_in if not f or path.startswith(f"{f}/")), None)
        if litter:
            why = LITTER
        elif folder is None:
            why = ELSEWHERE
        else:
            why = NOT_LISTED if is_image(root / path) else NOT_READ
        where = folder or (path.partition("/")[0] if "/" in path else "")
        groups[why, where, ending_of(path)].append(printable(path))
    order = (NOT_READ, NOT_LISTED, ELSEWHERE, LITTER)
    return [
        Unused(where, ending, why, tuple(sorted(paths)))
        for (why, where, ending), paths in sorted(groups.items(), key=lambda g: (order.index(g[0][0]), g[0]))
    ]


def _files(root: Path, own: Collection[str]) -> Iterable[tuple[str, bool]]:
    """Every file under `root`, and whether it is metadata. Links to visited folders are not followed."""
    waiting, seen, skipped = [("", False)], {os.path.realpath(root)}, frozenset(own)
    while waiting:
        here, litter = waiting.pop()
        for entry in entries(root / here):
            path = f"{here}/{entry.name}" if here else entry.name
            junk = litter or is_litter(entry.name)
            if path in skipped:
                continue
            if not entry.is_dir():
                yield path, junk
            elif (real := os.path.realpath(entry.path)) not in seen:
                seen.add(real)
                waiting.append((path, junk))


def say_unused(found: Sequence[Unused]) -> tuple[list[str], list[str]]:
    """The warnings and notes for unused files. File manager metadata is only counted in the data."""
    warnings, notes = [], []
    for why, words in ((NOT_READ, "because of the suffix"), (NOT_LISTED, "because no list contains them")):
        groups = [group for group in found if group.why == why]
        if groups:
            warnings.append(
                f"skipped {words}: {_files_in_words(groups)} ({_endings(groups)}), first {groups[0].paths[0]}"
            )
    elsewhere = [group for group in found if group.why == ELSEWHERE]
    if elsewhere:
        places: dict[str, list[Unused]] = defaultdict(list)
        for group in elsewhere:
            for place in [f"{group.folder}/"] if group.folder else group.paths:
                places[place].append(group)
        shown = [
            f"{place} ({_files_in_words(groups)})" if place.endswith("/") else place
            for place, groups in places.items()
        ]
        more = f" … and {len(shown) - 10} more" if len(shown) > 10 else ""
        notes.append(f"not used by this reader: {', '.join(shown[:10])}{more}")
    return warnings, notes


def vanished(
    rows: Iterable[Row], lost: Iterable[str], layout: Layout, distractors: Collection[int]
) -> list[int]:
    """The identities that occur only in files of `lost`, according to the file names."""
    if layout.parse is None:
        return []
    kept = {row.pid for row in rows}
    gone: set[int] = set()
    for path in lost:
        name = path.rpartition("/")[2]
        stem = name[: len(name) - len(ending_of(name))]
        row = layout.parse(f"{stem}.jpg")
        if row is not None and row.pid >= 0 and row.pid not in distractors:
            gone.add(row.pid)
    return sorted(gone - kept)


def say_vanished(pids: Sequence[int]) -> str:
    """The warning that names identities without any crop left."""
    shown = ", ".join(map(str, pids[:20])) + (" …" if len(pids) > 20 else "")
    people = "1 identity has" if len(pids) == 1 else f"{len(pids):,} identities have"
    return f"{people} no crop left because all their files were skipped: pid {shown}"


def _files_in_words(groups: Sequence[Unused]) -> str:
    n = sum(len(group.paths) for group in groups)
    return "1 file" if n == 1 else f"{n:,} files"


def _endings(groups: Sequence[Unused]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for group in groups:
        counts[group.ending or "none"] += len(group.paths)
    return ", ".join(f"{ending} {n:,}" for ending, n in sorted(counts.items(), key=lambda c: (-c[1], c[0])))
