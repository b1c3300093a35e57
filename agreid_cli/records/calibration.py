"""Calibration `calibration/1`: what a stream knows of its own certainty, stored with the run as JSON.

The file is `runs/<name>/calibration.json`. It is fitted on the held-out training people of the run, and
belongs to its weights.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.errors import InputError
from agreid_cli.records.files import write_text
from agreid_cli.records.runs import Run
from agreid_cli.records.versioned_json import read_versioned

SCHEMA = "calibration"
VERSION = 1


@dataclass(frozen=True)
class GroupFit:
    """One attribute group: p_l ∝ exp(sharpness · z_l) · prior_l^prior_weight, with the logits z.

    The other figures are of people left out of the fit: negative log-likelihood, and accuracy, of the
    calibrated probabilities and of the label frequencies (`prior`).
    """

    name: str
    sharpness: float  # 1/T; 0: the logits tell nothing, so the frequencies are used
    prior_weight: float
    prior: tuple[float, ...]  # label frequencies of the training people
    nll: float
    nll_prior: float
    accuracy: float
    majority: float
    recognised: bool  # more often correct than the majority class, by more than chance
    typical: tuple[float, ...] = ()  # mean calibrated probability of each label on the held-out people
    evenness: float | None = None  # the power of `typical` that probabilities are divided by for even recall


@dataclass(frozen=True)
class ShareLevels:
    """Over pairs of different held-out people, for each bit: the mean share (the constant baseline), and the
    standard deviation over the pairs that have the same label in the bit's group."""

    mean: tuple[float, ...]
    spread: tuple[float, ...]


@dataclass(frozen=True)
class CalibrationRecord:
    """The groups in the order of the codebook; `data` identifies the crops and labels of the fit."""

    weights_sha256: str
    data: str
    n_people: int
    n_crops: int
    groups: tuple[GroupFit, ...]
    paper: ShareLevels
    expected: ShareLevels

    @property
    def typical(self) -> npt.NDArray[np.float64]:
        """The mean calibrated probability of every bit on the held-out people, (M,); empty in older files."""
        return np.array([p for group in self.groups for p in group.typical])

    @property
    def evenness(self) -> npt.NDArray[np.float64]:
        """The power of every bit's group, (M,); 1 in older files."""
        powers = [1.0 if group.evenness is None else group.evenness for group in self.groups]
        return np.repeat(powers, [len(group.prior) for group in self.groups])

    @property
    def complete(self) -> bool:
        """Whether it has all that this version fits."""
        return all(group.typical and group.evenness is not None for group in self.groups)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The groups that are not recognised."""
        return tuple(group.name for group in self.groups if not group.recognised)

    def levels(self, shares: str) -> ShareLevels:
        """Those of the `paper` or the `expected` shares."""
        return self.expected if shares == "expected" else self.paper


def calibration_path(run: Run) -> Path:
    """Path of the run's calibration."""
    return run.root / "calibration.json"


def write_calibration(record: CalibrationRecord, path: Path) -> None:
    """Write atomically; equal records give equal bytes."""
    tree = {"schema": f"{SCHEMA}/{VERSION}", **asdict(record)}
    write_text(path, json.dumps(tree, ensure_ascii=False, indent=1) + "\n")


def read_calibration(path: Path) -> CalibrationRecord:
    """Read and check; `InputError` if it is not a calibration of this or an older version."""
    made_by = "It is written by: agreid evaluate --explain. Delete the file to have it made again."
    tree = read_versioned(path, SCHEMA, VERSION, kind="a calibration file", made_by=made_by)
    try:
        groups = tuple(_group(item) for item in tree.pop("groups"))
        paper, expected = (_levels(tree.pop(name)) for name in ("paper", "expected"))
        record = CalibrationRecord(groups=groups, paper=paper, expected=expected, **tree)
        bits = sum(len(group.prior) for group in groups)
        if any(len(level.mean) != bits or len(level.spread) != bits for level in (paper, expected)):
            raise ValueError(f"shares of another number of bits than {bits}")
        if len(record.typical) not in (0, bits):
            raise ValueError(f"typical probabilities of {len(record.typical)} bits, not {bits}")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is a damaged calibration file: {error!r}", hint=made_by) from error
    return record


def _group(item: dict[str, Any]) -> GroupFit:
    lists = {name: tuple(map(float, item.get(name, ()))) for name in ("prior", "typical")}
    return GroupFit(**item | lists)


def _levels(item: dict[str, Any]) -> ShareLevels:
    return ShareLevels(*(tuple(float(value) for value in item[name]) for name in ("mean", "spread")))
