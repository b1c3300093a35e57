"""`agreid export-model`: a trained network as ONNX, with a model card beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Voice
from agreid_cli.cli.options import HERE, JsonOption, WorkspaceOption


def export_model(
    run: Annotated[
        Optional[str], typer.Option("--run", metavar="NAME", help="Run to export.", show_default="the newest")
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option(
            "--out", metavar="FILE.onnx", help="Where to write it.", show_default="model.onnx of the run"
        ),
    ] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Write the network of a run as ONNX, for a batch of any size, and a model card in Markdown.

    The file is run beside torch at two batch sizes and kept only where both agree. The card says what the
    network was trained on, what it scores (with the fingerprint), what it is for and where its limits are.

    Example: agreid export-model --run bot-vit --out bot-vit.onnx
    """
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.run.export_model import export_model as run_export

    voice = Voice(json=json)
    made = run_export(Workspace(workspace), run=run, out=out, progress=voice)
    voice.say(f"{made.path}: {made.megabytes:.1f} MB, within {made.difference:.0e} of torch")
    voice.say(f"{made.card}: its model card")
    voice.data(
        {
            "path": str(made.path), "card": str(made.card), "run": made.run, "difference": made.difference,
            "megabytes": made.megabytes,
        }
    )  # fmt: skip
