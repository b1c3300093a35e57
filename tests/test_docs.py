"""README and help match the program: every command and option that they name exists."""

from __future__ import annotations

import importlib
import re
import shlex
import typing
from pathlib import Path

import pytest
import typer.main

from agreid_cli.cli.app import COMMANDS, app
from agreid_cli.config.base import Frozen
from agreid_cli.config.method import MethodConfig
from agreid_cli.config.train import TrainConfig
from agreid_cli.training.methods import METHODS, method_of

ROOT = Path(__file__).parent.parent
GROUP = typer.main.get_command(app)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "assets").rglob("*.md"))]


def calls() -> list[str]:
    """Every `agreid …` line of the pages' shell blocks, and the example of each help text."""
    found = []
    for page in PAGES:
        for kind, block in re.findall(r"```(sh|console)\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
            for line in block.splitlines():
                if kind == "console" and not line.startswith("$ "):
                    continue  # what is printed
                for part in line.removeprefix("$ ").split(" && "):
                    if call := re.match(r"(?:\.venv/bin/)?(agreid .*)", part):
                        found.append(call.group(1))
    for name in COMMANDS:
        text = " ".join((GROUP.commands[name].help or "").split())
        assert "Example: agreid" in text, f"the help of {name} ends without an example"
        found.append(text.rpartition("Example: ")[2])
    return found


@pytest.mark.parametrize("call", calls())
def test_every_call_in_the_docs_is_understood(call: str) -> None:
    words = shlex.split(call)[1:]
    assert words[0] in GROUP.commands, call
    command = GROUP.commands[words[0]]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    for word in words[1:]:
        if word.startswith("-") and not re.fullmatch(r"-\d+", word):
            assert word.partition("=")[0] in known, f"{call}: no option {word}"


def test_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"`{name}`" in text or f"`agreid {name}`" in text, name


def test_links_of_the_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_no_page_names_a_registry_host_or_a_path_of_one_machine() -> None:
    wrong = re.compile(r"pypi\.org|pythonhosted|/home/|/root/|/opt/")
    for page in [
        *PAGES,
        ROOT / "CHANGELOG.md",
        ROOT / "pyproject.toml",
        *sorted((ROOT / "tests").rglob("*.md")),
    ]:
        assert not wrong.search(page.read_text(encoding="utf-8")), page


def test_every_section_of_the_method_that_the_code_cites_exists() -> None:
    text = (ROOT / "assets" / "guide" / "method.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^##+ (\d+(?:\.\d+)?)\b", text, re.M))
    cited: dict[str, str] = {}
    for path in (ROOT / "agreid_cli").rglob("*.py"):
        for first, second in re.findall(r"method\.md §([\d.]*\d)(?: and §([\d.]*\d))?", path.read_text()):
            cited |= {section: path.name for section in (first, second) if section}
    assert len(cited) >= 6
    assert {section: name for section, name in cited.items() if section not in sections} == {}


def keys(kind: type[Frozen], above: str = "") -> set[str]:
    """The dotted names of a configuration's values."""
    found = set()
    for name, field in kind.model_fields.items():
        found.add(f"{above}{name}")
        kinds = [field.annotation, *typing.get_args(field.annotation)]
        for inner in kinds:
            if isinstance(inner, type) and issubclass(inner, Frozen):
                found |= keys(inner, f"{above}{name}.")
    return found


def test_every_setting_that_is_named_exists() -> None:
    """In hints of errors, in help and on the pages: `--set a.b=c` must name a value that some command has."""
    for file in sorted((ROOT / "agreid_cli" / "config").glob("*.py")):
        importlib.import_module(f"agreid_cli.config.{file.stem}")
    known = set().union(*(keys(kind) for kind in Frozen.__subclasses__()))
    for name in METHODS:
        method = method_of(TrainConfig(method=MethodConfig(name=name)))
        known |= keys(method.options, "method.options.")
    for file in [*sorted((ROOT / "agreid_cli").rglob("*.py")), *PAGES]:
        for key in re.findall(r"--set ([a-z_]+(?:\.[a-z_]+)*)=", file.read_text(encoding="utf-8")):
            assert key in known | {"a.b"}, f"{file.name}: --set {key}"
