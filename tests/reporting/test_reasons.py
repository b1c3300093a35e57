"""The sentence and the bars of a pair, on numbers that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agreid_cli.reporting.reasons import GroupWords, Usual, reasons, sentence

GROUPS = (
    GroupWords("Upper Body Clothing", 0, ("T-shirt", "Hoodie", "Coat")),
    GroupWords("Lower Body Clothing", 3, ("Jeans", "Shorts")),
    GroupWords("Gender", 5, ("male", "female")),
)


ANY = Usual(np.zeros(7), np.zeros(7), frozenset(range(3)))  # every share is above it


def person(upper: int, lower: int, gender: int) -> np.ndarray:
    bits = np.zeros(7)
    bits[[upper, 3 + lower, 5 + gender]] = 1
    return bits


def test_a_group_counts_with_the_labels_that_differ() -> None:
    parts = np.array([1.0, 1.0, 6.0, 4.0, 4.0, 2.0, 2.0])  # the coat that neither wears is the largest
    found = sentence(parts, person(0, 1, 0), person(1, 0, 0), GROUPS, ANY)
    assert found == (
        "mostly lower body clothing: shorts against jeans, 40 % of the distance; "
        "then upper body clothing: t-shirt against hoodie, 10 %"
    )


def test_mostly_is_only_said_of_much() -> None:
    parts = np.array([4.0, 4.0, 4.0, 1.0, 2.0, 1.0, 4.0])
    found = sentence(parts, person(0, 1, 0), person(0, 0, 0), GROUPS, ANY)
    assert sentence(parts, person(0, 1, 0), person(0, 0, 0), GROUPS) == "no attribute separates these two"
    assert found.startswith("first of all lower body clothing: shorts against jeans, 15 %")


def test_a_label_that_is_unknown_separates_nobody() -> None:
    parts = np.array([1.0, 1.0, 1.0, 9.0, 9.0, 5.0, 5.0])
    one, other = person(0, 1, 0), person(0, 0, 1)
    groups = (*GROUPS[:2], replace(GROUPS[2], unknown=1))
    assert sentence(parts, one, other, groups).endswith("shorts against jeans, 58 % of the distance")
    assert "gender" not in sentence(parts, other, one, groups)
    assert "then gender: male against female" in sentence(parts, one, other, GROUPS)


def test_two_who_differ_in_nothing() -> None:
    found = sentence(np.array([1.0, 3, 1, 1, 1, 2, 1]), person(1, 0, 0), person(1, 0, 0), GROUPS)
    assert found == "no attribute separates these two"


def test_only_what_is_above_the_usual_by_more_than_its_spread() -> None:
    parts = np.array([2.0, 2, 1, 1, 1, 1, 2])  # upper 40 %, lower 20 %, gender 30 %
    one, other = person(0, 1, 0), person(1, 0, 1)
    mean, spread, every = np.full(7, 0.1), np.full(7, 0.04), frozenset(range(3))
    found = sentence(parts, one, other, GROUPS, Usual(mean, spread, every))
    assert found == (
        "mostly upper body clothing: t-shirt against hoodie, 40 % of the distance; "
        "then gender: male against female, 30 %"
    )
    wider = np.array([0.04] * 5 + [0.06, 0.06])  # gender is now within its spread
    found = sentence(parts, one, other, GROUPS, Usual(mean, wider, every))
    assert found == "mostly upper body clothing: t-shirt against hoodie, 40 % of the distance"
    unnamed = Usual(mean, wider, frozenset({1, 2}))
    assert sentence(parts, one, other, GROUPS, unnamed) == "no attribute separates these two"


def test_at_most_three_are_named() -> None:
    groups = tuple(GroupWords(f"Group {n}", 2 * n, ("one", "two")) for n in range(5))
    parts = np.array([5.0, 5, 4, 4, 3, 3, 2, 2, 0, 0])
    first, second = np.tile([1.0, 0], 5), np.tile([0, 1.0], 5)
    usual = Usual(np.zeros(10), np.zeros(10), frozenset(range(5)))
    found = sentence(parts, first, second, groups, usual)
    assert [f"group {n}" in found for n in range(5)] == [True, True, True, False, False]


def test_bars_are_the_largest_shares_in_order() -> None:
    found = reasons(np.array([1.0, 2.0, 0.5, 4.0, 1.5, 0.5, 0.5]), GROUPS, top=3)
    assert [(r.rank, r.name, r.bit) for r in found] == [
        (1, "lower body clothing: Jeans", 3), (2, "upper body clothing: Hoodie", 1),
        (3, "lower body clothing: Shorts", 4),
    ]  # fmt: skip
    assert [r.share for r in found] == pytest.approx([0.4, 0.2, 0.15])
    assert found[0].distance == 4.0
    assert {(r.usual, r.recognised, r.says) for r in found} == {(None, None, r.name) for r in found}


def test_bars_say_what_is_usual_and_what_is_a_guess() -> None:
    usual = Usual(np.arange(7) / 100, np.zeros(7), frozenset({0}))
    found = reasons(np.array([1.0, 2.0, 0.5, 4.0, 1.5, 0.5, 0.5]), GROUPS, top=2, usual=usual)
    assert [r.usual for r in found] == [0.03, 0.01]
    assert [r.recognised for r in found] == [False, True]
    assert [r.says for r in found] == [
        "lower body clothing: Jeans (?)", "upper body clothing: Hoodie",
    ]  # fmt: skip
