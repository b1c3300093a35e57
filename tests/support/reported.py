"""A workspace that can be reported: drawn crops of drawn people, and runs written through the records."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.records.attribute_search import (
    GROUPS,
    SYSTEMS,
    AttributeRow,
    AttributeSearch,
    attributes_path,
    write_attribute_search,
)
from agreid_cli.records.explanation import (
    ExplainRow,
    ExplanationResult,
    GroupScore,
    Reliability,
    ReliabilityBin,
    Score,
    Scores,
    explanation_path,
    write_explanation,
)
from agreid_cli.records.faithfulness import ORDERS, PART, Estimate, Faithfulness, OrderScore, Sanity
from agreid_cli.records.files import write_text
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.results import read_result
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.evaluate import evaluate
from tests.support.embedded import drawn, workspace_with, write_embeddings
from tests.support.tiny import COLOURS, Person, draw


def workspace_of(root: Path, *, n_pids: int = 8, crops_per_pid: int = 2) -> Workspace:
    """Manifest, split of both directions, and an image for every crop: the person's colours on a floor."""
    workspace, _ = workspace_with(root, n_pids=n_pids, crops_per_pid=crops_per_pid)
    table = read_manifest(workspace.manifest)
    for path, pid, view in zip(
        *(table[name].to_pylist() for name in ("path", "pid", "platform")), strict=True
    ):
        colours = tuple(COLOURS[(pid * step + shift) % 6] for step, shift in ((1, 0), (3, 1), (5, 2)))
        height = 90 if view == "cctv" else 44
        person = Person(x=6, y=4, vx=0, height=height, colours=colours)  # type: ignore[arg-type]
        image = draw([person], 0, (height // 3 + 12, height + 8))
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / path), image)
    return workspace


def add_run(
    workspace: Workspace,
    name: str,
    *,
    noise: float,
    made: int,
    epochs: int = 4,
    recipe: str = "campus",
    n_pids: int = 8,
    crops_per_pid: int = 2,
    measured: bool = True,
) -> Run:
    """A run with configuration, log, embeddings and results; `made` (seconds) orders the runs by age."""
    run = Run(workspace.runs / name)
    write_text(
        run.config, f'recipe = "{recipe}"\nseed = 0\n\n[model]\nbackbone = "osnet-x0.25"\nweights = "none"\n'
    )
    write_text(
        run.root / "inputs.json", json.dumps({"argv": ["agreid", "train"], "manifest": "0" * 64}, indent=1)
    )
    write_text(run.root / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in log(epochs)))
    write_embeddings(drawn(0, noise=noise, n_pids=n_pids, crops_per_pid=crops_per_pid), run.embeddings)
    if measured:
        evaluate(workspace, config=EvaluateConfig(), run=name, directions=["both"])
    for path in (run.config, run.embeddings):
        os.utime(path, (made, made))
    return run


def log(epochs: int) -> list[dict[str, Any]]:
    """The lines of a training log: losses that fall, scores that rise."""
    lines: list[dict[str, Any]] = []
    for epoch in range(1, epochs + 1):
        ce, triplet = 4.0 * 0.8**epoch, 1.2 * 0.7**epoch
        lines.append(
            {"kind": "epoch", "epoch": epoch, "step": 25 * epoch, "lr": 1e-3 * (1 - epoch / (epochs + 1)),
             "losses": {"total": ce + triplet, "ce": ce, "triplet": triplet}, "images_per_s": 210.0 + epoch,
             "wait_share": 0.02, "seconds": 7.6}
        )  # fmt: skip
        if epoch % 2 == 0:
            for direction, gain in (("a2g", 0.06), ("g2a", 0.05)):
                score = float(np.tanh(gain * epoch))
                lines.append(
                    {"kind": "eval", "epoch": epoch, "direction": direction, "mAP": score,
                     "rank1": (score + 1) / 2, "mINP": 0.5 * score, "fingerprint": "0123456789ab"}
                )  # fmt: skip
    return lines


def made_up_faithfulness() -> Faithfulness:
    """Curves of eight places at three steps."""
    some, gain = Estimate(0.4, 0.3, 0.5), Estimate(0.05, 0.01, 0.09)
    orders, part = (
        tuple(
            OrderScore(
                name, some, some, *([None] * 2 if name == "contribution" else [gain] * 2), (1.0, 0.5, 0.0),
                (0.0, 0.5, 1.0),
            )
            for name in names
        )
        for names in (ORDERS, PART)
    )  # fmt: skip
    sanity = (Sanity("decomposition head", Estimate(0.1, 0.0, 0.2)),)
    return Faithfulness(10, 8, (0, 4, 8), orders, sanity, part=part)


def add_search(run: Run) -> AttributeSearch:
    """A made-up benchmark of search by description."""
    rows = tuple(
        AttributeRow(
            name, length, 20 if length == 0 else 10, Estimate(at, 0.1, 0.9), Estimate(at / 2, 0, 1), groups
        )
        for groups in GROUPS
        for at, name in zip((0.5, 0.4, 0.2), SYSTEMS, strict=True)
        for length in (0, 1, 2)
    )
    found = AttributeSearch(f"runs/{run.name}", "0" * 12, 3, 48, 8, ("Gender",), rows)
    write_attribute_search(found, attributes_path(run))
    return found


def add_explanation(run: Run, direction: str, seed: int = 0) -> ExplanationResult:
    """A made-up explanation of a run's direction, beside its result."""
    rng = np.random.default_rng(seed)
    base = read_result(run.result(direction))
    book = official_codebook()
    rows = tuple(
        ExplainRow(
            name, says, base.mAP + gain, base.rank(1) + gain, base.rank(5), base.rank(10), base.mINP, p
        )
        for name, says, gain, p in (
            ("base", "distance of the run explained", 0.0, None),
            ("interpreter", "mean of the attribute distances", -0.02, None),
            ("explainable", "re-weighted by predicted attributes", 0.01, 0.4),
        )
    )
    groups = tuple(
        GroupScore(
            group.name,
            group.title,
            0.8,
            0.6,
            float(share),
            0.5,
            float(share) * 1.4,
            0.7,
            2,
            group.name != "gender",
            1.5,
        )
        for group, share in zip(book.groups, rng.dirichlet(np.ones(len(book.groups))), strict=True)
    )
    scores = Scores(
        Score(0.52, 0.16, 0.41), Score(0.91, 0.84), Score(0.6, 0.2), Score(0.95, 0.85), 0.031, 4_000, 300
    )
    bins = (ReliabilityBin(0.35, 0.25, 100), ReliabilityBin(0.85, 0.75, 200))
    sure = Reliability(bins, (ReliabilityBin(0.3, 0.28, 300),), 0.1, 0.02, 12)
    found = ExplanationResult(
        direction, f"runs/{run.name}", "campus", base.fingerprint, book.hash, base.n_query, base.n_valid,
        base.n_gallery, "a held-out fifth of the training identities", rows, scores, groups, (),
        reliability=sure,
        faithfulness=made_up_faithfulness(),
    )  # fmt: skip
    write_explanation(found, explanation_path(run, direction))
    return found
