"""`proposals/` as the annotation page shows it: pairs in order of the queue, and the doubt of each track."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from agreid_cli.attributes.words import many
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.artefact import metadata
from agreid_cli.records.proposals import DOUBTS, PROPOSALS, VECTORS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.rows import Track

Rows = Mapping[Track, Sequence[Mapping[str, Any]]]
AGAIN = "run agreid propose-identities again, then agreid review"


def crops_digest(rows: Rows) -> str:
    """12 hex digits that change with any track or crop."""
    digest = hashlib.sha256()
    for (video, number), of_track in rows.items():
        names = (f"{video}\n{number}", *(row["crop_id"] for row in of_track))
        digest.update("\n".join(names).encode() + b"\0")
    return digest.hexdigest()[:12]


def proposals_data(workspace: Workspace, rows: Rows, progress: Progress = SILENT) -> dict[str, Any]:
    """`proposals` and `doubts` for the page, or None, and `unproposed`, which says why.

    Proposals for other crops are named and not used.

    Columns of pairs: track (place among `rows`) and first crop of each side. Doubts: track, first crop, doubt
    in 1/1,000, place of the reason. `likeness` is described in `_likeness`.
    """
    data: dict[str, Any] = {"proposals": None, "doubts": None, "likeness": None, "unproposed": ""}
    names = ("pairs", "doubts", "vectors")
    pairs_file, doubts_file, vectors_file = (workspace.proposals / f"{name}.parquet" for name in names)
    if pairs_file.is_file() and not vectors_file.is_file():
        return data | {"unproposed": f"the proposals were made by an earlier version: {AGAIN}"}
    if not pairs_file.is_file():
        return data | {"unproposed": "no proposals yet: run agreid propose-identities, then agreid review"}
    pairs = PROPOSALS.read(pairs_file)
    if metadata(pairs).get("crops") != crops_digest(rows):
        progress.warn(f"{pairs_file} was made for other crops and is not shown; {AGAIN}")
        return data | {"unproposed": f"the proposals were made for other crops: {AGAIN}"}
    place = _places(rows)
    a, b = _side(pairs, place, "_a"), _side(pairs, place, "_b")
    asked = pairs["asked"].to_pylist()
    good = [at for at in range(len(pairs)) if min(a[at][0], b[at][0]) >= 0]
    if len(good) < len(pairs):
        progress.warn(f"{pairs_file}: {many(len(pairs) - len(good), 'pair')} of unknown tracks not shown")
    order = sorted(good, key=lambda at: (asked[at] is None, asked[at] or 0))
    data["proposals"] = {
        "embedder": metadata(pairs).get("embedder", ""),
        "a": [a[at][0] for at in order],
        "ca": [a[at][1] for at in order],
        "b": [b[at][0] for at in order],
        "cb": [b[at][1] for at in order],
    }
    data["likeness"] = _likeness(VECTORS.read(vectors_file), place)
    if doubts_file.is_file():
        data["doubts"] = _doubts(DOUBTS.read(doubts_file), place)
    return data


def _likeness(table: pa.Table, place: Mapping[tuple[Track, int | None], tuple[int, int]]) -> dict[str, Any]:
    """Columns: track, first crop, camera, levels, twins (rows); v: the vectors as Base64. curves: slope and
    middle. start, blind: the videos' start on a common clock, and groups of those without a common place.
    """
    where = _side(table, place, "")
    known = [at for at, (track, _) in enumerate(where) if track >= 0]
    row = {at: n for n, at in enumerate(known)}
    columns = {name: table[name].to_pylist() for name in ("camera", "vector", "levels", "twins")}
    scene = json.loads(metadata(table).get("scene", "{}"))
    return {
        "t": [where[at][0] for at in known],
        "c": [where[at][1] for at in known],
        "camera": [columns["camera"][at] for at in known],
        "levels": [columns["levels"][at] for at in known],
        "twins": [[row[other] for other in columns["twins"][at] if other in row] for at in known],
        "v": base64.b64encode(b"".join(columns["vector"][at] for at in known)).decode(),
        "curves": json.loads(metadata(table)["curves"]),
        "start": scene.get("start_s", {}),
        "blind": scene.get("disjoint", []),
    }


def _doubts(table: pa.Table, place: Mapping[tuple[Track, int | None], tuple[int, int]]) -> dict[str, Any]:
    where = _side(table, place, "")
    known = [at for at, (track, _) in enumerate(where) if track >= 0]
    score, reason = table["doubt"].to_pylist(), table["reason"].to_pylist()
    reasons = sorted({reason[at] for at in known})
    return {
        "t": [where[at][0] for at in known],
        "c": [where[at][1] for at in known],
        "doubt": [round(1_000 * score[at]) for at in known],
        "why": [reasons.index(reason[at]) for at in known],
        "reasons": reasons,
    }


def _places(rows: Rows) -> dict[tuple[Track, int | None], tuple[int, int]]:
    """Of each track and frame: the place of the track, and of the frame's first crop in it."""
    found: dict[tuple[Track, int | None], tuple[int, int]] = {}
    for at, (track, of_track) in enumerate(rows.items()):
        for nth, row in enumerate(of_track):
            found.setdefault((track, row["frame"]), (at, nth))
    return found


def _side(
    table: pa.Table, place: Mapping[tuple[Track, int | None], tuple[int, int]], end: str
) -> list[tuple[int, int]]:
    """Track and crop of each row; -1 where the crops have none."""
    names = (table[f"{name}{end}"].to_pylist() for name in ("video", "track", "frame"))
    return [place.get(((video, track), frame), (-1, -1)) for video, track, frame in zip(*names, strict=True)]
