"""Video data sets: `<part>/<person>/<tracklet>/<frame>.jpg`; every frame is a crop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from agreid_cli.datasets.rows import Row
from agreid_cli.datasets.tree import MAX_PID, images, named_row
from agreid_cli.errors import Problem


def walk_tracklets(
    root: Path, folders: Mapping[str, tuple[str, ...]], parse: Callable[[str], Row | None], grammar: str
) -> Iterator[Row | Problem]:
    """Every frame of `folders` (folder → roles) as a row, with its tracklet and its person's pid."""
    for folder, roles in folders.items():
        for path, regular in images(root, folder):
            if not regular:
                yield Problem(path, "is not a regular file")
                continue
            row = named_row(path, roles, parse, grammar)
            person, _, rest = path.removeprefix(f"{folder}/").partition("/")
            if isinstance(row, Problem):
                yield row
            elif not rest or not person.isdecimal() or int(person) > MAX_PID:
                yield Problem(path, "is in no folder that is a person's number")
            else:
                # Frames that lie directly in the person's folder are of no track.
                yield replace(row, pid=int(person), tracklet=path.rpartition("/")[0] if "/" in rest else "")
