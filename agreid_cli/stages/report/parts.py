"""Sections of the report that need no ranking: training, data, configuration, the paper's tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from agreid_cli.datasets.census import census
from agreid_cli.datasets.table_one import LINES, PUBLISHED
from agreid_cli.records.artefact import metadata
from agreid_cli.records.split import SPLIT_SCHEMA, read_split
from agreid_cli.records.workspace import Workspace
from agreid_cli.reporting import paper
from agreid_cli.reporting.charts import Chart, curve_chart
from agreid_cli.reporting.comparable import reasons_against
from agreid_cli.reporting.thumbnails import sheet
from agreid_cli.reporting.training_log import TrainingLog, curves_of
from agreid_cli.reporting.view import (
    Configuration,
    DataView,
    Explained,
    Fact,
    Ours,
    PaperView,
    PicturesView,
    TrainingView,
)
from agreid_cli.stages.report.systems import System

PAPER = ("a2g", "g2a")  # the directions of its tables
SHEET_PX, SHEET_QUALITY = 1000, 80  # of the images drawn by agreid explain
MOST_CURVES = 6  # maximum number of distinguishable lines in a chart


def training_view(system: System) -> TrainingView | None:
    """The curves of a run; None for embeddings of another program."""
    if system.run is None:
        return None
    log = curves_of(system.run.log, system.run.timing)
    if log is None:
        return TrainingView(system.name, (), (), "This run has no training log (metrics.jsonl).")
    if not log.epochs:
        return TrainingView(system.name, (), (), "This run was not trained: its log has no epochs.")
    return TrainingView(system.name, _facts(log), tuple(_charts(system.name, log)))


def _facts(log: TrainingLog) -> tuple[Fact, ...]:
    found = [Fact("epochs", f"{log.epochs:,}"), Fact("steps", f"{log.steps:,}")]
    if log.seconds:
        found.append(Fact("time", _time(log.seconds)))
    if log.images_per_s is not None:
        found.append(Fact("images per second", f"{log.images_per_s:,.0f}"))
    if log.wait_share is not None:
        found.append(Fact("waiting for images", f"{100 * log.wait_share:.1f} %"))
    return tuple(found)


def _charts(name: str, log: TrainingLog) -> list[Chart]:
    found = []
    losses = sorted(log.losses.items(), key=lambda item: item[0] != "total")  # the total first
    if losses:
        found.append(curve_chart(f"loss-{name}", "Losses", tuple(losses[:MOST_CURVES]), y="loss"))
    scores = tuple(
        (f"{direction} {'Rank-1' if figure == 'rank1' else figure}", curve)
        for (direction, figure), curve in log.evaluations.items()
    )
    if scores:
        found.append(curve_chart(f"valid-{name}", "Validation", scores[:MOST_CURVES], y="%", per_cent=True))
    if log.rate:
        found.append(curve_chart(f"rate-{name}", "Learning rate", (("lr", log.rate),), y="learning rate"))
    return found


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def configuration(system: System) -> Configuration | None:
    """The run's configuration and inputs, as text."""
    if system.run is None:
        return None
    config, inputs = system.run.config, system.run.inputs
    texts = [
        p.read_text(encoding="utf-8", errors="replace").strip() if p.is_file() else ""
        for p in (config, inputs)
    ]
    return Configuration(system.name, *texts) if any(texts) else None


def data_view(workspace: Workspace, manifest: pa.Table) -> DataView:
    """The census with the AG-ReID column, and the sizes of the split."""
    counted = census(manifest, workspace.root.resolve().name)
    published = next(column for column in PUBLISHED if column.name == "AG-ReID")
    lines = tuple(
        (words, _cell(_ours(counted, field)), _cell(getattr(published, field))) for field, words in LINES
    )
    return DataView(counted, published, lines, _roles(workspace, manifest))


def _ours(counted: Any, field: str) -> Any:
    """A field of the census; backgrounds and occlusion must be judged by a person."""
    return getattr(counted, field, "judge yourself")


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _roles(workspace: Workspace, manifest: pa.Table) -> tuple[tuple[str, str, int, int], ...]:
    if not workspace.split.is_file():
        return ()
    pid_of = dict(zip(manifest["crop_id"].to_pylist(), manifest["pid"].to_pylist(), strict=True))
    found: dict[tuple[str, str], list[int]] = {}
    table = read_split(workspace.split, manifest)
    for crop, role, direction in zip(*(table[n].to_pylist() for n in SPLIT_SCHEMA.names), strict=True):
        found.setdefault((direction or "", role), []).append(pid_of.get(crop, -1))
    order = ("train", "query", "gallery", "unused")
    keys = sorted(found, key=lambda key: (key[0], order.index(key[1])))
    return tuple((d, r, len(found[d, r]), len({pid for pid in found[d, r] if pid >= 0})) for d, r in keys)


def paper_view(systems: Sequence[System], manifest: pa.Table | None) -> PaperView:
    """The paper's tables, and every system evaluated in one of their directions."""
    dataset = metadata(manifest).get("dataset", "") if manifest is not None else ""
    ours = []
    for system in systems:
        model = paper.published_model(system.recipe) or system.recipe
        facts: dict[str, Any] = {
            "dataset": dataset, "recipe": system.recipe, "pretrained": _pretrained(system)
        }  # fmt: skip
        pair = [system.results.get(name) for name in PAPER]
        if any(pair):
            reasons = _once(why for r in pair if r for why in reasons_against(r, **facts))
            ours.append(
                Ours(system.name, model, _figures((r.mAP, r.rank(1)) if r else None for r in pair), reasons)
            )
        told = [system.explanations.get(name) for name in PAPER]
        rows = [e.row("explainable") if e else None for e in told]
        if any(rows):
            found = [why for e in told if e for why in reasons_against(e, **facts)]
            found += [
                f"the strength p was chosen on {e.p_chosen_on}"
                for e, row in zip(told, rows, strict=True)
                if e and row
            ]
            figures = _figures((row.mAP, row.rank1) if row else None for row in rows)
            ours.append(Ours(f"{system.name} + Explainable", model, figures, _once(found), explainable=True))
    return PaperView(paper.CITATION, paper.TABLE_TWO, paper.TABLE_THREE, paper.REMARKS, tuple(ours))


def _figures(pairs: Iterable[tuple[float, float] | None]) -> tuple[float | None, ...]:
    return tuple(
        100 * value if value is not None else None for pair in pairs for value in pair or (None, None)
    )


def _once(reasons: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reasons))


def pictures_view(system: System, most: int) -> PicturesView | None:
    """Images of `agreid explain`, the first of every page before the second of any; None without any."""
    if system.run is None or not most:
        return None
    paths = sorted((system.run.root / "explain").glob("*.png"), key=_page_and_number)
    shown = [(path.stem, sheet(path, SHEET_PX, SHEET_QUALITY)) for path in paths[:most]]
    found = tuple(Explained(name, drawn) for name, drawn in shown if drawn)
    return PicturesView(system.name, found, len(paths)) if found else None


def _page_and_number(path: Path) -> tuple[int, str]:
    page, _, number = path.stem.rpartition("-")
    return (int(number), page) if number.isdecimal() else (0, path.stem)


def _pretrained(system: System) -> bool | None:
    """Whether the run's configuration names pretrained weights; None if it has no such key."""
    model = system.config.get("model")
    if not isinstance(model, dict) or "weights" not in model:
        return None
    return str(model["weights"]) != "none"
