"""`agreid stats`: the paper's Table I for this data, beside the published columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import HERE, JsonOption, WorkspaceOption

if TYPE_CHECKING:
    from agreid_cli.stages.data.stats import Census, PlatformCensus


def stats(
    sources: Annotated[
        Optional[list[Path]],
        typer.Argument(
            metavar="[SOURCE]...", help="Workspaces or manifest files.", show_default="the workspace"
        ),
    ] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Count identities, crops, attributes, cameras and crop sizes, beside the paper's Table I.

    Example: agreid stats
    """
    from dataclasses import asdict

    from agreid_cli.stages.data.stats import LINES, PUBLISHED
    from agreid_cli.stages.data.stats import stats as count

    console = Console(json=json)
    found = count(sources or [workspace], progress=console)
    console.data({"data": [asdict(c) for c in found], "published": [asdict(p) for p in PUBLISHED]})
    console.table(
        "Table I",
        ["", *(one.name for one in found), *(p.name for p in PUBLISHED)],
        [
            [words, *(_ours(one, field) for one in found), *(_cell(getattr(p, field)) for p in PUBLISHED)]
            for field, words in LINES
        ],
        right=range(1, len(found) + len(PUBLISHED) + 1),
    )
    for published in PUBLISHED:
        if published.remark:
            console.print(f"{published.name}: {published.remark}.")
    console.print(
        "This data: all crops of known identities count, including queries. Judge backgrounds and occlusion"
    )
    console.print("yourself. Altitudes are those of the classes A0, A1, A2 (about 15, 30, 45 m).")
    for one in found:
        _show(console, one)


def _show(console: Console, one: Census) -> None:
    console.print("")
    console.table(
        one.name,
        ["platform", "view", "cameras", "identities", "crops", "junk", "smallest", "median", "largest"],
        [
            [
                p.platform, p.view, ", ".join(map(str, p.cameras)), _ours(p, 'identities'),
                _cell(p.images), _cell(p.junk), *(f"{w}×{h}" for w, h in (p.smallest, p.median, p.largest)),
            ]
            for p in one.by_platform
        ],
        right=(3, 4, 5, 6, 7, 8),
    )  # fmt: skip
    quartiles = [("crops per person", "all", one.crops_per_identity)]
    for p in one.by_platform:
        quartiles += [
            ("crops per person", p.platform, p.crops_per_identity),
            ("sharpness", p.platform, p.sharpness),
            ("detector score", p.platform, p.score),
        ]
    console.print("")
    console.table(
        "",
        ["", "", "minimum", "lower quartile", "median", "upper quartile", "maximum"],
        [[words, where, *map(_number, five)] for words, where, five in sorted(quartiles, key=_order) if five],
        right=(2, 3, 4, 5, 6),
    )
    console.print("")
    console.print(_rest(one))


def _rest(one: Census) -> str:
    parts = [f"{one.videos:,} videos" if one.videos else "", f"{len(one.cameras)} cameras"]
    if one.identities is not None:
        parts += [
            f"{one.identities_both_views:,} of {one.identities:,} identities seen in both views",
            f"{one.identities_with_attributes:,} with attributes",
        ]
    for p in one.by_platform:
        if p.cut_by_frame:
            parts.append(f"{p.cut_by_frame:,} {p.platform} crops cut by the edge of the frame")
        parts += [f"{n:,} {p.platform} crops with the {how} pixelated" for how, n in _hidden(p.pixelated)]
    return "; ".join(part for part in parts if part) + "."


def _hidden(pixelated: dict[str, int]) -> list[tuple[str, int]]:
    return [(how, n) for how, n in pixelated.items() if how != "none"]


def _order(line: tuple[str, str, Any]) -> int:
    return ["crops per person", "sharpness", "detector score"].index(line[0])


def _ours(one: Census | PlatformCensus, field: str) -> str:
    value = getattr(one, field, "?")
    return "not yet" if value is None else _cell(value or 0)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "✓" if value else "×"
    if value is None:
        return "×"
    # Breaks at the same places as the paper, so that six columns fit in eighty characters.
    return f"{value:,}" if isinstance(value, int) else str(value).replace(" & ", " &\n")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
