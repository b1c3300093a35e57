"""The inputs of a manifest, recorded in it by content, so that copies and checkouts change nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.records.files import sha256
from agreid_cli.records.workspace import Workspace

INPUTS_KEY, SETTINGS_KEY = "inputs", "settings"


@dataclass(frozen=True)
class Recipe:
    """How the manifest on disk was made: its inputs (path and sha256; None = absent) and its settings."""

    inputs: Mapping[str, tuple[Path, str] | None]
    config: ManifestConfig

    def path(self, name: str) -> Path | None:
        """The recorded input, if it still exists at its path."""
        recorded = self.inputs.get(name)
        return recorded[0] if recorded and recorded[0].is_file() else None


def inputs_mark(inputs: Mapping[str, Path | None], workspace: Workspace) -> str:
    """The record of inputs as JSON; paths are relative to the workspace, which may be moved."""
    record = {
        name: path and {"path": _relative(path, workspace), "sha256": sha256(path)}
        for name, path in inputs.items()
    }
    return json.dumps(record, sort_keys=True)


def read_recipe(workspace: Workspace) -> Recipe | None:
    """The record in manifest.parquet, or None if another command made it."""
    try:
        marks = pq.read_schema(workspace.manifest).metadata or {}
        stored = json.loads(marks[f"agreid.{INPUTS_KEY}".encode()])
        inputs = {
            str(name): entry and (workspace.root / entry["path"], str(entry["sha256"]))
            for name, entry in stored.items()
        }
    except (KeyError, TypeError, ValueError, AttributeError, OSError, pa.ArrowInvalid):
        return None
    try:
        config = ManifestConfig.model_validate_json(marks.get(f"agreid.{SETTINGS_KEY}".encode(), b"{}"))
    except ValidationError:
        config = ManifestConfig()
    return Recipe(inputs, config)


def manifest_is_stale(workspace: Workspace) -> bool:
    """Whether manifest.parquet is missing, or one of its input files has changed.

    An imported manifest is never stale; nor is one whose inputs no longer exist, because it cannot be
    rebuilt.
    """
    if not workspace.manifest.is_file():
        return True
    recipe = read_recipe(workspace)
    if recipe is None:
        return False
    if recipe.inputs.get("attributes") is None and workspace.attributes.is_file():
        return True
    return any(
        recorded[0].is_file() and sha256(recorded[0]) != recorded[1]
        for recorded in recipe.inputs.values()
        if recorded
    )


def _relative(path: Path, workspace: Workspace) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), workspace.root.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()
