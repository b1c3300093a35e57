"""The program and its table of commands. A new command is one file in this folder and one line here."""

from __future__ import annotations

import importlib
import inspect
from typing import Annotated

import typer

from agreid_cli import __version__
from agreid_cli.cli.boundary import bounded, ended_at_once, handle_signals
from agreid_cli.cli.console import Console

#: Panel of `agreid --help` → command → its function, in the order shown.
PANELS = {
    "Build a data set": {
        "extract-crops": "agreid_cli.cli.extract_crops:extract_crops",
        "propose-identities": "agreid_cli.cli.propose_identities:propose_identities",
        "review": "agreid_cli.cli.review:review",
        "merge-annotations": "agreid_cli.cli.merge_annotations:merge_annotations",
        "import-annotations": "agreid_cli.cli.import_annotations:import_annotations",
        "check-identities": "agreid_cli.cli.check_identities:check_identities",
        "build-manifest": "agreid_cli.cli.build_manifest:build_manifest",
        "build-split": "agreid_cli.cli.build_split:build_split",
        "import-dataset": "agreid_cli.cli.import_dataset:import_dataset",
        "export-dataset": "agreid_cli.cli.export_dataset:export_dataset",
        "stats": "agreid_cli.cli.stats:stats",
    },
    "Train and evaluate": {
        "train": "agreid_cli.cli.train:train",
        "recipe": "agreid_cli.cli.recipe:recipe",
        "embed": "agreid_cli.cli.embed:embed",
        "evaluate": "agreid_cli.cli.evaluate:evaluate",
        "compare": "agreid_cli.cli.compare:compare",
        "export-model": "agreid_cli.cli.export_model:export_model",
        "report": "agreid_cli.cli.report:report",
    },
    "Explain and search": {
        "explain": "agreid_cli.cli.explain:explain",
        "search": "agreid_cli.cli.search:search",
    },
    "Synthetic data": {
        "synth": "agreid_cli.cli.synth:synth",
        "match-truth": "agreid_cli.cli.match_truth:match_truth",
        "demo": "agreid_cli.cli.demo:demo",
    },
    "Tools": {
        "score-tracks": "agreid_cli.cli.score_tracks:score_tracks",
        "doctor": "agreid_cli.cli.doctor:doctor",
    },
}
COMMANDS = {name: target for panel in PANELS.values() for name, target in panel.items()}

app = typer.Typer(
    name="agreid",
    help="Aerial-ground person re-identification: from raw video to an evaluated model.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        Console().print(f"agreid {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


def _paragraphs(text: str | None) -> str:
    """The paragraphs of a docstring without its line breaks, so that the help fills the terminal's width."""
    return "\n\n".join(" ".join(part.split()) for part in inspect.cleandoc(text or "").split("\n\n"))


for _panel, _commands in PANELS.items():
    for _name, _target in _commands.items():
        _module, _, _function = _target.partition(":")
        _command = bounded(getattr(importlib.import_module(_module), _function))
        app.command(_name, help=_paragraphs(_command.__doc__), rich_help_panel=_panel)(_command)


def main() -> None:
    """Run the program. Exit codes: 0 done, 1 input error, 2 usage error, 130/143 interrupted after saving."""
    handle_signals()
    with ended_at_once():
        app(prog_name="agreid")
