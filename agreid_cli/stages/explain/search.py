"""Description or image + crops → the best matching crops, with reasons, on one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli import __version__
from agreid_cli.attributes.codebook import Codebook, Group
from agreid_cli.config.explain_pages import SearchConfig
from agreid_cli.errors import InputError, Problems, UsageError, did_you_mean
from agreid_cli.metrics.approximate import Recall, faiss_module
from agreid_cli.metrics.ranking.features import Features
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.files import write_text
from agreid_cli.records.side import NOT_GIVEN, GivenSide
from agreid_cli.records.workspace import Workspace
from agreid_cli.reporting.search_page import Answer, Asked, search_page
from agreid_cli.stages.explain.explain import written
from agreid_cli.stages.explain.explainer import Explainer
from agreid_cli.stages.explain.gallery import Gallery, open_gallery
from agreid_cli.stages.explain.search_index import search_rows
from agreid_cli.stages.explain.search_tracks import TrackAnswer, TrackGallery, track_gallery
from agreid_cli.stages.explain.seen import Seen, Source
from agreid_cli.stages.run.streams import open_stream

ROWS_A_STEP = 65_536


@dataclass(frozen=True)
class Found:
    """The page, the answers as data, best first, and the attribute groups that are not recognised."""

    page: Path
    searched: int
    answers: tuple[dict[str, Any], ...]
    recall: Recall | None = None  # of the index
    unknown: tuple[str, ...] = ()


def search(
    workspace: Workspace,
    *,
    config: SearchConfig,
    attributes: str = "",
    image: Path | None = None,
    crops: Path | None = None,
    given: GivenSide = NOT_GIVEN,
    run: str | None = None,
    out: Path | None = None,
    device: str = "auto",
    index: bool = False,
    progress: Progress = SILENT,
) -> Found:
    """Search the test crops, or `crops`, for people matching a description or an image.

    index: the nearest of an approximate index instead of an exact scan.
    """
    if bool(attributes) == (image is not None):
        raise UsageError(
            "give either --attributes or --image",
            hint="agreid search --attributes upper=hoodie,bag=backpack, or: agreid search --image query.jpg",
        )
    if index and attributes:
        raise UsageError(
            "--index is for --image and --crop; a description is scored for every crop",
            hint="Leave --index out.",
        )
    if index and config.level == "track":
        raise UsageError("--index is for crops; tracks are compared exactly", hint="Leave --index out.")
    if index:
        faiss_module()
    opened = open_stream(workspace, run, device=device, batch=config.batch, backend=config.backend)
    wanted = wanted_bits(attributes, opened.codebook)
    explainer = Explainer.of(workspace, opened, config, progress)
    query = None if image is None else _query(explainer, image, given)
    gallery = open_gallery(workspace, opened, crops, given=given, progress=progress)
    folder = out or opened.run.root / "search"
    tracks = None
    if config.level == "track":
        rows = gallery.rows
        tracks = track_gallery(
            workspace, [gallery.read.base], rows.crop_id, rows.pid, rows.camid,
            pool=config.pool, metric="euclidean", progress=progress,
        )  # fmt: skip
    if query is None:
        return _by_description(explainer, gallery, tracks, wanted, folder, config, progress)
    base, found, recall = query.said.base.cpu().numpy(), [], None
    if tracks is not None:
        found = tracks.nearest(base, config.top)
        order = [answer.row for answer in found]
    else:
        looked = search_rows(
            base, gallery.read.base, config=config, metric="euclidean",
            folder=workspace.indices if index else None, files=gallery.files, progress=progress,
        )  # fmt: skip
        order, recall = looked.near.rows.tolist(), looked.recall
    views = []
    with progress.task("explaining", len(order), "answers") as task:
        for rank, row in enumerate(order, start=1):
            name = f"track {found[rank - 1].track}" if found else gallery.rows.crop_id[row]
            seen = explainer.see(gallery.source(row))
            views.append(explainer.pair(f"{rank}. {name}", query, seen))
            task.advance()
    n = len(gallery.rows.path) if tracks is None else len(tracks)
    title = f"{query.source.name} among {n:,} {config.level}s"
    lede = "Nearest first."
    if tracks is not None:
        lede += " Each track is shown by its crop nearest to the image; the distance is that of this crop."
    stem = f"image-{Path(query.source.name).stem}{'' if tracks is None else '-tracks'}"
    done = written(folder, stem, title, lede, views, explainer)
    pairs = done.pairs
    if found:
        pairs = tuple(
            {**pair, "track": answer.track, "track_distance": answer.distance, "crops": answer.crops}
            for pair, answer in zip(pairs, found, strict=True)
        )
    return Found(done.page, n, pairs, recall, explainer.unknown)


def _query(explainer: Explainer, image: Path, given: GivenSide) -> Seen:
    return explainer.see(Source(image.name, image, platform=given.platform, camid=given.camid))


def _by_description(
    explainer: Explainer,
    gallery: Gallery,
    tracks: TrackGallery | None,
    wanted: Sequence[Wanted],
    folder: Path,
    config: SearchConfig,
    progress: Progress,
) -> Found:
    if lost := [w.group.title.lower() for w in wanted if w.group.title in explainer.unknown]:
        progress.warn(f"not recognised by this stream, so answers need not agree: {', '.join(lost)}")
    sure = explainer.sharing.for_ranking
    if tracks is None:
        order, score = best_scores(gallery.read.chances, wanted, config.top, sure=sure)
        best = [
            (TrackAnswer("", value, row, 1), sure(gallery.read.chances[row : row + 1])[0])
            for row, value in zip(order, score, strict=True)
        ]
    else:
        probable = sure(np.asarray(gallery.read.chances))
        best = tracks.best(probable, partial(score_of, wanted=wanted), config.top)
    answers = []
    for rank, (one, said) in enumerate(best, start=1):
        seen, value, chances = explainer.see(gallery.source(one.row)), one.distance, said[None]
        asked = tuple(
            Asked(w.words, float(w.chance(chances)[0]), w.group.classes[w.likeliest(chances[0])], w.bit)
            for w in wanted
        )
        answers.append(Answer(rank, seen.shown, value, asked, one.track, one.crops))
    words = ", ".join(w.words for w in wanted)
    stem = "-".join(w.group.bits[w.bit - w.start] for w in wanted)
    page = folder / f"attributes-{stem}{'' if tracks is None else '-tracks'}.html"
    n = len(gallery.rows.path) if tracks is None else len(tracks)
    write_text(page, search_page(words, n, answers, version=__version__, unit=config.level))
    return Found(page, n, tuple(answer.as_data() for answer in answers), unknown=explainer.unknown)


def score_of(chances: npt.NDArray[np.float32], wanted: Sequence[Wanted]) -> npt.NDArray[np.float32]:
    """The geometric mean of the wanted bits' probabilities: (n, M) → (n,)."""
    own = np.stack([w.chance(chances) for w in wanted], axis=1)
    score: npt.NDArray[np.float32] = np.exp(np.log(np.maximum(own, 1e-9)).mean(axis=1))
    return score


