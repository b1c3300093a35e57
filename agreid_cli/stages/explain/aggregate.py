"""Explainable run + test crops → mean shares in each direction, and mean attention maps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from agreid_cli import __version__
from agreid_cli.config.evaluate import EvaluateConfig, ExplainEvaluateConfig
from agreid_cli.config.explain_pages import ExplainPagesConfig
from agreid_cli.errors import InputError
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.crops import VIEW_OF_PLATFORM
from agreid_cli.records.directions import BOTH
from agreid_cli.records.explanation import ExplanationResult, explanation_path, read_explanation
from agreid_cli.records.files import write_bytes, write_text
from agreid_cli.records.side import VIEWS
from agreid_cli.records.workspace import Workspace
from agreid_cli.reporting.aggregate_page import AggregateView, MeanMap, aggregate_page, aggregate_sheet
from agreid_cli.reporting.attention import top_third
from agreid_cli.stages.explain.evaluate_explain import evaluate_explain
from agreid_cli.stages.run.ranked import load_testing
from agreid_cli.stages.run.streams import OpenStream, known_bits, open_stream

SHARES_ONLY = EvaluateConfig(explain=ExplainEvaluateConfig(faithfulness=0))


@dataclass(frozen=True)
class Aggregate:
    """What was written, and the mean share of each group by direction, largest first."""

    page: Path
    picture: Path
    directions: tuple[str, ...]
    groups: list[dict[str, Any]]


def aggregate(
    workspace: Workspace,
    *,
    config: ExplainPagesConfig,
    run: str | None = None,
    out: Path | None = None,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Aggregate:
    """The shares are those of `evaluate --explain`, which is run first if necessary."""
    opened = open_stream(workspace, run, device=device, batch=config.batch)
    results = _results(workspace, opened, device, progress)
    groups = _groups(results)
    maps = _maps(workspace, opened, results, config, progress)
    bars = tuple(
        (result.direction, tuple((_label(row), float(row[result.direction])) for row in groups))
        for result in results
    )
    n_pairs = sum(result.scores.n_pairs for result in results)
    view = AggregateView(
        title=f"Mean shares and attention maps: {opened.run.name}",
        lede=f"Mean shares over {n_pairs:,} pairs, and where the stream looks for each attribute.",
        bars=bars,
        maps=maps,
    )
    folder = out or opened.run.root / "explain"
    page, picture = folder / "aggregate.html", folder / "aggregate.png"
    write_bytes(picture, cv2.imencode(".png", aggregate_sheet(view))[1].tobytes())
    write_text(page, aggregate_page(view, version=__version__))
    return Aggregate(page, picture, tuple(r.direction for r in results), groups)


def _results(
    workspace: Workspace, opened: OpenStream, device: str, progress: Progress
) -> list[ExplanationResult]:
    there = [explanation_path(opened.run, name) for name in BOTH]
    found = [read_explanation(path) for path in there if path.is_file()]
    if found:
        return found
    return evaluate_explain(
        workspace, config=SHARES_ONLY, run=opened.run.name, device=device, progress=progress
    )


def _groups(results: list[ExplanationResult]) -> list[dict[str, Any]]:
    sizes = Counter(bit.group for bit in results[0].bits)
    rows = [
        {"name": group.name, "title": group.title, "even": sizes[group.name] / len(results[0].bits)}
        | {result.direction: result.groups[at].share for result in results}
        for at, group in enumerate(results[0].groups)
    ]
    first = results[0].direction
    return sorted(rows, key=lambda row: -float(row[first]))


def _label(row: dict[str, Any]) -> str:
    return f"{row['title']} (uniform: {100 * row['even']:.1f} %)"


@dataclass
class _Sums:
    """For one view: the sum of images, and of top thirds by whether the person has the bit."""

    image: npt.NDArray[np.float64]
    thirds: npt.NDArray[np.float64]  # 2 (without, with) × M × H × W
    counts: npt.NDArray[np.int64]  # 2 × M
    n: int = 0


def _maps(
    workspace: Workspace,
    opened: OpenStream,
    results: list[ExplanationResult],
    config: ExplainPagesConfig,
    progress: Progress,
) -> tuple[MeanMap, ...]:
    """For the bits with the largest shares that occur, one per view."""
    loaded = load_testing(workspace, opened.config, progress)
    if loaded is None:
        raise InputError(f"{workspace.split} has no test crops", hint="Create it with: agreid build-split")
    testing, crops = loaded
    bits = known_bits(workspace, opened.codebook).of(testing.crop_id)
    views = np.array([VIEW_OF_PLATFORM.get(known.platform, "") for known in testing.known])
    sums: dict[str, _Sums] = {}
    rows = np.flatnonzero(bits.any(axis=1))
    with progress.task("averaging maps", len(rows), "crops") as task:
        many = opened.for_many(len(rows), progress)
        for place, found in many.stream.blocks(many.sided(testing, crops), rows, config.batch):
            thirds = top_third(found.maps.cpu().numpy())
            for row, third in zip(rows[place].tolist(), thirds, strict=True):
                _add(sums, str(views[row]), np.asarray(crops[row : row + 1][0]), third, bits[row])
            task.advance(place.stop - place.start)
    shares = np.mean([[bit.share for bit in result.bits] for result in results], axis=0)
    order = [at for at in np.argsort(-shares).tolist() if any(s.counts[1, at] for s in sums.values())]
    words = [f"{group.title.lower()}: {label}" for group in opened.codebook.groups for label in group.classes]
    return tuple(
        _mean_map(words[at], view, sums[view], at)
        for at in order[: config.maps]
        for view in VIEWS
        if view in sums
    )


def _add(
    sums: dict[str, _Sums], view: str, image: npt.NDArray[np.uint8], third: npt.NDArray[np.bool_],
    bits: npt.NDArray[np.uint8],
) -> None:  # fmt: skip
    own = sums.setdefault(
        view, _Sums(np.zeros(image.shape), np.zeros((2, *third.shape)), np.zeros((2, len(bits)), np.int64))
    )
    own.image += image
    own.n += 1
    for has in (0, 1):
        at = np.flatnonzero(bits == has)
        own.thirds[has, at] += third[at]
        own.counts[has, at] += 1


def _mean_map(name: str, view: str, sums: _Sums, at: int) -> MeanMap:
    image = np.rint(sums.image / sums.n).astype(np.uint8)[..., ::-1]
    lacking, having = (
        sums.thirds[has, at] / sums.counts[has, at] if sums.counts[has, at] else None for has in (0, 1)
    )
    return MeanMap(name, view, np.ascontiguousarray(image), having, lacking, int(sums.counts[1, at]))
