"""Odds of groups against vectors pooled one by one; what is asked; decisions counted on small examples."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.metrics.clustering.actions import Actions, count_actions, count_by_hand
from agreid_cli.metrics.clustering.asking import Asking
from agreid_cli.metrics.clustering.likeness import Groups, Likeness, compact
from agreid_cli.metrics.clustering.units import Units, unit_length

WITHIN, ACROSS = (8.0, 0.3), (12.0, 0.5)


def drawn(seed: int, n: int = 12) -> Likeness:
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-127, 128, (n, 6)).astype(np.int8)
    return Likeness(vectors, rng.integers(0, 2, n), rng.integers(-900, 900, (n, 2)), WITHIN, ACROSS)


def slow_odds(like: Likeness, some: list[int], others: list[int]) -> float:
    found = []
    for c in (0, 1):
        for d in (0, 1):
            mine = [at for at in some if like.camera[at] == c]
            theirs = [at for at in others if like.camera[at] == d]
            if not mine or not theirs:
                continue
            a, b = (like.vectors[rows].astype(float).sum(axis=0) for rows in (mine, theirs))
            level = (np.mean(like.levels[mine, d]) + np.mean(like.levels[theirs, c])) / 2 / 10_000
            slope, middle = WITHIN if c == d else ACROSS
            found.append(slope * (a @ b / np.linalg.norm(a) / np.linalg.norm(b) - level - middle))
    return float(np.mean(found))


@pytest.mark.parametrize("seed", range(4))
def test_odds_of_groups_are_those_of_pooled_vectors(seed: int) -> None:
    like = drawn(seed)
    groups = Groups(like)
    groups.join(0, 5)
    groups.join(0, 7)
    groups.join(2, 3)
    members = {0: [0, 5, 7], 2: [2, 3], 1: [1], 4: [4]}
    assert groups.group[[0, 5, 7, 2, 3, 4]].tolist() == [0, 0, 0, 2, 2, 4]
    expected = [slow_odds(like, members[0], members[g]) for g in (2, 1, 4)]
    assert groups.odds(0, [2, 1, 4]).tolist() == pytest.approx(expected)
    assert groups.odds(2, [0]).tolist() == pytest.approx(expected[:1])


def test_compact_vectors_keep_the_cosines_of_their_main_directions() -> None:
    rng = np.random.default_rng(0)
    vectors = unit_length((rng.normal(size=(50, 8)) @ rng.normal(size=(8, 300))).astype(np.float32))
    small = compact(vectors, 8)
    assert small.shape == (50, 8)
    near = unit_length(small.astype(np.float32))
    assert np.abs(near @ near.T - vectors @ vectors.T).max() < 0.02
    assert compact(vectors, 8).tobytes() == small.tobytes()


def asking(vectors: list[list[int]], pairs: list[tuple[int, int]], overlapping: bool = False) -> Asking:
    """The page of tracks one after another in one camera."""
    n = len(vectors)
    like = Likeness(
        np.array(vectors, np.int8), np.zeros(n, np.int64), np.zeros((n, 1), np.int64), *[(10.0, 0.5)] * 2
    )  # fmt: skip
    zeros = np.zeros(n, np.int64)
    times = np.zeros(n) if overlapping else np.arange(n) * 2.0
    units = Units(np.array(vectors, np.float32), zeros, zeros, times, times + 1)
    return Asking(units, like, np.array(pairs, np.int64))


def test_by_hand_every_identity_before_the_right_one_is_looked_at() -> None:
    # Page order: persons 1 2 3 1 2 3. Three identities are opened, then 1 + 2 + 3 looks.
    truth = np.array([1, 2, 3, 1, 2, 3])
    assert count_by_hand(truth) == 9
    # A part of track 0 shows person 3, whom nobody has met yet; track 2 then is the second identity.
    assert count_by_hand(truth, [(0, 3)]) == 1 + (1 + 1) + 1 + 2 + 1 + 3 + 2


LOOKS = [[100, 0, 0], [0, 100, 0], [0, 0, 100], [100, 9, 0], [0, 100, 9], [9, 0, 100]]


def test_right_proposals_cost_one_each() -> None:
    truth = np.array([1, 2, 3, 1, 2, 3])
    found = count_actions(truth, asking(LOOKS, [(0, 3), (1, 4), (2, 5)]))
    assert found == Actions(accept=3, reject=0, search=0, split=0, by_hand=9)
    assert found.saved == 3


def test_links_that_no_proposal_contains_are_searched_in_the_order_of_the_list() -> None:
    truth = np.array([1, 2, 3, 1, 2, 3])
    found = count_actions(truth, asking(LOOKS, []))
    assert (found.accept, found.reject, found.search) == (0, 0, 3 + 3)  # opened; each then is the likeliest
    # Track 3 looks like person 2, who is looked at first. Track 4 is not an identity yet.
    odd = [*LOOKS[:3], [9, 100, 0], *LOOKS[4:]]
    assert count_actions(truth, asking(odd, [])).search == 3 + 2 + 1 + 1


def test_a_wrong_proposal_costs_one_and_what_follows_is_not_asked() -> None:
    truth = np.array([1, 2, 1, 2])
    looks = [[100, 40, 0], [90, 60, 0], [100, 30, 0], [80, 70, 0]]
    page = asking(looks, [(0, 2), (0, 1), (1, 2), (1, 3)])
    found = count_actions(truth, page)
    # 0 and 2 are joined; 1 is not that person, which is asked once for both; 1 and 3 are joined.
    assert (found.accept, found.reject, found.search) == (2, 1, 0)


def test_what_is_seen_at_one_time_is_not_asked_and_is_found_by_hand() -> None:
    truth = np.array([1, 2, 1])
    page = asking([[100, 0], [0, 100], [100, 0]], [(0, 2)], overlapping=True)
    assert page.next() is None
    assert page.likely(0) == []
    found = count_actions(truth, page)
    assert (found.accept, found.search) == (0, 1 + 1 + 1)


def test_parts_cost_a_division_and_a_search_by_hand() -> None:
    truth = np.array([1, 2, 1])
    page = asking([[100, 0], [0, 100], [100, 1]], [(0, 2)])
    found = count_actions(truth, page, [(0, 2), (2, 7)])
    # Person 2 is the second identity, and person 7 opens one; track 1 is single and opens one.
    assert (found.accept, found.search, found.split) == (1, 1 + 2 + 1, 2)
    assert found.by_hand == 2 + 1 + 1 + 2 + 1 + 1
