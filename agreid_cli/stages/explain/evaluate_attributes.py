"""Explainable run → AttributeSearch: how well `search --attributes` finds people by descriptions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import InputError
from agreid_cli.metrics.explain.descriptions import (
    Descriptions,
    Found,
    chance_of,
    draw_descriptions,
    score_descriptions,
)
from agreid_cli.metrics.explain.faithfulness import estimate
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.attribute_search import (
    AttributeRow,
    AttributeSearch,
    attributes_path,
    write_attribute_search,
)
from agreid_cli.records.calibration import CalibrationRecord
from agreid_cli.records.faithfulness import Estimate
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.split import read_split
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.probes import probe_probabilities
from agreid_cli.stages.explain.shares import sharing
from agreid_cli.stages.run.ranked import load_held_out, load_testing
from agreid_cli.stages.run.streams import OpenStream, known_bits, open_stream
from agreid_cli.training.embed import embed


def evaluate_attributes(
    workspace: Workspace,
    *,
    config: EvaluateConfig,
    run: str | None = None,
    device: str = "auto",
    progress: Progress = SILENT,
) -> AttributeSearch:
    """Search the labelled test crops for drawn descriptions; writes `eval/attributes.json` in the run.

    Descriptions are of all groups, and others of those that the stream recognises on held-out people, if it
    does not recognise all. Relevant are all crops of the people who fit. Beside the stream stand chance, and
    classifiers of single attributes, trained on the explained run's embeddings of the crops that trained the
    stream.
    """
    opened = open_stream(workspace, run, device=device, batch=config.explain.batch, backend=config.backend)
    book = opened.codebook
    loaded = load_testing(workspace, opened.config, progress)
    if loaded is None:
        raise InputError(f"{workspace.split} has no test crops", hint="Make it with: agreid build-split")
    testing, crops = loaded[0], opened.sided(*loaded)
    bits = known_bits(workspace, book).of(testing.crop_id)
    rows = np.flatnonzero(bits.any(axis=1))
    if not len(rows):
        raise InputError(
            "no test crop has attributes, so no description can be drawn",
            hint="Add them with: agreid build-manifest, which reads attributes.csv",
        )
    if len(rows) < len(bits):
        progress.note(
            f"{len(bits) - len(rows)} of {len(bits)} test crops have no attributes and are left out"
        )
    bits = bits[rows]
    shares = sharing(workspace, opened, "paper", config.explain.memory_mb, progress)
    wanted = {
        groups: draw_descriptions(bits, book.sizes, unusable, n=config.explain.descriptions, seed=config.seed)
        for groups, unusable in _unusable(book, shares.calibration).items()
    }
    if not wanted["all"].bits:
        raise InputError("all test people have the same attributes, so a description finds everyone")
    with progress.task("recognising attributes", len(rows), "crops") as task:
        read = opened.for_many(len(rows), progress).stream.read(crops, rows, task=task)
    chances: dict[str, npt.NDArray[np.floating[Any]]] = {
        "stream": _normalised(shares.for_ranking(read.chances), book.sizes)
    }
    trained = _training(workspace, opened, progress)
    if trained is not None:
        progress.note("fitting one classifier per attribute on the embeddings of the training crops")
        chances["classifiers"] = probe_probabilities(*trained, read.base, book)
    rows_of = [
        row
        for groups, drawn in wanted.items()
        if drawn.bits
        for name, found in [
            *((name, score_descriptions(each, drawn)) for name, each in chances.items()),
            ("chance", chance_of(drawn)),
        ]
        for row in _rows(name, groups, found, drawn, config)
    ]
    pids = {testing.known[row].pid for row in rows.tolist()}
    lost = shares.calibration.unknown if shares.calibration else ()
    result = AttributeSearch(
        f"runs/{opened.run.name}", book.hash, config.seed, len(rows), len(pids),
        tuple(group.title for group in book.groups if group.name in lost),
        tuple(rows_of),
    )  # fmt: skip
    place = attributes_path(opened.run)
    write_attribute_search(result, place)
    progress.note(f"written to {place}")
    return result


def _unusable(book: Codebook, record: CalibrationRecord | None) -> dict[str, list[int]]:
    """`GROUPS` → bits that are not described: unknown labels, and those of groups that are not
    recognised."""
    found = {"all": list(book.unknown_bits)}
    if record is not None and 0 < sum(fit.recognised for fit in record.groups) < len(record.groups):
        lost = np.repeat([not fit.recognised for fit in record.groups], book.sizes)
        lost[list(book.unknown_bits)] = True
        found["recognised"] = np.flatnonzero(lost).tolist()
    return found


def _rows(
    name: str, groups: str, found: Found, wanted: Descriptions, config: EvaluateConfig
) -> list[AttributeRow]:
    """All lengths together, then each."""
    made = []
    for length in (0, *np.unique(wanted.sizes).tolist()):
        at = wanted.sizes == length if length else np.ones(len(wanted.sizes), bool)
        both = []
        for values in (found.ap[at], found.rank1[at]):
            drawn = estimate(values, rounds=config.rounds, seed=config.seed, level=config.ci_level)
            both.append(Estimate(drawn.value, drawn.low, drawn.high))
        made.append(AttributeRow(name, length, int(at.sum()), both[0], both[1], groups))
    return made


def _normalised(probabilities: npt.NDArray[np.float32], sizes: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Each bit's probability among the labels of its group, as in `search`."""
    starts = np.cumsum([0, *sizes[:-1]])
    sums = np.add.reduceat(probabilities, starts, axis=1)
    own: npt.NDArray[np.float32] = probabilities / np.maximum(np.repeat(sums, sizes, axis=1), 1e-9)
    return own


def _training(
    workspace: Workspace, opened: OpenStream, progress: Progress
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]] | None:
    """The explained run's embeddings, and the labels, of the crops that trained the stream; None if they are
    gone."""
    table = read_manifest(workspace.manifest)
    split = read_split(workspace.split, table)
    train = set(split["crop_id"].filter(pc.equal(split["role"], "train")).to_pylist())
    said = zip(table["crop_id"].to_pylist(), table["pid"].to_pylist(), strict=True)
    people = {pid for crop, pid in said if crop in train and pid >= 0} - set(opened.facts.held_out)
    loaded = load_held_out(workspace, sorted(people), opened.config, progress, part="probe")
    if loaded is None:
        return None
    held, crops = loaded[0], opened.sided(*loaded)
    bits = known_bits(workspace, opened.codebook).of(held.crop_id)
    with progress.task("embedding training crops", len(crops), "crops") as task:
        encoder = opened.encoder_for_many(len(crops), progress)
        base = embed(encoder, crops, batch=opened.stream.batch, task=task)
    rows = bits.any(axis=1)
    return (base[rows], bits[rows]) if rows.any() else None
