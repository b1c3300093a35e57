"""Neighbours against a full sort; curves against what is known; proposals on drawn vectors."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.metrics.clustering import neighbours
from agreid_cli.metrics.clustering.chance import Curve, certain_curve, judged_curve, mixture_curve
from agreid_cli.metrics.clustering.propose import Known, propose
from agreid_cli.metrics.clustering.scores import score_groups
from agreid_cli.metrics.clustering.units import Units, centred, unit_length


def drawn(seed: int, n_people: int = 12, noise: float = 0.35) -> tuple[Units, Known, np.ndarray]:
    """Two tracks a person in camera 0, one after the other, and one in camera 3."""
    rng = np.random.default_rng(seed)
    looks = rng.normal(size=(n_people, 24))
    person = np.repeat(np.arange(n_people), 3)
    camera = np.tile([0, 0, 3], n_people)
    offset = rng.normal(size=24) * 2
    rows = (
        looks[person]
        + noise * rng.normal(size=(len(person), 24))
        + np.where(camera == 3, 1, 0)[:, None] * offset
    )
    first = np.tile([0.0, 10.0, 0.0], n_people)
    vectors = centred(rows.astype(np.float32), camera)
    ends = [
        unit_length((vectors + 0.05 * rng.normal(size=vectors.shape)).astype(np.float32)) for _ in range(2)
    ]
    units = Units(vectors, camera, camera, first, first + 8)
    return units, Known((ends[0], ends[1]), np.arange(len(person))), person


@pytest.mark.parametrize("block", [3, 1024])
def test_neighbours_are_those_of_a_full_sort(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "ROWS_A_BLOCK", block)
    units, _, _ = drawn(1, 6)
    n, k = len(units), 4
    pairs, levels = neighbours.nearest_pairs(units.vectors, units.camera, k, units.apart)
    similarity = units.vectors @ units.vectors.T
    rank: dict[tuple[int, int], int] = {}
    level = {}
    for i in range(n):
        for c in (0, 3):
            others = [j for j in range(n) if units.camera[j] == c and j != i]
            level[i, c] = np.mean(sorted(similarity[i, others])[-10:])
            free = [j for j in others if not units.apart(np.array([i]), np.array([j]))[0, 0]]
            for place, j in enumerate(sorted(free, key=lambda j: -similarity[i, j])[:k], 1):
                rank[i, j] = place
    expected = sorted({(min(i, j), max(i, j)) for i, j in rank})
    assert list(zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)) == expected
    assert pairs.rank_ab.tolist() == [rank.get((i, j), k + 1) for i, j in expected]
    assert pairs.rank_ba.tolist() == [rank.get((j, i), k + 1) for i, j in expected]
    score = [
        similarity[i, j] - (level[i, units.camera[j]] + level[j, units.camera[i]]) / 2 for i, j in expected
    ]
    assert pairs.score == pytest.approx(score, abs=1e-5)
    assert levels.table.shape == (n, 2)


def test_curves() -> None:
    rng = np.random.default_rng(0)
    same, other = rng.normal(1, 0.2, 300).astype(np.float32), rng.normal(0, 0.2, 300).astype(np.float32)
    curve = certain_curve(same, other)
    assert curve is not None
    assert curve.middle == pytest.approx(0.5, abs=0.05)
    assert certain_curve(same[:2], other) is None
    assert certain_curve(other, same) is None  # the wrong way round says nothing
    # A tenth of the pairs are partners, and are mostly each other's nearest.
    score = np.concatenate([same[:60], other])
    best = np.repeat([True, False], [60, 300])
    best[60:90] = True
    mixed = mixture_curve(score, best)
    yes, no = np.array([True]), np.array([False])
    assert mixed(np.array([1.0]), yes)[0] > 0.95
    assert mixed(np.array([0.1]), no)[0] < 0.05
    assert mixed(np.array([0.6]), yes)[0] > mixed(np.array([0.6]), no)[0]
    assert mixture_curve(score[:2], best[:2]).source == "none"


def test_judgements_move_a_curve_a_little_at_first_and_decide_at_last() -> None:
    curve = Curve(0.5, 8.0, "mixture")
    assert judged_curve(curve, np.zeros(0), *[np.zeros(0, bool)] * 2) is curve
    one = judged_curve(curve, np.array([0.7]), *[np.array([False])] * 2)
    assert 0.5 < one.middle < 1
    no = np.array([False])
    assert curve(np.array([0.7]), no)[0] > one(np.array([0.7]), no)[0] > 0.2
    assert one.judged == 1
    score = np.linspace(0, 2, 81)
    many = judged_curve(curve, score, np.zeros(81, bool), score > 1.2)
    assert many.middle == pytest.approx(1.2, abs=0.1)


def test_people_are_found_within_and_across_cameras_and_judgements_hold() -> None:
    units, known, person = drawn(3)
    made = propose(units, known, k=8)
    assert (made.within.source, made.across.source) == ("certain pairs", "mixture")
    assert score_groups(person, made.group).pairwise_f1 > 0.9
    true = person[made.pairs.a] == person[made.pairs.b]
    assert true[made.queue()[:20]].mean() >= 0.9
    again = propose(units, known, k=8)
    assert again.group.tolist() == made.group.tolist()
    assert again.chance.tolist() == made.chance.tolist()
    # A person says otherwise: two tracks of one person are two, tracks of two people are one.
    told = Known(known.halves, known.halved, same=[(0, 5)], differ=[(0, 2)])
    corrected = propose(units, told, k=8)
    assert corrected.group[0] == corrected.group[5]
    assert corrected.group[0] != corrected.group[2]


def test_what_overlaps_is_never_grouped() -> None:
    units, known, _ = drawn(5, noise=0.0)
    together = Units(units.vectors, units.camera, units.video, units.first * 0, units.last * 0 + 5)
    group = propose(together, known, k=8).group
    for camera in (0, 3):
        mine = group[units.camera == camera]
        assert len(set(mine.tolist())) == len(mine)


def test_one_track_alone_and_one_camera_alone() -> None:
    units, known, person = drawn(2)
    for rows in (np.array([4]), np.flatnonzero(units.camera == 0)):
        some = Units(
            units.vectors[rows], units.camera[rows], units.video[rows], units.first[rows], units.last[rows]
        )
        part = Known((known.halves[0][rows], known.halves[1][rows]), np.arange(len(rows)))
        made = propose(some, part, k=5)
        assert len(made.group) == len(rows)
    assert score_groups(person[rows], made.group).pairwise_f1 > 0.9
