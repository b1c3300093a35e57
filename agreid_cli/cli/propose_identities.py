"""`agreid propose-identities`: which tracks may be the same person, within a camera and across cameras."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import (
    HERE,
    ConfigOption,
    DeviceOption,
    EngineOption,
    JsonOption,
    SetOption,
    WorkspaceOption,
    config_file,
    engine_config,
)

if TYPE_CHECKING:
    from agreid_cli.stages.identify.propose import ProposeResult

EmbedderOption = Annotated[
    Optional[str],
    typer.Option(
        "--embedder", metavar="RUN|FILE|NAME",
        help="Embedder that compares the crops: a run (runs/bot), a re-ID weight file, timm:NAME, or colour.",
        show_default="the newest run, else shipped",
    ),
]  # fmt: skip


def propose_identities(
    embedder: EmbedderOption = None,
    identities: Annotated[
        Optional[Path],
        typer.Option(
            "--identities", metavar="FILE", help="Annotations to start from.",
            show_default="identities.csv of the workspace",
        ),
    ] = None,
    judgements: Annotated[
        Optional[Path],
        typer.Option(
            "--judgements", metavar="FILE", help="Pairs that a person has accepted or rejected.",
            show_default="judgements.csv of the workspace",
        ),
    ] = None,
    truth: Annotated[
        Optional[Path],
        typer.Option("--truth", metavar="FILE", help="Score the proposals against this identities.csv."),
    ] = None,
    device: DeviceOption = "auto",
    engine: EngineOption = None,
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Propose which tracks show the same person: within a camera, then across cameras and sessions.

    Writes proposals/ with a probability for each pair of tracks. identities.csv is not changed: accept and
    reject the proposals on the page of agreid review, and export. Annotations and judgements.csv teach the
    next call. Tracks that overlap in time in one video are never one person.

    Example: agreid propose-identities --embedder osnet_x0_25_msmt17.pt
    """
    from dataclasses import asdict

    from agreid_cli.config.identify import ProposeConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.identify.propose import propose_identities as propose

    console = Console(json=json)
    settings = load_section(ProposeConfig, "propose-identities", config_file(config, workspace), set_ or ())
    where, _ = engine_config(engine, config_file(config, workspace))
    result = propose(
        Workspace(workspace), settings, embedder=embedder, identities=identities, judgements=judgements,
        truth=truth, device=device, engine=where, progress=console,
    )  # fmt: skip
    data = asdict(result)
    if result.actions:
        data["actions"] |= {"total": result.actions.total, "saved": result.actions.saved}
    console.data(data)
    console.print(
        f"{result.n_tracks:,} tracks ({result.n_open:,} undecided) may be {result.n_people:,} people: "
        f"{result.n_pairs:,} proposals, {result.n_grouped:,} of them likely, in {result.folder}"
    )
    _say_scores(console, result)
    console.print("Answer them on the page: agreid review")


def _say_scores(console: Console, result: ProposeResult) -> None:
    if result.scores is None or result.actions is None:
        return
    found, actions = result.scores, result.actions
    rows = [
        ["pairwise", *(_percent(getattr(found, f"pairwise_{n}")) for n in ("precision", "recall", "f1"))],
        ["B-cubed", *(_percent(getattr(found, f"bcubed_{n}")) for n in ("precision", "recall", "f1"))],
    ]
    console.table(
        "Proposed groups against the truth, per cent",
        ["", "precision", "recall", "F1"],
        rows,
        right=(1, 2, 3),
    )
    console.print(
        f"V-measure {_percent(found.v_measure)}, ARI {_percent(found.ari)}; {found.n_groups:,} groups of "
        f"{found.n_tracks:,} tracks of {found.n_people:,} people"
    )
    console.print(
        f"decisions until all is right: {actions.total:,} ({actions.accept:,} accept, "
        f"{actions.reject:,} reject, "
        f"{actions.search:,} by hand, {actions.split:,} split); {actions.by_hand:,} by hand alone, "
        f"{actions.saved:.1f} times as many"
    )


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"
