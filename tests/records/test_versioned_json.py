"""JSON artefacts of older versions are upgraded one version at a time; others are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.versioned_json import read_versioned


def read(path: Path) -> dict[str, Any]:
    upgrades = {1: lambda tree: {**tree, "b": tree["a"]}, 2: lambda tree: {**tree, "b": tree["b"] + 1}}
    return read_versioned(path, "thing", 3, kind="a thing file", made_by="Make one.", upgrades=upgrades)


@pytest.mark.parametrize(
    ("tree", "wanted"),
    [
        ({"schema": "thing/1", "a": 1}, {"a": 1, "b": 2}),
        ({"schema": "thing/2", "b": 5}, {"b": 6}),
        ({"schema": "thing/3", "b": 5}, {"b": 5}),
    ],
)
def test_older_versions_are_upgraded(tree: dict[str, Any], wanted: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "f").write_text(json.dumps(tree))
    assert read(tmp_path / "f") == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"schema": "thing/4"}', "reads up to thing/3"),
        ('{"schema": "thing/0"}', "is not a thing file"),
        ('{"schema": "other/1"}', "is not a thing file"),
        ("[]", "is not a thing file"),
        ("{", "is not a thing file"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text(text)
    with pytest.raises(InputError, match=said):
        read(tmp_path / "f")
    with pytest.raises(MissingError, match="does not exist"):
        read(tmp_path / "none")
