"""Find duplicate images in a data set by content, not by name."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.datasets.rows import TRAIN, Row
from agreid_cli.errors import Problem
from agreid_cli.records.manifest import JUNK_PID

#: Files per task, as in `sizes`.
CHUNK = 256


@dataclass(frozen=True)
class Copies:
    """Errors, each with the path to leave out, and warnings."""

    problems: list[Problem]
    warnings: list[str]


def same_pictures(
    root: Path, paths: Sequence[str], *, threads: int, advance: Callable[[int], None] = lambda n: None
) -> list[list[str]]:
    """The groups of two or more paths whose files have the same bytes, in order.

    Only files of equal size are read. A file that cannot be read is in no group.
    """
    by_size: dict[int, list[str]] = defaultdict(list)
    for path in paths:
        try:
            by_size[os.stat(root / path).st_size].append(path)
        except OSError:
            continue
    alike = [path for group in by_size.values() if len(group) > 1 for path in group]
    advance(len(paths) - len(alike))
    chunks = [alike[at : at + CHUNK] for at in range(0, len(alike), CHUNK)]
    by_content: dict[bytes, list[str]] = defaultdict(list)
    pool = ThreadPoolExecutor(threads)
    try:
        for chunk, digests in zip(
            chunks, pool.map(lambda c: [_digest(root / path) for path in c], chunks), strict=True
        ):
            for path, digest in zip(chunk, digests, strict=True):
                if digest:
                    by_content[digest].append(path)
            advance(len(chunk))
    finally:
        pool.shutdown(cancel_futures=True)
    return sorted(sorted(group) for group in by_content.values() if len(group) > 1)


def judge(rows: Sequence[Row], groups: Sequence[Sequence[str]], folders: Sequence[str]) -> Copies:
    """The meaning of the groups of equal files for `rows`. `folders` are those read by the layout.

    A problem, so that the copy can be left out: the same name and content twice in one folder, as when
    a folder was unpacked into itself; a test image that is in the training set. A warning, since published
    sets have such and their figures count them: one image under two identities or cameras, or twice.
    """
    row_of = {path: row for row in rows for path in (row.path, *row.also)}
    content = {path: nth for nth, group in enumerate(groups) for path in group}
    problems: list[Problem] = []
    odd: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        places = [row.path]
        for path in row.also:
            same = next((p for p in places if content.get(p, -1) == content.get(path, -2)), "")
            beside = next((p for p in places if _folder(p, folders) == _folder(path, folders)), "")
            if beside and same:
                problems.append(Problem(path, f"is a copy of {beside}"))
            elif beside:
                problems.append(Problem(path, f"has the same name as {beside} but different content"))
            else:
                places.append(path)
                if not same:
                    odd["names"].append(f"{row.path} and {path}")
    for group in groups:
        members = [path for path in group if path == row_of[path].path]
        if len(members) > 1:
            problems += _judge_one(sorted(members, key=lambda p: (p.count("/"), p)), row_of, folders, odd)
    return Copies(problems, [_SAY[kind](places) for kind, places in odd.items()])


def _judge_one(
    paths: Sequence[str], row_of: dict[str, Row], folders: Sequence[str], odd: dict[str, list[str]]
) -> list[Problem]:
    """The problems of one group of equal files; what is only odd is added to `odd`."""
    problems: list[Problem] = []
    kept: list[str] = []
    twins: dict[tuple[str, str, int], str] = {}
    for path in paths:
        twin = twins.setdefault((_name(path), _folder(path, folders), row_of[path].pid), path)
        if twin == path:
            kept.append(path)
        else:
            problems.append(Problem(path, f"is a copy of {twin}"))
    trained = next((path for path in kept if TRAIN in row_of[path].roles), "")
    first = kept[0]
    of_pid: dict[int, str] = {}
    of_camera: dict[tuple[int, int], str] = {}
    for path in kept:
        row = row_of[path]
        tested = row.pid != JUNK_PID and any(role != TRAIN for role in row.roles)  # junk is never ranked
        if trained and tested:
            problems.append(Problem(path, f"is the same image as {trained}, which is in the training set"))
            continue
        here = of_camera.setdefault((row.pid, row.camid), path)
        same = of_pid.setdefault(row.pid, path)
        if here != path:
            odd["twice"].append(f"{here} and {path}")
        elif same != path:
            odd["cameras"].append(f"{same} and {path}")
        elif first != path:
            odd["pids"].append(f"{first} and {path}")
    return problems


def _say(one: str, many: str, what: str) -> Callable[[list[str]], str]:
    def words(places: list[str]) -> str:
        n = f"1 {one}" if len(places) == 1 else f"{len(places):,} {many}"
        return f"{n} {what}: {places[0]}" + (" …" if len(places) > 1 else "")

    return words


_SAY = {
    "names": _say(
        "file", "files", "with the same name as another but different content, treated as one crop"
    ),
    "pids": _say("copy", "copies", "of an image under another identity, kept"),
    "cameras": _say(
        "copy", "copies", "of an image under another camera (a copy is a trivial true match), kept"
    ),
    "twice": _say("copy", "copies", "of an image under the same identity and camera, kept"),
}


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _folder(path: str, folders: Sequence[str]) -> str:
    return next((folder for folder in folders if path.startswith(f"{folder}/")), "")


def _digest(path: Path) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb") as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
    except OSError:
        return b""
    return digest.digest()
