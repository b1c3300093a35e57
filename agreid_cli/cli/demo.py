"""`agreid demo`: run the whole system on synthetic people and write a report page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import ConfigOption, DeviceOption, JsonOption, SetOption

if TYPE_CHECKING:
    from agreid_cli.stages.campus.demo import DemoResult

HERE = Path("agreid-demo")


def demo(
    workspace: Annotated[
        Path, typer.Option("--workspace", "-w", help="Folder to create.", show_default="agreid-demo")
    ] = HERE,
    seed: Annotated[Optional[int], typer.Option(help="Random seed.", show_default="0")] = None,
    identities: Annotated[
        Optional[int], typer.Option(help="Number of people filmed.", show_default="36")
    ] = None,
    detector: Annotated[
        Optional[Path],
        typer.Option(metavar="FILE", help="Detector weights.", show_default="the shipped campus detector"),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Run every step on minimal data; the networks learn nothing.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a demo that was made with other settings.")
    ] = False,
    device: DeviceOption = "auto",
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Run the whole system on synthetic people: video, crops, split, training, ranking, explanation, report.

    Needs no data, no network and no GPU, and takes minutes on two cores. After an interruption, run the same
    command again to continue. The time taken by each step is in demo.json.

    Example: agreid demo --workspace agreid-demo --seed 1
    """
    from agreid_cli.config.demo import QUICK, DemoConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.stages.campus.demo import demo as show

    console = Console(json=json)
    sets = [*(f"{name}={value}" for name, value in QUICK.items() if quick), *(set_ or ())]
    settings = load_section(
        DemoConfig, "demo", config, sets,
        seed=seed, identities=identities, detector=str(detector) if detector else None,
    )  # fmt: skip
    done = show(workspace, settings, overwrite=overwrite, device=device, progress=console)
    console.data(
        {
            "report": str(done.report), "record": str(done.record), "seconds": round(done.seconds, 1),
            "cores": done.cores,
            "steps": {name: {"seconds": round(s, 1), "share": round(p, 3)} for name, s, p in done.shares},
            "rows": [vars(row) for row in done.rows],
        }
    )  # fmt: skip
    _show(console, done)


def _show(console: Console, done: DemoResult) -> None:
    columns = ["", "direction", "mAP %", "95 % CI", "Rank-1 %", "95 % CI", "queries"]
    rows = [
        [row.name, row.direction, f"{100 * row.mAP:.1f}", _bounds(row.mAP_interval), f"{100 * row.rank1:.1f}",
         _bounds(row.rank1_interval), row.n_valid]
        for row in done.rows
    ]  # fmt: skip
    console.table("Results", columns, rows, right=(2, 3, 4, 5, 6))
    console.print(
        "Stream 1 ranks by cosine. Stream 2 explains the Euclidean distance (base) and re-weights it."
    )
    console.print("")
    minutes = done.seconds / 60
    console.table(
        f"{minutes:.1f} minutes on {done.cores} cores",
        ["step", "seconds", "share"],
        [[name, f"{seconds:.1f}", f"{share:.0%}"] for name, seconds, share in done.shares],
        right=(1, 2),
    )
    console.print("")
    console.print(f"Open {done.report} in a browser.")


def _bounds(pair: tuple[float, float] | None) -> str:
    return f"{100 * pair[0]:.1f} to {100 * pair[1]:.1f}" if pair else ""
