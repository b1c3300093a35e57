"""The layers: a package imports only from lower layers (inside functions too), and nothing forms a circle."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "agreid_cli"
LAYERS = {
    "errors": 0, "progress": 0, "assets": 0, "cores": 0,
    "records": 1, "config": 1, "onnx_runtime": 1,
    "vision": 2, "datasets": 2, "attributes": 2, "metrics": 2, "nn": 2, "synth": 2, "splitting": 2,
    "training": 3, "reporting": 3, "engine": 3,
    "stages": 4,
    "cli": 5, "__main__": 6,
}  # fmt: skip
# Sub-packages, lowest first; those of one set do not import each other. Files beside them are above all.
SUBPACKAGES = {
    "stages": [{"annotate", "run", "report"}, {"video", "data", "explain", "identify"}, {"campus"}],
    "metrics": [{"ranking"}, {"explain", "clustering"}],
    "synth": [{"draw"}, {"people"}, {"place"}, {"film"}],
}
HEAVY = {
    "torch", "torchvision", "timm", "ultralytics", "boxmot", "cv2", "numpy", "pandas", "pyarrow",
    "matplotlib", "scipy", "sklearn", "faiss",
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


def level(parts: list[str]) -> int:
    """The height of a module within its package, from its dotted name without `agreid_cli`."""
    order = SUBPACKAGES[parts[0]]
    return next((n for n, names in enumerate(order) if len(parts) > 1 and parts[1] in names), len(order))


def violations(source: str, package: str, sub: str = "") -> list[str]:
    """The imports in `source` that a file of the package `package`, sub-package `sub`, must not have."""
    wrong = []
    for name in imports(ast.parse(source)):
        parts = name.split(".")
        if parts[0] != "agreid_cli" or len(parts) < 2 or parts[1] not in LAYERS:
            continue
        other = parts[1]
        # Packages of one layer do not import each other; a stage passes one what it needs of another.
        if other != package:
            if LAYERS[other] >= LAYERS[package]:
                wrong.append(name)
        elif (
            package in SUBPACKAGES
            and sub
            and parts[2:3] != [sub]
            and level(parts[1:]) >= level([package, sub])
        ):
            wrong.append(name)
    return wrong


def circles(modules: dict[str, list[str]]) -> list[list[str]]:
    """Circles of imports among `modules` (dotted name → names imported, inside functions too)."""
    graph = {
        name: {m for target in targets if (m := nearest(target, modules)) and m != name}
        for name, targets in modules.items()
    }
    done: set[str] = set()
    found: list[list[str]] = []

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            found.append([*path[path.index(name) :], name])
        elif name not in done:
            for target in sorted(graph[name]):
                visit(target, [*path, name])
            done.add(name)

    for name in sorted(graph):
        visit(name, [])
    return found


def nearest(target: str, modules: dict[str, list[str]]) -> str | None:
    """The module that an imported name belongs to: itself, or the one that defines it."""
    return next((name for name in (target, target.rpartition(".")[0]) if name in modules), None)


def files() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if "_assets" not in p.parts)


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        return
    assert room_of(path) in LAYERS, f"{path} is in no known package"
    parts = path.relative_to(PACKAGE).parts
    sub = parts[1] if len(parts) > 2 else ""
    if parts[0] in SUBPACKAGES and sub:
        assert any(sub in names for names in SUBPACKAGES[parts[0]]), f"{path} is in no known sub-package"
    assert violations(path.read_text(), room_of(path), sub) == []


def test_no_circles() -> None:
    modules = {}
    for path in files():
        name = ".".join(["agreid_cli", *path.relative_to(PACKAGE).with_suffix("").parts])
        modules[name.removesuffix(".__init__")] = imports(ast.parse(path.read_text()))
    assert circles(modules) == []


def test_a_planted_circle_is_seen() -> None:
    planted = {"p.a": ["p.b.f"], "p.b": ["p.c"], "p.c": ["os", "p.a.g"], "p.d": ["p.a"]}
    assert circles(planted) == [["p.a", "p.b", "p.c", "p.a"]]


def test_planted_imports_between_sub_packages_are_seen() -> None:
    up = "def f():\n    from agreid_cli.stages.campus.synth import synth\n"
    assert violations(up, "stages", "run") == ["agreid_cli.stages.campus.synth.synth"]
    sideways = "from agreid_cli.stages.data.stats import stats"
    assert violations(sideways, "stages", "video") == ["agreid_cli.stages.data.stats.stats"]
    assert violations("from agreid_cli.stages.doctor import examine", "stages", "run") != []
    assert violations("from agreid_cli.stages.run.train import train", "stages", "campus") == []


def test_planted_upward_import_is_seen() -> None:
    planted = "def f():\n    from agreid_cli.stages.doctor import examine\n"
    assert violations(planted, "vision") == ["agreid_cli.stages.doctor.examine"]


def test_planted_sideways_import_is_seen() -> None:
    assert violations("import agreid_cli.nn.losses", "vision") == ["agreid_cli.nn.losses"]


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_heavy_import_at_the_top_of_light_rooms(path: Path) -> None:
    light = (
        room_of(path) in {"cli", "config", "errors", "progress", "assets", "cores"}
        or path.name == "__init__.py"
    )
    if light:
        found = {name.split(".")[0] for name in imports(ast.parse(path.read_text()), top_level=True)}
        assert found & HEAVY == set()


def code_lines(source: str) -> int:
    """Lines that are not blank and in no docstring."""
    tree = ast.parse(source)
    blocks = [n for n in ast.walk(tree) if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef)]
    docs = [n.body[0] for n in blocks if n.body and ast.get_docstring(n) is not None]
    said = {line for doc in docs for line in range(doc.lineno, (doc.end_lineno or doc.lineno) + 1)}
    return sum(bool(text.strip()) and n not in said for n, text in enumerate(source.splitlines(), 1))


def test_only_the_engine_imports_ray_and_stays_small() -> None:
    lines = 0
    for path in files():
        text = path.read_text()
        if room_of(path) == "engine":
            lines += code_lines(text)
        else:
            assert "ray" not in {name.split(".")[0] for name in imports(ast.parse(text))}, path
    assert lines < 300


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


def private_uses(source: str) -> list[str]:
    """Private names of other modules and objects that a test reads or replaces."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) not in {"self", "cls", "os"}:
            found.append(node.attr)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("agreid_cli"):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("setattr"):
            texts = (a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))
            found += [text.rpartition(".")[2] for text in texts]
    return [name for name in found if name.startswith("_") and not name.startswith("__")]


def test_tests_keep_to_public_names() -> None:
    peers = {"test_augment_peer.py"}  # compares with what torchvision does inside
    folder = PACKAGE.parent / "tests"
    used = {
        str(path): private_uses(path.read_text()) for path in folder.rglob("*.py") if path.name not in peers
    }
    assert {path: names for path, names in used.items() if names} == {}
    planted = "import m\nm.thing._inside()\npatch.setattr(m, '_x', 1)\nself._own"
    assert sorted(private_uses(planted)) == ["_inside", "_x"]
