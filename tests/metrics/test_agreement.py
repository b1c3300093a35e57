from __future__ import annotations

import pytest

from agreid_cli.metrics.agreement import agreement

#: The worked example that textbooks print: 10 subjects, 14 raters, 5 categories, kappa 0.210.
TEXTBOOK = [
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
]  # fmt: skip


def test_the_textbook_example() -> None:
    subjects = [[category for category, n in enumerate(row) for _ in range(n)] for row in TEXTBOOK]
    found = agreement(subjects)
    assert (found.n, found.unanimous) == (10, 0.1)
    assert found.kappa == pytest.approx(0.210, abs=5e-4)


def test_two_by_hand() -> None:
    # P = 1/2; the words are said 3 : 1, so chance agrees in 10/16; kappa = (1/2 - 5/8) / (3/8).
    assert agreement([("a", "a"), ("a", "b")]).kappa == pytest.approx(-1 / 3)


def test_what_cannot_be_said() -> None:
    assert agreement([]) == agreement([("a", None)])
    assert agreement([]).kappa is agreement([]).unanimous is None
    assert agreement([("a", "a", "a")] * 3).kappa is None
    assert agreement([("a",), ("b",)]).kappa is None
