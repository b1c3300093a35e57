"""What annotations and judgements settle before tracks are compared."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.stages.identify.compare import known_of
from agreid_cli.stages.identify.tracks import Described, Piece, Tracks

NOTHING = Described(
    np.zeros((0, 2), np.float32),
    (np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)),
    np.zeros(0, np.int64),
    np.zeros(0),
    np.zeros((0, 2), np.float32),
    np.zeros(0, np.int64),
    np.zeros(0),
)


def settled(pids: list[int | None], same: list[tuple[int, int]], *, one_sided: bool = False) -> np.ndarray:
    """Of tracks that alternate between the air and the ground."""
    pieces = [
        Piece(("v", at), True, [{"platform": ("uav", "cctv")[at % 2], "camid": at % 2, "frame": 0}], pid)
        for at, pid in enumerate(pids)
    ]
    known = known_of(Tracks(pieces, same, [], "crops"), NOTHING, one_sided=one_sided)
    every = np.arange(len(pids))
    assert known.settled is not None
    return known.settled(every, every)


@pytest.mark.parametrize("accepted", [False, True])
def test_identities_made_by_accepting_pairs_may_still_be_one(accepted: bool) -> None:
    pids = [1, 1, 2, 2, 3, 3, None]
    found = settled(pids, [(0, 1), (2, 3)] if accepted else [])
    assert found[0, 2] == found[1, 3] == (not accepted)
    assert found[0, 4]  # 3 was annotated by hand
    assert not found[0, 1]
    assert not found[6].any()


def test_a_track_that_was_added_by_hand_settles_its_identity() -> None:
    assert settled([1, 1, 1, 2, 2, None], [(0, 1), (3, 4)])[0, 3]


def test_non_persons_and_identities_of_one_side() -> None:
    found = settled([-1, 1, 2, None], [], one_sided=True)
    assert found[0, 1]
    assert found[0, 3]
    assert not found[1, 2]  # one from the ground, the other from the air
    assert settled([-1, 1, 2, None], [])[1, 2]
