"""The model card of a run in Markdown: network, data, scores, intended use, limitations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agreid_cli.nn.encoder import Encoder
from agreid_cli.records.results import POOLED, read_result
from agreid_cli.records.run_inputs import read_inputs
from agreid_cli.records.runs import Run
from agreid_cli.records.training_log import read_log
from agreid_cli.stages.run.boxmot import boxmot_note
from agreid_cli.training.saved import Loaded


def model_card(run: Run, network: Loaded, exported: Encoder) -> str:
    """Scores are those written by `evaluate`, else those of validation, each with its fingerprint.

    exported: the network as it was written to the file beside the card.
    """
    config, inputs, model = network.config, read_inputs(run.inputs), network.model
    height, width = config.model.size
    numbers = sum(p.numel() for p in model.parameters())
    rows = [_row(row) for row in _figures(run)] or ["| not evaluated yet | | | | | |"]
    table = "\n".join(rows)
    mean, std = (", ".join(f"{x:g}" for x in values) for values in (exported.model.mean, exported.model.std))
    version = inputs.get("agreid", "?")
    commit = f", commit {inputs['commit']}" if inputs.get("commit") else ""
    start = "random initialisation" if config.model.weights == "none" else config.model.weights
    return f"""# {run.name}

A network that computes an embedding of an image of one person, such that two images of the same person, one
from a drone and one from the ground, have a small distance. Created with agreid {version}{commit}.

## The network

| | |
|---|---|
| recipe | {config.recipe or "its own"} |
| backbone, head | {config.model.backbone}, {config.model.head} |
| parameters | {numbers:,} |
| input | RGB, float32, batch×3×{height}×{width}, values 0..1, minus mean ({mean}), divided by std ({std}) |
| output | one embedding per image; compare by {config.validation.metric} distance |
| initial weights | {start} |
| sha256 of the weights | {network.weights_sha256} |

## Use in boxmot

{boxmot_note(exported)}

## Training data

{network.facts.n_ids} identities; {_epochs(network)}. Hashes of the inputs:

    manifest {inputs.get("manifest_sha256", "unknown")}
    split    {inputs.get("split_sha256", "unknown")}

## Scores

| direction | mAP % | Rank-1 % | mINP % | queries | fingerprint |
|---|---|---|---|---|---|
{table}

Scores are comparable only if the fingerprints are equal: the same crops, identities and cameras.
{_whose(run)}{_chosen(run, network)}

## Intended use

Research on re-identification between aerial and ground cameras, and the search for a person in lawfully
held footage. The network proposes; a human decides.

## Limitations

- It was trained for certain cameras, altitudes, seasons and people. Expect lower scores elsewhere,
  and measure them before you rely on any.
- It relies on clothes and build. The same person in other clothes is likely to be missed, and people
  dressed alike are likely to be confused.
- Scores are means over everyone: they may be lower for people who are rare in the training data.
- An embedding of a recognisable person is personal data; a data set's terms apply to networks trained on it.
"""


def _figures(run: Run) -> list[dict[str, Any]]:
    results = [read_result(file) for file in sorted(run.root.glob("eval/*.json")) if _is_result(file)]
    if results:
        return [
            {
                "direction": f"{r.direction}, tracks ({POOLED[r.pool]})" if r.pool else r.direction,
                "mAP": r.mAP, "rank1": r.rank(1), "mINP": r.mINP,
                "n_valid": r.n_valid, "fingerprint": r.fingerprint,
            }
            for r in results
        ]  # fmt: skip
    rows = [row for row in read_log(run.log) if row["kind"] == "eval"]
    kept = max((row["epoch"] for row in rows), default=0) if run.weights == run.last else best_epoch(rows)
    return [row for row in rows if row["epoch"] == kept]


def _whose(run: Run) -> str:
    """The scores in the log, used if there are no results, may be of held-out training people."""
    measured = any(_is_result(file) for file in run.root.glob("eval/*.json"))
    if measured or not any(row.get("on") == "held-out" for row in read_log(run.log)):
        return ""
    return "These are scores of held-out training people: the test set has not been evaluated yet.\n"


def best_epoch(rows: Sequence[dict[str, Any]]) -> int:
    """The first epoch with the highest mean mAP; 0 for no rows.

    >>> best_epoch([{"epoch": 5, "mAP": 0.2}, {"epoch": 5, "mAP": 0.6}, {"epoch": 9, "mAP": 0.3}])
    5
    """
    means: dict[int, list[float]] = {}
    for row in rows:
        means.setdefault(row["epoch"], []).append(row["mAP"])
    return max(means, key=lambda epoch: (sum(means[epoch]) / len(means[epoch]), -epoch), default=0)


def _is_result(file: Path) -> bool:
    """Whether a file is a result; explanations are in the same folder."""
    try:
        return str(json.loads(file.read_text(encoding="utf-8")).get("schema", "")).startswith("results/")
    except (OSError, ValueError, AttributeError):
        return False


def _row(row: dict[str, Any]) -> str:
    scores = " | ".join(f"{100 * row[name]:.2f}" for name in ("mAP", "rank1", "mINP"))
    return f"| {row['direction']} | {scores} | {row['n_valid']} | `{row['fingerprint']}` |"


def _epochs(network: Loaded) -> str:
    return f"weights after epoch {network.epoch} of {network.config.schedule.epochs} ({network.step} steps)"


def _chosen(run: Run, network: Loaded) -> str:
    if run.weights == run.last:
        return ""
    if people := network.facts.held_out:
        return f"The weights were chosen among epochs by {len(people)} held-out training identities."
    return "The weights were chosen among epochs by these very crops, so its figures are too high."
