"""Planted faults in drawn annotations come first, judgements are kept, and blocks change nothing."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.metrics.clustering import neighbours, suspicions
from agreid_cli.metrics.clustering.suspicions import (
    Compared,
    compare,
    one_person,
    own_pairs,
    wrong_tracks,
)
from tests.metrics.clustering.test_propose import drawn

N = 30


def annotated(seed: int, pid: np.ndarray) -> Compared:
    units, known, _ = drawn(seed, N, noise=0.5)
    return compare(units, pid, known.halves, known.halved, k=10)


def truth(seed: int) -> np.ndarray:
    return drawn(seed, N, noise=0.5)[2].astype(np.int64)


def test_all_pairs_of_an_identity() -> None:
    a, b = own_pairs(np.array([4, 7, 4, 4, 7]))
    assert sorted(zip(a.tolist(), b.tolist(), strict=True)) == [(0, 2), (0, 3), (1, 4), (2, 3)]


@pytest.mark.parametrize("seed", range(3))
def test_exchanged_tracks_come_first(seed: int) -> None:
    pid = truth(seed)
    swaps = [(1, 13), (32, 44), (60, 72)]
    for a, b in swaps:
        pid[a], pid[b] = pid[b], pid[a]
    found = sorted(wrong_tracks(annotated(seed, pid), expected=0.02), key=lambda one: -one.score)
    planted = {unit for pair in swaps for unit in pair}
    assert {one.unit for one in found[:6]} == planted
    right = truth(seed)
    assert all(right[one.unit] == right[one.near] and one.other == pid[one.near] for one in found[:6])
    assert found[5].score > 2 * found[6].score


def test_one_person_under_two_numbers_is_found_and_no_other() -> None:
    pid = truth(5)
    divided = [3, 12, 20]
    for person in divided:
        pid[3 * person + 2] = 100 + person  # the track of the other camera
    found = one_person(annotated(5, pid), expected=0.02, least=0.05)
    assert {(one.pid, one.other) for one in found} == {(p, 100 + p) for p in divided}


def test_judgements_decide() -> None:
    pid = truth(1)
    pid[1], pid[13] = pid[13], pid[1]
    plain = {one.unit: one for one in wrong_tracks(annotated(1, pid), expected=0.02)}
    first = plain[1]
    denied = wrong_tracks(annotated(1, pid), differ=[(1, first.near)], expected=0.02)
    assert all(one.other != first.other for one in denied if one.unit == 1)
    confirmed = {
        one.unit: one for one in wrong_tracks(annotated(1, pid), same=[(1, first.own)], expected=0.02)
    }
    assert confirmed[1].score < 1e-6 < first.score
    pid = truth(5)
    pid[11] = 103
    found = one_person(annotated(5, pid), expected=0.02, least=0.05)
    assert [(one.pid, one.other) for one in found] == [(3, 103)]
    assert (
        one_person(annotated(5, pid), differ=[(found[0].unit, found[0].near)], expected=0.02, least=0.05)
        == []
    )


def test_tracks_seen_at_one_time_are_never_one_person() -> None:
    pid = truth(2)
    pid[0], pid[1] = 200, 201  # two tracks of person 0 in camera 0, which follow each other
    compared = annotated(2, pid)
    assert any({one.pid, one.other} == {200, 201} for one in one_person(compared, expected=0.02, least=0.01))
    units = compared.units
    units.last[0] = units.last[1]  # now they overlap
    again = compare(units, pid, drawn(2, N, noise=0.5)[1].halves, np.arange(len(pid)), k=10)
    assert not any({one.pid, one.other} == {200, 201} for one in one_person(again, expected=0.02, least=1e-9))


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = wrong_tracks(annotated(3, truth(3)), expected=0.02)
    monkeypatch.setattr(neighbours, "ROWS_A_BLOCK", 7)
    monkeypatch.setattr(suspicions, "PAIRS_A_STEP", 5)
    parts = wrong_tracks(annotated(3, truth(3)), expected=0.02)
    assert [(one.unit, one.near, one.other) for one in parts] == [(o.unit, o.near, o.other) for o in whole]
    assert [one.score for one in parts] == pytest.approx([one.score for one in whole], rel=1e-3)
