"""`agreid export-model`: export a trained network as ONNX, with a model card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import HERE, JsonOption, WorkspaceOption


def export_model(
    run: Annotated[
        Optional[str], typer.Option("--run", metavar="NAME", help="Run to export.", show_default="the newest")
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option("--out", metavar="FILE.onnx", help="Output file.", show_default="model.onnx of the run"),
    ] = None,
    target: Annotated[
        Optional[str],
        typer.Option(
            "--for", metavar="boxmot", help="Expect images as this program normalises them.",
            show_default="as the network was trained",
        ),
    ] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Export the network of a run as ONNX (any batch size), with a model card in Markdown.

    The ONNX file is compared with PyTorch at two batch sizes and kept only if both agree. The model card
    gives training data, scores with fingerprint, intended use and limitations.

    Example: agreid export-model --run bot-vit --out bot-vit.onnx
    """
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.run.export_model import export_model as run_export

    console = Console(json=json)
    made = run_export(Workspace(workspace), run=run, out=out, target=target, progress=console)
    console.print(
        f"{made.path}: {made.megabytes:.1f} MB, differs from PyTorch by at most {made.difference:.0e}"
    )
    console.print(f"{made.card}: model card")
    console.data(
        {
            "path": str(made.path), "card": str(made.card), "run": made.run, "difference": made.difference,
            "megabytes": made.megabytes,
        }
    )  # fmt: skip
