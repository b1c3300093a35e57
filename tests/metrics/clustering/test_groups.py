"""Groups, scores and actions against slow, obvious versions."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import pair_confusion_matrix

from agreid_cli.metrics.clustering.groups import by_appearance, groups_of
from agreid_cli.metrics.clustering.scores import score_groups

Pair = tuple[int, int]


def slow_groups(
    n: int, chance: dict[Pair, float], cut: float, same: list[Pair], apart: set[Pair]
) -> list[set[int]]:
    """Join the linked ones; then the two groups of the highest mean chance, again and again."""
    groups = [{i} for i in range(n)]
    for i, j in same:
        g, h = (next(x for x in groups if k in x) for k in (i, j))
        if g is not h:
            groups.remove(h)
            g |= h

    def value(i: int, j: int) -> float:
        pair = (min(i, j), max(i, j))
        return -1e9 if pair in apart else chance.get(pair, 0.0)

    while True:
        mean = {
            (g, h): np.mean([value(i, j) for i in groups[g] for j in groups[h]])
            for g, h in combinations(range(len(groups)), 2)
        }
        best = max(mean, key=lambda gh: mean[gh], default=None)
        if best is None or mean[best] < cut:
            return groups
        groups[best[0]] |= groups.pop(best[1])


def linked(n: int, same: list[Pair]) -> list[int]:
    part = list(range(n))
    for i, j in same * n:
        part[i] = part[j] = min(part[i], part[j])
    return part


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_groups_are_those_of_the_obvious_way(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 7))
    pairs = list(combinations(range(n), 2))
    # Chances without ties, so that the order of joining is determined.
    drawn = data.draw(st.permutations(range(len(pairs))))
    chance = {p: (rank + 1) / (len(pairs) + 2.37) for p, rank in zip(pairs, drawn, strict=True)}
    listed = {p: c for p, c in chance.items() if data.draw(st.booleans())}
    same = [p for p in pairs if data.draw(st.integers(0, 9)) == 0]
    part = linked(n, same)
    apart = {(i, j) for i, j in pairs if part[i] != part[j] and data.draw(st.integers(0, 5)) == 0}
    cut = data.draw(st.sampled_from([0.3, 0.511, 0.8]))
    matrix = np.zeros((n, n), bool)
    for i, j in apart:
        matrix[i, j] = matrix[j, i] = True
    a, b = (np.array([p[side] for p in listed], np.int64) for side in (0, 1))
    found = groups_of(
        n, a, b, np.array(list(listed.values())), cut=cut, same=same, apart=lambda r, c: matrix[np.ix_(r, c)]
    )  # fmt: skip
    expected = slow_groups(n, listed, cut, same, apart)
    assert {frozenset(np.flatnonzero(found == g).tolist()) for g in set(found.tolist())} == set(
        map(frozenset, expected)
    )
    assert not any(found[i] == found[j] for i, j in apart)
    assert found.tolist() == by_appearance(found).tolist()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12))
def test_scores_are_those_of_counted_pairs(rows: list[Pair]) -> None:
    truth, group = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    found = score_groups(truth, group)
    (_, false_alarm), (missed, both) = pair_confusion_matrix(truth, group)
    assert found.pairwise_precision == pytest.approx(both / (both + false_alarm) if both + false_alarm else 1)
    assert found.pairwise_recall == pytest.approx(both / (both + missed) if both + missed else 1)
    together = [sum((truth == t) & (group == g)) for t, g in rows]
    assert found.bcubed_precision == pytest.approx(
        np.mean([x / sum(group == g) for x, (_, g) in zip(together, rows, strict=True)])
    )
    assert found.bcubed_recall == pytest.approx(
        np.mean([x / sum(truth == t) for x, (t, _) in zip(together, rows, strict=True)])
    )
