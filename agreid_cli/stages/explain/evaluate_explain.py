"""Explainable run → Explanation: quality of the explanations, and the gain in ranking.

Every direction is ranked by up to five distances: the model's cosine and Euclidean distance, the mean part
alone, D' = (1 + p·b)·d with attributes predicted for both crops and p chosen on people outside the test,
and, only on request, AMD's form, which uses the test's own labels and is an upper bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import InputError, Problem
from agreid_cli.metrics.bootstrap import bootstrap
from agreid_cli.metrics.explain.recognition import recognition
from agreid_cli.metrics.explain.reweight import reweighted, sweep
from agreid_cli.metrics.protocol import Sides, directions_in, fingerprint, sides
from agreid_cli.metrics.ranking.given import rank_distances
from agreid_cli.metrics.ranking.ranking import Ranks
from agreid_cli.metrics.ranking.summary import summarise
from agreid_cli.metrics.scoring import ranked, ranks_minus
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.directions import BOTH, find_direction, find_directions
from agreid_cli.records.embeddings import Embeddings
from agreid_cli.records.explanation import (
    ExplainRow,
    ExplanationResult,
    explanation_path,
    write_explanation,
)
from agreid_cli.records.results import Interval
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.faithful import faithfulness
from agreid_cli.stages.explain.figures import bit_scores, group_scores, reliability_of, scores_of
from agreid_cli.stages.explain.held_out import choose_p
from agreid_cli.stages.explain.measured import Measured, measure
from agreid_cli.stages.explain.shares import Sharing, sharing
from agreid_cli.stages.explain.truth_bound import truth_bound
from agreid_cli.stages.run.ranked import load_testing
from agreid_cli.stages.run.streams import KnownBits, OpenStream, known_bits, open_stream
from agreid_cli.training.decompose import Read
from agreid_cli.training.embed import SidedCrops
from agreid_cli.training.pairs import Pairs


def evaluate_explain(
    workspace: Workspace,
    *,
    config: EvaluateConfig,
    run: str | None = None,
    directions: Sequence[str] = (),
    oracle: bool = False,
    device: str = "auto",
    progress: Progress = SILENT,
) -> list[ExplanationResult]:
    """Evaluate the newest or the given explainable run; writes `eval/<direction>-explain.json` in it."""
    opened = open_stream(workspace, run, device=device, batch=config.explain.batch, backend=config.backend)
    known = known_bits(workspace, opened.codebook)
    loaded = load_testing(workspace, opened.config, progress)
    if loaded is None:
        raise InputError(f"{workspace.split} has no test crops", hint="Make it with: agreid build-split")
    testing, crops = loaded[0], opened.sided(*loaded)
    names = find_directions(directions)
    opened = opened.for_many(len(crops), progress)
    shares = sharing(workspace, opened, config.explain.shares, config.explain.memory_mb, progress)
    with progress.task("recognising attributes", len(crops), "crops") as task:
        read = opened.stream.read(
            crops, np.arange(len(crops)), keep_bytes=config.explain.memory_mb << 19, task=task
        )
    embeddings = testing.embeddings(read.base)
    can = directions_in(embeddings, testing.lists)
    names = names or [name for name in BOTH if name in can] or can[:1]
    chosen = [sides(embeddings, find_direction(name), testing.lists) for name in names]
    _must_have_attributes(chosen, embeddings, known)
    _name_unknown(testing.crop_id, known, progress)
    results = []
    for found in chosen:
        job = _Job(opened, shares, known, crops, read, embeddings, found, config, progress)
        result = job.result(workspace, oracle=oracle)
        place = explanation_path(opened.run, result.direction)
        write_explanation(result, place)
        progress.note(f"{result.direction}: written to {place}")
        results.append(result)
    return results


@dataclass(frozen=True)
class _Job:
    """One direction."""

    opened: OpenStream
    shares: Sharing
    known: KnownBits
    crops: SidedCrops
    read: Read
    embeddings: Embeddings
    found: Sides
    config: EvaluateConfig
    progress: Progress

    def result(self, workspace: Workspace, *, oracle: bool) -> ExplanationResult:
        """Everything of the direction."""
        found, opened = self.found, self.opened
        done = self.measured(oracle)
        p, chosen_on = choose_p(workspace, opened, found.direction, self.config, self.shares, self.progress)
        book, calibration = opened.codebook, self.shares.calibration
        tested = np.unique(np.concatenate([found.query, found.gallery]))
        bits = self.known.of(self.embeddings.crop_id[tested].tolist())
        labelled = bits.any(axis=1)
        chances, bits = self.read.chances[tested][labelled], bits[labelled]
        sure = self.shares.probabilities(chances) if calibration else None
        even = self.shares.over_typical(chances)
        seen = recognition(chances, bits, book.sizes, even=even)
        truth = truth_bound(workspace, opened, self.crops, self.embeddings, found, self.known)
        return ExplanationResult(
            direction=found.direction.name,
            source=f"runs/{opened.run.name}",
            teacher=opened.facts.teacher,
            fingerprint=fingerprint(found, self.embeddings.crop_id),
            codebook=book.hash,
            n_query=len(found.query),
            n_valid=int(self.rank(done.pairs.d).valid.sum()),
            n_gallery=len(found.gallery),
            p_chosen_on=chosen_on,
            rows=self.rows(done.pairs, p, oracle=oracle),
            scores=scores_of(done.paper),
            groups=group_scores(book, done.shares, seen, calibration),
            bits=bit_scores(book, done.shares, seen),
            shares=self.shares.name,
            expected=scores_of(done.expected) if calibration else None,
            truth=scores_of(truth) if truth else None,
            faithfulness=faithfulness(
                opened, self.shares, self.crops, found, self.config.explain, self.progress
            ),
            reliability=reliability_of(book, chances, sure, bits, calibration.n_people if calibration else 0),
            backend=opened.stream.backend,
        )

    def measured(self, oracle: bool) -> Measured:
        """The numbers of every pair, and the explanation metrics over pairs with known attributes."""
        return measure(
            self.opened, self.shares, self.crops, self.read, self.found, config=self.config.explain,
            query_bits=self.known.of(self.embeddings.crop_id[self.found.query].tolist()),
            gallery_bits=self.known.of(self.embeddings.crop_id[self.found.gallery].tolist()),
            oracle=oracle, progress=self.progress,
        )  # fmt: skip

    def rank(self, distances: npt.NDArray[np.floating[Any]]) -> Ranks:
        """The ranks for given distances (q, g)."""
        found = self.found
        return rank_distances(
            distances, query_pid=found.query_pid, gallery_pid=found.gallery_pid,
            query_camid=found.query_camid, gallery_camid=found.gallery_camid,
        )  # fmt: skip

    def rows(self, pairs: Pairs, p: float, *, oracle: bool) -> tuple[ExplainRow, ...]:
        """One row per distance."""
        made: list[ExplainRow] = []
        base: Ranks | None = None
        for name, metric, says in (
            ("base-cosine", "cosine", "the re-ID model, cosine, as ranked by agreid evaluate"),
            ("base", "euclidean", "the re-ID model, Euclidean: the distance that is explained"),
        ):
            how = self.config.model_copy(update={"metric": metric, "rerank": None})
            ranks, _ = ranked(self.embeddings, self.found, how, SILENT, top=False)
            made.append(self._row(name, says, ranks))
            base = ranks
        made.append(self._row("interpreter", "the mean part alone", self.rank(pairs.mean_part), base=base))
        ranks = self.rank(reweighted(pairs.d, pairs.b[0], p))
        made.append(
            self._row("explainable", "(1 + p·b)·d, attributes predicted for both crops", ranks, p, base)
        )
        if oracle:
            swept = sweep(self.rank, pairs.d, pairs.b[1], by="rank1", larger_p_on_ties=True)
            says = "upper bound, not a result: true attributes of the query, and p swept on this test set"
            made.append(self._row("oracle", says, swept.ranks, swept.p, base))
        return tuple(made)

    def _row(
        self, name: str, says: str, ranks: Ranks, p: float | None = None, base: Ranks | None = None
    ) -> ExplainRow:
        figures, config = summarise(ranks, ks=(1, 5, 10)), self.config
        first, fifth, tenth = (figures.cmc[k] for k in (1, 5, 10))
        ci = None
        if config.ci:
            how = {"rounds": config.rounds, "seed": config.seed}
            drawn = bootstrap(ranks, self.found.query_pid, level=config.ci_level, **how)
            bounds = ((drawn.mAP.low, drawn.mAP.high), (drawn.rank1.low, drawn.rank1.high))
            ci = Interval(*bounds, drawn.level, drawn.rounds, drawn.n_identities)
        gain = None
        if config.ci and base is not None:
            gain = ranks_minus(ranks, base, self.found.query_pid, name="base", config=config)
        return ExplainRow(name, says, figures.mAP, first, fifth, tenth, figures.mINP, p, ci, gain)


def _must_have_attributes(chosen: Sequence[Sides], embeddings: Embeddings, known: KnownBits) -> None:
    problems = []
    for found in chosen:
        for side, rows in (("query", found.query), ("gallery", found.gallery)):
            if not known.of(embeddings.crop_id[rows].tolist()).any():
                problems.append(Problem(found.direction.name, f"no {side} crop has attributes"))
    if problems:
        raise InputError(
            "an explanation is evaluated against attributes, and the test has none",
            problems=problems,
            hint="Add them with: agreid build-manifest, which reads attributes.csv",
        )


def _name_unknown(crops: Sequence[str], known: KnownBits, progress: Progress) -> None:
    """Warn of groups that the manifest says nothing about: their figures mean nothing."""
    book, bits = known.codebook, known.of(crops)
    bits = bits[bits.any(axis=1)]
    lost = [
        group.title.lower()
        for group, at in zip(book.groups, book.unknown_bits, strict=True)
        if bool(bits[:, at].all())
    ]
    if lost:
        progress.warn(f"unknown for every test crop, so their figures say nothing: {', '.join(lost)}")
