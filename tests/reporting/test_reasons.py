"""The sentence and the bars of a pair, on numbers that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.reporting.reasons import GroupWords, reasons, sentence

GROUPS = (
    GroupWords("Upper Body Clothing", 0, ("T-shirt", "Hoodie", "Coat")),
    GroupWords("Lower Body Clothing", 3, ("Jeans", "Shorts")),
    GroupWords("Gender", 5, ("male", "female")),
)


def person(upper: int, lower: int, gender: int) -> np.ndarray:
    bits = np.zeros(7)
    bits[[upper, 3 + lower, 5 + gender]] = 1
    return bits


def test_a_group_counts_with_the_labels_that_differ() -> None:
    parts = np.array([1.0, 1.0, 6.0, 4.0, 4.0, 2.0, 2.0])  # the coat that neither wears is the largest
    found = sentence(parts, person(0, 1, 0), person(1, 0, 0), GROUPS)
    assert found == (
        "mostly lower body clothing: shorts against jeans, 40 % of the distance; "
        "then upper body clothing: t-shirt against hoodie, 10 %"
    )


def test_mostly_is_only_said_of_much() -> None:
    found = sentence(np.array([4.0, 4.0, 4.0, 1.0, 2.0, 1.0, 4.0]), person(0, 1, 0), person(0, 0, 0), GROUPS)
    assert found.startswith("first of all lower body clothing: shorts against jeans, 15 %")


def test_two_who_differ_in_nothing() -> None:
    found = sentence(np.array([1.0, 3, 1, 1, 1, 2, 1]), person(1, 0, 0), person(1, 0, 0), GROUPS)
    assert found == (
        "no attribute that differs; the largest share is upper body clothing (hoodie on both), "
        "50 % of the distance"
    )


def test_bars_are_the_largest_shares_in_order() -> None:
    found = reasons(np.array([1.0, 2.0, 0.5, 4.0, 1.5, 0.5, 0.5]), GROUPS, top=3)
    assert [(r.rank, r.name, r.bit) for r in found] == [
        (1, "lower body clothing: Jeans", 3), (2, "upper body clothing: Hoodie", 1),
        (3, "lower body clothing: Shorts", 4),
    ]  # fmt: skip
    assert [r.share for r in found] == pytest.approx([0.4, 0.2, 0.15])
    assert found[0].distance == 4.0
