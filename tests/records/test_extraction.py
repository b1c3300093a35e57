"""The record of an extracted video: writing and reading, invalid records, changed inputs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agreid_cli.errors import InputError
from agreid_cli.records.extraction import Extraction, changes

RECORD = Extraction(
    video_id="gate-1", file="Gate 1.mp4", inputs={"video_sha256": "ab", "facts": {"platform": "uav"}},
    parameters={"max_age": 60, "asso_func": "iou"}, versions={"boxmot": "25.0.0"}, width=3840, height=2160,
    fps=29.97, imgsz=2560, decoded=100, lost=0, missing_at_end=0, tracks=3, crops=9,
)  # fmt: skip


def test_a_record_comes_back_as_it_was_and_equal_ones_have_equal_bytes(tmp_path: Path) -> None:
    path = tmp_path / "parts" / "gate-1.json"
    RECORD.write(path)
    assert Extraction.read(path) == RECORD
    before = path.read_bytes()
    replace(RECORD, parameters=dict(reversed(RECORD.parameters.items()))).write(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("lost", "missing", "status"), [(0, 0, "complete"), (1, 0, "partial"), (0, 1, "partial")]
)
def test_lost_frames_make_a_video_partial(lost: int, missing: int, status: str) -> None:
    assert replace(RECORD, lost=lost, missing_at_end=missing).status == status


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "other/1"}', '{"schema": "extraction/1"}', "null", "\xff"]
)
def test_what_is_no_record_is_named_with_what_to_do(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="is not an extraction record") as caught:
        Extraction.read(path)
    assert str(path) in caught.value.message
    assert "run agreid extract-crops" in caught.value.hint


def test_a_record_of_another_version_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    RECORD.write(path)
    tree = json.loads(path.read_text())
    path.write_text(json.dumps({**tree, "schema": "extraction/2"}))
    with pytest.raises(InputError):
        Extraction.read(path)


def test_changes_name_every_leaf_by_its_place() -> None:
    before = {"a": {"b": 1, "c": [1]}, "d": "x", "e": None}
    now = {"a": {"b": 2, "c": [1]}, "d": "y", "f": 3}
    assert [str(problem) for problem in changes(before, now)] == [
        "a.b: was 1, now 2",
        "d: was 'x', now 'y'",
        "f: was None, now 3",
    ]
    assert changes(before, before) == []
