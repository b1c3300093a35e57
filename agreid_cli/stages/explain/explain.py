"""Explainable run + pairs of crops → maps over crops, shares as bars, a sentence: PNG and one HTML page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import pyarrow as pa

from agreid_cli import __version__
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.explain_pages import ExplainPagesConfig
from agreid_cli.datasets.embedding_files import read_files
from agreid_cli.errors import InputError, MissingError, did_you_mean
from agreid_cli.metrics.protocol import sides
from agreid_cli.metrics.scoring import ranked
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.box_cues import box_cues
from agreid_cli.records.directions import find_direction
from agreid_cli.records.embedding_join import join
from agreid_cli.records.files import write_bytes, write_text
from agreid_cli.records.manifest import known_of, read_manifest
from agreid_cli.records.runs import Run, find_run
from agreid_cli.records.side import NOT_GIVEN, GivenSide
from agreid_cli.records.split import read_split, sides_of
from agreid_cli.records.workspace import Workspace
from agreid_cli.reporting.explain_page import PairView, page, sheet
from agreid_cli.stages.explain.explainer import Explainer, as_data
from agreid_cli.stages.explain.seen import Source
from agreid_cli.stages.run.refresh import refresh
from agreid_cli.stages.run.streams import explains, known_bits, open_stream


@dataclass(frozen=True)
class Explanations:
    """What was written: the page, one picture a pair; the pairs as data; the groups that are not
    recognised."""

    page: Path
    pictures: tuple[Path, ...]
    pairs: tuple[dict[str, Any], ...]
    unknown: tuple[str, ...] = ()


def explain(
    workspace: Workspace,
    *,
    config: ExplainPagesConfig,
    ranking: EvaluateConfig | None = None,
    run: str | None = None,
    query: str | None = None,
    pair: Sequence[str] = (),
    given: Sequence[GivenSide] = (),
    direction: str = "a2g",
    out: Path | None = None,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Explanations:
    """Explain a query (the first of the direction unless named) and its nearest, or the two crops of `pair`.

    `ranking` is how `evaluate` ranks; the nearest are those that it ranks first. A crop is named by its
    crop_id, or is an image file, which `given` describes, one for each of the pair. The page goes to
    `runs/<name>/explain/` or to `out`.
    """
    if run is not None and (plain := find_run(workspace, run)).config.is_file() and not explains(plain):
        if config.show not in ("auto", "attention"):
            raise InputError(
                f"the run '{plain.name}' has no attribute maps, so places contribute to no attribute",
                hint=f"Leave out show={config.show}, or name an explainable stream with --run.",
            )
        return _attention(
            workspace, plain, config, ranking, query, pair, given, direction, out, device, progress
        )
    opened = open_stream(workspace, run, device=device, batch=config.batch)
    crops = Crops(workspace, opened.codebook)
    explainer = Explainer.of(workspace, opened, config, progress)
    if pair:
        sources = [crops.source(*named) for named in zip(pair, given or [NOT_GIVEN] * 2, strict=True)]
        first, second = (explainer.see(source) for source in sources)
        views = [explainer.pair(" and ".join(pair), first, second, match=crops.same(*pair))]
        title, name = "Two crops, taken apart", f"{pair[0]}-{pair[1]}"
        lede = "Why the model's distance between these two is large or small."
    else:
        how = (ranking or EvaluateConfig()).model_copy(update={"top_k": config.top})
        asked, answers = nearest(
            workspace, opened.run, direction, query, how, device=device, progress=progress
        )
        seen = explainer.see(crops.source(asked))
        views = []
        with progress.task("explaining", len(answers), "pairs") as task:
            for rank, (crop, match) in enumerate(answers, start=1):
                said = explainer.see(crops.source(crop))
                views.append(explainer.pair(f"{rank}. {crop}", seen, said, match=match))
                task.advance()
        name = asked
        title = f"{asked} and its nearest, {find_direction(direction).says}"
        lede = f"What sets the query apart from each answer, nearest first by {_ranked_by(how)}."
    folder = out or opened.run.root / "explain"
    return written(folder, _file_name(name), title, lede, views, explainer)


def _attention(
    workspace: Workspace,
    run: Run,
    config: ExplainPagesConfig,
    ranking: EvaluateConfig | None,
    query: str | None,
    pair: Sequence[str],
    given: Sequence[GivenSide],
    direction: str,
    out: Path | None,
    device: str,
    progress: Progress,
) -> Explanations:
    """The same pairs for a run without attribute maps: where its class token looks."""
    from agreid_cli.stages.explain.attention import explain_attention

    crops = Crops(workspace, None)
    how = (ranking or EvaluateConfig()).model_copy(update={"top_k": config.top})
    if pair:
        sources = [crops.source(*named) for named in zip(pair, given or [NOT_GIVEN] * 2, strict=True)]
        same, name = [crops.same(*pair)], f"{pair[0]}-{pair[1]}"
        title, lede = "Two crops", "Where the network looks in each of them."
    else:
        asked, answers = nearest(workspace, run, direction, query, how, device=device, progress=progress)
        sources = [crops.source(asked), *(crops.source(crop) for crop, _ in answers)]
        same, name = [match for _, match in answers], asked
        title = f"{asked} and its nearest, {find_direction(direction).says}"
        lede = f"Where the network looks in the query and in each answer, nearest first by {_ranked_by(how)}."
    made = explain_attention(
        workspace, run, sources, same=same, title=title, lede=lede, name=_file_name(name), out=out,
        device=device, progress=progress,
    )  # fmt: skip
    return Explanations(*made)


def _ranked_by(how: EvaluateConfig) -> str:
    """The distance of the ranking in words; what is explained is the Euclidean distance."""
    name = {"cosine": "cosine distance", "euclidean": "Euclidean distance"}[how.metric]
    return f"re-ranked {name}" if how.rerank else name


def written(
    folder: Path, name: str, title: str, lede: str, views: Sequence[PairView], explainer: Explainer
) -> Explanations:
    """Write the page and one PNG a pair."""
    pictures = []
    for number, view in enumerate(views, start=1):
        path = folder / (f"{name}-{number}.png" if len(views) > 1 else f"{name}.png")
        write_bytes(path, cv2.imencode(".png", sheet(view))[1].tobytes())
        pictures.append(path)
    place = folder / f"{name}.html"
    text = page(
        title, lede, views, caution=explainer.caution, shares=explainer.sharing.name, show=explainer.show,
        version=__version__,
    )  # fmt: skip
    write_text(place, text)
    return Explanations(place, tuple(pictures), tuple(as_data(view) for view in views), explainer.unknown)


class Crops:
    """The manifest's crops by name, with their files and attributes; other names are image files."""

    def __init__(self, workspace: Workspace, codebook: Codebook | None) -> None:
        self.folder = workspace.manifest.parent
        table = read_manifest(workspace.manifest) if workspace.manifest.is_file() else None
        self.path_of, self.pid_of, self.platform_of, self.camid_of = (
            dict(_pairs(table, column)) if table is not None else {}
            for column in ("path", "pid", "platform", "camid")
        )
        boxes = [] if table is None else zip(table["crop_id"].to_pylist(), box_cues(table), strict=True)
        self.box_of = dict(boxes)
        has = table is not None and table["attr_bits"].null_count < len(table)
        self.known = known_bits(workspace, codebook) if has and codebook else None

    def source(self, name: str, given: GivenSide = NOT_GIVEN) -> Source:
        """`MissingError` when it is neither a crop nor a file. The manifest's word on a crop counts."""
        if name in self.path_of:
            bits = self.known.of([name])[0] if self.known else None
            platform, camid = self.platform_of[name], self.camid_of[name]
            return Source(name, self.folder / self.path_of[name], bits, platform, camid, self.box_of[name])
        if Path(name).is_file():
            return Source(Path(name).name, Path(name), None, given.platform, given.camid)
        raise MissingError(
            f"'{name}' is neither a crop of the manifest nor an image file",
            hint=f"Crops are named by their crop_id{did_you_mean(name, list(self.path_of)[:5000])}",
        )

    def same(self, first: str, second: str) -> bool | None:
        """Whether both show one person; None if unknown."""
        pids = self.pid_of.get(first, -1), self.pid_of.get(second, -1)
        return None if -1 in pids else pids[0] == pids[1]