def best_scores(
    chances: npt.NDArray[np.float32],
    wanted: Sequence[Wanted],
    top: int,
    *,
    sure: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]] = lambda block: block,
) -> tuple[list[int], list[float]]:
    """The rows of `chances` (n, M) with the highest scores, best first, and the scores; reads blocks.

    The score is the geometric mean of the wanted bits' probabilities, calibrated by `sure`; equal scores keep
    the order of rows.
    """
    row, score = np.zeros(0, np.int64), np.zeros(0, np.float32)
    features = Features("gallery", chances)
    for start in range(0, features.n, ROWS_A_STEP):
        block = features.rows(start, start + ROWS_A_STEP)
        row = np.concatenate([row, np.arange(start, start + len(block))])
        score = np.concatenate([score, score_of(sure(block), wanted)])
        best = np.argsort(-score, kind="stable")[:top]
        row, score = row[best], score[best]
        features.forget()
    return row.tolist(), score.tolist()


@dataclass(frozen=True)
class Wanted:
    """One requested attribute: its group, the index of the group's first bit, and the bit."""

    group: Group
    start: int
    bit: int

    @property
    def words(self) -> str:
        return f"{self.group.title.lower()}: {self.group.classes[self.bit - self.start].lower()}"

    def chance(self, chances: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The bit's probability among the labels of its group: (n, M) → (n,)."""
        own = chances[:, self.start : self.start + len(self.group.bits)]
        share: npt.NDArray[np.float32] = chances[:, self.bit] / np.maximum(own.sum(axis=1), 1e-9)
        return share

    def likeliest(self, chances: npt.NDArray[np.float32]) -> int:
        """The index of the group's most probable label, for one crop (M,)."""
        return int(chances[self.start : self.start + len(self.group.bits)].argmax())


def wanted_bits(text: str, codebook: Codebook) -> tuple[Wanted, ...]:
    """`upper=hoodie,bag=backpack`; `InputError` names every unknown group and label.

    >>> from agreid_cli.attributes.official import official_codebook
    >>> [w.words for w in wanted_bits("upper=t-shirt, bag=Backpack", official_codebook())]
    ['upper body clothing: t-shirt', 'accessories: backpack']
    """
    problems, found = Problems(), {}
    for word in filter(None, (part.strip() for part in text.split(","))):
        name, mark, label = (side.strip().lower() for side in word.partition("="))
        if not mark or not label:
            problems.add(word, "is not of the form attribute=label")
        elif name not in codebook.names:
            problems.add(word, f"unknown attribute '{name}'{did_you_mean(name, codebook.names)}")
        elif name in found:
            problems.add(word, f"{name} is given twice")
        else:
            at = codebook.names.index(name)
            group, start = codebook.groups[at], codebook.starts[at]
            labels = _labels(group)
            if _plain(label) in labels:
                found[name] = Wanted(group, start, start + labels[_plain(label)])
            else:
                problems.add(word, f"{name} has no label '{label}'{did_you_mean(label, group.classes)}")
    problems.raise_if_any("{n} of the attributes cannot be searched for")
    if text and not found:
        raise InputError("no attribute is given", hint="Example: --attributes upper=hoodie,bag=backpack")
    return tuple(found.values())


def _labels(group: Group) -> dict[str, int]:
    """Normalised label → index in the group: by label, and by the bit's own name."""
    bits = {_plain(bit.removeprefix(group.name)): at for at, bit in enumerate(group.bits)}
    return bits | {_plain(label): at for label, at in zip(group.labels, group.fold, strict=True)}


def _plain(word: str) -> str:
    return "".join(c for c in word.lower() if c.isalnum())
