"""Splits small enough to check by hand, and every reason for refusing one."""

from __future__ import annotations

from typing import Any

import pytest

from agreid_cli.errors import InputError
from agreid_cli.splitting.own import own_split
from agreid_cli.splitting.roles import to_table
from agreid_cli.splitting.rows import rows_of
from tests.support.tables import sightings_table

Sighting = tuple[int, str, int]


def split(*sightings: Sighting, **how: Any) -> dict[tuple[str | None, str], list[str]]:
    """(direction, role) → crops in order."""
    rows = rows_of(sightings_table(*sightings))
    found: dict[tuple[str | None, str], list[str]] = {}
    for row in to_table(rows, own_split(rows, **{"seed": 0, **how})).to_pylist():
        found.setdefault((row["direction"], row["role"]), []).append(row["crop_id"])
    return found


def pids(crops: list[str]) -> set[int]:
    return {int(crop[1:].split("-")[0]) for crop in crops}


def seen_by_both(*who: int, air: int = 10, ground: int = 4) -> list[Sighting]:
    return [s for pid in who for s in ((pid, "uav0", air), (pid, "cctv3", ground))]


def test_two_of_four_identities_are_tested_with_the_rest_of_their_crops_as_gallery() -> None:
    found = split(*seen_by_both(1, 2, 3, 4), queries_per_camera=2)
    tested = pids(found["a2g", "query"])
    assert len(tested) == 2
    assert pids(found[None, "train"]) == {1, 2, 3, 4} - tested
    assert len(found[None, "train"]) == 2 * 14
    for pid in tested:
        # Ten crops from the air: the third and the eighth ask, in the middle of each half of the time.
        air = [f"p{pid}-uav0-{i}" for i in range(10)]
        ground = [f"p{pid}-cctv3-{i}" for i in range(4)]
        assert [c for c in found["a2g", "query"] if c in air] == [air[2], air[7]]
        assert [c for c in found["g2a", "gallery"] if c in air] == [air[i] for i in (0, 1, 3, 4, 5, 6, 8, 9)]
        assert [c for c in found["g2a", "query"] if c in ground] == [ground[1], ground[3]]
        assert [c for c in found["a2g", "gallery"] if c in ground] == [ground[0], ground[2]]
    assert set(found) == {
        (None, "train"), ("a2g", "query"), ("a2g", "gallery"), ("g2a", "query"), ("g2a", "gallery"),
    }  # fmt: skip


def test_a_camera_never_gives_its_last_crop_away() -> None:
    # Air and ground have two crops each: one asks, the other can be found.
    found = split(*seen_by_both(1, 2, 3, 4, air=2, ground=2))
    assert [len(found[d, r]) for d in ("a2g", "g2a") for r in ("query", "gallery")] == [2, 2, 2, 2]
    # With one on the ground nobody can ask from there, and so the air may ask with all that it has.
    found = split(*seen_by_both(1, 2, 3, 4, air=3, ground=1))
    assert set(found) == {(None, "train"), ("a2g", "query"), ("a2g", "gallery")}
    assert [len(found["a2g", role]) for role in ("query", "gallery")] == [6, 2]


def test_the_paper_s_397_identities_give_199_to_train_on() -> None:
    found = split(*seen_by_both(*range(397), air=2, ground=1))
    assert len(pids(found[None, "train"])) == 199


def test_who_is_seen_by_one_view_is_trained_on_first() -> None:
    one_view = [(pid, "uav0", 3) for pid in (1, 2, 3, 4)]
    found = split(*one_view, *seen_by_both(5, 6, 7, 8, 9, 10))
    assert pids(found[None, "train"]) > {1, 2, 3, 4}
    assert len(pids(found[None, "train"])) == 5
    assert len(pids(found["a2g", "query"])) == 5


def test_what_the_train_share_cannot_hold_are_wrong_persons_in_the_gallery() -> None:
    one_view = [(pid, "cctv3", 3) for pid in range(1, 8)]
    found = split(*one_view, *seen_by_both(8, 9, 10))
    assert pids(found["a2g", "query"]) == {8, 9, 10}
    wrong = pids(found["a2g", "gallery"]) - {8, 9, 10}
    assert len(wrong) == 2
    assert wrong <= set(range(1, 8))
    assert pids(found["g2a", "query"]) == {8, 9, 10}, "who has no match asks nothing"


def test_a_part_of_those_seen_by_both_views_can_be_kept_for_training() -> None:
    one_view = [(pid, "cctv3", 3) for pid in range(1, 11)]
    how = seen_by_both(11, 12, 13, 14)
    assert not pids(split(*one_view, *how)[None, "train"]) & {11, 12, 13, 14}
    kept = split(*one_view, *how, paired_in_train=0.5)
    assert len(pids(kept[None, "train"]) & {11, 12, 13, 14}) == 2
    assert len(pids(kept[None, "train"])) == 7


