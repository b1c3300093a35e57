"""Run → ONNX file and model card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agreid_cli.errors import UsageError
from agreid_cli.nn.onnx_export import check_onnx, export_onnx
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.files import write_bytes, write_text
from agreid_cli.records.runs import find_run
from agreid_cli.records.side import VIEWS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.boxmot import BOXMOT, for_boxmot
from agreid_cli.stages.run.model_card import model_card
from agreid_cli.training.saved import load_network


@dataclass(frozen=True)
class Exported:
    """`difference`: the maximum difference to PyTorch, relative to the largest value of the embedding."""

    path: Path
    card: Path
    run: str
    difference: float
    megabytes: float


def export_model(
    workspace: Workspace,
    *,
    run: str | None = None,
    out: Path | None = None,
    target: str | None = None,
    progress: Progress = SILENT,
) -> Exported:
    """Export the newest or the named run with a model card; nothing is written if torch disagrees.

    With `target` "boxmot" the file expects images as boxmot normalises them, whatever the network does.
    """
    if target not in (None, BOXMOT):
        raise UsageError(f"--for {target} is unknown", hint=f"Known: {BOXMOT}")
    found = find_run(workspace, run)
    path = out or found.onnx
    if path.suffix != ".onnx":
        raise UsageError(f"--out {path} does not end in .onnx", hint="Give it as FILE.onnx")
    network = load_network(found)
    size = network.config.model.size
    progress.note(f"tracing the run '{found.name}' at {size[0]}x{size[1]}")
    encoder, facts = network.encoder(), network.facts
    if target == BOXMOT:
        encoder = for_boxmot(encoder)
    notes = {"run": found.name, "weights_sha256": network.weights_sha256}
    if "camera" in encoder.needs:
        notes["cameras"] = " ".join(map(str, facts.cameras)) + " (camid of rows 0, 1 … of the input camera)"
    if "view" in encoder.needs:
        notes["views"] = " ".join(f"{row} {name}" for row, name in enumerate(VIEWS))
    data = export_onnx(encoder, notes=notes)
    rows = {"camera": len(facts.cameras), "view": len(VIEWS)}
    difference = check_onnx(data, encoder, rows=rows)
    write_bytes(path, data)
    card = path.with_suffix(".md")
    write_text(card, model_card(found, network, encoder))
    return Exported(path, card, found.name, difference, len(data) / 1e6)
