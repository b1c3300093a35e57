"""Calibrate a stream on its held-out training people, once; the result is stored with the run.

Fitted are the probabilities of each attribute group, and what shares look like in general: their mean over
pairs, which a share must exceed to say something about one pair.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from agreid_cli.errors import InputError
from agreid_cli.metrics.explain.calibration import (
    FEWEST_PEOPLE,
    GroupCalibration,
    calibrate_group,
    calibrated,
    frequencies,
    logits_of,
)
from agreid_cli.metrics.explain.expected import ExpectedShares
from agreid_cli.metrics.explain.levels import LevelMeter
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.calibration import (
    CalibrationRecord,
    GroupFit,
    ShareLevels,
    calibration_path,
    read_calibration,
    write_calibration,
)
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.split import read_split
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.ranked import load_held_out
from agreid_cli.stages.run.streams import OpenStream, known_bits
from agreid_cli.training.pairs import Block

PAIRS = 200_000  # of held-out people, for the mean shares

Floats = npt.NDArray[np.floating[Any]]


def calibration(
    workspace: Workspace, opened: OpenStream, *, memory_mb: int = 1024, progress: Progress = SILENT
) -> CalibrationRecord | None:
    """The stored calibration of these weights, else a new one; None if fewer than five held-out people have
    attributes.

    A workspace without the training crops, as after copying a run, uses the stored one.
    """
    path = calibration_path(opened.run)
    stored = read_calibration(path) if path.is_file() else None
    if stored is not None and stored.weights_sha256 != opened.weights_sha256:
        stored = None
    data, labels = _data(workspace, opened)
    if stored is not None and ((data == stored.data and stored.complete) or not labels):
        return stored
    if not labels:
        return None
    record = _fit(workspace, opened, data, memory_mb, progress)
    if record is not None:
        write_calibration(record, path)
        progress.note(
            f"attribute probabilities calibrated on {record.n_people} held-out training identities: {path}"
        )
    return record


def probabilities(
    record: CalibrationRecord, chances: Floats, sizes: Sequence[int]
) -> npt.NDArray[np.float32]:
    """Sigmoids (n, M) → calibrated probabilities (n, M)."""
    return calibrated(chances, [_group(fit) for fit in record.groups], sizes)


def not_calibrated(opened: OpenStream) -> InputError:
    """The error for expected shares without a calibration."""
    return InputError(
        f"expected shares need calibrated probabilities, and '{opened.run.name}' held out "
        f"{len(opened.facts.held_out)} training identities; at least {FEWEST_PEOPLE} with attributes "
        "are needed",
        hint="Train the stream with --set explain.held_out=0.1 or more, or take the paper's: "
        "--set shares=paper (explain.shares=paper for evaluate)",
    )


def _data(workspace: Workspace, opened: OpenStream) -> tuple[str, dict[str, int]]:
    """A hash of the held-out crops and labels, and crop → pid of those that have labels."""
    if not (workspace.manifest.is_file() and workspace.split.is_file() and opened.facts.held_out):
        return "", {}
    table = read_manifest(workspace.manifest)
    split = read_split(workspace.split, table)
    rows = zip(split["crop_id"].to_pylist(), split["role"].to_pylist(), strict=True)
    train = {crop for crop, role in rows if role == "train"}
    people = set(opened.facts.held_out)
    said = zip(table["crop_id"].to_pylist(), table["pid"].to_pylist(), strict=True)
    pids = {crop: pid for crop, pid in said if pid in people and crop in train}
    if not pids or not table["attr_bits"].type.list_size:
        return "", {}
    known = known_bits(workspace, opened.codebook)
    digest, labels = hashlib.sha256(opened.codebook.hash.encode()), {}
    for crop, bits in zip(pids, known.of(list(pids)), strict=True):
        if bits.any():
            labels[crop] = pids[crop]
            digest.update(f"{crop}\0{pids[crop]}\0".encode() + bits.tobytes())
    return digest.hexdigest()[:16], labels


def _fit(
    workspace: Workspace, opened: OpenStream, data: str, memory_mb: int, progress: Progress
) -> CalibrationRecord | None:
    loaded = load_held_out(workspace, opened.facts.held_out, opened.config, progress)
    if loaded is None:
        return None
    held, crops = loaded[0], opened.sided(*loaded)
    opened = opened.for_many(len(crops), progress)
    book, known = opened.codebook, known_bits(workspace, opened.codebook)
    bits = known.of(held.crop_id)
    rows = np.flatnonzero(bits.any(axis=1))
    pid = np.array([k.pid for k in held.known], np.int64)
    if len(np.unique(pid[rows])) < FEWEST_PEOPLE:
        return None
    with progress.task("held-out people: recognising attributes", len(crops), "crops") as task:
        read = opened.stream.read(crops, np.arange(len(crops)), keep_bytes=memory_mb << 19, task=task)
    logits = logits_of(read.chances)
    priors = frequencies(_training_bits(workspace, opened), book.sizes)
    groups = []
    for start, size, prior in zip(book.starts, book.sizes, priors, strict=True):
        part = slice(start, start + size)
        groups.append(calibrate_group(logits[rows, part], bits[rows, part].argmax(axis=1), pid[rows], prior))
    chances = calibrated(read.chances, groups, book.sizes)
    paper, expected = LevelMeter(book.sizes), LevelMeter(book.sizes)
    assert opened.config.explain is not None
    shares = ExpectedShares(book.sizes, v=opened.config.explain.v)
    every = max(1, len(rows) ** 2 // PAIRS)

    def visit(block: Block) -> None:
        one, other = rows[block.rows], rows[block.columns]
        at = np.arange(block.rows.start, block.rows.stop)[:, None] * len(rows)
        at = at + np.arange(block.columns.start, block.columns.stop)
        q, g = np.nonzero((at % every == 0) & (pid[one][:, None] != pid[other]))
        if len(q):
            exclusive = bits[one[q]] != bits[other[g]]
            paper.add(block.shares_of(q, g), exclusive)
            sure = (torch.from_numpy(chances[side]) for side in (one[q], other[g]))
            expected.add(shares(*sure).numpy(), exclusive)

    opened.stream.compare(
        crops, rows, rows, visit, read=read, memory_bytes=memory_mb << 19, progress=progress,
        label="held-out people: decomposing",
    )  # fmt: skip
    fits = tuple(
        GroupFit(group.name, **asdict(found)) for group, found in zip(book.groups, groups, strict=True)
    )
    levels = [ShareLevels(tuple(m.mean().tolist()), tuple(m.spread().tolist())) for m in (paper, expected)]
    return CalibrationRecord(
        opened.weights_sha256, data, len(np.unique(pid[rows])), len(rows), fits, levels[0], levels[1]
    )


def _training_bits(workspace: Workspace, opened: OpenStream) -> npt.NDArray[np.uint8]:
    """The bits of every training person with attributes, held-out ones included: (n, M)."""
    table = read_manifest(workspace.manifest)
    split = read_split(workspace.split, table)
    rows = zip(split["crop_id"].to_pylist(), split["role"].to_pylist(), strict=True)
    train = {crop for crop, role in rows if role == "train"}
    first: dict[int, str] = {}
    for crop, pid in zip(table["crop_id"].to_pylist(), table["pid"].to_pylist(), strict=True):
        if crop in train and pid >= 0:
            first.setdefault(pid, crop)
    bits = known_bits(workspace, opened.codebook).of(list(first.values()))
    return bits[bits.any(axis=1)]


def _group(fit: GroupFit) -> GroupCalibration:
    values = asdict(fit)
    values.pop("name")
    return GroupCalibration(**values)
