"""`agreid import-dataset`: read a public data set into a manifest and a split."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import HERE, ConfigOption, JsonOption, SetOption, WorkspaceOption, config_file
from agreid_cli.datasets import DATASETS, OWN

if TYPE_CHECKING:
    from agreid_cli.datasets.counts import Found
    from agreid_cli.stages.data.import_dataset import ImportResult


def import_dataset(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help=f"One of {', '.join((*DATASETS, *OWN, 'list'))}.")
    ],
    root: Annotated[
        Path, typer.Argument(metavar="ROOT", help="The unpacked folder of the data set, or a list of crops.")
    ],
    attributes: Annotated[
        Optional[Path],
        typer.Option("--attributes", metavar="FILE", help="The attribute .mat, if it is outside ROOT."),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Skip unreadable files instead of stopping.")
    ] = False,
    platform: Annotated[
        Optional[str],
        typer.Option(
            "--platform", metavar="uav|cctv|wearable", help="Platform of own crops whose names give none."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the workspace's manifest and split.")
    ] = False,
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Read a published data set, or your own crops, into manifest.parquet and split.parquet.

    The images are neither copied nor changed. The counts read are shown beside the published ones; a
    difference is a warning, because releases differ.

    For your own crops, NAME is folder and ROOT has one folder per person (person_001/uav_003.jpg), or NAME is
    list and ROOT a CSV or Parquet file with the columns path, pid, camid, platform and optionally split.

    Example: agreid import-dataset ag-reid AG-ReID --workspace my-campus
    """
    from agreid_cli.config.import_dataset import ImportConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.data.import_dataset import import_dataset as run

    console = Console(json=json)
    settings = load_section(
        ImportConfig,
        "import-dataset",
        config_file(config, workspace),
        set_ or (),
        skip_bad=skip_bad or None,
        platform=platform,
    )
    result = run(
        Workspace(workspace),
        name,
        root,
        settings,
        attributes=attributes,
        overwrite=overwrite,
        progress=console,
    )
    console.data(_data(result))
    _show(console, result)


def _show(console: Console, result: ImportResult) -> None:
    if result.counts:
        console.table(
            f"{result.dataset}: counts read and published",
            ["subset", "images", "identities", "published", "difference", "published in"],
            [line for found in result.counts for line in _lines(found)],
            right=(1, 2, 3, 4),
        )
    others = [
        f"{n:,} {what}" for n, what in ((result.distractors, "distractors"), (result.junk, "junk")) if n
    ]
    console.print(
        f"{result.manifest}: {result.images:,} crops of {result.identities:,} identities"
        + (f" (including {', '.join(others)})" if others else "")
    )
    if result.attributes:
        console.print(
            f"attributes of {result.identities_with_attributes:,} identities from {result.attributes.name}"
        )
    if result.split:
        whose = "published roles" if result.counts else "the given roles"
        console.print(f"{result.split.path}: {whose}")
    strange = [found.subset for found in result.counts if not found.expected]
    if strange:
        console.warn(f"no published count matches the number read for: {', '.join(strange)}")


def _lines(found: Found) -> list[list[str]]:
    """One line per published reading; the counts read are in the first."""
    own = [found.subset, f"{found.images:,}", f"{found.identities:,}"]
    if not found.readings:
        return [[*own, "", "", "nowhere"]]
    lines = []
    for reading in found.readings:
        said = (reading.images, reading.identities)
        pairs = [(s, f) for s, f in zip(said, (found.images, found.identities), strict=True) if s is not None]
        published = " / ".join(f"{s:,}" for s, _ in pairs)
        difference = "none" if found.agrees(reading) else " / ".join(f"{f - s:+,}" for s, f in pairs)
        lines.append([*own, published, difference, reading.source])
        own = ["", "", ""]
    return lines


def _data(result: ImportResult) -> dict[str, Any]:
    from dataclasses import asdict

    tree = asdict(result)
    tree["split"] = str(result.split.path) if result.split else None
    return tree
