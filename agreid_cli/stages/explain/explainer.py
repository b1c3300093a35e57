"""A trained stream that explains pairs of images: numbers, text, and drawings."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.config.explain_pages import ExplainPagesConfig, SearchConfig
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError
from agreid_cli.nn.losses.distill import SAME_PICTURE
from agreid_cli.nn.pooled import base_distances, cross_distances
from agreid_cli.progress import SILENT, Once, Progress
from agreid_cli.records.box_cues import cues_of_file
from agreid_cli.records.images.reading import read_picture
from agreid_cli.records.workspace import Workspace
from agreid_cli.reporting.explain_page import TOP, Image, PairView, Shown
from agreid_cli.reporting.reasons import GroupWords, Usual, reasons, sentence
from agreid_cli.stages.explain.drawn import contributed
from agreid_cli.stages.explain.seen import Seen, Source
from agreid_cli.stages.explain.shares import Sharing, sharing
from agreid_cli.stages.run.streams import OpenStream
from agreid_cli.training.pixels import read_resized

MEMORY_MB = 512  # for calibration
SAME = "none: the network cannot tell these two images apart"


def read_source(source: Source, config: TrainConfig) -> tuple[Image, Image]:
    """Pixels for the network (RGB) and the picture as shown (BGR); `InputError` if it is not an image."""
    try:
        pixels = read_resized(source.path, config.model.size, config.data.interpolation)
        return pixels, np.ascontiguousarray(read_picture(source.path).pixels[..., ::-1])
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{source.path} cannot be read: {reason}") from error


class Explainer:
    """Explains pairs of images in the shares of `sharing`; `bars` is the number of attributes per pair.

    show: what is drawn over the crops, an attribute's `attention` maps or as in `drawn.contributed`; `auto`
    is `evidence`.
    """

    def __init__(
        self, opened: OpenStream, sharing: Sharing, *, bars: int, show: str, progress: Progress = SILENT
    ) -> None:
        self.progress = Once(progress)
        self.opened, self.sharing, self.bars = opened, sharing, bars
        self.show = "evidence" if show == "auto" else show
        self.groups = group_words(opened.codebook)
        self.usual = usual(opened.codebook, sharing)

    @classmethod
    def of(
        cls,
        workspace: Workspace,
        opened: OpenStream,
        config: ExplainPagesConfig | SearchConfig,
        progress: Progress = SILENT,
    ) -> Explainer:
        """As configured, calibrated if the run held people out; says which groups are unknown."""
        shares = sharing(workspace, opened, config.shares, MEMORY_MB, progress)
        made = cls(opened, shares, bars=config.bars, show=config.show, progress=progress)
        if words := made.caution:
            progress.note(words)
        return made

    @property
    def unknown(self) -> tuple[str, ...]:
        """The titles of the groups that the stream does not recognise."""
        return tuple(g.title for at, g in enumerate(self.groups) if at not in self.usual.named)

    @property
    def caution(self) -> str:
        """What the sentences leave out, or why they may not be trusted; empty if there is nothing to say."""
        if self.sharing.calibration is None:
            return (
                "too few training identities were held out to calibrate this stream, so it is not known "
                "which attributes it recognises"
            )
        if not self.unknown:
            return ""
        people = self.sharing.calibration.n_people
        return (
            "unknown to this stream, which does not recognise them better than their majority class on "
            f"{people} held-out people, and left out of sentences: {', '.join(self.unknown).lower()}"
        )

    def see(self, source: Source) -> Seen:
        """`InputError` if the file is not an image, or if the network needs side information."""
        pixels, image = read_source(source, self.opened.config)
        box = source.box
        if box is None:
            box = cues_of_file(image.shape[1], image.shape[0], source.platform)
            if words := self.opened.lacking(box[None]):
                self.progress.warn(words)
        columns = self.opened.side([source.camid], [source.platform], box[None])
        side = columns.of(slice(1), self.opened.stream.device)
        said = self.opened.stream(pixels[None], side)
        shown = Shown(source.name, image, said.maps[0].cpu().numpy())
        chances = self.sharing.probabilities(said.attributes.sigmoid().cpu().numpy())[0]
        return Seen(source, pixels[None], side, said, shown, chances)

    def pair(self, title: str, first: Seen, second: Seen, *, match: bool | None = None) -> PairView:
        """Explain two images."""
        parts = cross_distances(first.said.vectors, second.said.vectors)[0, 0].cpu().numpy()
        d = float(base_distances(first.said.base, second.said.base)[0, 0])
        expected = self.sharing.name == "expected"
        if expected:
            parts = self.sharing.of_pairs(first.chances[None], second.chances[None])[0] * len(parts) * d
        why = reasons(
            parts, self.groups, top=self.bars, usual=self.usual if self.sharing.calibration else None
        )
        left, right = first.shown, second.shown
        if self.show != "attention":
            bits = [reason.bit for reason in why[:TOP]]
            left, right = contributed(self.opened.stream, first, second, bits, show=self.show)
        return PairView(
            title=title,
            first=left,
            second=right,
            distance=d,
            gap=None if expected else abs(d - float(parts.mean())) / max(d, 1e-6),
            sentence=SAME if d < SAME_PICTURE else self.sentence(parts, first, second),
            reasons=why,
            match=match,
            show=self.show,
        )

    def sentence(self, parts: npt.NDArray[np.floating[Any]], first: Seen, second: Seen) -> str:
        """The attributes that separate two images with the parts (M,)."""
        return sentence(parts, first.words, second.words, self.groups, self.usual)


def usual(codebook: Codebook, sharing: Sharing) -> Usual:
    """What the shares of a pair are compared with."""
    record = sharing.calibration
    if record is None:
        return Usual.uniform(codebook.n_bits, len(codebook.groups))
    levels = record.levels(sharing.name)
    named = frozenset(at for at, fit in enumerate(record.groups) if fit.recognised)
    return Usual(np.array(levels.mean), np.array(levels.spread), named)


def group_words(codebook: Codebook) -> tuple[GroupWords, ...]:
    """The groups as named on pages."""
    return tuple(
        GroupWords(group.title, start, group.classes, group.unknown)
        for group, start in zip(codebook.groups, codebook.starts, strict=True)
    )


def as_data(view: PairView) -> dict[str, Any]:
    """A pair as JSON."""
    return {
        "first": view.first.name,
        "second": view.second.name,
        "match": view.match,
        "distance": view.distance,
        "gap": view.gap,
        "sentence": view.sentence,
        "attributes": [
            {
                "name": r.name,
                "distance": r.distance,
                "share": r.share,
                "rank": r.rank,
                "usual": r.usual,
                "recognised": r.recognised,
            }
            for r in view.reasons
        ],
    }
