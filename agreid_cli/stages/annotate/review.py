"""Crops (+ identities.csv, attributes.csv, judgements.csv, proposals/) → the annotation page, review.html."""

from __future__ import annotations

import base64
import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from agreid_cli.attributes.attributes_csv import AttributeRows, read_attributes
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.identities_csv import Identities, read_identities
from agreid_cli.attributes.judgements_csv import Judgements, read_judgements
from agreid_cli.attributes.official import official_codebook
from agreid_cli.attributes.words import listed, many
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.config.review import ReviewConfig
from agreid_cli.errors import InputError, MissingError, Problems
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.crops import CROPS, VIEW_OF_PLATFORM
from agreid_cli.records.files import write_text
from agreid_cli.records.workspace import Workspace
from agreid_cli.reporting.review.page import jpeg_of, review_page
from agreid_cli.stages.annotate.judged import page_answers
from agreid_cli.stages.annotate.proposed import crops_digest, proposals_data
from agreid_cli.stages.annotate.rows import Track, tracks_of

NEEDED = ("crop_id", "path", "platform", "camid", "session", "altitude", "frame", "time_s", "width", "height")


@dataclass(frozen=True)
class ReviewResult:
    """The page and its content; `n_decided` tracks have a pid, or are junk, throughout."""

    path: Path
    n_tracks: int
    n_crops: int
    n_decided: int
    n_identities: int
    n_missing_images: int  # with --embed, including unreadable ones
    n_proposals: int  # pairs of tracks
    n_answers: int  # judgements
    fingerprint: str


def review(
    workspace: Workspace,
    config: ReviewConfig,
    *,
    manifest: ManifestConfig | None = None,
    out: Path | None = None,
    embed: bool = False,
    identities: Path | None = None,
    attributes: Path | None = None,
    judgements: Path | None = None,
    progress: Progress = SILENT,
) -> ReviewResult:
    """Write the page, filled with existing annotations and proposals; invalid ones raise `InputError`.

    Tracks that judgements call one person get one pid, unless identities.csv says otherwise. Images are links
    relative to the page, or, with `embed`, small JPEGs inside it. `manifest` determines the attribute groups.
    """
    manifest = manifest or ManifestConfig()
    codebook = official_codebook(manifest.age_fold).excluding(manifest.exclude)
    crops = CROPS.read(workspace.crops)
    rows = rows_by_track(crops)
    if not rows:
        raise InputError(f"{workspace.crops} contains no track to annotate")
    if n := sum(track is None for track in tracks_of(crops)):
        progress.warn(f"{many(n, 'crop')} that belong to no track are not shown")
    who_file, what_file = _given(identities, workspace.identities), _given(attributes, workspace.attributes)
    told_file = _given(judgements, workspace.judgements)
    problems = Problems()
    who = read_identities(who_file, rows.keys(), problems) if who_file else Identities({})
    what = read_attributes(what_file, codebook, problems) if what_file else AttributeRows({}, [])
    told = read_judgements(told_file, rows.keys(), problems) if told_file else Judgements([])
    spans = [[at, *part] for at, (t, r) in enumerate(rows.items()) for part in parts_of(t, r, who)]
    answers = page_answers(rows, spans, told, what.labels, problems, told_file.name if told_file else "")
    problems.raise_if_any(
        "{n} problems in the annotations; nothing was written",
        hint="Fix them, or move the files away to start again.",
    )
    for text in (*who.notes, *what.notes, *told.notes, *answers.notes):
        progress.note(text)
    proposals = proposals_data(workspace, rows, progress)
    target = out or workspace.root / "review.html"
    gone = [row["path"] for r in rows.values() for row in r if not _source(workspace, row).is_file()]
    total = sum(len(r) for r in rows.values())
    with progress.task("embedding crops" if embed else "listing crops", total, "crops") as task:

        def address(row: dict[str, Any]) -> str:
            task.advance()
            source = _source(workspace, row)
            if not embed:
                return image_link(source, target)
            try:
                return _embedded(source, config)
            except (OSError, ValueError):
                if row["path"] not in gone:
                    gone.append(row["path"])
                return "data:,"

        data = page_data(rows, spans, what.labels, codebook, address)
    if gone:
        progress.warn(f"{many(len(gone), 'image')} cannot be shown: {listed(gone, 3)}")
    base = hashlib.sha256()
    for path in (who_file, what_file):
        base.update(path.read_bytes() if path else b"\0")
    if told_file:
        base.update(told_file.read_bytes())
    name = Path(os.path.abspath(workspace.root)).name
    data |= {"answers": answers.rows, **proposals, "workspace": name, "base": base.hexdigest()[:12]}
    write_text(target, review_page(data, f"Review of {name}"))
    open_ = {at for at, _, _, pid in spans if pid is None}
    pids = {pid for _, _, _, pid in spans} - {None, "-1"}
    asked = len(proposals["proposals"]["a"]) if proposals["proposals"] else 0
    return ReviewResult(
        target, len(rows), total, len(rows) - len(open_), len(pids), len(gone), asked, len(answers.rows),
        str(data["fingerprint"]),
    )  # fmt: skip


