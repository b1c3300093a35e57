"""Annotations from CVAT or Label Studio → identities.csv and attributes.csv."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.labels import class_of, label_of, label_problem
from agreid_cli.attributes.official import official_codebook
from agreid_cli.attributes.words import listed, many
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.datasets import tool_reader
from agreid_cli.datasets.annotation_files import Covered
from agreid_cli.datasets.video_facts import VideoFacts
from agreid_cli.errors import InputError, Problems
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.crops import BOX, CROPS
from agreid_cli.records.extraction import Extraction
from agreid_cli.records.files import write_csv
from agreid_cli.records.manifest import JUNK_PID
from agreid_cli.records.numbers import parse_pid
from agreid_cli.records.regular import check_regular
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.coverage import CropBox, Places, check_coverage, parts_at
from agreid_cli.stages.annotate.rows import HEADER, Run, Track, identity_rows, tracks_of


@dataclass(frozen=True)
class ImportedAnnotations:
    """The two files and their content; `n_open` tracks are not fully annotated."""

    identities: Path
    attributes: Path
    n_tracks: int
    n_open: int
    n_identities: int
    n_with_labels: int


def import_annotations(
    workspace: Workspace,
    tool: str,
    files: Sequence[Path],
    *,
    manifest: ManifestConfig | None = None,
    out: Path | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> ImportedAnnotations:
    """Write both files into `out` (default: the workspace). `InputError` lists all problems first.

    A crop shows the person of the tool's box on its frame; without a box it is not annotated. Labels that
    differ between the tracks of one person are problems: none is chosen silently.
    """
    read = tool_reader(tool)
    folder = out or workspace.root
    paths = (folder / "identities.csv", folder / "attributes.csv")
    there = [path for path in paths if path.exists()]
    if there and not overwrite:
        raise InputError(
            f"{' and '.join(str(path) for path in there)} already exist",
            hint="Write elsewhere with --out, or replace them with --overwrite.",
        )
    settings = manifest or ManifestConfig()
    codebook = official_codebook(settings.age_fold).excluding(settings.exclude)
    problems = Problems()
    crops = CROPS.read(workspace.crops)
    places = _places(crops)
    videos = _facts(crops, workspace)
    for file in files:
        if file.exists() and not file.is_dir():
            check_regular(file)
    read_files = [read(file, videos, problems) for file in files]
    found = [part for one in read_files for part in one.runs]
    parts = _by_track(found, places, problems)
    notes = [note for one in read_files for note in one.notes]
    notes += [*_unused(found, codebook), *check_coverage(places, parts, problems)]
    pids = {id(part): _pid(part, problems) for part in found}
    runs = _runs(places, parts, pids, problems)
    mixed = _mixed(found, pids)
    labels = _labels([part for part in found if part.where not in mixed], pids, codebook, problems)
    problems.raise_if_any(
        "{n} problems in the annotations; nothing was written",
        hint="Fix them in the tool, export again, and run the same command again.",
    )
    for text in notes:
        progress.warn(text)
    for where in mixed:
        progress.warn(f"{where} shows several persons, so its attributes are used for none of them")
    if silent := [track for track in places if track not in parts]:
        shown = listed((f"{video}:{number}" for video, number in silent), 4)
        progress.note(f"the files do not contain {many(len(silent), 'track')}: {shown}")
    names = codebook.names
    seen = sorted({run.pid for run in runs if run.pid is not None and run.pid != JUNK_PID})
    table = [[pid, *(labels.get(pid, {}).get(name, "") for name in names)] for pid in seen]
    write_csv(paths[0], [HEADER, *identity_rows(runs)])
    write_csv(paths[1], [["pid", *names], *table])
    open_tracks = {run.track for run in runs if run.pid is None}
    filled = sum(any(row[1:]) for row in table)
    return ImportedAnnotations(*paths, len(places), len(open_tracks), len(seen), filled)


def _places(crops: pa.Table) -> dict[Track, list[CropBox]]:
    """Track → its crops, in order of frames."""
    places: dict[Track, list[CropBox]] = defaultdict(list)
    boxes = zip(*(crops[name].to_pylist() for name in BOX), strict=True)
    for track, frame, box in zip(tracks_of(crops), crops["frame"].to_pylist(), boxes, strict=True):
        if track is not None:
            places[track].append(CropBox(frame, None if None in box else box))
    return {t: sorted(of, key=lambda c: (c.frame is None, c.frame or 0)) for t, of in sorted(places.items())}


def _facts(crops: pa.Table, workspace: Workspace) -> dict[str, VideoFacts]:
    """video_id → facts on the video, from its crops and the record of their extraction."""
    columns = ("video_id", "frame", "time_s", "frame_width", "frame_height")
    rows = zip(*(crops[name].to_pylist() for name in columns), strict=True)
    timed: dict[str, dict[int, float]] = defaultdict(dict)
    seen: dict[str, set[int]] = defaultdict(set)
    sizes: dict[str, tuple[int | None, int | None]] = {}
    for video, frame, time, width, height in rows:
        if video is not None:
            sizes.setdefault(video, (width, height))
            if frame is not None:
                seen[video].add(frame)
            if frame is not None and time is not None:
                timed[video][frame] = time
    found = {}
    for video, (width, height) in sizes.items():
        frames = tuple(sorted(timed[video]))
        times = tuple(timed[video][frame] for frame in frames)
        found[video] = VideoFacts(
            frames, times, frozenset(seen[video]), _n_frames(workspace, video), width, height
        )
    return found


def _n_frames(workspace: Workspace, video: str) -> int | None:
    """The frames of a video, including undecodable ones; None if there is no record."""
    record = workspace.crops_dir / "parts" / f"{video}.json"
    if not record.is_file():
        return None
    done = Extraction.read(record)
    return done.decoded + done.lost + done.missing_at_end


def _unused(found: Sequence[Covered], codebook: Codebook) -> list[str]:
    """Annotations that are not imported: fields that are not attributes, and attributes without an
    identity."""
    fields: Counter[str] = Counter()
    nameless: dict[str, None] = {}
    for part in found:
        fields.update(part.labels.keys() - set(codebook.names))
        if part.labels and not part.pid:
            nameless[part.where] = None
    notes = []
    if fields:
        shown = listed((f"{name} ({many(n, 'box', 'boxes')})" for name, n in sorted(fields.items())), 10)
        notes.append(f"fields that are no attribute here and are not used: {shown}")
    if nameless:
        shown = listed(nameless, 3)
        notes.append(f"attributes of {many(len(nameless), 'track')} without a pid are not used: {shown}")
    return notes


def _by_track(found: Sequence[Covered], places: Places, problems: Problems) -> dict[Track, list[Covered]]:
    parts: dict[Track, list[Covered]] = defaultdict(list)
    strange = {}
    for part in found:
        if part.track in places:
            parts[part.track].append(part)
        else:
            strange[part.where] = part.track
    for where, (video, number) in strange.items():
        problems.add(where, f"the crops have no track {number} of '{video}'")
    return dict(parts)


def _pid(part: Covered, problems: Problems) -> int | None:
    if not part.pid:
        return None
    pid = parse_pid(part.pid)
    if isinstance(pid, str):
        problems.add(f"{part.where}, frame {part.first}, pid", pid)
        return None
    return pid


def _runs(
    places: Places,
    parts: dict[Track, list[Covered]],
    pids: dict[int, int | None],
    problems: Problems,
) -> list[Run]:
    runs = []
    for track, crops in places.items():
        for crop, here in parts_at(crops, parts.get(track, ())):
            said = {pids[id(part)] for part in here} - {None}
            if len(said) > 1:
                several = sorted(pid for pid in said if pid is not None)
                more = [f"{len(several) - 4:,} others"] if len(several) > 5 else []
                both = " and ".join([*map(str, several[: 4 if more else 5]), *more])
                problems.add(
                    f"{here[0].where}, frame {crop.frame}", f"{track[0]}:{track[1]} is {both} at once"
                )
            runs.append(Run(track, crop.frame, crop.frame, next(iter(said), None)))
    return runs


def _mixed(found: Sequence[Covered], pids: dict[int, int | None]) -> list[str]:
    """Tracks with attributes and more than one person; tools store attributes per track, not per frame."""
    persons: dict[str, set[int]] = defaultdict(set)
    for part in found:
        pid = pids[id(part)]
        if pid is not None and pid != JUNK_PID:
            persons[part.where].add(pid)
    labelled = {part.where for part in found if part.labels}
    return [where for where, of_place in persons.items() if len(of_place) > 1 and where in labelled]


def _labels(
    found: Sequence[Covered], pids: dict[int, int | None], codebook: Codebook, problems: Problems
) -> dict[int, dict[str, str]]:
    """pid → group → label; each part of a person may give some, and all labels given must agree."""
    labels: dict[int, dict[str, str]] = defaultdict(dict)
    first: dict[tuple[int, str], str] = {}
    for part in found:
        pid = pids[id(part)]
        if pid is None or pid == JUNK_PID:
            continue
        for group in codebook.groups:
            text = part.labels.get(group.name, "")
            if not text:
                continue
            if class_of(text, group) is None:
                what = partial(label_problem, text, group)
                problems.add(f"{part.where}, {group.name}", what, kind="no such label")
                continue
            word = label_of(text, group)
            other = labels[pid].setdefault(group.name, word)
            where = first.setdefault((pid, group.name), part.where)
            if other != word:
                problems.add(
                    f"{part.where}, {group.name}", f"person {pid} is {word} here and {other} in {where}"
                )
    return labels
