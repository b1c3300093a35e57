"""`agreid demo`: the whole system on people that it makes itself, ending in a page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from agreid_cli.cli.console import Voice
from agreid_cli.cli.options import ConfigOption, DeviceOption, JsonOption, SetOption

if TYPE_CHECKING:
    from agreid_cli.stages.campus.demo import DemoResult

HERE = Path("agreid-demo")


def demo(
    workspace: Annotated[
        Path, typer.Option("--workspace", "-w", help="Folder to make it in.", show_default="agreid-demo")
    ] = HERE,
    seed: Annotated[Optional[int], typer.Option(help="Of everything drawn.", show_default="0")] = None,
    identities: Annotated[
        Optional[int], typer.Option(help="How many people are filmed.", show_default="36")
    ] = None,
    detector: Annotated[
        Optional[Path],
        typer.Option(metavar="FILE", help="Detector weights.", show_default="those that come with agreid"),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Run every step on next to nothing; nothing is learnt.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a demonstration with other settings.")
    ] = False,
    device: DeviceOption = "auto",
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Show everything: film made-up people, crop, split, train both streams, rank, explain, report.

    Needs no data, no network and no GPU, and takes minutes on two cores. Interrupted, the same command goes
    on where it stopped. Where the time went is kept in demo.json.

    Example: agreid demo --workspace agreid-demo --seed 1
    """
    from agreid_cli.config.demo import QUICK, DemoConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.stages.campus.demo import demo as show

    voice = Voice(json=json)
    sets = [*(f"{name}={value}" for name, value in QUICK.items() if quick), *(set_ or ())]
    settings = load_section(
        DemoConfig, "demo", config, sets,
        seed=seed, identities=identities, detector=str(detector) if detector else None,
    )  # fmt: skip
    done = show(workspace, settings, overwrite=overwrite, device=device, progress=voice)
    voice.data(
        {
            "report": str(done.report), "record": str(done.record), "seconds": round(done.seconds, 1),
            "cores": done.cores,
            "steps": {name: {"seconds": round(s, 1), "share": round(p, 3)} for name, s, p in done.shares},
            "rows": [vars(row) for row in done.rows],
        }
    )  # fmt: skip
    _show(voice, done)


def _show(voice: Voice, done: DemoResult) -> None:
    columns = ["", "direction", "mAP %", "interval", "Rank-1 %", "interval", "queries"]
    rows = [
        [row.name, row.direction, f"{100 * row.mAP:.1f}", _bounds(row.mAP_interval), f"{100 * row.rank1:.1f}",
         _bounds(row.rank1_interval), row.n_valid]
        for row in done.rows
    ]  # fmt: skip
    voice.table("What was learnt", columns, rows, right=(2, 3, 4, 5, 6))
    voice.say("Runs rank by cosine. Stream 2 takes the Euclidean distance apart (base) and re-weights that.")
    voice.say("")
    minutes = done.seconds / 60
    voice.table(
        f"{minutes:.1f} minutes on {done.cores} cores",
        ["step", "seconds", "share"],
        [[name, f"{seconds:.1f}", f"{share:.0%}"] for name, seconds, share in done.shares],
        right=(1, 2),
    )
    voice.say("")
    voice.say(f"Open {done.report} in a browser.")


def _bounds(pair: tuple[float, float] | None) -> str:
    return f"{100 * pair[0]:.1f} to {100 * pair[1]:.1f}" if pair else ""
