"""`agreid explain`: which attributes distinguish two crops, and where they are in the images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import (
    HERE,
    ConfigOption,
    DeviceOption,
    JsonOption,
    SetOption,
    WorkspaceOption,
    config_file,
)
from agreid_cli.errors import UsageError


def explain(
    query: Annotated[
        Optional[str],
        typer.Option(
            "--query", metavar="CROP", help="Query whose nearest crops are explained.",
            show_default="the first of the direction",
        ),
    ] = None,
    pair: Annotated[
        Optional[tuple[str, str]],
        typer.Option("--pair", metavar="A B", help="Explain two crops, given by crop_id or image file."),
    ] = None,
    aggregate: Annotated[
        bool, typer.Option("--aggregate", help="Explain the whole data set: shares per attribute, mean maps.")
    ] = False,
    direction: Annotated[
        Optional[str],
        typer.Option(
            "--direction", "-d", metavar="NAME", help="Which cameras give queries and gallery.",
            show_default="a2g",
        ),
    ] = None,
    run: Annotated[
        Optional[str],
        typer.Option("--run", metavar="NAME", help="Explainable run.", show_default="the newest"),
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option("--out", metavar="FOLDER", help="Output folder.", show_default="runs/NAME/explain"),
    ] = None,
    platform: Annotated[
        Optional[list[str]],
        typer.Option(
            "--platform", metavar="NAME",
            help="Platform of the image files of --pair, for runs that need it: one for both, or one each.",
        ),
    ] = None,
    camid: Annotated[
        Optional[list[int]],
        typer.Option(
            "--camid", metavar="N", min=0,
            help="Camera of the image files of --pair, for runs that need it: one for both, or one each.",
        ),
    ] = None,
    device: DeviceOption = "auto",
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Explain the distance between crops: maps over the crops, the largest attribute shares, and a sentence.

    Writes one self-contained HTML page, and one PNG per pair.

    Example: agreid explain --direction g2a --set top=3
    """
    from agreid_cli.config.evaluate import EvaluateConfig
    from agreid_cli.config.explain_pages import ExplainPagesConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.records.side import GivenSide
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.explain.aggregate import aggregate as explain_all
    from agreid_cli.stages.explain.explain import explain as explain_pairs

    if (query is not None) + (pair is not None) + aggregate > 1:
        raise UsageError("--query, --pair and --aggregate exclude each other", hint="Give one of them.")
    if direction is not None and (pair is not None or aggregate):
        raise UsageError("--direction goes with --query", hint="Leave it out.")
    given = [
        GivenSide(*said) for said in zip(each(platform, "--platform"), each(camid, "--camid"), strict=True)
    ]
    if any(given) and pair is None:
        raise UsageError("--platform and --camid describe the image files of --pair", hint="Leave them out.")
    console = Console(json=json)
    settings = load_section(ExplainPagesConfig, "explain", config_file(config, workspace), set_ or ())
    ranking = load_section(EvaluateConfig, "evaluate", config_file(config, workspace))
    place = Workspace(workspace)
    if aggregate:
        made = explain_all(place, config=settings, run=run, out=out, device=device, progress=console)
        rows = [[row["title"], *(f"{100 * row[d]:.1f}" for d in made.directions)] for row in made.groups]
        heads = ["attribute", *(f"{d}: share %" for d in made.directions)]
        console.table(
            "Mean share of the distance per attribute group", heads, rows, right=range(1, len(heads))
        )
        console.print(str(made.page))
        console.data({"page": str(made.page), "picture": str(made.picture), "groups": made.groups})
        return
    done = explain_pairs(
        place, config=settings, ranking=ranking, run=run, query=query, pair=pair or (), given=given,
        direction=direction or "a2g", out=out, device=device, progress=console,
    )  # fmt: skip
    for found in done.pairs:
        mark = {True: "same person", False: "different person", None: ""}[found["match"]]
        console.print(
            f"{found['first']} – {found['second']}{f' ({mark})' if mark else ''}: {found['sentence']}"
        )
    console.print(str(done.page))
    console.data(
        {
            "page": str(done.page),
            "pictures": list(map(str, done.pictures)),
            "pairs": list(done.pairs),
            "unknown": list(done.unknown),
        }
    )


def each(values: list[Any] | None, option: str) -> list[Any]:
    """A value for either crop of a pair; one value counts for both."""
    said = list(values or [None])
    if len(said) > 2:
        raise UsageError(f"{option} is given {len(said)} times for the two crops of --pair")
    return said if len(said) == 2 else said * 2
