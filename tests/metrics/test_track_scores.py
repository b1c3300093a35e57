"""HOTA, IDF1 and MOTA on cases that can be counted by hand, including ignored boxes."""

# ruff: noqa: SIM300 (MOTA and its kin are figures, not constants)

from __future__ import annotations

import sys
from collections.abc import Iterable

import numpy as np
import pytest

from agreid_cli.errors import MissingError
from agreid_cli.metrics.track_scores import COMBINED, TrackScore, box_ious, matched, score_videos
from agreid_cli.records.mot import MotRows

pytest.importorskip("trackeval")


def rows(boxes: Iterable[tuple[int, int, float]], *, out: Iterable[int] = ()) -> MotRows:
    """A row for (frame, track, x): a box 10 wide and 20 high at x; the tracks of `out` do not count."""
    table = list(boxes)
    frame, track, x = (
        (np.array(column) for column in zip(*table, strict=True)) if table else [np.zeros(0)] * 3
    )
    box = np.stack([x, x * 0, x + 10, x * 0 + 20], axis=1).astype(float)
    return MotRows(frame.astype(int), track.astype(int), box, ~np.isin(track, list(out)))


def score(truth: MotRows, tracks: MotRows) -> TrackScore:
    one, together = score_videos({"v": (truth, tracks)})
    assert together.video == COMBINED
    for name in ("HOTA", "AssA", "IDF1", "MOTA", "recall", "boxes", "switches"):
        assert getattr(one, name) == pytest.approx(getattr(together, name)), "one video is all videos"
    return one


#: Two people for four frames, far from each other.
TWO = [(f, person, 100.0 * person + f) for f in (1, 2, 3, 4) for person in (1, 2)]


def test_perfect_tracks_have_all_of_everything() -> None:
    found = score(rows(TWO), rows((f, person + 40, x) for f, person, x in TWO))
    ratios = ("HOTA", "DetA", "AssA", "LocA", "IDF1", "IDP", "IDR", "MOTA", "recall", "precision")
    assert {name: getattr(found, name) for name in ratios} == dict.fromkeys(ratios, pytest.approx(1.0))
    assert (found.frames, found.boxes, found.people, found.tracks, found.mostly_tracked) == (4, 8, 2, 2, 2)
    assert (found.misses, found.false_boxes, found.switches, found.fragments) == (0, 0, 0, 0)


def test_one_switch_of_ids() -> None:
    """Person 2 has track 8 in frames 1 and 2, track 9 after."""
    tracks = [(f, 7 if person == 1 else 8 if f < 3 else 9, x) for f, person, x in TWO]
    found = score(rows(TWO), rows(tracks))
    assert found.switches == 1
    assert found.MOTA == pytest.approx(1 - 1 / 8)
    # The best pairing gives person 2 one of the halves: 6 of 8 boxes right, 2 missed, 2 too many.
    assert found.IDF1 == pytest.approx(2 * 6 / (2 * 6 + 2 + 2))
    assert found.DetA == pytest.approx(1)
    # AssA: each of person 1's 4 boxes scores 1, each of person 2's 2 / (4 + 2 − 2).
    assert found.AssA == pytest.approx((4 * 1 + 4 * 0.5) / 8)
    assert found.HOTA == pytest.approx(np.sqrt(found.AssA))


def test_one_miss_and_one_false_box() -> None:
    missed = rows([row for row in TWO if row[:2] != (2, 1)])
    found = score(rows(TWO), missed)
    assert (found.misses, found.false_boxes, found.switches, found.fragments) == (1, 0, 0, 1)
    assert found.MOTA == pytest.approx(7 / 8)
    assert (found.recall, found.precision) == (pytest.approx(7 / 8), pytest.approx(1))
    assert found.IDF1 == pytest.approx(2 * 7 / (2 * 7 + 1))
    found = score(rows(TWO), rows([*TWO, (1, 3, 900.0)]))
    assert (found.misses, found.false_boxes) == (0, 1)
    assert found.precision == pytest.approx(8 / 9)


