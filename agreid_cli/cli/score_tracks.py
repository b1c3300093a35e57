"""`agreid score-tracks`: HOTA, IDF1 and MOTA of tracks against ground truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import HERE, ConfigOption, JsonOption, SetOption, WorkspaceOption, config_file


def score_tracks(
    truth: Annotated[
        Optional[Path],
        typer.Option(
            metavar="PATH", help="MOTChallenge ground truth: file or folder.", show_default="truth/mot"
        ),
    ] = None,
    tracks: Annotated[
        Optional[Path],
        typer.Option(metavar="PATH", help="Tracks to score: file or folder.", show_default="crops/mot"),
    ] = None,
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Score tracks against ground truth, per video and overall: HOTA, DetA, AssA, IDF1, MOTA, id switches.

    agreid synth writes ground truth, and extract-crops --save-mot writes tracks. Tracks of any tracker and
    any ground truth in MOTChallenge format work too (<video>.txt, or <video>/gt/gt.txt). People less than
    half visible are ignored: neither missing nor finding them changes the scores.

    Example: agreid score-tracks
    """
    from dataclasses import asdict

    from agreid_cli.config.load import load_section
    from agreid_cli.config.score_tracks import ScoreTracksConfig
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.video.score_tracks import score_tracks as score

    console = Console(json=json)
    settings = load_section(ScoreTracksConfig, "score-tracks", config_file(config, workspace), set_ or ())
    scores = score(Workspace(workspace), settings, truth=truth, tracks=tracks, progress=console)
    console.data({"config": settings.model_dump(mode="json"), "scores": [asdict(one) for one in scores]})
    ratios = ("HOTA", "DetA", "AssA", "IDF1", "MOTA", "recall", "precision")
    counts = ("switches", "people", "tracks", "boxes")
    console.table(
        "Tracks against ground truth, per cent",
        ["video", *ratios, *counts],
        [
            [
                one.video,
                *(_percent(getattr(one, name)) for name in ratios),
                *(f"{getattr(one, name):,}" for name in counts),
            ]
            for one in scores
        ],
        right=range(1, 1 + len(ratios) + len(counts)),
    )
    console.print(
        f"HOTA over IoU 0.05 to 0.95, the rest at IoU {settings.iou:g}; people and boxes: those at least "
        f"{settings.min_visible:.0%} visible. {scores[-1].let_off:,} boxes on ignored people were not scored."
    )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"
