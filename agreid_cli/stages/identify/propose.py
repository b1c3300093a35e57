"""Crops (+ identities.csv, judgements.csv) → proposals/: which tracks may be the same person."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from agreid_cli.attributes.identities_csv import read_identities
from agreid_cli.config.engine import EngineConfig
from agreid_cli.config.identify import ProposeConfig
from agreid_cli.engine.run import LOCAL
from agreid_cli.errors import MissingError, Problems
from agreid_cli.metrics.clustering.actions import Actions, count_actions
from agreid_cli.metrics.clustering.asking import Asking
from agreid_cli.metrics.clustering.chance import Curve
from agreid_cli.metrics.clustering.likeness import Likeness, likeness_of
from agreid_cli.metrics.clustering.propose import Proposed, propose
from agreid_cli.metrics.clustering.scores import GroupScores, score_groups
from agreid_cli.metrics.clustering.units import Units
from agreid_cli.metrics.quality import Doubt
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.files import write_csv
from agreid_cli.records.manifest import JUNK_PID
from agreid_cli.records.proposals import DOUBTS, DOUBTS_SCHEMA, PROPOSALS, VECTORS, VECTORS_SCHEMA
from agreid_cli.records.proposals import SCHEMA as PROPOSALS_SCHEMA
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.identify.compare import doubts, known_of, pids, units_of
from agreid_cli.stages.identify.embed_units import Remote
from agreid_cli.stages.identify.embedders import find_embedder
from agreid_cli.stages.identify.tracks import Piece, Tracks, describe, read_tracks

HEADER = ("video_id", "track_id", "frame_from", "frame_to", "pid", "probability", "doubt", "reason")
LEAST_SHOWN = 0.005  # pairs of less probability are not written


@dataclass(frozen=True)
class ProposeResult:
    """What was written, and, with a truth to compare with, how good it is."""

    folder: Path
    embedder: str
    n_tracks: int
    n_open: int
    n_people: int  # proposed identities, of open and decided tracks
    n_pairs: int
    n_grouped: int  # pairs that are proposed as one person
    n_judged: int
    within: Curve
    across: Curve
    scores: GroupScores | None = None
    actions: Actions | None = None


def propose_identities(
    workspace: Workspace,
    config: ProposeConfig,
    *,
    embedder: str | None = None,
    identities: Path | None = None,
    judgements: Path | None = None,
    truth: Path | None = None,
    device: str = "auto",
    engine: EngineConfig = LOCAL,
    progress: Progress = SILENT,
) -> ProposeResult:
    """Write `proposals/`: pairs, vectors and doubts for the page (Parquet), and the proposed identities.csv.

    Annotations are not changed. Tracks that they decide are settled, and their pairs teach the probabilities.
    `truth` is an identities.csv to score the groups against. On Ray, the crops of a video are a unit of work.
    """
    tracks = read_tracks(workspace, identities=identities, judgements=judgements)
    for text in tracks.notes:
        progress.note(text)
    true = None if truth is None else _true_pids(tracks, truth, progress)
    n = tracks.n_embedded(config.crops)
    found = find_embedder(workspace, embedder, device=device, batch=config.batch, crops=n, progress=progress)
    there = Remote(Workspace(workspace.root.resolve()), embedder or found.name, device, config.batch, n)
    remote = partial(there.fill, found=found, engine=engine, progress=progress)
    fill = remote if engine.name != "local" else None
    described = describe(workspace, tracks, found, config, progress, fill=fill)
    units = units_of(tracks, described, config)
    if len(set(units.camera.tolist())) == 1:
        progress.note("all tracks are of one camera: proposals are within it")
    known = known_of(tracks, described, one_sided=config.one_sided)
    _say_contradictions(tracks, units, known.same, progress)
    made = propose(units, known, k=config.neighbours, cut=config.cut)
    doubtful = doubts(tracks, described)
    chosen = _written(made, tracks, known.same, config.shown)
    folder = workspace.proposals
    marks = {"embedder": found.name, "crops": tracks.crops}
    PROPOSALS.write(_pairs_table(made, tracks, chosen), folder / "pairs.parquet", marks)
    DOUBTS.write(_doubts_table(made, tracks, doubtful), folder / "doubts.parquet", marks)
    like = likeness_of(units.vectors, made.levels, made.within, made.across)
    curves = {"within": like.within, "across": like.across}
    scene = {"start_s": config.start_s, "disjoint": config.disjoint}
    more = {"curves": json.dumps(curves), "scene": json.dumps(scene)}
    VECTORS.write(_vectors_table(tracks, units, like), folder / "vectors.parquet", marks | more)
    write_csv(folder / "identities.csv", [HEADER, *_group_rows(made, tracks, doubtful)])
    scores, actions = (None, None) if true is None else _scored(made, units, like, chosen, true)
    return ProposeResult(
        folder, found.name, len(tracks.pieces), int((pids(tracks) == -2).sum()),
        len(set(made.group.tolist())), len(chosen), int(made.grouped[chosen].sum()),
        len(tracks.same) + len(tracks.differ),
        made.within, made.across, scores, actions,
    )  # fmt: skip


def _say_contradictions(
    tracks: Tracks, units: Units, same: Sequence[tuple[int, int]], progress: Progress
) -> None:
    """Warn of tracks annotated as one person that are seen at the same time."""
    pairs = np.array(same, np.int64).reshape(-1, 2)
    both = pairs[units.overlapping(pairs[:, 0], pairs[:, 1])]
    if len(both):
        shown = "; ".join(f"{_name(tracks.pieces[a])} and {_name(tracks.pieces[b])}" for a, b in both[:3])
        progress.warn(
            f"{len(both)} pairs of tracks are annotated as one person but overlap in time: {shown}. "
            "They are not proposed together."
        )


def _name(piece: Piece) -> str:
    return f"{piece.track[0]}:{piece.track[1]}"


def _written(
    made: Proposed, tracks: Tracks, same: Sequence[tuple[int, int]], shown: int
) -> npt.NDArray[np.intp]:
    """The pairs that are written, in the order of the queue: the likeliest of each track and kind, without
    those that have been decided.
    """
    pairs, pid = made.pairs, pids(tracks)
    decided = {tuple(sorted(pair)) for pair in (*same, *tracks.differ)}
    open_ = ~((pid[pairs.a] >= 0) & (pid[pairs.a] == pid[pairs.b]))
    open_ &= np.array(
        [(a, b) not in decided for a, b in zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)], bool
    )
    open_ &= made.grouped | (made.chance >= LEAST_SHOWN)
    order = np.argsort(-made.chance, kind="stable")
    taken = np.zeros((2, len(tracks.pieces)), np.int64)
    keep = np.zeros(len(pairs), bool)
    for at in order[open_[order]].tolist():
        kind, a, b = int(pairs.across[at]), pairs.a[at], pairs.b[at]
        if min(taken[kind, a], taken[kind, b]) < shown:
            keep[at] = True
            taken[kind, [a, b]] += 1
    queue = made.queue()
    return queue[keep[queue]]


def _pairs_table(made: Proposed, tracks: Tracks, chosen: npt.NDArray[np.intp]) -> pa.Table:
    pairs = made.pairs.take(chosen)
    columns: dict[str, Any] = {}
    for side, places in (("a", pairs.a), ("b", pairs.b)):
        mine = [tracks.pieces[at] for at in places]
        columns[f"video_{side}"] = [piece.track[0] for piece in mine]
        columns[f"track_{side}"] = [piece.track[1] for piece in mine]
        columns[f"frame_{side}"] = [piece.frame for piece in mine]
    columns["kind"] = ["across" if across else "within" for across in pairs.across]
    columns["probability"] = made.chance[chosen].astype(np.float32)
    columns["similarity"] = pairs.similarity
    columns["grouped"] = made.grouped[chosen]
    columns["asked"] = np.arange(len(chosen), dtype=np.int32)
    return pa.table(columns, schema=PROPOSALS_SCHEMA)


def _doubts_table(made: Proposed, tracks: Tracks, doubtful: Doubt) -> pa.Table:
    rows = [
        {
            "video": piece.track[0], "track": piece.track[1], "frame": piece.frame,
            "group": None if piece.pid == JUNK_PID else int(group), "doubt": float(score), "reason": reason,
        }
        for piece, group, score, reason in zip(
            tracks.pieces, made.group, doubtful.score, doubtful.reason, strict=True
        )
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=DOUBTS_SCHEMA)


def _vectors_table(tracks: Tracks, units: Units, like: Likeness) -> pa.Table:
    twins: dict[int, list[int]] = defaultdict(list)
    for a, b in [] if units.twins is None else units.twins.tolist():
        twins[a].append(b)
        twins[b].append(a)
    rows = [
        {
            "video": piece.track[0], "track": piece.track[1], "frame": piece.frame,
            "camera": int(like.camera[at]), "vector": like.vectors[at].tobytes(),
            "levels": like.levels[at].tolist(), "twins": twins[at],
        }
        for at, piece in enumerate(tracks.pieces)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=VECTORS_SCHEMA)


def _group_rows(made: Proposed, tracks: Tracks, doubtful: Doubt) -> list[tuple[Any, ...]]:
    """The proposed identities as rows of an identities.csv; decided tracks keep their pid.

    probability: of the track's likeliest pair in its group; empty for a track that is alone.
    """
    pid = pids(tracks)
    best = np.full(len(pid), np.nan)
    for places in (made.pairs.a, made.pairs.b):
        np.fmax.at(best, places[made.grouped], made.chance[made.grouped])
    number: dict[int, int] = {}
    for unit in np.flatnonzero(pid >= 0).tolist():
        number.setdefault(int(made.group[unit]), int(pid[unit]))
    fresh = int(pid.max(initial=0))
    rows = []
    for at, piece in enumerate(tracks.pieces):
        group = int(made.group[at])
        if piece.pid is None and group not in number:
            fresh += 1
            number[group] = fresh
        name = piece.pid if piece.pid is not None else number[group]
        ends = ("", "") if piece.whole else (piece.frame, piece.rows[-1]["frame"])
        chance = "" if np.isnan(best[at]) or piece.pid is not None else f"{best[at]:.3f}"
        rows.append((*piece.track, *ends, name, chance, f"{doubtful.score[at]:.3f}", doubtful.reason[at]))
    return rows


def _true_pids(tracks: Tracks, path: Path, progress: Progress) -> list[list[int]]:
    """The pids that the truth gives the crops of each piece."""
    if not path.is_file():
        raise MissingError(f"{path} does not exist", hint="Give an identities.csv: --truth FILE")
    problems = Problems()
    who = read_identities(path, {piece.track for piece in tracks.pieces}, problems)
    problems.raise_if_any("{n} problems in the ground truth")
    for text in who.notes:
        progress.note(text)
    said = ([who.pid(piece.track, row["frame"]) for row in piece.rows] for piece in tracks.pieces)
    return [[pid for pid in one if pid is not None] for one in said]


def _scored(
    made: Proposed, units: Units, like: Likeness, chosen: npt.NDArray[np.intp], true: list[list[int]]
) -> tuple[GroupScores, Actions]:
    """Scores over the tracks whose crops mostly show a person. Actions over all, from no annotation at all: a
    non-person is a person of its own there, and a track of several people has a part for each further one.
    """
    most = np.array([max(sorted(set(one)), key=one.count) if one else JUNK_PID for one in true], np.int64)
    person = most >= 0
    parts = [
        (at, pid)
        for at, one in enumerate(true)
        for pid in dict.fromkeys(one)
        if pid >= 0 and person[at] and pid != most[at]
    ]
    alone = np.where(person, most, -1 - np.arange(len(most)))
    pairs = np.stack([made.pairs.a[chosen], made.pairs.b[chosen]], axis=1)
    actions = count_actions(alone, Asking(units, like, pairs), parts)
    return score_groups(most[person], made.group[person]), actions
