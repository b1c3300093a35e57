"""The floors of the house: a room imports only from floors below its own (inside functions too)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "agreid_cli"
FLOORS = {
    "errors": 0, "progress": 0, "assets": 0,
    "records": 1, "config": 1,
    "vision": 2, "datasets": 2, "attributes": 2, "metrics": 2, "nn": 2, "synth": 2, "splitting": 2,
    "training": 3, "reporting": 3,
    "stages": 4,
    "cli": 5, "__main__": 6,
}  # fmt: skip
HEAVY = {
    "torch", "torchvision", "timm", "ultralytics", "boxmot", "cv2", "numpy", "pandas", "pyarrow",
    "matplotlib", "scipy", "sklearn",
}  # fmt: skip


def imports(tree: ast.Module, *, top_level: bool = False) -> list[str]:
    nodes = tree.body if top_level else list(ast.walk(tree))
    names: list[str] = []
    for node in nodes:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "write imports in full"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def violations(source: str, room: str) -> list[str]:
    """The imports in `source` that a file of `room` must not have."""
    wrong = []
    for name in imports(ast.parse(source)):
        parts = name.split(".")
        if parts[0] != "agreid_cli" or len(parts) < 2 or parts[1] not in FLOORS:
            continue
        other = parts[1]
        # Rooms on one floor know nothing of each other; the stage passes one what it needs of another.
        if other != room and FLOORS[other] >= FLOORS[room]:
            wrong.append(name)
    return wrong


def files() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if "_assets" not in p.parts)


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        return
    assert room_of(path) in FLOORS, f"{path} is in no room of the house"
    assert violations(path.read_text(), room_of(path)) == []


def test_planted_upward_import_is_seen() -> None:
    planted = "def f():\n    from agreid_cli.stages.doctor import examine\n"
    assert violations(planted, "vision") == ["agreid_cli.stages.doctor.examine"]


def test_planted_sideways_import_is_seen() -> None:
    assert violations("import agreid_cli.nn.losses", "vision") == ["agreid_cli.nn.losses"]


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_heavy_import_at_the_top_of_light_rooms(path: Path) -> None:
    light = room_of(path) in {"cli", "config", "errors", "progress", "assets"} or path.name == "__init__.py"
    if light:
        found = {name.split(".")[0] for name in imports(ast.parse(path.read_text()), top_level=True)}
        assert found & HEAVY == set()


def test_only_the_command_line_prints_and_exits() -> None:
    for path in files():
        if room_of(path) in {"cli", "__main__"}:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"print", "sys.exit", "exit"}, f"{path}:{node.lineno} calls {called}"


def test_files_stay_small() -> None:
    long = {str(p): n for p in files() if (n := len(p.read_text().splitlines())) > 350}
    assert long == {}
