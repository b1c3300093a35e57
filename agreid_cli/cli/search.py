"""`agreid search`: find people by description or by image, with reasons; or crops of embedding files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import (
    HERE,
    CamidOption,
    ConfigOption,
    DeviceOption,
    JsonOption,
    PlatformOption,
    PoolOption,
    SetOption,
    WorkspaceOption,
    check_pool,
    config_file,
)
from agreid_cli.errors import UsageError

if TYPE_CHECKING:
    from agreid_cli.metrics.approximate import Recall
    from agreid_cli.stages.explain.search_embeddings import Matches


def search(
    more: Annotated[Optional[list[Path]], typer.Argument(metavar="FILE", hidden=True)] = None,
    attributes: Annotated[
        Optional[str],
        typer.Option(
            "--attributes", "-a", metavar="A=B,...", help="Description, e.g. upper=hoodie,bag=backpack."
        ),
    ] = None,
    image: Annotated[
        Optional[Path], typer.Option("--image", "-i", metavar="FILE", help="A crop of the person.")
    ] = None,
    crops: Annotated[
        Optional[Path],
        typer.Option(
            "--crops", metavar="PATH", help="A crops table, a manifest, a list, or a folder of images.",
            show_default="the split's test crops",
        ),
    ] = None,
    embeddings: Annotated[
        Optional[list[Path]],
        typer.Option(
            "--embeddings", metavar="FILE...",
            help="Search embeddings of agreid embed or of another program; may be larger than memory.",
        ),
    ] = None,
    crop: Annotated[
        Optional[str],
        typer.Option("--crop", metavar="ID", help="With --embeddings: search for this crop of the file."),
    ] = None,
    index: Annotated[
        bool,
        typer.Option(
            "--index", help="Use an approximate index, built at the first call, and print its recall."
        ),
    ] = False,
    run: Annotated[
        Optional[str],
        typer.Option(
            "--run", metavar="NAME", help="Explainable run; with --embeddings, the run that made them.",
            show_default="the newest",
        ),
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option("--out", metavar="FOLDER", help="Output folder.", show_default="runs/NAME/search"),
    ] = None,
    level: Annotated[
        Optional[str],
        typer.Option("--level", metavar="crop|track", help="What is found: crops, or whole tracks.",
                     show_default="crop"),
    ] = None,
    pool: PoolOption = None,
    platform: PlatformOption = None,
    camid: CamidOption = None,
    device: DeviceOption = "auto",
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Search crops by description or by image, and show the reason for each answer.

    The run's predictions for the crops are computed once and cached, so later searches are fast. With
    --embeddings, any run's embeddings are searched, for an image or for one of their crops, without reasons.

    Example: agreid search --attributes upper=hoodie,bag=backpack
    """
    from agreid_cli.config.explain_pages import SearchConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.records.side import GivenSide
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.explain.search import search as look

    console = Console(json=json)
    settings = load_section(SearchConfig, "search", config_file(config, workspace), set_ or (),
                            level=level, pool=pool)  # fmt: skip
    check_pool(pool, settings.level)
    if more and not embeddings:
        raise UsageError(f"unexpected argument '{more[0]}'", hint=f"For embeddings: --embeddings {more[0]}")
    if embeddings:
        unfit = {"--attributes": attributes, "--crops": crops, "--out": out}
        if wrong := [name for name, value in unfit.items() if value is not None]:
            raise UsageError(
                f"{' and '.join(wrong)} cannot be used with --embeddings", hint="Leave one of them out."
            )
        from agreid_cli.stages.explain.search_embeddings import search_embeddings

        said = search_embeddings(
            Workspace(workspace), [*embeddings, *(more or [])], config=settings, image=image, crop=crop,
            run=run, given=GivenSide(platform, camid), device=device, index=index, progress=console,
        )  # fmt: skip
        _show_matches(console, said)
        return
    if crop is not None:
        raise UsageError("--crop needs --embeddings", hint="agreid search --embeddings FILE --crop ID")
    found = look(
        Workspace(workspace), config=settings, attributes=attributes or "", image=image, crops=crops, run=run,
        given=GivenSide(platform, camid), out=out, device=device, index=index, progress=console,
    )  # fmt: skip
    unit = settings.level
    if attributes:
        rows = [
            [a["rank"], a.get("track") or a["crop"], f"{100 * a['score']:.0f}",
             ", ".join(f"{b['attribute']} {100 * b['chance']:.0f} %" for b in a["attributes"])]
            for a in found.answers
        ]  # fmt: skip
        console.table(
            f"{found.searched:,} {unit}s searched", ["", unit, "score %", "why"], rows, right=(0, 2)
        )
    else:
        rows = [
            [
                rank,
                a.get("track") or a["second"],
                f"{a.get('track_distance', a['distance']):.2f}",
                a["sentence"],
            ]
            for rank, a in enumerate(found.answers, start=1)
        ]
        console.table(
            f"{found.searched:,} {unit}s searched", ["", unit, "distance", "differs in"], rows, right=(0, 2)
        )
    console.print(str(found.page))
    if found.recall:
        console.print(recall_line(found.recall))
    console.data(
        {
            "page": str(found.page), "searched": found.searched, "answers": list(found.answers),
            "recall": found.recall and found.recall.as_data(), "unknown": list(found.unknown),
        }
    )  # fmt: skip


def _show_matches(console: Console, found: Matches) -> None:
    tracks = found.level == "track"
    rows = [
        [
            a.rank,
            *([a.track, a.crops] if tracks else []),
            a.crop,
            f"{a.distance:.4f}",
            *("" if v is None else v for v in (a.pid, a.camid, a.platform)),
        ]
        for a in found.answers
    ]
    more = ["track", "crops", "nearest crop"] if tracks else ["crop"]
    head = ["", *more, f"{found.metric} distance", "pid", "camid", "platform"]
    console.table(
        f"{found.searched:,} {found.level}s searched", head, rows,
        right=(0, 2, 4, 5, 6) if tracks else (0, 2, 3, 4),
    )  # fmt: skip
    if found.recall:
        console.print(recall_line(found.recall))
    console.data(
        {
            "searched": found.searched, "metric": found.metric,
            "answers": [answer.as_data() for answer in found.answers],
            "recall": found.recall and found.recall.as_data(),
        }
    )  # fmt: skip


def recall_line(recall: Recall) -> str:
    """The recall of the index in words."""
    how = f"seed {recall.seed}; {recall.probes} lists read, {recall.candidates:,} candidates compared"
    return (
        f"approximate: recall@{recall.k} {100 * recall.value:.1f} % against the exact scan, "
        f"for {recall.queries} random crops ({how})"
    )
