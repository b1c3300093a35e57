"""`agreid build-manifest`: build the manifest from crops and annotations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import HERE, ConfigOption, JsonOption, SetOption, WorkspaceOption, config_file

if TYPE_CHECKING:
    from agreid_cli.stages.annotate.manifest_template import TemplateResult
    from agreid_cli.stages.data.build_manifest import ManifestResult


def build_manifest(
    identities: Annotated[
        Optional[Path],
        typer.Option(
            "--identities",
            help="Identity of each track (CSV).",
            show_default="identities.csv of the workspace",
        ),
    ] = None,
    attributes: Annotated[
        Optional[Path],
        typer.Option(
            "--attributes",
            help="Attributes of each identity: a CSV file or the official .mat.",
            show_default="attributes.csv of the workspace",
        ),
    ] = None,
    exclude: Annotated[
        Optional[str],
        typer.Option("--exclude", metavar="GROUPS", help="Attribute groups to leave out, e.g. ethnic,age."),
    ] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Write both CSV files, ready to fill in, and stop.")
    ] = False,
    write_mat: Annotated[
        Optional[Path],
        typer.Option(
            "--write-mat", metavar="FILE", help="Also write the attributes in the official .mat format."
        ),
    ] = None,
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Join identities and attributes to the crops. The 15 attributes become 88 bits.

    identities.csv has the columns video_id, track_id and pid (-1: junk, blank: not annotated yet).
    attributes.csv has a pid column and one column per attribute, with labels or integer codes.

    Example: agreid build-manifest --exclude ethnic,age
    """
    from agreid_cli.config.build_manifest import ManifestConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.records.workspace import Workspace

    console = Console(json=json)
    groups = None if exclude is None else tuple(word.strip() for word in exclude.split(",") if word.strip())
    settings = load_section(
        ManifestConfig, "build-manifest", config_file(config, workspace), set_ or (), exclude=groups
    )
    place = Workspace(workspace)
    if template:
        from agreid_cli.stages.annotate.manifest_template import write_template

        _show_template(console, write_template(place, settings, progress=console))
        return
    answer: dict[str, Any] = {}
    # An imported manifest has no CSV to be built from, but its attributes can still be written.
    if write_mat is None or identities or place.identities.is_file() or not place.manifest.is_file():
        from agreid_cli.stages.data.build_manifest import build_manifest as build

        result = build(place, settings, identities=identities, attributes=attributes, progress=console)
        answer = as_json(result)
        _show(console, result)
    if write_mat is not None:
        from agreid_cli.stages.data.manifest_mat import write_manifest_mat

        mat = write_manifest_mat(place, write_mat)
        answer["mat"] = {"path": str(mat.path), "n_train": mat.n_train, "n_test": mat.n_test}
        console.print(f"{mat.path}: {mat.n_train} identities in train, {mat.n_test} in test")
    console.data(answer)


def as_json(result: ManifestResult) -> dict[str, Any]:
    """The object that `--json` prints: the counts, and the support of every bit."""
    book = result.codebook
    bits = [(group, label) for group in book.groups for label in group.classes]
    counts = {
        name: getattr(result, name)
        for name in (
            "n_crops",
            "n_identities",
            "n_both_views",
            "n_with_attributes",
            "n_junk_crops",
            "n_unannotated_crops",
            "n_unannotated_tracks",
        )
    }
    return {
        "manifest": str(result.path),
        **counts,
        "codebook": book.hash,
        "n_groups": len(book.groups),
        "n_bits": book.n_bits,
        "bits": [
            {"bit": bit, "group": group.name, "label": label, "identities": int(n)}
            for bit, (group, label), n in zip(book.bits, bits, result.support, strict=True)
        ],
    }


def _show(console: Console, result: ManifestResult) -> None:
    rows = [
        ["crops", f"{result.n_crops:,}"],
        ["identities", f"{result.n_identities:,}"],
        ["  seen in both views", f"{result.n_both_views:,}"],
        ["  with attributes", f"{result.n_with_attributes:,}"],
        ["junk crops (pid -1)", f"{result.n_junk_crops:,}"],
        ["crops left out because they have no pid yet", f"{result.n_unannotated_crops:,}"],
        ["  their tracks", f"{result.n_unannotated_tracks:,}"],
    ]
    console.table(f"Manifest: {result.path}", ["", ""], rows, right=(1,))
    if not result.n_with_attributes:
        return
    book = result.codebook
    lines = []
    for group, start in zip(book.groups, book.starts, strict=True):
        counts = result.support[start : start + len(group.bits)]
        words = [f"{label}:{n}" for label, n in zip(group.classes, counts, strict=True)]
        lines.append([group.name, ", ".join(words)])
    console.print("")
    console.table(
        f"Identities per bit ({len(book.groups)} groups, {book.n_bits} bits, codebook {book.hash})",
        ["group", "identities with each label"],
        lines,
    )


def _show_template(console: Console, result: TemplateResult) -> None:
    labels = {group.name: list(group.labels) for group in result.codebook.groups}
    console.data(
        {
            "written": {str(path): n for path, n in result.written.items()},
            "kept": [str(path) for path in result.kept],
            "contact_sheets": [str(path) for path in result.contact_sheets],
            "labels": labels,
        }
    )
    for path in result.kept:
        console.print(f"kept {path}: it already contains annotations")
    for path, n in result.written.items():
        rows = f"{n:,} {'row' if n == 1 else 'rows'}"
        if not n:
            console.print(f"wrote {path}: header only, because no identity is known yet")
        elif path.stem.endswith("-new"):
            console.print(f"wrote {path}: {rows} to fill in and append to the file above")
        else:
            console.print(f"wrote {path}: {rows} to fill in")
    for path in result.contact_sheets:
        console.print(f"see {path}: one row per track")
    console.print("")
    words = [
        [name, ", ".join(f"{code}={label}" for code, label in enumerate(found))]
        for name, found in labels.items()
    ]
    console.table("Labels and integer codes of attributes.csv", ["column", "labels"], words)
    console.print("")
    console.print("In identities.csv, give each person the same pid in every video, and -1 to non-persons")
    console.print("(agreid review writes a page for annotating identities and attributes in a browser).")
    console.print(
        "Then run --template again to get one row per identity in attributes.csv, and build-manifest."
    )
