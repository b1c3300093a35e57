"""The examples of the page on extending, applied to a copy of the package.

One process tries them all, each in a folder of its own; a test per section says how that section ended.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "assets" / "guide" / "extending.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.S | re.M))
TRY = """
import json, sys, traceback
from pathlib import Path
import torch
torch.set_num_threads(1)
ended = {}
for section, source in json.loads(Path("tries.json").read_text()).items():
    folder = Path("tried", section.replace(" ", "-")).resolve()
    folder.mkdir(parents=True)
    try:
        exec(compile(source, section, "exec"), {"folder": folder})
        ended[section] = ""
    except BaseException:
        ended[section] = traceback.format_exc()
import agreid_cli
ended["package"] = agreid_cli.__file__
Path("ended.json").write_text(json.dumps(ended))
"""


def blocks(section: str, kind: str) -> list[tuple[str, str]]:
    """(what follows `# kind:`, the lines below it) of each block of this kind in a section."""
    found = re.findall(rf"```python\n# {kind}:? ?([^\n]*)\n(.*?)```", SECTIONS[section], re.S)
    return [(rest, text) for rest, text in found]


def with_line(source: str, table: str, lines: str) -> str:
    """The source of a file with `lines` at the end of its table, a name or `NAME["key"]`."""
    name, _, key = table.rstrip('"]').partition('["')
    begin = re.escape(f'"{key}": ') if key else rf"{name}\b[^\n]*? = "
    opening = re.search(rf"^( *){begin}([\[{{(])", source, re.M)
    assert opening, f"there is no table {table}"
    lines = lines.rstrip(",\n") + ",\n"
    closing = {"[": "]", "{": "}", "(": ")"}[opening[2]]
    rest = source[opening.end() :]
    if rest.startswith(closing):
        return source[: opening.end()] + "\n" + lines + rest
    end = re.search(rf"^{opening[1]}\{closing}", rest, re.M)
    assert end, f"the table {table} does not end"
    return source[: opening.end()] + rest[: end.start()] + lines + rest[end.start() :]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Section → the traceback of its example, empty where it ran through."""
    root = tmp_path_factory.mktemp("extending")
    shutil.copytree(ROOT / "agreid_cli", root / "agreid_cli", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "tests").symlink_to(ROOT / "tests")
    (root / "assets").symlink_to(ROOT / "assets")
    for section in SECTIONS:
        for path, text in blocks(section, "file"):
            assert not (root / path).exists(), f"{path} exists"
            (root / path).write_text(text, encoding="utf-8")
        for where, lines in blocks(section, "table"):
            table, _, path = where.partition(" in ")
            source = (root / path).read_text(encoding="utf-8")
            (root / path).write_text(with_line(source, table, lines), encoding="utf-8")
    tries = {section: "\n".join(text for _, text in blocks(section, "try")) for section in SECTIONS}
    (root / "tries.json").write_text(json.dumps(tries))
    (root / "try.py").write_text(TRY)
    done = subprocess.run([sys.executable, "try.py"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads((root / "ended.json").read_text())
    assert Path(found.pop("package")).is_relative_to(root), "the copy is tried, not the package itself"
    return found


@pytest.mark.parametrize("section", SECTIONS)
def test_the_example_works(ended: dict[str, str], section: str) -> None:
    assert ended[section] == "", ended[section]


def test_every_kind_of_part_has_an_example_of_one_file_and_one_line() -> None:
    assert list(SECTIONS) == [
        "A backbone", "A loss", "A method", "A data set", "A protocol", "A tracker", "A column", "A command",
    ]  # fmt: skip
    for section in SECTIONS:
        assert len(blocks(section, "file")) <= 1
        assert len(blocks(section, "table")) == 1
        assert len(blocks(section, "try")) == 1
    assert len(re.findall("```python", PAGE)) == sum(
        len(blocks(section, kind)) for section in SECTIONS for kind in ("file", "table", "try")
    )


def test_a_broken_table_is_seen() -> None:
    source = 'A = {\n    "x": "y",\n}\nB: list[int] = []\nC = {\n    "P": {\n        "x": "y",\n    },\n}\n'
    assert with_line(source, "A", '"n": "m",\n').startswith('A = {\n    "x": "y",\n"n": "m",\n}')
    assert "B: list[int] = [\n1,\n]" in with_line(source, "B", "1,\n")
    assert '"x": "y",\n"n": "m",\n    },' in with_line(source, 'C["P"]', '"n": "m",\n')
    with pytest.raises(AssertionError, match="no table D"):
        with_line(source, "D", "")