def page_data(
    rows: dict[Track, list[dict[str, Any]]],
    spans: list[list[Any]],
    what: dict[int, dict[str, str]],
    codebook: Codebook,
    address: Callable[[dict[str, Any]], str],
) -> dict[str, Any]:
    """The data of the page: cameras, tracks with their crops, groups, and the annotations so far.

    pids are text, because JavaScript's integers end at 2^53. A span is [track, first crop, last crop, pid].
    """
    cameras: dict[str, dict[str, Any]] = {}
    tracks = []
    for track, of_track in rows.items():
        first = of_track[0]
        camera = cameras.setdefault(
            track[0],
            {
                "video": track[0],
                "view": VIEW_OF_PLATFORM[first["platform"]],
                **{name: first[name] for name in ("platform", "camid", "session", "altitude")},
            },
        )
        tracks.append(
            {
                "camera": list(cameras).index(camera["video"]),
                "id": track[1],
                "frames": [row["frame"] for row in of_track],
                "times": _times(of_track),
                "sizes": [[row["width"], row["height"]] for row in of_track],
                "src": [address(row) for row in of_track],
            }
        )
    return {
        "fingerprint": crops_digest(rows),
        "cameras": list(cameras.values()),
        "tracks": tracks,
        "spans": spans,
        "groups": [{"name": g.name, "title": g.title, "labels": list(g.labels)} for g in codebook.groups],
        "labels": {str(pid): {k: v for k, v in row.items() if v} for pid, row in sorted(what.items())},
    }


def parts_of(track: Track, rows: Sequence[dict[str, Any]], who: Identities) -> list[list[Any]]:
    """[first crop, last crop, pid] for each run of crops covered by one row of identities.csv."""
    spans = who.spans.get(track, ())

    def which(frame: int | None) -> int:
        for place, span in enumerate(spans):
            if span.is_whole or (frame is not None and span.first <= frame <= span.last):
                return place
        return -1

    parts: list[list[Any]] = []
    before: int | None = None
    for at, row in enumerate(rows):
        place = which(row["frame"])
        if place == before:
            parts[-1][1] = at
            continue
        pid = spans[place].pid if place >= 0 else None
        parts.append([at, at, None if pid is None else str(pid)])
        before = place
    return parts


def _times(rows: Sequence[dict[str, Any]]) -> list[float | None] | None:
    """Seconds of each crop, to hundredths; None if none is known."""
    times = [None if row["time_s"] is None else round(row["time_s"], 2) for row in rows]
    return times if any(time is not None for time in times) else None


def rows_by_track(crops: pa.Table, names: Sequence[str] = NEEDED) -> dict[Track, list[dict[str, Any]]]:
    """The crops of each track in order of frame, tracks in order of video and number, with these columns."""
    found: dict[Track, list[dict[str, Any]]] = defaultdict(list)
    for track, row in zip(tracks_of(crops), crops.select(list(names)).to_pylist(), strict=True):
        if track is not None:
            found[track].append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (row["frame"] is None, row["frame"] or 0, row["crop_id"]))
    return dict(sorted(found.items()))


def _given(named: Path | None, usual: Path) -> Path | None:
    """The file to start from: a given one must exist, the default one may be missing or empty."""
    if named is not None and not named.is_file():
        raise MissingError(f"{named} does not exist")
    if named is None and not (usual.is_file() and usual.read_bytes().strip()):
        return None
    return named or usual


def _source(workspace: Workspace, row: dict[str, Any]) -> Path:
    return workspace.crops_dir / str(row["path"])


def image_link(source: Path, page: Path) -> str:
    """The image path used by the page: relative, so that the folder can be moved as a whole."""
    real = Path(os.path.abspath(source))
    try:
        return quote(Path(os.path.relpath(real, os.path.abspath(page.parent))).as_posix())
    except ValueError:  # another drive
        return real.as_uri()


def _embedded(source: Path, config: ReviewConfig) -> str:
    data = jpeg_of(source, config.embed_height, config.embed_quality)
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()