@pytest.mark.parametrize("junk_in_gallery", [False, True])
def test_junk_is_unused_or_searched_as_told(junk_in_gallery: bool) -> None:
    found = split((-1, "cctv3", 2), *seen_by_both(1, 2, 3), junk_in_gallery=junk_in_gallery)
    junk = ["p-1-cctv3-0", "p-1-cctv3-1"]
    assert (found.get((None, "unused")) == junk) is not junk_in_gallery
    assert (found["a2g", "gallery"][:2] == junk) is junk_in_gallery
    assert not set(junk) & set(found["g2a", "gallery"])


def test_two_cameras_of_a_platform_open_the_direction_within_it() -> None:
    people = [s for pid in (1, 2, 3, 4) for s in ((pid, "uav0", 2), (pid, "cctv3", 2), (pid, "cctv4", 2))]
    found = split(*people, queries_per_camera=1)
    assert {direction for direction, _ in found} == {None, "a2g", "g2a", "g2g"}
    assert {c.split("-")[1] for c in found["g2g", "query"]} == {"cctv3", "cctv4"}


def test_three_platforms_give_every_direction_between_them() -> None:
    people = [s for pid in (1, 2, 3, 4) for s in ((pid, "uav0", 2), (pid, "cctv3", 2), (pid, "wearable2", 2))]
    directions = {direction for direction, _ in split(*people)}
    assert directions == {None, "a2g", "g2a", "a2w", "w2a", "a2gw", "gw2a", "g2w", "w2g"}


def test_the_junk_rule_by_view_can_be_wanted() -> None:
    found = split(*seen_by_both(1, 2, 3), (1, "cctv4", 5), (2, "cctv4", 5), (3, "cctv4", 5), wanted=["ag"])
    assert {direction for direction, _ in found} == {None, "ag"}
    assert {c.split("-")[1] for c in found["ag", "query"]} == {"uav0", "cctv3", "cctv4"}


def test_another_seed_divides_otherwise() -> None:
    people = seen_by_both(*range(20))
    assert split(*people, seed=1)[None, "train"] != split(*people, seed=2)[None, "train"]
    assert split(*people, seed=1) == split(*people, seed=1)


REFUSED = {
    "no identities": ([(-1, "uav0", 3)], {}, ["no identity, only junk (pid -1)", "identities.csv"]),
    "too few": (seen_by_both(4, 9), {}, ["2 identities (4, 9)", "1 for training and 2 for test"]),
    "one camera": (
        [(pid, "uav0", 3) for pid in (1, 2, 3)],
        {},
        ["one camera only", "camera 0 (uav)", "agreid extract-crops VIDEO --platform cctv"],
    ),
    "only the ground": (
        [(pid, "cctv3", 3) for pid in (1, 2, 3)],
        {},
        ["camera 3 (cctv)", "agreid extract-crops VIDEO --platform uav"],
    ),
    "nobody in both views": (
        [(1, "uav0", 3), (2, "uav0", 3), (7, "cctv3", 3), (8, "cctv3", 3)],
        {},
        ["no identity is seen in both views", "aerial only: 1, 2", "ground only: 7, 8", "same pid"],
    ),
    "one crop a view": (
        seen_by_both(1, 2, 3, air=1, ground=1),
        {},
        ["one crop in each", "identities: 1, 2, 3", "directions=["],
    ),
    "two cameras, no one in both": (
        [(1, "cctv3", 3), (2, "cctv3", 3), (3, "cctv4", 3)],
        {},
        ["no identity is seen by two cameras", "g2g", "cameras: 3, 4"],
    ),
    "a camera on two platforms": (
        [(1, "uav0", 3), (2, "cctv0", 3), (3, "uav0", 2)],
        {},
        ["camera 0: is on cctv and uav", "--camid"],
    ),
    "unknown directions": (
        seen_by_both(1, 2, 3),
        {"wanted": ["a2gg", "nonsense"]},
        ["a2gg: unknown; did you mean 'a2g", "direction nonsense"],
    ),
    "directions that the cameras do not allow": (
        seen_by_both(1, 2, 3),
        {"wanted": ["a2w", "w2g", "a2a"]},
        [
            "a2w: no wearable crops for the gallery",
            "w2g: no wearable crops for the query",
            "uav has only camera 0",
        ],
    ),
    "a wanted direction that nobody can ask in": (
        seen_by_both(1, 2, 3, air=5, ground=1),
        {"wanted": ["a2g", "g2a"]},
        ["direction g2a: no test identity has a cctv query crop"],
    ),
    "a gallery of one": (
        [(1, "uav0", 3), (1, "cctv3", 3), (2, "cctv3", 1), (3, "cctv3", 1)],
        {"wanted": ["g2a"]},
        ["direction g2a: its gallery contains only pid 1, so every answer is correct"],
    ),
    "galleries of one": (
        [(1, "uav0", 3), (1, "cctv3", 1), (2, "uav0", 1), (3, "uav0", 1)],
        {},
        ["no cross-view direction", "a2g: its gallery contains only pid 1", "g2a: no test"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_the_place_and_the_next_step(case: str) -> None:
    sightings, how, words = REFUSED[case]
    with pytest.raises(InputError) as caught:
        split(*sightings, **how)
    for word in words:
        assert word in str(caught.value)
