"""Attribute search `attribute-search/1`: how well descriptions find the crops of the people who fit them.

The file is `runs/<name>/eval/attributes.json`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agreid_cli.errors import InputError
from agreid_cli.records.faithfulness import Estimate
from agreid_cli.records.files import write_text
from agreid_cli.records.runs import Run
from agreid_cli.records.versioned_json import read_versioned

SCHEMA = "attribute-search"
VERSION = 1
#: What ranks the crops: the stream as in `search --attributes`, a classifier per attribute on the
#: embeddings, chance.
SYSTEMS = ("stream", "classifiers", "chance")
#: What descriptions are made of: all attribute groups, or those that the stream recognises.
GROUPS = ("all", "recognised")


@dataclass(frozen=True)
class AttributeRow:
    """One system on the descriptions of one length; `attributes` is 0 for all lengths together.

    groups: one of GROUPS; files of earlier versions have `all` only.
    """

    system: str  # one of SYSTEMS
    attributes: int
    n: int  # descriptions
    mAP: Estimate
    rank1: Estimate
    groups: str = "all"


@dataclass(frozen=True)
class AttributeSearch:
    """The benchmark on one run's test crops."""

    source: str  # runs/<name>
    codebook: str  # hash
    seed: int
    n_crops: int
    n_people: int
    unknown: tuple[str, ...]  # titles of groups that the stream does not recognise
    rows: tuple[AttributeRow, ...]

    def tables(self) -> dict[str, dict[int, list[AttributeRow]]]:
        """GROUPS → number of attributes → one row per system; only what was evaluated."""
        made: dict[str, dict[int, list[AttributeRow]]] = {}
        for row in self.rows:
            made.setdefault(row.groups, {}).setdefault(row.attributes, []).append(row)
        return made

    def brief(self) -> dict[str, Any]:
        """What `--json` prints."""
        return asdict(self)


def attributes_path(run: Run) -> Path:
    """Path of the benchmark of a run."""
    return run.result("attributes")


def write_attribute_search(result: AttributeSearch, path: Path) -> None:
    """Write atomically; equal results give equal bytes."""
    tree = {"schema": f"{SCHEMA}/{VERSION}", **asdict(result)}
    write_text(path, json.dumps(tree, ensure_ascii=False, indent=1) + "\n")


def read_attribute_search(path: Path) -> AttributeSearch:
    """Read and check; `InputError` if it is not such a file of this or an older version."""
    made_by = "It is written by: agreid evaluate --attributes"
    tree = read_versioned(path, SCHEMA, VERSION, kind="an attribute search file", made_by=made_by)
    try:
        rows = tuple(
            AttributeRow(**item | {name: Estimate(**item[name]) for name in ("mAP", "rank1")})
            for item in tree.pop("rows")
        )
        return AttributeSearch(rows=rows, **tree | {"unknown": tuple(tree["unknown"])})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is a damaged attribute search file: {error!r}", hint=made_by) from error
