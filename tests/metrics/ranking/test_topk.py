from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.errors import InputError
from agreid_cli.metrics.ranking import nearest
from agreid_cli.metrics.ranking.given import rank_distances, topk_distances
from agreid_cli.metrics.ranking.ranking import rank
from agreid_cli.metrics.ranking.topk import topk
from tests.metrics.people import KINDS, hard_case, people, shells
from tests.metrics.plain import squared_distance


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10**6), kind=st.sampled_from(KINDS), metric=st.sampled_from(["euclidean", "cosine"])
)
def test_equal_to_a_sort_of_everything(seed: int, kind: str, metric: str) -> None:
    rng = np.random.default_rng(seed)
    query, gallery, labels = hard_case(rng, kind)
    k = int(rng.integers(1, 12))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "SPARE", int(rng.integers(0, 20)))
        found = topk(
            query, gallery, k, metric=metric, block_query=int(rng.integers(1, 9)),
            block_gallery=int(rng.integers(1, 41)), threads=int(rng.integers(1, 3)), **labels,
        )  # fmt: skip
    for i in range(len(query)):
        listed = []
        for j, pid in enumerate(labels["gallery_pid"]):
            same = pid == labels["query_pid"][i]
            if pid != -1 and not (same and labels["gallery_camid"][j] == labels["query_camid"][i]):
                listed.append((squared_distance(query[i], gallery[j], metric), bool(same), j))
        listed = sorted(listed)[:k]
        empty = k - len(listed)
        assert found.index[i].tolist() == [j for _, _, j in listed] + [-1] * empty
        assert found.match[i].tolist() == [same for _, same, _ in listed] + [False] * empty
        expected = [d / 2 if metric == "cosine" else d**0.5 for d, _, _ in listed]
        assert found.distance[i, : len(listed)].tolist() == pytest.approx(expected, rel=1e-14, abs=0)
        assert np.isinf(found.distance[i, len(listed) :]).all()


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_near_ties_are_settled_by_the_exact_distance(metric: str) -> None:
    query, gallery = shells(np.random.default_rng(4))
    labels = {"query_pid": [0, 1], "gallery_pid": np.full(1200, 7), "query_camid": [0, 0]}
    found = topk(
        query, gallery, 50, metric=metric, block_gallery=64, gallery_camid=np.ones(1200, int), **labels
    )
    for i in range(2):
        near = [squared_distance(query[i], row, metric) for row in gallery[600 * i : 600 * i + 600]]
        assert found.index[i].tolist() == (600 * i + np.argsort(near)[:50]).tolist()


def test_agrees_with_the_ranks() -> None:
    query, gallery, labels = people(30, 500, 40)
    found = topk(query, gallery, 500, **labels)
    ranks = rank(query, gallery, **labels)
    first = np.where(found.match.any(axis=1), found.match.argmax(axis=1) + 1, 0)
    assert first.tolist() == ranks.first_hit.tolist()


def test_given_distances_rank_and_list_as_features_do() -> None:
    query, gallery, labels = people(30, 300, 8)
    query, gallery = np.round(query), np.round(gallery)  # many ties
    distances = np.sum((query[:, None] - gallery[None]) ** 2, axis=2)
    by_distance, by_features = rank_distances(distances, **labels), rank(query, gallery, **labels)
    assert by_distance.average_precision.tobytes() == by_features.average_precision.tobytes()
    assert by_distance.first_hit.tolist() == by_features.first_hit.tolist()
    assert (
        topk_distances(distances, 7, **labels).index.tolist()
        == topk(query, gallery, 7, **labels).index.tolist()
    )


def test_bad_distances_and_bad_k_are_refused() -> None:
    labels = {"query_pid": [1], "gallery_pid": [1, 2], "query_camid": [0], "gallery_camid": [1, 1]}
    with pytest.raises(InputError, match="distance row 0"):
        rank_distances(np.array([[np.nan, 1.0]]), **labels)
    with pytest.raises(InputError, match="gallery_pid: has 2 entries for 3"):
        rank_distances(np.zeros((1, 3)), **labels)
    with pytest.raises(InputError, match="at least 1"):
        topk(np.zeros((1, 2)), np.zeros((2, 2)), 0, **labels)
