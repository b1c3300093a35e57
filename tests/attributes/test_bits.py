from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.attributes.bits import bits_of, classes_of, is_one_hot, known_of, support
from agreid_cli.attributes.pairs import common, exclusive, n_exclusive
from tests.attributes.people import BOOK

PERSON = st.tuples(*(st.integers(0, size - 1) for size in BOOK.sizes))


@settings(max_examples=60, deadline=None)
@given(PERSON)
def test_every_person_has_fifteen_ones_and_comes_back(classes: tuple[int, ...]) -> None:
    bits = bits_of(np.array(classes), BOOK)
    assert bits.shape == (88,)
    assert int(bits.sum()) == 15
    assert is_one_hot(bits, BOOK).all()
    assert tuple(classes_of(bits, BOOK)) == classes
    assert [BOOK.bits[at] for at in np.flatnonzero(bits)] == [
        group.bits[c] for group, c in zip(BOOK.groups, classes, strict=True)
    ]
    for group, c, known in zip(BOOK.groups, classes, known_of(bits, BOOK), strict=True):
        assert bool(known) == (not group.bits[c].endswith("unknown"))


@settings(max_examples=60, deadline=None)
@given(PERSON, PERSON)
def test_any_pair_differs_in_an_even_number_of_at_most_thirty_bits(
    one: tuple[int, ...], other: tuple[int, ...]
) -> None:
    a, b = bits_of(np.array(one), BOOK), bits_of(np.array(other), BOOK)
    differing = [x != y for x, y in zip(one, other, strict=True)]
    m_e = int(n_exclusive(a, b, BOOK))
    assert m_e == 2 * sum(differing)
    assert m_e % 2 == 0
    assert m_e <= 30
    assert (exclusive(a, b, BOOK) == (a ^ b).astype(bool)).all()
    assert (common(a, b, BOOK) == ~exclusive(a, b, BOOK)).all()
    unknown = [group.unknown in (x, y) for group, x, y in zip(BOOK.groups, one, other, strict=True)]
    certain = sum(d and not u for d, u in zip(differing, unknown, strict=True))
    assert int(n_exclusive(a, b, BOOK, ignore_unknown=True)) == 2 * certain


def test_whole_matrices_work_as_single_vectors_do() -> None:
    rng = np.random.default_rng(0)
    bits = bits_of(rng.integers(0, BOOK.sizes, (7, 15)), BOOK)
    grid = n_exclusive(bits[:, None], bits[None, :], BOOK)
    assert grid.shape == (7, 7)
    assert all(grid[i, j] == n_exclusive(bits[i], bits[j], BOOK) for i in range(7) for j in range(7))
    assert support(bits).tolist() == [sum(int(row[k]) for row in bits) for k in range(88)]
    assert support(bits[:0]).tolist() == [0] * 88


def test_vectors_that_are_not_one_bit_a_group_are_refused() -> None:
    bits = bits_of(np.zeros(15, dtype=int), BOOK)
    two, none, strange = bits.copy(), bits.copy(), bits.copy()
    two[1], none[0], strange[1] = 1, 0, 2
    for wrong in (two, none, strange):
        assert is_one_hot(wrong, BOOK).tolist() == [False] + [True] * 14
        with pytest.raises(ValueError, match="one bit per group"):
            classes_of(wrong, BOOK)
    with pytest.raises(ValueError, match="outside"):
        bits_of(np.full(15, 20), BOOK)
    with pytest.raises(ValueError, match="88"):
        is_one_hot(bits[:87], BOOK)
