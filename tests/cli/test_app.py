"""`agreid --help` shows every command once, in the panel where a user looks for it."""

from __future__ import annotations

from rich.text import Text
from typer.main import get_command
from typer.testing import CliRunner

from agreid_cli.cli.app import COMMANDS, PANELS, app


def test_help_groups_the_commands_in_five_panels() -> None:
    shown = CliRunner().invoke(app, ["--help"]).stdout
    panels: dict[str, list[str]] = {}
    for line in shown.splitlines():
        if line.startswith("╭─"):
            panel = panels.setdefault(line.strip("╭─╮ "), [])
        elif line.startswith("│ ") and line[2] not in " -":
            panel.append(line.split()[1])
    panels.pop("Options")
    assert list(panels) == [
        "Build a data set", "Train and evaluate", "Explain and search", "Synthetic data", "Tools",
    ]  # fmt: skip
    assert panels == {panel: list(commands) for panel, commands in PANELS.items()}
    assert sorted(name for names in panels.values() for name in names) == sorted(COMMANDS)


def test_no_help_text_loses_words_as_markup() -> None:
    """Typer reads help texts as Rich markup, in which a word in brackets is a style and is not shown."""
    lost = {}
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        for text in [command.help, *(getattr(param, "help", None) for param in command.params)]:
            if text and Text.from_markup(text).plain != text:
                lost[name] = text
    assert lost == {}
