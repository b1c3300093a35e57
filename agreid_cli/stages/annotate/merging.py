"""Merge the CSV files of several annotators: attributes label by label, identities run by run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from agreid_cli.attributes.attributes_csv import read_attributes
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.identities_csv import read_identities
from agreid_cli.attributes.same_pids import aligned_pids
from agreid_cli.attributes.votes import decide
from agreid_cli.attributes.words import listed, people
from agreid_cli.config.merge_annotations import MergeConfig
from agreid_cli.errors import Problems
from agreid_cli.metrics.agreement import Agreement, agreement
from agreid_cli.records.manifest import JUNK_PID
from agreid_cli.stages.annotate.rows import HEADER, Run, Track, identity_rows, tracks_of


@dataclass(frozen=True)
class Merged:
    """Rows of the two tables to write, headers first, and the statistics.

    `disputed` is the complete list of disagreements, unresolved ones first.
    """

    merged: list[list[object]]
    disputed: list[list[object]]
    agreement: dict[str, Agreement]
    counts: dict[str, int]  # why → number of cells
    notes: list[str]


def short_names(files: Sequence[Path]) -> list[str]:
    """A name for each annotator: the file's stem, with its folder or a number where stems are equal.

    >>> short_names([Path("a.csv"), Path("b.csv")])
    ['a', 'b']
    >>> short_names([Path("ann/attributes.csv"), Path("ben/attributes.csv")])
    ['ann/attributes', 'ben/attributes']
    """
    for names in (
        [file.stem for file in files],
        [f"{file.absolute().parent.name}/{file.stem}" for file in files],
    ):
        if len(set(names)) == len(names):
            return names
    return [f"{number}:{file.stem}" for number, file in enumerate(files, 1)]


def merge_attributes(
    files: Sequence[Path], names: Sequence[str], codebook: Codebook, config: MergeConfig, problems: Problems
) -> Merged:
    """Compare label by label, in the official spelling; "unknown" is a vote, a blank cell is not."""
    annotators: list[dict[int, dict[str, str]]] = []
    notes: list[str] = []
    for file, name in zip(files, names, strict=True):
        own = Problems()
        rows = read_attributes(file, codebook, own)
        annotators.append(rows.labels)
        notes += [note for note in rows.notes if "not used" in note]
        problems.take(own, name if name != file.stem else "")
    pids = sorted({pid for rows in annotators for pid in rows})
    merged: list[list[object]] = [["pid", *codebook.names]]
    urgent: list[list[object]] = []
    outvoted: list[list[object]] = []
    subjects: dict[str, list[list[str | None]]] = {name: [] for name in codebook.names}
    counts: Counter[str] = Counter()
    for pid in pids:
        row: list[object] = [pid]
        for group in codebook.names:
            votes = [rows.get(pid, {}).get(group) or None for rows in annotators]
            subjects[group].append(votes)
            verdict = decide(votes, min_votes=config.min_votes)
            counts[verdict.why] += 1
            row.append(verdict.value)
            if verdict.is_disputed:
                entry: list[object] = [pid, group, verdict.value, verdict.why, *votes]
                (urgent if verdict.must_be_settled else outvoted).append(entry)
        merged.append(row)
    for labels, name in zip(annotators, names, strict=True):
        if absent := [pid for pid in pids if pid not in labels]:
            notes.append(f"{name} has no row for {people(len(absent))}: {listed(absent)}")
    header: list[object] = ["pid", "attribute", "decided", "why", *names]
    found = {group: agreement(votes) for group, votes in subjects.items()}
    return Merged(merged, [header, *urgent, *outvoted], found, dict(counts), notes)


Votes = tuple[int | None, ...]


@dataclass(frozen=True)
class _Run:
    """Consecutive crops of one track with constant votes of every annotator; frames None = unknown."""

    track: Track
    first: int | None
    last: int | None
    own: Votes  # pids as given by each annotator
    votes: Votes  # the same in common numbers


def merge_identities(
    files: Sequence[Path], names: Sequence[str], crops: pa.Table, config: MergeConfig, problems: Problems
) -> Merged:
    """Compare the identity of each run of crops. Numbers differ between annotators and are matched first.

    Kappa is computed for "person or not": pids are arbitrary names, so chance agreement on them is
    meaningless.
    """
    frames: dict[Track, list[int | None]] = {}
    for track, frame in zip(tracks_of(crops), crops["frame"].to_pylist(), strict=True):
        if track is not None:
            frames.setdefault(track, []).append(frame)
    places = [(t, f) for t in sorted(frames) for f in sorted(frames[t], key=lambda f: (f is None, f or 0))]
    annotators: list[list[int | None]] = []
    notes: list[str] = []
    for file, name in zip(files, names, strict=True):
        own = Problems()
        who = read_identities(file, frames.keys(), own)
        problems.take(own, name if name != file.stem else "")
        annotators.append([who.pid(track, frame) for track, frame in places])
        notes += who.notes
    maps = aligned_pids(annotators)
    runs = _runs(places, annotators, maps)
    verdicts = [decide(run.votes, min_votes=config.min_votes) for run in runs]
    urgent: list[list[object]] = []
    outvoted: list[list[object]] = []
    for run, verdict in zip(runs, verdicts, strict=True):
        if verdict.is_disputed:
            ends = [run.first, run.last]
            entry: list[object] = [
                *run.track,
                *ends,
                verdict.value,
                verdict.why,
                *map(_shown, run.own, run.votes),
            ]
            (urgent if verdict.must_be_settled else outvoted).append(entry)
    decided = [Run(r.track, r.first, r.last, v.value) for r, v in zip(runs, verdicts, strict=True)]
    persons = [[None if v is None else v != JUNK_PID for v in run.votes] for run in runs]
    renamed = [n for n, m in zip(names, maps, strict=True) if any(a != b for a, b in m.items())]
    notes += [f"{name}: its pids were matched to those of {names[0]}" for name in renamed]
    return Merged(
        [[*HEADER], *identity_rows(decided)],
        [[*HEADER[:-1], "decided", "why", *names], *urgent, *outvoted],
        {"person or not": agreement(persons), "identity": _without_kappa(runs)},
        dict(Counter(verdict.why for verdict in verdicts)),
        notes,
    )


def _runs(
    places: Sequence[tuple[Track, int | None]],
    annotators: Sequence[Sequence[int | None]],
    maps: Sequence[dict[int, int]],
) -> list[_Run]:
    def common(k: int, pid: int | None) -> int | None:
        return pid if pid is None or pid == JUNK_PID else maps[k][pid]

    crops = [(track, frame, own) for (track, frame), *own in zip(places, *annotators, strict=True)]
    found = []
    for (track, own), group in groupby(crops, key=lambda crop: (crop[0], tuple(crop[2]))):
        of_run = [frame for _, frame, _ in group]
        votes = tuple(common(k, pid) for k, pid in enumerate(own))
        found.append(_Run(track, of_run[0], of_run[-1], own, votes))
    return found


def _without_kappa(runs: Sequence[_Run]) -> Agreement:
    return replace(agreement([run.votes for run in runs]), kappa=None)


def _shown(own: int | None, common: int | None) -> str:
    """A vote as given by its annotator, and its common number."""
    if own is None:
        return ""
    return str(own) if own == common else f"{own} (= {common})"