def nearest(
    workspace: Workspace,
    run: Run,
    direction: str,
    query: str | None,
    ranking: EvaluateConfig,
    *,
    device: str,
    progress: Progress,
) -> tuple[str, list[tuple[str, bool]]]:
    """The query and its `ranking.top_k` nearest gallery crops, each with whether it is the same person.

    They are the first of the query's list as `evaluate` ranks it: the same distance, junk rule and order of
    ties, from embeddings that belong to the run's weights and to the split.
    """
    refresh(workspace, run, device=device, progress=progress)
    manifest = read_manifest(workspace.manifest)
    embeddings = join(
        read_files((run.embeddings,)),
        manifest=known_of(manifest),
        platform_of_camid={},
        note=progress.note,
    )
    found = sides(embeddings, find_direction(direction), sides_of(read_split(workspace.split, manifest)))
    names = embeddings.crop_id[found.query].tolist()
    if query is not None and query not in names:
        raise InputError(
            f"'{query}' is not a query of {found.direction.name}{did_you_mean(query, names[:5000])}",
            hint="Any two crops can be explained: agreid explain --pair A B",
        )
    at = 0 if query is None else names.index(query)
    asked = found if ranking.rerank else found.only([at])  # re-ranking needs every query
    _, top = ranked(embeddings, asked, ranking, progress, top=True)
    assert top is not None
    row = at if ranking.rerank else 0
    crops = embeddings.crop_id[found.gallery]
    places = zip(top.index[row].tolist(), top.match[row].tolist(), strict=True)
    return names[at], [(str(crops[place]), bool(match)) for place, match in places if place >= 0]


def _pairs(table: pa.Table, column: str) -> list[tuple[str, Any]]:
    return list(zip(table["crop_id"].to_pylist(), table[column].to_pylist(), strict=True))


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "pair"
