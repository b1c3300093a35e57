"""`inputs.json` of a run: hashes of its inputs, versions, commit, command line."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agreid_cli import __version__
from agreid_cli.errors import InputError
from agreid_cli.records.files import sha256, write_text
from agreid_cli.records.workspace import Workspace

PACKAGES = ("torch", "torchvision", "timm", "numpy", "opencv-python", "pyarrow", "safetensors")


def data_digests(workspace: Workspace) -> dict[str, str]:
    """sha256 of the manifest and of the split: what a run and its embeddings depend on."""
    return {"manifest_sha256": sha256(workspace.manifest), "split_sha256": sha256(workspace.split)}


def run_inputs(data: Mapping[str, Any], *, argv: list[str] | None = None) -> dict[str, Any]:
    """`data` with the versions, the commit of the checkout (if it is one), and the command line."""
    return {
        "schema": "inputs/1",
        **data,
        "agreid": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "argv": list(sys.argv if argv is None else argv),
    }


def write_inputs(path: Path, inputs: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(inputs, indent=2, ensure_ascii=False, default=str) + "\n")


def read_inputs(path: Path) -> dict[str, Any]:
    """What `write_inputs` wrote; empty if there is no file."""
    if not path.is_file():
        return {}
    try:
        tree: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    return tree


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _commit() -> str:
    """The commit of this checkout, with + if files differ from it; empty for an installed package."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return ""
    try:
        said = [
            subprocess.run(
                ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=5, check=True
            ).stdout.strip()
            for words in (["rev-parse", "--short=12", "HEAD"], ["status", "--porcelain", "-uno"])
        ]
    except (OSError, subprocess.SubprocessError):
        return ""
    return said[0] + ("+" if said[1] else "")