def test_who_does_not_count_is_neither_asked_for_nor_held_against_a_track() -> None:
    truth = rows(TWO, out=[2])
    with_both = score(truth, rows(TWO))
    assert (with_both.HOTA, with_both.MOTA, with_both.IDF1) == (pytest.approx(1),) * 3
    assert (with_both.boxes, with_both.people, with_both.found, with_both.let_off) == (4, 1, 4, 4)
    without = score(truth, rows([row for row in TWO if row[1] == 1]))
    assert (without.MOTA, without.let_off) == (pytest.approx(1), 0)
    # A box on somebody who does not count is forgiven once, not twice.
    twice = score(truth, rows([*TWO, *((f, 5, x) for f, person, x in TWO if person == 2)]))
    assert (twice.let_off, twice.false_boxes) == (4, 4)


def test_a_person_who_counts_keeps_the_box_that_fits_best() -> None:
    """Person 2 does not count and stands 3 pixels beside person 1; the box is on person 1."""
    truth = rows([(1, 1, 0.0), (1, 2, 3.0)], out=[2])
    found = score(truth, rows([(1, 9, 0.0)]))
    assert (found.recall, found.let_off) == (1, 0)


def test_boxes_off_by_a_third_count_at_low_overlaps_only() -> None:
    """Moved by 2 of 10 pixels: IoU 8 / 12, enough for 13 of HOTA's 19 thresholds (0.05 … 0.65)."""
    found = score(rows(TWO), rows((f, person, x + 2) for f, person, x in TWO))
    assert found.MOTA == pytest.approx(1)
    assert found.HOTA == pytest.approx(13 / 19)
    assert score(rows(TWO), rows((f, person, x + 4) for f, person, x in TWO)).MOTA == -1


def test_videos_are_joined_by_their_boxes_and_their_ids_are_apart() -> None:
    half = [row for row in TWO if row[1] == 1]
    first, second, together = score_videos({"a": (rows(TWO), rows(half)), "b": (rows(half), rows(half))})
    assert (first.MOTA, second.MOTA, together.MOTA) == (0.5, 1, pytest.approx(8 / 12))
    assert (together.people, together.tracks, together.boxes) == (3, 2, 12)
    assert together.IDF1 == pytest.approx(2 * 8 / (2 * 8 + 4))


def test_nothing_found_and_nothing_to_find() -> None:
    nothing = score(rows(TWO), rows([]))
    assert (nothing.MOTA, nothing.HOTA, nothing.IDF1, nothing.recall, nothing.precision) == (0, 0, 0, 0, None)
    assert nothing.mostly_lost == 2
    empty, full, together = score_videos({"a": (rows([]), rows(TWO)), "b": (rows(TWO), rows(TWO))})
    assert (empty.MOTA, empty.HOTA, empty.false_boxes) == (None, None, 8)
    assert full.MOTA == 1
    assert together.MOTA == pytest.approx(0)


def test_the_pairing_takes_the_greatest_sum_of_enough() -> None:
    assert [v.tolist() for v in matched(np.array([[0.9, 0.8], [0.7, 0.2]]), 0.5)] == [[0, 1], [1, 0]]
    assert [v.tolist() for v in matched(np.array([[0.5, 0.4]]), 0.5)] == [[0], [0]]
    assert [len(v) for v in matched(np.zeros((0, 3)), 0.5)] == [0, 0]
    assert box_ious(np.zeros((0, 4)), np.ones((2, 4))).shape == (0, 2)


def test_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    truth = [(f, p, 60.0 * p + f) for f in range(1, 9) for p in range(3)]
    tracks = [(f, p + f // 5, x + rng.uniform(-4, 4)) for f, p, x in truth if rng.random() > 0.2]
    mixed = [tracks[i] for i in rng.permutation(len(tracks))]
    assert score(rows(truth), rows(tracks)) == score(rows(truth), rows(mixed))


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trackeval.metrics", None)
    with pytest.raises(MissingError) as caught:
        score_videos({"v": (rows(TWO), rows(TWO))})
    assert "agreid[track-scores]" in caught.value.hint
