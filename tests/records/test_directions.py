"""Directions are rows of data with the names used in papers."""

from __future__ import annotations

import pytest

from agreid_cli.errors import InputError
from agreid_cli.records.crops import PLATFORMS
from agreid_cli.records.directions import DIRECTIONS, find_direction, possible


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("A2G", "a2g"), ("exp1", "a2g"), ("exp2", "a2w"), ("exp4", "g2a"), ("exp5_wearable_to_aerial", "w2a"),
        ("exp3_A2G+", "a2g+"), ("exp5_G2A+G", "g2ag"),
        ("cargo-all", "all"), ("GG", "g2g"), ("AA", "a2a"), ("cargo-ag", "ag"), ("Market-1501", "g2g"),
    ],
)  # fmt: skip
def test_the_names_of_other_papers_are_understood(word: str, name: str) -> None:
    assert find_direction(word).name == name


def test_no_word_means_two_directions() -> None:
    words = [word for row in DIRECTIONS.values() for word in (row.name, *row.aliases)]
    assert len(words) == len(set(words))
    assert all({*row.query, *row.gallery} <= set(PLATFORMS) for row in DIRECTIONS.values())


def test_an_unknown_direction_names_the_nearest_and_lists_all() -> None:
    with pytest.raises(InputError, match="did you mean 'g2a'") as caught:
        find_direction("g2aa")
    assert "cargo-ag" in caught.value.hint


def test_only_directions_with_both_sides_are_possible() -> None:
    assert possible(["cctv"], ["uav"]) == ["g2a", "all", "ag"]
    assert " ".join(possible(["uav", "cctv"], ["uav", "cctv"])) == "a2g g2a a2a g2g all ag"
    assert possible(["uav"], ["cctv", "wearable"])[:3] == ["a2g", "a2w", "a2gw"]
    assert possible([None], ["uav"]) == ["all"], "junk by view needs the view"
    assert possible([], ["uav"]) == []


def test_a_direction_that_only_a_split_defines_is_never_possible_by_platforms() -> None:
    everything = set(possible(PLATFORMS, PLATFORMS))
    assert {row.name for row in DIRECTIONS.values() if row.listed_only} == {"a2g+", "g2a+", "g2ag"}
    assert everything == {row.name for row in DIRECTIONS.values() if not row.listed_only}
