"""`agreid build-split`: divide a manifest into train and test identities, queries and galleries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import HERE, ConfigOption, JsonOption, SetOption, WorkspaceOption, config_file

if TYPE_CHECKING:
    from agreid_cli.stages.data.build_split import SplitResult


def build_split(
    workspace: WorkspaceOption = HERE,
    like: Annotated[
        Optional[str],
        typer.Option(
            "--like",
            metavar="own|published",
            help="own: make a new split; published: use the roles that came with the imported data set.",
            show_default="own",
        ),
    ] = None,
    queries_per_camera: Annotated[
        Optional[int],
        typer.Option(
            "--queries-per-camera",
            metavar="N",
            help="Maximum number of queries per test identity and camera.",
            show_default="6",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a split that was made with other settings.")
    ] = False,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Divide identities 50:50 into train and test, and choose queries and galleries for each direction.

    Builds the manifest first if it is missing or older than its inputs. The same inputs, settings and
    seed give the same files.

    Example: agreid build-split --queries-per-camera 4 --set seed=1
    """
    from agreid_cli.config.build_split import SplitConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.data.build_split import build_split as build

    console = Console(json=json)
    settings = load_section(
        SplitConfig,
        "build-split",
        config_file(config, workspace),
        set_ or (),
        like=like,
        queries_per_camera=queries_per_camera,
    )
    result = build(Workspace(workspace), settings, overwrite=overwrite, progress=console)
    console.data(as_json(result))
    _show(console, result)


def as_json(result: SplitResult) -> dict[str, Any]:
    """The object that `--json` prints."""
    from dataclasses import asdict

    return {
        "split": str(result.path),
        "state": result.state,
        "config": result.config.model_dump(mode="json"),
        **asdict(result.counts),
    }


def _show(console: Console, result: SplitResult) -> None:
    counts, config = result.counts, result.config
    share = f"{config.train_fraction:.0%} of the identities for training, random seed {config.seed}"
    console.print("Published roles." if config.like == "published" else f"New split: {share}.")
    console.print("")
    console.table(
        "Identities",
        ["", "identities", "in both views", "crops"],
        [
            ["train", *_n(counts.train_identities, counts.train_identities_both_views, counts.train_crops)],
            ["test", *_n(counts.test_identities, counts.test_identities_both_views, counts.test_crops)],
            *([["junk in galleries", "", "", *_n(counts.junk_crops)]] if counts.junk_crops else []),
            ["unused", "", "", *_n(counts.unused_crops)],
        ],
        right=(1, 2, 3),
    )
    console.print("")
    console.table(
        "Test crops",
        ["", "aerial", "ground", "together"],
        [
            ["query", *_sides(counts.query_aerial, counts.query_ground)],
            ["gallery", *_sides(counts.gallery_aerial, counts.gallery_ground)],
        ],
        right=(1, 2, 3),
    )
    console.print("")
    console.table(
        "Directions",
        ["direction", "queries", "with a true match", "dropped", "gallery", "gallery identities"],
        [
            [d.direction, *_n(d.n_query, d.n_valid, d.n_dropped, d.n_gallery, d.gallery_identities)]
            for d in counts.directions
        ],
        right=(1, 2, 3, 4, 5),
    )
    console.print("")
    done = {
        "written": "Wrote",
        "replaced": "Replaced",
        "refreshed": "Updated (same roles):",
        "unchanged": "Unchanged:",
    }
    console.print(f"{done[result.state]} {result.path}")


def _n(*values: int) -> list[str]:
    return [f"{value:,}" for value in values]


def _sides(aerial: int, ground: int) -> list[str]:
    return _n(aerial, ground, aerial + ground)
