"""Results `results/1`: the scores of one ranking and the crops ranked, as a frozen value and as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from agreid_cli.errors import InputError
from agreid_cli.records.files import write_text
from agreid_cli.records.versioned_json import read_versioned

SCHEMA = "results"
VERSION = 1
LEVELS = ("crop", "track")
#: How each way of pooling a track's crops is named.
POOLED = {"": "", "mean": "mean", "weighted": "weighted mean", "best": "best pair"}


@dataclass(frozen=True)
class Interval:
    """A bootstrap confidence interval of two metrics, resampled over identities."""

    mAP: tuple[float, float]
    rank1: tuple[float, float]
    level: float
    rounds: int
    n_identities: int


@dataclass(frozen=True)
class Comparison:
    """This system minus another on the same crops: difference, interval and `share`, from a paired bootstrap.

    `share` is a two-sided p-value for "no difference": small if the sign rarely changes.
    """

    other: str
    mAP: float
    mAP_interval: tuple[float, float]
    mAP_share: float
    rank1: float
    rank1_interval: tuple[float, float]
    rank1_share: float
    level: float
    rounds: int
    n_identities: int


@dataclass(frozen=True)
class PerQuery:
    """One entry per query, in ranking order; a dropped query has neither average precision nor hit."""

    crop_id: tuple[str, ...]
    pid: tuple[int, ...]
    average_precision: tuple[float | None, ...]
    first_hit: tuple[int | None, ...]  # rank of the first true match, from 1
    n_match: tuple[int, ...]


def result_kind(direction: str, level: str) -> str:
    """How the file of a result is named.

    >>> result_kind("a2g", "crop"), result_kind("a2g", "track")
    ('a2g', 'a2g-track')
    """
    return direction if level == "crop" else f"{direction}-{level}"


@dataclass(frozen=True)
class RankingResult:
    """One direction. All scores are 0..1; `cmc[k - 1]` is Rank-k."""

    direction: str
    metric: str
    rerank: str  # "k1,k2,lambda", or empty
    mAP: float
    mINP: float
    cmc: tuple[float, ...]
    n_query: int
    n_valid: int
    n_dropped: int
    n_gallery: int
    n_junk: int
    fingerprint: str
    made_ids: bool
    roles: str
    source: str
    per_query: PerQuery
    ci: Interval | None = None
    comparison: Comparison | None = None
    level: str = "crop"  # crop or track: what a query and a gallery item is; `crop_id` then names tracks
    pool: str = ""  # of tracks: mean, weighted or best
    n_query_crops: int | None = None  # of tracks: crops pooled on each side
    n_gallery_crops: int | None = None

    @property
    def kind(self) -> str:
        """The name of its file: the direction, with the level unless it is crops."""
        return result_kind(self.direction, self.level)

    def rank(self, k: int) -> float:
        """Rank-k; beyond the end of the curve the last value."""
        return self.cmc[min(k, len(self.cmc)) - 1]

    def brief(self) -> dict[str, Any]:
        """What `--json` prints: everything except the individual queries."""
        figures = {"direction": self.direction, "mAP": self.mAP, "mINP": self.mINP}
        figures |= {f"rank{k}": self.rank(k) for k in (1, 5, 10, 20, 50)}
        rest = {
            name: value
            for name, value in _tree(self).items()
            if name not in {*figures, "cmc", "per_query"} and value is not None
        }
        return figures | rest


def write_result(result: RankingResult, path: Path) -> None:
    """Write atomically; equal results give equal bytes. An invalid result is a bug of agreid."""
    faults = faults_of(result)
    assert not faults, faults
    tree = {"schema": f"{SCHEMA}/{VERSION}", **_tree(result)}
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in tree.items()]
    write_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def read_result(path: Path) -> RankingResult:
    """Read and check; `InputError` if it is not a result of this or an older version."""
    made_by = "Results are written by: agreid evaluate"
    tree = read_versioned(path, SCHEMA, VERSION, kind="a results file", made_by=made_by)
    try:
        return _result(tree)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is a damaged results file: {error!r}") from error


def _result(tree: dict[str, Any]) -> RankingResult:
    for name, kind in (("per_query", PerQuery), ("ci", Interval), ("comparison", Comparison)):
        if tree.get(name) is not None:
            tree[name] = kind(**_tuples(tree[name]))
    known = {field.name for field in fields(RankingResult)}
    result = RankingResult(**{k: v for k, v in _tuples(tree).items() if k in known})
    if faults := faults_of(result):
        raise ValueError("; ".join(faults))
    return result


def faults_of(result: RankingResult) -> list[str]:
    """What is impossible in a result: scores outside 0..1, a decreasing CMC, counts that do not add up."""
    faults = []
    for name, values in (("mAP", (result.mAP,)), ("mINP", (result.mINP,)), ("cmc", result.cmc)):
        if not all(0 <= value <= 1 for value in values):
            faults.append(f"{name} is not in 0..1")
    if any(later < earlier for earlier, later in pairwise(result.cmc)):
        faults.append("cmc decreases")
    if result.level not in LEVELS:
        faults.append(f"level is '{result.level}', not one of {', '.join(LEVELS)}")
    if not 0 <= result.n_valid <= result.n_query or result.n_dropped != result.n_query - result.n_valid:
        faults.append(f"{result.n_valid} valid and {result.n_dropped} dropped of {result.n_query} queries")
    columns = sorted({len(column) for column in vars(result.per_query).values()})
    if columns != [result.n_query]:
        faults.append(f"it has {columns} queries and n_query {result.n_query}")
    told = [ap for ap in result.per_query.average_precision if ap is not None]
    if len(told) != result.n_valid:
        faults.append(f"{len(told)} queries have an average precision and n_valid is {result.n_valid}")
    if not all(0 <= ap <= 1 for ap in told):
        faults.append("an average precision is not in 0..1")
    return faults


def _tree(result: RankingResult) -> dict[str, Any]:
    """As `dataclasses.asdict`, which would copy every query."""
    return {k: dict(vars(v)) if is_dataclass(v) else v for k, v in vars(result).items()}


def _tuples(tree: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in tree.items()}
