"""An explanation as a file: the same value is read back, anything else is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.explanation import (
    BitScore,
    ExplainRow,
    ExplanationResult,
    GroupScore,
    Score,
    Scores,
    explanation_path,
    read_explanation,
    write_explanation,
)
from agreid_cli.records.results import Comparison, Interval
from agreid_cli.records.runs import Run


def drawn() -> ExplanationResult:
    ci = Interval((0.4, 0.6), (0.5, 0.7), 0.95, 1000, 12)
    gain = Comparison("base", 0.01, (-0.01, 0.02), 0.3, 0.0, (-0.1, 0.1), 1.0, 0.95, 1000, 12)
    rows = (
        ExplainRow("base", "the model's own distance", 0.5, 0.6, 0.7, 0.8, 0.3, None, ci),
        ExplainRow("explainable", "re-weighted", 0.51, 0.6, 0.7, 0.8, 0.3, 0.25, None, gain),
    )
    scores = Scores(
        Score(0.4, 0.16), Score(0.9, 0.84), Score(0.5, 0.2), Score(0.95, 0.85), 0.03, n_pairs=400, n_alike=7
    )
    groups = (GroupScore("upper", "Upper Body Clothing", 0.8, 0.5, 0.2, 0.7, None),)
    bits = (
        BitScore("uppertshirt", "upper", "T-shirt", 0.9, 10, 20, 0.1),
        BitScore("upperbikini", "upper", "Bikini", None, 0, 30, 0.01),
    )
    return ExplanationResult(
        "a2g", "runs/explain-campus", "runs/campus", "0123456789ab", "cafe", 20, 18, 40,
        "6 held-out training identities", rows, scores, groups, bits,
    )  # fmt: skip


def test_comes_back_equal_and_equal_results_give_equal_bytes(tmp_path: Path) -> None:
    path = explanation_path(Run(tmp_path / "runs" / "explain-campus"), "a2g")
    write_explanation(drawn(), path)
    assert path.name == "a2g-explain.json"
    assert read_explanation(path) == drawn()
    write_explanation(read_explanation(path), tmp_path / "again.json")
    assert path.read_bytes() == (tmp_path / "again.json").read_bytes()


def test_rows_and_means() -> None:
    result = drawn()
    assert result.row("base").mAP == 0.5
    assert result.row("oracle") is None
    assert result.mean_recognition == 0.9  # a bit that nobody has is no zero
    assert "bits" not in result.brief()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": "results/1"}, "not an explanation"),
        ({"schema": "explanation/9"}, "reads up to"),
        ({"scores": {}}, "damaged"),
        ({"n_valid": 99}, "damaged"),
        ({"rows": [{"name": "magic", "ci": None}]}, "damaged"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, change: dict[str, object], says: str) -> None:
    path = tmp_path / "a2g-explain.json"
    write_explanation(drawn(), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=says):
        read_explanation(path)


def test_no_file_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(MissingError) as caught:
        read_explanation(tmp_path / "a2g-explain.json")
    assert "evaluate --explain" in caught.value.hint
