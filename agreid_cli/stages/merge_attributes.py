"""attributes.csv of several annotators → one, label by label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from agreid_cli.attributes.attributes_csv import read_attributes
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.votes import decide
from agreid_cli.attributes.words import listed, people
from agreid_cli.config.merge_annotations import MergeConfig
from agreid_cli.errors import Problem, Problems
from agreid_cli.metrics.agreement import agreement
from agreid_cli.stages.merged_annotations import Merged


def merge_attributes(
    files: Sequence[Path], names: Sequence[str], codebook: Codebook, config: MergeConfig, problems: Problems
) -> Merged:
    """Compare label by label, in the official spelling; "unknown" is a vote, a blank cell is none."""
    annotators = []
    for file, name in zip(files, names, strict=True):
        own = Problems()
        annotators.append(read_attributes(file, codebook, own).labels)
        problems.found += [
            Problem(f"{name}: {p.where}" if name != file.stem else p.where, p.what) for p in own.found
        ]
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
    notes = []
    for rows, name in zip(annotators, names, strict=True):
        if absent := [pid for pid in pids if pid not in rows]:
            notes.append(f"{name} has no row for {people(len(absent))}: {listed(absent)}")
    header: list[object] = ["pid", "attribute", "decided", "why", *names]
    found = {group: agreement(votes) for group, votes in subjects.items()}
    return Merged(merged, [header, *urgent, *outvoted], found, dict(counts), notes)
