"""JSON artefacts with a schema and a version: `{"schema": "results/1", …}`.

A new field with a default needs no new version. Any other change raises the version by one and adds the
function that upgrades a tree of the previous version.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agreid_cli.errors import InputError, MissingError

Tree = dict[str, Any]


def read_versioned(
    path: Path,
    name: str,
    version: int,
    *,
    kind: str,
    made_by: str,
    upgrades: Mapping[int, Callable[[Tree], Tree]] | None = None,
) -> Tree:
    """The tree in `path` without its schema, upgraded to `version`.

    `kind` ("a results file") and `made_by` (a sentence) are used in errors. `upgrades` maps each older
    version n to the function that converts a tree to version n + 1.

    Raises `MissingError` if there is no file, `InputError` for another kind or a newer version.
    """
    if not path.is_file():
        raise MissingError(f"{path} does not exist", hint=made_by)
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is not {kind}: {error}", hint=made_by) from error
    stored, _, number = str(tree.pop("schema", "") if isinstance(tree, dict) else "").partition("/")
    if stored != name or not number.isdecimal() or int(number) < 1:
        raise InputError(f"{path} is not {kind}", hint=made_by)
    if int(number) > version:
        raise InputError(
            f"{path} has schema {stored}/{number}; this agreid reads up to {name}/{version}",
            hint="Upgrade agreid: pip install --upgrade agreid",
        )
    for older in range(int(number), version):
        tree = (upgrades or {})[older](tree)
    return dict(tree)
