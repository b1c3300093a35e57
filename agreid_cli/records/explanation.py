"""Explanation `explanation/1`: scores of the explainable stream in one direction, as a value and as JSON.

The file is `runs/<name>/eval/<direction>-explain.json`, beside the results of the run.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from agreid_cli.errors import InputError
from agreid_cli.records.faithfulness import Faithfulness, faithfulness_from
from agreid_cli.records.files import write_text
from agreid_cli.records.results import Comparison, Interval
from agreid_cli.records.runs import Run
from agreid_cli.records.versioned_json import read_versioned

SCHEMA = "explanation"
VERSION = 1
#: Fields that hold explanation metrics, in display order.
SCORED = ("scores", "expected", "truth")
#: Rows in display order; `oracle` is present only on request.
ROWS = ("base-cosine", "base", "interpreter", "explainable", "oracle")


@dataclass(frozen=True)
class ExplainRow:
    """One way to rank the same gallery. Scores are 0..1."""

    name: str  # one of ROWS
    says: str  # description
    mAP: float
    rank1: float
    rank5: float
    rank10: float
    mINP: float
    p: float | None = None  # of D' = (1 + p·b)·d, if the row re-weights
    ci: Interval | None = None
    over_base: Comparison | None = None  # minus the row `base`, paired, over the same queries


@dataclass(frozen=True)
class Score:
    """An explanation metric, with two baselines on the same pairs.

    chance: shares in random order. constant: the stream's own mean shares, given to every pair (constant
    baseline); only the gain over it is specific to the pair.
    """

    value: float
    chance: float
    constant: float | None = None


@dataclass(frozen=True)
class Scores:
    """Explanation metrics (§4.4 of the method); `ADRE` is a relative error: 0 is best, no chance level."""

    P_e: Score
    P_c: Score
    XmAP_e: Score
    XmAP_c: Score
    ADRE: float
    n_pairs: int  # pairs of a query and a gallery crop that were evaluated
    n_alike: int  # pairs without an exclusive attribute, and so without P_e, P_c and X-mAP_e


@dataclass(frozen=True)
class GroupScore:
    """One attribute group: recognition accuracy, and contribution to the distance of two people."""

    name: str
    title: str
    accuracy: float | None  # over test crops labelled in the manifest; None if there are none
    majority: float | None  # accuracy of the majority class of these crops
    share: float  # mean sum of the shares of its bits, over pairs of different people
    differs: float  # fraction of such pairs in which it differs
    share_where_differs: float | None  # the mean share over the pairs in which it differs
    balanced: float | None = None  # balanced accuracy: the mean recall over the labels that occur
    labels: int = 0  # number of labels that occur; the chance level of `balanced` is one in so many
    recognised: bool | None = None  # better than its majority class on held-out people; None: not calibrated
    temperature: float | None = None  # of its calibration; None also if its logits are not used


@dataclass(frozen=True)
class BitScore:
    """One attribute bit. `mA` is the mean of its true positive and true negative rate."""

    name: str
    group: str
    label: str
    mA: float | None  # None if all or none of the crops have the bit
    positive: int  # test crops with the bit
    negative: int
    share: float  # mean share over pairs of different people
    AP: float | None = None  # average precision; chance is the fraction of crops with the bit


@dataclass(frozen=True)
class ReliabilityBin:
    """Crops and groups whose most probable label has a probability in one tenth of 0..1."""

    confidence: float  # mean probability
    accuracy: float  # fraction in which the label is correct
    n: int


@dataclass(frozen=True)
class Reliability:
    """Whether probabilities are right on the test: over all groups, before and after calibration.

    The error is the mean |confidence − accuracy| over the bins, weighted by n (expected calibration error).
    """

    before: tuple[ReliabilityBin, ...]
    after: tuple[ReliabilityBin, ...]  # empty without a calibration
    error_before: float
    error_after: float | None
    n_people: int  # held-out people of the calibration; 0: not calibrated


@dataclass(frozen=True)
class ExplanationResult:
    """One direction of one run."""

    direction: str
    source: str  # runs/<name>
    teacher: str  # the explained run
    fingerprint: str  # of the crops ranked, as in results
    codebook: str  # hash
    n_query: int
    n_valid: int
    n_gallery: int
    p_chosen_on: str  # description
    rows: tuple[ExplainRow, ...]
    scores: Scores
    groups: tuple[GroupScore, ...]
    bits: tuple[BitScore, ...]
    shares: str = "paper"  # the shares of + Explainable: those of the parts (paper), or expected
    expected: Scores | None = None  # of expected shares; `scores` are always those of the parts
    reliability: Reliability | None = None
    truth: Scores | None = None  # upper bound: masks and labels of a campus as maps, the paper's formulas
    faithfulness: Faithfulness | None = None
    backend: str = "torch"  # what ran the network for the scores; faithfulness is always torch's

    @property
    def unknown(self) -> tuple[str, ...]:
        """The titles of the groups that are not recognised better than their majority class."""
        return tuple(group.title for group in self.groups if group.recognised is False)

    def row(self, name: str) -> ExplainRow | None:
        """The row of this name, or None if it was not requested."""
        return next((row for row in self.rows if row.name == name), None)

    @property
    def mean_recognition(self) -> float | None:
        """The mean mA over the bits with a defined mA."""
        found = [bit.mA for bit in self.bits if bit.mA is not None]
        return sum(found) / len(found) if found else None

    def brief(self) -> dict[str, Any]:
        """What `--json` prints: everything except the individual bits."""
        return {name: value for name, value in asdict(self).items() if name != "bits"}


def explanation_path(run: Run, direction: str) -> Path:
    """Path of the explanation of a direction."""
    return run.result(f"{direction}-explain")


def write_explanation(result: ExplanationResult, path: Path) -> None:
    """Write atomically; equal results give equal bytes."""
    tree = {"schema": f"{SCHEMA}/{VERSION}", **asdict(result)}
    write_text(path, json.dumps(tree, ensure_ascii=False, indent=1) + "\n")


def read_explanation(path: Path) -> ExplanationResult:
    """Read and check; `InputError` if it is not an explanation of this or an older version."""
    made_by = "It is written by: agreid evaluate --explain"
    tree = read_versioned(path, SCHEMA, VERSION, kind="an explanation file", made_by=made_by)
    try:
        return _result(tree)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is a damaged explanation file: {error!r}") from error


def _result(tree: dict[str, Any]) -> ExplanationResult:
    for name in SCORED:
        if tree.get(name) is not None:
            tree[name] = _scores(tree[name])
    if tree.get("faithfulness") is not None:
        tree["faithfulness"] = faithfulness_from(tree["faithfulness"])
    if tree.get("reliability") is not None:
        bins = {
            side: tuple(_made(ReliabilityBin, item) for item in tree["reliability"][side])
            for side in ("before", "after")
        }
        tree["reliability"] = _made(Reliability, tree["reliability"] | bins)
    for row in tree["rows"]:
        if row.get("ci") is not None:
            pairs = {name: tuple(row["ci"][name]) for name in ("mAP", "rank1")}
            row["ci"] = _made(Interval, row["ci"] | pairs)
        if row.get("over_base") is not None:
            pairs = {name: tuple(row["over_base"][name]) for name in ("mAP_interval", "rank1_interval")}
            row["over_base"] = _made(Comparison, row["over_base"] | pairs)
    for name, kind in (("rows", ExplainRow), ("groups", GroupScore), ("bits", BitScore)):
        tree[name] = tuple(_made(kind, item) for item in tree[name])
    result = _made(ExplanationResult, tree)
    unknown = [row.name for row in result.rows if row.name not in ROWS]
    if unknown or result.n_valid > result.n_query:
        raise ValueError(f"rows {unknown}, {result.n_valid} of {result.n_query} queries")
    return result


def _scores(tree: dict[str, Any]) -> Scores:
    made = {name: _made(Score, tree[name]) for name in ("P_e", "P_c", "XmAP_e", "XmAP_c")}
    return _made(Scores, tree | made)


K = TypeVar("K")


def _made(kind: type[K], tree: dict[str, Any]) -> K:
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in tree.items() if name in known})
