"""Training logs: complete, with repeated lines, and damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agreid_cli.errors import InputError
from agreid_cli.reporting.training_log import curves_of
from tests.support.reported import log


def write(path: Path, *lines: object) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def test_curves_are_the_lines_by_epoch(tmp_path: Path) -> None:
    lines = log(6)
    found = curves_of(write(tmp_path / "m.jsonl", *lines))
    assert found is not None
    assert (found.epochs, found.steps, round(found.seconds, 3)) == (6, 150, 45.6)
    assert list(found.losses) == ["total", "ce", "triplet"]
    assert found.losses["ce"][0] == (1, lines[0]["losses"]["ce"])
    assert [epoch for epoch, _ in found.evaluations["a2g", "mAP"]] == [2, 4, 6]
    assert found.images_per_s == 214.0


def test_the_last_line_of_an_epoch_counts_and_infinity_does_not(tmp_path: Path) -> None:
    first, again = log(1)[0], log(1)[0]
    again["losses"] = {"total": 7.0, "ce": float("nan")}
    found = curves_of(write(tmp_path / "m.jsonl", first, again))
    assert found is not None
    assert found.losses == {"total": ((1, 7.0),)}


def test_a_log_that_has_not_begun_is_none_and_a_damaged_one_is_an_error(tmp_path: Path) -> None:
    assert curves_of(tmp_path / "gone.jsonl") is None
    assert curves_of(write(tmp_path / "empty.jsonl")) is None
    with pytest.raises(InputError, match="line 1"):
        curves_of(write(tmp_path / "n.jsonl", "hello", log(1)[0]))
